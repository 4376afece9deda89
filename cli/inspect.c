/* SPDX-License-Identifier: MIT */
/*
 * kiln inspect: what is in a driver image, and whether it will load.
 *
 * The image is read with the loader's own parser and its imports are looked up in the loader's own ledger, so
 * the verdict is the loader's. An import is "available", a "stub" (it binds to a routine that stops the
 * machine when it is called) or "missing" (the image is refused). Images it imports from are looked for
 * beside the file, as the loader does.
 */
#include "cli.h"
#include "output.h"

#include "ledger.h"
#include "pe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The signature directory holds WIN_CERTIFICATE records: length, revision, type. */
#define CERTIFICATE_PKCS7 2

enum availability { AVAILABLE, STUB, MISSING };
static const char *const availability_names[] = {"available", "stub", "missing"};

struct import_row {
    char *module, *name; /* name "#12": by ordinal */
    enum availability state;
    bool delayed;
};

struct inspection {
    const char *path;
    uint8_t *file;
    size_t size;
    struct pe_image image;
    bool parsed, mapped;
    struct import_row *imports;
    unsigned import_count, counts[3];
    struct ldr_error why; /* status 0: it will load */
};

static void *need(void *memory)
{
    if (memory)
        return memory;
    fprintf(stderr, "kiln: out of memory\n");
    exit(1);
}

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    uint8_t *data = need(malloc(1));
    size_t room = 1;
    *size = 0;
    for (size_t got; (got = fread(data + *size, 1, room - *size, file)) > 0;) {
        *size += got;
        if (*size == room)
            data = need(realloc(data, room *= 2));
    }
    bool failed = ferror(file);
    fclose(file);
    if (!failed)
        return data;
    free(data);
    return NULL;
}

/* ---------------------------------------------------------------- images beside the file */

