/* SPDX-License-Identifier: MIT */
/*
 * Loading: real images (tests/ldr/drivers, built by clang and lld) and the hand-made one of sample.h.
 */
#include <ntifs.h>
#include "harness.h"
#include "host.h"
#include "ldrp.h"
#include "mi.h"
#include "sample.h"
#include "trap.h"

static struct ldr_error why;

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static bool contains(const char *text, const char *word)
{
    for (; *text; text++) {
        unsigned i = 0;
        while (word[i] && text[i] == word[i])
            i++;
        if (!word[i])
            return true;
    }
    return false;
}

static NTSTATUS load_bytes(const char *name, const char *path, const void *data, SIZE_T bytes, ULONG flags,
                           PKLDR_MODULE *module)
{
    WCHAR text[128];
    USHORT length = 0;
    for (const char *c = "\\SystemRoot\\System32\\drivers\\"; *c; c++)
        text[length++] = (UCHAR)*c;
    for (; *name; name++)
        text[length++] = (UCHAR)*name;
    UNICODE_STRING full = {length * sizeof(WCHAR), length * sizeof(WCHAR), text};
    return LdrpLoadImage(&full, path, data, bytes, flags, module, &why);
}

/* A driver of the build's tests/drivers. False: it was not built (no clang). */
static bool load_file(const char *name, ULONG flags, PKLDR_MODULE *module, NTSTATUS *status)
{
    char path[512];
    ULONG at = 0;
    const void *data;
    uint64_t bytes;
    for (const char *c = kiln_test_driver_dir(); *c && at < 400; c++)
        path[at++] = *c;
    path[at++] = '/';
    for (ULONG i = 0; name[i]; i++)
        path[at++] = name[i];
    path[at] = 0;
    if (host_read_file(path, &data, &bytes))
        return false;
    *status = load_bytes(name, path, data, bytes, flags, module);
    host_free_file(data, bytes);
    return true;
}

static NTSTATUS load_sample(void (*change)(uint8_t *file), PKLDR_MODULE *module)
{
    static uint8_t file[SAMPLE_BYTES];
    sample_make(file);
    if (change)
        change(file);
    return load_bytes("sample.sys", NULL, file, sizeof file, 0, module);
}

static NTSTATUS enter(PKLDR_MODULE module)
{
    UNICODE_STRING path = {0};
    return ((PDRIVER_INITIALIZE)module->Entry.EntryPoint)((PDRIVER_OBJECT)module, &path);
}

KILN_TEST_ONCE(ldr_load, a_driver_runs_relocated_and_bound)
{
    PKLDR_MODULE module;
    NTSTATUS status;
    if (!load_file("ldr_plain.sys", 0, &module, &status))
        return;
    CHECK_EQ(status, STATUS_SUCCESS);
    CHECK_EQ(enter(module), STATUS_SUCCESS);
    LdrpDiscardInit(module);
    CHECK_EQ(LdrpUnloadImage(module), STATUS_SUCCESS);
}

KILN_TEST_ONCE(ldr_load, stack_cookies_and_guarded_calls_work)
{
    PKLDR_MODULE module;
    NTSTATUS status;
    struct pe_load_config config;
    if (!load_file("ldr_guard.sys", 0, &module, &status))
        return;
    CHECK_EQ(status, STATUS_SUCCESS);
    CHECK_EQ(pe_load_config(&module->Image, &config, NULL), 0);
    CHECK(config.cookie != 0 && config.guard_dispatch != 0);
    CHECK_EQ(enter(module), STATUS_SUCCESS);
    CHECK_EQ(LdrpUnloadImage(module), STATUS_SUCCESS);
}

KILN_TEST_ONCE(ldr_load, an_image_of_mingw_gcc_runs)
{
    PKLDR_MODULE module;
    NTSTATUS status;
    if (!load_file("ldr_mingw.sys", 0, &module, &status))
        return;
    CHECK_EQ(status, STATUS_SUCCESS);
    CHECK_EQ(enter(module), STATUS_SUCCESS);
    CHECK_EQ(LdrpUnloadImage(module), STATUS_SUCCESS);
}

