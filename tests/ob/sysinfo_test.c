/* SPDX-License-Identifier: MIT */
/*
 * NtQuerySystemInformation: each class tells what the machine is known to hold, lengths and pointers are
 * checked.
 */
#include <ntifs.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "sysinfo.h"
#include "harness.h"
#include "user_page.h"

#define TAG 'tseT'

/* The answer of a class, in pool; *length is its length. */
static PVOID ask(SYSTEM_INFORMATION_CLASS class, PULONG length)
{
    ULONG needed = 0;
    PVOID buffer = NULL;
    NTSTATUS status;
    *length = 0;
    /* What is listed changes meanwhile: ask until it fits. */
    while ((status = ZwQuerySystemInformation(class, buffer, *length, &needed)) ==
           STATUS_INFO_LENGTH_MISMATCH) {
        CHECK(needed > *length);
        if (buffer)
            ExFreePoolWithTag(buffer, TAG);
        *length = needed + 512;
        buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, *length, TAG);
        CHECK(buffer != NULL);
    }
    CHECK_EQ(status, STATUS_SUCCESS);
    CHECK(needed <= *length);
    *length = needed;
    return buffer;
}

KILN_TEST(ob_sysinfo, unknown_classes_and_wrong_lengths_are_refused)
{
    SYSTEM_BASIC_INFORMATION info;
    ULONG needed = 0;
    CHECK_EQ(ZwQuerySystemInformation((SYSTEM_INFORMATION_CLASS)4711, &info, sizeof(info), &needed),
             STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwQuerySystemInformation(SystemBasicInformation, NULL, 0, &needed), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(needed, sizeof(info));
    CHECK_EQ(ZwQuerySystemInformation(SystemBasicInformation, &info, sizeof(info) - 1, NULL),
             STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ZwQuerySystemInformation(SystemBasicInformation, &info, sizeof(info), NULL), STATUS_SUCCESS);
    CHECK_EQ(NtQuerySystemInformationEx(SystemBasicInformation, &needed, 4, &info, sizeof(info), NULL),
             STATUS_INVALID_INFO_CLASS);
}

KILN_TEST(ob_sysinfo, the_machine_is_described)
{
    ULONG length;
    SYSTEM_BASIC_INFORMATION *basic = ask(SystemBasicInformation, &length);
    CHECK_EQ(basic->PageSize, PAGE_SIZE);
    CHECK_EQ(basic->AllocationGranularity, 0x10000);
    CHECK_EQ(basic->TimerResolution, KeQueryTimeIncrement());
    CHECK_EQ((ULONG)basic->NumberOfProcessors, KeQueryActiveProcessorCount(NULL));
    CHECK_EQ(basic->ActiveProcessorsAffinityMask, KeQueryActiveProcessors());
    CHECK_EQ(basic->MaximumUserModeAddress, (ULONG_PTR)MmHighestUserAddress);
    CHECK(basic->NumberOfPhysicalPages > 1000);
    ExFreePoolWithTag(basic, TAG);

    SYSTEM_PROCESSOR_INFORMATION *processor = ask(SystemProcessorInformation, &length);
    CHECK_EQ(processor->ProcessorArchitecture, 9);
    ExFreePoolWithTag(processor, TAG);

    SYSTEM_PERFORMANCE_INFORMATION *performance = ask(SystemPerformanceInformation, &length);
    CHECK_EQ(length, sizeof(*performance));
    CHECK(performance->AvailablePages > 0 && performance->AvailablePages < performance->CommitLimit);
    CHECK(performance->NonPagedPoolAllocs > performance->NonPagedPoolFrees);
    /* Callers of older systems know a shorter one. */
    CHECK_EQ(ZwQuerySystemInformation(SystemPerformanceInformation, performance, 0x138, &length),
             STATUS_SUCCESS);
    CHECK_EQ(length, 0x138);
    ExFreePoolWithTag(performance, TAG);

    SYSTEM_KERNEL_DEBUGGER_INFORMATION *debugger = ask(SystemKernelDebuggerInformation, &length);
    CHECK(!debugger->KernelDebuggerEnabled && debugger->KernelDebuggerNotPresent);
    ExFreePoolWithTag(debugger, TAG);
    ULONG *flags = ask(SystemFlagsInformation, &length);
    CHECK_EQ(*flags, RtlGetNtGlobalFlags());
    ExFreePoolWithTag(flags, TAG);
}

KILN_TEST(ob_sysinfo, the_time_of_day_is_the_system_time)
{
    ULONG length;
    LARGE_INTEGER before, after;
    KeQuerySystemTime(&before);
    SYSTEM_TIMEOFDAY_INFORMATION *info = ask(SystemTimeOfDayInformation, &length);
    KeQuerySystemTime(&after);
    CHECK(info->CurrentTime.QuadPart >= before.QuadPart && info->CurrentTime.QuadPart <= after.QuadPart);
    CHECK(info->BootTime.QuadPart <= info->CurrentTime.QuadPart);
    ExFreePoolWithTag(info, TAG);
}

KILN_TEST(ob_sysinfo, each_processor_has_its_times_and_counts)
{
    ULONG length, count = KeQueryActiveProcessorCountEx(0);
    USHORT group = 0, none = 99;
    SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION *times = ask(SystemProcessorPerformanceInformation, &length);
    CHECK_EQ(length, count * sizeof(*times));
    for (ULONG i = 0; i < count; i++)
        CHECK(times[i].IdleTime.QuadPart >= 0 && times[i].IdleTime.QuadPart <= times[i].KernelTime.QuadPart);
    CHECK_EQ(NtQuerySystemInformationEx(SystemProcessorPerformanceInformation, &group, sizeof(group), times,
                                        length, &length),
             STATUS_SUCCESS);
    CHECK_EQ(NtQuerySystemInformationEx(SystemProcessorPerformanceInformation, &none, sizeof(none), times,
                                        length, &length),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(
        NtQuerySystemInformationEx(SystemProcessorPerformanceInformation, NULL, 0, times, length, &length),
        STATUS_INVALID_PARAMETER);
    ExFreePoolWithTag(times, TAG);
    SYSTEM_INTERRUPT_INFORMATION *interrupts = ask(SystemInterruptInformation, &length);
    CHECK_EQ(length, count * sizeof(*interrupts));
    CHECK_EQ(interrupts[0].TimeIncrement, KeQueryTimeIncrement());
    ExFreePoolWithTag(interrupts, TAG);
}

KILN_TEST(ob_sysinfo, relationships_of_processors_are_those_of_ke)
{
    ULONG kind = RelationGroup, needed = 0, bytes = 0;
    UCHAR buffer[512];
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX info = (PVOID)buffer;
    CHECK_EQ(KeQueryLogicalProcessorRelationship(NULL, RelationGroup, NULL, &bytes),
             STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(NtQuerySystemInformationEx(SystemLogicalProcessorAndGroupInformation, &kind, sizeof(kind), NULL,
                                        0, &needed),
             STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(needed, bytes);
    CHECK_EQ(NtQuerySystemInformationEx(SystemLogicalProcessorAndGroupInformation, &kind, sizeof(kind),
                                        buffer, sizeof(buffer), &needed),
             STATUS_SUCCESS);
    CHECK_EQ(info->Relationship, RelationGroup);
}

static volatile LONG go_on;
static VOID NTAPI sleeper(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    LARGE_INTEGER tick = {.QuadPart = -10000};
    while (!go_on)
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
}

KILN_TEST(ob_sysinfo, processes_and_threads_are_listed)
{
    ULONG length, seen = 0;
    HANDLE thread;
    PETHREAD object;
    BOOLEAN found = FALSE, me = FALSE;
    static const WCHAR system[] = L"System";
    CHECK_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, sleeper, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(thread, 0, *PsThreadType, KernelMode, (PVOID *)&object, NULL),
             STATUS_SUCCESS);
    UCHAR *buffer = ask(SystemProcessInformation, &length), *at = buffer;
    for (;;) {
        SYSTEM_PROCESS_INFORMATION *process = (PVOID)at;
        CHECK(at + sizeof(*process) <= buffer + length);
        seen++;
        if (process->UniqueProcessId == PsGetProcessId(PsInitialSystemProcess)) {
            CHECK(process->ImageName.Length == sizeof(system) - 2 &&
                  RtlCompareMemory(process->ImageName.Buffer, system, sizeof(system)) == sizeof(system));
            for (ULONG i = 0; i < process->NumberOfThreads; i++)
                found = found || (process->Threads[i].ClientId.UniqueThread == PsGetThreadId(object) &&
                                  process->Threads[i].StartAddress == (PVOID)(ULONG_PTR)sleeper);
        }
        if (process->UniqueProcessId == PsGetCurrentProcessId()) {
            me = TRUE;
            CHECK_EQ(process->HandleCount, ObQueryHandleCount(PsGetCurrentProcess()->ObjectTable));
        }
        if (!process->NextEntryOffset)
            break;
        at += process->NextEntryOffset;
    }
    CHECK(found && me && seen >= 2);
    ExFreePoolWithTag(buffer, TAG);
    go_on = 1;
    CHECK_EQ(ZwWaitForSingleObject(thread, FALSE, NULL), STATUS_SUCCESS);
    ObDereferenceObject(object);
    ZwClose(thread);
}

KILN_TEST(ob_sysinfo, handles_are_listed_with_their_objects)
{
    ULONG length;
    HANDLE user, kernel;
    PVOID object, other;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, OBJ_INHERIT, NULL, NULL);
    CHECK_EQ(ZwCreateEvent(&user, EVENT_QUERY_STATE, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateEvent(&kernel, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(user, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(kernel, 0, NULL, KernelMode, &other, NULL), STATUS_SUCCESS);
    ULONG seen = 0, seen_kernel = 0;
    SYSTEM_HANDLE_INFORMATION_EX *extended = ask(SystemExtendedHandleInformation, &length);
    CHECK_EQ(length, sizeof(*extended) + extended->NumberOfHandles * sizeof(extended->Handles[0]));
    for (ULONG i = 0; i < extended->NumberOfHandles; i++) {
        SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX *entry = &extended->Handles[i];
        if (entry->Object == object) {
            CHECK_EQ(entry->HandleValue, (ULONG_PTR)user);
            CHECK_EQ(entry->UniqueProcessId, (ULONG_PTR)PsGetCurrentProcessId());
            CHECK_EQ(entry->GrantedAccess, EVENT_QUERY_STATE);
            CHECK_EQ(entry->HandleAttributes, OBJ_INHERIT);
            CHECK_EQ(entry->ObjectTypeIndex, ObGetObjectType(object)->Index);
            seen++;
        }
        if (entry->Object == other) {
            CHECK_EQ(entry->HandleValue, (ULONG_PTR)kernel);
            CHECK_EQ(entry->UniqueProcessId, (ULONG_PTR)PsGetProcessId(PsInitialSystemProcess));
            seen_kernel++;
        }
    }
    CHECK_EQ(seen, 1);
    CHECK_EQ(seen_kernel, 1);
    ExFreePoolWithTag(extended, TAG);
    SYSTEM_HANDLE_INFORMATION *old = ask(SystemHandleInformation, &length);
    seen = 0;
    for (ULONG i = 0; i < old->NumberOfHandles; i++)
        seen += old->Handles[i].Object == object && old->Handles[i].HandleValue == (USHORT)(ULONG_PTR)user;
    CHECK_EQ(seen, 1);
    ExFreePoolWithTag(old, TAG);
    ObDereferenceObject(object);
    ObDereferenceObject(other);
    ZwClose(user);
    ZwClose(kernel);
}

KILN_TEST(ob_sysinfo, objects_are_listed_by_type)
{
    ULONG length, types = 0, events = 0;
    HANDLE handle;
    PVOID object;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\listed"),
                   last = RTL_CONSTANT_STRING(L"listed"), event = RTL_CONSTANT_STRING(L"Event");
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    UCHAR *buffer = ask(SystemObjectInformation, &length);
    for (ULONG at = 0;;) {
        SYSTEM_OBJECTTYPE_INFORMATION *type = (PVOID)(buffer + at);
        types++;
        if (RtlEqualUnicodeString(&type->TypeName, &event, FALSE)) {
            CHECK(type->WaitableObject);
            CHECK_EQ(type->TypeIndex, ObGetObjectType(object)->Index);
            UCHAR *entry = (UCHAR *)type + sizeof(*type) + ((type->TypeName.MaximumLength + 7) & ~7);
            for (;;) {
                SYSTEM_OBJECT_INFORMATION *info = (PVOID)entry;
                if (info->Object == object) {
                    events++;
                    CHECK_EQ(info->HandleCount, 1);
                    CHECK(RtlEqualUnicodeString(&info->NameInfo, &last, FALSE));
                }
                if (!info->NextEntryOffset)
                    break;
                entry = buffer + info->NextEntryOffset;
            }
        }
        if (!type->NextEntryOffset)
            break;
        CHECK(type->NextEntryOffset > at);
        at = type->NextEntryOffset;
    }
    CHECK(types > 8);
    CHECK_EQ(events, 1);
    ExFreePoolWithTag(buffer, TAG);
    ObDereferenceObject(object);
    ZwClose(handle);
}

KILN_TEST(ob_sysinfo, pool_use_is_listed_by_tag)
{
    ULONG length, found = 0;
    PVOID mine = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'yzxw');
    SYSTEM_POOLTAG_INFORMATION *info = ask(SystemPoolTagInformation, &length);
    for (ULONG i = 0; i < info->Count; i++) {
        if (RtlCompareMemory(info->TagInfo[i].Tag, "wxzy", 4) == 4) {
            found++;
            CHECK_EQ(info->TagInfo[i].NonPagedAllocs, 1);
            CHECK(info->TagInfo[i].NonPagedUsed >= 100);
        }
    }
    CHECK_EQ(found, 1);
    ExFreePoolWithTag(info, TAG);
    ExFreePoolWithTag(mine, 'yzxw');
}

KILN_TEST(ob_sysinfo, module_lists_end_and_agree)
{
    ULONG length, count = 0;
    RTL_PROCESS_MODULES *modules = ask(SystemModuleInformation, &length);
    CHECK_EQ(length, sizeof(*modules) + modules->NumberOfModules * sizeof(modules->Modules[0]));
    UCHAR *buffer = ask(SystemModuleInformationEx, &length);
    for (UCHAR *at = buffer; *(USHORT *)at; at += *(USHORT *)at)
        count++;
    CHECK_EQ(count, modules->NumberOfModules);
    ExFreePoolWithTag(buffer, TAG);
    ExFreePoolWithTag(modules, TAG);
}

KILN_TEST(ob_sysinfo, what_needs_an_input_in_the_buffer_gets_it)
{
    UCHAR buffer[256] = {0};
    ULONG needed = 0;
    SYSTEM_FIRMWARE_TABLE_INFORMATION *tables = (PVOID)buffer;
    tables->ProviderSignature = 'ACPI';
    tables->TableBufferLength = sizeof(buffer) - sizeof(*tables);
    CHECK_EQ(ZwQuerySystemInformation(SystemFirmwareTableInformation, buffer, sizeof(buffer), &needed),
             STATUS_SUCCESS);
    CHECK(tables->TableBufferLength >= 4);
    CHECK_EQ(needed, sizeof(*tables) + tables->TableBufferLength);
    tables->Action = 7;
    CHECK_EQ(ZwQuerySystemInformation(SystemFirmwareTableInformation, buffer, sizeof(buffer), &needed),
             STATUS_INVALID_PARAMETER);
    SYSTEM_CODEINTEGRITY_INFORMATION integrity = {sizeof(integrity), 77};
    CHECK_EQ(ZwQuerySystemInformation(SystemCodeIntegrityInformation, &integrity, sizeof(integrity), &needed),
             STATUS_SUCCESS);
    CHECK_EQ(integrity.CodeIntegrityOptions, 0);
    integrity.Length = 4;
    CHECK_EQ(ZwQuerySystemInformation(SystemCodeIntegrityInformation, &integrity, sizeof(integrity), &needed),
             STATUS_INFO_LENGTH_MISMATCH);
}

KILN_TEST(ob_sysinfo, exceptions_and_registry_quota_have_their_sizes)
{
    ULONG length;
    SYSTEM_EXCEPTION_INFORMATION *exceptions = ask(SystemExceptionInformation, &length);
    CHECK_EQ(length, sizeof(*exceptions));
    ExFreePoolWithTag(exceptions, TAG);
    SYSTEM_REGISTRY_QUOTA_INFORMATION *quota = ask(SystemRegistryQuotaInformation, &length);
    CHECK_EQ(length, 0x10);
    CHECK(quota->PagedPoolSize > 0);
    ExFreePoolWithTag(quota, TAG);
}

KILN_TEST(ob_sysinfo, user_mode_gives_user_buffers)
{
    user_page *user = enter_user_mode();
    SYSTEM_TIMEOFDAY_INFORMATION in_kernel;
    ULONG length;
    CHECK_EQ(
        NtQuerySystemInformation(SystemTimeOfDayInformation, &in_kernel, sizeof(in_kernel), &user->length),
        STATUS_ACCESS_VIOLATION);
    CHECK_EQ(NtQuerySystemInformation(SystemTimeOfDayInformation, user->buffer, sizeof(in_kernel), &length),
             STATUS_ACCESS_VIOLATION);
    CHECK_EQ(NtQuerySystemInformation(SystemTimeOfDayInformation, user->buffer + 1, sizeof(in_kernel),
                                      &user->length),
             STATUS_DATATYPE_MISALIGNMENT);
    CHECK_EQ(
        NtQuerySystemInformation(SystemTimeOfDayInformation, user->buffer, sizeof(in_kernel), &user->length),
        STATUS_SUCCESS);
    CHECK_EQ(user->length, sizeof(in_kernel));
    /* Pointers in an answer lead into the caller's buffer. */
    UCHAR *page;
    PVOID more;
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(MiAllocateUser(PsGetCurrentProcess(), 16 * PAGE_SIZE, PAGE_READWRITE, &more), STATUS_SUCCESS);
    KiThread()->PreviousMode = UserMode;
    page = more;
    CHECK_EQ(NtQuerySystemInformation(SystemProcessInformation, page, 16 * PAGE_SIZE, &user->length),
             STATUS_SUCCESS);
    PWCH name = ((SYSTEM_PROCESS_INFORMATION *)page)->ImageName.Buffer;
    CHECK((UCHAR *)name > page && (UCHAR *)name < page + 16 * PAGE_SIZE);
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(MiFreeUser(PsGetCurrentProcess(), more), STATUS_SUCCESS);
    leave_user_mode(user);
}
