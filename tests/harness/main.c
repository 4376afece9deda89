/* SPDX-License-Identifier: MIT */
/*
 * The test runner: a process, and so a machine, for every test and seed.
 *
 *      kiln-tests [-j N] [--seeds N] [--seed S] [--live N] [--sim-only] [--paging] [--list] [FILTER...]
 *
 * A FILTER is a substring of "suite.name"; one that begins with '!' leaves out what contains the rest. A failure prints what the machine said and the command that repeats it. The
 * last line is "N passed, N failed", counting tests: a test passes when it passed with every seed and on every host.
 */
#define _GNU_SOURCE
#include "harness.h"
#include "hostp.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern uint64_t KiBugCheckData[5];

static struct kiln_test *tests;
static const struct kiln_test *running;

void kiln_test_register(struct kiln_test *test)
{
    test->next = tests;
    tests = test;
}

const char *kiln_test_driver_dir(void)
{
    const char *dir = getenv("KILN_TEST_DRIVERS");
    return dir ? dir : "";
}

static void end(int status)
{
    host_flush();
    _exit(status);
}

void kiln_check_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: failed: %s\n", file, line, what);
    end(1);
    __builtin_unreachable();
}

void kiln_check_differs(const char *file, int line, const char *left, const char *right, unsigned long long left_value,
                        unsigned long long right_value)
{
    fprintf(stderr, "%s:%d: failed: %s == %s: %#llx is not %#llx\n", file, line, left, right, left_value, right_value);
    end(1);
    __builtin_unreachable();
}

/* ---------------------------------------------------------------- one run, in the child */

struct run {
    struct kiln_test *test;
    bool live;
    uint32_t cpus;
    uint64_t seed;
    pid_t pid;
    int output; /* memfd */
};

static void machine_ended(int status)
{
    if (running->expect_bugcheck && status == 3) {
        if ((uint32_t)KiBugCheckData[0] == running->bugcheck &&
            (!running->parameter1 || KiBugCheckData[1] == running->parameter1))
            end(0);
        fprintf(stderr, "%s:%d: expected bugcheck %#x (%#llx), got %#llx (%#llx)\n", running->file, running->line,
                running->bugcheck, running->parameter1, (unsigned long long)KiBugCheckData[0],
                (unsigned long long)KiBugCheckData[1]);
        end(1);
    }
    end(status ? status : 1);
}

static bool all_paging;

static void run_on_client_stack(void *argument)
{
    const struct run *run = argument;
    struct host_boot boot = {
        .config = {.live = run->live, .cpus = run->cpus, .seed = run->seed, .checked = true, .ram_bytes = 256u << 20,
                   .max_cpus = run->cpus + run->test->spare_cpus, .group_size = run->test->group_size,
                   .node_size = run->test->node_size,
                   .safe_mode = (uint8_t)run->test->safe_mode,
                   .paging = run->test->paging || all_paging, .special_pool = run->test->special_pool},
        .exit_hook = machine_ended,
        .trace_path = getenv("KILN_TEST_TRACE"),
    };
    int32_t status = host_start(&boot);
    if (status != 0) {
        fprintf(stderr, "the machine did not start: status 0x%08x\n", (unsigned)status);
        end(1);
    }
    run->test->run();
    if (run->test->expect_bugcheck) {
        fprintf(stderr, "%s:%d: expected bugcheck %#x, but the test ended normally\n", run->test->file, run->test->line,
                run->test->bugcheck);
        end(1);
    }
    end(0);
}

static unsigned timeout_seconds = 30;

static bool symbols_wanted;

static void child(struct run *run)
{
    host_symbolize_off = !symbols_wanted;
    dup2(run->output, 1);
    dup2(run->output, 2);
    running = run->test;
    alarm(timeout_seconds);
    host_call_on_client_stack(run_on_client_stack, run);
    _exit(1);
}

/* ---------------------------------------------------------------- the parent */

static unsigned passed, failed;
static unsigned long total_runs;

static void show_failure(const struct run *run, int wait_status, const char *program)
{
    printf("FAIL %s.%s (", run->test->suite, run->test->name);
    if (WIFSIGNALED(wait_status))
        printf("%s", WTERMSIG(wait_status) == SIGALRM ? "timed out" : strsignal(WTERMSIG(wait_status)));
    else
        printf("exit %d", WEXITSTATUS(wait_status));
    printf("); repeat with: %s", program);
    if (run->live)
        printf(" --live %u", run->cpus);
    else
        printf(" --seed %llu", (unsigned long long)run->seed);
    printf(" %s.%s\n", run->test->suite, run->test->name);
    char buffer[4096];
    lseek(run->output, 0, SEEK_SET);
    ssize_t n;
    while ((n = read(run->output, buffer, sizeof buffer)) > 0)
        fwrite(buffer, 1, (size_t)n, stdout);
    fflush(stdout);
}

struct outcome {
    struct kiln_test *test;
    unsigned pending;
    bool failed;
};

static bool start(struct run *run)
{
    run->output = memfd_create("output", MFD_CLOEXEC);
    fflush(stdout);
    run->pid = fork();
    if (run->pid == 0)
        child(run);
    return run->pid > 0 && run->output >= 0;
}

#define MAX_JOBS 16
static struct run slots[MAX_JOBS];

