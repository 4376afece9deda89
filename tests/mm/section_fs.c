/* SPDX-License-Identifier: MIT */
#include "section_fs.h"
#include "iop.h"

struct section_fs fs;

static struct {
    KTIMER timer;
    KDPC dpc;
    PIRP irp;
    NTSTATUS status;
    ULONG_PTR information;
} pending[8];
static FAST_IO_DISPATCH fast_io;

static NTSTATUS finish(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static VOID NTAPI later(PKDPC dpc, PVOID context, PVOID one, PVOID two)
{
    ULONG I = (ULONG)(ULONG_PTR)context;
    PIRP Irp = pending[I].irp;
    NTSTATUS Status = pending[I].status;
    ULONG_PTR Information = pending[I].information;

    __atomic_store_n(&pending[I].irp, NULL, __ATOMIC_RELEASE);
    finish(Irp, Status, Information);
}

static NTSTATUS answer(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    LARGE_INTEGER Due = {.QuadPart = -1000};

    for (ULONG I = 0; fs.slow && I < RTL_NUMBER_OF(pending); I++) {
        PIRP None = NULL;
        if (!__atomic_compare_exchange_n(&pending[I].irp, &None, irp, FALSE, __ATOMIC_ACQ_REL,
                                         __ATOMIC_RELAXED))
            continue;
        pending[I].status = status;
        pending[I].information = information;
        IoMarkIrpPending(irp);
        KeInitializeTimer(&pending[I].timer);
        KeInitializeDpc(&pending[I].dpc, later, (PVOID)(ULONG_PTR)I);
        KeSetTimer(&pending[I].timer, Due, &pending[I].dpc);
        return STATUS_PENDING;
    }
    return finish(irp, status, information);
}

/* What every paging request looks like. */
static void check_paging(PIRP irp, PIO_STACK_LOCATION sp)
{
    const ULONG flags = IRP_PAGING_IO | IRP_NOCACHE;

    if ((irp->Flags & flags) != flags || !irp->MdlAddress ||
        !(irp->MdlAddress->MdlFlags & MDL_PAGES_LOCKED) || sp->Parameters.Read.Length % 512 ||
        sp->Parameters.Read.ByteOffset.QuadPart % 512 || KiIrql() > APC_LEVEL)
        InterlockedIncrement(&fs.bad);
    fs.last_offset = (ULONG64)sp->Parameters.Read.ByteOffset.QuadPart;
    fs.last_length = sp->Parameters.Read.Length;
}

static NTSTATUS transfer(PIRP irp, PIO_STACK_LOCATION sp, BOOLEAN write)
{
    ULONG64 Offset = (ULONG64)sp->Parameters.Read.ByteOffset.QuadPart, Bytes = sp->Parameters.Read.Length;
    NTSTATUS Fail = write ? fs.fail_write : fs.fail_read;
    UCHAR *Buffer = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority);

    InterlockedIncrement(write ? &fs.writes : &fs.reads);
    check_paging(irp, sp);
    if (fs.touch)
        (void)*(volatile UCHAR *)fs.touch;
    if (!NT_SUCCESS(Fail))
        return answer(irp, Fail, 0);
    if (Offset >= fs.size)
        return answer(irp, STATUS_END_OF_FILE, 0);
    if (Bytes > fs.size - Offset)
        Bytes = fs.size - Offset; /* a paging write does not extend the file */
    if (write)
        RtlCopyMemory(fs.data + Offset, Buffer, (SIZE_T)Bytes);
    else
        RtlCopyMemory(Buffer, fs.data + Offset, (SIZE_T)Bytes);
    if (!write) /* what a disk has behind the end of the file */
        RtlFillMemory(Buffer + Bytes, (SIZE_T)(sp->Parameters.Read.Length - Bytes), 0xCC);
    return answer(irp, STATUS_SUCCESS, (ULONG_PTR)Bytes);
}

static NTSTATUS create(PIRP irp, PIO_STACK_LOCATION sp)
{
    ACCESS_MASK Access = sp->Parameters.Create.SecurityContext->DesiredAccess;

    if (!fs.no_sections)
        sp->FileObject->SectionObjectPointer = &fs.pointers;
    sp->FileObject->ReadAccess = (Access & FILE_READ_DATA) != 0;
    sp->FileObject->WriteAccess = (Access & FILE_WRITE_DATA) != 0;
    return finish(irp, STATUS_SUCCESS, FILE_OPENED);
}

