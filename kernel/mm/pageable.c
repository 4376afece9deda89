/* SPDX-License-Identifier: MIT */
/*
 * Sections of drivers' images: pageable ones, and protected ones.
 *
 * A section is pageable if its name begins with PAGE, or if MmPageEntireDriver said so of its whole driver. Its pages
 * may go out (paging.c, when paging is on) while nobody has it locked. Locks are counted; an unlock too many, or an
 * address that is in no image, is the bugcheck that it is on Windows. The handle is the address of the section's header
 * in the mapped image; the count is in the PFN entry of the section's first page, and whether the entire driver is
 * pageable in that of the image's first page. A protected section is read-only until its image goes.
 *
 * Lock: section_lock, for counts and what follows from them; APC_LEVEL; then the paging lock.
 *
 * Reference: MmLockPagableDataSection, MmLockPagableSectionByHandle, MmUnlockPagableImageSection,
 * MmPageEntireDriver, MmResetDriverPaging, MmProtectDriverSection of wdm.h and ntddk.h.
 */
#include "mip.h"
#include "ki.h"
#include "trap.h"

#define DOS_LFANEW          0x3C
#define NT_SECTIONS         6  /* from the PE signature: NumberOfSections */
#define NT_OPTIONAL         20 /* SizeOfOptionalHeader */
#define NT_HEADERS_SIZE     24
#define SECTION_BYTES       40
#define SECTION_VSIZE       8
#define SECTION_RVA         12
#define SECTION_FLAGS       36
#define SECTION_EXECUTE     0x20000000U
#define SECTION_DISCARDABLE 0x02000000U
#define NT_IAT_DIRECTORY    (24 + 112 + 12 * 8) /* PE32+: the import address table's RVA */

static UCHAR *image_base(PVOID Va)
{
    PFN_NUMBER Pfn = MiVaToPfn(Va);

    if (!MiIsRam(Va) || MiPfnEntry(Pfn)->Use != MiPageImage)
        return NULL;
    return MiPfnToVa(Pfn - MiPfnEntry(Pfn)->RunBack);
}

static FAST_MUTEX section_lock;

void MiInitPageable(void)
{
    ExInitializeFastMutex(&section_lock);
}

/* The loader validated the headers when it mapped the image. */
static UCHAR *first_section(UCHAR *Base, USHORT *Count)
{
    UCHAR *Nt = Base + *(ULONG *)(Base + DOS_LFANEW);

    *Count = *(USHORT *)(Nt + NT_SECTIONS);
    return Nt + NT_HEADERS_SIZE + *(USHORT *)(Nt + NT_OPTIONAL);
}

static UCHAR *section_of(UCHAR *Base, PVOID Va)
{
    ULONG Rva = (ULONG)((UCHAR *)Va - Base);
    USHORT Count;

    for (UCHAR *Section = first_section(Base, &Count); Count; Count--, Section += SECTION_BYTES)
        if (Rva - *(ULONG *)(Section + SECTION_RVA) < *(ULONG *)(Section + SECTION_VSIZE))
            return Section;
    return NULL;
}

/* The PFN entry that counts the section's locks. */
static PMI_PFN count_entry(UCHAR *Base, UCHAR *Section)
{
    return MiPfnEntry(MiVaToPfn(Base + *(ULONG *)(Section + SECTION_RVA)));
}

static UCHAR *image_of_handle(UCHAR *Section, PVOID Caller)
{
    UCHAR *Base = image_base(Section);

    if (Base == NULL)
        KiBugCheckText(
            MEMORY_MANAGEMENT, 0x1235, (ULONG_PTR)Section, 0, 0, (ULONG64)(ULONG_PTR)Caller,
            "a pageable section was locked or unlocked by a handle that MmLockPagableCodeSection or "
            "MmLockPagableDataSection did not return");
    return Base;
}

static BOOLEAN is_pageable(UCHAR *Base, const UCHAR *Section)
{
    static const char Name[4] = "PAGE";

    for (ULONG I = 0; I < 4; I++)
        if (Section[I] != (UCHAR)Name[I])
            return MiPfnEntry(MiVaToPfn(Base))->Tag != 0; /* MmPageEntireDriver */
    return TRUE;
}

/* Let the section's pages go out, or keep them, as its lock count and kind say. section_lock held. */
static void apply(UCHAR *Base, UCHAR *Section)
{
    PFN_NUMBER First = MiVaToPfn(Base + *(ULONG *)(Section + SECTION_RVA));
    SIZE_T Pages = MI_PAGES(*(ULONG *)(Section + SECTION_VSIZE));

    /* A discarded section is gone; one that shares its first page with the headers is of an image that is not paged. */
    if (Pages == 0 || First == MiVaToPfn(Base) || (MiPfnEntry(First)->Flags & MI_PFN_NOACCESS))
        return;
    MiSetPageable(First, Pages, MiPfnEntry(First)->Tag == 0 && is_pageable(Base, Section));
}

static void apply_all(UCHAR *Base)
{
    USHORT Count;

    for (UCHAR *Section = first_section(Base, &Count); Count; Count--, Section += SECTION_BYTES)
        apply(Base, Section);
}

void MiImageIsReady(PVOID Base)
{
    ExAcquireFastMutex(&section_lock);
    apply_all(Base);
    ExReleaseFastMutex(&section_lock);
}