KILN_TEST_ONCE(ldr_load, sections_aligned_below_a_page_run)
{
    PKLDR_MODULE module;
    NTSTATUS status;
    if (!load_file("ldr_flat.sys", 0, &module, &status))
        return;
    CHECK_EQ(status, STATUS_SUCCESS);
    CHECK(module->Image.flat);
    CHECK_EQ(enter(module), STATUS_SUCCESS);
    CHECK_EQ(LdrpUnloadImage(module), STATUS_SUCCESS);
}

KILN_TEST_ONCE(ldr_load, init_sections_are_gone_after_discarding)
{
    PKLDR_MODULE module;
    NTSTATUS status;
    struct pe_section init;
    UCHAR byte;
    if (!load_file("ldr_plain.sys", 0, &module, &status))
        return;
    CHECK(pe_find_section(&module->Image, "INIT", &init));
    CHECK(KiSafeRead(&byte, module->Image.mapped + init.rva, 1));
    LdrpDiscardInit(module);
    CHECK(!KiSafeRead(&byte, module->Image.mapped + init.rva, 1));
    CHECK(KiSafeRead(&byte, module->Entry.EntryPoint, 1));
    LdrpUnloadImage(module);
}

KILN_TEST_ONCE(ldr_load, an_export_driver_comes_and_goes_with_its_importer)
{
    PKLDR_MODULE module, exporter;
    NTSTATUS status;
    if (!load_file("ldr_importer.sys", 0, &module, &status))
        return;
    CHECK_EQ(status, STATUS_SUCCESS);
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"LDR_Exporter.SYS");
    exporter = LdrFindModuleByName(&name);
    CHECK(exporter != NULL);
    CHECK_EQ(exporter->References, 1);
    CHECK(exporter->Initialized);
    CHECK_EQ(enter(module), STATUS_SUCCESS); /* by name, by ordinal, data, forwarded */
    CHECK_EQ(LdrpUnloadImage(module), STATUS_SUCCESS);
    CHECK(LdrFindModuleByName(&name) == NULL);
}

KILN_TEST_ONCE(ldr_load, an_exporter_outlives_its_own_unload_while_it_is_imported_from)
{
    PKLDR_MODULE module, exporter;
    NTSTATUS status;
    if (!load_file("ldr_exporter.sys", 0, &exporter, &status) ||
        !load_file("ldr_importer.sys", 0, &module, &status))
        return;
    CHECK_EQ(status, STATUS_SUCCESS);
    CHECK_EQ(exporter->References, 2);
    CHECK_EQ(LdrpUnloadImage(exporter), STATUS_DEVICE_BUSY);
    CHECK(LdrFindModuleByAddress(exporter->Entry.EntryPoint) == exporter);
    CHECK_EQ(LdrpUnloadImage(module), STATUS_SUCCESS);
    struct ldr_unloaded last;
    CHECK(LdrUnloadedModule(0, &last));
    CHECK(same(last.Name, "ldr_importer.sys") || same(last.Name, "ldr_exporter.sys"));
    CHECK(LdrFindModuleByAddress((PVOID)last.Base) == NULL);
}

KILN_TEST_ONCE(ldr_load, a_missing_import_is_named)
{
    PKLDR_MODULE module;
    NTSTATUS status;
    if (!load_file("ldr_missing.sys", 0, &module, &status))
        return;
    CHECK_EQ(status, STATUS_DRIVER_ENTRYPOINT_NOT_FOUND);
    CHECK(contains(why.text, "KeNoSuchRoutine"));
    CHECK(contains(why.text, "ntoskrnl.exe"));
    CHECK(contains(why.text, "ldr_missing.sys"));
}

KILN_TEST_ONCE(ldr_load, a_missing_import_that_is_not_called_does_no_harm)
{
    PKLDR_MODULE module;
    NTSTATUS status;
    if (!load_file("ldr_missing.sys", LDR_ALLOW_UNRESOLVED, &module, &status))
        return;
    CHECK_EQ(status, STATUS_SUCCESS);
    CHECK_EQ(enter(module), STATUS_SUCCESS);
    CHECK_EQ(LdrpUnloadImage(module), STATUS_SUCCESS);
}