static NTSTATUS query(PIRP irp, PIO_STACK_LOCATION sp)
{
    PFILE_STANDARD_INFORMATION Info = irp->AssociatedIrp.SystemBuffer;

    if (!NT_SUCCESS(fs.fail_query))
        return finish(irp, fs.fail_query, 0);
    if (sp->Parameters.QueryFile.FileInformationClass != FileStandardInformation)
        return finish(irp, STATUS_INVALID_PARAMETER, 0);
    RtlZeroMemory(Info, sizeof(*Info));
    Info->EndOfFile.QuadPart = (LONGLONG)fs.size;
    return finish(irp, STATUS_SUCCESS, sizeof(*Info));
}

static NTSTATUS set(PIRP irp, PIO_STACK_LOCATION sp)
{
    PFILE_END_OF_FILE_INFORMATION Info = irp->AssociatedIrp.SystemBuffer;

    if (!NT_SUCCESS(fs.fail_set))
        return finish(irp, fs.fail_set, 0);
    if (sp->Parameters.SetFile.FileInformationClass != FileEndOfFileInformation ||
        Info->EndOfFile.QuadPart > FS_BYTES)
        return finish(irp, STATUS_DISK_FULL, 0);
    fs.size = (ULONG64)Info->EndOfFile.QuadPart;
    return finish(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);

    switch (sp->MajorFunction) {
    case IRP_MJ_CREATE:
        return create(irp, sp);
    case IRP_MJ_READ:
        return transfer(irp, sp, FALSE);
    case IRP_MJ_WRITE:
        return transfer(irp, sp, TRUE);
    case IRP_MJ_QUERY_INFORMATION:
        return query(irp, sp);
    case IRP_MJ_SET_INFORMATION:
        return set(irp, sp);
    case IRP_MJ_CLOSE:
        InterlockedIncrement(&fs.closes);
        return finish(irp, STATUS_SUCCESS, 0);
    default:
        return finish(irp, STATUS_SUCCESS, 0);
    }
}

static VOID NTAPI acquire(PFILE_OBJECT file)
{
    InterlockedIncrement(&fs.acquired);
}

static VOID NTAPI release(PFILE_OBJECT file)
{
    InterlockedIncrement(&fs.released);
}

static NTSTATUS NTAPI driver_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\MmFs");
    PDEVICE_OBJECT Device;

    for (int I = 0; I <= IRP_MJ_MAXIMUM_FUNCTION; I++)
        driver->MajorFunction[I] = dispatch;
    fast_io.SizeOfFastIoDispatch = sizeof(fast_io);
    fast_io.AcquireFileForNtCreateSection = acquire;
    fast_io.ReleaseFileForNtCreateSection = release;
    driver->FastIoDispatch = &fast_io;
    CHECK_EQ(IoCreateDevice(driver, 0, &Name, FILE_DEVICE_DISK_FILE_SYSTEM, 0, FALSE, &Device),
             STATUS_SUCCESS);
    Device->Flags |= DO_DIRECT_IO;
    Device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

UCHAR fs_byte(ULONG64 offset)
{
    return (UCHAR)((offset / 256) ^ offset);
}

void fs_start(ULONG64 size)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Driver\\MmFs");

    CHECK_EQ(IoCreateDriver(&Name, driver_entry), STATUS_SUCCESS);
    fs.size = size;
    for (ULONG64 I = 0; I < size; I++)
        fs.data[I] = fs_byte(I);
}

HANDLE fs_open(ACCESS_MASK access)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\MmFs\\file");
    OBJECT_ATTRIBUTES Attributes;
    IO_STATUS_BLOCK Io;
    HANDLE File = NULL;

    InitializeObjectAttributes(&Attributes, &Name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateFile(&File, access | SYNCHRONIZE, &Attributes, &Io, NULL, 0,
                          FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, NULL,
                          0),
             STATUS_SUCCESS);
    return File;
}

NTSTATUS fs_section(HANDLE file, ULONG64 size, ULONG protection, ULONG attributes, HANDLE *section)
{
    LARGE_INTEGER Size = {.QuadPart = (LONGLONG)size};
    OBJECT_ATTRIBUTES Attributes;

    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwCreateSection(section, SECTION_ALL_ACCESS, &Attributes, size ? &Size : NULL, protection,
                           attributes, file);
}

HANDLE fs_must_section(HANDLE file, ULONG protection)
{
    HANDLE Section = NULL;

    CHECK_EQ(fs_section(file, 0, protection, SEC_COMMIT, &Section), STATUS_SUCCESS);
    return Section;
}
