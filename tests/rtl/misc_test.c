/* SPDX-License-Identifier: MIT */
#include "rtltest.h"

KILN_TEST_ONCE(rtl_version, is_10_0_22621)
{
    RTL_OSVERSIONINFOEXW info = {.dwOSVersionInfoSize = sizeof(info)};
    CHECK_EQ(RtlGetVersion((PRTL_OSVERSIONINFOW)&info), STATUS_SUCCESS);
    CHECK_EQ(info.dwMajorVersion, 10);
    CHECK_EQ(info.dwMinorVersion, 0);
    CHECK_EQ(info.dwBuildNumber, 22621);
    CHECK_EQ(info.dwPlatformId, VER_PLATFORM_WIN32_NT);
    CHECK_EQ(info.wProductType, VER_NT_WORKSTATION);
    CHECK(RtlIsNtDdiVersionAvailable(NTDDI_WIN7));
    CHECK(RtlIsNtDdiVersionAvailable(NTDDI_WIN10));
    CHECK(!RtlIsNtDdiVersionAvailable(0x0B000000));
}

static NTSTATUS at_least(ULONG major, ULONG minor, USHORT pack)
{
    RTL_OSVERSIONINFOEXW info = {.dwOSVersionInfoSize = sizeof(info),
                                 .dwMajorVersion = major,
                                 .dwMinorVersion = minor,
                                 .wServicePackMajor = pack};
    ULONGLONG conditions = 0;
    VER_SET_CONDITION(conditions, VER_MAJORVERSION, VER_GREATER_EQUAL);
    VER_SET_CONDITION(conditions, VER_MINORVERSION, VER_GREATER_EQUAL);
    VER_SET_CONDITION(conditions, VER_SERVICEPACKMAJOR, VER_GREATER_EQUAL);
    return RtlVerifyVersionInfo(&info, VER_MAJORVERSION | VER_MINORVERSION | VER_SERVICEPACKMAJOR,
                                conditions);
}

KILN_TEST_ONCE(rtl_version, a_greater_major_version_settles_it)
{
    CHECK_EQ(at_least(6, 3, 1), STATUS_SUCCESS); /* minor and service pack are not looked at */
    CHECK_EQ(at_least(10, 0, 0), STATUS_SUCCESS);
    CHECK_EQ(at_least(10, 0, 1), STATUS_REVISION_MISMATCH);
    CHECK_EQ(at_least(10, 1, 0), STATUS_REVISION_MISMATCH);
    CHECK_EQ(at_least(11, 0, 0), STATUS_REVISION_MISMATCH);
}

static LONG initialisations;
static ULONG NTAPI initialise(PRTL_RUN_ONCE RunOnce, PVOID Parameter, PVOID *Context)
{
    LARGE_INTEGER wait = {.QuadPart = -10000};
    InterlockedIncrement(&initialisations);
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
    *Context = Parameter;
    return TRUE;
}

static RTL_RUN_ONCE once = RTL_RUN_ONCE_INIT;
static VOID NTAPI racer(PVOID Context)
{
    PVOID made = NULL;
    CHECK_EQ(RtlRunOnceExecuteOnce(&once, initialise, (PVOID)0x1230, &made), STATUS_SUCCESS);
    CHECK(made == (PVOID)0x1230);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(rtl_runonce, runs_once_and_everybody_waits_for_it)
{
    HANDLE threads[4];
    for (ULONG i = 0; i < 4; i++) {
        CHECK_EQ(PsCreateSystemThread(&threads[i], THREAD_ALL_ACCESS, NULL, NULL, NULL, racer, NULL),
                 STATUS_SUCCESS);
    }
    for (ULONG i = 0; i < 4; i++) {
        CHECK_EQ(ZwWaitForSingleObject(threads[i], FALSE, NULL), STATUS_SUCCESS);
        ZwClose(threads[i]);
    }
    CHECK_EQ(initialisations, 1);
}

KILN_TEST_ONCE(rtl_runonce, asynchronous_attempts_race_to_complete)
{
    RTL_RUN_ONCE run;
    PVOID context;
    RtlRunOnceInitialize(&run);
    CHECK_EQ(RtlRunOnceBeginInitialize(&run, RTL_RUN_ONCE_CHECK_ONLY, &context), STATUS_UNSUCCESSFUL);
    CHECK_EQ(RtlRunOnceBeginInitialize(&run, RTL_RUN_ONCE_ASYNC, &context), STATUS_PENDING);
    CHECK_EQ(RtlRunOnceBeginInitialize(&run, RTL_RUN_ONCE_ASYNC, &context), STATUS_PENDING);
    CHECK_EQ(RtlRunOnceComplete(&run, RTL_RUN_ONCE_ASYNC, (PVOID)0x40), STATUS_SUCCESS);
    CHECK_EQ(RtlRunOnceComplete(&run, RTL_RUN_ONCE_ASYNC, (PVOID)0x80), STATUS_UNSUCCESSFUL);
    CHECK_EQ(RtlRunOnceBeginInitialize(&run, 0, &context), STATUS_SUCCESS);
    CHECK(context == (PVOID)0x40);
}

KILN_TEST_ONCE(rtl_misc, crc_of_the_usual_text)
{
    static char text[] = "123456789";
    CHECK_EQ(RtlComputeCrc32(0, text, 9), 0xCBF43926);
    CHECK_EQ(RtlComputeCrc32(RtlComputeCrc32(0, text, 4), text + 4, 5), 0xCBF43926);
}

KILN_TEST_ONCE(rtl_misc, correlation_vectors_count)
{
    static const GUID guid = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
    CORRELATION_VECTOR vector;
    CHECK_EQ(RtlInitializeCorrelationVector(&vector, RTL_CORRELATION_VECTOR_VERSION_2, &guid),
             STATUS_SUCCESS);
    CHECK_EQ(RtlValidateCorrelationVector(&vector), STATUS_SUCCESS);
    for (ULONG i = 0; i < 12; i++) {
        CHECK_EQ(RtlIncrementCorrelationVector(&vector), STATUS_SUCCESS);
    }
    CHECK(rtl_same(vector.Vector + 22, ".12"));
    CHECK_EQ(RtlExtendCorrelationVector(&vector), STATUS_SUCCESS);
    CHECK(rtl_same(vector.Vector + 22, ".12.0"));
    vector.Vector[3] = '!';
    CHECK_EQ((NTSTATUS)RtlValidateCorrelationVector(&vector), STATUS_INVALID_PARAMETER);
    CHECK_EQ((NTSTATUS)RtlInitializeCorrelationVector(&vector, 2, NULL), STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(rtl_misc, debug_filter_follows_the_masks)
{
    CHECK_EQ(DbgQueryDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL), TRUE);
    CHECK_EQ(DbgQueryDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL), FALSE);
    CHECK_EQ(DbgSetDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, TRUE), STATUS_SUCCESS);
    CHECK_EQ(DbgQueryDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL), TRUE);
    CHECK_EQ(DbgQueryDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_MASK | 8), TRUE);
    CHECK_EQ(DbgSetDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, FALSE), STATUS_SUCCESS);
    CHECK_EQ(DbgQueryDebugFilterState(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL), FALSE);
}

