/* SPDX-License-Identifier: MIT */
/* Sections of files: sizes, paging, writing back, and what file systems ask. */
#include "section_fs.h"

#define BOTH (FILE_READ_DATA | FILE_WRITE_DATA)

KILN_TEST_ONCE(mm_section_file, a_view_reads_from_the_file_when_it_is_touched)
{
    fs_start(0x22345);
    HANDLE File = fs_open(FILE_READ_DATA), Section = fs_must_section(File, PAGE_READONLY);
    volatile UCHAR *Base = section_map(Section, PAGE_READONLY);

    CHECK_EQ(fs.reads, 0);
    CHECK_EQ(fs.acquired, 1);
    CHECK_EQ(fs.released, 1);
    CHECK_EQ(Base[0x1234], fs_byte(0x1234));
    CHECK_EQ(fs.reads, 1);
    CHECK_EQ(fs.last_offset, 0);
    CHECK_EQ(fs.last_length, 0x10000); /* with its neighbours */
    for (ULONG I = 0; I < 0x22345; I += 0x101)
        CHECK_EQ(Base[I], fs_byte(I));
    CHECK_EQ(fs.reads, 3);
    CHECK_EQ(fs.bad, 0);
    for (ULONG I = 0x22345; I < 0x23000; I++)
        CHECK_EQ(Base[I], 0); /* the rest of the last page */
    section_unmap((PVOID)Base);
    ZwClose(Section);
    ZwClose(File);
    CHECK_EQ(fs.closes, 1);
    CHECK_EQ(fs.pointers.DataSectionObject, NULL);
    CHECK_EQ(fs.writes, 0);
}

KILN_TEST_ONCE(mm_section_file, sizes_are_checked_against_the_file)
{
    fs_start(0x1800);
    HANDLE ReadOnly = fs_open(FILE_READ_DATA), File = fs_open(BOTH), Section;
    SECTION_BASIC_INFORMATION Info;

    CHECK_EQ(fs_section(ReadOnly, 0x1801, PAGE_READONLY, SEC_COMMIT, &Section), STATUS_SECTION_TOO_BIG);
    CHECK_EQ(fs_section(ReadOnly, 0x1801, PAGE_WRITECOPY, SEC_COMMIT, &Section), STATUS_SECTION_TOO_BIG);
    CHECK_EQ(fs_section(File, 0x3001, PAGE_READWRITE, SEC_COMMIT, &Section), STATUS_SUCCESS);
    CHECK_EQ(fs.size, 0x3001); /* a writable section extends the file */
    CHECK_EQ(ZwQuerySection(Section, SectionBasicInformation, &Info, sizeof(Info), NULL), STATUS_SUCCESS);
    CHECK_EQ(Info.MaximumSize.QuadPart, 0x3001);
    CHECK(Info.AllocationAttributes & SEC_FILE);
    ZwClose(Section);
    CHECK_EQ(fs_section(File, FS_BYTES + 1, PAGE_READWRITE, SEC_COMMIT, &Section), STATUS_DISK_FULL);
    CHECK_EQ(fs_section(File, 1ULL << 50, PAGE_READWRITE, SEC_COMMIT, &Section), STATUS_SECTION_TOO_BIG);
    fs.size = 0;
    CHECK_EQ(fs_section(File, 0, PAGE_READWRITE, SEC_COMMIT, &Section), STATUS_MAPPED_FILE_SIZE_ZERO);
    ZwClose(File);
    ZwClose(ReadOnly);
    CHECK_EQ(fs.acquired, fs.released);
}

