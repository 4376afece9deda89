/* SPDX-License-Identifier: MIT */
/*
 * Processes and threads of libkiln: each case in machines of its own, on the simulator with several seeds and
 * on the live host, with one and two processors. process_test ECHO.SYS; the last line is "N passed, M
 * failed".
 */
#include "kiln/kiln.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CTL(function)     (0x22u << 16 | (function) << 2)
#define ECHO_BUFFERED     CTL(0x800)
#define ECHO_NEITHER      (CTL(0x803) | 3)
#define ECHO_DELAYED      CTL(0x804)
#define STATUS_TIMEOUT    0x102
#define STATUS_PENDING    0x103
#define STATUS_USER_APC   0xC0
#define STATUS_ALERTED    0x101
#define STATUS_CANCELLED  ((kiln_status)0xC0000120)
#define STATUS_BAD_HANDLE ((kiln_status)0xC0000008)
#define MILLISECOND       1000000ull

static const char *echo_path;

#define CHECK(expression)                                                                                    \
    do {                                                                                                     \
        if (!(expression)) {                                                                                 \
            fprintf(stderr, "%s:%d: failed: %s (%s)\n", __FILE__, __LINE__, #expression, kiln_last_error()); \
            _exit(1);                                                                                        \
        }                                                                                                    \
    } while (0)

static kiln_process *process(const char *name)
{
    kiln_process *made;
    CHECK(kiln_process_create(name, &made) == 0);
    return made;
}

static kiln_thread *thread(kiln_process *in, kiln_thread_fn *function, void *argument)
{
    kiln_thread *made;
    CHECK(kiln_thread_create(in, function, argument, 0, 0, &made) == 0);
    return made;
}

static kiln_status join(kiln_thread *ended)
{
    kiln_status status;
    CHECK(kiln_thread_wait(ended, KILN_FOREVER, &status) == 0);
    kiln_thread_close(ended);
    return status;
}

static kiln_file open_echo(unsigned flags)
{
    kiln_file file;
    CHECK(kiln_open("\\\\.\\Echo", KILN_READ | KILN_WRITE, flags, &file) == 0);
    return file;
}

static kiln_status echo(kiln_file file, uint32_t code, const char *text)
{
    char answer[64] = "";
    uint64_t bytes = 0;
    kiln_status status =
        kiln_ioctl(file, code, text, (uint32_t)strlen(text) + 1, answer, sizeof answer, &bytes);
    if (status == 0)
        CHECK(bytes == strlen(text) + 1 && !strcmp(answer, text));
    return status;
}

/* ---------------------------------------------------------------- cases */

static kiln_status talk(void *argument)
{
    kiln_file file = open_echo(0);
    for (int i = 0; i < 20; i++) {
        char text[32];
        snprintf(text, sizeof text, "%s %d", (const char *)argument, i);
        CHECK(echo(file, ECHO_BUFFERED, text) == 0);
        CHECK(echo(file, ECHO_NEITHER, text) == 0);
        if (i % 5 == 0)
            kiln_sleep(MILLISECOND);
    }
    CHECK(kiln_close(file) == 0);
    return (kiln_status)strlen(argument);
}

static void threads_of_several_processes_talk_to_a_driver(void)
{
    kiln_process *one = process("one.exe"), *two = process("two.exe");
    kiln_thread *threads[] = {thread(one, talk, "a"), thread(one, talk, "bb"), thread(two, talk, "ccc"),
                              thread(NULL, talk, "dddd")};
    CHECK(kiln_process_id(one) != kiln_process_id(two));
    CHECK(kiln_thread_id(threads[0]) != kiln_thread_id(threads[1]));
    talk("main");
    for (int i = 0; i < 4; i++)
        CHECK(join(threads[i]) == i + 1);
    kiln_status status;
    CHECK(kiln_process_wait(two, KILN_FOREVER, &status) == 0 && status == 3);
    kiln_process_close(one);
    kiln_process_close(two);
}

static kiln_status use_low_memory(void *argument)
{
    (void)argument;
    char *memory = kiln_alloc(4096), local[16];
    uint64_t bytes;
    kiln_file file = open_echo(0);
    CHECK(memory && (uint64_t)memory < 0x80000000u && (uint64_t)local < 0x80000000u);
    strcpy(memory, "low");
    CHECK(kiln_ioctl(file, ECHO_NEITHER, memory, 4, memory + 100, 4, &bytes) == 0);
    CHECK(bytes == 4 && !strcmp(memory + 100, "low"));
    return kiln_close(file);
}

static void memory_and_stacks_of_a_32_bit_process_lie_below_4_gb(void)
{
    kiln_process *other;
    CHECK(kiln_process_create32("old.exe", &other) == 0);
    CHECK(join(thread(other, use_low_memory, NULL)) == 0);
    kiln_process_close(other);
}

static kiln_status use_file(void *argument)
{
    return echo(*(kiln_file *)argument, ECHO_BUFFERED, "x");
}

static void a_file_belongs_to_the_process_that_opened_it(void)
{
    kiln_file file = open_echo(0);
    kiln_process *other = process("other.exe");
    CHECK(join(thread(NULL, use_file, &file)) == 0);
    CHECK(join(thread(other, use_file, &file)) == STATUS_BAD_HANDLE);
    kiln_process_close(other);
    CHECK(kiln_close(file) == 0);
}

static int called;

static void on_done(kiln_request *request, void *context)
{
    uint64_t bytes;
    CHECK(kiln_wait(request, 0, &bytes) == 0);
    called += *(int *)context;
}

static kiln_status issue_with_apc(void *argument)
{
    kiln_request *request;
    int weight = 7;
    char answer[8] = "";
    uint32_t input[2] = {5, 0x6b6c};
    kiln_file file = open_echo(KILN_OVERLAPPED);
    kiln_status status = kiln_ioctl_apc(file, ECHO_DELAYED, input, sizeof input, answer, sizeof answer,
                                        on_done, &weight, &request);
    CHECK(status == STATUS_PENDING || status == 0);
    kiln_sleep(50 * MILLISECOND);
    CHECK(called == 0); /* it completed, but this thread did not wait alertably */
    CHECK(kiln_sleep_alertable(1000000 * MILLISECOND) == STATUS_USER_APC);
    CHECK(called == 7);
    CHECK(!memcmp(answer, &input[1], 4));
    CHECK(kiln_finish(request) == 0);
    CHECK(kiln_close(file) == 0);
    return *(kiln_status *)argument;
}

static void an_io_completion_routine_runs_while_the_thread_waits_alertably(void)
{
    kiln_status expected = 9;
    called = 0;
    kiln_process *agent = process("agent.exe");
    CHECK(join(thread(agent, issue_with_apc, &expected)) == 9);
    kiln_process_close(agent);
    /* The same on the thread that booted the machine. */
    called = 0;
    CHECK(issue_with_apc(&expected) == 9);
}

static void finishing_a_request_calls_the_routine_that_is_owed(void)
{
    kiln_request *request;
    int weight = 3;
    uint32_t input[2] = {1000000, 0};
    called = 0;
    kiln_file file = open_echo(KILN_OVERLAPPED);
    CHECK(kiln_ioctl_apc(file, ECHO_BUFFERED, input, sizeof input, input, sizeof input, on_done, &weight,
                         &request) == 0);
    CHECK(kiln_finish(request) == 0);
    CHECK(called == 3);
    CHECK(kiln_close(file) == 0);
}

static volatile int stage;

static void step(void *context)
{
    stage = *(int *)context;
}

static kiln_status wait_alertably(void *argument)
{
    (void)argument;
    stage = 1;
    CHECK(kiln_sleep_alertable(1000000 * MILLISECOND) == STATUS_USER_APC);
    CHECK(stage == 2);
    stage = 3;
    CHECK(kiln_sleep_alertable(1000000 * MILLISECOND) == STATUS_ALERTED);
    stage = 4;
    kiln_thread_exit(55);
}

static void wait_for_stage(int wanted)
{
    while (stage != wanted)
        kiln_sleep(MILLISECOND);
}

static void apcs_and_alerts_end_alertable_waits(void)
{
    int two = 2;
    stage = 0;
    kiln_thread *waiter = thread(NULL, wait_alertably, NULL);
    wait_for_stage(1);
    CHECK(kiln_thread_queue_apc(waiter, step, &two) == 0);
    wait_for_stage(3);
    CHECK(kiln_thread_alert(waiter) == 0);
    CHECK(join(waiter) == 55);
    CHECK(stage == 4);
    stage = 0;
    CHECK(kiln_thread_queue_apc(NULL, step, &two) == 0);
    CHECK(stage == 0);
    CHECK(kiln_test_alert() == 0);
    CHECK(stage == 2);
}

static kiln_status wait_in_driver(void *argument)
{
    uint32_t input[2] = {1000000, 0};
    kiln_file file = open_echo(*(unsigned *)argument);
    stage = 1;
    kiln_ioctl(file, ECHO_DELAYED, input, sizeof input, input, sizeof input, NULL);
    CHECK(!"a terminated thread came back");
    return 0;
}

static void terminated_threads_do_not_come_back_from_their_requests(void)
{
    for (unsigned flags = 0; flags <= KILN_OVERLAPPED; flags++) {
        kiln_status status;
        stage = 0;
        kiln_process *victim = process("victim.exe");
        kiln_thread *waiter = thread(victim, wait_in_driver, &flags);
        wait_for_stage(1);
        kiln_sleep(5 * MILLISECOND);
        CHECK(kiln_thread_wait(waiter, 0, &status) == STATUS_TIMEOUT && status == STATUS_PENDING);
        CHECK(kiln_process_terminate(victim, 66) == 0);
        CHECK(join(waiter) == 66);
        CHECK(kiln_process_wait(victim, KILN_FOREVER, &status) == 0 && status == 66);
        kiln_process_close(victim);
    }
}

static kiln_status count(void *argument)
{
    for (;;) {
        ++*(volatile int *)argument;
        kiln_sleep(MILLISECOND);
    }
    return 0;
}

static void threads_are_suspended_and_resumed(void)
{
    int counter = 0;
    kiln_thread *counting;
    CHECK(kiln_thread_create(NULL, count, &counter, 64 << 10, KILN_SUSPENDED, &counting) == 0);
    kiln_sleep(5 * MILLISECOND);
    CHECK(*(volatile int *)&counter == 0);
    CHECK(kiln_thread_resume(counting) == 0);
    while (*(volatile int *)&counter < 3)
        kiln_sleep(MILLISECOND);
    CHECK(kiln_thread_suspend(counting) == 0);
    kiln_sleep(5 * MILLISECOND);
    int seen = *(volatile int *)&counter;
    kiln_sleep(20 * MILLISECOND);
    CHECK(*(volatile int *)&counter == seen);
    CHECK(kiln_thread_terminate(counting, 1) == 0);
    CHECK(join(counting) == 1);
}

static kiln_status leave_open(void *argument)
{
    (void)argument;
    open_echo(0);
    open_echo(KILN_OVERLAPPED);
    return 0;
}

static void what_a_process_leaves_open_is_closed(void)
{
    kiln_process *sloppy = process("sloppy.exe");
    CHECK(join(thread(sloppy, leave_open, NULL)) == 0);
    CHECK(kiln_process_wait(sloppy, KILN_FOREVER, NULL) == 0);
    kiln_process_close(sloppy);
    kiln_process_close(process("unused.exe"));
    CHECK(kiln_unload("echo") == 0); /* refuses while a file is open */
    CHECK(kiln_load(echo_path, NULL) == 0);
}

static void processes_of_both_sizes_end_with_their_silo(void)
{
    int counters[2] = {0};
    kiln_silo *silo;
    kiln_process *members[2] = {process("wide.exe")};
    kiln_thread *threads[2];
    CHECK(kiln_process_create32("narrow.exe", &members[1]) == 0);
    CHECK(kiln_silo_create(&silo) == 0);
    for (int i = 0; i < 2; i++) {
        CHECK(kiln_silo_assign(silo, members[i]) == 0);
        threads[i] = thread(members[i], count, &counters[i]);
    }
    for (int i = 0; i < 2; i++)
        while (*(volatile int *)&counters[i] < 2)
            kiln_sleep(MILLISECOND);
    CHECK(kiln_silo_terminate(silo, 77, KILN_FOREVER) == 0);
    for (int i = 0; i < 2; i++) {
        kiln_status status;
        CHECK(join(threads[i]) == 77);
        CHECK(kiln_process_wait(members[i], KILN_FOREVER, &status) == 0 && status == 77);
        kiln_process_close(members[i]);
    }
    kiln_silo_close(silo);
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
#define CASE(name)                                                                                           \
    {                                                                                                        \
#name, name                                                                                          \
    }
    CASE(threads_of_several_processes_talk_to_a_driver),
    CASE(a_file_belongs_to_the_process_that_opened_it),
    CASE(an_io_completion_routine_runs_while_the_thread_waits_alertably),
    CASE(finishing_a_request_calls_the_routine_that_is_owed),
    CASE(apcs_and_alerts_end_alertable_waits),
    CASE(terminated_threads_do_not_come_back_from_their_requests),
    CASE(threads_are_suspended_and_resumed),
    CASE(what_a_process_leaves_open_is_closed),
    CASE(memory_and_stacks_of_a_32_bit_process_lie_below_4_gb),
    CASE(processes_of_both_sizes_end_with_their_silo),
};

/* ---------------------------------------------------------------- machines */

static void hear(enum kiln_stream stream, const char *text, uint64_t bytes)
{
    if (stream != KILN_DEBUG_OUTPUT)
        fwrite(text, 1, bytes, stderr);
}

static int run(unsigned number, bool live, unsigned cpus, uint64_t seed)
{
    pid_t child = fork();
    if (child == 0) {
        struct kiln_options options = {.size = sizeof options,
                                       .live = live,
                                       .cpus = cpus,
                                       .seed = seed,
                                       .ram_bytes = 64 << 20,
                                       .on_output = hear};
        alarm(60);
        CHECK(kiln_boot(&options) == 0);
        CHECK(kiln_load(echo_path, NULL) == 0);
        cases[number].run();
        _exit(kiln_shutdown());
    }
    int status = -1;
    waitpid(child, &status, 0);
    if (status != 0)
        printf("FAIL client.%s: %s, %u processors, seed %llu (wait status %#x)\n", cases[number].name,
               live ? "live" : "simulator", cpus, (unsigned long long)seed, (unsigned)status);
    return status != 0;
}

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: process_test ECHO.SYS [SEEDS]\n");
        return 2;
    }
    echo_path = argv[1];
    unsigned seeds = argc > 2 ? (unsigned)atoi(argv[2]) : 10;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int bad = 0;
        for (unsigned seed = 0; seed < seeds && !bad; seed++)
            bad = run(i, false, seed % 3 + 1, seed);
        for (unsigned cpus = 1; cpus <= 2 && !bad; cpus++)
            bad = run(i, true, cpus, 0);
        bad ? failed++ : passed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
