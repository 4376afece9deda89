/* SPDX-License-Identifier: MIT */
/*
 * Headers and sections of a PE32+ file.
 *
 * The rules are those of the PE format and of the Windows section loader: sections in ascending order and
 * adjacent, each aligned to SectionAlignment, raw data inside the file and aligned to FileAlignment,
 * everything within SizeOfImage. Images whose SectionAlignment is below a page are mapped as the file is
 * ("flat"), so for them every section must have its RVA as its file offset.
 */
#include "pe.h"

#define DOS_HEADER_SIZE     64u
#define FILE_HEADER_SIZE    20u
#define OPTIONAL_FIXED_SIZE 112u /* of PE32+, without the directories */
#define SECTION_HEADER_SIZE 40u
#define SYMBOL_SIZE         18u
#define MACHINE_AMD64       0x8664
#define MACHINE_I386        0x014c
#define MACHINE_ARM64       0xaa64
#define MAGIC_PE32          0x10b
#define MAGIC_PE32_PLUS     0x20b

#define INVALID PE_STATUS_INVALID_IMAGE_FORMAT

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint64_t get64(const uint8_t *p)
{
    return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static bool power_of_two(uint32_t value)
{
    return value && !(value & (value - 1));
}

static uint64_t align_up(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1) & ~(alignment - 1);
}

static const char *machine_name(uint16_t machine)
{
    switch (machine) {
    case MACHINE_I386:
        return "32-bit x86";
    case MACHINE_ARM64:
        return "ARM64";
    case 0x01c4:
        return "32-bit ARM";
    case 0x0200:
        return "Itanium";
    default:
        return "another processor";
    }
}

/* The DOS header, and where the NT headers are. */
static int32_t parse_dos(struct pe_image *image, struct ldr_error *why)
{
    const uint8_t *file = image->file;
    uint64_t size = image->file_size;
    if (size == 0)
        return ldr_fail(why, PE_STATUS_MAPPED_FILE_SIZE_ZERO, "the file is empty");
    if (size < 2 || file[0] != 'M' || file[1] != 'Z')
        return ldr_fail(why, PE_STATUS_INVALID_IMAGE_NOT_MZ,
                        "the file does not begin with \"MZ\": it is no PE image");
    if (size < DOS_HEADER_SIZE)
        return ldr_fail(why, PE_STATUS_INVALID_IMAGE_PROTECT,
                        "the file ends inside its DOS header: %lu bytes of %u", size, DOS_HEADER_SIZE);
    uint32_t offset = get32(file + 60);
    if (offset % 4 || offset < DOS_HEADER_SIZE / 16 || (uint64_t)offset + 4 > size)
        return ldr_fail(
            why, PE_STATUS_INVALID_IMAGE_PROTECT,
            "e_lfanew of the DOS header is %x, which is no place for NT headers in a file of %lu bytes",
            offset, size);
    const uint8_t *signature = file + offset;
    if (signature[0] == 'N' && signature[1] == 'E')
        return ldr_fail(why, PE_STATUS_INVALID_IMAGE_WIN_16, "the file is a 16-bit Windows (NE) image");
    if (signature[0] == 'L' && (signature[1] == 'E' || signature[1] == 'X'))
        return ldr_fail(why, PE_STATUS_INVALID_IMAGE_LE_FORMAT,
                        "the file is an LE image, as of VxDs and OS/2");
    if (get32(signature) != 0x00004550)
        return ldr_fail(why, PE_STATUS_INVALID_IMAGE_PROTECT, "there is no \"PE\" signature at e_lfanew (%x)",
                        offset);
    if ((uint64_t)offset + 4 + FILE_HEADER_SIZE > size)
        return ldr_fail(why, INVALID, "the file ends inside its COFF file header, which begins at %x",
                        offset + 4);
    image->nt_offset = offset;
    return PE_STATUS_SUCCESS;
}

