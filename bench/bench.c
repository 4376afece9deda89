/* SPDX-License-Identifier: MIT */
/*
 * make bench: what the machine costs, against yardsticks measured in the same run.
 *
 *      kiln-bench [--json] [--cpus N] [--wine FILE] [FILTER...]
 *
 * Each figure is the best of several rounds of at least some milliseconds, in nanoseconds an operation, on the live host.
 * The ratio is to the yardstick named in the row; a yardstick is something any reader of the table knows the cost of.
 * --wine gives a file with "name<TAB>nanoseconds" lines measured under Wine with the same driver image (bench/wine).
 */
#define _GNU_SOURCE
#include "driver/bench.h"

#include <kiln/kiln.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 5
#define ROUND_NS 20000000.0
#define STATUS_NO_MORE_ENTRIES ((kiln_status)0x8000001A)

static double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* Nanoseconds that `n` operations took; negative: it could not be measured. */
typedef double operation_fn(unsigned n);

/* Grow the count until a round is long enough, then take the best of several rounds. */
static double measure(operation_fn *operation, unsigned limit)
{
    unsigned n = 1;
    double spent;
    while ((spent = operation(n)) >= 0 && spent < ROUND_NS && n < limit)
        n = spent < ROUND_NS / 64 && n < limit / 8 ? n * 8 : n * 2;
    if (spent < 0)
        return -1;
    double best = spent / n;
    for (int i = 1; i < ROUNDS; i++) {
        spent = operation(n);
        if (spent >= 0 && spent / n < best)
            best = spent / n;
    }
    return best;
}

/*
 * The same with a yardstick beside it, round by round, so that a machine that is busy for a while does the same to both;
 * more and shorter rounds. `stick_ns` receives the yardstick's best.
 */
static double measure_beside(operation_fn *operation, unsigned limit, operation_fn *stick, double *stick_ns)
{
    unsigned n = 64, m = 64;
    double spent, best = 1e18, best_stick = 1e18;
    while ((spent = operation(n)) >= 0 && spent < ROUND_NS / 8 && n < limit)
        n *= 2;
    while (stick(m) < ROUND_NS / 8)
        m *= 2;
    for (int i = 0; i < 10 * ROUNDS && spent >= 0; i++) {
        spent = operation(n);
        best = spent >= 0 && spent / n < best ? spent / n : best;
        double yard = stick(m) / m;
        best_stick = yard < best_stick ? yard : best_stick;
    }
    *stick_ns = best_stick;
    return spent < 0 ? -1 : best;
}

/* ---------------------------------------------------------------- yardsticks */

static __attribute__((noinline)) int callee(int x)
{
    __asm__ volatile("" : "+r"(x));
    return x;
}
static int (*volatile indirect)(int) = callee;

static double yard_call(unsigned n)
{
    double from = now_ns();
    for (unsigned i = 0; i < n; i++)
        indirect((int)i);
    return now_ns() - from;
}

static double yard_malloc(unsigned n)
{
    double from = now_ns();
    for (unsigned i = 0; i < n; i++) {
        void *p = malloc(64);
        __asm__ volatile("" : "+r"(p)::"memory");
        free(p);
    }
    return now_ns() - from;
}

static double yard_ioctl(unsigned n)
{
    static int fd = -1;
    int value;
    if (fd < 0)
        fd = open("/dev/null", O_RDWR);
    double from = now_ns();
    for (unsigned i = 0; i < n; i++)
        ioctl(fd, FIONREAD, &value);
    return now_ns() - from;
}

static double yard_spin(unsigned n)
{
    static pthread_spinlock_t lock;
    pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
    double from = now_ns();
    for (unsigned i = 0; i < n; i++) {
        pthread_spin_lock(&lock);
        pthread_spin_unlock(&lock);
    }
    return now_ns() - from;
}

static pthread_spinlock_t shared_lock;
static _Atomic int spinning;

static void *spin_with_partner(void *n)
{
    atomic_fetch_add(&spinning, 1);
    while (atomic_load(&spinning) < 2)
        ;
    for (unsigned i = 0; i < (unsigned)(uintptr_t)n; i++) {
        pthread_spin_lock(&shared_lock);
        pthread_spin_unlock(&shared_lock);
    }
    return NULL;
}