KILN_TEST_ONCE(mm_section_file, the_handles_access_limits_the_section)
{
    fs_start(0x1000);
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\MmFs\\file");
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Io;
    HANDLE File, *Slot = section_user_slot(NULL);
    NTSTATUS Write, Copy, Execute;

    InitializeObjectAttributes(&Attributes, &Name, 0, NULL, NULL);
    CHECK_EQ(ZwOpenFile(&File, FILE_READ_DATA | SYNCHRONIZE, &Attributes, &Io, FILE_SHARE_READ, 0),
             STATUS_SUCCESS);
    KiThread()->PreviousMode = UserMode;
    Write = NtCreateSection(Slot, SECTION_ALL_ACCESS, NULL, NULL, PAGE_READWRITE, SEC_COMMIT, File);
    Execute = NtCreateSection(Slot, SECTION_ALL_ACCESS, NULL, NULL, PAGE_EXECUTE_READ, SEC_COMMIT, File);
    Copy = NtCreateSection(Slot, SECTION_ALL_ACCESS, NULL, NULL, PAGE_WRITECOPY, SEC_COMMIT, File);
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(Write, STATUS_ACCESS_DENIED);
    CHECK_EQ(Execute, STATUS_ACCESS_DENIED);
    CHECK_EQ(Copy, STATUS_SUCCESS); /* it never writes the file */
    ZwClose(*Slot);
    ZwClose(File);
}

KILN_TEST_ONCE(mm_section_file, files_without_sections_are_refused)
{
    fs_start(0x1000);
    fs.no_sections = TRUE;
    HANDLE File = fs_open(FILE_READ_DATA), Section;

    CHECK_EQ(fs_section(File, 0, PAGE_READONLY, SEC_COMMIT, &Section), STATUS_INVALID_FILE_FOR_SECTION);
    CHECK_EQ(fs_section(File, 0, PAGE_READONLY, SEC_IMAGE, &Section), STATUS_INVALID_FILE_FOR_SECTION);
    ZwClose(File);
    fs.no_sections = FALSE;
    File = fs_open(FILE_READ_DATA);
    fs.fail_query = STATUS_INVALID_DEVICE_REQUEST;
    CHECK_EQ(fs_section(File, 0, PAGE_READONLY, SEC_COMMIT, &Section), STATUS_INVALID_FILE_FOR_SECTION);
    fs.fail_query = STATUS_FILE_LOCK_CONFLICT; /* what the file system says is what the caller gets */
    CHECK_EQ(fs_section(File, 0, PAGE_READONLY, SEC_COMMIT, &Section), STATUS_FILE_LOCK_CONFLICT);
    CHECK_EQ(fs_section((HANDLE)0x7770, 0, PAGE_READONLY, SEC_COMMIT, &Section), STATUS_INVALID_HANDLE);
    ZwClose(File);
    CHECK_EQ(fs.pointers.DataSectionObject, NULL);
}

KILN_TEST_ONCE(mm_section_file, every_section_of_a_file_shows_the_same_pages)
{
    fs_start(0x8000);
    HANDLE First = fs_open(BOTH), Second = fs_open(FILE_READ_DATA);
    HANDLE Writer = fs_must_section(First, PAGE_READWRITE), Reader = fs_must_section(Second, PAGE_READONLY);
    volatile UCHAR *Write = section_map(Writer, PAGE_READWRITE), *Read = section_map(Reader, PAGE_READONLY);

    CHECK_EQ(Read[0x4000], fs_byte(0x4000));
    Write[0x4000] = 0xEE;
    CHECK_EQ(Read[0x4000], 0xEE);
    CHECK_EQ(fs.data[0x4000], fs_byte(0x4000)); /* not written yet */
    section_unmap((PVOID)Write);
    ZwClose(Writer);
    ZwClose(First);
    CHECK_EQ(Read[0x4000], 0xEE);
    section_unmap((PVOID)Read);
    ZwClose(Reader);
    CHECK_EQ(fs.data[0x4000], 0xEE); /* the last one wrote it back */
    CHECK_EQ(fs.writes, 1);
    CHECK_EQ(fs.last_offset, 0x4000);
    CHECK_EQ(fs.last_length, 0x1000);
    CHECK_EQ(fs.bad, 0);
    ZwClose(Second);
    CHECK_EQ(fs.closes, 2);
}