static int32_t parse_file_header(struct pe_image *image, uint32_t *optional_size, struct ldr_error *why)
{
    const uint8_t *header = image->file + image->nt_offset + 4;
    image->machine = get16(header);
    image->section_count = get16(header + 2);
    image->timestamp = get32(header + 4);
    image->symbol_table = get32(header + 8);
    image->symbol_count = get32(header + 12);
    *optional_size = get16(header + 16);
    image->characteristics = get16(header + 18);
    if (image->machine != MACHINE_AMD64)
        return ldr_fail(why, INVALID, "the image is for %s (machine %x), not x64 (0x8664)",
                        machine_name(image->machine), (uint32_t)image->machine);
    if (!(image->characteristics & PE_FILE_EXECUTABLE_IMAGE))
        return ldr_fail(why, INVALID, "the image is not marked executable: its linker reported errors");
    if (image->section_count == 0 || image->section_count > PE_MAX_SECTIONS)
        return ldr_fail(why, INVALID, "NumberOfSections is %u; an image has between 1 and %u",
                        (uint32_t)image->section_count, PE_MAX_SECTIONS);
    uint64_t optional = (uint64_t)image->nt_offset + 4 + FILE_HEADER_SIZE;
    if (*optional_size < OPTIONAL_FIXED_SIZE || optional + *optional_size > image->file_size)
        return ldr_fail(why, INVALID, "SizeOfOptionalHeader is %u: %s", *optional_size,
                        *optional_size < OPTIONAL_FIXED_SIZE ? "a PE32+ header has at least 112 bytes"
                                                             : "the header does not fit in the file");
    image->section_table = (uint32_t)(optional + *optional_size);
    uint64_t end = image->section_table + (uint64_t)image->section_count * SECTION_HEADER_SIZE;
    if (end > image->file_size)
        return ldr_fail(why, INVALID, "the table of %u sections ends at %lx, past the end of the file (%lx)",
                        (uint32_t)image->section_count, end, image->file_size);
    return PE_STATUS_SUCCESS;
}

static int32_t check_alignment(const struct pe_image *image, struct ldr_error *why)
{
    uint32_t section = image->section_alignment, file = image->file_alignment;
    if (!power_of_two(section) || !power_of_two(file))
        return ldr_fail(why, INVALID, "SectionAlignment (%x) and FileAlignment (%x) must be powers of two",
                        section, file);
    if (section < file)
        return ldr_fail(why, INVALID, "SectionAlignment (%x) is smaller than FileAlignment (%x)", section,
                        file);
    if (section < PE_PAGE_SIZE && section != file)
        return ldr_fail(why, INVALID,
                        "SectionAlignment (%x) is below a page, so FileAlignment (%x) must be equal to it",
                        section, file);
    if (section >= PE_PAGE_SIZE && (file < 512 || file > 65536))
        return ldr_fail(why, INVALID, "FileAlignment is %x; it must lie between 512 and 64 K", file);
    return PE_STATUS_SUCCESS;
}

static int32_t parse_optional_header(struct pe_image *image, uint32_t optional_size, struct ldr_error *why)
{
    const uint8_t *header = image->file + image->nt_offset + 4 + FILE_HEADER_SIZE;
    uint16_t magic = get16(header);
    if (magic != MAGIC_PE32_PLUS)
        return ldr_fail(why, INVALID, "the optional header's magic is %x; an x64 image has PE32+ (0x20b)",
                        (uint32_t)magic);
    image->entry = get32(header + 16);
    image->image_base = image->base = get64(header + 24);
    image->section_alignment = get32(header + 32);
    image->file_alignment = get32(header + 36);
    image->os_major = get16(header + 40);
    image->os_minor = get16(header + 42);
    image->subsystem_major = get16(header + 48);
    image->subsystem_minor = get16(header + 50);
    image->size_of_image_field = get32(header + 56);
    image->size_of_headers = get32(header + 60);
    image->checksum = get32(header + 64);
    image->checksum_offset = (uint32_t)(header + 64 - image->file);
    image->subsystem = get16(header + 68);
    image->dll_characteristics = get16(header + 70);
    uint32_t directories = get32(header + 108);

    int32_t status = check_alignment(image, why);
    if (status)
        return status;
    image->flat = image->section_alignment < PE_PAGE_SIZE;
    if (image->image_base & 0xffff)
        return ldr_fail(why, INVALID, "ImageBase (%lx) is not a multiple of 64 K", image->image_base);
    if (image->size_of_image_field == 0 || image->size_of_image_field > PE_MAX_IMAGE)
        return ldr_fail(why, INVALID, "SizeOfImage is %x; it must lie between 1 and %x",
                        image->size_of_image_field, PE_MAX_IMAGE);
    image->size_of_image = (uint32_t)align_up(image->size_of_image_field, PE_PAGE_SIZE);
    uint64_t table_end = image->section_table + (uint64_t)image->section_count * SECTION_HEADER_SIZE;
    if (image->size_of_headers < table_end || image->size_of_headers > image->size_of_image)
        return ldr_fail(why, INVALID,
                        "SizeOfHeaders is %x; the headers end at %lx and the image has %x bytes",
                        image->size_of_headers, table_end, image->size_of_image);
    if (image->size_of_headers > image->file_size)
        return ldr_fail(why, INVALID, "SizeOfHeaders is %x, more than the file has (%lx)",
                        image->size_of_headers, image->file_size);
    if (OPTIONAL_FIXED_SIZE + (uint64_t)directories * 8 > optional_size)
        return ldr_fail(why, INVALID, "NumberOfRvaAndSizes is %u, but the optional header has room for %u",
                        directories, (optional_size - OPTIONAL_FIXED_SIZE) / 8);
    for (uint32_t i = 0; i < PE_DIRECTORIES; i++) {
        const uint8_t *entry = header + OPTIONAL_FIXED_SIZE + i * 8;
        image->directory[i].rva = i < directories ? get32(entry) : 0;
        image->directory[i].size = i < directories ? get32(entry + 4) : 0;
    }
    return PE_STATUS_SUCCESS;
}