/* Two threads and one lock: the time of one pair on each of them. */
static double yard_spin2(unsigned n)
{
    pthread_t partner;
    pthread_spin_init(&shared_lock, PTHREAD_PROCESS_PRIVATE);
    atomic_store(&spinning, 0);
    double from = now_ns();
    if (pthread_create(&partner, NULL, spin_with_partner, (void *)(uintptr_t)n) != 0)
        return -1;
    spin_with_partner((void *)(uintptr_t)n);
    pthread_join(partner, NULL);
    return now_ns() - from;
}

static _Atomic int turn;
static void futex_hand(int mine, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        while (atomic_load(&turn) != mine)
            syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, !mine, NULL, NULL, 0);
        atomic_store(&turn, !mine);
        syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    }
}
static void *futex_partner(void *n)
{
    futex_hand(1, (unsigned)(uintptr_t)n);
    return NULL;
}

/* Both threads on one core: two hand-overs an iteration, reported each. */
static double yard_futex(unsigned n)
{
    pthread_t partner;
    cpu_set_t old, one;
    sched_getaffinity(0, sizeof old, &old);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);
    atomic_store(&turn, 0);
    double from = now_ns();
    if (pthread_create(&partner, NULL, futex_partner, (void *)(uintptr_t)n) != 0)
        return -1;
    futex_hand(0, n);
    pthread_join(partner, NULL);
    double spent = now_ns() - from;
    sched_setaffinity(0, sizeof old, &old);
    return spent / 2;
}

static void *nothing(void *argument)
{
    return argument;
}

static double yard_pthread(unsigned n)
{
    double from = now_ns();
    for (unsigned i = 0; i < n; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, nothing, NULL) != 0)
            return -1;
        pthread_join(thread, NULL);
    }
    return now_ns() - from;
}

static double yard_dlopen(unsigned n)
{
    double from = now_ns();
    for (unsigned i = 0; i < n; i++) {
        void *handle = dlopen("libedit.so.2", RTLD_NOW | RTLD_LOCAL);
        if (!handle)
            return -1;
        dlclose(handle);
    }
    return now_ns() - from;
}

static double yard_fork(unsigned n)
{
    double from = now_ns();
    for (unsigned i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            execl("/bin/true", "true", (char *)NULL);
            _exit(127);
        }
        if (pid < 0 || waitpid(pid, NULL, 0) < 0)
            return -1;
    }
    return now_ns() - from;
}

struct yardstick {
    const char *name;
    operation_fn *operation;
    double ns;
};
static struct yardstick yardsticks[] = {
    {"indirect call", yard_call, 0},
    {"malloc + free 64 B", yard_malloc, 0},
    {"ioctl on /dev/null", yard_ioctl, 0},
    {"pthread spinlock", yard_spin, 0},
    {"pthread spinlock, 2 threads", yard_spin2, 0},
    {"futex hand-over, one core", yard_futex, 0},
    {"pthread create + join", yard_pthread, 0},
    {"dlopen + dlclose", yard_dlopen, 0},
    {"fork + exec true", yard_fork, 0},
};
enum { CALL, MALLOC, IOCTL, SPIN, SPIN2, FUTEX, PTHREAD, DLOPEN, FORK };

/* ---------------------------------------------------------------- round trips from the client */

static kiln_file file;
static char in[4096], out[4096];

static double trips(unsigned n, uint32_t code, uint32_t bytes)
{
    double from = now_ns();
    for (unsigned i = 0; i < n; i++)
        if (kiln_ioctl(file, code, in, bytes, out, bytes, NULL) < 0)
            return -1;
    return now_ns() - from;
}

static double trip_buffered_64(unsigned n) { return trips(n, IOCTL_BENCH_BUFFERED, 64); }
static double trip_buffered_4k(unsigned n) { return trips(n, IOCTL_BENCH_BUFFERED, 4096); }
static double trip_direct_4k(unsigned n) { return trips(n, IOCTL_BENCH_OUT_DIRECT, 4096); }
static double trip_neither_4k(unsigned n) { return trips(n, IOCTL_BENCH_NEITHER, 4096); }
static double trip_dpc(unsigned n) { return trips(n, IOCTL_BENCH_DPC, 64); }
static double trip_work(unsigned n) { return trips(n, IOCTL_BENCH_WORK, 64); }

