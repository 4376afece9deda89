/* SPDX-License-Identifier: MIT */
/*
 * The loader: from the bytes of a file to a module that can be entered, and back.
 *
 *      parse, checksum          pe.c: nothing is allocated for an image that is refused here
 *      map, relocate, check     in a region of RAM, still read-write
 *      bind                     may load export drivers first, each complete before its importer goes on
 *      cookie, guard pointers
 *      protect                  from here on the image is as the driver sees it
 *      publish                  address table, PsLoadedModuleList
 *      notify, DllInitialize    export drivers only
 *
 *      Loading --> loaded --(last reference)--> DllUnload --> unpublished, unbound, freed
 *                     \--LdrpUnloadImage while referenced--> UnloadPending --(last reference)--^
 *
 * Everything happens under LdrpLock, a mutex whose owner may take it again: DllInitialize of an export driver
 * may load. What fails on the way is undone by destroy(), which copes with a module at any stage.
 */
#include "ldri.h"

#include "host.h"
#include "ki.h"
#include "mi.h"

#define MAX_DEPTH 16 /* of export drivers that import from export drivers */

static KMUTEX loader_lock; /* L */
LIST_ENTRY PsLoadedModuleList;
static ULONG depth;

void LdrpLockModules(void)
{
    KeWaitForSingleObject(&loader_lock, Executive, KernelMode, FALSE, NULL);
}

void LdrpUnlockModules(void)
{
    KeReleaseMutex(&loader_lock, FALSE);
}

void LdrInitSystem(void)
{
    KeInitializeMutex(&loader_lock, 0);
    InitializeListHead(&PsLoadedModuleList);
    LdrpInitVariables();
}

static PKLDR_MODULE module_of(PLIST_ENTRY entry)
{
    return CONTAINING_RECORD(entry, KLDR_MODULE, Entry.InLoadOrderLinks);
}

PKLDR_MODULE LdrpFindModule(const char *BaseName)
{
    for (PLIST_ENTRY e = PsLoadedModuleList.Flink; e != &PsLoadedModuleList; e = e->Flink) {
        if (LdrpEqualNoCase(module_of(e)->Name, BaseName))
            return module_of(e);
    }
    return NULL;
}

/* ---- making and undoing ---- */

static NTSTATUS no_memory(const char *name, struct ldr_error *why)
{
    return ldr_fail(why, STATUS_INSUFFICIENT_RESOURCES, "there is no memory to load %s", name);
}

static void base_name(PCUNICODE_STRING path, PUNICODE_STRING name)
{
    USHORT start = 0;
    for (USHORT i = 0; i < path->Length / sizeof(WCHAR); i++) {
        if (path->Buffer[i] == '\\' || path->Buffer[i] == '/')
            start = i + 1;
    }
    name->Buffer = path->Buffer + start;
    name->Length = name->MaximumLength = path->Length - start * sizeof(WCHAR);
}

static PKLDR_MODULE new_module(PCUNICODE_STRING path, const char *host_path)
{
    PKLDR_MODULE module =
        MiAllocatePool(NonPagedPoolNx, sizeof *module + path->Length + sizeof(WCHAR), LDR_TAG, TRUE, NULL);
    if (!module)
        return NULL;
    PUNICODE_STRING full = &module->Entry.FullDllName;
    full->Buffer = (PWSTR)(module + 1);
    full->Length = path->Length;
    full->MaximumLength = path->Length + sizeof(WCHAR);
    __builtin_memcpy(full->Buffer, path->Buffer, path->Length);
    base_name(full, &module->Entry.BaseDllName);
    LdrpNarrow(module->Name, sizeof module->Name, &module->Entry.BaseDllName);
    if (host_path)
        LdrpCopyText(module->HostPath, sizeof module->HostPath, host_path);
    InitializeListHead(&module->Entry.InLoadOrderLinks);
    module->References = 1;
    module->Busy = TRUE;
    return module;
}

static void finish_unload(PKLDR_MODULE module);

static void release(PKLDR_MODULE module)
{
    if (InterlockedDecrement(&module->References) == 0)
        finish_unload(module);
}