static const uint8_t *section_header(const struct pe_image *image, unsigned index)
{
    return image->file + image->section_table + index * SECTION_HEADER_SIZE;
}

/* Resolve "/123" through the COFF string table behind the symbols; the plain eight characters otherwise. */
static void read_section_name(const struct pe_image *image, const uint8_t *header, char *name, size_t room)
{
    size_t length = 0;
    while (length < 8 && header[length]) {
        name[length] = (char)header[length];
        length++;
    }
    name[length] = 0;
    if (name[0] != '/' || length < 2)
        return;
    uint64_t offset = 0;
    for (size_t i = 1; i < length; i++) {
        if (name[i] < '0' || name[i] > '9')
            return;
        offset = offset * 10 + (uint64_t)(name[i] - '0');
    }
    offset += image->symbol_table + (uint64_t)image->symbol_count * SYMBOL_SIZE;
    if (image->symbol_table == 0 || offset >= image->file_size)
        return;
    length = 0;
    while (length + 1 < room && offset + length < image->file_size && image->file[offset + length]) {
        name[length] = (char)image->file[offset + length];
        length++;
    }
    name[length] = 0;
}

void pe_section(const struct pe_image *image, unsigned index, struct pe_section *section)
{
    const uint8_t *header = section_header(image, index);
    read_section_name(image, header, section->name, sizeof section->name);
    uint32_t virtual_size = get32(header + 8);
    section->rva = get32(header + 12);
    section->raw_size = get32(header + 16);
    section->raw_offset = get32(header + 20);
    section->flags = get32(header + 36);
    section->size = virtual_size ? virtual_size : section->raw_size;
}

bool pe_find_section(const struct pe_image *image, const char *name, struct pe_section *section)
{
    for (unsigned i = 0; i < image->section_count; i++) {
        pe_section(image, i, section);
        const char *a = section->name, *b = name;
        while (*a && *a == *b)
            a++, b++;
        if (*a == *b)
            return true;
    }
    return false;
}

bool pe_section_of(const struct pe_image *image, uint32_t rva, struct pe_section *section)
{
    for (unsigned i = 0; i < image->section_count; i++) {
        pe_section(image, i, section);
        if (rva >= section->rva && rva - section->rva < section->size)
            return true;
    }
    return false;
}

/* Raw data inside the file, aligned, and of no other section. `raw_end` is where the previous sections' data
 * ends. */
