/* SPDX-License-Identifier: MIT */
/* Small routines of the I/O manager: controllers, links, events, threads, hard errors, stacks, what an IRP is. */
#include "fixture.h"
#include "psp.h"

/* ---------------------------------------------------------------- controller objects */

static PDEVICE_OBJECT served[4];
static ULONG serves;
static IO_ALLOCATION_ACTION answer;

static IO_ALLOCATION_ACTION NTAPI control(PDEVICE_OBJECT device, PIRP irp, PVOID base, PVOID context)
{
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK(context == &serves);
    served[serves++] = device;
    return answer;
}

KILN_TEST_ONCE(io_controller, serves_one_device_at_a_time_in_order)
{
    PCONTROLLER_OBJECT controller = IoCreateController(24);
    PDEVICE_OBJECT device[3];
    KIRQL irql;
    CHECK(controller != NULL);
    RtlFillMemory(controller->ControllerExtension, 24, 0x5a);
    for (int i = 0; i < 3; i++)
        device[i] = io_device(NULL, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    answer = KeepObject;
    for (int i = 0; i < 3; i++)
        IoAllocateController(controller, device[i], control, &serves);
    CHECK_EQ(serves, 1);
    IoFreeController(controller);
    CHECK_EQ(serves, 2);
    answer = DeallocateObject; /* gives it on by itself */
    IoFreeController(controller);
    CHECK_EQ(serves, 3);
    for (int i = 0; i < 3; i++)
        CHECK(served[i] == device[i]);
    IoAllocateController(controller, device[0], control, &serves); /* it is free again */
    CHECK_EQ(serves, 4);
    KeLowerIrql(irql);
    IoDeleteController(controller);
}

/* ---------------------------------------------------------------- names */

KILN_TEST_ONCE(io_link, an_arc_name_is_a_link_until_it_is_deassigned)
{
    HANDLE handle;
    io_device(L"\\Device\\Arc", 0);
    UNICODE_STRING link = NAME(L"\\ArcTest"), device = NAME(L"\\Device\\Arc");
    CHECK_EQ(IoAssignArcName(&link, &device), STATUS_SUCCESS);
    CHECK_EQ(io_open(L"\\ArcTest", FILE_READ_DATA, 0, &handle), STATUS_SUCCESS);
    ZwClose(handle);
    IoDeassignArcName(&link);
    CHECK_EQ(io_open(L"\\ArcTest", FILE_READ_DATA, 0, &handle), STATUS_OBJECT_NAME_NOT_FOUND);
}

KILN_TEST_ONCE(io_link, an_unprotected_link_leads_to_the_device)
{
    HANDLE handle;
    UNICODE_STRING link = NAME(L"\\DosDevices\\Unprotected"), device = NAME(L"\\Device\\Open");
    io_device(L"\\Device\\Open", 0);
    CHECK_EQ(IoCreateUnprotectedSymbolicLink(&link, &device), STATUS_SUCCESS);
    CHECK_EQ(IoCreateUnprotectedSymbolicLink(&link, &device), STATUS_OBJECT_NAME_COLLISION);
    CHECK_EQ(io_open(L"\\??\\Unprotected", FILE_READ_DATA, 0, &handle), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
}

KILN_TEST_ONCE(io_event, a_synchronization_event_is_shared_by_name)
{
    UNICODE_STRING name = NAME(L"\\BaseNamedObjects\\IoSync");
    UNICODE_STRING nowhere = NAME(L"\\NoSuchDirectory\\IoSync");
    HANDLE one, two;
    LARGE_INTEGER now = {.QuadPart = 0};
    PKEVENT event = IoCreateSynchronizationEvent(&name, &one);
    CHECK(event != NULL);
    CHECK(IoCreateSynchronizationEvent(&name, &two) == event);
    CHECK(IoCreateSynchronizationEvent(&nowhere, &two) == NULL);
    KeClearEvent(event);
    CHECK_EQ(ZwSetEvent(one, NULL), STATUS_SUCCESS);
    CHECK_EQ(KeWaitForSingleObject(event, Executive, KernelMode, FALSE, &now), STATUS_SUCCESS);
    CHECK_EQ(KeWaitForSingleObject(event, Executive, KernelMode, FALSE, &now), STATUS_TIMEOUT); /* for one wait */
    ZwClose(one);
}

KILN_TEST_ONCE(io_open, a_file_is_opened_for_the_kernel)
{
    HANDLE handle;
    IO_STATUS_BLOCK block;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name = NAME(L"\\Device\\Create"), none = NAME(L"\\Device\\None");
    io_device(L"\\Device\\Create", 0);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(IoCreateFile(&handle, FILE_READ_DATA | SYNCHRONIZE, &attributes, &block, NULL, 0, 0, FILE_OPEN,
                          FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0, CreateFileTypeNone, NULL, IO_NO_PARAMETER_CHECKING),
             STATUS_SUCCESS);
    CHECK_EQ(io.count[IRP_MJ_CREATE], 1);
    ZwClose(handle);
    attributes.ObjectName = &none;
    CHECK_EQ(IoCreateFile(&handle, FILE_READ_DATA, &attributes, &block, NULL, 0, 0, FILE_OPEN, 0, NULL, 0, CreateFileTypeNone,
                          NULL, IO_NO_PARAMETER_CHECKING),
             STATUS_OBJECT_NAME_NOT_FOUND);
}

/* ---------------------------------------------------------------- share access */

KILN_TEST_ONCE(io_share, who_may_not_write_cannot_exclude_readers)
{
    static FILE_OBJECT first, second, third;
    SHARE_ACCESS share;
    BOOLEAN may_write = FALSE, may = TRUE;
    IoSetShareAccessEx(FILE_READ_DATA, 0, &first, &share, &may_write);
    CHECK(first.SharedRead);
    CHECK_EQ(share.SharedRead, 1);
    CHECK_EQ(IoCheckShareAccessEx(FILE_READ_DATA, FILE_SHARE_WRITE, &second, &share, TRUE, &may_write), STATUS_SUCCESS);
    CHECK(second.SharedRead);
    CHECK_EQ(IoCheckShareAccessEx(FILE_READ_DATA, 0, &third, &share, TRUE, &may), STATUS_SHARING_VIOLATION);
    CHECK_EQ(IoCheckShareAccessEx(FILE_READ_DATA, 0, &third, &share, TRUE, NULL), STATUS_SHARING_VIOLATION);
    CHECK_EQ(share.OpenCount, 2);
}

KILN_TEST_ONCE(io_share, an_update_counts_what_the_check_noted)
{
    static FILE_OBJECT first, second;
    SHARE_ACCESS share;
    IoSetShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &first, &share);
    CHECK_EQ(IoCheckShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &second, &share, FALSE), STATUS_SUCCESS);
    CHECK_EQ(share.OpenCount, 1);
    IoUpdateShareAccess(&second, &share);
    CHECK_EQ(share.OpenCount, 2);
    CHECK_EQ(share.Readers, 2);
}

