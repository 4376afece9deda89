/* SPDX-License-Identifier: MIT */
/* SEC_IMAGE: sections of PE files. */
#include "section_fs.h"
#include "host.h"
#include "pe.h"

static struct pe_image image;

/* The file becomes a test driver's. */
static void load_image(const char *name)
{
    char Path[512];
    const void *Data;
    uint64_t Bytes;
    SIZE_T At = 0;

    fs_start(0);
    for (const char *p = kiln_test_driver_dir(); *p; p++)
        Path[At++] = *p;
    Path[At++] = '/';
    do
        Path[At++] = *name;
    while (*name++);
    CHECK_EQ(host_read_file(Path, &Data, &Bytes), 0);
    CHECK(Bytes <= FS_BYTES);
    RtlCopyMemory(fs.data, Data, Bytes);
    fs.size = Bytes;
    host_free_file(Data, Bytes);
    CHECK_EQ(pe_parse(fs.data, fs.size, &image, NULL), 0);
}

static PVOID map_image(HANDLE section)
{
    PVOID Base = NULL;
    SIZE_T Bytes = 0;

    CHECK_EQ(section_map_at(section, &Base, NULL, &Bytes, 0, PAGE_READONLY), STATUS_IMAGE_NOT_AT_BASE);
    CHECK_EQ(Bytes, image.size_of_image);
    return Base;
}

KILN_TEST_ONCE(mm_section_image, sections_lie_where_the_headers_say)
{
    load_image("ldr_plain.sys");
    HANDLE File = fs_open(FILE_READ_DATA | FILE_EXECUTE), Section;
    MEMORY_BASIC_INFORMATION Info;

    CHECK_EQ(fs_section(File, 0, PAGE_EXECUTE_READ, SEC_IMAGE, &Section), STATUS_SUCCESS);
    UCHAR *Base = map_image(Section);
    CHECK_EQ(Base[0], 'M');
    for (unsigned I = 0; I < image.section_count; I++) {
        struct pe_section Part;
        pe_section(&image, I, &Part);
        for (ULONG At = 0; At < Part.size; At++)
            CHECK_EQ(Base[Part.rva + At], At < Part.raw_size ? fs.data[Part.raw_offset + At] : 0);
        CHECK_EQ(
            ZwQueryVirtualMemory(SELF, Base + Part.rva, MemoryBasicInformation, &Info, sizeof(Info), NULL),
            STATUS_SUCCESS);
        CHECK_EQ(Info.Type, MEM_IMAGE);
        CHECK_EQ(Info.Protect, Part.flags & PE_SCN_EXECUTE ? PAGE_EXECUTE_READ
                               : Part.flags & PE_SCN_WRITE ? PAGE_WRITECOPY
                                                           : PAGE_READONLY);
    }
    CHECK_EQ(fs.bad, 0);
    section_unmap(Base);
    ZwClose(Section);
    ZwClose(File);
    CHECK_EQ(fs.writes, 0);
}

KILN_TEST_ONCE(mm_section_image, writable_sections_are_copied_on_write)
{
    load_image("io_conform.sys");
    HANDLE File = fs_open(FILE_READ_DATA | FILE_EXECUTE), Section;
    struct pe_section Data;

    CHECK(pe_find_section(&image, ".data", &Data));
    CHECK_EQ(fs_section(File, 0, PAGE_EXECUTE_READ, SEC_IMAGE, &Section), STATUS_SUCCESS);
    UCHAR *First = map_image(Section), *Second = map_image(Section);
    UCHAR Was = First[Data.rva];
    First[Data.rva] = (UCHAR)(Was + 1);
    CHECK_EQ(First[Data.rva], (UCHAR)(Was + 1));
    CHECK_EQ(Second[Data.rva], Was);
    CHECK_EQ(section_try_write(First, 0), STATUS_ACCESS_VIOLATION); /* the headers */
    section_unmap(First);
    section_unmap(Second);
    ZwClose(Section);
    ZwClose(File);
}