static int32_t check_raw_data(const struct pe_image *image, const struct pe_section *section,
                              uint64_t *raw_end, struct ldr_error *why)
{
    if (section->raw_size == 0 || (section->flags & PE_SCN_UNINITIALIZED && section->raw_offset == 0))
        return PE_STATUS_SUCCESS;
    uint64_t end = (uint64_t)section->raw_offset + section->raw_size;
    if (end > image->file_size)
        return ldr_fail(why, INVALID, "section %s: its data ends at %lx, past the end of the file (%lx)",
                        section->name, end, image->file_size);
    if (section->raw_offset % image->file_alignment)
        return ldr_fail(why, INVALID,
                        "section %s: PointerToRawData (%x) is not a multiple of FileAlignment (%x)",
                        section->name, section->raw_offset, image->file_alignment);
    if (section->raw_offset < image->size_of_headers)
        return ldr_fail(why, INVALID, "section %s: its data at %x overlaps the headers, which end at %x",
                        section->name, section->raw_offset, image->size_of_headers);
    for (unsigned i = 0; i < image->section_count && section->raw_offset < *raw_end; i++) {
        struct pe_section other;
        pe_section(image, i, &other);
        if (other.rva == section->rva)
            break;
        if (other.raw_size && section->raw_offset < (uint64_t)other.raw_offset + other.raw_size &&
            other.raw_offset < end)
            return ldr_fail(why, INVALID, "sections %s and %s overlap in the file, at %x", other.name,
                            section->name, section->raw_offset);
    }
    if (end > *raw_end)
        *raw_end = end;
    return PE_STATUS_SUCCESS;
}

static int32_t check_sections(const struct pe_image *image, struct ldr_error *why)
{
    uint64_t next = align_up(image->size_of_headers, image->section_alignment);
    uint64_t raw_end = 0;
    for (unsigned i = 0; i < image->section_count; i++) {
        struct pe_section section;
        pe_section(image, i, &section);
        if (section.rva % image->section_alignment)
            return ldr_fail(why, INVALID,
                            "section %s: its RVA (%x) is not a multiple of SectionAlignment (%x)",
                            section.name, section.rva, image->section_alignment);
        if (section.rva < next)
            return ldr_fail(why, INVALID,
                            "section %s: its RVA (%x) overlaps what is before it, which ends at %lx",
                            section.name, section.rva, next);
        if (i != 0 && section.rva != next)
            return ldr_fail(why, INVALID,
                            "section %s: its RVA (%x) leaves a gap after the section before, at %lx",
                            section.name, section.rva, next);
        if (section.size == 0)
            return ldr_fail(why, INVALID, "section %s has neither a virtual nor a raw size", section.name);
        uint64_t end = (uint64_t)section.rva + section.size;
        if (end > image->size_of_image)
            return ldr_fail(why, INVALID, "section %s ends at %lx, past SizeOfImage (%x)", section.name, end,
                            image->size_of_image);
        int32_t status = check_raw_data(image, &section, &raw_end, why);
        if (status)
            return status;
        if (image->flat && section.raw_size && section.raw_offset != section.rva)
            return ldr_fail(
                why, INVALID,
                "section %s: with sections aligned below a page, its file offset (%x) must be its RVA (%x)",
                section.name, section.raw_offset, section.rva);
        next = align_up(end, image->section_alignment);
    }
    if (image->size_of_image < next && align_up(next, PE_PAGE_SIZE) > image->size_of_image)
        return ldr_fail(why, INVALID, "SizeOfImage (%x) does not cover the last section, which ends at %lx",
                        image->size_of_image_field, next);
    return PE_STATUS_SUCCESS;
}

static const char *const directory_names[PE_DIRECTORIES] = {
    "export", "import",       "resource",       "exception", "security",    "base relocation",
    "debug",  "architecture", "global pointer", "TLS",       "load config", "bound import",
    "IAT",    "delay import", "COM descriptor", "reserved",
};

static int32_t check_directories(const struct pe_image *image, struct ldr_error *why)
{
    for (unsigned i = 0; i < PE_DIRECTORIES; i++) {
        const struct pe_directory *directory = &image->directory[i];
        uint64_t end = (uint64_t)directory->rva + directory->size;
        if (directory->size == 0)
            continue;
        if (i == PE_DIR_SECURITY) {
            if (directory->rva % 8 || directory->rva < image->size_of_headers || end > image->file_size)
                return ldr_fail(
                    why, INVALID,
                    "the certificate table is said to be at file offset %x to %lx of a file of %lx bytes",
                    directory->rva, end, image->file_size);
        } else if (end > image->size_of_image) {
            return ldr_fail(why, INVALID, "the %s directory (%x to %lx) ends past SizeOfImage (%x)",
                            directory_names[i], directory->rva, end, image->size_of_image);
        } else if (directory->rva == 0) {
            return ldr_fail(why, INVALID, "the %s directory has %u bytes but no address", directory_names[i],
                            directory->size);
        }
    }
    return PE_STATUS_SUCCESS;
}

