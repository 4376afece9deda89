/* SPDX-License-Identifier: MIT */
/*
 * Rarely used parts of the I/O manager: the boot disk, the system partition, and memory that survives a soft restart
 * of the kernel. PASSIVE_LEVEL.
 */
#ifndef KILN_NT_IO_MISC_H
#define KILN_NT_IO_MISC_H

#include <nt/io/device.h>

EXTERN_C_START

typedef struct _BOOTDISK_INFORMATION {
    LONGLONG BootPartitionOffset;
    LONGLONG SystemPartitionOffset;
    ULONG BootDeviceSignature;
    ULONG SystemDeviceSignature;
} BOOTDISK_INFORMATION, *PBOOTDISK_INFORMATION;

typedef struct _BOOTDISK_INFORMATION_EX {
    LONGLONG BootPartitionOffset;
    LONGLONG SystemPartitionOffset;
    ULONG BootDeviceSignature;
    ULONG SystemDeviceSignature;
    GUID BootDeviceGuid;
    GUID SystemDeviceGuid;
    BOOLEAN BootDeviceIsGpt;
    BOOLEAN SystemDeviceIsGpt;
} BOOTDISK_INFORMATION_EX, *PBOOTDISK_INFORMATION_EX;

NT_ASSERT_SIZE(BOOTDISK_INFORMATION, 0x18);
NT_ASSERT_SIZE(BOOTDISK_INFORMATION_EX, 0x40);

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoGetBootDiskInformation(_Inout_ PBOOTDISK_INFORMATION BootDiskInformation,
                                                    _In_ ULONG Size);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoSetSystemPartition(_In_ PUNICODE_STRING VolumeNameString);

/* ---- memory kept over a kernel soft restart ---- */

typedef NTSTATUS(NTAPI *PIO_PERSISTED_MEMORY_ENUMERATION_CALLBACK)(_In_ PDRIVER_OBJECT DriverObject,
                                                                   _In_opt_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                                   _In_opt_ PUNICODE_STRING PhysicalDeviceId,
                                                                   _In_ PUSHORT DataTag, _In_ ULONG DataVersion,
                                                                   _In_ SIZE_T Size, _In_opt_ PVOID Context);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoReserveKsrPersistentMemory(_In_ PDRIVER_OBJECT DriverObject,
                                                        _In_opt_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                        _In_ SIZE_T Size, _In_ ULONG Flags,
                                                        _Outptr_ PVOID *DataHandle);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoReserveKsrPersistentMemoryEx(_In_ PDRIVER_OBJECT DriverObject,
                                                          _In_opt_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                          _In_opt_ PUNICODE_STRING PhysicalDeviceId,
                                                          _In_opt_ PUSHORT DataTag, _In_ ULONG DataVersion,
                                                          _In_ SIZE_T Size, _In_ ULONG Flags,
                                                          _Outptr_ PVOID *DataHandle);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoFreeKsrPersistentMemory(_In_ PVOID DataHandle);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWriteKsrPersistentMemory(_In_ PVOID DataHandle,
                                                      _In_reads_bytes_(Size) PVOID Buffer, _In_ SIZE_T Size);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoQueryKsrPersistentMemorySize(_In_ PDRIVER_OBJECT DriverObject,
                                                          _In_opt_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                          _Out_ PSIZE_T BufferSize);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoQueryKsrPersistentMemorySizeEx(_In_ PDRIVER_OBJECT DriverObject,
                                                            _In_opt_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                            _In_opt_ PUNICODE_STRING PhysicalDeviceId,
                                                            _In_opt_ PUSHORT DataTag,
                                                            _Out_opt_ PULONG DataVersion,
                                                            _Out_ PSIZE_T BufferSize);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoAcquireKsrPersistentMemory(_In_ PDRIVER_OBJECT DriverObject,
                                                        _In_opt_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                        _Out_writes_bytes_(*Size) PVOID Buffer,
                                                        _Inout_ PSIZE_T Size);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoAcquireKsrPersistentMemoryEx(_In_ PDRIVER_OBJECT DriverObject,
                                                          _In_opt_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                          _In_opt_ PUNICODE_STRING PhysicalDeviceId,
                                                          _In_opt_ PUSHORT DataTag,
                                                          _Out_opt_ PULONG DataVersion,
                                                          _Out_writes_bytes_(*Size) PVOID Buffer,
                                                          _Inout_ PSIZE_T Size);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoEnumerateKsrPersistentMemoryEx(_In_ PDRIVER_OBJECT DriverObject,
                                                            _In_opt_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                            _In_opt_ PUNICODE_STRING PhysicalDeviceId,
                                                            _In_ PIO_PERSISTED_MEMORY_ENUMERATION_CALLBACK Callback,
                                                            _In_opt_ PVOID CallbackContext);

EXTERN_C_END

#endif

