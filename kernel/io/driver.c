/* SPDX-License-Identifier: MIT */
/*
 * driver.c: driver objects and starting drivers.
 *
 *      IopLoadDriver: image loaded by ldr -> driver object \Driver\NAME -> DriverEntry -> devices made ready ->
 *      reinitialise routines
 *
 * A driver object is referenced by its creator (until unload), by each of its devices, and by whoever looks at it. The
 * last reference unloads the image, so code of a driver stays mapped as long as something of the driver is left. A
 * DriverEntry that fails must have undone what it did; what it forgot and Windows would leave behind is deleted
 * (devices) or reported (everything else), and the image goes.
 *
 * Loading and unloading are serialised by the loader lock, an event with an owner, because DriverEntry may load other
 * drivers itself. PASSIVE_LEVEL throughout.
 */
#include "iomgr.h"
#include "ldrp.h"

LIST_ENTRY IopDriverList;

static UNICODE_STRING hardware_database =
    RTL_CONSTANT_STRING(L"\\REGISTRY\\MACHINE\\HARDWARE\\DESCRIPTION\\SYSTEM");
static volatile LONG sequence;

/* ---------------------------------------------------------------- loader lock */

static KEVENT loader_event; /* signaled: free */
static PKTHREAD loader_owner;
static ULONG loader_depth;

void IopInitializeLoader(void)
{
    KeInitializeEvent(&loader_event, SynchronizationEvent, TRUE);
}

void IopEnterLoader(void)
{
    if (__atomic_load_n(&loader_owner, __ATOMIC_RELAXED) == KiThread()) {
        loader_depth++;
        return;
    }
    KeWaitForSingleObject(&loader_event, Executive, KernelMode, FALSE, NULL);
    __atomic_store_n(&loader_owner, KiThread(), __ATOMIC_RELAXED);
    loader_depth = 1;
}

void IopLeaveLoader(void)
{
    if (--loader_depth)
        return;
    __atomic_store_n(&loader_owner, NULL, __ATOMIC_RELAXED);
    KeSetEvent(&loader_event, IO_NO_INCREMENT, FALSE);
}

/* ---------------------------------------------------------------- strings */

/* prefix + suffix, terminated, in pool. */
static NTSTATUS join(PUNICODE_STRING to, PCWSTR prefix, PCUNICODE_STRING suffix)
{
    SIZE_T length = 0;
    while (prefix[length])
        length++;
    SIZE_T bytes = length * sizeof(WCHAR) + suffix->Length;
    if (bytes > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))
        return STATUS_NAME_TOO_LONG;
    PWCH buffer = ExAllocatePoolWithTag(NonPagedPoolNx, bytes + sizeof(WCHAR), IOP_TAG_NAME);
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(buffer, prefix, length * sizeof(WCHAR));
    RtlCopyMemory(buffer + length, suffix->Buffer, suffix->Length);
    buffer[bytes / sizeof(WCHAR)] = 0;
    to->Buffer = buffer;
    to->Length = (USHORT)bytes;
    to->MaximumLength = (USHORT)(bytes + sizeof(WCHAR));
    return STATUS_SUCCESS;
}

BOOLEAN IopDuplicateString(PUNICODE_STRING To, PCUNICODE_STRING From)
{
    return NT_SUCCESS(join(To, L"", From));
}

static void free_string(PUNICODE_STRING string)
{
    if (string->Buffer)
        ExFreePoolWithTag(string->Buffer, IOP_TAG_NAME);
    string->Buffer = NULL;
}

/* ---------------------------------------------------------------- driver objects */

PIOP_DRIVER IopFindDriver(PCUNICODE_STRING ServiceName)
{
    PIOP_DRIVER found = NULL;
    KIRQL irql = IopLockDatabase();
    for (PLIST_ENTRY e = IopDriverList.Flink; e != &IopDriverList && !found; e = e->Flink) {
        PIOP_DRIVER driver = CONTAINING_RECORD(e, IOP_DRIVER, ListEntry);
        if (RtlEqualUnicodeString(&driver->ServiceName, ServiceName, TRUE) && ObReferenceObjectSafe(driver))
            found = driver;
    }
    IopUnlockDatabase(irql);
    return found;
}

void IopUnlistDriver(PIOP_DRIVER Driver)
{
    KIRQL irql = IopLockDatabase();
    if (Driver->Listed) {
        RemoveEntryList(&Driver->ListEntry);
        Driver->Listed = FALSE;
    }
    IopUnlockDatabase(irql);
}