/* ---------------------------------------------------------------- threads, stacks */

static KEVENT thread_may_end;

static VOID NTAPI io_thread(PVOID context)
{
    CHECK_EQ((ULONG_PTR)context, 0x1234);
    CHECK(PsGetCurrentProcess() == PsInitialSystemProcess);
    CHECK(PsIsSystemThread(PsGetCurrentThread()));
    KeWaitForSingleObject(&thread_may_end, Executive, KernelMode, FALSE, NULL);
}

KILN_TEST(io_thread, a_thread_holds_its_device_until_its_routine_returns)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    HANDLE handle;
    PVOID thread;
    LONG_PTR before = ObpHeader(device)->PointerCount;
    KeInitializeEvent(&thread_may_end, NotificationEvent, FALSE);
    CHECK_EQ(IoCreateSystemThread(device, &handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, io_thread, (PVOID)0x1234),
             STATUS_SUCCESS);
    CHECK_EQ(ObpHeader(device)->PointerCount, before + 1);
    CHECK_EQ(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &thread, NULL), STATUS_SUCCESS);
    KeSetEvent(&thread_may_end, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(ObpHeader(device)->PointerCount, before);
    ObDereferenceObject(thread);
    ZwClose(handle);
}

static DECLSPEC_NOINLINE ULONG_PTR remaining_below(void)
{
    volatile UCHAR room[1024];
    for (ULONG i = 0; i < sizeof(room); i++) /* all of it, or a compiler leaves out the rest */
        room[i] = 1;
    return IoGetRemainingStackSize() + (room[1023] - 1);
}

