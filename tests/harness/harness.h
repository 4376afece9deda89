/* SPDX-License-Identifier: MIT */
/*
 * The test harness, as a test sees it. A test is kernel-side C (NT headers, no libc) that states one documented fact:
 *
 *      #include <wdm.h>
 *      #include "harness.h"
 *
 *      KILN_TEST(ke_event, set_returns_previous_state)
 *      {
 *          KEVENT event;
 *          KeInitializeEvent(&event, NotificationEvent, FALSE);
 *          CHECK_EQ(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 0);
 *          CHECK_EQ(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 1);
 *      }
 *
 * It runs on the client thread of a freshly booted machine, at PASSIVE_LEVEL, in a process of its own: on the simulator
 * with many seeds (one to three processors) and on the live host with one and two processors. A failed check ends it.
 */
#ifndef KILN_HARNESS_H
#define KILN_HARNESS_H

struct kiln_test {
    const char *suite, *name, *file;
    int line;
    void (*run)(void);
    int expect_bugcheck;        /* the test must end in a bugcheck with code `bugcheck` */
    unsigned bugcheck;
    unsigned long long parameter1; /* and with this first parameter, if it is not 0 */
    int sim_only;
    int once;                   /* one seed is enough: nothing in it depends on the schedule */
    unsigned spare_cpus;        /* processors that may be added to the machine while it runs */
    unsigned group_size, node_size; /* processors in a group, in a node; 0: all */
    const char *special_pool;   /* tags with special pool */
    int safe_mode;              /* what InitSafeBootMode points to */
    int paging;                 /* in a machine with paging */
    struct kiln_test *next;
};

void kiln_test_register(struct kiln_test *test);
__attribute__((noreturn)) void kiln_check_failed(const char *file, int line, const char *what);
__attribute__((noreturn)) void kiln_check_differs(const char *file, int line, const char *left, const char *right,
                                                  unsigned long long left_value, unsigned long long right_value);
/* Environment of the test programs: the directory of built test drivers (KILN_TEST_DRIVERS), or "". */
const char *kiln_test_driver_dir(void);

#define KILN_TEST_DEFINE(Suite, Name, ...)                                                                             \
    static void kiln_test_##Suite##_##Name(void);                                                                      \
    static struct kiln_test kiln_desc_##Suite##_##Name = {                                                             \
        .suite = #Suite, .name = #Name, .file = __FILE__, .line = __LINE__, .run = kiln_test_##Suite##_##Name,         \
        __VA_ARGS__};                                                                                                  \
    __attribute__((constructor)) static void kiln_reg_##Suite##_##Name(void)                                           \
    {                                                                                                                  \
        kiln_test_register(&kiln_desc_##Suite##_##Name);                                                               \
    }                                                                                                                  \
    static void kiln_test_##Suite##_##Name(void)

#define KILN_TEST(Suite, Name)                KILN_TEST_DEFINE(Suite, Name, .expect_bugcheck = 0)
#define KILN_TEST_ONCE(Suite, Name)           KILN_TEST_DEFINE(Suite, Name, .once = 1)
#define KILN_TEST_SIM(Suite, Name)            KILN_TEST_DEFINE(Suite, Name, .sim_only = 1)
#define KILN_TEST_PAGING(Suite, Name)         KILN_TEST_DEFINE(Suite, Name, .paging = 1)
#define KILN_TEST_PAGING_BUGCHECK(Suite, Name, Code)                                                                   \
    KILN_TEST_DEFINE(Suite, Name, .expect_bugcheck = 1, .bugcheck = (Code), .paging = 1)
#define KILN_TEST_BUGCHECK(Suite, Name, Code) KILN_TEST_DEFINE(Suite, Name, .expect_bugcheck = 1, .bugcheck = (Code))

#define CHECK(Expression)                                                                                              \
    do {                                                                                                               \
        if (!(Expression))                                                                                             \
            kiln_check_failed(__FILE__, __LINE__, #Expression);                                                        \
    } while (0)

#define CHECK_EQ(Left, Right)                                                                                          \
    do {                                                                                                               \
        unsigned long long kiln_left_ = (unsigned long long)(Left);                                                    \
        unsigned long long kiln_right_ = (unsigned long long)(Right);                                                  \
        if (kiln_left_ != kiln_right_)                                                                                 \
            kiln_check_differs(__FILE__, __LINE__, #Left, #Right, kiln_left_, kiln_right_);                            \
    } while (0)

#endif
