/* SPDX-License-Identifier: MIT */
/*
 * modules.c: the list of loaded images as drivers ask for it.
 *
 * The list is copied under L into memory of the loader's own; the caller's buffer is written without the
 * lock.
 */
#include "ldri.h"

#include <nt/rtl_system.h>

static ULONG count_modules(void) /* L */
{
    ULONG count = 0;
    for (PLIST_ENTRY e = PsLoadedModuleList.Flink; e != &PsLoadedModuleList; e = e->Flink)
        count++;
    return count;
}

static void describe(const KLDR_MODULE *module, PRTL_MODULE_EXTENDED_INFO info)
{
    ULONG length;
    __builtin_memset(info, 0, sizeof *info);
    info->BasicInfo.ImageBase = module->Entry.DllBase;
    info->ImageSize = module->Entry.SizeOfImage;
    LdrpNarrow((char *)info->FullPathName, sizeof info->FullPathName, &module->Entry.FullDllName);
    length = LdrpLength((char *)info->FullPathName);
    while (length && info->FullPathName[length - 1] != '\\' && info->FullPathName[length - 1] != '/')
        length--;
    info->FileNameOffset = (USHORT)length;
}

/* A copy of the list; NULL and a count of 0 when nothing is loaded, NULL and a count when memory is short. */
static PRTL_MODULE_EXTENDED_INFO snapshot(ULONG *count)
{
    PRTL_MODULE_EXTENDED_INFO list = NULL;
    ULONG i = 0;
    LdrpLockModules();
    *count = count_modules();
    if (*count)
        list = ExAllocatePoolWithTag(PagedPool, *count * sizeof *list, LDR_TAG);
    if (list) {
        for (PLIST_ENTRY e = PsLoadedModuleList.Flink; e != &PsLoadedModuleList; e = e->Flink)
            describe(CONTAINING_RECORD(e, KLDR_MODULE, Entry.InLoadOrderLinks), &list[i++]);
    }
    LdrpUnlockModules();
    return list;
}

NTSTATUS NTAPI RtlQueryModuleInformation(PULONG InformationLength, ULONG UnitSize, PVOID Information)
{
    ULONG count, room = *InformationLength;
    NTSTATUS status = STATUS_SUCCESS;
    PAGED_CODE();
    if (UnitSize != sizeof(RTL_MODULE_BASIC_INFO) && UnitSize != sizeof(RTL_MODULE_EXTENDED_INFO))
        return STATUS_INVALID_PARAMETER;
    PRTL_MODULE_EXTENDED_INFO list = snapshot(&count);
    if (count && !list)
        return STATUS_INSUFFICIENT_RESOURCES;
    *InformationLength = count * UnitSize;
    if (Information && room < count * UnitSize)
        status = STATUS_BUFFER_TOO_SMALL;
    for (ULONG i = 0; Information && i < count && NT_SUCCESS(status); i++)
        __builtin_memcpy((PUCHAR)Information + i * UnitSize, &list[i], UnitSize);
    if (list)
        ExFreePoolWithTag(list, LDR_TAG);
    return status;
}