static VOID NTAPI stack_thread(PVOID context)
{
    ULONG_PTR low, high, left = IoGetRemainingStackSize();
    IoGetStackLimits(&low, &high);
    CHECK((ULONG_PTR)IoGetInitialStack() <= high && (ULONG_PTR)IoGetInitialStack() > low);
    CHECK((ULONG_PTR)&low > low && (ULONG_PTR)&low < (ULONG_PTR)IoGetInitialStack());
    CHECK(left > 0 && left < high - low);
    CHECK(remaining_below() + 1024 <= left);
}

KILN_TEST_ONCE(io_thread, the_stack_s_size_and_rest_are_known)
{
    HANDLE handle;
    CHECK_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, stack_thread, NULL), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK(IoGetCurrentProcess() == PsGetCurrentProcess());
}

/* ---------------------------------------------------------------- hard errors */

static NTSTATUS NTAPI completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    *(PLONG)context += 1;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

KILN_TEST_ONCE(io_error, a_hard_error_completes_the_request)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    PIRP irp = IoAllocateIrp(2, FALSE);
    LONG completions = 0;
    IoSetNextIrpStackLocation(irp);
    IoSetCompletionRoutine(irp, completed, &completions, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
    irp->IoStatus.Status = STATUS_DEVICE_NOT_READY;
    IoRaiseHardError(irp, NULL, device);
    CHECK_EQ(completions, 1);
    CHECK_EQ(irp->IoStatus.Status, STATUS_DEVICE_NOT_READY);
    IoFreeIrp(irp);
}

KILN_TEST_ONCE(io_error, a_thread_can_do_without_hard_errors)
{
    UNICODE_STRING text = NAME(L"disk");
    CHECK(IoRaiseInformationalHardError(STATUS_NO_MEDIA_IN_DEVICE, &text, NULL));
    CHECK(IoSetThreadHardErrorMode(FALSE));
    CHECK(!IoRaiseInformationalHardError(STATUS_NO_MEDIA_IN_DEVICE, NULL, KeGetCurrentThread()));
    CHECK(!IoSetThreadHardErrorMode(TRUE));
    CHECK(IoRaiseInformationalHardError(STATUS_NO_MEDIA_IN_DEVICE, NULL, NULL));
}

KILN_TEST_ONCE(io_error, the_device_to_verify_is_noted_for_the_thread)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    PIRP irp = IoAllocateIrp(1, FALSE);
    irp->Tail.Overlay.Thread = PsGetCurrentThread();
    CHECK(IoGetDeviceToVerify(PsGetCurrentThread()) == NULL);
    IoSetHardErrorOrVerifyDevice(irp, device);
    CHECK(IoGetDeviceToVerify(PsGetCurrentThread()) == device);
    IoSetDeviceToVerify(PsGetCurrentThread(), NULL);
    IoFreeIrp(irp);
}

KILN_TEST_ONCE(io_error, what_a_user_can_correct_is_user_induced)
{
    static const NTSTATUS induced[] = {STATUS_DEVICE_NOT_READY,   STATUS_IO_TIMEOUT,        STATUS_MEDIA_WRITE_PROTECTED,
                                       STATUS_NO_MEDIA_IN_DEVICE, STATUS_UNRECOGNIZED_MEDIA, STATUS_VERIFY_REQUIRED,
                                       STATUS_WRONG_VOLUME};
    for (ULONG i = 0; i < RTL_NUMBER_OF(induced); i++)
        CHECK(IoIsErrorUserInduced(induced[i]));
    CHECK(!IoIsErrorUserInduced(STATUS_SUCCESS));
    CHECK(!IoIsErrorUserInduced(STATUS_DEVICE_DATA_ERROR));
}

