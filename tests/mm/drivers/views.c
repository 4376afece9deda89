/* SPDX-License-Identifier: MIT */
/*
 * A driver that works with sections as the guide says: a kernel handle, a view mapped from a system thread,
 * touched in
 * __try, unmapped. It forgets one view in system space.
 */
#include <ntifs.h>

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD unload;

static void unload(PDRIVER_OBJECT DriverObject) {}

static NTSTATUS touch(volatile ULONG *Address)
{
    __try {
        *Address += 1;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
    return STATUS_SUCCESS;
}

static NTSTATUS use_view(HANDLE Section)
{
    PVOID Base = NULL;
    SIZE_T Size = 0;
    NTSTATUS Status = ZwMapViewOfSection(Section, ZwCurrentProcess(), &Base, 0, 0, NULL, &Size, ViewUnmap, 0,
                                         PAGE_READWRITE);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = touch((ULONG *)Base + 0x800);
    if (NT_SUCCESS(Status))
        Status = ZwUnmapViewOfSection(ZwCurrentProcess(), Base);
    if (NT_SUCCESS(Status) && touch(Base) != STATUS_ACCESS_VIOLATION)
        Status = STATUS_UNSUCCESSFUL;
    return Status;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    OBJECT_ATTRIBUTES Attributes;
    LARGE_INTEGER Size = {.QuadPart = 0x3000};
    PVOID Object, View;
    SIZE_T Bytes = 0;
    HANDLE Section;
    NTSTATUS Status;

    DriverObject->DriverUnload = unload;
    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    Status =
        ZwCreateSection(&Section, SECTION_ALL_ACCESS, &Attributes, &Size, PAGE_READWRITE, SEC_COMMIT, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = use_view(Section);
    if (NT_SUCCESS(Status))
        Status = ObReferenceObjectByHandle(Section, SECTION_MAP_WRITE, *MmSectionObjectType, KernelMode,
                                           &Object, NULL);
    ZwClose(Section);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmMapViewInSystemSpace(Object, &View, &Bytes); /* and never unmapped */
    if (NT_SUCCESS(Status) && ((ULONG *)View)[0x800] != 1)
        Status = STATUS_DATA_ERROR;
    ObDereferenceObject(Object);
    return Status;
}
