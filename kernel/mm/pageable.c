/* SPDX-License-Identifier: MIT */
/*
 * Sections of drivers' images: pageable ones, and protected ones.
 *
 * Nothing is ever paged out here, so locking a section only counts: an unlock too many,
 * or an address that is in no image, is the bugcheck that it is on Windows. The handle is the address of the
 * section's header in the mapped image; the count is in the PFN entry of the section's first page. A
 * protected section is read-only until its image goes.
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

/* The loader validated the headers when it mapped the image. */
static UCHAR *section_of(UCHAR *Base, PVOID Va)
{
    UCHAR *Nt = Base + *(ULONG *)(Base + DOS_LFANEW);
    UCHAR *Section = Nt + NT_HEADERS_SIZE + *(USHORT *)(Nt + NT_OPTIONAL);
    ULONG Rva = (ULONG)((UCHAR *)Va - Base);

    for (USHORT I = *(USHORT *)(Nt + NT_SECTIONS); I; I--, Section += SECTION_BYTES)
        if (Rva - *(ULONG *)(Section + SECTION_RVA) < *(ULONG *)(Section + SECTION_VSIZE))
            return Section;
    return NULL;
}

static ULONG *lock_count(UCHAR *Section, PVOID Caller)
{
    UCHAR *Base = image_base(Section);

    if (Base == NULL)
        KiBugCheckText(
            MEMORY_MANAGEMENT, 0x1235, (ULONG_PTR)Section, 0, 0, (ULONG64)(ULONG_PTR)Caller,
            "a pageable section was locked or unlocked by a handle that MmLockPagableCodeSection or "
            "MmLockPagableDataSection did not return");
    return &MiPfnEntry(MiVaToPfn(Base + *(ULONG *)(Section + SECTION_RVA)))->Tag;
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
    __atomic_fetch_add(lock_count(Section, NULL), 1, __ATOMIC_RELAXED);
    return Section;
}

void NTAPI MmLockPagableSectionByHandle(PVOID ImageSectionHandle)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    __atomic_fetch_add(lock_count(ImageSectionHandle, __builtin_return_address(0)), 1, __ATOMIC_RELAXED);
}

void NTAPI MmUnlockPagableImageSection(PVOID ImageSectionHandle)
{
    ULONG *Count = lock_count(ImageSectionHandle, __builtin_return_address(0));

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (__atomic_fetch_sub(Count, 1, __ATOMIC_RELAXED) == 0)
        KiBugCheckText(MEMORY_MANAGEMENT, 0x1010, (ULONG_PTR)ImageSectionHandle, 0, 0,
                       (ULONG64)(ULONG_PTR)__builtin_return_address(0),
                       "a pageable section was unlocked more often than it was locked");
}

PVOID NTAPI MmPageEntireDriver(PVOID AddressWithinSection)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return image_base(AddressWithinSection);
}

void NTAPI MmResetDriverPaging(PVOID AddressWithinSection)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    UNREFERENCED_PARAMETER(AddressWithinSection); /* sections are as resident as they were */
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