/* A driver object that is in the namespace and in the list; *driver has the creator's reference. */
static NTSTATUS create_object(PCWSTR directory, PCUNICODE_STRING service, PIOP_DRIVER *result)
{
    OBJECT_ATTRIBUTES attributes;
    PIOP_DRIVER driver;
    UNICODE_STRING name;
    PVOID inserted;
    NTSTATUS status = join(&name, directory, service);
    if (!NT_SUCCESS(status))
        return status;
    InitializeObjectAttributes(&attributes, &name, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               NULL, NULL);
    status = ObCreateObject(KernelMode, IopDriverObjectType, &attributes, KernelMode, NULL, sizeof *driver, 0,
                            0, (PVOID *)&driver);
    if (!NT_SUCCESS(status)) {
        free_string(&name);
        return status;
    }
    PDRIVER_OBJECT object = &driver->Object;
    object->Type = IO_TYPE_DRIVER;
    object->Size = sizeof *object;
    object->DriverName = name;
    object->DriverExtension = &driver->Extension;
    object->HardwareDatabase = &hardware_database;
    driver->Extension.DriverObject = object;
    driver->SequenceNumber = (ULONG)InterlockedIncrement(&sequence);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        object->MajorFunction[i] = IopInvalidDeviceRequest;
    if (!IopDuplicateString(&driver->ServiceName, service) ||
        !IopDuplicateString(&driver->Extension.ServiceKeyName, service)) {
        ObDereferenceObject(driver);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    status = ObInsertObject(driver, NULL, FILE_READ_DATA, 1, &inserted, NULL);
    if (!NT_SUCCESS(status))
        return status;
    KIRQL irql = IopLockDatabase();
    InsertTailList(&IopDriverList, &driver->ListEntry);
    driver->Listed = TRUE;
    IopUnlockDatabase(irql);
    *result = driver;
    return STATUS_SUCCESS;
}

void IopDeleteDriverObject(PVOID Object)
{
    PIOP_DRIVER driver = Object;
    IopUnlistDriver(driver);
    for (PIO_CLIENT_EXTENSION e = driver->ClientExtensions, next; e; e = next) {
        next = e->NextExtension;
        ExFreePoolWithTag(e, IOP_TAG_DEVICE);
    }
    if (driver->Image)
        LdrpUnloadImage(driver->Image);
    free_string(&driver->ServiceName);
    free_string(&driver->Extension.ServiceKeyName);
    free_string(&driver->Object.DriverName);
}

NTSTATUS NTAPI IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress,
                                               ULONG DriverObjectExtensionSize, PVOID *DriverObjectExtension)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    PIOP_DRIVER driver = IopDriver(DriverObject);
    *DriverObjectExtension = NULL;
    PIO_CLIENT_EXTENSION extension = MiAllocatePool(
        NonPagedPoolNx, sizeof *extension + DriverObjectExtensionSize, IOP_TAG_DEVICE, TRUE, NULL);
    if (!extension)
        return STATUS_INSUFFICIENT_RESOURCES;
    extension->ClientIdentificationAddress = ClientIdentificationAddress;
    KIRQL irql = IopLockDatabase();
    PIO_CLIENT_EXTENSION e = driver->ClientExtensions;
    while (e && e->ClientIdentificationAddress != ClientIdentificationAddress)
        e = e->NextExtension;
    if (!e) {
        extension->NextExtension = driver->ClientExtensions;
        driver->ClientExtensions = extension;
    }
    IopUnlockDatabase(irql);
    if (e) {
        ExFreePoolWithTag(extension, IOP_TAG_DEVICE);
        return STATUS_OBJECT_NAME_COLLISION;
    }
    *DriverObjectExtension = extension->Data;
    return STATUS_SUCCESS;
}

PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject, PVOID ClientIdentificationAddress)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = IopLockDatabase();
    PIO_CLIENT_EXTENSION e = IopDriver(DriverObject)->ClientExtensions;
    while (e && e->ClientIdentificationAddress != ClientIdentificationAddress)
        e = e->NextExtension;
    IopUnlockDatabase(irql);
    return e ? e->Data : NULL;
}

PDRIVER_OBJECT IopDriverOfAddress(PVOID Address)
{
    ULONG_PTR at = (ULONG_PTR)Address;
    for (PLIST_ENTRY e = IopDriverList.Flink; e && e != &IopDriverList; e = e->Flink) {
        PDRIVER_OBJECT object = &CONTAINING_RECORD(e, IOP_DRIVER, ListEntry)->Object;
        if (at - (ULONG_PTR)object->DriverStart < object->DriverSize)
            return object;
    }
    return NULL;
}

/* ---------------------------------------------------------------- starting */

