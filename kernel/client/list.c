/* SPDX-License-Identifier: MIT */
/*
 * What the machine holds, as rows of named fields. Text and JSON are made from the same rows by whoever asked.
 *
 * A walk under a lock may not call the row function, which prints; such walks copy what they see into a snapshot in
 * pool first.
 */
#include <ntifs.h>

#include "client.h"
#include "crt.h"
#include "host.h"
#include "iop.h"
#include "ki.h"
#include "ldrp.h"
#include "listp.h"
#include "mi.h"
#include "obp.h"
#include "psp.h"

/* A counted string as UTF-8, cut to the buffer, always terminated. */
void KcToUtf8(PCUNICODE_STRING string, char *buffer, ULONG bytes)
{
    ULONG written = 0;
    if (string && string->Buffer)
        RtlUnicodeToUTF8N(buffer, bytes - 1, &written, string->Buffer, string->Length);
    buffer[written] = 0;
}

/* "driver.sys+0x1234 (function)" of a code address, as far as it is known. */
void KcDescribeCode(PVOID address, char *buffer, size_t bytes)
{
    PKLDR_MODULE module = LdrFindModuleByAddress(address);
    struct host_symbol symbol;
    if (module) {
        char name[64];
        KcToUtf8(&module->Entry.BaseDllName, name, sizeof name);
        nt__snprintf(buffer, bytes, "%s+0x%I64x", name, (ULONG64)((PUCHAR)address - (PUCHAR)module->Entry.DllBase));
    } else if (host_symbolize(NULL, (uint64_t)address, &symbol)) {
        nt__snprintf(buffer, bytes, "%s", symbol.function);
    } else {
        nt__snprintf(buffer, bytes, "%p", address);
    }
    buffer[bytes - 1] = 0;
}

/* ---------------------------------------------------------------- drivers and devices */

static ULONG count_devices(PDRIVER_OBJECT driver)
{
    ULONG count = 0;
    for (PDEVICE_OBJECT device = driver->DeviceObject; device; device = device->NextDevice)
        count++;
    return count;
}

static BOOLEAN driver_row(PDRIVER_OBJECT driver, PVOID context)
{
    struct rows *rows = context;
    char name[NAME_BYTES];
    KcToUtf8(&driver->DriverName, name, sizeof name);
    EMIT(rows, text("driver", name), hex("object", (uint64_t)driver), hex("start", (uint64_t)driver->DriverStart),
         hex("size", driver->DriverSize), number("devices", count_devices(driver)),
         text("unloads", driver->DriverUnload ? "yes" : "no"));
    return TRUE;
}

static BOOLEAN device_row(PDEVICE_OBJECT device, PVOID context)
{
    struct rows *rows = context;
    char name[NAME_BYTES], driver[NAME_BYTES], flags[128], attached[NAME_BYTES] = "";
    IopFormatName(device, name, sizeof name);
    KcToUtf8(&device->DriverObject->DriverName, driver, sizeof driver);
    IopFormatDeviceFlags(device, flags, sizeof flags);
    if (device->AttachedDevice)
        IopFormatName(device->AttachedDevice, attached, sizeof attached);
    EMIT(rows, text("device", name), hex("object", (uint64_t)device), text("driver", driver),
         hex("type", device->DeviceType), number("stack", (uint64_t)device->StackSize),
         number("opens", (uint64_t)device->ReferenceCount), text("flags", flags), text("attached above", attached));
    return TRUE;
}

static NTSTATUS list_drivers(const char *argument, struct rows *rows)
{
    IopEnumerateDrivers(driver_row, rows);
    return STATUS_SUCCESS;
}

static NTSTATUS list_devices(const char *argument, struct rows *rows)
{
    IopEnumerateDevices(device_row, rows);
    return STATUS_SUCCESS;
}

NTSTATUS KcReferenceName(const char *argument, POBJECT_TYPE type, PVOID *object)
{
    WCHAR buffer[NAME_BYTES];
    UNICODE_STRING name = {.Buffer = buffer};
    ULONG length = 0, bytes = 0;
    while (argument[length])
        length++;
    NTSTATUS status = RtlUTF8ToUnicodeN(buffer, sizeof buffer, &bytes, argument, length);
    if (!NT_SUCCESS(status))
        return STATUS_OBJECT_NAME_INVALID;
    name.Length = name.MaximumLength = (USHORT)bytes;
    return ObReferenceObjectByName(&name, OBJ_CASE_INSENSITIVE, NULL, 0, type, KernelMode, NULL, object);
}

#define STACK_DEVICES 32

