/* SPDX-License-Identifier: MIT */
/* What is listed of views, what is inherited, what is rotated, and what a driver forgot. */
#include "section_fs.h"
#include "iop.h"

static BOOLEAN same(const char *left, const char *right)
{
    while (*left && *left == *right)
        left++, right++;
    return *left == *right;
}

/* The range that begins at the address. */
static BOOLEAN list_range(PVOID base, PMI_RANGE_INFO info)
{
    PVOID Cursor = NULL;

    while (MiEnumerateUserRanges(PsGetCurrentProcess(), &Cursor, info))
        if (info->Begin == base)
            return TRUE;
    return FALSE;
}

KILN_TEST_ONCE(mm_view_list, ranges_of_a_process_are_listed_with_their_sections)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\ListedSection");
    LARGE_INTEGER Size = {.QuadPart = 0x20000};
    OBJECT_ATTRIBUTES Attributes;
    MI_RANGE_INFO Info;
    HANDLE Named, FileSection;

    InitializeObjectAttributes(&Attributes, &Name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(
        ZwCreateSection(&Named, SECTION_ALL_ACCESS, &Attributes, &Size, PAGE_READWRITE, SEC_COMMIT, NULL),
        STATUS_SUCCESS);
    UCHAR *Base = section_map(Named, PAGE_READONLY);
    (void)*(volatile UCHAR *)Base;
    CHECK(list_range(Base, &Info));
    CHECK_EQ(Info.Bytes, 0x20000);
    CHECK_EQ(Info.CommittedBytes, 0x20000);
    CHECK_EQ(Info.ResidentBytes, 0x10000);
    CHECK_EQ(Info.Protection, PAGE_READONLY);
    CHECK_EQ(Info.Type, MEM_MAPPED);
    CHECK(same(Info.SectionKind, "page file"));
    CHECK(same(Info.Name, "\\ListedSection"));
    section_unmap(Base);
    CHECK(!list_range(Base, &Info));
    ZwClose(Named);
    fs_start(0x20000);
    HANDLE File = fs_open(FILE_READ_DATA);
    FileSection = fs_must_section(File, PAGE_READONLY);
    LONGLONG Offset = 0x10000;
    PVOID Part = NULL;
    SIZE_T Bytes = 0;
    CHECK_EQ(section_map_at(FileSection, &Part, &Offset, &Bytes, 0, PAGE_READONLY), STATUS_SUCCESS);
    CHECK(list_range(Part, &Info));
    CHECK_EQ(Info.Offset, 0x10000);
    CHECK_EQ(Info.ResidentBytes, 0);
    CHECK(same(Info.Name, "\\Device\\MmFs\\file"));
    PVOID Private = section_user_slot(NULL);
    CHECK(list_range(Private, &Info));
    CHECK_EQ(Info.Type, MEM_PRIVATE);
    CHECK(Info.SectionKind == NULL);
    section_unmap(Part);
    ZwClose(FileSection);
    ZwClose(File);
}

KILN_TEST_ONCE(mm_view_list, a_driver_that_forgot_a_view_is_told)
{
    UNICODE_STRING Service = RTL_CONSTANT_STRING(L"views");
    char Why[IOP_WHY_BYTES], Path[512];
    ULONG Leaks = IopLeakCount;
    SIZE_T At = 0;
    PVOID Cursor = NULL;
    MI_RANGE_INFO Info;

    for (const char *p = kiln_test_driver_dir(); *p; p++)
        Path[At++] = *p;
    for (const char *p = "/mm_views.sys"; *p; p++)
        Path[At++] = *p;
    Path[At] = 0;
    CHECK_EQ(IopLoadDriver(&Service, Path, NULL, 0, NULL, Why), STATUS_SUCCESS);
    CHECK(MiEnumerateSystemViews(&Cursor, &Info));
    CHECK_EQ(Info.Bytes, 0x3000);
    CHECK_EQ(MiClassifyAddress(Info.Caller, NULL), MiAddressImage);
    CHECK(!MiEnumerateSystemViews(&Cursor, &Info));
    CHECK_EQ(IopUnloadDriver(&Service, Why), STATUS_SUCCESS);
    CHECK_EQ(IopLeakCount - Leaks, 1);
}

/* ---------------------------------------------------------------- inheritance */

