/* SPDX-License-Identifier: MIT */
/*
 * Threads created and joined: kiln-bench-threads DRIVER.SYS [COUNT], on the live host with one processor.
 *
 * One at a time, and all at once; system threads of a driver, user threads of libkiln, and pthreads with
 * stacks of the same size as the yardstick. Each row is a process of its own, so that its peak of resident
 * memory is its own.
 */
#define _GNU_SOURCE
#include "driver/threads.h"

#include <kiln/kiln.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STACK_BYTES (64 << 10)

struct row {
    double seconds;
    unsigned created;
    long peak_kb;
};

static const char *driver;

static double now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static long peak_kb(void)
{
    char line[256];
    long peak = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "VmHWM:", 6))
            peak = atol(line + 6);
    if (file)
        fclose(file);
    return peak;
}

static void boot(void)
{
    struct kiln_options options = {.size = sizeof options, .live = true, .cpus = 1, .ram_bytes = 2ull << 30};
    if (kiln_boot(&options) != 0 || kiln_load(driver, "threads") != 0) {
        fprintf(stderr, "kiln-bench-threads: %s\n", kiln_last_error());
        exit(2);
    }
}

static unsigned system_threads(unsigned count, unsigned alive)
{
    THREADS_REQUEST request = {count, alive};
    THREADS_RESULT result = {0};
    kiln_file file;
    if (kiln_open("\\Device\\BenchThreads", KILN_READ | KILN_WRITE, 0, &file) != 0)
        return 0;
    if (kiln_ioctl(file, IOCTL_THREADS, &request, sizeof request, &result, sizeof result, NULL) != 0)
        return 0;
    if (result.created < count)
        fprintf(stderr, "kiln-bench-threads: after %u threads: status %#x\n", result.created,
                (unsigned)result.status);
    return result.created;
}

static kiln_status wait_a_moment(void *argument)
{
    (void)argument;
    kiln_sleep(0);
    return 0;
}

static unsigned user_threads(unsigned count, unsigned alive)
{
    kiln_thread **threads = calloc(alive, sizeof *threads);
    unsigned done = 0;
    while (done < count) {
        unsigned made = 0;
        while (made < alive && done + made < count &&
               kiln_thread_create(NULL, wait_a_moment, NULL, STACK_BYTES, 0, &threads[made]) == 0)
            made++;
        for (unsigned i = 0; i < made; i++) {
            kiln_thread_wait(threads[i], KILN_FOREVER, NULL);
            kiln_thread_close(threads[i]);
        }
        if (made == 0)
            break;
        done += made;
    }
    free(threads);
    return done;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *pthread_body(void *argument)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    return argument;
}

static unsigned pthreads(unsigned count, unsigned alive)
{
    pthread_attr_t attributes;
    pthread_t *threads = calloc(alive, sizeof *threads);
    unsigned done = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    while (done < count) {
        unsigned made = 0;
        pthread_mutex_lock(&gate);
        while (made < alive && done + made < count &&
               pthread_create(&threads[made], &attributes, pthread_body, NULL) == 0)
            made++;
        pthread_mutex_unlock(&gate);
        for (unsigned i = 0; i < made; i++)
            pthread_join(threads[i], NULL);
        if (made == 0)
            break;
        done += made;
    }
    free(threads);
    return done;
}

static void measure(const char *name, unsigned (*run)(unsigned, unsigned), bool machine, unsigned count,
                    unsigned alive)
{
    struct row *row = mmap(NULL, sizeof *row, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (machine)
            boot();
        double from = now();
        row->created = run(count, alive);
        row->seconds = now() - from;
        row->peak_kb = peak_kb();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status)
        printf("%-34s failed (wait status %#x)\n", name, (unsigned)status);
    else
        printf("%-34s %7u threads %8.3f s %9.0f ns each %7.1f MB\n", name, row->created, row->seconds,
               row->seconds * 1e9 / (row->created ? row->created : 1), (double)row->peak_kb / 1024);
    munmap(row, sizeof *row);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: kiln-bench-threads DRIVER.SYS [COUNT]\n");
        return 2;
    }
    driver = argv[1];
    unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 20000;
    measure("system threads, one at a time", system_threads, true, count, 1);
    measure("system threads, all at once", system_threads, true, count, count);
    measure("user threads, one at a time", user_threads, true, count, 1);
    measure("pthreads, one at a time", pthreads, false, count, 1);
    measure("pthreads, all at once", pthreads, false, count, count);
    return 0;
}
