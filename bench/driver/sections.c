/* SPDX-License-Identifier: MIT */
/* Views of a page-file-backed section, mapped and unmapped in a loop. */
#include <ntifs.h>
#include "sections.h"

static DRIVER_UNLOAD unload;
static DRIVER_DISPATCH succeed, control;
static PDEVICE_OBJECT device;

static NTSTATUS in_process(HANDLE section, const SECTIONS_REQUEST *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < request->count && NT_SUCCESS(status); i++) {
        PVOID base = NULL;
        SIZE_T size = 0;
        status = ZwMapViewOfSection(section, ZwCurrentProcess(), &base, 0, 0, NULL, &size, ViewUnmap, 0,
                                    PAGE_READWRITE);
        if (!NT_SUCCESS(status))
            break;
        if (request->touch)
            *(volatile ULONG *)base = i;
        status = ZwUnmapViewOfSection(ZwCurrentProcess(), base);
    }
    return status;
}

static NTSTATUS in_system(PVOID section, const SECTIONS_REQUEST *request)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < request->count && NT_SUCCESS(status); i++) {
        PVOID base;
        SIZE_T size = 0;
        status = MmMapViewInSystemSpace(section, &base, &size);
        if (!NT_SUCCESS(status))
            break;
        if (request->touch)
            *(volatile ULONG *)base = i;
        status = MmUnmapViewInSystemSpace(base);
    }
    return status;
}

static NTSTATUS run(const SECTIONS_REQUEST *request)
{
    LARGE_INTEGER size;
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    PVOID section;
    size.QuadPart = request->bytes;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status =
        ZwCreateSection(&handle, SECTION_ALL_ACCESS, &attributes, &size, PAGE_READWRITE, SEC_COMMIT, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(handle, SECTION_MAP_WRITE, *MmSectionObjectType, KernelMode, &section,
                                       NULL);
    if (NT_SUCCESS(status)) {
        status = request->system ? in_system(section, request) : in_process(handle, request);
        ObDereferenceObject(section);
    }
    ZwClose(handle);
    return status;
}

static NTSTATUS complete(PIRP irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT target, PIRP irp)
{
    SECTIONS_REQUEST request = *(SECTIONS_REQUEST *)irp->AssociatedIrp.SystemBuffer;
    UNREFERENCED_PARAMETER(target);
    return complete(irp, run(&request));
}

static NTSTATUS NTAPI succeed(PDEVICE_OBJECT target, PIRP irp)
{
    UNREFERENCED_PARAMETER(target);
    return complete(irp, STATUS_SUCCESS);
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
    IoDeleteDevice(device);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\BenchSections");
    UNREFERENCED_PARAMETER(path);
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
    driver->MajorFunction[IRP_MJ_CLEANUP] = succeed;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    return IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
}