KILN_TEST_ONCE(mm_view_share, a_new_process_has_the_views_that_were_mapped_to_be_shared)
{
    HANDLE Section = section_create(0x30000, PAGE_READWRITE, SEC_COMMIT);
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"child");
    PVOID Shared = NULL, Kept = NULL, ParentBegin, ChildBegin, End;
    LARGE_INTEGER Offset = {.QuadPart = 0x10000};
    SIZE_T Bytes = 0, Other = 0;
    PEPROCESS Child;

    CHECK_EQ(ZwMapViewOfSection(Section, SELF, &Shared, 0, 0, &Offset, &Bytes, ViewShare, 0, PAGE_READWRITE),
             STATUS_SUCCESS);
    CHECK_EQ(ZwMapViewOfSection(Section, SELF, &Kept, 0, 0, NULL, &Other, ViewUnmap, 0, PAGE_READWRITE),
             STATUS_SUCCESS);
    ((volatile UCHAR *)Shared)[0x123] = 0x21;
    CHECK_EQ(PspCreateProcess(PsGetCurrentProcess(), &Name, PspUserSlice, &Child), STATUS_SUCCESS);
    CHECK(MiQueryUserSlice(PsGetCurrentProcess(), &ParentBegin, &End));
    CHECK(MiQueryUserSlice(Child, &ChildBegin, &End));
    volatile UCHAR *There = (UCHAR *)ChildBegin + ((UCHAR *)Shared - (UCHAR *)ParentBegin);
    CHECK_EQ(There[0x123], 0x21);
    There[0x124] = 0x22;
    CHECK_EQ(((volatile UCHAR *)Kept)[0x10124], 0x22);
    There = (UCHAR *)ChildBegin + ((UCHAR *)Kept - (UCHAR *)ParentBegin);
    CHECK_EQ(MmUnmapViewOfSection(Child, (PVOID)There), STATUS_NOT_MAPPED_VIEW);
    PspExitProcess(Child, 0);
    ObDereferenceObject(Child);
    section_unmap(Shared);
    section_unmap(Kept);
    ZwClose(Section);
}

/* ---------------------------------------------------------------- rotation */

static ULONG copies;

static NTSTATUS NTAPI copy_pages(PMDL destination, PMDL source, PVOID context)
{
    PVOID To = MmGetSystemAddressForMdlSafe(destination, NormalPagePriority);
    PVOID From = MmGetSystemAddressForMdlSafe(source, NormalPagePriority);

    copies++;
    CHECK_EQ(MmGetMdlByteCount(destination), MmGetMdlByteCount(source));
    if (context)
        return STATUS_DEVICE_BUSY;
    RtlCopyMemory(To, From, MmGetMdlByteCount(source));
    return STATUS_SUCCESS;
}