static bool reap(struct outcome *outcomes, size_t count, const char *program)
{
    int status;
    pid_t pid = wait(&status);
    if (pid < 0)
        return false;
    for (int i = 0; i < MAX_JOBS; i++) {
        if (slots[i].pid != pid)
            continue;
        bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        for (size_t t = 0; t < count; t++)
            if (outcomes[t].test == slots[i].test && !ok && !outcomes[t].failed) {
                outcomes[t].failed = true;
                show_failure(&slots[i], status, program);
            }
        close(slots[i].output);
        slots[i].pid = 0;
        return true;
    }
    return true;
}

static void schedule(struct outcome *outcomes, size_t count, struct outcome *outcome, bool live, uint32_t cpus,
                     uint64_t seed, int jobs, const char *program)
{
    /* One report a test is enough: the seeds after a failure are not run. */
    if (outcome->failed)
        return;
    for (;;) {
        for (int i = 0; i < jobs; i++)
            if (slots[i].pid == 0) {
                slots[i] = (struct run){.test = outcome->test, .live = live, .cpus = cpus, .seed = seed};
                total_runs++;
                if (!start(&slots[i])) {
                    perror("kiln-tests");
                    exit(2);
                }
                return;
            }
        reap(outcomes, count, program);
    }
}

static int by_name(const void *a, const void *b)
{
    const struct kiln_test *x = ((const struct outcome *)a)->test, *y = ((const struct outcome *)b)->test;
    int order = strcmp(x->suite, y->suite);
    return order ? order : strcmp(x->name, y->name);
}

static uint32_t cpus_of_seed(uint64_t seed)
{
    return 1 + (uint32_t)(seed % 3);
}

static int usage(void)
{
    fputs("usage: kiln-tests [-j N] [--seeds N] [--seed S] [--live N] [--sim-only] [--timeout S] [--list] [FILTER...]\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    int jobs = (int)sysconf(_SC_NPROCESSORS_ONLN), list = 0, sim_only = 0, live_only = 0, one_seed = 0;
    unsigned seeds = 50;
    uint64_t seed = 0;
    const char *filters[64];
    size_t filter_count = 0;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--list")) {
            list = 1;
        } else if (!strcmp(argv[i], "--sim-only")) {
            sim_only = 1;
        } else if (!strcmp(argv[i], "--paging")) {
            all_paging = true;
        } else if (argv[i][0] == '-') {
            if (!value)
                return usage();
            if (!strcmp(argv[i], "-j"))
                jobs = atoi(value);
            else if (!strcmp(argv[i], "--seeds"))
                seeds = (unsigned)atoi(value);
            else if (!strcmp(argv[i], "--seed"))
                seed = strtoull(value, NULL, 0), one_seed = 1;
            else if (!strcmp(argv[i], "--live"))
                live_only = atoi(value);
            else if (!strcmp(argv[i], "--timeout"))
                timeout_seconds = (unsigned)atoi(value);
            else
                return usage();
            i++;
        } else if (filter_count < 64) {
            filters[filter_count++] = argv[i];
        }
    }
    /* A single run is looked at; of the many only the failures are, and those print how to repeat them singly. */
    symbols_wanted = one_seed || live_only;
    if (jobs < 1)
        jobs = 1;
    if (jobs > MAX_JOBS)
        jobs = MAX_JOBS;

    size_t count = 0;
    for (struct kiln_test *t = tests; t; t = t->next)
        count++;
    struct outcome *outcomes = calloc(count ? count : 1, sizeof *outcomes);
    if (!outcomes)
        return 2;
    count = 0;
    for (struct kiln_test *t = tests; t; t = t->next) {
        char full[256];
        snprintf(full, sizeof full, "%s.%s", t->suite, t->name);
        bool wanted = filter_count == 0 || filters[0][0] == '!';
        for (size_t f = 0; f < filter_count; f++)
            if (filters[f][0] != '!')
                wanted |= strstr(full, filters[f]) != NULL;
        for (size_t f = 0; f < filter_count; f++)
            if (filters[f][0] == '!' && strstr(full, filters[f] + 1))
                wanted = false;
        if (live_only && t->sim_only)
            wanted = false;
        if (wanted)
            outcomes[count++].test = t;
    }
    qsort(outcomes, count, sizeof *outcomes, by_name);
    if (list) {
        for (size_t i = 0; i < count; i++)
            printf("%s.%s\n", outcomes[i].test->suite, outcomes[i].test->name);
        return 0;
    }

    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (size_t i = 0; i < count; i++) {
        struct outcome *o = &outcomes[i];
        unsigned rounds = o->test->once ? 2 : seeds;
        if (one_seed) {
            schedule(outcomes, count, o, false, cpus_of_seed(seed), seed, jobs, argv[0]);
        } else if (live_only) {
            schedule(outcomes, count, o, true, (uint32_t)live_only, 0, jobs, argv[0]);
        } else {
            for (unsigned s = 0; s < rounds; s++)
                schedule(outcomes, count, o, false, cpus_of_seed(s), s, jobs, argv[0]);
            if (!sim_only && !o->test->sim_only) {
                schedule(outcomes, count, o, true, 1, 0, jobs, argv[0]);
                schedule(outcomes, count, o, true, 2, 0, jobs, argv[0]);
            }
        }
    }
    while (reap(outcomes, count, argv[0]))
        ;
    clock_gettime(CLOCK_MONOTONIC, &to);
    for (size_t i = 0; i < count; i++)
        outcomes[i].failed ? failed++ : passed++;
    printf("%lu machines in %.1f s\n", total_runs,
           (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    printf("%u passed, %u failed\n", passed, failed);
    free(outcomes);
    return failed || count == 0;
}
