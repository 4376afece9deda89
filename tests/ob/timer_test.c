/* SPDX-License-Identifier: MIT */
/*
 * Native timers: ZwSetTimerEx with a tolerable delay, APC routines, periods; and the system time that
 * absolute ones follow.
 */
#include <ntifs.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "../../kernel/se/sei.h"
#include "harness.h"
#include "user_page.h"

static LARGE_INTEGER NOW_TIMEOUT;
#define NOW (&NOW_TIMEOUT)

static HANDLE new_timer(TIMER_TYPE type)
{
    HANDLE timer = NULL;
    CHECK_EQ(ZwCreateTimer(&timer, TIMER_ALL_ACCESS, NULL, type), STATUS_SUCCESS);
    return timer;
}

static ULONGLONG now_100ns(void)
{
    return KeQueryInterruptTime();
}

KILN_TEST(ob_timer, a_coalescable_timer_fires_within_its_tolerable_delay)
{
    HANDLE timer = new_timer(SynchronizationTimer);
    BOOLEAN state = TRUE;
    TIMER_SET_COALESCABLE_TIMER_INFO info = {
        .DueTime.QuadPart = -200000, .TolerableDelay = 50, .PreviousState = &state};
    ULONGLONG from = now_100ns();
    CHECK_EQ(ZwSetTimerEx(timer, TimerSetCoalescableTimer, &info, sizeof(info)), STATUS_SUCCESS);
    CHECK_EQ(state, FALSE);
    CHECK_EQ(ZwWaitForSingleObject(timer, FALSE, NULL), STATUS_SUCCESS);
    CHECK(now_100ns() - from >= 200000);
    /* Set and cancelled it tells whether it was signalled. */
    CHECK_EQ(ZwWaitForSingleObject(timer, FALSE, NOW), STATUS_TIMEOUT);
    ZwClose(timer);
}

KILN_TEST(ob_timer, setting_by_class_is_checked)
{
    HANDLE timer = new_timer(NotificationTimer);
    TIMER_SET_COALESCABLE_TIMER_INFO info = {.DueTime.QuadPart = -10000};
    CHECK_EQ(ZwSetTimerEx(timer, (TIMER_SET_INFORMATION_CLASS)1, &info, sizeof(info)),
             STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwSetTimerEx(timer, TimerSetCoalescableTimer, &info, sizeof(info) - 1),
             STATUS_INFO_LENGTH_MISMATCH);
    info.Period = 0x80000000;
    CHECK_EQ(ZwSetTimerEx(timer, TimerSetCoalescableTimer, &info, sizeof(info)), STATUS_INVALID_PARAMETER);
    info.Period = 0;
    info.WakeContext = (PVOID)1;
    CHECK_EQ(ZwSetTimerEx(timer, TimerSetCoalescableTimer, &info, sizeof(info)), STATUS_TIMER_RESUME_IGNORED);
    CHECK_EQ(ZwSetTimerEx((HANDLE)0x7ffc, TimerSetCoalescableTimer, &info, sizeof(info)),
             STATUS_INVALID_HANDLE);
    ZwClose(timer);
}

static volatile LONG apcs;
static PVOID apc_context;
static VOID NTAPI timer_apc(PVOID context, ULONG low, LONG high)
{
    UNREFERENCED_PARAMETER(low);
    UNREFERENCED_PARAMETER(high);
    apc_context = context;
    apcs++;
}

