/* SPDX-License-Identifier: MIT */
/* Views in system and session space. */
#include "section_fixture.h"

static PVOID object_of(HANDLE handle)
{
    PVOID Section;

    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, *MmSectionObjectType, KernelMode, &Section, NULL),
             STATUS_SUCCESS);
    ZwClose(handle);
    return Section;
}

KILN_TEST_ONCE(mm_system_view, it_is_the_same_memory_as_in_a_process)
{
    HANDLE Handle = section_create(0x20000, PAGE_READWRITE, SEC_COMMIT);
    volatile UCHAR *User = section_map(Handle, PAGE_READWRITE);
    PVOID Section = object_of(Handle), Base = NULL;
    SIZE_T Bytes = 0x11000;

    CHECK_EQ(MmMapViewInSystemSpace(Section, &Base, &Bytes), STATUS_SUCCESS);
    CHECK_EQ(Bytes, 0x11000);
    CHECK((ULONG_PTR)Base >= (ULONG_PTR)MmSystemRangeStart);
    ((volatile UCHAR *)Base)[0x10FFF] = 3;
    CHECK_EQ(User[0x10FFF], 3);
    User[0x123] = 4;
    CHECK_EQ(((volatile UCHAR *)Base)[0x123], 4);
    section_unmap((PVOID)User);
    ObDereferenceObject(Section);
    CHECK_EQ(((volatile UCHAR *)Base)[0x123], 4); /* the view keeps the section */
    CHECK_EQ(MmUnmapViewInSystemSpace(Base), STATUS_SUCCESS);
    CHECK(!MmIsAddressValid(Base));
}

KILN_TEST_ONCE(mm_system_view, sizes_beyond_the_section_are_refused)
{
    PVOID Section = object_of(section_create(0x10000, PAGE_READWRITE, SEC_COMMIT)), Base;
    LARGE_INTEGER Offset = {.QuadPart = 0x10000};
    SIZE_T Bytes = 0x11000;

    CHECK_EQ(MmMapViewInSystemSpace(Section, &Base, &Bytes), STATUS_INVALID_VIEW_SIZE);
    Bytes = 0;
    CHECK_EQ(MmMapViewInSystemSpaceEx(Section, &Base, &Bytes, &Offset, 0), STATUS_INVALID_VIEW_SIZE);
    Offset.QuadPart = 0;
    CHECK_EQ(MmMapViewInSystemSpaceEx(Section, &Base, &Bytes, &Offset, 0x80), STATUS_INVALID_PARAMETER_5);
    CHECK_EQ(MmUnmapViewInSystemSpace((PVOID)KILN_SYSPTE_BASE), STATUS_NOT_MAPPED_VIEW);
    ObDereferenceObject(Section);
}

KILN_TEST_ONCE(mm_system_view, an_offset_selects_a_part)
{
    HANDLE Handle = section_create(0x40000, PAGE_READWRITE, SEC_COMMIT);
    volatile UCHAR *User = section_map(Handle, PAGE_READWRITE);
    PVOID Section = object_of(Handle), Base;
    LARGE_INTEGER Offset = {.QuadPart = 0x21000};
    SIZE_T Bytes = 0x1000;

    User[0x21000] = 5;
    CHECK_EQ(MmMapViewInSystemSpaceEx(Section, &Base, &Bytes, &Offset, 0), STATUS_SUCCESS);
    CHECK_EQ(Offset.QuadPart, 0x20000);
    CHECK_EQ(Bytes, 0x2000);
    CHECK_EQ(((volatile UCHAR *)Base)[0x1000], 5);
    CHECK_EQ(MmUnmapViewInSystemSpace(Base), STATUS_SUCCESS);
    section_unmap((PVOID)User);
    ObDereferenceObject(Section);
}

KILN_TEST_ONCE(mm_system_view, session_views_are_unmapped_from_session_space)
{
    PVOID Section = object_of(section_create(0x10000, PAGE_READWRITE, SEC_RESERVE)), Base;
    LARGE_INTEGER Offset = {.QuadPart = 0};
    SIZE_T Bytes = 0;

    CHECK_EQ(MmMapViewInSessionSpace(Section, &Base, &Bytes), STATUS_SUCCESS);
    CHECK_EQ(Bytes, 0x10000);
    CHECK_EQ(MmCommitSessionMappedView((UCHAR *)Base + 0x10000, 1), STATUS_NOT_MAPPED_VIEW);
    CHECK_EQ(MmCommitSessionMappedView(Base, 0x1001), STATUS_SUCCESS);
    ((volatile UCHAR *)Base)[0x1FFF] = 1;
    CHECK_EQ(MmUnmapViewInSystemSpace(Base), STATUS_NOT_MAPPED_VIEW);
    CHECK_EQ(MmUnmapViewInSessionSpace(Base), STATUS_SUCCESS);
    CHECK_EQ(MmUnmapViewInSessionSpace(Base), STATUS_NOT_MAPPED_VIEW);
    CHECK_EQ(MmMapViewInSessionSpaceEx(Section, &Base, &Bytes, &Offset, 0), STATUS_SUCCESS);
    CHECK_EQ(((volatile UCHAR *)Base)[0x1FFF], 1);
    CHECK_EQ(MmUnmapViewInSessionSpace(Base), STATUS_SUCCESS);
    ObDereferenceObject(Section);
}

KILN_TEST_BUGCHECK(mm_system_view, an_unmapped_view_is_not_touched, PAGE_FAULT_IN_NONPAGED_AREA)
{
    PVOID Section = object_of(section_create(0x10000, PAGE_READWRITE, SEC_COMMIT)), Base;
    SIZE_T Bytes = 0;

    CHECK_EQ(MmMapViewInSystemSpace(Section, &Base, &Bytes), STATUS_SUCCESS);
    CHECK_EQ(MmUnmapViewInSystemSpace(Base), STATUS_SUCCESS);
    ((volatile UCHAR *)Base)[0] = 1;
}

KILN_TEST_ONCE(mm_system_view, its_pages_can_be_locked)
{
    PVOID Section = object_of(section_create(0x3000, PAGE_READWRITE, SEC_COMMIT)), Base;
    SIZE_T Bytes = 0;

    CHECK_EQ(MmMapViewInSystemSpace(Section, &Base, &Bytes), STATUS_SUCCESS);
    PMDL Mdl = IoAllocateMdl(Base, 0x3000, FALSE, FALSE, NULL);
    MmProbeAndLockPages(Mdl, KernelMode, IoWriteAccess);
    *((volatile UCHAR *)MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority) + 0x2000) = 2;
    CHECK_EQ(((volatile UCHAR *)Base)[0x2000], 2);
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
    CHECK_EQ(MmUnmapViewInSystemSpace(Base), STATUS_SUCCESS);
    ObDereferenceObject(Section);
}