KILN_TEST_ONCE(mm_section_image, a_protected_page_of_an_image_is_copied_when_made_writable)
{
    load_image("ldr_plain.sys");
    HANDLE File = fs_open(FILE_READ_DATA | FILE_EXECUTE), Section;
    SIZE_T Bytes = 0x1000;
    ULONG Old;

    CHECK_EQ(fs_section(File, 0, PAGE_EXECUTE_READ, SEC_IMAGE, &Section), STATUS_SUCCESS);
    UCHAR *First = map_image(Section), *Second = map_image(Section);
    PVOID At = First;
    CHECK_EQ(NtProtectVirtualMemory(SELF, &At, &Bytes, PAGE_READWRITE, &Old), STATUS_SUCCESS);
    CHECK_EQ(Old, PAGE_READONLY);
    First[2] = 0xAB;
    CHECK_EQ(First[2], 0xAB);
    CHECK_EQ(Second[2], fs.data[2]);
    section_unmap(First);
    section_unmap(Second);
    ZwClose(Section);
    ZwClose(File);
}

KILN_TEST_ONCE(mm_section_image, image_information_is_the_headers)
{
    load_image("ldr_plain.sys");
    HANDLE File = fs_open(FILE_READ_DATA | FILE_EXECUTE), Section;
    SECTION_IMAGE_INFORMATION Info;

    CHECK_EQ(fs_section(File, 0, PAGE_EXECUTE_READ, SEC_IMAGE, &Section), STATUS_SUCCESS);
    CHECK_EQ(ZwQuerySection(Section, SectionImageInformation, &Info, sizeof(Info), NULL), STATUS_SUCCESS);
    CHECK_EQ(Info.TransferAddress, image.image_base + image.entry);
    CHECK_EQ(Info.Machine, 0x8664);
    CHECK_EQ(Info.SubSystemType, PE_SUBSYSTEM_NATIVE);
    CHECK_EQ(Info.ImageCharacteristics, image.characteristics);
    CHECK_EQ(Info.DllCharacteristics, image.dll_characteristics);
    CHECK_EQ(Info.ImageFileSize, fs.size);
    CHECK_EQ(Info.CheckSum, image.checksum);
    CHECK(Info.ImageContainsCode);
    CHECK_EQ(Info.MaximumStackSize, 0x100000); /* what linkers write */
    ZwClose(Section);
    ZwClose(File);
}

KILN_TEST_ONCE(mm_section_image, bad_images_are_refused)
{
    load_image("ldr_plain.sys");
    HANDLE File = fs_open(FILE_READ_DATA | FILE_EXECUTE), Section;

    fs.data[0] = 'X';
    CHECK_EQ(fs_section(File, 0, PAGE_EXECUTE_READ, SEC_IMAGE, &Section), STATUS_INVALID_IMAGE_NOT_MZ);
    fs.data[0] = 'M';
    fs.data[image.nt_offset + 4] ^= 0x11; /* the machine */
    CHECK_EQ(fs_section(File, 0, PAGE_EXECUTE_READ, SEC_IMAGE, &Section), STATUS_INVALID_IMAGE_FORMAT);
    fs.data[image.nt_offset + 4] ^= 0x11;
    fs.fail_read = STATUS_FILE_LOCK_CONFLICT;
    CHECK_EQ(fs_section(File, 0, PAGE_EXECUTE_READ, SEC_IMAGE, &Section), STATUS_FILE_LOCK_CONFLICT);
    fs.fail_read = STATUS_SUCCESS;
    CHECK_EQ(fs_section(File, 0, PAGE_EXECUTE_READ, SEC_IMAGE | SEC_COMMIT, &Section),
             STATUS_INVALID_PARAMETER_6);
    fs.size = 0;
    CHECK_EQ(fs_section(File, 0, PAGE_EXECUTE_READ, SEC_IMAGE, &Section), STATUS_MAPPED_FILE_SIZE_ZERO);
    ZwClose(File);
    CHECK_EQ(fs.pointers.ImageSectionObject, NULL);
}