static NTSTATUS list_devstack(const char *argument, struct rows *rows)
{
    WCHAR buffer[NAME_BYTES];
    UNICODE_STRING name = {.Buffer = buffer};
    ULONG length = 0, bytes = 0;
    PFILE_OBJECT file;
    PDEVICE_OBJECT top, devices[STACK_DEVICES];
    if (!argument)
        return STATUS_INVALID_PARAMETER;
    while (argument[length])
        length++;
    NTSTATUS status = RtlUTF8ToUnicodeN(buffer, sizeof buffer, &bytes, argument, length);
    if (!NT_SUCCESS(status))
        return STATUS_OBJECT_NAME_INVALID;
    name.Length = name.MaximumLength = (USHORT)bytes;
    status = IoGetDeviceObjectPointer(&name, FILE_READ_ATTRIBUTES, &file, &top);
    if (!NT_SUCCESS(status))
        return status;
    ULONG count = IopQueryDeviceStack(top, devices, STACK_DEVICES);
    for (ULONG i = 0; i < count && i < STACK_DEVICES; i++)
        device_row(devices[i], rows);
    ObDereferenceObject(file);
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- object directories */

/* Where a symbolic link leads, "" if it cannot be asked. */
static void describe_link(PVOID link, char *buffer, ULONG bytes)
{
    HANDLE handle;
    WCHAR target[NAME_BYTES];
    UNICODE_STRING string = {.Buffer = target, .MaximumLength = sizeof target};
    if (!NT_SUCCESS(ObOpenObjectByPointer(link, OBJ_KERNEL_HANDLE, NULL, SYMBOLIC_LINK_QUERY, ObpSymbolicLinkObjectType,
                                          KernelMode, &handle)))
        return;
    if (NT_SUCCESS(ZwQuerySymbolicLinkObject(handle, &string, NULL)))
        KcToUtf8(&string, buffer, bytes);
    ZwClose(handle);
}

static NTSTATUS list_objdir(const char *argument, struct rows *rows)
{
    PVOID directory, object;
    ULONG cursor = 0;
    NTSTATUS status = KcReferenceName(argument ? argument : "\\", ObpDirectoryObjectType, &directory);
    if (!NT_SUCCESS(status))
        return status;
    while (ObpEnumerateDirectory(directory, &cursor, &object)) {
        char name[NAME_BYTES], type[64], target[NAME_BYTES] = "";
        POBJECT_HEADER_NAME_INFO info = ObpNameInfo(ObpHeader(object));
        KcToUtf8(info ? &info->Name : NULL, name, sizeof name);
        KcToUtf8(&ObpTypeOf(object)->Name, type, sizeof type);
        if (ObpTypeOf(object) == ObpSymbolicLinkObjectType)
            describe_link(object, target, sizeof target);
        EMIT(rows, text("name", name), text("type", type), hex("object", (uint64_t)object),
             number("references", (uint64_t)ObpHeader(object)->PointerCount - 1),
             number("handles", (uint64_t)ObpHeader(object)->HandleCount), text("detail", target));
        ObDereferenceObject(object);
    }
    ObDereferenceObject(directory);
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- IRPs */

struct irp_snapshot {
    IOP_IRP_INFO *irps;
    ULONG count, room;
};

static BOOLEAN copy_irp(const IOP_IRP_INFO *info, PVOID context)
{
    struct irp_snapshot *snapshot = context;
    if (snapshot->irps && snapshot->count < snapshot->room)
        snapshot->irps[snapshot->count] = *info;
    snapshot->count++;
    return TRUE;
}

static NTSTATUS list_irps(const char *argument, struct rows *rows)
{
    struct irp_snapshot snapshot = {0};
    IopEnumerateIrps(copy_irp, &snapshot);
    snapshot.room = snapshot.count + 8;
    snapshot.irps = ExAllocatePool2(POOL_FLAG_NON_PAGED, snapshot.room * sizeof *snapshot.irps, 'ltcK');
    if (!snapshot.irps)
        return STATUS_INSUFFICIENT_RESOURCES;
    snapshot.count = 0;
    IopEnumerateIrps(copy_irp, &snapshot);
    for (ULONG i = 0; i < snapshot.count && i < snapshot.room; i++) {
        const IOP_IRP_INFO *info = &snapshot.irps[i];
        char device[NAME_BYTES] = "", location[16];
        if (info->Device)
            IopFormatName(info->Device, device, sizeof device);
        nt__snprintf(location, sizeof location, "%d/%d", info->Location, info->StackCount);
        EMIT(rows, hex("irp", (uint64_t)info->Irp), text("major", IopMajorFunctionName(info->Major)),
             number("minor", info->Minor), hex("code", info->ControlCode), text("device", device),
             text("location", location), text("cancelable", info->Cancelable ? "yes" : "no"),
             text("cancelled", info->Cancel ? "yes" : "no"),
             number("thread", ((PKTHREAD)info->Thread)->Id));
    }
    ExFreePool(snapshot.irps);
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- modules */

static BOOLEAN module_row(PKLDR_MODULE module, PVOID context)
{
    struct rows *rows = context;
    char name[NAME_BYTES], path[NAME_BYTES];
    KcToUtf8(&module->Entry.BaseDllName, name, sizeof name);
    KcToUtf8(&module->Entry.FullDllName, path, sizeof path);
    EMIT(rows, text("module", name), hex("base", (uint64_t)module->Entry.DllBase), hex("size", module->Entry.SizeOfImage),
         hex("entry", (uint64_t)module->Entry.EntryPoint), text("path", path));
    return TRUE;
}

static NTSTATUS list_modules(const char *argument, struct rows *rows)
{
    LdrEnumerateModules(module_row, rows);
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- dispatch */

static const struct {
    const char *kind;
    NTSTATUS (*list)(const char *argument, struct rows *rows);
} lists[] = {
    {"drivers", list_drivers}, {"devices", list_devices}, {"devstack", list_devstack},
    {"objdir", list_objdir},   {"handles", KcListHandles}, {"threads", KcListThreads},
    {"irps", list_irps},       {"pool", KcListPool},      {"modules", list_modules},
    {"processes", KcListProcesses}, {"jobs", KcListJobs}, {"leaks", KcListLeaks}, {"memory", KcListMemory},
    {"objects", KcListObjects}, {"references", KcListReferences},
    {"timers", KcListTimers},  {"dpcs", KcListDpcs},      {"processors", KcListProcessors},
};

int32_t KcsList(const char *kind, const char *argument, kc_row_fn *row, void *context)
{
    struct rows rows = {.row = row, .context = context};
    KiThread()->PreviousMode = KernelMode;
    KiDeliverPending();
    for (unsigned i = 0; i < RTL_NUMBER_OF(lists); i++)
        if (nt_strcmp(lists[i].kind, kind) == 0)
            return lists[i].list(argument, &rows);
    return STATUS_INVALID_PARAMETER;
}
