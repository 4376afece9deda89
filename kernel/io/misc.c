/* SPDX-License-Identifier: MIT */
/*
 * misc.c: small routines of the I/O manager that have no state of their own: stack limits, priority hints,
 * controller objects, VPB lock, questions about files and versions.
 */
#include "iomgr.h"
#include "ldrp.h"

/* ---------------------------------------------------------------- stacks, threads, processes */

VOID NTAPI IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit)
{
    PKTHREAD thread = KiThread();
    *LowLimit = (ULONG_PTR)thread->StackLimit;
    *HighLimit = (ULONG_PTR)thread->StackBase;
}

LOGICAL NTAPI IoWithinStackLimits(ULONG_PTR RegionStart, SIZE_T RegionSize)
{
    ULONG_PTR low, high;
    IoGetStackLimits(&low, &high);
    return RegionStart >= low && RegionStart <= high && RegionSize <= high - RegionStart;
}

PVOID NTAPI IoGetInitialStack(VOID)
{
    return KiThread()->StackBase;
}

BOOLEAN NTAPI IoIsSystemThread(PETHREAD Thread)
{
    return Thread->SystemThread;
}

BOOLEAN NTAPI IoIs32bitProcess(PIRP Irp)
{
    PEPROCESS process = Irp ? IoGetRequestorProcess(Irp) : PsGetCurrentProcess();
    return process && process->Wow64;
}

BOOLEAN NTAPI IoIsWdmVersionAvailable(UCHAR MajorVersion, UCHAR MinorVersion)
{
    /* WDM 6.0, as Windows since Vista reports */
    return MajorVersion < 6 || (MajorVersion == 6 && MinorVersion == 0);
}

/* The thread keeps the driver's image: IoObject is referenced until the start routine has returned. */
typedef struct _IOP_THREAD_START {
    PVOID object;
    PKSTART_ROUTINE routine;
    PVOID context;
} IOP_THREAD_START;

static VOID NTAPI thread_start(PVOID context)
{
    IOP_THREAD_START start = *(IOP_THREAD_START *)context;
    ExFreePoolWithTag(context, IOP_TAG_DEVICE);
    start.routine(start.context);
    ObDereferenceObject(start.object);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

NTSTATUS NTAPI IoCreateSystemThread(PVOID IoObject, PHANDLE ThreadHandle, ULONG DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                    PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine, PVOID StartContext)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    IOP_THREAD_START *start = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *start, IOP_TAG_DEVICE);
    if (!start)
        return STATUS_INSUFFICIENT_RESOURCES;
    ObReferenceObject(IoObject);
    *start = (IOP_THREAD_START){IoObject, StartRoutine, StartContext};
    NTSTATUS status = PsCreateSystemThread(ThreadHandle, DesiredAccess, ObjectAttributes, ProcessHandle,
                                           ClientId, thread_start, start);
    if (!NT_SUCCESS(status)) {
        ObDereferenceObject(IoObject);
        ExFreePoolWithTag(start, IOP_TAG_DEVICE);
    }
    return status;
}

/* ---------------------------------------------------------------- files and requests */

BOOLEAN NTAPI IoIsOperationSynchronous(PIRP Irp)
{
    PFILE_OBJECT file = Irp->Tail.Overlay.OriginalFileObject;
    if (Irp->Flags & (IRP_SYNCHRONOUS_API | IRP_SYNCHRONOUS_PAGING_IO))
        return !(Irp->Flags & IRP_PAGING_IO) || (Irp->Flags & IRP_SYNCHRONOUS_PAGING_IO);
    return file && (file->Flags & FO_SYNCHRONOUS_IO) && !(Irp->Flags & IRP_PAGING_IO);
}

BOOLEAN NTAPI IoIsFileOriginRemote(PFILE_OBJECT FileObject)
{
    return (FileObject->Flags & FO_REMOTE_ORIGIN) != 0;
}

NTSTATUS NTAPI IoSetFileOrigin(PFILE_OBJECT FileObject, BOOLEAN Remote)
{
    if (((FileObject->Flags & FO_REMOTE_ORIGIN) != 0) == (Remote != FALSE))
        return STATUS_SUCCESS;
    if (Remote)
        __atomic_or_fetch(&FileObject->Flags, FO_REMOTE_ORIGIN, __ATOMIC_SEQ_CST);
    else
        __atomic_and_fetch(&FileObject->Flags, ~(ULONG)FO_REMOTE_ORIGIN, __ATOMIC_SEQ_CST);
    return STATUS_SUCCESS;
}

/* Does the access granted to a handle cover what is wanted? Generic rights in *DesiredAccess become a file's
 * own. */
