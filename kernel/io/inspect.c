/* SPDX-License-Identifier: MIT */
/*
 * inspect.c: the I/O manager's state as text and as walks, for reports and the command line.
 *
 * Walks take references and release the lock before they call back, so a callback may do what it likes.
 * Formatting an IRP reads it through KiSafeRead, because a crash report may be about one that is no longer
 * there.
 */
#include "iomgr.h"

/* ---------------------------------------------------------------- text */

void NTAPI IopAppend(IOP_TEXT *To, const char *Format, ...)
{
    if (To->Used + 1 >= To->Size)
        return;
    NT_VA_LIST arguments;
    NT_VA_START(arguments, Format);
    int written = nt__vsnprintf(To->Text + To->Used, To->Size - To->Used, Format, arguments);
    NT_VA_END(arguments);
    if (written < 0 || (SIZE_T)written >= To->Size - To->Used)
        To->Used = To->Size - 1;
    else
        To->Used += (SIZE_T)written;
    To->Text[To->Used] = 0;
}

void NTAPI IopReport(const char *Format, ...)
{
    char line[1600] = "kiln: ";
    SIZE_T used = 6;
    NT_VA_LIST arguments;
    NT_VA_START(arguments, Format);
    int written = nt__vsnprintf(line + used, sizeof line - used - 1, Format, arguments);
    NT_VA_END(arguments);
    used =
        written < 0 || (SIZE_T)written >= sizeof line - used - 1 ? sizeof line - 2 : used + (SIZE_T)written;
    line[used++] = '\n';
    host_console_write(HOST_STREAM_REPORT, line, used);
}

void IopAscii(PCUNICODE_STRING String, char *Text, SIZE_T Bytes)
{
    SIZE_T used = 0;
    for (USHORT i = 0; i < String->Length / sizeof(WCHAR) && used + 1 < Bytes; i++)
        Text[used++] = String->Buffer[i] >= 0x20 && String->Buffer[i] < 0x7F ? (char)String->Buffer[i] : '?';
    Text[used] = 0;
}

void IopFormatName(PVOID Object, char *Text, SIZE_T Bytes)
{
    struct {
        OBJECT_NAME_INFORMATION info;
        WCHAR room[256];
    } name;
    ULONG length;
    nt__snprintf(Text, Bytes, "(unnamed)");
    if (Object && ObpTypeOf(Object) == IopDriverObjectType) { /* has no name any more while it is unloaded */
        IopAscii(&((PDRIVER_OBJECT)Object)->DriverName, Text, Bytes);
        return;
    }
    if (!Object || KiIrql() > PASSIVE_LEVEL)
        return;
    if (NT_SUCCESS(ObQueryNameString(Object, &name.info, sizeof name, &length)) && name.info.Name.Length)
        IopAscii(&name.info.Name, Text, Bytes);
}

const char *IopMajorFunctionName(UCHAR Major)
{
    static const char *const names[] = {
        "IRP_MJ_CREATE",
        "IRP_MJ_CREATE_NAMED_PIPE",
        "IRP_MJ_CLOSE",
        "IRP_MJ_READ",
        "IRP_MJ_WRITE",
        "IRP_MJ_QUERY_INFORMATION",
        "IRP_MJ_SET_INFORMATION",
        "IRP_MJ_QUERY_EA",
        "IRP_MJ_SET_EA",
        "IRP_MJ_FLUSH_BUFFERS",
        "IRP_MJ_QUERY_VOLUME_INFORMATION",
        "IRP_MJ_SET_VOLUME_INFORMATION",
        "IRP_MJ_DIRECTORY_CONTROL",
        "IRP_MJ_FILE_SYSTEM_CONTROL",
        "IRP_MJ_DEVICE_CONTROL",
        "IRP_MJ_INTERNAL_DEVICE_CONTROL",
        "IRP_MJ_SHUTDOWN",
        "IRP_MJ_LOCK_CONTROL",
        "IRP_MJ_CLEANUP",
        "IRP_MJ_CREATE_MAILSLOT",
        "IRP_MJ_QUERY_SECURITY",
        "IRP_MJ_SET_SECURITY",
        "IRP_MJ_POWER",
        "IRP_MJ_SYSTEM_CONTROL",
        "IRP_MJ_DEVICE_CHANGE",
        "IRP_MJ_QUERY_QUOTA",
        "IRP_MJ_SET_QUOTA",
        "IRP_MJ_PNP",
    };
    C_ASSERT(RTL_NUMBER_OF(names) == IRP_MJ_MAXIMUM_FUNCTION + 1);
    return Major < RTL_NUMBER_OF(names) ? names[Major] : "IRP_MJ_?";
}

