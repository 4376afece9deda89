/* SPDX-License-Identifier: MIT */
/*
 * Binding imports.
 *
 * A name is looked up in the ledger (ntoskrnl.exe, hal.dll, ...) or in the export directory of a loaded
 * image, whose forwarders are followed to either. What the ledger lists but Kiln does not implement binds to
 * a stub that bugchecks when called. What nobody has is refused with the names of image, export and importer,
 * or, by LDR_ALLOW_UNRESOLVED and for delay-load imports, bound to a thunk that bugchecks likewise.
 */
#include "ldri.h"

#include "mi.h"
#include "trap.h"

#define MAX_FORWARDS 8
#define MAX_NAME     256
#define THUNK_BYTES  32

/* Where an import's module name led: a kernel image or a loaded one. */
struct provider {
    const char *name;
    const struct ldr_export_module *kernel;
    PKLDR_MODULE module;
};

struct thunks {
    struct thunks *next;
    PVOID page; /* executable */
    ULONG used;
    char *names;
    ULONG names_used;
};
#define THUNKS_A_PAGE (PE_PAGE_SIZE / THUNK_BYTES)
#define NAME_BYTES    (THUNKS_A_PAGE * 192)

static PVOID kernel_address(const struct ldr_export *export)
{
    if (!export)
        return NULL;
    PVOID address = LdrpCheckedAddress(export);
    return address ? address : (PVOID)(ULONG_PTR) export->stub;
}

/* ---- unresolved imports ---- */

static DECLSPEC_NORETURN NTAPI void unresolved_called(const char *name, PVOID caller)
{
    LdrpStubCalled(name, caller);
}

static struct thunks *new_thunks(PKLDR_MODULE module)
{
    struct thunks *thunks = MiAllocatePool(NonPagedPoolNx, sizeof *thunks + NAME_BYTES, LDR_TAG, TRUE, NULL);
    if (!thunks)
        return NULL;
    if (!NT_SUCCESS(MiAllocateImageRegion(PE_PAGE_SIZE, &thunks->page))) {
        ExFreePoolWithTag(thunks, LDR_TAG);
        return NULL;
    }
    thunks->names = (char *)(thunks + 1);
    thunks->next = module->Unresolved;
    module->Unresolved = thunks;
    return thunks;
}

/* A thunk of its own for one name: mov rcx, name; mov rdx, [rsp]; mov rax, unresolved_called; jmp rax. */
static PVOID unresolved_thunk(PKLDR_MODULE module, const struct pe_import *import)
{
    struct thunks *thunks = module->Unresolved;
    if (!thunks || thunks->used == THUNKS_A_PAGE || NAME_BYTES - thunks->names_used < 192)
        thunks = new_thunks(module);
    if (!thunks)
        return NULL;
    struct ldr_error text;
    if (import->name)
        ldr_fail(&text, 0, "%s!%s", import->module, import->name);
    else
        ldr_fail(&text, 0, "%s!#%u", import->module, (uint32_t)import->ordinal);
    char *name = thunks->names + thunks->names_used;
    LdrpCopyText(name, 192, text.text);
    thunks->names_used += LdrpLength(name) + 1;
    MiProtectImageRegion(thunks->page, PE_PAGE_SIZE, PAGE_READWRITE);
    UCHAR *code = (UCHAR *)thunks->page + thunks->used++ * THUNK_BYTES;
    ULONG_PTR target = (ULONG_PTR)unresolved_called, argument = (ULONG_PTR)name;
    static const UCHAR load_caller[] = {0x48, 0x8b, 0x14, 0x24};
    code[0] = 0x48, code[1] = 0xb9;
    __builtin_memcpy(code + 2, &argument, 8);
    __builtin_memcpy(code + 10, load_caller, 4);
    code[14] = 0x48, code[15] = 0xb8;
    __builtin_memcpy(code + 16, &target, 8);
    code[24] = 0xff, code[25] = 0xe0;
    if (!NT_SUCCESS(MiProtectImageRegion(thunks->page, PE_PAGE_SIZE, PAGE_EXECUTE_READ)))
        return NULL;
    return code;
}