/* ---------------------------------------------------------------- requests */

KILN_TEST_ONCE(io_irp, an_irp_for_a_device_has_the_stack_asked_for)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    PIRP irp = IoAllocateIrpEx(device, 3, FALSE);
    CHECK(irp != NULL);
    CHECK_EQ(irp->StackCount, 3);
    CHECK_EQ(irp->CurrentLocation, 4);
    IoFreeIrp(irp);
    CHECK(IoAllocateIrpEx(device, -1, FALSE) == NULL);
}

KILN_TEST_ONCE(io_build, an_asynchronous_request_is_the_caller_s_own)
{
    PDEVICE_OBJECT device = io_device(NULL, DO_BUFFERED_IO);
    LARGE_INTEGER offset = {.QuadPart = 4096};
    UCHAR data[16] = "data";
    IO_STATUS_BLOCK block;
    PIRP irp = IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, device, data, sizeof data, &offset, &block);
    CHECK(irp != NULL);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(irp);
    CHECK_EQ(next->MajorFunction, IRP_MJ_WRITE);
    CHECK_EQ(next->Parameters.Write.Length, sizeof data);
    CHECK_EQ(next->Parameters.Write.ByteOffset.QuadPart, 4096);
    CHECK_EQ(RtlCompareMemory(irp->AssociatedIrp.SystemBuffer, data, sizeof data), sizeof data);
    CHECK(irp->UserIosb == &block);
    CHECK(IsListEmpty(&irp->ThreadListEntry)); /* not the thread's: the caller frees it */
    ExFreePool(irp->AssociatedIrp.SystemBuffer);
    IoFreeIrp(irp);
    device->Flags = (device->Flags & ~DO_BUFFERED_IO) | DO_DIRECT_IO;
    irp = IoBuildAsynchronousFsdRequest(IRP_MJ_READ, device, data, sizeof data, &offset, NULL);
    CHECK(irp != NULL && irp->MdlAddress != NULL);
    CHECK_EQ(MmGetMdlByteCount(irp->MdlAddress), sizeof data);
    MmUnlockPages(irp->MdlAddress);
    IoFreeMdl(irp->MdlAddress);
    IoFreeIrp(irp);
}

static NTSTATUS NTAPI lower(PDEVICE_OBJECT device, PIRP irp)
{
    return io_complete(irp, STATUS_SUCCESS, 0);
}

static LONG calls_of_ex;

static NTSTATUS NTAPI completed_ex(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    calls_of_ex++;
    CHECK(context == &calls_of_ex);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

KILN_TEST_ONCE(io_call, an_unload_safe_completion_routine_holds_the_device_until_it_ran)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    PIRP irp = IoAllocateIrp(1, FALSE);
    LONG_PTR before = ObpHeader(device)->PointerCount;
    io.handler[IRP_MJ_READ] = lower;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    CHECK_EQ(IoSetCompletionRoutineEx(device, irp, completed_ex, &calls_of_ex, TRUE, TRUE, TRUE), STATUS_SUCCESS);
    CHECK_EQ(ObpHeader(device)->PointerCount, before + 1);
    IoCallDriver(device, irp);
    CHECK_EQ(calls_of_ex, 1);
    CHECK_EQ(ObpHeader(device)->PointerCount, before);
    IoFreeIrp(irp);
}

