/* SPDX-License-Identifier: MIT */
/*
 * unload.c: stopping drivers, reinitialise routines, and the services that load and unload.
 *
 *      IopUnloadDriver: no device in use --------------------> unload work
 *                       some device in use: unload pending --> last close or detach (device.c: settle) -->
 * unload work
 *
 * The unload work runs on a system worker thread, as DriverUnload expects: it calls DriverUnload, lists what
 * the driver left behind, and drops the creator's reference of the driver object. The image goes with the
 * object's last reference, so devices that the driver forgot keep its code mapped, and their names taken, as
 * on Windows.
 */
#include "iomgr.h"
#include "ldrp.h"

/* ---------------------------------------------------------------- the unload work */

typedef struct _IOP_UNLOAD {
    WORK_QUEUE_ITEM item;
    PIOP_DRIVER driver;
    PKEVENT done; /* NULL: nobody waits */
} IOP_UNLOAD;

static void unload(PIOP_DRIVER driver)
{
    PDRIVER_OBJECT object = &driver->Object;
    object->DriverUnload(object);
    if (KiIrql() != PASSIVE_LEVEL)
        KiBugCheckText(IRQL_UNEXPECTED_VALUE, KiIrql(), PASSIVE_LEVEL, 0, 0, (ULONG_PTR)object->DriverUnload,
                       "DriverUnload returned with IRQL raised.");
    IopForgetReinitialization(object);
    IopReportLeaks(driver, "its DriverUnload returned");
    IopUnlistDriver(driver);
    ObMakeTemporaryObject(driver);
    ObDereferenceObject(driver);
}

static VOID NTAPI unload_work(PVOID context)
{
    IOP_UNLOAD *work = context;
    PKEVENT done = work->done;
    unload(work->driver);
    ExFreePoolWithTag(work, IOP_TAG_DEVICE);
    if (done)
        KeSetEvent(done, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS queue_unload(PIOP_DRIVER driver, PKEVENT done)
{
    IOP_UNLOAD *work = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *work, IOP_TAG_DEVICE);
    if (!work)
        return STATUS_INSUFFICIENT_RESOURCES;
    work->driver = driver;
    work->done = done;
    ExInitializeWorkItem(&work->item, unload_work, work);
    ExQueueWorkItem(&work->item, DelayedWorkQueue);
    return STATUS_SUCCESS;
}

void IopQueueUnload(PIOP_DRIVER Driver)
{
    if (!NT_SUCCESS(queue_unload(Driver, NULL)))
        IopReport("no memory to unload driver %wZ: it stays", &Driver->Object.DriverName);
}

/* ---------------------------------------------------------------- asking for it */

static NTSTATUS explain(char *why, NTSTATUS status, const char *text)
{
    if (why)
        nt__snprintf(why, IOP_WHY_BYTES, "%s", text);
    return status;
}

static NTSTATUS begin_unload(PIOP_DRIVER driver, BOOLEAN *now, char *why)
{
    PDRIVER_OBJECT object = &driver->Object;
    if (!object->DriverUnload)
        return explain(why, STATUS_INVALID_DEVICE_REQUEST,
                       "the driver has no DriverUnload routine: it cannot be unloaded");
    KIRQL irql = IopLockDatabase();
    if (object->Flags & DRVO_UNLOAD_INVOKED) {
        IopUnlockDatabase(irql);
        return explain(why, STATUS_INVALID_DEVICE_REQUEST, "the driver is being unloaded already");
    }
    object->Flags |= DRVO_UNLOAD_INVOKED;
    *now = TRUE;
    for (PDEVICE_OBJECT d = object->DeviceObject; d; d = d->NextDevice) {
        d->DeviceObjectExtension->ExtensionFlags |= DOE_UNLOAD_PENDING;
        if (d->ReferenceCount != 0 || d->AttachedDevice)
            *now = FALSE;
    }
    if (*now)
        driver->UnloadQueued = TRUE;
    IopUnlockDatabase(irql);
    return STATUS_SUCCESS;
}

NTSTATUS IopUnloadDriver(PCUNICODE_STRING ServiceName, char *Why)
{
    BOOLEAN now = FALSE;
    KEVENT done;
    if (Why)
        Why[0] = 0;
    IopEnterLoader();
    PIOP_DRIVER driver = IopFindDriver(ServiceName);
    NTSTATUS status = driver ? begin_unload(driver, &now, Why)
                             : explain(Why, STATUS_OBJECT_NAME_NOT_FOUND, "no driver of this name is loaded");
    if (NT_SUCCESS(status) && now) {
        KeInitializeEvent(&done, NotificationEvent, FALSE);
        status = queue_unload(driver, &done);
    } else if (NT_SUCCESS(status)) {
        explain(Why, status,
                "a device of the driver is still in use: the driver is unloaded when it is closed");
    }
    IopLeaveLoader();
    if (driver)
        ObDereferenceObject(driver); /* before the wait: the image goes with the last reference */
    if (NT_SUCCESS(status) && now)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    return status;
}

/* ---------------------------------------------------------------- reinitialise routines */

typedef struct _IOP_REINIT {
    LIST_ENTRY ListEntry;
    PDRIVER_OBJECT driver;
    PDRIVER_REINITIALIZE routine;
    PVOID context;
} IOP_REINIT;

/* V; element 1 is for boot drivers */
static LIST_ENTRY reinit_lists[2] = {{&reinit_lists[0], &reinit_lists[0]},
                                     {&reinit_lists[1], &reinit_lists[1]}};

static void register_reinit(PDRIVER_OBJECT driver, PDRIVER_REINITIALIZE routine, PVOID context, BOOLEAN boot)
{
    IOP_REINIT *entry = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *entry, IOP_TAG_DEVICE);
    if (!entry)
        return; /* as documented: the routine reports nothing, and is then not called */
    entry->driver = driver;
    entry->routine = routine;
    entry->context = context;
    KIRQL irql = IopLockDatabase();
    driver->Flags |= boot ? DRVO_BOOTREINIT_REGISTERED : DRVO_REINIT_REGISTERED;
    InsertTailList(&reinit_lists[boot], &entry->ListEntry);
    IopUnlockDatabase(irql);
}

