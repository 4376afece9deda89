/* SPDX-License-Identifier: MIT */
/*
 * report_irp.c: the requests a crash is about.
 *
 * Two sources: the list of requests that the current thread has issued, and memory of the failing frames (registers and
 * the stack near the failure), where a pointer to something that looks like an IRP usually is the one in hand. What is
 * printed is read by KiSafeRead and believed only as far as it is consistent.
 */
#include "vfp.h"
#include "psp.h"
#include <nt/io.h>

#define MAX_IRPS    6
#define SCAN_BYTES  4096
#define MAX_STACK   32
#define IRP_BYTES   sizeof(struct _IRP)

static ULONGLONG printed[MAX_IRPS];
static ULONG printed_count;

static const char *major_name(UCHAR major)
{
    static const char *const names[] = {
        "IRP_MJ_CREATE", "IRP_MJ_CREATE_NAMED_PIPE", "IRP_MJ_CLOSE", "IRP_MJ_READ", "IRP_MJ_WRITE",
        "IRP_MJ_QUERY_INFORMATION", "IRP_MJ_SET_INFORMATION", "IRP_MJ_QUERY_EA", "IRP_MJ_SET_EA", "IRP_MJ_FLUSH_BUFFERS",
        "IRP_MJ_QUERY_VOLUME_INFORMATION", "IRP_MJ_SET_VOLUME_INFORMATION", "IRP_MJ_DIRECTORY_CONTROL",
        "IRP_MJ_FILE_SYSTEM_CONTROL", "IRP_MJ_DEVICE_CONTROL", "IRP_MJ_INTERNAL_DEVICE_CONTROL", "IRP_MJ_SHUTDOWN",
        "IRP_MJ_LOCK_CONTROL", "IRP_MJ_CLEANUP", "IRP_MJ_CREATE_MAILSLOT", "IRP_MJ_QUERY_SECURITY", "IRP_MJ_SET_SECURITY",
        "IRP_MJ_POWER", "IRP_MJ_SYSTEM_CONTROL", "IRP_MJ_DEVICE_CHANGE", "IRP_MJ_QUERY_QUOTA", "IRP_MJ_SET_QUOTA",
        "IRP_MJ_PNP"};
    return major < RTL_NUMBER_OF(names) ? names[major] : "?";
}

/* `named`: somebody says that it is one; otherwise it must be consistent to be believed. */
static bool read_irp(ULONGLONG address, struct _IRP *irp, bool named)
{
    if (address < KILN_RAM_BASE || (address & 7) || !KiSafeRead(irp, (const void *)(ULONG_PTR)address, IRP_BYTES))
        return false;
    ULONGLONG stack = address + IRP_BYTES;
    if (irp->Type != IO_TYPE_IRP || irp->StackCount < 1 || irp->StackCount > MAX_STACK || irp->CurrentLocation < 0 ||
        irp->CurrentLocation > irp->StackCount + 2 || irp->Size < IRP_BYTES)
        return false;
    ULONGLONG current = (ULONG_PTR)irp->Tail.Overlay.CurrentStackLocation;
    return named || current == stack + (ULONGLONG)(irp->CurrentLocation - 1) * sizeof(IO_STACK_LOCATION);
}

/* The name of the driver that owns a device, as ASCII. */
static void driver_of(ULONGLONG device, char *name, ULONG bytes)
{
    DEVICE_OBJECT object;
    DRIVER_OBJECT driver;
    WCHAR wide[64];
    name[0] = '?';
    name[1] = 0;
    if (!device || !KiSafeRead(&object, (const void *)(ULONG_PTR)device, sizeof object) || object.Type != IO_TYPE_DEVICE ||
        !KiSafeRead(&driver, object.DriverObject, sizeof driver) || driver.Type != IO_TYPE_DRIVER)
        return;
    ULONG length = driver.DriverName.Length / 2 < RTL_NUMBER_OF(wide) ? driver.DriverName.Length / 2u : RTL_NUMBER_OF(wide);
    if (!KiSafeRead(wide, driver.DriverName.Buffer, length * 2))
        return;
    ULONG i = 0;
    for (; i < length && i + 1 < bytes; i++)
        name[i] = wide[i] >= 0x20 && wide[i] < 0x7F ? (char)wide[i] : '?';
    name[i] = 0;
}

