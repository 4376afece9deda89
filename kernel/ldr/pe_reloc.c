/* SPDX-License-Identifier: MIT */
/*
 * Base relocations: blocks of a page address, a size, and 16-bit entries of a type (4 bits) and an offset (12
 * bits).
 *
 * The types the format defines for x64 are ABSOLUTE (padding), HIGH, LOW, HIGHLOW, HIGHADJ (which takes the
 * next entry as its low half) and DIR64. A relocation may fall on the table itself, so nothing read is kept
 * across a write.
 */
#include "pe.h"

enum { ABSOLUTE = 0, HIGH = 1, LOW = 2, HIGHLOW = 3, HIGHADJ = 4, DIR64 = 10 };

static uint64_t load(const uint8_t *p, unsigned bytes)
{
    uint64_t value = 0;
    __builtin_memcpy(&value, p, bytes);
    return value;
}

static unsigned width_of(unsigned type)
{
    switch (type) {
    case HIGH:
    case LOW:
    case HIGHADJ:
        return 2;
    case HIGHLOW:
        return 4;
    case DIR64:
        return 8;
    default:
        return 0;
    }
}

static void apply_one(uint8_t *at, unsigned type, uint64_t delta, uint16_t low)
{
    uint64_t value = load(at, width_of(type));
    switch (type) {
    case HIGH:
        value += (delta >> 16) & 0xffff;
        break;
    case HIGHADJ:
        /* The entry holds the high half of an address whose low half is the next entry; 0x8000 rounds. */
        value = ((value << 16) + (uint64_t)(int64_t)(int16_t)low + delta + 0x8000) >> 16;
        break;
    default:
        value += delta;
        break;
    }
    __builtin_memcpy(at, &value, width_of(type));
}

/* One block: `block` is its RVA, `size` its checked size. */
static int32_t relocate_block(const struct pe_image *image, uint32_t block, uint32_t size, uint64_t delta,
                              bool apply, struct ldr_error *why)
{
    uint32_t page = (uint32_t)load(image->mapped + block, 4);
    for (uint32_t at = 8; at + 2 <= size; at += 2) {
        uint16_t entry = (uint16_t)load(image->mapped + block + at, 2);
        unsigned type = entry >> 12;
        uint64_t rva = (uint64_t)page + (entry & 0xfff);
        uint16_t low = 0;
        if (type == ABSOLUTE)
            continue;
        if (width_of(type) == 0)
            return ldr_fail(why, PE_STATUS_INVALID_IMAGE_FORMAT,
                            "relocation of %lx has type %u, which x64 images do not have", rva,
                            (uint32_t)type);
        if (type == HIGHADJ) {
            at += 2;
            if (at + 2 > size)
                return ldr_fail(why, PE_STATUS_INVALID_IMAGE_FORMAT,
                                "relocation of %lx (HIGHADJ) ends with its block, before its second half",
                                rva);
            low = (uint16_t)load(image->mapped + block + at, 2);
        }
        uint8_t *target = pe_at(image, rva, width_of(type));
        if (!target)
            return ldr_fail(why, PE_STATUS_INVALID_IMAGE_FORMAT,
                            "relocation of %lx lies past the end of the image (%x)", rva,
                            image->size_of_image);
        if (apply)
            apply_one(target, type, delta, low);
    }
    return PE_STATUS_SUCCESS;
}

int32_t pe_relocate(struct pe_image *image, uint64_t new_base, bool apply, struct ldr_error *why)
{
    uint64_t delta = new_base - image->base;
    const struct pe_directory *directory = &image->directory[PE_DIR_RELOCATION];
    if (delta && directory->size == 0 && image->characteristics & PE_FILE_RELOCS_STRIPPED)
        return ldr_fail(
            why, PE_STATUS_CONFLICTING_ADDRESSES,
            "the image has no relocations and can run at its base %lx only; link it without /FIXED",
            image->base);
    uint32_t at = directory->rva, left = directory->size;
    while (left >= 8) {
        uint32_t size = (uint32_t)load(image->mapped + at + 4, 4);
        if (size == 0 && load(image->mapped + at, 4) == 0)
            break; /* padding that some linkers leave at the end */
        if (size < 8 || size % 2 || size > left)
            return ldr_fail(why, PE_STATUS_INVALID_IMAGE_FORMAT,
                            "the relocation block at %x says it has %u bytes; %u are left of the directory",
                            at, size, left);
        int32_t status = relocate_block(image, at, size, delta, apply, why);
        if (status)
            return status;
        at += size;
        left -= size;
    }
    if (apply)
        image->base = new_base;
    return PE_STATUS_SUCCESS;
}