/* After DriverEntry: its devices may be opened, its empty dispatch entries refuse. */
static void make_ready(PDRIVER_OBJECT object)
{
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        if (!object->MajorFunction[i])
            object->MajorFunction[i] = IopInvalidDeviceRequest;
    KIRQL irql = IopLockDatabase();
    object->Flags |= DRVO_INITIALIZED;
    for (PDEVICE_OBJECT d = object->DeviceObject; d; d = d->NextDevice)
        d->Flags &= ~DO_DEVICE_INITIALIZING;
    IopUnlockDatabase(irql);
}

static NTSTATUS call_driver_entry(PIOP_DRIVER driver)
{
    UNICODE_STRING path;
    NTSTATUS status =
        join(&path, L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\", &driver->ServiceName);
    if (!NT_SUCCESS(status))
        return status;
    status = driver->Object.DriverInit(&driver->Object, &path);
    if (KiIrql() != PASSIVE_LEVEL)
        KiBugCheckText(IRQL_UNEXPECTED_VALUE, KiIrql(), PASSIVE_LEVEL, 0, 0,
                       (ULONG_PTR)driver->Object.DriverInit,
                       "DriverEntry returned with IRQL raised: it raised IRQL or acquired a spin lock and "
                       "did not undo it.");
    free_string(&path);
    return status;
}

/* A driver that failed to start leaves: delete the devices it forgot, report the rest, drop it. */
static void discard(PIOP_DRIVER driver)
{
    PDRIVER_OBJECT object = &driver->Object;
    IopForgetReinitialization(object);
    IopReportLeaks(driver, "its DriverEntry failed");
    while (object->DeviceObject) {
        PDEVICE_OBJECT device = object->DeviceObject;
        if (device->DeviceObjectExtension->ExtensionFlags & DOE_DELETE_PENDING)
            break; /* in use elsewhere: goes with its last use */
        if (device->DeviceObjectExtension->AttachedTo)
            IoDetachDevice(device->DeviceObjectExtension->AttachedTo);
        IoDeleteDevice(device);
    }
    IopUnlistDriver(driver);
    ObMakeTemporaryObject(driver);
    ObDereferenceObject(driver);
}

static NTSTATUS start(PIOP_DRIVER driver, char *why)
{
    KAPC_STATE apc;
    /* Whoever asked for the driver, its DriverEntry runs in the system process: handles, \?? and tokens are the system's. */
    KeStackAttachProcess(&PsInitialSystemProcess->Pcb, &apc);
    NTSTATUS status = call_driver_entry(driver);
    KeUnstackDetachProcess(&apc);
    if (!NT_SUCCESS(status)) {
        if (why) {
            char name[64];
            IopAscii(&driver->ServiceName, name, sizeof name);
            nt__snprintf(why, IOP_WHY_BYTES, "DriverEntry of %s returned 0x%08x", name, (ULONG)status);
        }
        discard(driver);
        return status;
    }
    make_ready(&driver->Object);
    if (driver->Image)
        LdrpDiscardInit(driver->Image);
    IopCallReinitializeRoutines(FALSE);
    return STATUS_SUCCESS;
}

/* The NT path of an image: \SystemRoot\System32\drivers\ and the last part of the host's path. */
static NTSTATUS image_path(PUNICODE_STRING to, const char *host_path, PCUNICODE_STRING service)
{
    WCHAR text[256];
    UNICODE_STRING base = {0, sizeof text, text};
    const char *last = host_path;
    for (const char *p = host_path; *p; p++)
        if (*p == '/')
            last = p + 1;
    for (; *last && base.Length < sizeof text; last++, base.Length += sizeof(WCHAR))
        text[base.Length / sizeof(WCHAR)] = (UCHAR)*last;
    if (base.Length)
        return join(to, L"\\SystemRoot\\System32\\drivers\\", &base);
    UNICODE_STRING bare;
    NTSTATUS status = join(&bare, L"\\SystemRoot\\System32\\drivers\\", service);
    if (!NT_SUCCESS(status))
        return status;
    static const UNICODE_STRING suffix = RTL_CONSTANT_STRING(L".sys");
    status = join(to, bare.Buffer, &suffix);
    free_string(&bare);
    return status;
}

static NTSTATUS load_image(PCUNICODE_STRING service, const char *host_path, const void *image, SIZE_T bytes,
                           PKLDR_MODULE *module, char *why)
{
    UNICODE_STRING path;
    struct ldr_error error = {0};
    const void *file = NULL;
    uint64_t size = bytes;
    NTSTATUS status = image_path(&path, host_path ? host_path : "", service);
    if (!NT_SUCCESS(status))
        return status;
    if (!image) {
        int failed = host_path ? host_read_file(host_path, &file, &size) : -1;
        if (failed) {
            free_string(&path);
            if (why)
                nt__snprintf(why, IOP_WHY_BYTES, "cannot read %s (host error %d)",
                             host_path ? host_path : "the image", -failed);
            return STATUS_OBJECT_NAME_NOT_FOUND;
        }
        image = file;
    }
    status = LdrpLoadImage(&path, host_path, image, size,
                           host_config()->allow_unresolved ? LDR_ALLOW_UNRESOLVED : 0, module, &error);
    if (file)
        host_free_file(file, size);
    if (!NT_SUCCESS(status) && why)
        nt__snprintf(why, IOP_WHY_BYTES, "%s", error.text);
    free_string(&path);
    return status;
}

static NTSTATUS load(PCUNICODE_STRING service, const char *host_path, const void *image, SIZE_T bytes,
                     PDRIVER_OBJECT *result, char *why)
{
    PKLDR_MODULE module;
    PIOP_DRIVER driver = IopFindDriver(service);
    if (driver) {
        ObDereferenceObject(driver);
        if (why)
            nt__snprintf(why, IOP_WHY_BYTES, "a driver of this name is loaded already");
        return STATUS_IMAGE_ALREADY_LOADED;
    }
    NTSTATUS status = load_image(service, host_path, image, bytes, &module, why);
    if (!NT_SUCCESS(status))
        return status;
    status = create_object(L"\\Driver\\", service, &driver);
    if (!NT_SUCCESS(status)) {
        LdrpUnloadImage(module);
        return status;
    }
    PDRIVER_OBJECT object = &driver->Object;
    driver->Image = module;
    object->Flags = DRVO_LEGACY_DRIVER;
    object->DriverStart = module->Entry.DllBase;
    object->DriverSize = module->Entry.SizeOfImage;
    object->DriverSection = &module->Entry;
    object->DriverInit = (PDRIVER_INITIALIZE)module->Entry.EntryPoint;
    if (host_path)
        nt__snprintf(driver->HostPath, sizeof driver->HostPath, "%s", host_path);
    if (result)
        ObReferenceObject(object);
    status = start(driver, why);
    if (NT_SUCCESS(status) && object->DriverExtension->AddDevice)
        object->Flags &= ~DRVO_LEGACY_DRIVER;
    if (result) {
        if (NT_SUCCESS(status))
            *result = object;
        else
            ObDereferenceObject(object);
    }
    return status;
}

NTSTATUS IopLoadDriver(PCUNICODE_STRING ServiceName, const char *HostPath, const void *Image, SIZE_T Bytes,
                       PDRIVER_OBJECT *DriverObject, char *Why)
{
    if (Why)
        Why[0] = 0;
    if (DriverObject)
        *DriverObject = NULL;
    if (ServiceName->Length == 0) {
        if (Why)
            nt__snprintf(Why, IOP_WHY_BYTES, "the service name is empty");
        return STATUS_INVALID_PARAMETER;
    }
    IopEnterLoader();
    NTSTATUS status = load(ServiceName, HostPath, Image, Bytes, DriverObject, Why);
    IopLeaveLoader();
    return status;
}

/* ---------------------------------------------------------------- drivers without an image of their own */

NTSTATUS NTAPI IoCreateDriver(PUNICODE_STRING DriverName, PDRIVER_INITIALIZE InitializationFunction)
{
    static const UNICODE_STRING prefix = RTL_CONSTANT_STRING(L"\\Driver\\");
    WCHAR text[9];
    UNICODE_STRING service;
    PIOP_DRIVER driver;
    PCWSTR directory = L"\\Driver\\";
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (DriverName) {
        service = *DriverName;
        if (!RtlPrefixUnicodeString(&prefix, DriverName, TRUE))
            return STATUS_INVALID_PARAMETER;
        service.Buffer += prefix.Length / sizeof(WCHAR);
        service.Length -= prefix.Length;
    } else {
        ULONG number = (ULONG)sequence + 1;
        for (ULONG i = 0; i < 8; i++)
            text[i] = L"0123456789abcdef"[(number >> (28 - 4 * i)) & 15];
        service = (UNICODE_STRING){16, 16, text};
    }
    IopEnterLoader();
    NTSTATUS status = create_object(directory, &service, &driver);
    if (NT_SUCCESS(status)) {
        driver->Object.Flags = DRVO_BUILTIN_DRIVER;
        driver->Object.DriverInit = InitializationFunction;
        status = InitializationFunction(&driver->Object, NULL);
        if (NT_SUCCESS(status))
            make_ready(&driver->Object);
        else
            discard(driver);
    }
    IopLeaveLoader();
    return status;
}

VOID NTAPI IoDeleteDriver(PDRIVER_OBJECT DriverObject)
{
    IopUnlistDriver(IopDriver(DriverObject));
    ObMakeTemporaryObject(DriverObject);
    ObDereferenceObject(DriverObject);
}