static void print_location(const IO_STACK_LOCATION *location, bool current)
{
    char driver[80], completion[300];
    driver_of((ULONG_PTR)location->DeviceObject, driver, sizeof driver);
    vf_say("    %c %s/%02x  device %p %s", current ? '>' : ' ', major_name(location->MajorFunction),
           location->MinorFunction, location->DeviceObject, driver);
    switch (location->MajorFunction) {
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
        vf_say(", code 0x%08X, in %u, out %u", location->Parameters.DeviceIoControl.IoControlCode,
               location->Parameters.DeviceIoControl.InputBufferLength,
               location->Parameters.DeviceIoControl.OutputBufferLength);
        break;
    case IRP_MJ_READ:
    case IRP_MJ_WRITE:
        vf_say(", length %u, offset %lld", location->Parameters.Read.Length,
               location->Parameters.Read.ByteOffset.QuadPart);
        break;
    default:
        break;
    }
    if (location->Control & SL_PENDING_RETURNED)
        vf_say(", pending");
    vf_say("\n");
    if (location->CompletionRoutine && (location->Control & (SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL))) {
        KiDescribeAddress((ULONG_PTR)location->CompletionRoutine, completion, sizeof completion);
        vf_say("        completion routine %s, context %p\n", completion, location->Context);
    }
}

static void print_irp(ULONGLONG address, const char *how, bool named)
{
    struct _IRP irp;
    for (ULONG i = 0; i < printed_count; i++)
        if (printed[i] == address)
            return;
    if (printed_count == MAX_IRPS || !read_irp(address, &irp, named))
        return;
    if (printed_count == 0)
        vf_say("\nRequests\n");
    printed[printed_count++] = address;
    vf_say("  IRP %p (%s): location %d of %d%s%s, status 0x%08X, information %llu\n", address, how, irp.CurrentLocation,
           irp.StackCount, irp.CurrentLocation == irp.StackCount + 2 ? ", COMPLETED" : "",
           irp.Cancel ? ", cancelled" : "", irp.IoStatus.Status, (ULONGLONG)irp.IoStatus.Information);
    if (irp.MdlAddress || irp.AssociatedIrp.SystemBuffer || irp.UserBuffer || irp.CancelRoutine)
        vf_say("    mdl %p, system buffer %p, user buffer %p, cancel routine %p\n", irp.MdlAddress,
               irp.AssociatedIrp.SystemBuffer, irp.UserBuffer, irp.CancelRoutine);
    for (int i = irp.StackCount; i >= 1; i--) {
        IO_STACK_LOCATION location;
        ULONGLONG at = address + IRP_BYTES + (ULONGLONG)(i - 1) * sizeof location;
        if (!KiSafeRead(&location, (const void *)(ULONG_PTR)at, sizeof location))
            break;
        if (i >= irp.CurrentLocation)
            print_location(&location, i == irp.CurrentLocation);
    }
}

static void print_thread_list(void)
{
    if (!vf_crash.thread)
        return;
    PETHREAD thread = CONTAINING_RECORD(vf_crash.thread, struct _ETHREAD, Tcb);
    ULONGLONG head = (ULONG_PTR)&thread->IrpList, at;
    if (!KiSafeRead64(head, &at))
        return;
    for (ULONG i = 0; i < MAX_IRPS && at != head && at != 0; i++) {
        print_irp(at - FIELD_OFFSET(struct _IRP, ThreadListEntry), "issued by the thread", true);
        if (!KiSafeRead64(at, &at))
            return;
    }
}

void vf_report_irps(void)
{
    const CONTEXT *context = &vf_crash.context;
    printed_count = 0;
    for (unsigned i = 0; i < 4; i++)
        print_irp(vf_crash.parameter[i], "bugcheck parameter", true);
    for (unsigned i = 0; i < 16; i++)
        print_irp((&context->Rax)[i], "in a register", false);
    print_thread_list();
    for (ULONG offset = 0; offset < SCAN_BYTES; offset += 8) {
        ULONGLONG value;
        if (!KiSafeRead64((context->Rsp & ~7ULL) + offset, &value))
            break;
        print_irp(value, "on the stack", false);
    }
}