static double read_4k(unsigned n)
{
    double from = now_ns();
    for (unsigned i = 0; i < n; i++)
        if (kiln_read(file, out, sizeof out, 0, NULL) < 0)
            return -1;
    return now_ns() - from;
}

static double open_close(unsigned n)
{
    double from = now_ns();
    for (unsigned i = 0; i < n; i++) {
        kiln_file other;
        if (kiln_open("\\Device\\KilnBench", KILN_READ, 0, &other) < 0)
            return -1;
        kiln_close(other);
    }
    return now_ns() - from;
}

static const char *driver_path, *minimal_path;

static double load_unload(unsigned n)
{
    double spent = 0;
    for (unsigned i = 0; i < n; i++) {
        double from = now_ns();
        if (kiln_load(minimal_path, NULL) < 0)
            return -1;
        spent += now_ns() - from;
        if (kiln_unload("minimal") < 0)
            return -1;
    }
    return spent;
}

/* Start of process to first IOCTL answered, in a fresh process. */
static double boot_to_ioctl(unsigned n)
{
    double from = now_ns();
    for (unsigned i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            execl("/proc/self/exe", "kiln-bench", "--first-ioctl", driver_path, (char *)NULL);
            _exit(127);
        }
        int status;
        if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
            return -1;
    }
    return now_ns() - from;
}

static int some_ioctls(const char *path, unsigned count)
{
    struct kiln_options options = {.size = sizeof options, .live = true};
    if (kiln_boot(&options) != 0 || kiln_load(path, NULL) < 0 ||
        kiln_open("\\Device\\KilnBench", KILN_READ | KILN_WRITE, 0, &file) < 0)
        return 1;
    for (unsigned i = 0; i < count; i++)
        if (kiln_ioctl(file, IOCTL_BENCH_BUFFERED, in, 64, out, 64, NULL) < 0 ||
            (count > 1 && (kiln_ioctl(file, IOCTL_BENCH_OUT_DIRECT, in, 64, out, sizeof out, NULL) < 0 ||
                           kiln_ioctl(file, IOCTL_BENCH_NEITHER, in, 64, out, 64, NULL) < 0 ||
                           kiln_read(file, out, sizeof out, 0, NULL) < 0)))
            return 1;
    return 0;
}

/* ---------------------------------------------------------------- loops inside the driver */

/* Nanoseconds a time stamp counter tick, against the monotonic clock. */
static double tsc_ns(void)
{
    static double ratio;
    if (ratio == 0) {
        double from = now_ns();
        unsigned long long ticks = __builtin_ia32_rdtsc();
        while (now_ns() - from < 50e6)
            ;
        ratio = (now_ns() - from) / (double)(__builtin_ia32_rdtsc() - ticks);
    }
    return ratio;
}

static unsigned inner_index;
static char inner_name[40];

static double inner(unsigned n)
{
    struct bench_run run = {.index = inner_index, .iterations = n};
    kiln_status status = kiln_ioctl(file, IOCTL_BENCH_RUN, &run, sizeof run, &run, sizeof run, NULL);
    if (status < 0)
        return -1;
    memcpy(inner_name, run.name, sizeof inner_name);
    return (double)run.elapsed_tsc * tsc_ns();
}

static const struct {
    const char *name;
    int yardstick;
    double operations; /* an iteration */
    unsigned limit;
} inner_rules[] = {
    {"lock: ", SPIN, 1, 1u << 22},
    {"wait: ", SPIN, 1, 1u << 22},
    {"timers: set 1M", MALLOC, 1000000, 1},
    {"IoCallDriver", CALL, 1, 1u << 22},
    {"IoAllocateIrp", MALLOC, 1, 1u << 22},
    {"pool", MALLOC, 1, 1u << 22},
    {"lookaside", MALLOC, 1, 1u << 22},
    {"spinlock", SPIN, 1, 1u << 22},
    {"KeSetEvent", FUTEX, 1, 1u << 22},
    {"event ping-pong", FUTEX, 2, 1u << 20},
    {"DPC", CALL, 1, 1u << 22},
    {"timer set + cancel, 1M", MALLOC, 1, 1u << 18},
    {"timer", MALLOC, 1, 1u << 20},
    {"ObReference", CALL, 1, 1u << 22},
    {"handle reference", CALL, 1, 1u << 22},
    {"handle", MALLOC, 1, 1u << 20},
    {"name", CALL, 1, 1u << 20},
    {"create + join", PTHREAD, 1, 1u << 14},
    {"ExRaiseStatus", FUTEX, 1, 1u << 18},
};