void IopFormatDeviceFlags(PDEVICE_OBJECT Device, char *Text, SIZE_T Bytes)
{
    static const struct {
        ULONG flag;
        const char *name;
    } flags[] = {
        {DO_BUFFERED_IO, "buffered"},
        {DO_DIRECT_IO, "direct"},
        {DO_EXCLUSIVE, "exclusive"},
        {DO_DEVICE_HAS_NAME, "named"},
        {DO_DEVICE_INITIALIZING, "initializing"},
        {DO_SHUTDOWN_REGISTERED, "shutdown"},
        {DO_BUS_ENUMERATED_DEVICE, "enumerated"},
        {DO_POWER_PAGABLE, "power-pagable"},
        {DO_POWER_INRUSH, "power-inrush"},
    };
    IOP_TEXT text = {Text, Bytes, 0};
    ULONG pending = Device->DeviceObjectExtension->ExtensionFlags;
    Text[0] = 0;
    for (ULONG i = 0; i < RTL_NUMBER_OF(flags); i++)
        if (Device->Flags & flags[i].flag)
            IopAppend(&text, "%s%s", text.Used ? " " : "", flags[i].name);
    if (pending & DOE_DELETE_PENDING)
        IopAppend(&text, "%sdelete-pending", text.Used ? " " : "");
    if (pending & DOE_UNLOAD_PENDING)
        IopAppend(&text, "%sunload-pending", text.Used ? " " : "");
}

/* ---------------------------------------------------------------- walks */

/* The driver after `previous` in load order (NULL: the first), referenced. */
static PIOP_DRIVER next_driver(PIOP_DRIVER previous)
{
    PIOP_DRIVER best = NULL;
    ULONG after = previous ? previous->SequenceNumber : 0;
    KIRQL irql = IopLockDatabase();
    for (PLIST_ENTRY e = IopDriverList.Flink; e != &IopDriverList && !best; e = e->Flink) {
        PIOP_DRIVER driver = CONTAINING_RECORD(e, IOP_DRIVER, ListEntry);
        if (driver->SequenceNumber > after && ObReferenceObjectSafe(driver))
            best = driver;
    }
    IopUnlockDatabase(irql);
    return best;
}

void IopEnumerateDrivers(BOOLEAN (*fn)(PDRIVER_OBJECT Driver, PVOID Context), PVOID Context)
{
    PIOP_DRIVER driver = NULL, next;
    BOOLEAN more = TRUE;
    while (more && (next = next_driver(driver)) != NULL) {
        if (driver)
            ObDereferenceObject(driver);
        driver = next;
        more = fn(&driver->Object, Context);
    }
    if (driver)
        ObDereferenceObject(driver);
}

typedef struct _IOP_DEVICE_WALK {
    BOOLEAN (*fn)(PDEVICE_OBJECT Device, PVOID Context);
    PVOID context;
} IOP_DEVICE_WALK;

static BOOLEAN walk_devices(PDRIVER_OBJECT driver, PVOID context)
{
    IOP_DEVICE_WALK *walk = context;
    PDEVICE_OBJECT devices[64];
    ULONG count;
    BOOLEAN more = TRUE;
    if (IoEnumerateDeviceObjectList(driver, devices, sizeof devices, &count) == STATUS_BUFFER_TOO_SMALL)
        count = RTL_NUMBER_OF(devices);
    for (ULONG i = count; i > 0; i--) { /* the list is newest first */
        if (more)
            more = walk->fn(devices[i - 1], walk->context);
        ObDereferenceObject(devices[i - 1]);
    }
    return more;
}

void IopEnumerateDevices(BOOLEAN (*fn)(PDEVICE_OBJECT Device, PVOID Context), PVOID Context)
{
    IOP_DEVICE_WALK walk = {fn, Context};
    IopEnumerateDrivers(walk_devices, &walk);
}

ULONG IopQueryDeviceStack(PDEVICE_OBJECT Device, PDEVICE_OBJECT *Devices, ULONG Count)
{
    ULONG count = 0;
    KIRQL irql = IopLockDatabase();
    for (PDEVICE_OBJECT d = IopTopOfStack(Device); d; d = d->DeviceObjectExtension->AttachedTo, count++)
        if (count < Count)
            Devices[count] = d;
    IopUnlockDatabase(irql);
    return count;
}

static void describe(PIRP irp, PETHREAD thread, IOP_IRP_INFO *info)
{
    *info = (IOP_IRP_INFO){.Irp = irp,
                           .Thread = thread,
                           .Location = irp->CurrentLocation,
                           .StackCount = irp->StackCount,
                           .Cancel = irp->Cancel,
                           .Cancelable = irp->CancelRoutine != NULL};
    if (irp->CurrentLocation < 1 || irp->CurrentLocation > irp->StackCount)
        return; /* not sent yet, or completed and waiting for its APC */
    PIO_STACK_LOCATION sp = (PIO_STACK_LOCATION)(irp + 1) + irp->CurrentLocation - 1;
    info->Major = sp->MajorFunction;
    info->Minor = sp->MinorFunction;
    info->Device = sp->DeviceObject;
    info->Driver = sp->DeviceObject ? sp->DeviceObject->DriverObject : NULL;
    info->File = sp->FileObject;
    info->Pending = (sp->Control & SL_PENDING_RETURNED) != 0;
    if (sp->MajorFunction == IRP_MJ_DEVICE_CONTROL || sp->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL ||
        sp->MajorFunction == IRP_MJ_FILE_SYSTEM_CONTROL)
        info->ControlCode = sp->Parameters.DeviceIoControl.IoControlCode;
}

