/* SPDX-License-Identifier: MIT */
/*
 * init.c: the I/O manager comes up: object types and directories.
 *
 * Theory of operation of the manager as a whole: iop.h. The files, by what they are about:
 *
 *      driver.c unload.c leak.c   driver objects: start, stop, what they leave behind
 *      device.c link.c            device objects, stacks, symbolic links
 *      file.c create.c            file objects: open, cleanup, close
 *      transfer.c query.c port.c  the Nt services on files; completion ports
 *      irp.c call.c request.c     request packets: memory, way down and up, the issuing thread's part
 *      build.c cancel.c csq.c     requests made by drivers; cancellation; cancel-safe queues
 *      startio.c workitem.c timer.c remlock.c share.c interrupt.c error.c shutdown.c misc.c
 *                                 what drivers use beside
 *      inspect.c                  walks and texts for reports
 */
#include "iomgr.h"

BOOLEAN IopChecked;

POBJECT_TYPE IopDeviceObjectType, IopDriverObjectType, IopFileObjectType, IopControllerObjectType,
    IopCompletionObjectType, IopAdapterObjectType;
POBJECT_TYPE *IoDeviceObjectType = &IopDeviceObjectType;
POBJECT_TYPE *IoDriverObjectType = &IopDriverObjectType;
POBJECT_TYPE *IoFileObjectType = &IopFileObjectType;
POBJECT_TYPE *IoAdapterObjectType = &IopAdapterObjectType;

static void dump_device(PVOID object, char *text, ULONG bytes)
{
    PDEVICE_OBJECT device = object;
    char driver[64] = "no driver";
    if (device->DriverObject)
        IopAscii(&device->DriverObject->DriverName, driver, sizeof driver);
    nt__snprintf(text, bytes, "%s, %d open", driver, device->ReferenceCount);
}

static void dump_file(PVOID object, char *text, ULONG bytes)
{
    PFILE_OBJECT file = object;
    char name[128] = "";
    IopAscii(&file->FileName, name, sizeof name);
    nt__snprintf(text, bytes, "device %p %s", (PVOID)file->DeviceObject, name);
}

static void make_type(PCWSTR name, OBJECT_TYPE_INITIALIZER *init, POBJECT_TYPE *type)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, name);
    init->Length = sizeof *init;
    init->PoolType = NonPagedPoolNx;
    NTSTATUS status = ObpCreateObjectType(&string, init, NULL, type);
    if (!NT_SUCCESS(status))
        KeBugCheckEx(IO1_INITIALIZATION_FAILED, (ULONG)status, 0, 0, 0);
}

static void make_types(void)
{
    OBJECT_TYPE_INITIALIZER device = {
        .CaseInsensitive = TRUE,
        .UseDefaultObject = TRUE,
        .GenericMapping = IopFileMapping,
        .ValidAccessMask = FILE_ALL_ACCESS,
        .WaitObjectFlagOffset = OB_NOT_WAITABLE,
        .DumpProcedure = dump_device,
        .DeleteProcedure = IopDeleteDeviceObject,
        .ParseProcedure = IopParseDevice,
    };
    OBJECT_TYPE_INITIALIZER driver = {
        .CaseInsensitive = TRUE,
        .UseDefaultObject = TRUE,
        .GenericMapping = IopFileMapping,
        .ValidAccessMask = FILE_ALL_ACCESS,
        .WaitObjectFlagOffset = OB_NOT_WAITABLE,
        .DeleteProcedure = IopDeleteDriverObject,
    };
    OBJECT_TYPE_INITIALIZER file = {
        .CaseInsensitive = TRUE,
        .MaintainHandleCount = TRUE,
        .GenericMapping = IopFileMapping,
        .ValidAccessMask = FILE_ALL_ACCESS,
        .InvalidAttributes = OBJ_PERMANENT | OBJ_EXCLUSIVE | OBJ_OPENIF,
        .WaitObjectFlagOffset = FIELD_OFFSET(FILE_OBJECT, Event),
        .DumpProcedure = dump_file,
        .CloseProcedure = IopCloseFile,
        .DeleteProcedure = IopDeleteFile,
        .ParseProcedure = IopParseFile,
        .SecurityProcedure = IopFileSecurity,
        .QueryNameProcedure = IopQueryFileName,
    };
    OBJECT_TYPE_INITIALIZER controller = {
        .UseDefaultObject = TRUE,
        .ValidAccessMask = FILE_ALL_ACCESS,
        .GenericMapping = IopFileMapping,
        .WaitObjectFlagOffset = OB_NOT_WAITABLE,
    };
    OBJECT_TYPE_INITIALIZER port = {
        .GenericMapping = {STANDARD_RIGHTS_READ | IO_COMPLETION_QUERY_STATE,
                           STANDARD_RIGHTS_WRITE | IO_COMPLETION_MODIFY_STATE,
                           STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, IO_COMPLETION_ALL_ACCESS},
        .ValidAccessMask = IO_COMPLETION_ALL_ACCESS,
        .WaitObjectFlagOffset = OB_NOT_WAITABLE,
        .DeleteProcedure = IopDeletePort,
    };
    OBJECT_TYPE_INITIALIZER adapter = controller;
    make_type(L"Adapter", &adapter, &IopAdapterObjectType);
    make_type(L"Controller", &controller, &IopControllerObjectType);
    make_type(L"Device", &device, &IopDeviceObjectType);
    make_type(L"Driver", &driver, &IopDriverObjectType);
    make_type(L"IoCompletion", &port, &IopCompletionObjectType);
    make_type(L"File", &file, &IopFileObjectType);
}

static void make_directory(PCWSTR name)
{
    NTSTATUS status = ObCreatePermanentDirectory(name);
    if (!NT_SUCCESS(status) && status != STATUS_OBJECT_NAME_COLLISION)
        KeBugCheckEx(IO1_INITIALIZATION_FAILED, (ULONG)status, 1, 0, 0);
}

void IopInitSystem(ULONG Phase)
{
    if (Phase == 1) {
        IopCallReinitializeRoutines(TRUE);
        IopCallReinitializeRoutines(FALSE);
        return;
    }
    IopChecked = host_config()->checked;
    InitializeListHead(&IopDriverList);
    IopInitializeLoader();
    make_types();
    make_directory(L"\\Device");
    make_directory(L"\\Driver");
    make_directory(L"\\FileSystem");
    PspCancelThreadIo = IopCancelThreadIo;
    PspSetIoCompletion = IoSetIoCompletion;
    PspIoCompletionType = &IopCompletionObjectType;
    PspCancelIrpsOfThread = IopCancelIrpsOfThread;
    IopInitializePaging();
}
