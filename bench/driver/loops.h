/* SPDX-License-Identifier: MIT */
/*
 * The frame of a benchmark driver that holds nothing but loops: include it last, after defining
 *
 *      static const struct bench_loop loops[];    and    static void loops_end(void);
 *
 * It serves IOCTL_BENCH_RUN on \Device\KilnBenchLoops. A loop whose preparation is expensive sets counted_tsc to what the part
 * that counts took; loops_end frees what loops keep between calls.
 */
#ifndef KILN_BENCH_LOOPS_H
#define KILN_BENCH_LOOPS_H

static NTSTATUS loop_finish(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI loop_dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    struct bench_run *run = irp->AssociatedIrp.SystemBuffer;
    UNREFERENCED_PARAMETER(device);
    if (location->MajorFunction != IRP_MJ_DEVICE_CONTROL)
        return loop_finish(irp, STATUS_SUCCESS, 0);
    if (location->Parameters.DeviceIoControl.IoControlCode != IOCTL_BENCH_RUN ||
        location->Parameters.DeviceIoControl.InputBufferLength < sizeof(*run) ||
        location->Parameters.DeviceIoControl.OutputBufferLength < sizeof(*run))
        return loop_finish(irp, STATUS_INVALID_PARAMETER, 0);
    if (run->index >= sizeof(loops) / sizeof(loops[0]))
        return loop_finish(irp, STATUS_NO_MORE_ENTRIES, 0);
    ULONG i = 0;
    while ((run->name[i] = loops[run->index].name[i]) != 0 && i < sizeof(run->name) - 1)
        i++;
    run->name[i] = 0;
    counted_tsc = 0;
    ULONG64 from = __rdtsc();
    NTSTATUS status = run->iterations ? loops[run->index].run(run->iterations) : STATUS_SUCCESS;
    run->elapsed_tsc = counted_tsc ? counted_tsc : __rdtsc() - from;
    return loop_finish(irp, status, sizeof(*run));
}

static void NTAPI loop_unload(PDRIVER_OBJECT driver)
{
    loops_end();
    IoDeleteDevice(driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\KilnBenchLoops");
    PDEVICE_OBJECT device;
    UNREFERENCED_PARAMETER(registry_path);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = loop_dispatch;
    driver->DriverUnload = loop_unload;
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (NT_SUCCESS(status))
        device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return status;
}

#endif
