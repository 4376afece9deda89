/* SPDX-License-Identifier: MIT */
/*
 * Page protections of a loaded image, and discarding what only initialisation needs.
 *
 * Sections start on pages of their own unless the image is flat; a flat image is writable and executable
 * throughout, as its linker asked. Discarding skips a section that holds something needed later: import
 * slots, exports, unwind data.
 */
#include "ldri.h"

#include "mi.h"

static ULONG protection_of(ULONG flags)
{
    BOOLEAN writable = (flags & PE_SCN_WRITE) != 0;
    if (flags & PE_SCN_EXECUTE)
        return writable ? PAGE_EXECUTE_READWRITE : PAGE_EXECUTE_READ;
    if (writable)
        return PAGE_READWRITE;
    return flags & PE_SCN_READ ? PAGE_READONLY : PAGE_NOACCESS;
}

static ULONG page_up(ULONG bytes)
{
    return (bytes + PE_PAGE_SIZE - 1) & ~(PE_PAGE_SIZE - 1);
}

/* Neighbours of equal protection are protected in one call: each costs a mapping. */
NTSTATUS LdrpProtectSections(PKLDR_MODULE Module, struct ldr_error *Why)
{
    const struct pe_image *image = &Module->Image;
    ULONG run_begin = 0, run_protection = image->flat ? PAGE_EXECUTE_READWRITE : PAGE_READONLY;
    for (ULONG i = 0; i <= image->section_count; i++) {
        ULONG begin = image->size_of_image, protection = 0;
        if (i < image->section_count) {
            struct pe_section section;
            pe_section(image, i, &section);
            begin = image->flat ? 0 : section.rva;
            protection = image->flat ? PAGE_EXECUTE_READWRITE : protection_of(section.flags);
        }
        if (protection == run_protection || begin == run_begin)
            continue;
        NTSTATUS status = MiProtectImageRegion(image->mapped + run_begin, begin - run_begin, run_protection);
        if (!NT_SUCCESS(status))
            return ldr_fail(Why, status,
                            "the sections of %s cannot be protected: the host's mappings are used up",
                            Module->Name);
        run_begin = begin;
        run_protection = protection;
    }
    return STATUS_SUCCESS;
}

static BOOLEAN overlaps(const struct pe_section *section, ULONG begin, ULONG size)
{
    return size && begin < section->rva + page_up(section->size) && section->rva < begin + size;
}

static BOOLEAN needed_later(PKLDR_MODULE module, const struct pe_section *section)
{
    static const UCHAR kept[] = {PE_DIR_EXPORT, PE_DIR_EXCEPTION, PE_DIR_LOAD_CONFIG, PE_DIR_IAT};
    for (ULONG i = 0; i < sizeof kept; i++) {
        const struct pe_directory *directory = &module->Image.directory[kept[i]];
        if (overlaps(section, directory->rva, directory->size))
            return TRUE;
    }
    return module->FirstSlot <= module->LastSlot &&
           overlaps(section, module->FirstSlot, module->LastSlot + 8 - module->FirstSlot);
}

void LdrpDiscardInit(PKLDR_MODULE Module)
{
    const struct pe_image *image = &Module->Image;
    if (image->flat || Module->InitDiscarded)
        return;
    Module->InitDiscarded = TRUE;
    for (ULONG i = 0; i < image->section_count; i++) {
        struct pe_section section;
        pe_section(image, i, &section);
        if (section.flags & PE_SCN_DISCARDABLE && !needed_later(Module, &section))
            MiProtectImageRegion(image->mapped + section.rva, page_up(section.size), PAGE_NOACCESS);
    }
}