NTSTATUS NTAPI IoCheckDesiredAccess(PACCESS_MASK DesiredAccess, ACCESS_MASK GrantedAccess)
{
    RtlMapGenericMask(DesiredAccess, &IopFileMapping);
    return *DesiredAccess & ~GrantedAccess ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

NTSTATUS NTAPI IoQueryFullDriverPath(PDRIVER_OBJECT DriverObject, PUNICODE_STRING FullPath)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    PKLDR_MODULE module = IopDriver(DriverObject)->Image;
    if (!module)
        return STATUS_NOT_FOUND;
    UNICODE_STRING path = module->Entry.FullDllName;
    FullPath->Buffer = MiAllocatePool(PagedPool, path.Length + sizeof(WCHAR), IOP_TAG_NAME, TRUE,
                                      __builtin_return_address(0));
    if (!FullPath->Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(FullPath->Buffer, path.Buffer, path.Length);
    FullPath->Length = path.Length;
    FullPath->MaximumLength = (USHORT)(path.Length + sizeof(WCHAR));
    return STATUS_SUCCESS;
}

/* The hint lives in bits 17 to 19 of IRP.Flags, one more than its value so that 0 means none. */
enum { HINT_SHIFT = 17, HINT_MASK = 7 << HINT_SHIFT };

IO_PRIORITY_HINT NTAPI IoGetIoPriorityHint(PIRP Irp)
{
    ULONG hint = (Irp->Flags & HINT_MASK) >> HINT_SHIFT;
    return hint ? (IO_PRIORITY_HINT)(hint - 1) : IoPriorityNormal;
}

NTSTATUS NTAPI IoSetIoPriorityHint(PIRP Irp, IO_PRIORITY_HINT PriorityHint)
{
    if ((ULONG)PriorityHint >= MaxIoPriorityTypes)
        return STATUS_INVALID_PARAMETER;
    Irp->Flags = (Irp->Flags & ~(ULONG)HINT_MASK) | (((ULONG)PriorityHint + 1) << HINT_SHIFT);
    return STATUS_SUCCESS;
}

IO_PAGING_PRIORITY NTAPI IoGetPagingIoPriority(PIRP Irp)
{
    return Irp->Flags & IRP_PAGING_IO ? IoPagingPriorityNormal : IoPagingPriorityInvalid;
}

/* ---------------------------------------------------------------- volumes */

static KSPIN_LOCK vpb_lock;

VOID NTAPI IoAcquireVpbSpinLock(PKIRQL Irql)
{
    KeAcquireSpinLock(&vpb_lock, Irql);
}

VOID NTAPI IoReleaseVpbSpinLock(KIRQL Irql)
{
    KeReleaseSpinLock(&vpb_lock, Irql);
}

PDEVICE_OBJECT NTAPI IoGetBaseFileSystemDeviceObject(PFILE_OBJECT FileObject)
{
    if (FileObject->Vpb && FileObject->Vpb->DeviceObject)
        return FileObject->Vpb->DeviceObject;
    PDEVICE_OBJECT device = FileObject->DeviceObject;
    return device->Vpb && device->Vpb->DeviceObject && !(FileObject->Flags & FO_DIRECT_DEVICE_OPEN)
               ? device->Vpb->DeviceObject
               : device;
}

static CONFIGURATION_INFORMATION configuration = {.Version = sizeof configuration};

PCONFIGURATION_INFORMATION NTAPI IoGetConfigurationInformation(VOID)
{
    return &configuration;
}

/* ---------------------------------------------------------------- controller objects */

PCONTROLLER_OBJECT NTAPI IoCreateController(ULONG Size)
{
    OBJECT_ATTRIBUTES attributes;
    PCONTROLLER_OBJECT controller;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    if (!NT_SUCCESS(ObCreateObject(KernelMode, IopControllerObjectType, &attributes, KernelMode, NULL,
                                   sizeof *controller + Size, 0, 0, (PVOID *)&controller)))
        return NULL;
    controller->Type = IO_TYPE_CONTROLLER;
    controller->Size = (CSHORT)(sizeof *controller + Size);
    controller->ControllerExtension = controller + 1;
    KeInitializeDeviceQueue(&controller->DeviceWaitQueue);
    return controller;
}

VOID NTAPI IoDeleteController(PCONTROLLER_OBJECT ControllerObject)
{
    ObDereferenceObject(ControllerObject);
}

VOID NTAPI IoAllocateController(PCONTROLLER_OBJECT ControllerObject, PDEVICE_OBJECT DeviceObject,
                                PDRIVER_CONTROL ExecutionRoutine, PVOID Context)
{
    DeviceObject->Queue.Wcb.DeviceRoutine = ExecutionRoutine;
    DeviceObject->Queue.Wcb.DeviceContext = Context;
    DeviceObject->Queue.Wcb.CurrentIrp = DeviceObject->CurrentIrp;
    DeviceObject->Queue.Wcb.DeviceObject = DeviceObject;
    if (KeInsertDeviceQueue(&ControllerObject->DeviceWaitQueue, &DeviceObject->Queue.Wcb.WaitQueueEntry))
        return; /* called when the controller is free */
    if (ExecutionRoutine(DeviceObject, DeviceObject->CurrentIrp, NULL, Context) == DeallocateObject)
        IoFreeController(ControllerObject);
}

VOID NTAPI IoFreeController(PCONTROLLER_OBJECT ControllerObject)
{
    PKDEVICE_QUEUE_ENTRY entry;
    while ((entry = KeRemoveDeviceQueue(&ControllerObject->DeviceWaitQueue)) != NULL) {
        PDEVICE_OBJECT device = CONTAINING_RECORD(entry, DEVICE_OBJECT, Queue.Wcb.WaitQueueEntry);
        PWAIT_CONTEXT_BLOCK wcb = &device->Queue.Wcb;
        if (wcb->DeviceRoutine(device, wcb->CurrentIrp, NULL, wcb->DeviceContext) == KeepObject)
            return;
    }
}