KILN_TEST_ONCE(mm_section_file, flushing_writes_what_was_modified_since)
{
    fs_start(0x20000);
    HANDLE File = fs_open(BOTH), Section = fs_must_section(File, PAGE_READWRITE);
    UCHAR *Base = section_map(Section, PAGE_READWRITE);
    IO_STATUS_BLOCK Io = {0};
    PVOID At = Base + 0x3123;
    SIZE_T Bytes = 0x1000;

    Base[0x3000] = 1;
    Base[0x4000] = 2;
    Base[0x9000] = 3;
    CHECK_EQ(ZwFlushVirtualMemory(SELF, &At, &Bytes, &Io), STATUS_SUCCESS);
    CHECK_EQ(At, Base + 0x3000);
    CHECK_EQ(Bytes, 0x2000);
    CHECK_EQ(Io.Status, STATUS_SUCCESS);
    CHECK_EQ(Io.Information, 0x2000);
    CHECK_EQ(fs.writes, 1);
    CHECK_EQ(fs.data[0x3000], 1);
    CHECK_EQ(fs.data[0x4000], 2);
    CHECK_EQ(fs.data[0x9000], fs_byte(0x9000));
    CHECK_EQ(ZwFlushVirtualMemory(SELF, &At, &Bytes, &Io), STATUS_SUCCESS);
    CHECK_EQ(fs.writes, 1); /* clean */
    Base[0x3001] = 7;       /* noticed again */
    At = Base;
    Bytes = 0;
    CHECK_EQ(ZwFlushVirtualMemory(SELF, &At, &Bytes, &Io), STATUS_SUCCESS);
    CHECK_EQ(Bytes, 0x20000);
    CHECK_EQ(fs.data[0x3001], 7);
    CHECK_EQ(fs.data[0x9000], 3);
    At = Base + 0x20000;
    CHECK_EQ(ZwFlushVirtualMemory(SELF, &At, &Bytes, &Io), STATUS_NOT_MAPPED_VIEW);
    At = Base;
    Bytes = 0x21000;
    CHECK_EQ(ZwFlushVirtualMemory(SELF, &At, &Bytes, &Io), STATUS_INVALID_PARAMETER_2);
    section_unmap(Base);
    ZwClose(Section);
    ZwClose(File);
}

KILN_TEST_ONCE(mm_section_file, a_failed_write_leaves_pages_modified)
{
    fs_start(0x2000);
    HANDLE File = fs_open(BOTH), Section = fs_must_section(File, PAGE_READWRITE);
    UCHAR *Base = section_map(Section, PAGE_READWRITE);
    IO_STATUS_BLOCK Io;
    PVOID At = Base;
    SIZE_T Bytes = 0;

    Base[1] = 0x11;
    fs.fail_write = STATUS_FILE_LOCK_CONFLICT;
    CHECK_EQ(ZwFlushVirtualMemory(SELF, &At, &Bytes, &Io), STATUS_FILE_LOCK_CONFLICT);
    CHECK_EQ(Io.Status, STATUS_FILE_LOCK_CONFLICT);
    fs.fail_write = STATUS_SUCCESS;
    CHECK_EQ(ZwFlushVirtualMemory(SELF, &At, &Bytes, &Io), STATUS_SUCCESS);
    CHECK_EQ(fs.data[1], 0x11);
    section_unmap(Base);
    ZwClose(Section);
    ZwClose(File);
}

KILN_TEST_ONCE(mm_section_file, writes_to_a_writecopy_view_never_reach_the_file)
{
    fs_start(0x2000);
    HANDLE File = fs_open(FILE_READ_DATA), Section = fs_must_section(File, PAGE_WRITECOPY);
    volatile UCHAR *Copy = section_map(Section, PAGE_WRITECOPY);

    Copy[0x1000] = 0x99;
    CHECK_EQ(Copy[0x1000], 0x99);
    CHECK_EQ(Copy[0x1001], fs_byte(0x1001));
    section_unmap((PVOID)Copy);
    ZwClose(Section);
    ZwClose(File);
    CHECK_EQ(fs.writes, 0);
    CHECK_EQ(fs.data[0x1000], fs_byte(0x1000));
}