/* ---------------------------------------------------------------- the table */

struct wine_figure {
    char name[256];
    double ns;
};
static struct wine_figure wine[64];
static unsigned wine_count;
static bool json, first_row = true;
static const char **filters;
static int filter_count;
static unsigned cpus = 1;

static void read_wine(const char *path)
{
    FILE *figures = fopen(path, "r");
    if (!figures)
        return;
    char line[256];
    while (wine_count < 64 && fgets(line, sizeof line, figures)) {
        char *tab = strchr(line, '\t');
        if (!tab)
            continue;
        *tab = 0;
        snprintf(wine[wine_count].name, sizeof wine[0].name, "%s", line);
        wine[wine_count++].ns = strtod(tab + 1, NULL);
    }
    fclose(figures);
}

static bool wanted(const char *name)
{
    if (filter_count == 0)
        return true;
    for (int i = 0; i < filter_count; i++)
        if (strcasestr(name, filters[i]))
            return true;
    return false;
}

static void row(const char *name, double ns, int yardstick)
{
    double wine_ns = 0;
    for (unsigned i = 0; i < wine_count; i++)
        if (!strcmp(wine[i].name, name))
            wine_ns = wine[i].ns;
    const char *stick = yardstick < 0 ? "" : yardsticks[yardstick].name;
    double ratio = yardstick < 0 || ns < 0 ? 0 : ns / yardsticks[yardstick].ns;
    if (json) {
        printf("%s{\"name\":\"%s\",\"ns\":%.2f,\"yardstick\":\"%s\",\"ratio\":%.3f", first_row ? "" : ",\n", name, ns,
               stick, ratio);
        if (wine_ns)
            printf(",\"wine_ns\":%.1f,\"times_faster\":%.1f", wine_ns, wine_ns / ns);
        printf("}");
        first_row = false;
        return;
    }
    if (ns < 0) {
        printf("%-38s  not measured\n", name);
        return;
    }
    printf("%-38s %12.1f", name, ns);
    if (yardstick >= 0)
        printf("  %8.2f x %-26s", ratio, stick);
    else
        printf("  %-37s", "");
    if (wine_ns)
        printf(" %12.0f %8.0f x", wine_ns, wine_ns / ns);
    putchar('\n');
    fflush(stdout);
}

/* Every loop of the driver behind `file` whose name is wanted. */
static void run_loops(void)
{
    for (inner_index = 0; inner(0) >= 0; inner_index++) {
        bool two = strstr(inner_name, "2 VPs") != NULL;
        if (!wanted(inner_name) || (two && cpus < 2))
            continue;
        size_t rule = 0;
        while (rule + 1 < sizeof inner_rules / sizeof *inner_rules &&
               strncmp(inner_name, inner_rules[rule].name, strlen(inner_rules[rule].name)) != 0)
            rule++;
        int stick = two ? SPIN2 : inner_rules[rule].yardstick;
        double ns = stick == SPIN || stick == SPIN2
                        ? measure_beside(inner, inner_rules[rule].limit, yardsticks[stick].operation, &yardsticks[stick].ns)
                        : measure(inner, inner_rules[rule].limit);
        row(inner_name, ns < 0 ? ns : ns / inner_rules[rule].operations, stick);
    }
}

/* Drivers of loops only (driver/loops.h), beside the benchmark driver; one is loaded at a time. */
static const char *const loop_drivers[] = {"objects", "locks"};

static void run_loop_driver(const char *name)
{
    char path[4096];
    const char *slash = strrchr(driver_path, '/');
    snprintf(path, sizeof path, "%.*s%s.sys", slash ? (int)(slash + 1 - driver_path) : 0, driver_path, name);
    if (kiln_load(path, name) < 0 || kiln_open("\\Device\\KilnBenchLoops", KILN_READ | KILN_WRITE, 0, &file) < 0) {
        fprintf(stderr, "kiln-bench: %s did not start: %s\n", path, kiln_last_error());
        return;
    }
    run_loops();
    kiln_close(file);
    kiln_unload(name);
}