KILN_TEST_BUGCHECK(ldr_load, calling_a_missing_import_stops_the_machine, 0x4B494C4E)
{
    PKLDR_MODULE module;
    NTSTATUS status;
    if (!load_file("ldr_missing.sys", LDR_ALLOW_UNRESOLVED, &module, &status))
        KeBugCheck(0x4B494C4E);
    ((PDRIVER_INITIALIZE)module->Entry.EntryPoint)(NULL, NULL);
}

static void import_nobody(uint8_t *file)
{
    file[F_DATA + 0xc0] = 'X'; /* Xtoskrnl.exe */
}

KILN_TEST_ONCE(ldr_load, a_missing_image_is_named)
{
    PKLDR_MODULE module;
    CHECK_EQ(load_sample(import_nobody, &module), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(contains(why.text, "Xtoskrnl.exe"));
}

static void import_ordinal(uint8_t *file)
{
    sample_put(file, F_DATA + 0x48, 8, 0x800000000000fffe);
}

KILN_TEST_ONCE(ldr_load, a_missing_ordinal_is_named)
{
    PKLDR_MODULE module;
    CHECK_EQ(load_sample(import_ordinal, &module), STATUS_DRIVER_ORDINAL_NOT_FOUND);
    CHECK(contains(why.text, "65534"));
}

KILN_TEST_ONCE(ldr_load, slots_hold_the_addresses_that_names_have)
{
    PKLDR_MODULE module;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"KeGetCurrentIrql");
    CHECK_EQ(load_sample(NULL, &module), STATUS_SUCCESS);
    PVOID *slots = (PVOID *)(module->Image.mapped + R_DATA + 0x80);
    CHECK(slots[0] == MmGetSystemRoutineAddress(&name));
    CHECK_EQ(((ULONG NTAPI(*)(void))LdrpGetProcedure(module, "Alpha"))(), 42);
    CHECK(LdrpGetProcedure(module, "Beta") == slots[1]); /* forwarded to ntoskrnl.DbgPrint */
    CHECK(LdrpGetProcedure(module, "Gamma") == NULL);
    CHECK_EQ(*(ULONG_PTR *)(module->Image.mapped + R_DATA + 0x3f8), (ULONG_PTR)module->Image.mapped + 0x1000);
    LdrpUnloadImage(module);
}

KILN_TEST_ONCE(ldr_load, an_image_is_loaded_once)
{
    PKLDR_MODULE module, again;
    CHECK_EQ(load_sample(NULL, &module), STATUS_SUCCESS);
    CHECK_EQ(load_sample(NULL, &again), STATUS_IMAGE_ALREADY_LOADED);
    LdrpUnloadImage(module);
    CHECK_EQ(load_sample(NULL, &again), STATUS_SUCCESS);
    LdrpUnloadImage(again);
}

KILN_TEST_ONCE(ldr_load, a_reference_keeps_the_image)
{
    PKLDR_MODULE module;
    CHECK_EQ(load_sample(NULL, &module), STATUS_SUCCESS);
    ULONG_PTR entry = (ULONG_PTR)module->Entry.EntryPoint;
    LdrReferenceModule(module);
    CHECK_EQ(LdrpUnloadImage(module), STATUS_DEVICE_BUSY);
    CHECK(LdrIsDriverCode(entry));
    LdrDereferenceModule(module);
    CHECK(!LdrIsDriverCode(entry));
}

static void with_cookie(uint8_t *file)
{
    sample_put(file, F_DATA + 0x280 + 0x58, 8, SAMPLE_BASE + R_DATA + 0x3c0);
    sample_put(file, F_DATA + 0x280 + 0x70, 8, SAMPLE_BASE + R_DATA + 0x3c8);
    sample_put(file, F_DATA + 0x280 + 0x78, 8, SAMPLE_BASE + R_DATA + 0x3d0);
    sample_put(file, F_DATA + 0x3c0, 8, 0x2B992DDFA232);
    /* The three pointers of the configuration need relocations: it lies on the page that the block names. */
    sample_put(file, F_DIR(PE_DIR_RELOCATION) + 4, 4, 16);
    sample_put(file, F_DATA + 0x104, 4, 16);
    sample_put(file, F_DATA + 0x108, 2, 0xa000 + 0x280 + 0x58);
    sample_put(file, F_DATA + 0x10a, 2, 0xa000 + 0x280 + 0x70);
    sample_put(file, F_DATA + 0x10c, 2, 0xa000 + 0x280 + 0x78);
    sample_put(file, F_DATA + 0x10e, 2, 0);
}

