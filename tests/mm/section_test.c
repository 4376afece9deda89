/* SPDX-License-Identifier: MIT */
/* Section objects: creation, names, attributes, sizes, access. */
#include "section_fixture.h"

KILN_TEST_ONCE(mm_section, size_is_rounded_up_to_pages)
{
    HANDLE Section = section_create(0x1801, PAGE_READWRITE, SEC_COMMIT);
    SECTION_BASIC_INFORMATION Info;
    SIZE_T Bytes = 0;

    CHECK_EQ(ZwQuerySection(Section, SectionBasicInformation, &Info, sizeof(Info), &Bytes), STATUS_SUCCESS);
    CHECK_EQ(Bytes, sizeof(Info));
    CHECK_EQ(Info.MaximumSize.QuadPart, 0x2000);
    CHECK_EQ(Info.AllocationAttributes, SEC_COMMIT);
    CHECK_EQ(ZwClose(Section), STATUS_SUCCESS);
}

KILN_TEST_ONCE(mm_section, bad_protections_are_refused)
{
    static const ULONG Bad[] = {0, PAGE_NOACCESS, PAGE_READONLY | PAGE_READWRITE, PAGE_READWRITE | PAGE_GUARD,
                                0x1000};
    LARGE_INTEGER Size = {.QuadPart = 0x1000};
    HANDLE Section;

    for (ULONG I = 0; I < RTL_NUMBER_OF(Bad); I++)
        CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Size, Bad[I], SEC_COMMIT, NULL),
                 STATUS_INVALID_PAGE_PROTECTION);
}

KILN_TEST_ONCE(mm_section, bad_attributes_and_sizes_are_refused)
{
    LARGE_INTEGER Size = {.QuadPart = 0x1000}, Zero = {.QuadPart = 0}, Huge = {.QuadPart = 1LL << 50},
                  Negative = {.QuadPart = -1};
    HANDLE Section;

    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE, 0, NULL),
             STATUS_INVALID_PARAMETER_6);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE,
                             SEC_COMMIT | SEC_RESERVE, NULL),
             STATUS_INVALID_PARAMETER_6);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE, SEC_COMMIT | 1, NULL),
             STATUS_INVALID_PARAMETER_6);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READONLY, SEC_IMAGE, NULL),
             STATUS_INVALID_FILE_FOR_SECTION);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, NULL, PAGE_READWRITE, SEC_COMMIT, NULL),
             STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Zero, PAGE_READWRITE, SEC_COMMIT, NULL),
             STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Huge, PAGE_READWRITE, SEC_RESERVE, NULL),
             STATUS_SECTION_TOO_BIG);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Negative, PAGE_READWRITE, SEC_COMMIT, NULL),
             STATUS_SECTION_TOO_BIG);
}

KILN_TEST_ONCE(mm_section, committed_sections_are_limited_by_ram_reserved_ones_are_not)
{
    LARGE_INTEGER Size;
    MI_MEMORY_USAGE Usage;
    HANDLE Section;

    MiQueryUsage(&Usage);
    Size.QuadPart = (LONGLONG)((ULONG64)Usage.TotalPages * 2 << PAGE_SHIFT);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE, SEC_COMMIT, NULL),
             STATUS_COMMITMENT_LIMIT);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE, SEC_RESERVE, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(ZwClose(Section), STATUS_SUCCESS);
    /* What is charged is given back. */
    Size.QuadPart = (LONGLONG)((ULONG64)Usage.TotalPages * 3 / 4 << PAGE_SHIFT);
    for (int I = 0; I < 3; I++) {
        CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE, SEC_COMMIT, NULL),
                 STATUS_SUCCESS);
        CHECK_EQ(ZwClose(Section), STATUS_SUCCESS);
    }
}