BOOLEAN MiPageableSectionName(PVOID Va, char Name[9])
{
    UCHAR *Base = image_base(Va), *Section = Base ? section_of(Base, Va) : NULL;

    if (Section == NULL)
        return FALSE;
    for (ULONG I = 0; I < 8; I++)
        Name[I] = (char)Section[I];
    Name[8] = 0;
    return TRUE;
}

static void lock_section(UCHAR *Base, UCHAR *Section)
{
    ExAcquireFastMutex(&section_lock);
    count_entry(Base, Section)->Tag++;
    apply(Base, Section);
    ExReleaseFastMutex(&section_lock);
}

PVOID NTAPI MmLockPagableDataSection(PVOID AddressWithinSection)
{
    UCHAR *Base = image_base(AddressWithinSection);
    UCHAR *Section = Base ? section_of(Base, AddressWithinSection) : NULL;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (Section == NULL)
        KiBugCheckText(
            MEMORY_MANAGEMENT, 0x1234, (ULONG_PTR)AddressWithinSection, 0, 0,
            (ULONG64)(ULONG_PTR)__builtin_return_address(0),
            "a pageable section was locked by an address that lies in no section of a loaded image");
    lock_section(Base, Section);
    return Section;
}

void NTAPI MmLockPagableSectionByHandle(PVOID ImageSectionHandle)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    lock_section(image_of_handle(ImageSectionHandle, __builtin_return_address(0)), ImageSectionHandle);
}

void NTAPI MmUnlockPagableImageSection(PVOID ImageSectionHandle)
{
    UCHAR *Base = image_of_handle(ImageSectionHandle, __builtin_return_address(0));
    BOOLEAN Locked;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    ExAcquireFastMutex(&section_lock);
    PMI_PFN Entry = count_entry(Base, ImageSectionHandle);
    Locked = Entry->Tag != 0;
    if (Locked)
        Entry->Tag--;
    apply(Base, ImageSectionHandle);
    ExReleaseFastMutex(&section_lock);
    if (!Locked)
        KiBugCheckText(MEMORY_MANAGEMENT, 0x1010, (ULONG_PTR)ImageSectionHandle, 0, 0,
                       (ULONG64)(ULONG_PTR)__builtin_return_address(0),
                       "a pageable section was unlocked more often than it was locked");
}

/* Sections that are locked stay locked. */
PVOID NTAPI MmPageEntireDriver(PVOID AddressWithinSection)
{
    UCHAR *Base = image_base(AddressWithinSection);

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (Base) {
        ExAcquireFastMutex(&section_lock);
        MiPfnEntry(MiVaToPfn(Base))->Tag = 1;
        apply_all(Base);
        ExReleaseFastMutex(&section_lock);
    }
    return Base;
}

void NTAPI MmResetDriverPaging(PVOID AddressWithinSection)
{
    UCHAR *Base = image_base(AddressWithinSection);

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (Base == NULL)
        return;
    ExAcquireFastMutex(&section_lock);
    MiPfnEntry(MiVaToPfn(Base))->Tag = 0;
    apply_all(Base);
    ExReleaseFastMutex(&section_lock);
}

/* Older name of MmLockPagableDataSection. */
PVOID NTAPI MmLockPagableImageSection(PVOID AddressWithinSection)
{
    return MmLockPagableDataSection(AddressWithinSection);
}

NTSTATUS NTAPI MmProtectDriverSection(PVOID AddressWithinSection, SIZE_T Size, ULONG Flags)
{
    UCHAR *Base = image_base(AddressWithinSection);
    UCHAR *Section = Base ? section_of(Base, AddressWithinSection) : NULL;
    ULONG Rva, Bytes, Characteristics, Iat;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (Section == NULL)
        KiBugCheckText(
            MEMORY_MANAGEMENT, 0x1100, (ULONG_PTR)AddressWithinSection, 0, 0,
            (ULONG64)(ULONG_PTR)__builtin_return_address(0),
            "MmProtectDriverSection was given an address that lies in no section of a loaded image");
    if (Size != 0 || (Flags & ~(ULONG)MM_PROTECT_DRIVER_SECTION_ALLOW_UNLOAD))
        return STATUS_INVALID_PARAMETER;
    Rva = *(ULONG *)(Section + SECTION_RVA);
    Bytes = *(ULONG *)(Section + SECTION_VSIZE);
    Characteristics = *(ULONG *)(Section + SECTION_FLAGS);
    Iat = *(ULONG *)(Base + *(ULONG *)(Base + DOS_LFANEW) + NT_IAT_DIRECTORY);
    if (Characteristics & SECTION_EXECUTE)
        return STATUS_INVALID_PAGE_PROTECTION;
    if (Characteristics & SECTION_DISCARDABLE)
        return STATUS_ACCESS_VIOLATION;
    if (Iat && Iat - Rva < Bytes)
        return STATUS_NOT_SUPPORTED;
    if (MiPfnEntry(MiVaToPfn(Base + Rva))->Flags & MI_PFN_REPROTECTED)
        return STATUS_ALREADY_COMMITTED;
    NTSTATUS Status = MiProtectImageRegion(Base + Rva, Bytes, PAGE_READONLY);
    if (NT_SUCCESS(Status))
        MiPfnEntry(MiVaToPfn(Base + Rva))->Flags |= MI_PFN_REPROTECTED;
    return Status;
}