VOID NTAPI IoRegisterDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                            PDRIVER_REINITIALIZE DriverReinitializationRoutine, PVOID Context)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    register_reinit(DriverObject, DriverReinitializationRoutine, Context, FALSE);
}

VOID NTAPI IoRegisterBootDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                                PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                                PVOID Context)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    register_reinit(DriverObject, DriverReinitializationRoutine, Context, TRUE);
}

/* Take the first entry, of the driver if one is given. */
static IOP_REINIT *take_reinit(BOOLEAN boot, PDRIVER_OBJECT driver)
{
    IOP_REINIT *found = NULL;
    KIRQL irql = IopLockDatabase();
    for (PLIST_ENTRY e = reinit_lists[boot].Flink; e != &reinit_lists[boot] && !found; e = e->Flink) {
        IOP_REINIT *entry = CONTAINING_RECORD(e, IOP_REINIT, ListEntry);
        if (!driver || entry->driver == driver) {
            RemoveEntryList(e);
            found = entry;
        }
    }
    IopUnlockDatabase(irql);
    return found;
}

void IopCallReinitializeRoutines(BOOLEAN Boot)
{
    IOP_REINIT *entry;
    while ((entry = take_reinit(Boot, NULL)) != NULL) {
        IOP_REINIT copy = *entry;
        ExFreePoolWithTag(entry, IOP_TAG_DEVICE);
        copy.driver->DriverExtension->Count++;
        copy.driver->Flags &= ~(Boot ? DRVO_BOOTREINIT_REGISTERED : DRVO_REINIT_REGISTERED);
        copy.routine(copy.driver, copy.context, copy.driver->DriverExtension->Count);
    }
}

void IopForgetReinitialization(PDRIVER_OBJECT DriverObject)
{
    IOP_REINIT *entry;
    for (int boot = 0; boot < 2; boot++)
        while ((entry = take_reinit((BOOLEAN)boot, DriverObject)) != NULL)
            ExFreePoolWithTag(entry, IOP_TAG_DEVICE);
}

/* ---------------------------------------------------------------- services */

typedef struct _IOP_SERVICE_ENTRY {
    LIST_ENTRY ListEntry;
    UNICODE_STRING name;
    char path[512];
} IOP_SERVICE_ENTRY;

static LIST_ENTRY services = {&services, &services}; /* the loader lock */

