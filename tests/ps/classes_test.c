/* SPDX-License-Identifier: MIT */
/*
 * The information classes of processes and threads that are set and asked for: what is set is told and takes
 * effect.
 */
#include "pstest.h"

#define SET_PROCESS(Handle, Class, Value) ZwSetInformationProcess((Handle), (Class), &(Value), sizeof(Value))
#define GET_PROCESS(Handle, Class, Value)                                                                    \
    ZwQueryInformationProcess((Handle), (Class), &(Value), sizeof(Value), NULL)
#define SET_THREAD(Class, Value) ZwSetInformationThread(NtCurrentThread(), (Class), &(Value), sizeof(Value))
#define GET_THREAD(Class, Value)                                                                             \
    ZwQueryInformationThread(NtCurrentThread(), (Class), &(Value), sizeof(Value), NULL)

static HANDLE open_process(PEPROCESS process)
{
    HANDLE handle;
    CHECK_EQ(ObOpenObjectByPointer(process, OBJ_KERNEL_HANDLE, NULL, PROCESS_ALL_ACCESS, NULL, KernelMode,
                                   &handle),
             STATUS_SUCCESS);
    return handle;
}

static int sleep_on(void *context)
{
    *(volatile LONG *)context = 1;
    for (;;)
        ps_user_sleep(FALSE, 1000000);
    return 0;
}

KILN_TEST(ps_classes, a_priority_class_moves_the_threads_and_is_told)
{
    struct {
        BOOLEAN foreground;
        UCHAR class;
    } given = {TRUE, PROCESS_PRIORITY_CLASS_HIGH}, got = {0};
    volatile LONG started = 0;
    ULONG base = 10;
    PEPROCESS process = ps_process(L"class.exe");
    HANDLE handle = open_process(process);
    PETHREAD thread = ps_thread(process, sleep_on, (PVOID)&started);
    while (!started)
        ps_sleep(1);
    CHECK_EQ(SET_PROCESS(handle, ProcessPriorityClass, given), STATUS_SUCCESS);
    CHECK_EQ(GET_PROCESS(handle, ProcessPriorityClass, got), STATUS_SUCCESS);
    CHECK(got.foreground && got.class == PROCESS_PRIORITY_CLASS_HIGH);
    CHECK_EQ(thread->Tcb.BasePriority, 13);
    given.class = 7;
    CHECK_EQ(SET_PROCESS(handle, ProcessPriorityClass, given), STATUS_INVALID_PARAMETER);
    CHECK_EQ(SET_PROCESS(handle, ProcessBasePriority, base), STATUS_SUCCESS);
    CHECK_EQ(thread->Tcb.BasePriority, 10);
    base = 0;
    CHECK_EQ(SET_PROCESS(handle, ProcessBasePriority, base), STATUS_INVALID_PARAMETER);
    CHECK_EQ(SET_PROCESS(handle, ProcessTimes, base), STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwSetInformationProcess(handle, ProcessBasePriority, &base, 2), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ZwSetInformationProcess(NtCurrentThread(), ProcessBasePriority, &base, 4),
             STATUS_OBJECT_TYPE_MISMATCH);
    PspTerminateProcess(process, 0);
    ps_join(thread);
    ps_join_process(process);
    ZwClose(handle);
}

KILN_TEST(ps_classes, numbers_of_a_process_are_kept)
{
    ULONG value = 1, got = 9, pages = 3;
    ULONG_PTR mask = 1, all = 0;
    PEPROCESS process = ps_process(L"numbers.exe");
    HANDLE handle = open_process(process);
    CHECK_EQ(SET_PROCESS(handle, ProcessPriorityBoost, value), STATUS_SUCCESS);
    CHECK_EQ(GET_PROCESS(handle, ProcessPriorityBoost, got), STATUS_SUCCESS);
    CHECK_EQ(got, 1);
    CHECK_EQ(SET_PROCESS(handle, ProcessDefaultHardErrorMode, value), STATUS_SUCCESS);
    CHECK_EQ(GET_PROCESS(handle, ProcessDefaultHardErrorMode, got), STATUS_SUCCESS);
    CHECK_EQ(got, 1);
    CHECK_EQ(GET_PROCESS(handle, ProcessPagePriority, got), STATUS_SUCCESS);
    CHECK_EQ(got, 5);
    CHECK_EQ(SET_PROCESS(handle, ProcessPagePriority, pages), STATUS_SUCCESS);
    CHECK_EQ(GET_PROCESS(handle, ProcessPagePriority, got), STATUS_SUCCESS);
    CHECK_EQ(got, 3);
    pages = 6;
    CHECK_EQ(SET_PROCESS(handle, ProcessPagePriority, pages), STATUS_INVALID_PARAMETER);
    CHECK_EQ(GET_PROCESS(handle, ProcessAffinityMask, all), STATUS_SUCCESS);
    CHECK_EQ(all, KeQueryActiveProcessors());
    CHECK_EQ(SET_PROCESS(handle, ProcessAffinityMask, mask), STATUS_SUCCESS);
    CHECK_EQ(GET_PROCESS(handle, ProcessAffinityMask, all), STATUS_SUCCESS);
    CHECK_EQ(all, 1);
    mask = 0;
    CHECK_EQ(SET_PROCESS(handle, ProcessAffinityMask, mask), STATUS_INVALID_PARAMETER);
    CHECK_EQ(GET_PROCESS(handle, ProcessSessionInformation, got), STATUS_SUCCESS);
    CHECK_EQ(got, 0);
    got = 9;
    CHECK_EQ(GET_PROCESS(handle, ProcessSubsystemInformation, got), STATUS_SUCCESS);
    CHECK_EQ(got, 0);
    CHECK_EQ(GET_PROCESS(handle, ProcessHandleCount, got), STATUS_SUCCESS);
    CHECK_EQ(got, 0);
    PspTerminateProcess(process, 0);
    ps_join_process(process);
    ZwClose(handle);
}