void LdrpFreeThunks(PKLDR_MODULE Module)
{
    while (Module->Unresolved) {
        struct thunks *thunks = Module->Unresolved;
        Module->Unresolved = thunks->next;
        MiFreeImageRegion(thunks->page);
        ExFreePoolWithTag(thunks, LDR_TAG);
    }
}

/* ---- images ---- */

static NTSTATUS add_dependency(PKLDR_MODULE module, PKLDR_MODULE on)
{
    PKLDR_MODULE *list =
        MiAllocatePool(NonPagedPoolNx, (module->DependencyCount + 1) * sizeof *list, LDR_TAG, FALSE, NULL);
    if (!list)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (module->Dependencies) {
        __builtin_memcpy(list, module->Dependencies, module->DependencyCount * sizeof *list);
        ExFreePoolWithTag(module->Dependencies, LDR_TAG);
    }
    list[module->DependencyCount++] = on;
    module->Dependencies = list;
    return STATUS_SUCCESS;
}

/* The module `name`, loaded if need be, and a dependency of `module`. */
static NTSTATUS depend_on(PKLDR_MODULE module, const char *name, ULONG flags, PKLDR_MODULE *result,
                          struct ldr_error *why)
{
    for (ULONG i = 0; i < module->DependencyCount; i++) {
        if (LdrpEqualNoCase(module->Dependencies[i]->Name, name)) {
            *result = module->Dependencies[i];
            return STATUS_SUCCESS;
        }
    }
    NTSTATUS status = LdrpLoadDependency(module, name, flags, result, why);
    if (!NT_SUCCESS(status))
        return status;
    status = add_dependency(module, *result);
    if (!NT_SUCCESS(status)) {
        LdrDereferenceModule(*result);
        return ldr_fail(why, status, "there is no memory to load %s", module->Name);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS find_provider(PKLDR_MODULE module, const char *name, ULONG flags, struct provider *provider,
                              struct ldr_error *why)
{
    provider->name = name;
    provider->module = NULL;
    provider->kernel = LdrpFindKernelImage(name);
    return provider->kernel ? STATUS_SUCCESS : depend_on(module, name, flags, &provider->module, why);
}

/* Split "module.name" or "module.#12"; the module gets the extension a forwarder leaves out. */
static BOOLEAN split_forwarder(const char *text, char *image, const char **name)
{
    ULONG dot = 0;
    for (ULONG i = 0; text[i]; i++) {
        if (text[i] == '.')
            dot = i;
    }
    if (dot == 0 || dot + 5 > MAX_NAME || !text[dot + 1])
        return FALSE;
    __builtin_memcpy(image, text, dot);
    image[dot] = 0;
    *name = text + dot + 1;
    if (LdrpEqualNoCase(image, "ntoskrnl"))
        LdrpCopyText(image + dot, 5, ".exe");
    else if (LdrpEqualNoCase(image, "hal"))
        LdrpCopyText(image + dot, 5, ".dll");
    else
        LdrpCopyText(image + dot, 5, ".sys");
    return TRUE;
}

static USHORT parse_ordinal(const char *text)
{
    ULONG value = 0;
    for (; *text >= '0' && *text <= '9' && value < 0x10000; text++)
        value = value * 10 + (ULONG)(*text - '0');
    return (USHORT)value;
}

/* The address of an export, or NULL. A status only when a forwarder's image cannot be had. */
static NTSTATUS resolve(PKLDR_MODULE importer, struct provider provider, const struct pe_import *import,
                        ULONG flags, PVOID *address, struct ldr_error *why)
{
    const char *name = import->name;
    USHORT ordinal = import->ordinal;
    char image[MAX_NAME];
    *address = NULL;
    for (ULONG i = 0; i < MAX_FORWARDS; i++) {
        if (provider.kernel) {
            *address = kernel_address(name ? LdrpFindKernelExport(provider.kernel, name)
                                           : LdrpFindKernelOrdinal(provider.kernel, ordinal));
            return STATUS_SUCCESS;
        }
        struct pe_export found;
        if (!(name ? pe_find_export(&provider.module->Image, name, import->hint, &found)
                   : pe_find_ordinal(&provider.module->Image, ordinal, &found)))
            return STATUS_SUCCESS;
        if (!found.forwarder) {
            *address = provider.module->Image.mapped + found.rva;
            return STATUS_SUCCESS;
        }
        if (!split_forwarder(found.forwarder, image, &name))
            return STATUS_SUCCESS;
        if (name[0] == '#') {
            ordinal = parse_ordinal(name + 1);
            name = NULL;
        }
        NTSTATUS status = find_provider(provider.module, image, flags, &provider, why);
        if (!NT_SUCCESS(status))
            return status;
    }
    return ldr_fail(why, STATUS_DRIVER_ENTRYPOINT_NOT_FOUND,
                    "%s: its import %s of %s is forwarded in a circle", importer->Name,
                    import->name ? import->name : "(by ordinal)", import->module);
}

static NTSTATUS unresolved(PKLDR_MODULE module, const struct pe_import *import, ULONG flags, PVOID *address,
                           struct ldr_error *why)
{
    if (flags & LDR_ALLOW_UNRESOLVED || import->delayed) {
        *address = unresolved_thunk(module, import);
        return *address ? STATUS_SUCCESS
                        : ldr_fail(why, STATUS_INSUFFICIENT_RESOURCES, "there is no memory to load %s",
                                   module->Name);
    }
    /* Only data: a routine has a stub. */
    const struct ldr_export_module *kernel = LdrpFindKernelImage(import->module);
    if (import->name && kernel && LdrpFindKernelExport(kernel, import->name))
        return ldr_fail(why, STATUS_DRIVER_ENTRYPOINT_NOT_FOUND,
                        "%s imports the variable %s of %s, which Kiln does not have yet", module->Name,
                        import->name, import->module);
    if (import->name)
        return ldr_fail(
            why, STATUS_DRIVER_ENTRYPOINT_NOT_FOUND,
            "%s imports %s from %s, which does not export it (--allow-unresolved loads it all the same)",
            module->Name, import->name, import->module);
    return ldr_fail(why, STATUS_DRIVER_ORDINAL_NOT_FOUND,
                    "%s imports ordinal %u from %s, which does not export it", module->Name,
                    (uint32_t)import->ordinal, import->module);
}

NTSTATUS LdrpBindImports(PKLDR_MODULE Module, ULONG Flags, struct ldr_error *Why)
{
    struct pe_import_cursor cursor = {0};
    struct pe_import import;
    struct provider provider = {0};
    int32_t more;
    Module->FirstSlot = ~0u;
    Module->LastSlot = 0;
    while ((more = pe_next_import(&Module->Image, &cursor, &import, Why)) > 0) {
        NTSTATUS status = STATUS_SUCCESS;
        if (provider.name != import.module)
            status = find_provider(Module, import.module, Flags, &provider, Why);
        PVOID address = NULL;
        if (NT_SUCCESS(status))
            status = resolve(Module, provider, &import, Flags, &address, Why);
        /* A whole image that is missing is like each of its exports missing. */
        if (status == STATUS_OBJECT_NAME_NOT_FOUND && (Flags & LDR_ALLOW_UNRESOLVED || import.delayed)) {
            provider.name = NULL;
            status = STATUS_SUCCESS;
        }
        if (NT_SUCCESS(status) && !address)
            status = unresolved(Module, &import, Flags, &address, Why);
        if (!NT_SUCCESS(status))
            return status;
        __builtin_memcpy(Module->Image.mapped + import.slot, &address, sizeof address);
        if (import.slot < Module->FirstSlot)
            Module->FirstSlot = import.slot;
        if (import.slot > Module->LastSlot)
            Module->LastSlot = import.slot;
    }
    return more;
}

PVOID LdrpGetProcedure(PKLDR_MODULE Module, const char *Name)
{
    struct provider provider = {Module->Name, NULL, Module};
    struct pe_import import = {.module = Module->Name, .name = Name};
    PVOID address;
    return NT_SUCCESS(resolve(Module, provider, &import, 0, &address, NULL)) ? address : NULL;
}