KILN_TEST_ONCE(mm_section, named_section_is_opened_and_shares_its_pages)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\BaseNamedObjectsTestSection");
    LARGE_INTEGER Size = {.QuadPart = 0x3000};
    OBJECT_ATTRIBUTES Attributes;
    HANDLE First, Second, Third;

    InitializeObjectAttributes(&Attributes, &Name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwOpenSection(&Second, SECTION_ALL_ACCESS, &Attributes), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(
        ZwCreateSection(&First, SECTION_ALL_ACCESS, &Attributes, &Size, PAGE_READWRITE, SEC_COMMIT, NULL),
        STATUS_SUCCESS);
    CHECK_EQ(
        ZwCreateSection(&Third, SECTION_ALL_ACCESS, &Attributes, &Size, PAGE_READWRITE, SEC_COMMIT, NULL),
        STATUS_OBJECT_NAME_COLLISION);
    CHECK_EQ(ZwOpenSection(&Second, SECTION_MAP_READ, &Attributes), STATUS_SUCCESS);
    volatile ULONG *Write = section_map(First, PAGE_READWRITE), *Read = section_map(Second, PAGE_READONLY);
    Write[0x2000 / 4] = 0x12345678;
    CHECK_EQ(Read[0x2000 / 4], 0x12345678);
    CHECK_EQ(MmGetPhysicalAddress((PVOID)&Write[0x2000 / 4]).QuadPart,
             MmGetPhysicalAddress((PVOID)&Read[0x2000 / 4]).QuadPart);
    section_unmap((PVOID)Write);
    section_unmap((PVOID)Read);
    Attributes.Attributes |= OBJ_OPENIF;
    CHECK_EQ(
        ZwCreateSection(&Third, SECTION_ALL_ACCESS, &Attributes, &Size, PAGE_READWRITE, SEC_COMMIT, NULL),
        STATUS_OBJECT_NAME_EXISTS);
    ZwClose(Third);
    ZwClose(Second);
    ZwClose(First);
    CHECK_EQ(ZwOpenSection(&Second, SECTION_ALL_ACCESS, &Attributes), STATUS_OBJECT_NAME_NOT_FOUND);
}

