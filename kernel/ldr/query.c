/* SPDX-License-Identifier: MIT */
/*
 * What drivers ask about images: addresses of kernel routines by name, the image around an address, its
 * headers.
 */
#include "ldri.h"

#include "trap.h"

/*
 * MmGetSystemRoutineAddress: NULL for a routine that is not implemented, so that a driver can do without it.
 * Only the kernel and the HAL are searched.
 */
PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName)
{
    char name[256];
    if (SystemRoutineName->Length / sizeof(WCHAR) >= sizeof name)
        return NULL;
    LdrpNarrow(name, sizeof name, SystemRoutineName);
    for (ULONG i = 0; i < 2; i++) {
        const struct ldr_export_module *image = LdrpFindKernelImage(i ? "hal.dll" : "ntoskrnl.exe");
        const struct ldr_export *export = LdrpFindKernelExport(image, name);
        if (export && LdrpExportAddress(export))
            return LdrpCheckedAddress(export);
    }
    return NULL;
}

/* As above, in the named one of the two (ntoskrnl.exe, hal.dll). */
PVOID NTAPI MmGetSystemRoutineAddressEx(PUNICODE_STRING ModuleName, PCSTR FunctionName)
{
    char name[64];
    LdrpNarrow(name, sizeof name, ModuleName);
    const struct ldr_export_module *image = LdrpFindKernelImage(name);
    const struct ldr_export *export = image ? LdrpFindKernelExport(image, FunctionName) : NULL;
    return export ? LdrpCheckedAddress(export) : NULL;
}

/* An export of a loaded driver image, by the image's base; NULL if that is no such base, or it exports no such routine. */
PVOID NTAPI MmGetProcedureAddress(PVOID DllBase, PCSTR RoutineName)
{
    PKLDR_MODULE module = LdrFindModuleByAddress(DllBase);
    return module && module->Entry.DllBase == DllBase ? LdrpGetProcedure(module, RoutineName) : NULL;
}

PVOID NTAPI RtlPcToFileHeader(PVOID PcValue, PVOID *BaseOfImage)
{
    ULONG_PTR base;
    ULONG count;
    LdrFindFunctionTable((ULONG_PTR)PcValue, &base, &count);
    *BaseOfImage = (PVOID)base;
    return (PVOID)base;
}

/* NULL unless Base is the base of a loaded image. */
PVOID NTAPI RtlImageNtHeader(PVOID Base)
{
    PKLDR_MODULE module = LdrFindModuleByAddress(Base);
    if (!module || module->Entry.DllBase != Base)
        return NULL;
    return (PUCHAR)Base + module->Image.nt_offset;
}

PVOID NTAPI RtlImageDirectoryEntryToData(PVOID BaseOfImage, BOOLEAN MappedAsImage, USHORT DirectoryEntry,
                                         PULONG Size)
{
    PVOID base = (PVOID)((ULONG_PTR)BaseOfImage & ~(ULONG_PTR)3);
    PKLDR_MODULE module = LdrFindModuleByAddress(base);
    *Size = 0;
    if (!MappedAsImage || DirectoryEntry >= PE_DIRECTORIES || DirectoryEntry == PE_DIR_SECURITY || !module ||
        module->Entry.DllBase != base)
        return NULL;
    const struct pe_directory *directory = &module->Image.directory[DirectoryEntry];
    if (directory->rva == 0)
        return NULL;
    *Size = directory->size;
    return (PUCHAR)base + directory->rva;
}

PVOID NTAPI RtlFindExportedRoutineByName(PVOID BaseOfImage, PCSTR RoutineName)
{
    PKLDR_MODULE module = LdrFindModuleByAddress(BaseOfImage);
    if (!module || module->Entry.DllBase != BaseOfImage)
        return NULL;
    return LdrpGetProcedure(module, RoutineName);
}

void LdrEnumerateModules(BOOLEAN (*fn)(PKLDR_MODULE Module, PVOID Context), PVOID Context)
{
    BOOLEAN locked = !KiBugCheckActive;
    if (locked)
        LdrpLockModules();
    PLIST_ENTRY e = PsLoadedModuleList.Flink;
    while (e && e != &PsLoadedModuleList) {
        PKLDR_MODULE module = CONTAINING_RECORD(e, KLDR_MODULE, Entry.InLoadOrderLinks);
        e = e->Flink;
        if (!module->Busy && !fn(module, Context))
            break;
    }
    if (locked)
        LdrpUnlockModules();
}