KILN_TEST(ob_timer, a_periodic_timer_queues_its_apc_each_time_until_it_is_cancelled)
{
    HANDLE timer = new_timer(SynchronizationTimer);
    LARGE_INTEGER long_wait = {.QuadPart = -10000000};
    TIMER_SET_COALESCABLE_TIMER_INFO info = {
        .DueTime.QuadPart = -10000, .TimerApcRoutine = timer_apc, .TimerContext = (PVOID)&apcs, .Period = 5};
    CHECK_EQ(ZwSetTimerEx(timer, TimerSetCoalescableTimer, &info, sizeof(info)), STATUS_SUCCESS);
    while (apcs < 3)
        KeDelayExecutionThread(KernelMode, TRUE, &long_wait);
    CHECK_EQ(apc_context, (PVOID)&apcs);
    CHECK_EQ(ZwCancelTimer(timer, NULL), STATUS_SUCCESS);
    LONG seen = apcs;
    KeDelayExecutionThread(KernelMode, FALSE, &(LARGE_INTEGER){.QuadPart = -300000});
    CHECK_EQ(apcs, seen);
    ZwClose(timer);
}

static volatile LONG notified;
static VOID NTAPI time_was_set(PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    notified++;
}

KILN_TEST(ob_systemtime, setting_it_notifies_and_moves_absolute_timers_only)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\SetSystemTime");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT object;
    LARGE_INTEGER before, previous, target, due;
    HANDLE absolute = new_timer(NotificationTimer), relative = new_timer(NotificationTimer);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    CHECK_EQ(ExCreateCallback(&object, &attributes, FALSE, TRUE), STATUS_SUCCESS);
    PVOID registration = ExRegisterCallback(object, time_was_set, NULL);
    CHECK(registration != NULL);

    KeQuerySystemTime(&before);
    due.QuadPart = before.QuadPart + 3600LL * 10000000;
    CHECK_EQ(ZwSetTimer(absolute, &due, NULL, NULL, FALSE, 0, NULL), STATUS_SUCCESS);
    due.QuadPart = -3600LL * 10000000;
    CHECK_EQ(ZwSetTimer(relative, &due, NULL, NULL, FALSE, 0, NULL), STATUS_SUCCESS);
    target.QuadPart = before.QuadPart + 7200LL * 10000000;
    CHECK_EQ(ZwSetSystemTime(&target, &previous), STATUS_SUCCESS);
    CHECK_EQ(notified, 1);
    CHECK(previous.QuadPart >= before.QuadPart && previous.QuadPart < target.QuadPart);
    LARGE_INTEGER soon = {.QuadPart = -1000000};
    CHECK_EQ(ZwWaitForSingleObject(absolute, FALSE, &soon), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(relative, FALSE, NOW), STATUS_TIMEOUT);
    LARGE_INTEGER after;
    KeQuerySystemTime(&after);
    CHECK(after.QuadPart >= target.QuadPart);

    target.QuadPart = -1;
    CHECK_EQ(ZwSetSystemTime(&target, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwSetSystemTime(NULL, NULL), STATUS_SUCCESS);
    KeQuerySystemTime(&after);
    CHECK(after.QuadPart < before.QuadPart + 1800LL * 10000000);
    CHECK_EQ(notified, 2);
    ExUnregisterCallback(registration);
    ObDereferenceObject(object);
    ZwClose(absolute);
    ZwClose(relative);
}

KILN_TEST(ob_systemtime, user_mode_needs_the_privilege_and_user_pointers)
{
    user_page *user = enter_user_mode();
    LARGE_INTEGER in_kernel = {.QuadPart = 0x01d0000000000000};
    PLARGE_INTEGER time = (PLARGE_INTEGER)user->buffer;
    *time = in_kernel;
    ((PTOKEN)PspCurrentProcess()->Token)->PrivilegesEnabled &= ~(1ULL << SE_SYSTEMTIME_PRIVILEGE);
    CHECK_EQ(NtSetSystemTime(time, NULL), STATUS_PRIVILEGE_NOT_HELD);
    CHECK_EQ(NtSetSystemTime(&in_kernel, NULL), STATUS_ACCESS_VIOLATION);
    ((PTOKEN)PspCurrentProcess()->Token)->PrivilegesEnabled |= 1ULL << SE_SYSTEMTIME_PRIVILEGE;
    CHECK_EQ(NtSetSystemTime(time, time), STATUS_SUCCESS);
    CHECK(time->QuadPart != in_kernel.QuadPart);
    leave_user_mode(user);
}