KILN_TEST_ONCE(mm_section, handle_access_limits_the_view)
{
    LARGE_INTEGER Size = {.QuadPart = 0x1000};
    PVOID Base = NULL;
    SIZE_T Bytes = 0;
    HANDLE Section;

    CHECK_EQ(NtCreateSection(&Section, SECTION_MAP_READ, NULL, &Size, PAGE_READWRITE, SEC_COMMIT, NULL),
             STATUS_SUCCESS);
    KiThread()->PreviousMode = UserMode;
    PVOID *UserBase = section_user_slot(&Bytes);
    NTSTATUS Status = NtMapViewOfSection(Section, SELF, UserBase, 0, 0, NULL, (PSIZE_T)(UserBase + 1),
                                         ViewUnmap, 0, PAGE_READWRITE);
    NTSTATUS Query = NtQuerySection(Section, SectionBasicInformation, UserBase + 4, 24, NULL);
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(Status, STATUS_ACCESS_DENIED);
    CHECK_EQ(Query, STATUS_ACCESS_DENIED);
    CHECK_EQ(ZwMapViewOfSection(Section, SELF, &Base, 0, 0, NULL, &Bytes, ViewUnmap, 0, PAGE_READONLY),
             STATUS_SUCCESS);
    section_unmap(Base);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_section, user_pointers_are_probed)
{
    LARGE_INTEGER Size = {.QuadPart = 0x1000};
    PHANDLE Bad = (PHANDLE)MmSystemRangeStart;
    NTSTATUS Create, Open, Max;
    HANDLE *Slot = section_user_slot(NULL);

    KiThread()->PreviousMode = UserMode;
    Create = NtCreateSection(Bad, SECTION_ALL_ACCESS, NULL, NULL, PAGE_READWRITE, SEC_COMMIT, NULL);
    Max = NtCreateSection(Slot, SECTION_ALL_ACCESS, NULL, (PLARGE_INTEGER)&Size, PAGE_READWRITE, SEC_COMMIT,
                          NULL);
    Open = NtOpenSection(Bad, SECTION_ALL_ACCESS, NULL);
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(Create, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(Max, STATUS_ACCESS_VIOLATION); /* the size lies in kernel memory */
    CHECK_EQ(Open, STATUS_ACCESS_VIOLATION);
}

KILN_TEST_ONCE(mm_section, large_pages_need_the_privilege_and_whole_large_pages)
{
    LARGE_INTEGER Large = {.QuadPart = 2 * LARGE_PAGE_SIZE}, Odd = {.QuadPart = LARGE_PAGE_SIZE + PAGE_SIZE};
    HANDLE Section = NULL;
    LARGE_INTEGER *UserSize = section_user_slot(NULL);

    UserSize[1] = Large;
    KiThread()->PreviousMode = UserMode;
    NTSTATUS Status = NtCreateSection((PHANDLE)UserSize, SECTION_ALL_ACCESS, NULL, &UserSize[1],
                                      PAGE_READWRITE, SEC_COMMIT | SEC_LARGE_PAGES, NULL);
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(Status, STATUS_PRIVILEGE_NOT_HELD);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Odd, PAGE_READWRITE,
                             SEC_COMMIT | SEC_LARGE_PAGES, NULL),
             STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Large, PAGE_READWRITE,
                             SEC_RESERVE | SEC_LARGE_PAGES, NULL),
             STATUS_INVALID_PARAMETER_6);
    CHECK_EQ(ZwCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Large, PAGE_READWRITE,
                             SEC_COMMIT | SEC_LARGE_PAGES, NULL),
             STATUS_SUCCESS);
    UCHAR *Base = section_map(Section, PAGE_READWRITE);
    CHECK_EQ((ULONG_PTR)Base % LARGE_PAGE_SIZE, 0);
    LONGLONG Physical =
        MmGetPhysicalAddress(Base).QuadPart; /* nothing was touched: large pages are resident */
    CHECK_EQ(Physical % LARGE_PAGE_SIZE, 0);
    CHECK_EQ(MmGetPhysicalAddress(Base + LARGE_PAGE_SIZE - 1).QuadPart, Physical + LARGE_PAGE_SIZE - 1);
    section_unmap(Base);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_section, extended_parameters_name_a_node)
{
    MEM_EXTENDED_PARAMETER Parameter[2] = {{.Type = MemSectionExtendedParameterNumaNode}};
    LARGE_INTEGER Size = {.QuadPart = 0x1000};
    HANDLE Section;

    CHECK_EQ(NtCreateSectionEx(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE, SEC_COMMIT, NULL,
                               NULL, 0),
             STATUS_SUCCESS);
    NtClose(Section);
    CHECK_EQ(NtCreateSectionEx(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE, SEC_COMMIT, NULL,
                               Parameter, 1),
             STATUS_SUCCESS);
    NtClose(Section);
    CHECK_EQ(NtCreateSectionEx(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE, SEC_COMMIT, NULL,
                               Parameter, 2),
             STATUS_INVALID_PARAMETER);
    Parameter[0].ULong = 7; /* no such node */
    CHECK_EQ(NtCreateSectionEx(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE, SEC_COMMIT, NULL,
                               Parameter, 1),
             STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(mm_section, information_classes_and_lengths)
{
    HANDLE Section = section_create(0x1000, PAGE_READONLY, SEC_COMMIT);
    UCHAR Buffer[64];

    CHECK_EQ(ZwQuerySection(Section, SectionBasicInformation, Buffer, 8, NULL), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ZwQuerySection(Section, SectionImageInformation, Buffer, sizeof(Buffer), NULL),
             STATUS_SECTION_NOT_IMAGE);
    CHECK_EQ(ZwQuerySection(Section, (SECTION_INFORMATION_CLASS)99, Buffer, sizeof(Buffer), NULL),
             STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwWaitForSingleObject(Section, FALSE, NULL), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ZwClose(Section), STATUS_SUCCESS);
}

KILN_TEST_ONCE(mm_section, object_type_is_exported)
{
    HANDLE Handle = section_create(0x1000, PAGE_READWRITE, SEC_COMMIT);
    PVOID Section;

    CHECK_EQ(
        ObReferenceObjectByHandle(Handle, SECTION_MAP_READ, *MmSectionObjectType, KernelMode, &Section, NULL),
        STATUS_SUCCESS);
    ZwClose(Handle);
    ObDereferenceObject(Section);
    CHECK_EQ(ObReferenceObjectByHandle(SELF, 0, *MmSectionObjectType, KernelMode, &Section, NULL),
             STATUS_OBJECT_TYPE_MISMATCH);
}

KILN_TEST_ONCE(mm_section, a_section_by_pointer_needs_no_handle)
{
    LARGE_INTEGER Size = {.QuadPart = 0x2000};
    PVOID Section, Base;
    SIZE_T Bytes = 0;

    CHECK_EQ(
        MmCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE, SEC_COMMIT, NULL, NULL),
        STATUS_SUCCESS);
    CHECK_EQ(MmMapViewInSystemSpace(Section, &Base, &Bytes), STATUS_SUCCESS);
    CHECK_EQ(Bytes, 0x2000);
    ((volatile UCHAR *)Base)[0x1FFF] = 1;
    CHECK_EQ(MmUnmapViewInSystemSpace(Base), STATUS_SUCCESS);
    ObDereferenceObject(Section);
}

KILN_TEST_ONCE(mm_section, physical_memory_is_the_kernels)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\PhysicalMemory");
    OBJECT_ATTRIBUTES Attributes;
    PHYSICAL_ADDRESS Low = {.QuadPart = 0}, High = {.QuadPart = -1};
    LARGE_INTEGER Offset;
    PVOID Base = NULL;
    SIZE_T Bytes = PAGE_SIZE;
    HANDLE Section;

    volatile ULONG *Page = MmAllocateContiguousMemory(PAGE_SIZE, High);
    Offset = MmGetPhysicalAddress((PVOID)Page);
    LONGLONG Exact = Offset.QuadPart;
    InitializeObjectAttributes(&Attributes, &Name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwOpenSection(&Section, SECTION_MAP_READ | SECTION_MAP_WRITE, &Attributes), STATUS_SUCCESS);
    CHECK_EQ(
        ZwMapViewOfSection(Section, SELF, &Base, 0, Bytes, &Offset, &Bytes, ViewUnmap, 0, PAGE_READWRITE),
        STATUS_SUCCESS);
    CHECK_EQ(Offset.QuadPart, Exact & ~0xFFFFLL);
    volatile ULONG *Alias = (PVOID)((PUCHAR)Base + (Exact & 0xFFFF));
    Page[3] = 0xABCD;
    CHECK_EQ(Alias[3], 0xABCD);
    Alias[4] = 5;
    CHECK_EQ(Page[4], 5);
    section_unmap(Base);
    MmFreeContiguousMemory((PVOID)Page);
    Offset.QuadPart = 1LL << 39; /* no RAM */
    Base = NULL;
    CHECK_EQ(ZwMapViewOfSection(Section, SELF, &Base, 0, 0, &Offset, &Bytes, ViewUnmap, 0, PAGE_READWRITE),
             STATUS_INVALID_VIEW_SIZE);
    ZwClose(Section);
    UNREFERENCED_PARAMETER(Low);
}

KILN_TEST_ONCE(mm_section, physical_memory_cannot_be_opened_by_user_mode)
{
    struct {
        HANDLE Handle;
        OBJECT_ATTRIBUTES Attributes;
        UNICODE_STRING Name;
        WCHAR Text[32];
    } *User = section_user_slot(NULL);
    static const WCHAR Text[] = L"\\Device\\PhysicalMemory";

    RtlCopyMemory(User->Text, Text, sizeof(Text));
    User->Name = (UNICODE_STRING){sizeof(Text) - sizeof(WCHAR), sizeof(Text), User->Text};
    InitializeObjectAttributes(&User->Attributes, &User->Name, 0, NULL, NULL);
    KiThread()->PreviousMode = UserMode;
    NTSTATUS Status = NtOpenSection(&User->Handle, SECTION_MAP_READ, &User->Attributes);
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(Status, STATUS_ACCESS_DENIED);
}