KILN_TEST_ONCE(io_irp, a_master_s_status_becomes_the_most_severe)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoSetMasterIrpStatus(irp, STATUS_SUCCESS);
    CHECK_EQ(irp->IoStatus.Status, STATUS_SUCCESS);
    IoSetMasterIrpStatus(irp, STATUS_FT_READ_FROM_COPY); /* never */
    CHECK_EQ(irp->IoStatus.Status, STATUS_SUCCESS);
    IoSetMasterIrpStatus(irp, STATUS_DEVICE_BUSY); /* a warning */
    CHECK_EQ((ULONG)irp->IoStatus.Status, (ULONG)STATUS_DEVICE_BUSY);
    IoSetMasterIrpStatus(irp, STATUS_DEVICE_DATA_ERROR);
    CHECK_EQ((ULONG)irp->IoStatus.Status, (ULONG)STATUS_DEVICE_DATA_ERROR);
    IoSetMasterIrpStatus(irp, STATUS_DEVICE_BUSY);
    CHECK_EQ((ULONG)irp->IoStatus.Status, (ULONG)STATUS_DEVICE_DATA_ERROR);
    IoSetMasterIrpStatus(irp, STATUS_SUCCESS);
    CHECK_EQ((ULONG)irp->IoStatus.Status, (ULONG)STATUS_DEVICE_DATA_ERROR);
    IoSetMasterIrpStatus(irp, STATUS_VERIFY_REQUIRED); /* always */
    CHECK_EQ((ULONG)irp->IoStatus.Status, (ULONG)STATUS_VERIFY_REQUIRED);
    IoFreeIrp(irp);
}

KILN_TEST_ONCE(io_irp, what_a_request_says_of_itself)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    CHECK(!IoIs32bitProcess(irp));
    CHECK_EQ(IoGetPagingIoPriority(irp), IoPagingPriorityInvalid);
    irp->Flags |= IRP_PAGING_IO;
    CHECK_EQ(IoGetPagingIoPriority(irp), IoPagingPriorityNormal);
    irp->Flags = 0;
    IoFreeIrp(irp);
    CHECK_EQ(IoGetFunctionCodeFromCtlCode(IOCTL_TEST_WRITE), 0x805);
    IO_STATUS_BLOCK block = {.Status = STATUS_PENDING, .Information = 77}, back = {0};
    IO_STATUS_BLOCK64 wide = {0};
    IosbToIosb64(&block, &wide);
    CHECK_EQ(wide.Information, 77);
    Iosb64ToIosb(&wide, &back);
    CHECK_EQ(back.Status, STATUS_PENDING);
    CHECK_EQ(back.Information, 77);
}

KILN_TEST_ONCE(io_device, paging_paths_are_counted)
{
    LONG count = 0;
    IoAdjustPagingPathCount(&count, TRUE);
    IoAdjustPagingPathCount(&count, TRUE);
    IoAdjustPagingPathCount(&count, FALSE);
    CHECK_EQ(count, 1);
}

KILN_TEST_ONCE(io_misc, what_the_system_says_of_itself)
{
    PGENERIC_MAPPING mapping = IoGetFileObjectGenericMapping();
    CHECK_EQ(mapping->GenericRead, FILE_GENERIC_READ);
    CHECK_EQ(mapping->GenericWrite, FILE_GENERIC_WRITE);
    CHECK_EQ(mapping->GenericExecute, FILE_GENERIC_EXECUTE);
    CHECK_EQ(mapping->GenericAll, FILE_ALL_ACCESS);
    PCONFIGURATION_INFORMATION information = IoGetConfigurationInformation();
    information->DiskCount++;
    CHECK(IoGetConfigurationInformation() == information && information->DiskCount == 1);
    CHECK(IoIsWdmVersionAvailable(1, 0x10) && IoIsWdmVersionAvailable(6, 0));
    CHECK(!IoIsWdmVersionAvailable(6, 1) && !IoIsWdmVersionAvailable(7, 0));
}

/* ---------------------------------------------------------------- DPCs, interrupts, queues */

static PIRP dpc_irp;
static PVOID dpc_context;
static LONG dpcs;

static VOID NTAPI dpc_for_isr(PKDPC dpc, PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK(&device->Dpc == dpc);
    dpc_irp = irp;
    dpc_context = context;
    dpcs++;
}

KILN_TEST_ONCE(io_dpc, the_device_s_dpc_gets_request_and_context)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    PIRP irp = IoAllocateIrp(1, FALSE);
    KIRQL irql;
    IoInitializeDpcRequest(device, dpc_for_isr);
    KeRaiseIrql(5, &irql); /* a service routine's */
    IoRequestDpc(device, irp, &dpcs);
    IoRequestDpc(device, NULL, NULL); /* queued already: once */
    CHECK_EQ(dpcs, 0);
    KeLowerIrql(irql);
    CHECK_EQ(dpcs, 1);
    CHECK(dpc_irp == irp && dpc_context == &dpcs);
    IoFreeIrp(irp);
}