/* Free a module at any stage of its making. */
static void destroy(PKLDR_MODULE module)
{
    RemoveEntryList(&module->Entry.InLoadOrderLinks);
    LdrpTableRemove(module);
    for (ULONG i = 0; i < module->DependencyCount; i++)
        release(module->Dependencies[i]);
    if (module->Dependencies)
        ExFreePoolWithTag(module->Dependencies, LDR_TAG);
    LdrpFreeThunks(module);
    if (module->Image.mapped)
        MiFreeImageRegion(module->Image.mapped);
    ExFreePoolWithTag(module, LDR_TAG);
}

typedef NTSTATUS NTAPI DLL_UNLOAD(void);
typedef NTSTATUS NTAPI DLL_INITIALIZE(PUNICODE_STRING RegistryPath);

static void finish_unload(PKLDR_MODULE module)
{
    module->Busy = TRUE;
    if (module->Initialized) {
        DLL_UNLOAD *dll_unload = (DLL_UNLOAD *)(ULONG_PTR)LdrpGetProcedure(module, "DllUnload");
        if (dll_unload)
            dll_unload();
    }
    KiCheckForTimers(module->Entry.DllBase, module->Entry.SizeOfImage, module->Entry.EntryPoint);
    destroy(module);
}

/* Finish the unloads that waited for a reference which was dropped where nothing could be freed. */
static void sweep(void)
{
    PLIST_ENTRY e = PsLoadedModuleList.Flink;
    while (e != &PsLoadedModuleList) {
        PKLDR_MODULE module = module_of(e);
        e = e->Flink;
        if (module->References == 0 && !module->Busy) {
            finish_unload(module);
            e = PsLoadedModuleList.Flink; /* a dependency may have gone, too */
        }
    }
}

/* ---- loading ---- */

static NTSTATUS map(PKLDR_MODULE module, struct ldr_error *why)
{
    PVOID base;
    NTSTATUS status = MiAllocateImageRegion(module->Image.size_of_image, &base);
    if (!NT_SUCCESS(status))
        return ldr_fail(why, status, "there are not %u KB of consecutive memory for %s",
                        module->Image.size_of_image / 1024, module->Name);
    pe_map(&module->Image, base);
    status = pe_relocate(&module->Image, (ULONG_PTR)base, TRUE, why);
    if (NT_SUCCESS(status))
        status = pe_check(&module->Image, why);
    return status;
}

/* The file goes when loading ends; what is still asked of the headers is answered by their mapped copy. */
static void forget_file(PKLDR_MODULE module)
{
    module->Image.file = module->Image.mapped;
    module->Image.file_size =
        module->Image.flat ? module->Image.size_of_image : module->Image.size_of_headers;
}

static void fill_entry(PKLDR_MODULE module)
{
    PKLDR_DATA_TABLE_ENTRY entry = &module->Entry;
    const struct pe_image *image = &module->Image;
    uint32_t functions;
    entry->ExceptionTable = (PVOID)(ULONG_PTR)pe_function_table(image, &functions);
    entry->ExceptionTableSize = functions * sizeof(RUNTIME_FUNCTION);
    entry->DllBase = image->mapped;
    entry->EntryPoint = image->entry ? image->mapped + image->entry : NULL;
    entry->SizeOfImage = image->size_of_image;
    entry->SizeOfImageNotRounded = image->size_of_image_field;
    entry->CheckSum = image->checksum;
    entry->TimeDateStamp = image->timestamp;
    entry->LoadCount = 1;
}

static void notify(PKLDR_MODULE module)
{
    IMAGE_INFO info = {0};
    info.ImageAddressingMode = IMAGE_ADDRESSING_MODE_32BIT; /* the one defined mode, for 64-bit images too */
    info.SystemModeImage = 1;
    info.ImageBase = module->Image.mapped;
    info.ImageSize = module->Image.size_of_image;
    PsCallImageNotifyRoutines(&module->Entry.FullDllName, NULL, &info);
}