static unsigned long resident_kb(void)
{
    FILE *status = fopen("/proc/self/smaps_rollup", "r");
    char line[256];
    unsigned long kb = 0;
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "Pss: %lu kB", &kb) == 1)
            break;
    if (status)
        fclose(status);
    return kb;
}

int main(int argc, char **argv)
{
    struct kiln_options options = {.size = sizeof options, .live = true, .cpus = 1, .ram_bytes = 1u << 30};
    const char *kept[64];
    if (argc == 3 && !strcmp(argv[1], "--first-ioctl"))
        return some_ioctls(argv[2], 1);
    if (argc == 4 && !strcmp(argv[1], "--ioctls")) /* for strace: bench/syscalls.sh */
        return some_ioctls(argv[3], (unsigned)strtoul(argv[2], NULL, 0));
    filters = kept;
    driver_path = getenv("KILN_BENCH_DRIVER");
    minimal_path = getenv("KILN_BENCH_MINIMAL");
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json"))
            json = true;
        else if (!strcmp(argv[i], "--cpus") && i + 1 < argc)
            options.cpus = cpus = (unsigned)atoi(argv[++i]);
        else if (!strcmp(argv[i], "--wine") && i + 1 < argc)
            read_wine(argv[++i]);
        else if (filter_count < 64)
            kept[filter_count++] = argv[i];
    }
    if (!driver_path || !minimal_path) {
        fprintf(stderr, "kiln-bench: KILN_BENCH_DRIVER and KILN_BENCH_MINIMAL name the drivers' images (bench/run.sh)\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof yardsticks / sizeof *yardsticks; i++)
        yardsticks[i].ns = i == SPIN2 && cpus < 2 ? -1 : measure(yardsticks[i].operation, 1u << 26);
    if (!json) {
        printf("%-38s %12s  %-37s", "operation", "ns", "ratio to a yardstick of this run");
        printf(wine_count ? " %12s %10s\n" : "\n", "Wine ns", "faster");
    } else {
        printf("[");
    }
    for (size_t i = 0; i < sizeof yardsticks / sizeof *yardsticks; i++)
        if (wanted(yardsticks[i].name) && yardsticks[i].ns >= 0)
            row(yardsticks[i].name, yardsticks[i].ns, -1);

    double boot = wanted("boot to first IOCTL") ? measure(boot_to_ioctl, 64) : 0;
    if (kiln_boot(&options) != 0 || kiln_load(driver_path, "bench") < 0 ||
        kiln_open("\\Device\\KilnBench", KILN_READ | KILN_WRITE, 0, &file) < 0) {
        fprintf(stderr, "kiln-bench: the machine or its driver did not start: %s\n", kiln_last_error());
        return 1;
    }
    unsigned long resident = resident_kb();
    static const struct {
        const char *name;
        operation_fn *operation;
        int yardstick;
        unsigned limit;
    } outer[] = {
        {"IOCTL buffered 64 B", trip_buffered_64, IOCTL, 1u << 22},
        {"IOCTL buffered 4 KiB", trip_buffered_4k, IOCTL, 1u << 22},
        {"IOCTL direct 4 KiB", trip_direct_4k, IOCTL, 1u << 22},
        {"IOCTL neither 4 KiB", trip_neither_4k, IOCTL, 1u << 22},
        {"IOCTL completed by DPC", trip_dpc, IOCTL, 1u << 20},
        {"IOCTL completed by work item", trip_work, FUTEX, 1u << 20},
        {"read 4 KiB", read_4k, IOCTL, 1u << 22},
        {"open + close", open_close, IOCTL, 1u << 20},
    };
    for (size_t i = 0; i < sizeof outer / sizeof *outer; i++)
        if (wanted(outer[i].name))
            row(outer[i].name, measure(outer[i].operation, outer[i].limit), outer[i].yardstick);
    run_loops();
    kiln_close(file);
    kiln_unload("bench");
    for (size_t i = 0; i < sizeof loop_drivers / sizeof *loop_drivers; i++)
        run_loop_driver(loop_drivers[i]);
    if (wanted("driver load"))
        row("driver load (file to DriverEntry done)", measure(load_unload, 256), DLOPEN);
    if (boot)
        row("boot to first IOCTL (new process)", boot, FORK);
    if (json)
        printf("\n]\n");
    else
        printf("%-38s %12lu  KB (PSS, machine and one driver)\n", "resident memory", resident);
    return 0;
}