KILN_TEST_ONCE(mm_view_rotate, a_view_shows_the_frame_buffer_and_then_memory_again)
{
    HANDLE Section = section_create(0x4000, PAGE_READWRITE, SEC_COMMIT);
    PHYSICAL_ADDRESS Zero = {0}, High = {.QuadPart = -1};
    PMDL Frame = MmAllocatePagesForMdl(Zero, High, Zero, 0x2000);
    volatile UCHAR *Buffer = MmGetSystemAddressForMdlSafe(Frame, NormalPagePriority);
    volatile UCHAR *Other = section_map(Section, PAGE_READWRITE);
    PVOID Base = NULL;
    SIZE_T Bytes = 0, Part = 0x2000;

    CHECK_EQ(section_map_at(Section, &Base, NULL, &Bytes, MEM_ROTATE, PAGE_READWRITE), STATUS_SUCCESS);
    volatile UCHAR *View = Base;
    View[0x1000] = 1;
    CHECK_EQ(MmRotatePhysicalView(Base, &Part, Frame, MmToFrameBuffer, copy_pages, NULL), STATUS_SUCCESS);
    CHECK_EQ(copies, 1);
    CHECK_EQ(Part, 0x2000);
    CHECK_EQ(Buffer[0x1000], 1); /* copied */
    View[0x1001] = 2;
    CHECK_EQ(Buffer[0x1001], 2);
    CHECK_EQ(Other[0x1001], 0); /* the section does not see it */
    View[0x2000] = 3;
    CHECK_EQ(Other[0x2000], 3); /* that page was not rotated */
    CHECK_EQ(MmRotatePhysicalView(Base, &Part, Frame, MmToFrameBuffer, copy_pages, NULL),
             STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(MmRotatePhysicalView(Base, &Part, NULL, MmToRegularMemory, copy_pages, NULL), STATUS_SUCCESS);
    CHECK_EQ(Other[0x1001], 2);
    CHECK_EQ(View[0x1001], 2);
    View[0x1002] = 4;
    CHECK_EQ(Other[0x1002], 4);
    CHECK_EQ(MmRotatePhysicalView(Base, &Part, Frame, MmToFrameBufferNoCopy, NULL, NULL), STATUS_SUCCESS);
    CHECK_EQ(View[0x1002], 0);
    CHECK_EQ(MmRotatePhysicalView(Base, &Part, NULL, MmToRegularMemoryNoCopy, NULL, NULL), STATUS_SUCCESS);
    CHECK_EQ(View[0x1002], 4);
    CHECK_EQ(copies, 2);
    /* A copy that fails leaves everything as it was. */
    CHECK_EQ(MmRotatePhysicalView(Base, &Part, Frame, MmToFrameBuffer, copy_pages, &Part),
             STATUS_DEVICE_BUSY);
    View[0x1003] = 5;
    CHECK_EQ(Other[0x1003], 5);
    section_unmap(Base);
    section_unmap((PVOID)Other);
    MmUnmapLockedPages((PVOID)Buffer, Frame);
    MmFreePagesFromMdl(Frame);
    ExFreePool(Frame);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view_rotate, bad_rotations_are_refused)
{
    HANDLE Section = section_create(0x4000, PAGE_READWRITE, SEC_COMMIT);
    UCHAR *Base = section_map(Section, PAGE_READWRITE);
    SIZE_T Bytes = 0x1000, None = 0;
    PVOID Copy = NULL;

    CHECK_EQ(MmRotatePhysicalView(Base, &Bytes, NULL, MmToRegularMemoryNoCopy, NULL, NULL),
             STATUS_INVALID_ADDRESS);
    CHECK_EQ(MmRotatePhysicalView(Base + 1, &Bytes, NULL, MmToRegularMemoryNoCopy, NULL, NULL),
             STATUS_INVALID_PARAMETER_1);
    CHECK_EQ(MmRotatePhysicalView(Base, &None, NULL, MmToRegularMemoryNoCopy, NULL, NULL),
             STATUS_INVALID_PARAMETER_2);
    CHECK_EQ(MmRotatePhysicalView(Base, &Bytes, NULL, MmToFrameBuffer, copy_pages, NULL),
             STATUS_INVALID_PARAMETER_3);
    CHECK_EQ(MmRotatePhysicalView(Base, &Bytes, NULL, MmMaximumRotateDirection, NULL, NULL),
             STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(MmRotatePhysicalView(Base, &Bytes, NULL, MmToRegularMemory, NULL, NULL),
             STATUS_INVALID_PARAMETER_5);
    section_unmap(Base);
    CHECK_EQ(section_map_at(Section, &Copy, NULL, &None, MEM_ROTATE, PAGE_WRITECOPY),
             STATUS_INVALID_PARAMETER_9);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view_rotate, addresses_of_physical_memory_point_to_one_page)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\PhysicalMemory");
    PHYSICAL_ADDRESS High = {.QuadPart = -1};
    LARGE_INTEGER Offset = {.QuadPart = 0x100000};
    volatile UCHAR *Page = MmAllocateContiguousMemory(PAGE_SIZE, High);
    OBJECT_ATTRIBUTES Attributes;
    PVOID Base = NULL;
    SIZE_T Bytes = 0x10000;
    HANDLE Section;

    InitializeObjectAttributes(&Attributes, &Name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwOpenSection(&Section, SECTION_ALL_ACCESS, &Attributes), STATUS_SUCCESS);
    CHECK_EQ(section_map_at(Section, &Base, &Offset.QuadPart, &Bytes, 0, PAGE_READWRITE), STATUS_SUCCESS);
    Page[9] = 0x5C;
    CHECK_EQ(MmMapUserAddressesToPage(Base, 0x8000, (PVOID)Page), STATUS_SUCCESS);
    CHECK_EQ(((volatile UCHAR *)Base)[9], 0x5C);
    CHECK_EQ(((volatile UCHAR *)Base)[0x7009], 0x5C);
    CHECK_EQ(MmGetPhysicalAddress((PUCHAR)Base + 0x8000).QuadPart, Offset.QuadPart + 0x8000);
    CHECK_EQ(MmMapUserAddressesToPage(Base, 0x11000, (PVOID)Page), STATUS_INVALID_ADDRESS);
    CHECK_EQ(MmMapUserAddressesToPage((PVOID)Page, 0x1000, (PVOID)Page), STATUS_INVALID_ADDRESS);
    CHECK_EQ(MmMapUserAddressesToPage(Base, 0x1000, (PVOID)KILN_SYSPTE_BASE), STATUS_INVALID_PARAMETER_3);
    CHECK_EQ(MmMapUserAddressesToPage(Base, 0, (PVOID)Page), STATUS_SUCCESS);
    CHECK_EQ(((volatile UCHAR *)Base)[0xF009], 0x5C);
    section_unmap(Base);
    ZwClose(Section);
    MmFreeContiguousMemory((PVOID)Page);
}