KILN_TEST_BUGCHECK(rtl_list, removing_from_a_broken_list_stops_the_machine, KERNEL_SECURITY_CHECK_FAILURE)
{
    LIST_ENTRY head, a, b;
    InitializeListHead(&head);
    InsertTailList(&head, &a);
    InsertTailList(&head, &b);
    b.Blink = &head;
    RemoveEntryList(&a);
}

KILN_TEST_ONCE(rtl_resource, large_ranges_are_encoded_in_the_smallest_unit)
{
    IO_RESOURCE_DESCRIPTOR io = {0};
    CM_PARTIAL_RESOURCE_DESCRIPTOR cm = {0};
    ULONGLONG alignment, start, length;
    CHECK_EQ(RtlIoEncodeMemIoResource(&io, CmResourceTypeMemory, 0x100000000ULL, 1, 0, 1),
             STATUS_UNSUCCESSFUL);
    CHECK_EQ(RtlIoEncodeMemIoResource(&io, CmResourceTypeMemoryLarge, 0x180000000ULL, 0x1000, 0, 1),
             STATUS_SUCCESS);
    CHECK_EQ(io.Flags & CM_RESOURCE_MEMORY_LARGE, CM_RESOURCE_MEMORY_LARGE_40);
    CHECK_EQ(RtlIoDecodeMemIoResource(&io, &alignment, NULL, NULL), 0x180000000ULL);
    CHECK_EQ(alignment, 0x1000);
    CHECK_EQ(RtlCmEncodeMemIoResource(&cm, CmResourceTypeMemoryLarge, 0x10000000000ULL, 0x40),
             STATUS_SUCCESS);
    CHECK_EQ(cm.Flags & CM_RESOURCE_MEMORY_LARGE, CM_RESOURCE_MEMORY_LARGE_48);
    CHECK_EQ(RtlCmDecodeMemIoResource(&cm, &start), 0x10000000000ULL);
    CHECK_EQ(start, 0x40);
    CHECK_EQ(RtlCmEncodeMemIoResource(&cm, CmResourceTypeInterrupt, 1, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlCmEncodeMemIoResource(&cm, CmResourceTypeMemoryLarge, 0x10000000001ULL, 0),
             STATUS_UNSUCCESSFUL);
    CHECK_EQ(RtlFindClosestEncodableLength(0x100000001ULL, &length), STATUS_SUCCESS);
    CHECK_EQ(length, 0x100000100ULL);
}

static ULONG seen;
static VOID NTAPI watch(PSTRING Output, ULONG ComponentId, ULONG Level)
{
    if (Output->Length == 2 && Output->Buffer[0] == 'h') {
        seen = ComponentId * 10 + Level;
    }
}

KILN_TEST_ONCE(rtl_misc, print_callback_sees_what_is_printed)
{
    CHECK_EQ(DbgSetDebugPrintCallback(watch, TRUE), STATUS_SUCCESS);
    DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "hi");
    CHECK_EQ(seen, DPFLTR_IHVDRIVER_ID * 10);
    CHECK_EQ(DbgSetDebugPrintCallback(watch, FALSE), STATUS_SUCCESS);
    CHECK_EQ(DbgSetDebugPrintCallback(watch, FALSE), STATUS_NOT_FOUND);
}

KILN_TEST_ONCE(rtl_misc, whea_addresses_are_sums_of_bytes)
{
    static ULONG64 record[4];
    CHECK_EQ(WheaAdd2Ptr(record, 9), (PVOID)((PUCHAR)record + 9));
}