static volatile ULONG interrupts;

static BOOLEAN NTAPI service(PKINTERRUPT interrupt, PVOID context)
{
    interrupts++;
    return TRUE;
}

static void pause(void)
{
    LARGE_INTEGER delay = {.QuadPart = -100000};
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
}

KILN_TEST(io_interrupt, an_inactive_routine_is_not_called)
{
    PKINTERRUPT interrupt;
    IO_CONNECT_INTERRUPT_PARAMETERS connect = {.Version = CONNECT_FULLY_SPECIFIED};
    connect.FullySpecified.PhysicalDeviceObject = io_device(NULL, 0);
    connect.FullySpecified.InterruptObject = &interrupt;
    connect.FullySpecified.ServiceRoutine = service;
    connect.FullySpecified.Vector = 0x52;
    connect.FullySpecified.Irql = connect.FullySpecified.SynchronizeIrql = 5;
    connect.FullySpecified.InterruptMode = Latched;
    connect.FullySpecified.ProcessorEnableMask = KeQueryActiveProcessors();
    CHECK_EQ(IoConnectInterruptEx(&connect), STATUS_SUCCESS);
    IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS state = {.Version = connect.Version};
    state.ConnectionContext.InterruptObject = interrupt;
    IoReportInterruptInactive(&state);
    KiPostVector(0x52);
    pause();
    CHECK_EQ(interrupts, 0);
    IoReportInterruptActive(&state);
    KiPostVector(0x52);
    for (int i = 0; i < 100 && !interrupts; i++)
        pause();
    CHECK_EQ(interrupts, 1);
    IO_DISCONNECT_INTERRUPT_PARAMETERS disconnect = {.Version = connect.Version};
    disconnect.ConnectionContext.InterruptObject = interrupt;
    IoDisconnectInterruptEx(&disconnect);
    KiPostVector(0x52);
    pause();
    CHECK_EQ(interrupts, 1);
}

static ULONG last_key;
static ULONG packets;

static VOID NTAPI start_io(PDEVICE_OBJECT device, PIRP irp)
{
    packets++;
    last_key = IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Key;
}

KILN_TEST_ONCE(io_startio, the_next_packet_by_key_is_the_first_at_or_above_it)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    static const ULONG keys[] = {1, 10, 20, 30};
    KIRQL irql;
    io_driver()->DriverStartIo = start_io;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (ULONG i = 0; i < RTL_NUMBER_OF(keys); i++) {
        PIRP irp = IoAllocateIrp(1, FALSE);
        ULONG key = keys[i];
        IoSetNextIrpStackLocation(irp);
        IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Key = key;
        IoStartPacket(device, irp, &key, NULL);
    }
    CHECK_EQ(packets, 1);
    IoStartNextPacketByKey(device, FALSE, 15);
    CHECK_EQ(last_key, 20);
    IoStartNextPacketByKey(device, FALSE, 15);
    CHECK_EQ(last_key, 30);
    IoStartNextPacketByKey(device, FALSE, 15); /* none at or above: the first */
    CHECK_EQ(last_key, 10);
    IoStartNextPacketByKey(device, FALSE, 0);
    CHECK_EQ(packets, 4);
    CHECK(device->CurrentIrp == NULL);
    KeLowerIrql(irql);
}

static ULONG reinitialised;

static VOID NTAPI boot_reinit(PDRIVER_OBJECT driver, PVOID context, ULONG count)
{
    CHECK(driver == io_driver() && context == &reinitialised);
    CHECK_EQ(count, ++reinitialised);
}

KILN_TEST_ONCE(io_driver, boot_drivers_are_called_again_apart_from_others)
{
    IoRegisterBootDriverReinitialization(io_driver(), boot_reinit, &reinitialised);
    IopCallReinitializeRoutines(FALSE);
    CHECK_EQ(reinitialised, 0);
    IopCallReinitializeRoutines(TRUE);
    CHECK_EQ(reinitialised, 1);
}