static void touch_reported(void *context)
{
    (void)*(volatile UCHAR *)context;
}

KILN_TEST_ONCE(mm_section_file, a_failed_read_is_an_in_page_error)
{
    fs_start(0x2000);
    HANDLE File = fs_open(FILE_READ_DATA), Section = fs_must_section(File, PAGE_READONLY);
    PVOID Base = section_map(Section, PAGE_READONLY);
    EXCEPTION_RECORD Record;
    UCHAR Value;

    fs.fail_read = STATUS_DEVICE_DATA_ERROR;
    CHECK_EQ(KeTryCallEx(touch_reported, (PUCHAR)Base + 0x1100, &Record), STATUS_IN_PAGE_ERROR);
    CHECK_EQ(Record.NumberParameters, 3);
    CHECK_EQ(Record.ExceptionInformation[0], 0); /* a read */
    CHECK_EQ(Record.ExceptionInformation[1], (ULONG_PTR)Base + 0x1100);
    CHECK_EQ((NTSTATUS)Record.ExceptionInformation[2], STATUS_DEVICE_DATA_ERROR);
    CHECK_EQ(KiCopyFromUser(&Value, Base, 1), STATUS_IN_PAGE_ERROR);
    fs.fail_read = STATUS_SUCCESS; /* the next touch tries again */
    CHECK_EQ(section_try_read((PUCHAR)Base + 0x1100, &Value), STATUS_SUCCESS);
    CHECK_EQ(Value, fs_byte(0x1100));
    section_unmap(Base);
    ZwClose(Section);
    ZwClose(File);
}

static void lock_for_read(void *context)
{
    MmProbeAndLockPages(context, UserMode, IoReadAccess);
}

KILN_TEST_ONCE(mm_section_file, locking_pages_of_a_file_reads_them_and_marks_them_modified)
{
    fs_start(0x4000);
    HANDLE File = fs_open(BOTH), Section = fs_must_section(File, PAGE_READWRITE);
    UCHAR *Base = section_map(Section, PAGE_READWRITE);
    PMDL Mdl = IoAllocateMdl(Base + 0x1000, 0x1000, FALSE, FALSE, NULL);
    IO_STATUS_BLOCK Io;
    PVOID At = Base;
    SIZE_T Bytes = 0;

    fs.fail_read = STATUS_DEVICE_DATA_ERROR;
    CHECK_EQ(KeTryCall(lock_for_read, Mdl), STATUS_IN_PAGE_ERROR);
    fs.fail_read = STATUS_SUCCESS;
    MmProbeAndLockPages(Mdl, UserMode, IoWriteAccess);
    UCHAR *System = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    CHECK_EQ(System[5], fs_byte(0x1005));
    CHECK_EQ(ZwFlushVirtualMemory(SELF, &At, &Bytes, &Io), STATUS_SUCCESS);
    System[5] = 0x77; /* a device writes, after the flush: no store is seen by anybody */
    CHECK(!MmFlushImageSection(&fs.pointers, MmFlushForDelete));
    CHECK(MmFlushImageSection(&fs.pointers, MmFlushForWrite));
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
    CHECK(MmFlushImageSection(&fs.pointers, MmFlushForDelete));
    section_unmap(Base);
    ZwClose(Section);
    CHECK_EQ(fs.data[0x1005], 0x77);
    ZwClose(File);
}