static IOP_SERVICE_ENTRY *find_service(PCUNICODE_STRING name)
{
    for (PLIST_ENTRY e = services.Flink; e != &services; e = e->Flink) {
        IOP_SERVICE_ENTRY *service = CONTAINING_RECORD(e, IOP_SERVICE_ENTRY, ListEntry);
        if (RtlEqualUnicodeString(&service->name, name, TRUE))
            return service;
    }
    return NULL;
}

NTSTATUS IopRegisterService(PCUNICODE_STRING ServiceName, const char *HostPath)
{
    NTSTATUS status = STATUS_SUCCESS;
    IopEnterLoader();
    IOP_SERVICE_ENTRY *service = find_service(ServiceName);
    if (!service) {
        service = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *service, IOP_TAG_NAME);
        if (service && !IopDuplicateString(&service->name, ServiceName)) {
            ExFreePoolWithTag(service, IOP_TAG_NAME);
            service = NULL;
        }
        if (service)
            InsertTailList(&services, &service->ListEntry);
        else
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (service)
        nt__snprintf(service->path, sizeof service->path, "%s", HostPath);
    IopLeaveLoader();
    return status;
}

/* Capture "\Registry\Machine\System\CurrentControlSet\Services\NAME" and find NAME in it. The buffer is the
 * caller's. */
static NTSTATUS capture_service(PUNICODE_STRING from, PUNICODE_STRING captured, PUNICODE_STRING name)
{
    KPROCESSOR_MODE mode = ExGetPreviousMode();
    NTSTATUS status = KiCopyFromMode(mode, captured, from, sizeof *captured);
    if (!NT_SUCCESS(status))
        return status;
    PWCH buffer = captured->Buffer;
    if (captured->Length == 0 || captured->Length % sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER;
    captured->Buffer = ExAllocatePoolWithTag(NonPagedPoolNx, captured->Length, IOP_TAG_NAME);
    if (!captured->Buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = KiCopyFromMode(mode, captured->Buffer, buffer, captured->Length);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(captured->Buffer, IOP_TAG_NAME);
        return status;
    }
    *name = *captured;
    for (USHORT i = captured->Length / sizeof(WCHAR); i > 0; i--)
        if (captured->Buffer[i - 1] == L'\\') {
            name->Buffer = captured->Buffer + i;
            name->Length = (USHORT)(captured->Length - i * sizeof(WCHAR));
            break;
        }
    return STATUS_SUCCESS;
}

static BOOLEAN may_load(void)
{
    LUID privilege = {SE_LOAD_DRIVER_PRIVILEGE, 0};
    KPROCESSOR_MODE mode = ExGetPreviousMode();
    return mode == KernelMode || SeSinglePrivilegeCheck(privilege, mode);
}

NTSTATUS NTAPI NtLoadDriver(PUNICODE_STRING DriverServiceName)
{
    UNICODE_STRING captured, name;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (!may_load())
        return STATUS_PRIVILEGE_NOT_HELD;
    NTSTATUS status = capture_service(DriverServiceName, &captured, &name);
    if (!NT_SUCCESS(status))
        return status;
    IopEnterLoader();
    IOP_SERVICE_ENTRY *service = find_service(&name);
    status =
        service ? IopLoadDriver(&name, service->path, NULL, 0, NULL, NULL) : STATUS_OBJECT_NAME_NOT_FOUND;
    IopLeaveLoader();
    ExFreePoolWithTag(captured.Buffer, IOP_TAG_NAME);
    return status;
}

NTSTATUS NTAPI NtUnloadDriver(PUNICODE_STRING DriverServiceName)
{
    UNICODE_STRING captured, name;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (!may_load())
        return STATUS_PRIVILEGE_NOT_HELD;
    NTSTATUS status = capture_service(DriverServiceName, &captured, &name);
    if (!NT_SUCCESS(status))
        return status;
    status = IopUnloadDriver(&name, NULL);
    ExFreePoolWithTag(captured.Buffer, IOP_TAG_NAME);
    return status;
}

NTSTATUS NTAPI ZwLoadDriver(PUNICODE_STRING DriverServiceName)
{
    KI_ZW(NtLoadDriver(DriverServiceName));
}

NTSTATUS NTAPI ZwUnloadDriver(PUNICODE_STRING DriverServiceName)
{
    KI_ZW(NtUnloadDriver(DriverServiceName));
}