static ULONG irps_of(PETHREAD thread, IOP_IRP_INFO *infos, ULONG room)
{
    ULONG count = 0;
    IopLockThread(thread);
    for (PLIST_ENTRY e = thread->IrpList.Blink; e != &thread->IrpList && count < room; e = e->Blink)
        describe(CONTAINING_RECORD(e, IRP, ThreadListEntry), thread, &infos[count++]);
    IopUnlockThread(thread);
    return count;
}

void IopEnumerateIrps(BOOLEAN (*fn)(const IOP_IRP_INFO *Info, PVOID Context), PVOID Context)
{
    enum { ROOM = 64 };
    IOP_IRP_INFO *infos = ExAllocatePoolWithTag(NonPagedPoolNx, ROOM * sizeof *infos, IOP_TAG_BUFFER);
    if (!infos)
        return;
    PEPROCESS process = NULL;
    BOOLEAN more = TRUE;
    while (PspEnumerateProcesses(&process)) {
        PETHREAD thread = NULL;
        while (PspEnumerateThreads(process, &thread)) {
            ULONG count = more ? irps_of(thread, infos, ROOM) : 0;
            for (ULONG i = 0; i < count && more; i++)
                more = fn(&infos[i], Context);
        }
    }
    ExFreePoolWithTag(infos, IOP_TAG_BUFFER);
}

/* ---------------------------------------------------------------- an IRP in a report */

static void format_device(IOP_TEXT *text, PDEVICE_OBJECT device)
{
    DEVICE_OBJECT d;
    DRIVER_OBJECT driver;
    WCHAR name[64];
    if (!device) {
        IopAppend(text, "no device");
        return;
    }
    if (!KiSafeRead(&d, device, sizeof d) || d.Type != IO_TYPE_DEVICE ||
        !KiSafeRead(&driver, d.DriverObject, sizeof driver)) {
        IopAppend(text, "device %p (not readable)", (PVOID)device);
        return;
    }
    UNICODE_STRING u = driver.DriverName;
    char ascii[64] = "?";
    if (u.Length <= sizeof name && KiSafeRead(name, u.Buffer, u.Length)) {
        u.Buffer = name;
        IopAscii(&u, ascii, sizeof ascii);
    }
    IopAppend(text, "device %p of %s", (PVOID)device, ascii);
}

void IopFormatIrp(PIRP Irp, char *Text, SIZE_T Bytes)
{
    IOP_TEXT text = {Text, Bytes, 0};
    IRP irp;
    Text[0] = 0;
    if (!KiSafeRead(&irp, Irp, sizeof irp)) {
        IopAppend(&text, "IRP %p: not readable\n", (PVOID)Irp);
        return;
    }
    if (irp.Type != IO_TYPE_IRP || irp.StackCount < 0) {
        IopAppend(&text, "IRP %p: not an IRP, or free (type %d)\n", (PVOID)Irp, irp.Type);
        return;
    }
    IopAppend(&text, "IRP %p: status 0x%08x, information %I64u, %s requestor, location %d of %d%s%s%s\n",
              (PVOID)Irp, (ULONG)irp.IoStatus.Status, (ULONG64)irp.IoStatus.Information,
              irp.RequestorMode ? "user" : "kernel", irp.CurrentLocation, irp.StackCount,
              irp.Cancel ? ", cancelled" : "", irp.CancelRoutine ? ", has a cancel routine" : "",
              irp.CurrentLocation > irp.StackCount + 1 ? ", completed" : "");
    for (LONG i = irp.StackCount; i > 0; i--) {
        IO_STACK_LOCATION sp;
        if (!KiSafeRead(&sp, (PIO_STACK_LOCATION)(Irp + 1) + i - 1, sizeof sp))
            break;
        IopAppend(&text, "  %c[%d] %s minor 0x%02x", i == irp.CurrentLocation ? '>' : ' ', i,
                  IopMajorFunctionName(sp.MajorFunction), sp.MinorFunction);
        if (sp.MajorFunction == IRP_MJ_DEVICE_CONTROL || sp.MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL)
            IopAppend(&text, " code 0x%08x in %u out %u", sp.Parameters.DeviceIoControl.IoControlCode,
                      sp.Parameters.DeviceIoControl.InputBufferLength,
                      sp.Parameters.DeviceIoControl.OutputBufferLength);
        else if (sp.MajorFunction == IRP_MJ_READ || sp.MajorFunction == IRP_MJ_WRITE)
            IopAppend(&text, " length %u offset %I64d", sp.Parameters.Read.Length,
                      sp.Parameters.Read.ByteOffset.QuadPart);
        IopAppend(&text, ", ");
        format_device(&text, sp.DeviceObject);
        if (sp.Control & SL_PENDING_RETURNED)
            IopAppend(&text, ", pending");
        if (sp.CompletionRoutine &&
            (sp.Control & (SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL))) {
            char where[256];
            KiDescribeAddress((ULONG_PTR)sp.CompletionRoutine, where, sizeof where);
            IopAppend(&text, ", completion %s", where);
        }
        IopAppend(&text, "\n");
    }
}
