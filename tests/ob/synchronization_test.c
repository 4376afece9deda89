/* SPDX-License-Identifier: MIT */
/*
 * Events, semaphores, mutants and timers by handle; waiting on handles.
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/io.h>
#include <nt/rtl.h>
#include <nt/status.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "harness.h"

static const LARGE_INTEGER no_time;
#define NOW ((PLARGE_INTEGER)&no_time)

KILN_TEST(ob_event, state_and_type_are_what_was_asked_for)
{
    HANDLE event;
    EVENT_BASIC_INFORMATION info;
    ULONG length;
    LONG previous;
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, SynchronizationEvent, TRUE), STATUS_SUCCESS);
    CHECK_EQ(ZwQueryEvent(event, EventBasicInformation, &info, sizeof(info), &length), STATUS_SUCCESS);
    CHECK_EQ(info.EventType, SynchronizationEvent);
    CHECK_EQ(info.EventState, 1);
    CHECK_EQ(length, sizeof(info));
    CHECK_EQ(ZwQueryEvent(event, EventBasicInformation, &info, 4, NULL), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ZwQueryEvent(event, 7, &info, sizeof(info), NULL), STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwResetEvent(event, &previous), STATUS_SUCCESS);
    CHECK_EQ(previous, 1);
    CHECK_EQ(ZwSetEvent(event, &previous), STATUS_SUCCESS);
    CHECK_EQ(previous, 0);
    CHECK_EQ(ZwClearEvent(event), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(event, FALSE, NOW), STATUS_TIMEOUT);
    ZwClose(event);
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, 9, TRUE), STATUS_INVALID_PARAMETER_4);
}

KILN_TEST(ob_event, named_events_for_drivers_are_shared_and_begin_signalled)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\driver-event");
    HANDLE first, second;
    PKEVENT a = IoCreateNotificationEvent(&name, &first);
    CHECK(a != NULL);
    CHECK_EQ(KeReadStateEvent(a), 1);
    PKEVENT b = IoCreateNotificationEvent(&name, &second);
    CHECK_EQ(a, b);
    ZwClose(first);
    CHECK_EQ(KeReadStateEvent(b), 1);
    ZwClose(second);
}

KILN_TEST(ob_semaphore, counts_and_limit)
{
    HANDLE semaphore;
    LONG previous;
    SEMAPHORE_BASIC_INFORMATION info;
    CHECK_EQ(ZwCreateSemaphore(&semaphore, SEMAPHORE_ALL_ACCESS, NULL, 3, 2), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwCreateSemaphore(&semaphore, SEMAPHORE_ALL_ACCESS, NULL, 1, 2), STATUS_SUCCESS);
    CHECK_EQ(ZwReleaseSemaphore(semaphore, 1, &previous), STATUS_SUCCESS);
    CHECK_EQ(previous, 1);
    CHECK_EQ(ZwReleaseSemaphore(semaphore, 1, &previous), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    CHECK_EQ(ZwWaitForSingleObject(semaphore, FALSE, NOW), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(semaphore, FALSE, NOW), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(semaphore, FALSE, NOW), STATUS_TIMEOUT);
    CHECK_EQ(ZwQuerySemaphore(semaphore, SemaphoreBasicInformation, &info, sizeof(info), NULL),
             STATUS_SUCCESS);
    CHECK_EQ(info.CurrentCount, 0);
    CHECK_EQ(info.MaximumCount, 2);
    ZwClose(semaphore);
}

KILN_TEST(ob_mutant, belongs_to_its_owner)
{
    HANDLE mutant;
    LONG previous;
    MUTANT_BASIC_INFORMATION info;
    CHECK_EQ(ZwCreateMutant(&mutant, MUTANT_ALL_ACCESS, NULL, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ZwReleaseMutant(mutant, &previous), STATUS_MUTANT_NOT_OWNED);
    CHECK_EQ(ZwWaitForSingleObject(mutant, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(ZwQueryMutant(mutant, MutantBasicInformation, &info, sizeof(info), NULL), STATUS_SUCCESS);
    CHECK_EQ(info.CurrentCount, 0);
    CHECK(info.OwnedByCaller && !info.AbandonedState);
    CHECK_EQ(ZwReleaseMutant(mutant, &previous), STATUS_SUCCESS);
    CHECK_EQ(previous, 0);
    ZwClose(mutant);
}

KILN_TEST(ob_timer, is_signalled_when_due_and_cancelled_before)
{
    HANDLE timer;
    BOOLEAN state;
    LARGE_INTEGER due = {.QuadPart = -200000}, later = {.QuadPart = -100000000};
    CHECK_EQ(ZwCreateTimer(&timer, TIMER_ALL_ACCESS, NULL, NotificationTimer), STATUS_SUCCESS);
    CHECK_EQ(ZwSetTimer(timer, &due, NULL, NULL, FALSE, 0, &state), STATUS_SUCCESS);
    CHECK_EQ(state, FALSE);
    CHECK_EQ(ZwWaitForSingleObject(timer, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(ZwSetTimer(timer, &later, NULL, NULL, FALSE, 0, &state), STATUS_SUCCESS);
    CHECK_EQ(state, TRUE);
    CHECK_EQ(ZwCancelTimer(timer, &state), STATUS_SUCCESS);
    CHECK_EQ(state, FALSE);
    CHECK_EQ(ZwWaitForSingleObject(timer, FALSE, &due), STATUS_TIMEOUT);
    CHECK_EQ(ZwSetTimer(timer, &later, NULL, NULL, FALSE, -1, NULL), STATUS_INVALID_PARAMETER_6);
    ZwClose(timer);
}

KILN_TEST(ob_wait, several_handles_any_and_all)
{
    HANDLE handles[5];
    for (int i = 0; i < 5; i++)
        CHECK_EQ(ZwCreateEvent(&handles[i], EVENT_ALL_ACCESS, NULL, SynchronizationEvent, i == 3),
                 STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForMultipleObjects(5, handles, WaitAll, FALSE, NOW), STATUS_TIMEOUT);
    CHECK_EQ(ZwWaitForMultipleObjects(5, handles, WaitAny, FALSE, NOW), STATUS_WAIT_0 + 3);
    CHECK_EQ(ZwWaitForMultipleObjects(5, handles, WaitAny, FALSE, NOW), STATUS_TIMEOUT);
    for (int i = 0; i < 5; i++)
        ZwSetEvent(handles[i], NULL);
    CHECK_EQ(ZwWaitForMultipleObjects(5, handles, WaitAll, FALSE, NOW), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForMultipleObjects(5, handles, WaitAny, FALSE, NOW), STATUS_TIMEOUT);
    HANDLE twice[2] = {handles[0], handles[0]};
    CHECK_EQ(ZwWaitForMultipleObjects(2, twice, WaitAll, FALSE, NOW), STATUS_INVALID_PARAMETER_MIX);
    CHECK_EQ(ZwWaitForMultipleObjects(0, handles, WaitAny, FALSE, NOW), STATUS_INVALID_PARAMETER_1);
    CHECK_EQ(ZwWaitForMultipleObjects(65, handles, WaitAny, FALSE, NOW), STATUS_INVALID_PARAMETER_1);
    for (int i = 0; i < 5; i++)
        ZwClose(handles[i]);
}

KILN_TEST(ob_wait, signal_and_wait)
{
    HANDLE set, waited;
    EVENT_BASIC_INFORMATION info;
    CHECK_EQ(ZwCreateEvent(&set, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ZwCreateEvent(&waited, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ZwSignalAndWaitForSingleObject(set, waited, FALSE, NOW), STATUS_TIMEOUT);
    CHECK_EQ(ZwQueryEvent(set, EventBasicInformation, &info, sizeof(info), NULL), STATUS_SUCCESS);
    CHECK_EQ(info.EventState, 1);
    ZwClose(set);
    ZwClose(waited);
}

KILN_TEST(ob_wait, what_cannot_be_waited_on_is_a_type_mismatch)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device");
    OBJECT_ATTRIBUTES attributes;
    HANDLE directory;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwOpenDirectoryObject(&directory, DIRECTORY_QUERY, &attributes), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(directory, FALSE, NOW), STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(directory);
    CHECK_EQ(ZwWaitForSingleObject((HANDLE)0x4444, FALSE, NOW), STATUS_INVALID_HANDLE);
}
