/* SPDX-License-Identifier: MIT */
/*
 * User processes and threads for the tests of ps. The user side of a test is a function of the test that runs
 * as user code, on the user stack; what it asks of the kernel it asks in a system call: CALL(expression of
 * services).
 */
#ifndef KILN_TEST_PS_H
#define KILN_TEST_PS_H

#include <ntifs.h>
#include "harness.h"
#include "mi.h"
#include "ntsvc.h"
#include "obp.h"
#include "pscontrol.h"
#include "psp.h"

/* One system call of the current user thread: fn(context) with PreviousMode UserMode on the kernel stack. */
#define SYSTEM_CALL(Fn, Context) PspSystemCall((Fn), (Context))

PEPROCESS ps_process(PCWSTR name);
PETHREAD ps_thread(PEPROCESS process, PSP_USER_START *start, PVOID context);

/* Wait for the end of a thread or process; its exit status; the reference is dropped. */
NTSTATUS ps_join(PETHREAD thread);
NTSTATUS ps_join_process(PEPROCESS process);

/* As user code: sleep, alertably or not, in milliseconds; returns the status. */
NTSTATUS ps_user_sleep(BOOLEAN alertable, LONG milliseconds);

/* As kernel code. */
void ps_sleep(LONG milliseconds);

/* Memory of the process's slice. */
PVOID ps_user_memory(PEPROCESS process, SIZE_T bytes);

#endif