KILN_TEST_ONCE(mm_section_file, truncation_is_refused_while_the_file_is_mapped)
{
    fs_start(0x8000);
    HANDLE File = fs_open(BOTH), Section;
    LARGE_INTEGER Half = {.QuadPart = 0x4000}, More = {.QuadPart = 0x9000};

    CHECK(MmCanFileBeTruncated(&fs.pointers, NULL));
    Section = fs_must_section(File, PAGE_READWRITE);
    CHECK(!MmCanFileBeTruncated(&fs.pointers, NULL));
    CHECK(!MmCanFileBeTruncated(&fs.pointers, &Half));
    CHECK(MmCanFileBeTruncated(&fs.pointers, &More)); /* that is no truncation */
    CHECK(!MmForceSectionClosed(&fs.pointers, TRUE));
    CHECK(!MmForceSectionClosedEx(&fs.pointers, MM_FORCE_CLOSED_DATA));
    CHECK(MmForceSectionClosedEx(&fs.pointers, MM_FORCE_CLOSED_IMAGE));
    ZwClose(Section);
    CHECK(MmCanFileBeTruncated(&fs.pointers, NULL));
    CHECK(MmForceSectionClosed(&fs.pointers, FALSE));
    ZwClose(File);
}

KILN_TEST_ONCE(mm_section_file, a_section_without_users_is_truncated_outside_of_its_views)
{
    fs_start(0x30000);
    HANDLE File = fs_open(BOTH);
    LARGE_INTEGER Size = {.QuadPart = 0x30000}, Offset = {.QuadPart = 0}, NewSize = {.QuadPart = 0x8000},
                  Part = {.QuadPart = 0x18000};
    PFILE_OBJECT Object;
    PVOID Section, Base, Again;
    SIZE_T Bytes = 0x10000, Whole = 0;

    CHECK_EQ(ObReferenceObjectByHandle(File, 0, *IoFileObjectType, KernelMode, (PVOID *)&Object, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(
        MmCreateSection(&Section, SECTION_ALL_ACCESS, NULL, &Size, PAGE_READWRITE, SEC_COMMIT, NULL, Object),
        STATUS_SUCCESS);
    CHECK_EQ(MmMapViewInSystemSpace(Section, &Again, &Whole), STATUS_SUCCESS);
    CHECK_EQ(((volatile UCHAR *)Again)[0x19000], fs_byte(0x19000));
    CHECK(!MmCanFileBeTruncated(&fs.pointers, &Part));
    CHECK_EQ(MmUnmapViewInSystemSpace(Again), STATUS_SUCCESS);
    CHECK_EQ(MmMapViewInSystemSpaceEx(Section, &Base, &Bytes, &Offset, 0), STATUS_SUCCESS);
    CHECK(!MmCanFileBeTruncated(&fs.pointers, &NewSize)); /* the view reaches beyond */
    CHECK(MmCanFileBeTruncated(&fs.pointers, &Part));
    fs.data[0x19000] = 0x55; /* pages beyond are read anew */
    Whole = 0;
    CHECK_EQ(MmMapViewInSystemSpace(Section, &Again, &Whole), STATUS_SUCCESS);
    CHECK_EQ(((volatile UCHAR *)Again)[0x19000], 0x55);
    CHECK_EQ(MmUnmapViewInSystemSpace(Again), STATUS_SUCCESS);
    CHECK_EQ(MmUnmapViewInSystemSpace(Base), STATUS_SUCCESS);
    ObDereferenceObject(Section);
    ObDereferenceObject(Object);
    ZwClose(File);
}

KILN_TEST_ONCE(mm_section_file, writable_references_are_counted)
{
    fs_start(0x2000);
    HANDLE Reader = fs_open(FILE_READ_DATA), Writer, Section;

    CHECK_EQ(MmDoesFileHaveUserWritableReferences(&fs.pointers), 0);
    Writer = fs_open(BOTH);
    CHECK_EQ(MmDoesFileHaveUserWritableReferences(&fs.pointers), 1);
    Section = fs_must_section(Writer, PAGE_READWRITE);
    CHECK_EQ(MmDoesFileHaveUserWritableReferences(&fs.pointers), 2);
    ZwClose(Writer);
    CHECK_EQ(MmDoesFileHaveUserWritableReferences(&fs.pointers), 1);
    PVOID Base = section_map(Section, PAGE_READWRITE);
    CHECK_EQ(MmDoesFileHaveUserWritableReferences(&fs.pointers), 2);
    PMDL Mdl = IoAllocateMdl(Base, 1, FALSE, FALSE, NULL);
    MmProbeAndLockPages(Mdl, UserMode, IoWriteAccess);
    CHECK_EQ(MmDoesFileHaveUserWritableReferences(&fs.pointers), 3);
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
    section_unmap(Base);
    ZwClose(Section);
    CHECK_EQ(MmDoesFileHaveUserWritableReferences(&fs.pointers), 0);
    ZwClose(Reader);
}

KILN_TEST_ONCE(mm_section_file, a_system_range_can_be_marked_modified)
{
    fs_start(0x4000);
    HANDLE File = fs_open(BOTH), Handle = fs_must_section(File, PAGE_READWRITE);
    PVOID Section, Base;
    SIZE_T Bytes = 0;

    CHECK_EQ(ObReferenceObjectByHandle(Handle, 0, *MmSectionObjectType, KernelMode, &Section, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(MmMapViewInSystemSpace(Section, &Base, &Bytes), STATUS_SUCCESS);
    CHECK(!MmSetAddressRangeModified(Base, 0x4000)); /* nothing is valid yet */
    (void)*(volatile UCHAR *)Base;
    CHECK(MmSetAddressRangeModified(Base, 1));
    CHECK(!MmSetAddressRangeModified(&Bytes, 8));
    CHECK_EQ(MmUnmapViewInSystemSpace(Base), STATUS_SUCCESS);
    ObDereferenceObject(Section);
    ZwClose(Handle);
    CHECK_EQ(fs.writes, 1);
    CHECK_EQ(fs.last_length, 0x1000);
    ZwClose(File);
}

KILN_TEST_ONCE(mm_section_file, the_largest_file_section_is_told)
{
    fs_start(0x1000);
    HANDLE File = fs_open(BOTH), Section;

    CHECK(MmGetMaximumFileSectionSize() >= 0x100000000);
    CHECK_EQ(fs_section(File, MmGetMaximumFileSectionSize() + 1, PAGE_READWRITE, SEC_COMMIT, &Section),
             STATUS_SECTION_TOO_BIG);
    ZwClose(File);
}

KILN_TEST_ONCE(mm_section_file, prefetching_reads_and_does_not_map)
{
    fs_start(0x30000);
    HANDLE File = fs_open(FILE_READ_DATA), Section;
    READ_LIST List = {.NumberOfEntries = 1, .List = {{.Alignment = 0x10000}}};
    PREAD_LIST Lists[] = {&List};
    MEMORY_RANGE_ENTRY Range = {.NumberOfBytes = 0x1000};
    ULONG Zero = 0;

    CHECK_EQ(
        ObReferenceObjectByHandle(File, 0, *IoFileObjectType, KernelMode, (PVOID *)&List.FileObject, NULL),
        STATUS_SUCCESS);
    CHECK_EQ(MmPrefetchPages(0, Lists), STATUS_INVALID_PARAMETER_1);
    CHECK_EQ(MmPrefetchPages(1, Lists), STATUS_INVALID_PARAMETER_1); /* the section must exist */
    Section = fs_must_section(File, PAGE_READONLY);
    UCHAR *Base = section_map(Section, PAGE_READONLY);
    CHECK_EQ(MmPrefetchPages(1, Lists), STATUS_SUCCESS);
    CHECK_EQ(fs.reads, 1);
    CHECK_EQ(fs.last_offset, 0x10000);
    CHECK(!MmIsAddressValid(Base + 0x10000));
    CHECK_EQ(MmPrefetchPages(1, Lists), STATUS_SUCCESS);
    CHECK_EQ(fs.reads, 1);
    Range.VirtualAddress = Base + 0x20000;
    CHECK_EQ(ZwSetInformationVirtualMemory(SELF, VmPrefetchInformation, 1, &Range, &Zero, sizeof(Zero)),
             STATUS_SUCCESS);
    CHECK_EQ(fs.reads, 2);
    CHECK_EQ(fs.last_offset, 0x20000);
    CHECK_EQ(Base[0x10000], fs_byte(0x10000));
    CHECK_EQ(Base[0x20000], fs_byte(0x20000));
    CHECK_EQ(fs.reads, 2);
    CHECK_EQ(ZwSetInformationVirtualMemory(SELF, VmPagePriorityInformation, 1, &Range, &Zero, sizeof(Zero)),
             STATUS_INVALID_PARAMETER_2);
    CHECK_EQ(ZwSetInformationVirtualMemory(SELF, VmPrefetchInformation, 0, &Range, &Zero, sizeof(Zero)),
             STATUS_INVALID_PARAMETER_3);
    CHECK_EQ(ZwSetInformationVirtualMemory(SELF, VmPrefetchInformation, 1, &Range, &Zero, 2),
             STATUS_INVALID_PARAMETER_6);
    Zero = 1;
    CHECK_EQ(ZwSetInformationVirtualMemory(SELF, VmPrefetchInformation, 1, &Range, &Zero, sizeof(Zero)),
             STATUS_INVALID_PARAMETER_5);
    section_unmap(Base);
    ObDereferenceObject(List.FileObject);
    ZwClose(Section);
    ZwClose(File);
}

KILN_TEST_ONCE(mm_section_file, a_reserving_view_may_be_longer_than_the_file)
{
    fs_start(0x1000);
    HANDLE File = fs_open(BOTH), Section = fs_must_section(File, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION Info;
    PVOID Base = NULL;
    SIZE_T Bytes = 0x20000;
    UCHAR Value;

    CHECK_EQ(section_map_at(Section, &Base, NULL, &Bytes, MEM_RESERVE, PAGE_READWRITE), STATUS_SUCCESS);
    CHECK_EQ(Bytes, 0x20000);
    CHECK_EQ(section_try_read(Base, &Value), STATUS_SUCCESS);
    CHECK_EQ(section_try_read((PUCHAR)Base + 0x1000, &Value), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(
        ZwQueryVirtualMemory(SELF, (PUCHAR)Base + 0x1000, MemoryBasicInformation, &Info, sizeof(Info), NULL),
        STATUS_SUCCESS);
    CHECK_EQ(Info.State, MEM_RESERVE);
    CHECK_EQ(Info.AllocationBase, Base);
    section_unmap(Base);
    ZwClose(Section);
    ZwClose(File);
}

/* ---------------------------------------------------------------- races */

static HANDLE race_section;
static UCHAR *race_base;
static volatile LONG race_wrong;

static VOID NTAPI reader(PVOID context)
{
    for (ULONG I = 0; I < 0x40000; I += 0x1000)
        if (race_base[I + 7] != fs_byte(I + 7))
            InterlockedIncrement(&race_wrong);
}

static VOID NTAPI cycler(PVOID context)
{
    for (int I = 0; I < 6; I++) {
        HANDLE File = fs_open(BOTH), Section = fs_must_section(File, PAGE_READWRITE);
        volatile UCHAR *Base = section_map(Section, PAGE_READWRITE);
        section_increment((volatile LONG *)(Base + 0x50000));
        section_unmap((PVOID)Base);
        ZwClose(Section);
        ZwClose(File);
    }
}

static void run_threads(PKSTART_ROUTINE routine, int count)
{
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Threads[4];
    PVOID Thread;

    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    for (int I = 0; I < count; I++)
        CHECK_EQ(PsCreateSystemThread(&Threads[I], THREAD_ALL_ACCESS, &Attributes, NULL, NULL, routine, NULL),
                 STATUS_SUCCESS);
    for (int I = 0; I < count; I++) {
        CHECK_EQ(ObReferenceObjectByHandle(Threads[I], SYNCHRONIZE, *PsThreadType, KernelMode, &Thread, NULL),
                 STATUS_SUCCESS);
        KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Thread);
        ZwClose(Threads[I]);
    }
}

KILN_TEST(mm_section_file, a_page_in_transition_is_read_once)
{
    fs_start(0x40000);
    fs.slow = TRUE;
    HANDLE File = fs_open(FILE_READ_DATA);
    race_section = fs_must_section(File, PAGE_READONLY);
    race_base = section_map(race_section, PAGE_READONLY);
    run_threads(reader, 3);
    CHECK_EQ(race_wrong, 0);
    CHECK_EQ(fs.reads, 4); /* a cluster at a time, whoever asks */
    section_unmap(race_base);
    ZwClose(race_section);
    ZwClose(File);
}

KILN_TEST(mm_section_file, sections_come_and_go_while_others_are_written_back)
{
    fs_start(0x51000);
    RtlZeroMemory(fs.data + 0x50000, 0x1000);
    fs.slow = TRUE;
    run_threads(cycler, 3);                     /* in the System process */
    CHECK_EQ(*(LONG *)(fs.data + 0x50000), 18); /* no increment was lost between two areas of the file */
    CHECK_EQ(fs.pointers.DataSectionObject, NULL);
    CHECK_EQ(fs.bad, 0);
}

static HANDLE other_section;

/* Another section's view takes the place of the one that is being read. */
static VOID NTAPI replacer(PVOID context)
{
    PVOID Base = race_base;
    SIZE_T Bytes = 0;

    CHECK_EQ(ZwUnmapViewOfSection(context, Base), STATUS_SUCCESS);
    CHECK_EQ(
        ZwMapViewOfSection(other_section, context, &Base, 0, 0, NULL, &Bytes, ViewUnmap, 0, PAGE_READWRITE),
        STATUS_SUCCESS);
}

KILN_TEST(mm_section_file, a_view_may_be_replaced_while_it_is_read)
{
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Thread, Process;
    PVOID Object;
    UCHAR Value;

    fs_start(0x1000);
    fs.slow = TRUE;
    HANDLE File = fs_open(FILE_READ_DATA);
    race_section = fs_must_section(File, PAGE_READONLY);
    other_section = section_create(0x1000, PAGE_READWRITE, SEC_COMMIT);
    race_base = section_map(race_section, PAGE_READONLY);
    CHECK_EQ(ObOpenObjectByPointer(PsGetCurrentProcess(), OBJ_KERNEL_HANDLE, NULL, 8, *PsProcessType,
                                   KernelMode, &Process),
             STATUS_SUCCESS);
    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, &Attributes, NULL, NULL, replacer, Process),
             STATUS_SUCCESS);
    NTSTATUS Status = section_try_read(race_base + 5, &Value); /* of the file, of the other, or of nothing */
    CHECK(Status == STATUS_ACCESS_VIOLATION ||
          (Status == STATUS_SUCCESS && (Value == fs_byte(5) || Value == 0)));
    CHECK_EQ(ObReferenceObjectByHandle(Thread, SYNCHRONIZE, *PsThreadType, KernelMode, &Object, NULL),
             STATUS_SUCCESS);
    KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Object);
    race_base[5] = 9;
    CHECK_EQ(race_base[5], 9);
    section_unmap(race_base);
    ZwClose(Thread);
    ZwClose(Process);
    ZwClose(race_section);
    ZwClose(other_section);
    ZwClose(File);
    CHECK_EQ(fs.writes, 0);
}
