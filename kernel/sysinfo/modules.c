/* SPDX-License-Identifier: MIT */
/*
 * sysinfo/modules.c: the loaded images.
 */
#include "sysinfoi.h"
#include "ldrp.h"

/* One image after the other, from a copy of the loader's list. */
static NTSTATUS each_module(sys_answer *answer,
                            void (*put)(sys_answer *, const RTL_PROCESS_MODULE_INFORMATION *), ULONG *count)
{
    PRTL_MODULE_EXTENDED_INFO list = NULL;
    ULONG bytes = 0;
    NTSTATUS status;
    *count = 0;
    for (;;) {
        status = RtlQueryModuleInformation(&bytes, sizeof(*list), list);
        if (NT_SUCCESS(status) && (list || !bytes))
            break;
        if (list)
            ExFreePool(list);
        if (!NT_SUCCESS(status) && status != STATUS_BUFFER_TOO_SMALL)
            return status;
        list = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, 'nISK');
        if (!list)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (ULONG i = 0; i < bytes / sizeof(*list); i++) {
        RTL_PROCESS_MODULE_INFORMATION info = {.ImageBase = list[i].BasicInfo.ImageBase,
                                               .ImageSize = list[i].ImageSize,
                                               .LoadOrderIndex = (USHORT)i,
                                               .InitOrderIndex = (USHORT)i,
                                               .LoadCount = 1,
                                               .OffsetToFileName = list[i].FileNameOffset};
        RtlCopyMemory(info.FullPathName, list[i].FullPathName, sizeof(info.FullPathName));
        put(answer, &info);
        ++*count;
    }
    if (list)
        ExFreePool(list);
    return STATUS_SUCCESS;
}

static void put_module(sys_answer *answer, const RTL_PROCESS_MODULE_INFORMATION *info)
{
    sys_append_copy(answer, info, sizeof(*info));
}

NTSTATUS SysModules(sys_answer *answer)
{
    ULONG count;
    RTL_PROCESS_MODULES *head = sys_append(answer, sizeof(*head));
    NTSTATUS status = each_module(answer, put_module, &count);
    if (head)
        head->NumberOfModules = count;
    return status;
}

static void put_module_ex(sys_answer *answer, const RTL_PROCESS_MODULE_INFORMATION *info)
{
    RTL_PROCESS_MODULE_INFORMATION_EX ex = {.NextOffset = sizeof(ex), .BaseInfo = *info};
    PKLDR_MODULE module = LdrFindModuleByAddress(info->ImageBase);
    if (module) {
        ex.ImageChecksum = module->Entry.CheckSum;
        ex.TimeDateStamp = module->Image.timestamp;
        ex.DefaultBase = (PVOID)(ULONG_PTR)module->Image.image_base;
    }
    sys_append_copy(answer, &ex, sizeof(ex));
}

NTSTATUS SysModulesEx(sys_answer *answer)
{
    ULONG count;
    NTSTATUS status = each_module(answer, put_module_ex, &count);
    sys_append(answer, sizeof(USHORT)); /* the NextOffset of none */
    return status;
}