/* \Registry\Machine\System\CurrentControlSet\Services\<base name without extension> */
static NTSTATUS initialize_export_driver(PKLDR_MODULE module, struct ldr_error *why)
{
    static const WCHAR services[] = L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";
    DLL_INITIALIZE *dll_initialize = (DLL_INITIALIZE *)(ULONG_PTR)LdrpGetProcedure(module, "DllInitialize");
    module->Initialized = TRUE;
    if (!dll_initialize)
        return STATUS_SUCCESS;
    PCUNICODE_STRING base = &module->Entry.BaseDllName;
    USHORT length = base->Length / sizeof(WCHAR), dot = length;
    for (USHORT i = 0; i < length; i++) {
        if (base->Buffer[i] == '.')
            dot = i;
    }
    USHORT bytes = sizeof services - sizeof(WCHAR);
    PWSTR text = MiAllocatePool(NonPagedPoolNx, sizeof services + dot * sizeof(WCHAR), LDR_TAG, TRUE, NULL);
    if (!text)
        return no_memory(module->Name, why);
    __builtin_memcpy(text, services, bytes);
    __builtin_memcpy((char *)text + bytes, base->Buffer, dot * sizeof(WCHAR));
    bytes += dot * sizeof(WCHAR);
    UNICODE_STRING path = {bytes, bytes + sizeof(WCHAR), text};
    NTSTATUS status = dll_initialize(&path);
    ExFreePoolWithTag(text, LDR_TAG);
    if (!NT_SUCCESS(status)) {
        module->Initialized = FALSE; /* no DllUnload after a DllInitialize that failed */
        return ldr_fail(why, status, "DllInitialize of %s failed with status %x", module->Name,
                        (uint32_t)status);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS make(PKLDR_MODULE module, ULONG flags, struct ldr_error *why)
{
    NTSTATUS status = map(module, why);
    if (NT_SUCCESS(status))
        status = LdrpBindImports(module, flags, why);
    if (NT_SUCCESS(status))
        status = LdrpInitializeSecurity(module, why);
    forget_file(module);
    if (NT_SUCCESS(status))
        status = LdrpProtectSections(module, why);
    if (!NT_SUCCESS(status))
        return status;
    fill_entry(module);
    if (!module->Image.flat)
        MiImageIsReady(module->Image.mapped);
    status = LdrpTableInsert(module);
    if (!NT_SUCCESS(status))
        return ldr_fail(why, status, "%s cannot be loaded: too many images are", module->Name);
    module->Busy = FALSE;
    notify(module);
    if (flags & LDR_EXPORT_DRIVER) {
        module->DependencyOnly = TRUE;
        status = initialize_export_driver(module, why);
        LdrpDiscardInit(module);
    }
    return status;
}

/* An export driver that is there already becomes a driver of its own, without being loaded anew. */
static NTSTATUS reuse(PKLDR_MODULE module, ULONG flags, PKLDR_MODULE *result, struct ldr_error *why)
{
    if (module->Busy)
        return ldr_fail(why, STATUS_INVALID_IMAGE_FORMAT, "%s imports from itself by way of what it imports",
                        module->Name);
    if (flags & LDR_EXPORT_DRIVER ? module->UnloadPending : !module->DependencyOnly)
        return ldr_fail(why, STATUS_IMAGE_ALREADY_LOADED,
                        module->UnloadPending ? "%s is being unloaded" : "%s is loaded already",
                        module->Name);
    if (!(flags & LDR_EXPORT_DRIVER))
        module->DependencyOnly = FALSE;
    InterlockedIncrement(&module->References);
    *result = module;
    return STATUS_SUCCESS;
}

static NTSTATUS load(PCUNICODE_STRING path, const char *host_path, const void *file, SIZE_T size, ULONG flags,
                     PKLDR_MODULE *result, struct ldr_error *why)
{
    struct pe_image image;
    NTSTATUS status = pe_parse(file, size, &image, why);
    if (NT_SUCCESS(status))
        status = pe_verify_checksum(&image, why);
    if (!NT_SUCCESS(status))
        return status;
    PKLDR_MODULE module = new_module(path, host_path);
    if (!module)
        return no_memory("the image", why);
    PKLDR_MODULE same = LdrpFindModule(module->Name);
    if (same || (image.entry == 0 && !(flags & LDR_EXPORT_DRIVER))) {
        status = same ? reuse(same, flags, result, why)
                      : ldr_fail(why, STATUS_INVALID_IMAGE_FORMAT,
                                 "%s has no entry point: link it with /entry:DriverEntry", module->Name);
        destroy(module);
        return status;
    }
    module->Image = image;
    InsertTailList(&PsLoadedModuleList, &module->Entry.InLoadOrderLinks);
    status = make(module, flags, why);
    if (!NT_SUCCESS(status)) {
        destroy(module);
        return status;
    }
    *result = module;
    return STATUS_SUCCESS;
}

NTSTATUS LdrpLoadImage(PCUNICODE_STRING Name, const char *HostPath, const void *File, SIZE_T Size,
                       ULONG Flags, PKLDR_MODULE *Module, struct ldr_error *Why)
{
    LdrpLockModules();
    sweep();
    NTSTATUS status = load(Name, HostPath, File, Size, Flags, Module, Why);
    LdrpUnlockModules();
    return status;
}

/* ---- what an image imports from ---- */

/* The importer's directory on the host and `name`, as it is written or in lower case. */
static BOOLEAN read_beside(PKLDR_MODULE importer, const char *name, char *path, ULONG bytes,
                           const void **data, SIZE_T *size)
{
    ULONG length = 0;
    for (ULONG i = 0; importer->HostPath[i]; i++) {
        if (importer->HostPath[i] == '/')
            length = i + 1;
    }
    if (!importer->HostPath[0] || length + LdrpLength(name) + 1 > bytes)
        return FALSE;
    __builtin_memcpy(path, importer->HostPath, length);
    for (ULONG i = 0; name[i]; i++) {
        if (name[i] == '/' || name[i] == '\\')
            return FALSE; /* an import names a file, not a path */
    }
    LdrpCopyText(path + length, bytes - length, name);
    uint64_t read;
    int error = host_read_file(path, data, &read);
    if (error) {
        for (char *c = path + length; *c; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
        error = host_read_file(path, data, &read);
    }
    *size = error ? 0 : read;
    return error == 0;
}

NTSTATUS LdrpLoadDependency(PKLDR_MODULE Importer, const char *BaseName, ULONG Flags, PKLDR_MODULE *Module,
                            struct ldr_error *Why)
{
    PKLDR_MODULE loaded = LdrpFindModule(BaseName);
    if (loaded)
        return reuse(loaded, LDR_EXPORT_DRIVER, Module, Why);
    char path[sizeof Importer->HostPath];
    const void *data;
    SIZE_T size;
    if (!read_beside(Importer, BaseName, path, sizeof path, &data, &size))
        return ldr_fail(Why, STATUS_OBJECT_NAME_NOT_FOUND,
                        "%s imports from %s, which is neither part of the kernel, nor loaded, nor beside it",
                        Importer->Name, BaseName);
    static const WCHAR drivers[] = L"\\SystemRoot\\System32\\drivers\\";
    WCHAR text[sizeof drivers / sizeof(WCHAR) + 64];
    ULONG length = sizeof drivers / sizeof(WCHAR) - 1;
    __builtin_memcpy(text, drivers, sizeof drivers);
    for (ULONG i = 0; BaseName[i] && length < sizeof text / sizeof(WCHAR); i++)
        text[length++] = (UCHAR)BaseName[i];
    UNICODE_STRING name = {length * sizeof(WCHAR), length * sizeof(WCHAR), text};
    NTSTATUS status;
    if (++depth > MAX_DEPTH)
        status = ldr_fail(Why, STATUS_INVALID_IMAGE_FORMAT, "%s: more than %u images import from one another",
                          Importer->Name, MAX_DEPTH);
    else
        status =
            load(&name, path, data, size, (Flags & LDR_ALLOW_UNRESOLVED) | LDR_EXPORT_DRIVER, Module, Why);
    depth--;
    host_free_file(data, size);
    return status;
}

/* ---- references and unloading ---- */

NTSTATUS LdrpUnloadImage(PKLDR_MODULE Module)
{
    NTSTATUS status = STATUS_SUCCESS;
    LdrpLockModules();
    if (InterlockedDecrement(&Module->References) == 0) {
        finish_unload(Module);
    } else {
        Module->UnloadPending = TRUE;
        status = STATUS_DEVICE_BUSY;
    }
    sweep();
    LdrpUnlockModules();
    return status;
}

void LdrReferenceModule(PKLDR_MODULE Module)
{
    InterlockedIncrement(&Module->References);
}

void LdrDereferenceModule(PKLDR_MODULE Module)
{
    if (InterlockedDecrement(&Module->References) != 0 || KeGetCurrentIrql() != PASSIVE_LEVEL)
        return;
    LdrpLockModules();
    sweep();
    LdrpUnlockModules();
}

PKLDR_MODULE LdrFindModuleByName(PCUNICODE_STRING BaseName)
{
    char name[sizeof((PKLDR_MODULE)0)->Name];
    LdrpNarrow(name, sizeof name, BaseName);
    LdrpLockModules();
    PKLDR_MODULE module = LdrpFindModule(name);
    LdrpUnlockModules();
    return module;
}
