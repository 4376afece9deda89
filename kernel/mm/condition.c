/* SPDX-License-Identifier: MIT */
/*
 * The standard event objects that tell drivers how much memory there is: \KernelObjects\LowMemoryCondition and its kin.
 * They are notification events, set as long as their condition is true.
 *
 * Pool has no limit of its own, so free pool is free memory. There is no paging file: the commit limit is RAM, and
 * what is committed is what is in use. Conditions are judged when a page run is allocated or freed and the level (how
 * much is free, in four steps) has changed. That may be under any lock of the memory manager, so a DPC sets the events.
 *
 * Reference: Standard Event Objects (windows-driver-docs).
 */
#include "mip.h"
#include "ki.h"
#include <nt/native.h>
#include <nt/ob.h>

#define MEGABYTE_PAGES (1UL << (20 - KILN_PAGE_SHIFT))

enum level { LEVEL_MAXIMUM, LEVEL_LOW, LEVEL_MIDDLE, LEVEL_HIGH, LEVEL_AMPLE }; /* free memory, rising */

/* Which events are set at which levels: bit n for level n. */
static const struct {
    const WCHAR *Name;
    UCHAR Levels;
} conditions[] = {
    {L"\\KernelObjects\\LowMemoryCondition", 1 << LEVEL_MAXIMUM | 1 << LEVEL_LOW},
    {L"\\KernelObjects\\HighMemoryCondition", 1 << LEVEL_HIGH | 1 << LEVEL_AMPLE},
    {L"\\KernelObjects\\LowPagedPoolCondition", 1 << LEVEL_MAXIMUM | 1 << LEVEL_LOW},
    {L"\\KernelObjects\\HighPagedPoolCondition", 1 << LEVEL_HIGH | 1 << LEVEL_AMPLE},
    {L"\\KernelObjects\\LowNonPagedPoolCondition", 1 << LEVEL_MAXIMUM | 1 << LEVEL_LOW},
    {L"\\KernelObjects\\HighNonPagedPoolCondition", 1 << LEVEL_HIGH | 1 << LEVEL_AMPLE},
    {L"\\KernelObjects\\LowCommitCondition", 1 << LEVEL_AMPLE},
    {L"\\KernelObjects\\HighCommitCondition", 1 << LEVEL_MAXIMUM | 1 << LEVEL_LOW},
    {L"\\KernelObjects\\MaximumCommitCondition", 1 << LEVEL_MAXIMUM},
};

static PKEVENT events[RTL_NUMBER_OF(conditions)]; /* constant after phase 1 */
static KDPC judge_dpc;
static BOOLEAN ready;
static volatile LONG shown = -1; /* the level that the events say, or that a DPC will make them say */

/* Low is below a 32nd of RAM, 64 MB at most; high above three times that. */
static LONG current_level(void)
{
    SIZE_T Free = __atomic_load_n(&MiFreePageCount, __ATOMIC_RELAXED), Total = MiPageCount, Low = Total / 32;

    if (Low > 64 * MEGABYTE_PAGES)
        Low = 64 * MEGABYTE_PAGES;
    if (Free < Low / 2)
        return LEVEL_MAXIMUM;
    if (Free < Low)
        return LEVEL_LOW;
    if (Free <= 3 * Low)
        return LEVEL_MIDDLE;
    return Free < Total / 4 ? LEVEL_HIGH : LEVEL_AMPLE;
}

static VOID NTAPI judge(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    LONG Level;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    do {
        Level = current_level();
        __atomic_store_n(&shown, Level, __ATOMIC_SEQ_CST);
        for (ULONG I = 0; I < RTL_NUMBER_OF(conditions); I++) {
            if (conditions[I].Levels >> Level & 1)
                KeSetEvent(events[I], IO_NO_INCREMENT, FALSE);
            else
                KeClearEvent(events[I]);
        }
    } while (Level != current_level());
}

void MiFreeMemoryChanged(void)
{
    if (ready && current_level() != __atomic_load_n(&shown, __ATOMIC_RELAXED))
        KeInsertQueueDpc(&judge_dpc, NULL, NULL);
}

void MiInitConditions(void)
{
    for (ULONG I = 0; I < RTL_NUMBER_OF(conditions); I++) {
        UNICODE_STRING Name;
        OBJECT_ATTRIBUTES Attributes;
        HANDLE Handle;
        RtlInitUnicodeString(&Name, conditions[I].Name);
        InitializeObjectAttributes(&Attributes, &Name, OBJ_KERNEL_HANDLE | OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, NULL,
                                   NULL);
        if (!NT_SUCCESS(ZwCreateEvent(&Handle, EVENT_ALL_ACCESS, &Attributes, NotificationEvent, FALSE)))
            host_panic("the memory conditions' events cannot be created");
        ObReferenceObjectByHandle(Handle, 0, ExEventObjectType ? *ExEventObjectType : NULL, KernelMode,
                                  (PVOID *)&events[I], NULL);
        ZwClose(Handle);
    }
    KeInitializeDpc(&judge_dpc, judge, NULL);
    ready = TRUE;
    MiFreeMemoryChanged();
}