KILN_TEST_ONCE(ldr_load, the_security_cookie_is_random_and_guard_pointers_work)
{
    PKLDR_MODULE module;
    CHECK_EQ(load_sample(with_cookie, &module), STATUS_SUCCESS);
    const UCHAR *data = module->Image.mapped + R_DATA;
    ULONG64 cookie = *(const ULONG64 *)(data + 0x3c0);
    CHECK(cookie != 0x2B992DDFA232 && cookie != 0);
    CHECK_EQ(cookie >> 48, 0);
    void (*check)(void) = *(void (*const *)(void))(data + 0x3c8);
    check();
    ULONG result;
    __asm__ volatile("call *%[dispatch]" /* to the routine in rax */
                     : "=a"(result)
                     : "a"(LdrpGetProcedure(module, "Alpha")), [dispatch] "r"(*(void *const *)(data + 0x3d0))
                     : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    CHECK_EQ(result, 42);
    LdrpUnloadImage(module);
}

KILN_TEST_ONCE(ldr_table, an_address_leads_to_image_and_unwind_data)
{
    PKLDR_MODULE module;
    ULONG_PTR base;
    ULONG count;
    CHECK_EQ(load_sample(NULL, &module), STATUS_SUCCESS);
    ULONG_PTR start = (ULONG_PTR)module->Entry.DllBase, end = start + module->Entry.SizeOfImage;
    const RUNTIME_FUNCTION *table = LdrFindFunctionTable(start + 0x1005, &base, &count);
    CHECK(table != NULL);
    CHECK_EQ(base, start);
    CHECK_EQ(count, 2);
    CHECK_EQ(table[0].BeginAddress, 0x1000);
    CHECK(LdrFindModuleByAddress((PVOID)(end - 1)) == module);
    CHECK(LdrFindModuleByAddress((PVOID)end) == NULL);
    CHECK(LdrFindModuleByAddress((PVOID)(start - 1)) == NULL);
    PVOID header;
    CHECK(RtlPcToFileHeader((PVOID)(start + 0x1005), &header) == (PVOID)start);
    CHECK(RtlImageNtHeader(header) == (PUCHAR)header + 0x40);
    CHECK(RtlImageNtHeader((PUCHAR)header + 0x1000) == NULL);
    LdrpUnloadImage(module);
    CHECK(RtlPcToFileHeader((PVOID)(start + 0x1005), &header) == NULL);
}

KILN_TEST_ONCE(ldr_query, routines_are_found_by_name_or_not)
{
    UNICODE_STRING there = RTL_CONSTANT_STRING(L"DbgPrint"),
                   nowhere = RTL_CONSTANT_STRING(L"KeNoSuchRoutine");
    UNICODE_STRING other_case = RTL_CONSTANT_STRING(L"dbgprint");
    CHECK(MmGetSystemRoutineAddress(&there) == (PVOID)(ULONG_PTR)DbgPrint);
    CHECK(MmGetSystemRoutineAddress(&nowhere) == NULL);
    CHECK(MmGetSystemRoutineAddress(&other_case) == NULL);
}

static ULONG notified;
static PVOID notified_base;

static VOID NTAPI on_image(PUNICODE_STRING FullImageName, HANDLE ProcessId, PIMAGE_INFO ImageInfo)
{
    notified++;
    notified_base = ImageInfo->ImageBase;
    CHECK(FullImageName != NULL);
    CHECK(ProcessId == NULL);
    CHECK_EQ(ImageInfo->SystemModeImage, 1);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

KILN_TEST_ONCE(ldr_load, image_notify_routines_are_told_once)
{
    PKLDR_MODULE module;
    notified = 0;
    CHECK_EQ(PsSetLoadImageNotifyRoutine(on_image), STATUS_SUCCESS);
    CHECK_EQ(load_sample(NULL, &module), STATUS_SUCCESS);
    CHECK_EQ(notified, 1);
    CHECK(notified_base == module->Entry.DllBase);
    CHECK_EQ(PsRemoveLoadImageNotifyRoutine(on_image), STATUS_SUCCESS);
    LdrpUnloadImage(module);
}

KILN_TEST_BUGCHECK(ldr_protect, code_cannot_be_written, ATTEMPTED_WRITE_TO_READONLY_MEMORY)
{
    PKLDR_MODULE module;
    CHECK_EQ(load_sample(NULL, &module), STATUS_SUCCESS);
    *(volatile UCHAR *)module->Entry.EntryPoint = 0xcc;
}

KILN_TEST_BUGCHECK(ldr_protect, data_cannot_be_executed, ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY)
{
    PKLDR_MODULE module;
    CHECK_EQ(load_sample(NULL, &module), STATUS_SUCCESS);
    PUCHAR data = module->Image.mapped + R_DATA + 0x3f0;
    data[0] = 0xc3;
    ((void (*)(void))(ULONG_PTR)data)();
}

KILN_TEST_ONCE(ldr_load, a_load_that_fails_leaves_nothing)
{
    PKLDR_MODULE module;
    PLIST_ENTRY last = PsLoadedModuleList.Blink;
    for (ULONG i = 0; i < 20; i++)
        CHECK_EQ(load_sample(import_ordinal, &module), STATUS_DRIVER_ORDINAL_NOT_FOUND);
    CHECK(PsLoadedModuleList.Blink == last);
    CHECK_EQ(load_sample(NULL, &module), STATUS_SUCCESS);
    LdrpUnloadImage(module);
}

/* One to eight bytes of the image become something else: it loads or is refused, and leaves nothing either
 * way. */
KILN_TEST(ldr_load, random_damage_never_harms_the_machine)
{
    static uint8_t file[SAMPLE_BYTES];
    static const uint64_t interesting[] = {0,          1,      0xff,   0x7fffffff, 0x80000000,
                                           0xffffffff, 0x1000, 0x2fff, 0x3000,     0xfff};
    MI_MEMORY_USAGE before, after;
    ULONG loaded = 0;
    MiQueryUsage(&before);
    for (ULONG round = 0; round < 300; round++) {
        sample_make(file);
        for (ULONG changes = 1 + host_random() % 3; changes; changes--) {
            uint32_t at = host_random() % 3 ? host_random() % 0x200 : F_DATA + host_random() % 0x400;
            unsigned bytes = 1u << host_random() % 4;
            uint64_t value =
                host_random() % 2 ? interesting[host_random() % RTL_NUMBER_OF(interesting)] : host_random();
            if (at + bytes <= SAMPLE_BYTES)
                sample_put(file, at, bytes, value);
        }
        PKLDR_MODULE module;
        why.text[0] = 0;
        NTSTATUS status = load_bytes("damaged.sys", NULL, file, sizeof file, 0, &module);
        if (NT_SUCCESS(status)) {
            loaded++;
            LdrpDiscardInit(module);
            LdrpUnloadImage(module);
        } else {
            CHECK(why.text[0] != 0);
        }
    }
    MiQueryUsage(&after);
    CHECK(loaded != 0 && loaded != 300);
    CHECK_EQ(after.PagesByUse[MiPageImage], before.PagesByUse[MiPageImage]);
    CHECK_EQ(after.PoolBytes[0], before.PoolBytes[0]);
}

KILN_TEST_BUGCHECK(ldr_load, calling_an_unloaded_image_is_named_so_at_any_irql,
                   DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS)
{
    PKLDR_MODULE module;
    CHECK_EQ(load_sample(NULL, &module), STATUS_SUCCESS);
    ULONG NTAPI (*alpha)(void) = (ULONG NTAPI(*)(void))LdrpGetProcedure(module, "Alpha");
    CHECK_EQ(LdrpUnloadImage(module), STATUS_SUCCESS);
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    alpha();
}