static int32_t check_entry(const struct pe_image *image, struct ldr_error *why)
{
    struct pe_section section;
    if (image->entry == 0)
        return PE_STATUS_SUCCESS;
    if (image->entry >= image->size_of_image)
        return ldr_fail(why, INVALID, "the entry point (%x) lies past SizeOfImage (%x)", image->entry,
                        image->size_of_image);
    if (!pe_section_of(image, image->entry, &section))
        return ldr_fail(why, INVALID, "the entry point (%x) lies in no section", image->entry);
    if (!image->flat && !(section.flags & PE_SCN_EXECUTE))
        return ldr_fail(why, INVALID, "the entry point (%x) lies in section %s, which is not executable",
                        image->entry, section.name);
    return PE_STATUS_SUCCESS;
}

int32_t pe_parse(const void *file, uint64_t size, struct pe_image *image, struct ldr_error *why)
{
    __builtin_memset(image, 0, sizeof *image);
    image->file = file;
    image->file_size = size;
    uint32_t optional_size;
    int32_t status = parse_dos(image, why);
    if (!status)
        status = parse_file_header(image, &optional_size, why);
    if (!status)
        status = parse_optional_header(image, optional_size, why);
    if (!status)
        status = check_sections(image, why);
    if (!status)
        status = check_directories(image, why);
    if (!status)
        status = check_entry(image, why);
    return status;
}

uint32_t pe_checksum(const struct pe_image *image)
{
    uint64_t sum = 0;
    const uint8_t *file = image->file;
    for (uint64_t i = 0; i + 1 < image->file_size; i += 2) {
        if (i == image->checksum_offset || i == (uint64_t)image->checksum_offset + 2)
            continue;
        sum += get16(file + i);
    }
    if (image->file_size & 1)
        sum += file[image->file_size - 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)(sum + image->file_size);
}

int32_t pe_verify_checksum(const struct pe_image *image, struct ldr_error *why)
{
    if (image->checksum == 0)
        return PE_STATUS_SUCCESS;
    uint32_t sum = pe_checksum(image);
    if (sum != image->checksum)
        return ldr_fail(
            why, PE_STATUS_IMAGE_CHECKSUM_MISMATCH,
            "the header's CheckSum is %x, but the file's is %x: it was changed after it was linked",
            image->checksum, sum);
    return PE_STATUS_SUCCESS;
}

/* Debugging data is read from the file, by whoever wants it: mapping it would only cost time and memory. */
static bool is_debug_data(const struct pe_section *section)
{
    static const char prefix[] = ".debug_";
    return section->flags & PE_SCN_DISCARDABLE &&
           __builtin_memcmp(section->name, prefix, sizeof prefix - 1) == 0;
}

void pe_map(struct pe_image *image, void *to)
{
    image->mapped = to;
    if (image->flat) {
        uint64_t bytes = image->file_size < image->size_of_image ? image->file_size : image->size_of_image;
        __builtin_memcpy(to, image->file, bytes);
        return;
    }
    __builtin_memcpy(to, image->file, image->size_of_headers);
    for (unsigned i = 0; i < image->section_count; i++) {
        struct pe_section section;
        pe_section(image, i, &section);
        if (section.raw_size == 0 || section.raw_offset == 0 || is_debug_data(&section))
            continue;
        uint64_t room = align_up(section.size, PE_PAGE_SIZE);
        if (room > image->size_of_image - section.rva)
            room = image->size_of_image - section.rva;
        __builtin_memcpy(image->mapped + section.rva, image->file + section.raw_offset,
                         section.raw_size < room ? section.raw_size : room);
    }
}

void *pe_at(const struct pe_image *image, uint64_t rva, uint64_t bytes)
{
    if (rva > image->size_of_image || bytes > image->size_of_image - rva)
        return NULL;
    return image->mapped + rva;
}

const char *pe_string(const struct pe_image *image, uint64_t rva)
{
    for (uint64_t i = rva; i < image->size_of_image && i - rva < PE_MAX_STRING; i++) {
        if (image->mapped[i] == 0)
            return (const char *)image->mapped + rva;
    }
    return NULL;
}