static int end_soon(void *context)
{
    UNREFERENCED_PARAMETER(context);
    ps_user_sleep(FALSE, 2);
    return 0;
}

KILN_TEST(ps_classes, times_and_cycles_of_an_ended_process_stay)
{
    ULONG64 times[4], cycles[2];
    PEPROCESS process = ps_process(L"times.exe");
    HANDLE handle = open_process(process);
    CHECK_EQ(GET_PROCESS(handle, ProcessTimes, times), STATUS_SUCCESS);
    CHECK_EQ(times[0], PsGetProcessCreateTimeQuadPart(process));
    CHECK_EQ(times[1], 0);
    ps_join(ps_thread(process, end_soon, NULL));
    ps_join_process(process);
    CHECK_EQ(GET_PROCESS(handle, ProcessTimes, times), STATUS_SUCCESS);
    CHECK(times[1] > times[0]);
    CHECK_EQ(times[3], 0);
    CHECK_EQ(GET_PROCESS(handle, ProcessCycleTime, cycles), STATUS_SUCCESS);
    CHECK(cycles[1] != 0);
    ZwClose(handle);
}

KILN_TEST(ps_classes, numbers_of_a_thread_are_kept)
{
    ULONG on = 1, got = 9, priority = 11;
    KAFFINITY none = 0;
    POWER_THROTTLING_THREAD_STATE state = {THREAD_POWER_THROTTLING_CURRENT_VERSION,
                                           THREAD_POWER_THROTTLING_EXECUTION_SPEED,
                                           THREAD_POWER_THROTTLING_EXECUTION_SPEED},
                                  told = {0};
    CHECK_EQ(SET_THREAD(ThreadPriorityBoost, on), STATUS_SUCCESS);
    CHECK_EQ(GET_THREAD(ThreadPriorityBoost, got), STATUS_SUCCESS);
    CHECK_EQ(got, 1);
    CHECK_EQ(SET_THREAD(ThreadActualBasePriority, priority), STATUS_SUCCESS);
    CHECK_EQ(GET_THREAD(ThreadActualBasePriority, got), STATUS_SUCCESS);
    CHECK_EQ(got, 11);
    priority = 32;
    CHECK_EQ(SET_THREAD(ThreadActualBasePriority, priority), STATUS_INVALID_PARAMETER);
    CHECK_EQ(SET_THREAD(ThreadAffinityMask, none), STATUS_INVALID_PARAMETER);
    CHECK_EQ(GET_THREAD(ThreadIsIoPending, got), STATUS_SUCCESS);
    CHECK_EQ(got, 0);
    CHECK_EQ(SET_THREAD(ThreadPowerThrottlingState, state), STATUS_SUCCESS);
    CHECK_EQ(GET_THREAD(ThreadPowerThrottlingState, told), STATUS_SUCCESS);
    CHECK(told.ControlMask == state.ControlMask && told.StateMask == state.StateMask);
    state.ControlMask = 2;
    CHECK_EQ(SET_THREAD(ThreadPowerThrottlingState, state), STATUS_INVALID_PARAMETER);
    state.ControlMask = 1, state.Version = 2;
    CHECK_EQ(SET_THREAD(ThreadPowerThrottlingState, state), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwSetInformationThread(NtCurrentThread(), ThreadPowerThrottlingState, &state, 4),
             STATUS_INFO_LENGTH_MISMATCH);
    on = MAXIMUM_PROCESSORS;
    CHECK_EQ(SET_THREAD(ThreadIdealProcessor, on), STATUS_INVALID_PARAMETER);
    on = 0;
    CHECK_EQ(SET_THREAD(ThreadIdealProcessor, on), STATUS_SUCCESS);
}

KILN_TEST(ps_classes, a_thread_has_a_name)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"collector"), none = {0};
    struct {
        UNICODE_STRING name;
        WCHAR text[16];
    } got;
    ULONG length = 0;
    CHECK_EQ(SET_THREAD(ThreadNameInformation, name), STATUS_SUCCESS);
    CHECK_EQ(ZwQueryInformationThread(NtCurrentThread(), ThreadNameInformation, &got, sizeof(UNICODE_STRING),
                                      &length),
             STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(length, sizeof(UNICODE_STRING) + name.Length);
    CHECK_EQ(ZwQueryInformationThread(NtCurrentThread(), ThreadNameInformation, &got, sizeof got, NULL),
             STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&got.name, &name, FALSE));
    CHECK_EQ(SET_THREAD(ThreadNameInformation, none), STATUS_SUCCESS);
    CHECK_EQ(ZwQueryInformationThread(NtCurrentThread(), ThreadNameInformation, &got, sizeof got, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(got.name.Length, 0);
}

KILN_TEST_BUGCHECK(ps_classes, a_critical_thread_does_not_end, CRITICAL_PROCESS_DIED)
{
    ULONG on = 1;
    volatile LONG started = 0;
    HANDLE handle;
    PETHREAD thread = ps_thread(PsGetCurrentProcess(), sleep_on, (PVOID)&started);
    CHECK_EQ(
        ObOpenObjectByPointer(thread, OBJ_KERNEL_HANDLE, NULL, THREAD_ALL_ACCESS, NULL, KernelMode, &handle),
        STATUS_SUCCESS);
    CHECK_EQ(ZwSetInformationThread(handle, ThreadBreakOnTermination, &on, sizeof on), STATUS_SUCCESS);
    CHECK_EQ(ZwTerminateThread(handle, 0), STATUS_SUCCESS);
    ps_join(thread);
    CHECK(!"the machine goes on");
}