KILN_TEST_ONCE(mm_section_image, a_mapped_image_is_not_deleted_written_or_truncated)
{
    load_image("ldr_plain.sys");
    HANDLE File = fs_open(FILE_READ_DATA | FILE_EXECUTE), Section;
    LARGE_INTEGER More = {.QuadPart = FS_BYTES};

    CHECK(MmFlushImageSection(&fs.pointers, MmFlushForDelete));
    CHECK_EQ(fs_section(File, 0, PAGE_EXECUTE_READ, SEC_IMAGE, &Section), STATUS_SUCCESS);
    PVOID Base = map_image(Section);
    ZwClose(Section);
    CHECK(fs.pointers.ImageSectionObject != NULL);
    CHECK(!MmFlushImageSection(&fs.pointers, MmFlushForDelete));
    CHECK(!MmFlushImageSection(&fs.pointers, MmFlushForWrite));
    CHECK(!MmCanFileBeTruncated(&fs.pointers, &More));
    CHECK(!MmForceSectionClosed(&fs.pointers, TRUE));
    section_unmap(Base);
    CHECK(MmFlushImageSection(&fs.pointers, MmFlushForWrite));
    CHECK(MmForceSectionClosed(&fs.pointers, FALSE));
    ZwClose(File);
}

static struct {
    ULONG calls;
    HANDLE process;
    PVOID base, file;
    SIZE_T size;
    BOOLEAN named, passive, extended;
} loaded;

static VOID NTAPI image_loaded(PUNICODE_STRING name, HANDLE process, PIMAGE_INFO info)
{
    UNICODE_STRING Expected = RTL_CONSTANT_STRING(L"\\Device\\MmFs\\file");

    loaded.calls++;
    loaded.process = process;
    loaded.base = info->ImageBase;
    loaded.size = info->ImageSize;
    loaded.extended = info->ExtendedInfoPresent && !info->SystemModeImage;
    loaded.file = CONTAINING_RECORD(info, IMAGE_INFO_EX, ImageInfo)->FileObject;
    loaded.named = name && RtlEqualUnicodeString(name, &Expected, TRUE);
    loaded.passive = KiIrql() == PASSIVE_LEVEL;
}

KILN_TEST_ONCE(mm_section_image, mapping_an_image_is_notified)
{
    load_image("ldr_plain.sys");
    HANDLE File = fs_open(FILE_READ_DATA | FILE_EXECUTE), Section;
    MEMORY_BASIC_INFORMATION Info;
    PFILE_OBJECT Object;

    CHECK_EQ(ObReferenceObjectByHandle(File, 0, *IoFileObjectType, KernelMode, (PVOID *)&Object, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(PsSetLoadImageNotifyRoutine(image_loaded), STATUS_SUCCESS);
    CHECK_EQ(fs_section(File, 0, PAGE_EXECUTE_READ, SEC_IMAGE, &Section), STATUS_SUCCESS);
    CHECK_EQ(loaded.calls, 0);
    PVOID Base = map_image(Section);
    CHECK_EQ(loaded.calls, 1);
    CHECK_EQ(loaded.base, Base);
    CHECK_EQ(loaded.size, image.size_of_image);
    CHECK_EQ(loaded.process, PsGetCurrentProcessId());
    CHECK_EQ(loaded.file, Object);
    CHECK(loaded.named && loaded.passive && loaded.extended);
    section_unmap(Base);
    ZwClose(Section);
    CHECK_EQ(fs_section(File, 0, PAGE_READONLY, SEC_IMAGE_NO_EXECUTE, &Section), STATUS_SUCCESS);
    Base = map_image(Section);
    CHECK_EQ(loaded.calls, 1); /* as data */
    CHECK_EQ(ZwQueryVirtualMemory(SELF, (PUCHAR)Base + image.entry, MemoryBasicInformation, &Info,
                                  sizeof(Info), NULL),
             STATUS_SUCCESS);
    CHECK_EQ(Info.Protect, PAGE_READONLY);
    section_unmap(Base);
    ZwClose(Section);
    CHECK_EQ(PsRemoveLoadImageNotifyRoutine(image_loaded), STATUS_SUCCESS);
    ObDereferenceObject(Object);
    ZwClose(File);
}