/* Map the image that an import names; *image stays valid until free_neighbour. */
static bool open_neighbour(const char *path, const char *name, struct pe_image *image)
{
    const char *slash = strrchr(path, '/');
    int directory = slash ? (int)(slash - path + 1) : 0;
    char beside[4096];
    size_t size;
    if (strchr(name, '/') ||
        snprintf(beside, sizeof beside, "%.*s%s", directory, path, name) >= (int)sizeof beside)
        return false;
    uint8_t *file = read_file(beside, &size);
    if (!file) {
        for (char *c = beside + directory; *c; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
        file = read_file(beside, &size);
    }
    if (!file)
        return false;
    if (pe_parse(file, size, image, NULL)) {
        free(file);
        return false;
    }
    pe_map(image, need(calloc(1, image->size_of_image)));
    return true;
}

static void free_neighbour(struct pe_image *image)
{
    free(image->mapped);
    free((void *)image->file);
}

/* ---------------------------------------------------------------- imports */

static enum availability look_up_kernel(const struct ldr_export_module *kernel,
                                        const struct pe_import *import)
{
    const struct ldr_export *export = import->name ? LdrpFindKernelExport(kernel, import->name)
                                                   : LdrpFindKernelOrdinal(kernel, import->ordinal);
    if (!export)
        return MISSING;
    return export->address ? AVAILABLE : export->stub ? STUB : MISSING;
}

static enum availability look_up(const struct inspection *it, const struct pe_import *import)
{
    const struct ldr_export_module *kernel = LdrpFindKernelImage(import->module);
    if (kernel)
        return look_up_kernel(kernel, import);
    struct pe_image other;
    struct pe_export found;
    if (!open_neighbour(it->path, import->module, &other))
        return MISSING;
    bool there = import->name ? pe_find_export(&other, import->name, import->hint, &found)
                              : pe_find_ordinal(&other, import->ordinal, &found);
    free_neighbour(&other);
    return there ? AVAILABLE : MISSING;
}

static void explain_missing(struct inspection *it, const struct pe_import *import)
{
    struct pe_image other;
    if (it->why.status)
        return;
    const struct ldr_export_module *kernel = LdrpFindKernelImage(import->module);
    if (kernel || open_neighbour(it->path, import->module, &other)) {
        if (!kernel)
            free_neighbour(&other);
        if (kernel && import->name && LdrpFindKernelExport(kernel, import->name))
            ldr_fail(&it->why, (int32_t)0xC0000263,
                     "it imports the variable %s of %s, which Kiln does not have yet", import->name,
                     import->module);
        else if (import->name)
            ldr_fail(&it->why, (int32_t)0xC0000263, "it imports %s from %s, which does not export it",
                     import->name, import->module);
        else
            ldr_fail(&it->why, (int32_t)0xC0000262, "it imports ordinal %u from %s, which does not export it",
                     (uint32_t)import->ordinal, import->module);
    } else {
        ldr_fail(&it->why, (int32_t)0xC0000034,
                 "it imports from %s, which is neither part of the kernel nor beside it", import->module);
    }
}

static void collect_imports(struct inspection *it)
{
    struct pe_import_cursor cursor = {0};
    struct pe_import import;
    while (pe_next_import(&it->image, &cursor, &import, NULL) > 0) {
        if (!(it->import_count & (it->import_count + 1)))
            it->imports = need(realloc(it->imports, (2 * it->import_count + 2) * sizeof *it->imports));
        struct import_row *row = &it->imports[it->import_count++];
        char ordinal[16];
        snprintf(ordinal, sizeof ordinal, "#%u", import.ordinal);
        row->module = need(strdup(import.module));
        row->name = need(strdup(import.name ? import.name : ordinal));
        row->delayed = import.delayed;
        row->state = look_up(it, &import);
        if (row->state == MISSING && row->delayed)
            row->state = STUB; /* a delay-load import that is not there fails when it is called */
        it->counts[row->state]++;
        if (row->state == MISSING)
            explain_missing(it, &import);
    }
}

/* ---------------------------------------------------------------- the verdict */

static void judge(struct inspection *it)
{
    struct pe_image *image = &it->image;
    if (pe_parse(it->file, it->size, image, &it->why))
        return;
    it->parsed = true;
    pe_map(image, need(calloc(1, image->size_of_image)));
    it->mapped = true;
    /* Checked as if it were loaded elsewhere than at its base, as it will be. */
    if (pe_relocate(image, image->base + 0x10000, false, &it->why) || pe_check(image, &it->why))
        return;
    collect_imports(it);
    if (pe_verify_checksum(image, it->why.status ? NULL : &it->why))
        return;
    if (!it->why.status && image->entry == 0 && !(image->characteristics & PE_FILE_DLL))
        ldr_fail(&it->why, PE_STATUS_INVALID_IMAGE_FORMAT,
                 "it has no entry point: link it with /entry:DriverEntry");
}

/* ---------------------------------------------------------------- text */

static void print_clean(const char *text)
{
    for (; *text; text++)
        putchar(*text >= 0x20 && *text < 0x7f ? *text : '?');
}

static const char *flags_text(uint32_t flags, char *text)
{
    sprintf(text, "%c%c%c%s", flags & PE_SCN_READ ? 'r' : '-', flags & PE_SCN_WRITE ? 'w' : '-',
            flags & PE_SCN_EXECUTE ? 'x' : '-', flags & PE_SCN_DISCARDABLE ? " discardable" : "");
    return text;
}

static void print_headers(const struct inspection *it)
{
    const struct pe_image *image = &it->image;
    struct pe_section section;
    printf("\nHeaders\n");
    printf("  machine           x64, PE32+\n");
    printf("  kind              %s%s\n",
           image->characteristics & PE_FILE_DLL ? "DLL (export driver)" : "driver",
           image->flat ? ", sections aligned below a page" : "");
    printf("  subsystem         %u%s, version %u.%u\n", image->subsystem,
           image->subsystem == PE_SUBSYSTEM_NATIVE ? " (native)" : " (not native)", image->subsystem_major,
           image->subsystem_minor);
    printf("  time stamp        0x%08x\n", image->timestamp);
    printf("  image base        0x%llx%s\n", (unsigned long long)image->image_base,
           image->characteristics & PE_FILE_RELOCS_STRIPPED ? ", relocations stripped" : "");
    printf("  size of image     0x%x\n", image->size_of_image);
    printf("  alignment         sections 0x%x, file 0x%x\n", image->section_alignment, image->file_alignment);
    printf("  entry point       ");
    if (image->entry && pe_section_of(image, image->entry, &section)) {
        printf("0x%x in ", image->entry);
        print_clean(section.name);
        printf("\n");
    } else {
        printf("none\n");
    }
    printf("  checksum          0x%x%s\n", image->checksum,
           image->checksum == 0                    ? " (none)"
           : image->checksum == pe_checksum(image) ? " (right)"
                                                   : " (wrong)");
    printf("  DLL flags         0x%04x%s%s%s\n", image->dll_characteristics,
           image->dll_characteristics & 0x0040 ? " dynamic-base" : "",
           image->dll_characteristics & 0x0100 ? " nx-compatible" : "",
           image->dll_characteristics & 0x4000 ? " control-flow-guard" : "");
}

static void print_sections(const struct inspection *it)
{
    printf("\nSections\n  %-16s %10s %10s %10s %10s  %s\n", "name", "address", "size", "file at", "file size",
           "access");
    for (unsigned i = 0; i < it->image.section_count; i++) {
        struct pe_section section;
        char flags[32];
        pe_section(&it->image, i, &section);
        for (char *c = section.name; *c; c++)
            *c = *c >= 0x20 && *c < 0x7f ? *c : '?';
        printf("  %-16s %#10x %#10x %#10x %#10x  %s\n", section.name, section.rva, section.size,
               section.raw_offset, section.raw_size, flags_text(section.flags, flags));
    }
}

/* The state is the first word of the line, so that `grep ^missing` finds what is wanting. */
static void print_imports(const struct inspection *it)
{
    printf("\nImports (%u available, %u stubs, %u missing)\n", it->counts[AVAILABLE], it->counts[STUB],
           it->counts[MISSING]);
    for (unsigned i = 0; i < it->import_count; i++) {
        const struct import_row *row = &it->imports[i];
        printf("%-9s ", availability_names[row->state]);
        print_clean(row->module);
        putchar('!');
        print_clean(row->name);
        printf("%s\n", row->delayed ? " (delay-load)" : "");
    }
}

static void print_exports(const struct inspection *it)
{
    uint32_t names = pe_export_name_count(&it->image);
    if (pe_export_count(&it->image) == 0)
        return;
    printf("\nExports\n");
    for (uint32_t i = 0; i < names; i++) {
        struct pe_export found;
        if (!pe_export_name_at(&it->image, i, &found))
            continue;
        printf("  %5u ", found.ordinal);
        print_clean(found.name);
        if (found.forwarder) {
            printf(" -> ");
            print_clean(found.forwarder);
        }
        printf("\n");
    }
    if (pe_export_count(&it->image) > names)
        printf("  %u by ordinal only\n", pe_export_count(&it->image) - names);
}

static void guid_text(const uint8_t *g, char *text)
{
    sprintf(text, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", g[3], g[2], g[1],
            g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
}

/* Calls fn with every debugging section ("DWARF"). */
static unsigned dwarf_sections(const struct inspection *it, uint64_t *bytes)
{
    unsigned count = 0;
    *bytes = 0;
    for (unsigned i = 0; i < it->image.section_count; i++) {
        struct pe_section section;
        pe_section(&it->image, i, &section);
        if (strncmp(section.name, ".debug_", 7) == 0) {
            count++;
            *bytes += section.raw_size;
        }
    }
    return count;
}

static bool find_codeview(const struct inspection *it, struct pe_debug *debug)
{
    for (uint32_t i = 0; i < pe_debug_count(&it->image); i++) {
        if (pe_debug_at(&it->image, i, debug) && debug->codeview)
            return true;
    }
    return false;
}

static void print_debug(const struct inspection *it)
{
    struct pe_debug debug;
    uint64_t bytes;
    unsigned dwarf = dwarf_sections(it, &bytes);
    printf("\nDebug information\n");
    if (find_codeview(it, &debug)) {
        char guid[40];
        guid_text(debug.guid, guid);
        printf("  PDB ");
        for (uint32_t i = 0; i < debug.pdb_bytes; i++)
            putchar(debug.pdb[i] >= 0x20 && debug.pdb[i] < 0x7f ? debug.pdb[i] : '?');
        printf(", GUID %s, age %u\n", guid, debug.age);
    }
    if (dwarf)
        printf("  DWARF, %u sections, %llu bytes\n", dwarf, (unsigned long long)bytes);
    if (!dwarf && !find_codeview(it, &debug))
        printf("  none\n");
}

/* "none", or what the certificate table holds. The signature is not verified. */
static const char *signature_text(const struct inspection *it)
{
    const struct pe_directory *directory = &it->image.directory[PE_DIR_SECURITY];
    if (directory->size < 8)
        return "none";
    const uint8_t *certificate = it->file + directory->rva;
    return certificate[6] == CERTIFICATE_PKCS7 ? "Authenticode (PKCS #7), not verified"
                                               : "present, of an unknown type";
}

static void print_verdict(const struct inspection *it)
{
    char name[64];
    if (it->why.status == 0) {
        printf("\nIt will load.\n");
        if (it->counts[STUB])
            printf("%u of its imports bind to stubs, which stop the machine with a report when they are "
                   "called.\n",
                   it->counts[STUB]);
    } else {
        printf("%sIt will not load: %s (%s).\n", it->parsed ? "\n" : "", it->why.text,
               status_text(it->why.status, name, sizeof name));
    }
}

static void print_text(const struct inspection *it)
{
    printf("%s: %zu bytes\n", it->path, it->size);
    if (it->parsed) {
        print_headers(it);
        print_sections(it);
        print_imports(it);
        print_exports(it);
        print_debug(it);
        printf("\nSignature\n  %s\n", signature_text(it));
    }
    print_verdict(it);
}

/* ---------------------------------------------------------------- JSON */

static void json_text(const char *text)
{
    json_string(stdout, text, strlen(text));
}

static void json_sections(const struct inspection *it)
{
    printf(",\"sections\":[");
    for (unsigned i = 0; i < it->image.section_count; i++) {
        struct pe_section section;
        char flags[32];
        pe_section(&it->image, i, &section);
        printf("%s{\"name\":", i ? "," : "");
        json_text(section.name);
        flags_text(section.flags, flags);
        flags[3] = 0;
        printf(",\"address\":%u,\"size\":%u,\"file_offset\":%u,\"file_size\":%u,\"access\":\"%s\","
               "\"discardable\":%s}",
               section.rva, section.size, section.raw_offset, section.raw_size, flags,
               section.flags & PE_SCN_DISCARDABLE ? "true" : "false");
    }
    printf("]");
}

static void json_imports(const struct inspection *it)
{
    printf(",\"imports\":[");
    for (unsigned i = 0; i < it->import_count; i++) {
        const struct import_row *row = &it->imports[i];
        printf("%s{\"state\":\"%s\",\"module\":", i ? "," : "", availability_names[row->state]);
        json_text(row->module);
        printf(",\"name\":");
        json_text(row->name);
        printf(",\"delayed\":%s}", row->delayed ? "true" : "false");
    }
    printf("],\"available\":%u,\"stubs\":%u,\"missing\":%u", it->counts[AVAILABLE], it->counts[STUB],
           it->counts[MISSING]);
}

static void json_exports(const struct inspection *it)
{
    bool first = true;
    printf(",\"exports\":[");
    for (uint32_t i = 0; i < pe_export_name_count(&it->image); i++) {
        struct pe_export found;
        if (!pe_export_name_at(&it->image, i, &found))
            continue;
        printf("%s{\"name\":", first ? "" : ",");
        json_text(found.name);
        printf(",\"ordinal\":%u,\"address\":%u}", found.ordinal, found.forwarder ? 0 : found.rva);
        first = false;
    }
    printf("]");
}

static void json_debug(const struct inspection *it)
{
    struct pe_debug debug;
    uint64_t bytes;
    printf(",\"debug\":{\"dwarf_sections\":%u", dwarf_sections(it, &bytes));
    if (find_codeview(it, &debug)) {
        char guid[40];
        guid_text(debug.guid, guid);
        printf(",\"pdb\":");
        json_string(stdout, debug.pdb, debug.pdb_bytes);
        printf(",\"guid\":\"%s\",\"age\":%u", guid, debug.age);
    }
    printf("},\"signature\":");
    json_text(signature_text(it));
}

static void print_json(const struct inspection *it)
{
    const struct pe_image *image = &it->image;
    char name[64];
    printf("{\"file\":");
    json_text(it->path);
    printf(",\"bytes\":%zu,\"loads\":%s", it->size, it->why.status ? "false" : "true");
    if (it->why.status) {
        printf(",\"status\":");
        json_text(status_text(it->why.status, name, sizeof name));
        printf(",\"reason\":");
        json_text(it->why.text);
    }
    if (it->parsed) {
        printf(
            ",\"headers\":{\"machine\":%u,\"subsystem\":%u,\"characteristics\":%u,\"dll_characteristics\":%u,"
            "\"image_base\":%llu,\"size_of_image\":%u,\"entry\":%u,\"timestamp\":%u,\"checksum\":%u,"
            "\"section_alignment\":%u,\"file_alignment\":%u}",
            image->machine, image->subsystem, image->characteristics, image->dll_characteristics,
            (unsigned long long)image->image_base, image->size_of_image, image->entry, image->timestamp,
            image->checksum, image->section_alignment, image->file_alignment);
        json_sections(it);
        json_imports(it);
        json_exports(it);
        json_debug(it);
    }
    printf("}\n");
}

/* ---------------------------------------------------------------- the verb */

static void release(struct inspection *it)
{
    for (unsigned i = 0; i < it->import_count; i++) {
        free(it->imports[i].module);
        free(it->imports[i].name);
    }
    free(it->imports);
    if (it->mapped)
        free(it->image.mapped);
    free(it->file);
}

static int usage(FILE *out)
{
    fprintf(out, "usage: kiln inspect [--json] IMAGE...\n\n"
                 "Show the headers, sections, imports, exports and debug information of driver images, and "
                 "say whether\n"
                 "they will load. Each import is a line that begins with available, stub or missing. Exit "
                 "status: 0 if\n"
                 "every image will load, 1 if not.\n");
    return out == stdout ? 0 : 2;
}

int kiln_cmd_inspect(int argc, char **argv)
{
    bool json = false;
    int images = 0, result = 0;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return usage(stdout);
        if (!strcmp(argv[i], "--json"))
            json = true;
        else if (argv[i][0] == '-' && argv[i][1])
            return fprintf(stderr, "kiln inspect: unknown option %s\n", argv[i]), usage(stderr);
        else
            images++;
    }
    if (images == 0)
        return usage(stderr);
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-' && argv[i][1])
            continue;
        struct inspection it = {.path = argv[i]};
        it.file = read_file(argv[i], &it.size);
        if (!it.file) {
            perror(argv[i]);
            result = 1;
            continue;
        }
        judge(&it);
        if (json)
            print_json(&it);
        else
            print_text(&it);
        if (it.why.status)
            result = 1;
        release(&it);
    }
    return result;
}
