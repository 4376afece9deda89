/* SPDX-License-Identifier: MIT */
/*
 * Hardware access: registers and ports, bus configuration data, and DMA adapters.
 *
 * A PHYSICAL_ADDRESS is what the processor sees; what a device puts on its bus is a logical address, which
 * only the routines of a DMA_ADAPTER give. Registers in memory are mapped with MmMapIoSpaceEx before
 * READ_REGISTER_*. Pages: ns-wdm-_dma_operations and the nc-wdm-p... pages it names.
 */
#ifndef KILN_NT_HAL_H
#define KILN_NT_HAL_H

#include <nt/io/device.h>
#include <nt/mm.h>
#include <nt/pnptypes.h>

EXTERN_C_START

/* ---- memory-mapped registers: one access of exactly that width, in order. Any IRQL. ---- */

_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI UCHAR NTAPI READ_REGISTER_UCHAR(_In_ _Notliteral_ volatile UCHAR *Register);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI USHORT NTAPI READ_REGISTER_USHORT(_In_ _Notliteral_ volatile USHORT *Register);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI ULONG NTAPI READ_REGISTER_ULONG(_In_ _Notliteral_ volatile ULONG *Register);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI ULONG64 NTAPI READ_REGISTER_ULONG64(_In_ _Notliteral_ volatile ULONG64 *Register);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI READ_REGISTER_BUFFER_UCHAR(_In_ _Notliteral_ volatile UCHAR *Register,
                                               _Out_writes_(Count) PUCHAR Buffer, _In_ ULONG Count);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI READ_REGISTER_BUFFER_USHORT(_In_ _Notliteral_ volatile USHORT *Register,
                                                _Out_writes_(Count) PUSHORT Buffer, _In_ ULONG Count);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI READ_REGISTER_BUFFER_ULONG(_In_ _Notliteral_ volatile ULONG *Register,
                                               _Out_writes_(Count) PULONG Buffer, _In_ ULONG Count);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI READ_REGISTER_BUFFER_ULONG64(_In_ _Notliteral_ volatile ULONG64 *Register,
                                                 _Out_writes_(Count) PULONG64 Buffer, _In_ ULONG Count);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_REGISTER_UCHAR(_In_ _Notliteral_ volatile UCHAR *Register, _In_ UCHAR Value);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_REGISTER_USHORT(_In_ _Notliteral_ volatile USHORT *Register, _In_ USHORT Value);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_REGISTER_ULONG(_In_ _Notliteral_ volatile ULONG *Register, _In_ ULONG Value);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_REGISTER_ULONG64(_In_ _Notliteral_ volatile ULONG64 *Register, _In_ ULONG64 Value);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_REGISTER_BUFFER_UCHAR(_In_ _Notliteral_ volatile UCHAR *Register,
                                                _In_reads_(Count) PUCHAR Buffer, _In_ ULONG Count);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_REGISTER_BUFFER_USHORT(_In_ _Notliteral_ volatile USHORT *Register,
                                                 _In_reads_(Count) PUSHORT Buffer, _In_ ULONG Count);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_REGISTER_BUFFER_ULONG(_In_ _Notliteral_ volatile ULONG *Register,
                                                _In_reads_(Count) PULONG Buffer, _In_ ULONG Count);
NTHALAPI VOID NTAPI WRITE_REGISTER_BUFFER_ULONG64(_In_ _Notliteral_ volatile ULONG64 *Register,
                                                  _In_reads_(Count) PULONG64 Buffer, _In_ ULONG Count);

/* ---- I/O ports. The pointer is the port number. Any IRQL. ---- */

_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI UCHAR NTAPI READ_PORT_UCHAR(_In_ _Notliteral_ PUCHAR Port);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI USHORT NTAPI READ_PORT_USHORT(_In_ _Notliteral_ PUSHORT Port);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI ULONG NTAPI READ_PORT_ULONG(_In_ _Notliteral_ PULONG Port);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI READ_PORT_BUFFER_UCHAR(_In_ _Notliteral_ PUCHAR Port, _Out_writes_(Count) PUCHAR Buffer,
                                           _In_ ULONG Count);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI READ_PORT_BUFFER_USHORT(_In_ _Notliteral_ PUSHORT Port,
                                            _Out_writes_(Count) PUSHORT Buffer, _In_ ULONG Count);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI READ_PORT_BUFFER_ULONG(_In_ _Notliteral_ PULONG Port, _Out_writes_(Count) PULONG Buffer,
                                           _In_ ULONG Count);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_PORT_UCHAR(_In_ _Notliteral_ PUCHAR Port, _In_ UCHAR Value);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_PORT_USHORT(_In_ _Notliteral_ PUSHORT Port, _In_ USHORT Value);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_PORT_ULONG(_In_ _Notliteral_ PULONG Port, _In_ ULONG Value);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_PORT_BUFFER_UCHAR(_In_ _Notliteral_ PUCHAR Port, _In_reads_(Count) PUCHAR Buffer,
                                            _In_ ULONG Count);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_PORT_BUFFER_USHORT(_In_ _Notliteral_ PUSHORT Port, _In_reads_(Count) PUSHORT Buffer,
                                             _In_ ULONG Count);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI WRITE_PORT_BUFFER_ULONG(_In_ _Notliteral_ PULONG Port, _In_reads_(Count) PULONG Buffer,
                                            _In_ ULONG Count);

/* ---- DMA: describing a device ---- */

typedef enum _DMA_WIDTH {
    Width8Bits,
    Width16Bits,
    Width32Bits,
    Width64Bits,
    WidthNoWrap,
    MaximumDmaWidth
} DMA_WIDTH,
    *PDMA_WIDTH;

typedef enum _DMA_SPEED { Compatible, TypeA, TypeB, TypeC, TypeF, MaximumDmaSpeed } DMA_SPEED, *PDMA_SPEED;

#define DEVICE_DESCRIPTION_VERSION  0x0000
#define DEVICE_DESCRIPTION_VERSION1 0x0001
#define DEVICE_DESCRIPTION_VERSION2 0x0002
#define DEVICE_DESCRIPTION_VERSION3 0x0003

typedef struct _DEVICE_DESCRIPTION {
    ULONG Version;
    BOOLEAN Master;
    BOOLEAN ScatterGather;
    BOOLEAN DemandMode;
    BOOLEAN AutoInitialize;
    BOOLEAN Dma32BitAddresses;
    BOOLEAN IgnoreCount;
    BOOLEAN Reserved1;
    BOOLEAN Dma64BitAddresses;
    ULONG BusNumber;
    ULONG DmaChannel;
    INTERFACE_TYPE InterfaceType;
    DMA_WIDTH DmaWidth;
    DMA_SPEED DmaSpeed;
    ULONG MaximumLength;
    ULONG DmaPort;
    ULONG DmaAddressWidth;
    ULONG DmaControllerInstance;
    ULONG DmaRequestLine;
    PHYSICAL_ADDRESS DeviceAddress;
} DEVICE_DESCRIPTION, *PDEVICE_DESCRIPTION;

NT_ASSERT_SIZE(DEVICE_DESCRIPTION, 0x40);
NT_ASSERT_OFFSET(DEVICE_DESCRIPTION, DeviceAddress, 0x38);

/* ---- DMA: scatter/gather lists and transfers ---- */

typedef struct _SCATTER_GATHER_ELEMENT {
    PHYSICAL_ADDRESS Address;
    ULONG Length;
    ULONG_PTR Reserved;
} SCATTER_GATHER_ELEMENT, *PSCATTER_GATHER_ELEMENT;

typedef struct _SCATTER_GATHER_LIST {
    ULONG NumberOfElements;
    ULONG_PTR Reserved;
    __extension__ SCATTER_GATHER_ELEMENT Elements[];
} SCATTER_GATHER_LIST, *PSCATTER_GATHER_LIST;

NT_ASSERT_SIZE(SCATTER_GATHER_ELEMENT, 0x18);
NT_ASSERT_OFFSET(SCATTER_GATHER_LIST, Elements, 0x10);

#define DMA_TRANSFER_CONTEXT_VERSION1 1
#define DMA_TRANSFER_CONTEXT_SIZE_V1  128
#define DMA_SYNCHRONOUS_CALLBACK      0x01
#define DMA_ZERO_BUFFERS              0x02
#define DMA_FAIL_ON_BOUNCE            0x04

typedef enum { DmaComplete, DmaAborted, DmaError, DmaCancelled } DMA_COMPLETION_STATUS;

typedef enum _DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE {
    CommonBufferConfigTypeLogicalAddressLimits,
    CommonBufferConfigTypeSubSection,
    CommonBufferConfigTypeHardwareAccessPermissions,
    CommonBufferConfigTypeMax
} DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE,
    *PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE;

typedef enum _DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE {
    CommonBufferHardwareAccessReadOnly,
    CommonBufferHardwareAccessWriteOnly,
    CommonBufferHardwareAccessReadWrite,
    CommonBufferHardwareAccessMax
} DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE;

typedef struct _DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION {
    DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_TYPE ConfigType;
    union {
        struct {
            PHYSICAL_ADDRESS MinimumAddress;
            PHYSICAL_ADDRESS MaximumAddress;
        } LogicalAddressLimits;
        struct {
            ULONGLONG Offset;
            ULONG Length;
        } SubSection;
        DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION_ACCESS_TYPE HardwareAccessType;
        ULONGLONG Reserved[4];
    };
} DMA_COMMON_BUFFER_EXTENDED_CONFIGURATION, *PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION;

#define DMA_ADAPTER_INFO_VERSION1         1
#define ADAPTER_INFO_SYNCHRONOUS_CALLBACK 0x0001
#define ADAPTER_INFO_API_BYPASS           0x0002

typedef struct _DMA_ADAPTER_INFO_V1 {
    ULONG ReadDmaCounterAvailable;
    ULONG ScatterGatherLimit;
    ULONG DmaAddressWidth;
    ULONG Flags;
    ULONG MinimumTransferUnit;
} DMA_ADAPTER_INFO_V1, *PDMA_ADAPTER_INFO_V1;

typedef struct _DMA_ADAPTER_INFO_CRASHDUMP {
    struct _DEVICE_DESCRIPTION DeviceDescription;
    SIZE_T DeviceIdSize;
    PVOID DeviceId;
} DMA_ADAPTER_INFO_CRASHDUMP, *PDMA_ADAPTER_INFO_CRASHDUMP;

typedef struct _DMA_ADAPTER_INFO {
    ULONG Version;
    union {
        DMA_ADAPTER_INFO_V1 V1;
        DMA_ADAPTER_INFO_CRASHDUMP Crashdump;
    };
} DMA_ADAPTER_INFO, *PDMA_ADAPTER_INFO;

#define DMA_TRANSFER_INFO_VERSION1 1
#define DMA_TRANSFER_INFO_VERSION2 2

typedef struct _DMA_TRANSFER_INFO_V1 {
    ULONG MapRegisterCount;
    ULONG ScatterGatherElementCount;
    ULONG ScatterGatherListSize;
} DMA_TRANSFER_INFO_V1, *PDMA_TRANSFER_INFO_V1;

typedef struct _DMA_TRANSFER_INFO_V2 {
    ULONG MapRegisterCount;
    ULONG ScatterGatherElementCount;
    ULONG ScatterGatherListSize;
    ULONG LogicalPageCount;
} DMA_TRANSFER_INFO_V2, *PDMA_TRANSFER_INFO_V2;

typedef struct _DMA_TRANSFER_INFO {
    ULONG Version;
    union {
        DMA_TRANSFER_INFO_V1 V1;
        DMA_TRANSFER_INFO_V2 V2;
    };
} DMA_TRANSFER_INFO, *PDMA_TRANSFER_INFO;

_Function_class_(DMA_COMPLETION_ROUTINE) typedef VOID NTAPI
    DMA_COMPLETION_ROUTINE(_In_ PDMA_ADAPTER DmaAdapter, _In_ PDEVICE_OBJECT DeviceObject,
                           _In_ PVOID CompletionContext, _In_ DMA_COMPLETION_STATUS Status);
typedef DMA_COMPLETION_ROUTINE *PDMA_COMPLETION_ROUTINE;

/* ---- DMA: the operations of an adapter ---- */

struct _DMA_IOMMU_INTERFACE;
struct _DMA_IOMMU_INTERFACE_EX;

typedef VOID(NTAPI *PPUT_DMA_ADAPTER)(PDMA_ADAPTER DmaAdapter);
typedef PVOID(NTAPI *PALLOCATE_COMMON_BUFFER)(_In_ PDMA_ADAPTER DmaAdapter, _In_ ULONG Length,
                                              _Out_ PPHYSICAL_ADDRESS LogicalAddress,
                                              _In_ BOOLEAN CacheEnabled);
typedef VOID(NTAPI *PFREE_COMMON_BUFFER)(_In_ PDMA_ADAPTER DmaAdapter, _In_ ULONG Length,
                                         _In_ PHYSICAL_ADDRESS LogicalAddress, _In_ PVOID VirtualAddress,
                                         _In_ BOOLEAN CacheEnabled);
typedef NTSTATUS(NTAPI *PALLOCATE_ADAPTER_CHANNEL)(_In_ PDMA_ADAPTER DmaAdapter,
                                                   _In_ PDEVICE_OBJECT DeviceObject,
                                                   _In_ ULONG NumberOfMapRegisters,
                                                   _In_ PDRIVER_CONTROL ExecutionRoutine, _In_ PVOID Context);
typedef BOOLEAN(NTAPI *PFLUSH_ADAPTER_BUFFERS)(_In_ PDMA_ADAPTER DmaAdapter, _In_ PMDL Mdl,
                                               _In_ PVOID MapRegisterBase, _In_ PVOID CurrentVa,
                                               _In_ ULONG Length, _In_ BOOLEAN WriteToDevice);
typedef VOID(NTAPI *PFREE_ADAPTER_CHANNEL)(_In_ PDMA_ADAPTER DmaAdapter);
typedef VOID(NTAPI *PFREE_MAP_REGISTERS)(_In_ PDMA_ADAPTER DmaAdapter, PVOID MapRegisterBase,
                                         ULONG NumberOfMapRegisters);
typedef PHYSICAL_ADDRESS(NTAPI *PMAP_TRANSFER)(_In_ PDMA_ADAPTER DmaAdapter, _In_ PMDL Mdl,
                                               _In_ PVOID MapRegisterBase, _In_ PVOID CurrentVa,
                                               _Inout_ PULONG Length, _In_ BOOLEAN WriteToDevice);
typedef ULONG(NTAPI *PGET_DMA_ALIGNMENT)(_In_ PDMA_ADAPTER DmaAdapter);
typedef ULONG(NTAPI *PREAD_DMA_COUNTER)(_In_ PDMA_ADAPTER DmaAdapter);
typedef NTSTATUS(NTAPI *PGET_SCATTER_GATHER_LIST)(_In_ PDMA_ADAPTER DmaAdapter,
                                                  _In_ PDEVICE_OBJECT DeviceObject, _In_ PMDL Mdl,
                                                  _In_ PVOID CurrentVa, _In_ ULONG Length,
                                                  _In_ PDRIVER_LIST_CONTROL ExecutionRoutine,
                                                  _In_ PVOID Context, _In_ BOOLEAN WriteToDevice);
typedef VOID(NTAPI *PPUT_SCATTER_GATHER_LIST)(_In_ PDMA_ADAPTER DmaAdapter,
                                              _In_ PSCATTER_GATHER_LIST ScatterGather,
                                              _In_ BOOLEAN WriteToDevice);
typedef NTSTATUS(NTAPI *PCALCULATE_SCATTER_GATHER_LIST_SIZE)(_In_ PDMA_ADAPTER DmaAdapter, _In_opt_ PMDL Mdl,
                                                             _In_ PVOID CurrentVa, _In_ ULONG Length,
                                                             _Out_ PULONG ScatterGatherListSize,
                                                             _Out_opt_ PULONG pNumberOfMapRegisters);
typedef NTSTATUS(NTAPI *PBUILD_SCATTER_GATHER_LIST)(
    _In_ PDMA_ADAPTER DmaAdapter, _In_ PDEVICE_OBJECT DeviceObject, _In_ PMDL Mdl, _In_ PVOID CurrentVa,
    _In_ ULONG Length, _In_ PDRIVER_LIST_CONTROL ExecutionRoutine, _In_ PVOID Context,
    _In_ BOOLEAN WriteToDevice, _In_ PVOID ScatterGatherBuffer, _In_ ULONG ScatterGatherLength);
typedef NTSTATUS(NTAPI *PBUILD_MDL_FROM_SCATTER_GATHER_LIST)(_In_ PDMA_ADAPTER DmaAdapter,
                                                             _In_ PSCATTER_GATHER_LIST ScatterGather,
                                                             _In_ PMDL OriginalMdl, _Out_ PMDL *TargetMdl);
typedef NTSTATUS(NTAPI *PGET_DMA_ADAPTER_INFO)(_In_ PDMA_ADAPTER DmaAdapter,
                                               _Inout_ PDMA_ADAPTER_INFO AdapterInfo);
typedef NTSTATUS(NTAPI *PGET_DMA_TRANSFER_INFO)(_In_ PDMA_ADAPTER DmaAdapter, _In_ PMDL Mdl,
                                                _In_ ULONGLONG Offset, _In_ ULONG Length,
                                                _In_ BOOLEAN WriteOnly,
                                                _Inout_ PDMA_TRANSFER_INFO TransferInfo);
typedef NTSTATUS(NTAPI *PINITIALIZE_DMA_TRANSFER_CONTEXT)(_In_ PDMA_ADAPTER DmaAdapter,
                                                          _Out_ PVOID DmaTransferContext);
typedef PVOID(NTAPI *PALLOCATE_COMMON_BUFFER_EX)(_In_ PDMA_ADAPTER DmaAdapter,
                                                 _In_opt_ PPHYSICAL_ADDRESS MaximumAddress, _In_ ULONG Length,
                                                 _Out_ PPHYSICAL_ADDRESS LogicalAddress,
                                                 _In_ BOOLEAN CacheEnabled,
                                                 _In_ NODE_REQUIREMENT PreferredNode);
typedef NTSTATUS(NTAPI *PALLOCATE_ADAPTER_CHANNEL_EX)(
    _In_ PDMA_ADAPTER DmaAdapter, _In_ PDEVICE_OBJECT DeviceObject, _In_ PVOID DmaTransferContext,
    _In_ ULONG NumberOfMapRegisters, _In_ ULONG Flags, _In_opt_ PDRIVER_CONTROL ExecutionRoutine,
    _In_opt_ PVOID ExecutionContext, _Out_opt_ PVOID *MapRegisterBase);
typedef NTSTATUS(NTAPI *PCONFIGURE_ADAPTER_CHANNEL)(_In_ PDMA_ADAPTER DmaAdapter, _In_ ULONG FunctionNumber,
                                                    _In_ PVOID Context);
typedef BOOLEAN(NTAPI *PCANCEL_ADAPTER_CHANNEL)(_In_ PDMA_ADAPTER DmaAdapter,
                                                _In_ PDEVICE_OBJECT DeviceObject,
                                                _In_ PVOID DmaTransferContext);
typedef NTSTATUS(NTAPI *PMAP_TRANSFER_EX)(
    _In_ PDMA_ADAPTER DmaAdapter, _In_ PMDL Mdl, _In_ PVOID MapRegisterBase, _In_ ULONGLONG Offset,
    _In_ ULONG DeviceOffset, _Inout_ PULONG Length, _In_ BOOLEAN WriteToDevice,
    _Out_writes_bytes_opt_(ScatterGatherBufferLength) PSCATTER_GATHER_LIST ScatterGatherBuffer,
    _In_ ULONG ScatterGatherBufferLength, _In_opt_ PDMA_COMPLETION_ROUTINE DmaCompletionRoutine,
    _In_opt_ PVOID CompletionContext);
typedef NTSTATUS(NTAPI *PGET_SCATTER_GATHER_LIST_EX)(
    _In_ PDMA_ADAPTER DmaAdapter, _In_ PDEVICE_OBJECT DeviceObject, _In_ PVOID DmaTransferContext,
    _In_ PMDL Mdl, _In_ ULONGLONG Offset, _In_ ULONG Length, _In_ ULONG Flags,
    _In_opt_ PDRIVER_LIST_CONTROL ExecutionRoutine, _In_opt_ PVOID Context, _In_ BOOLEAN WriteToDevice,
    _In_opt_ PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, _In_opt_ PVOID CompletionContext,
    _Out_opt_ PSCATTER_GATHER_LIST *ScatterGatherList);
typedef NTSTATUS(NTAPI *PBUILD_SCATTER_GATHER_LIST_EX)(
    _In_ PDMA_ADAPTER DmaAdapter, _In_ PDEVICE_OBJECT DeviceObject, _In_ PVOID DmaTransferContext,
    _In_ PMDL Mdl, _In_ ULONGLONG Offset, _In_ ULONG Length, _In_ ULONG Flags,
    _In_opt_ PDRIVER_LIST_CONTROL ExecutionRoutine, _In_opt_ PVOID Context, _In_ BOOLEAN WriteToDevice,
    _In_ PVOID ScatterGatherBuffer, _In_ ULONG ScatterGatherLength,
    _In_opt_ PDMA_COMPLETION_ROUTINE DmaCompletionRoutine, _In_opt_ PVOID CompletionContext,
    _Out_opt_ PVOID ScatterGatherList);
typedef NTSTATUS(NTAPI *PFLUSH_ADAPTER_BUFFERS_EX)(_In_ PDMA_ADAPTER DmaAdapter, _In_ PMDL Mdl,
                                                   _In_ PVOID MapRegisterBase, _In_ ULONGLONG Offset,
                                                   _In_ ULONG Length, _In_ BOOLEAN WriteToDevice);
typedef VOID(NTAPI *PFREE_ADAPTER_OBJECT)(_In_ PDMA_ADAPTER DmaAdapter,
                                          _In_ IO_ALLOCATION_ACTION AllocationAction);
typedef NTSTATUS(NTAPI *PCANCEL_MAPPED_TRANSFER)(_In_ PDMA_ADAPTER DmaAdapter, _In_ PVOID DmaTransferContext);
typedef NTSTATUS(NTAPI *PALLOCATE_DOMAIN_COMMON_BUFFER)(
    _In_ PDMA_ADAPTER DmaAdapter, _In_ HANDLE DomainHandle, _In_opt_ PPHYSICAL_ADDRESS MaximumAddress,
    _In_ ULONG Length, _In_ ULONG Flags, _In_opt_ MEMORY_CACHING_TYPE *CacheType,
    _In_ NODE_REQUIREMENT PreferredNode, _Out_ PPHYSICAL_ADDRESS LogicalAddress, _Out_ PVOID *VirtualAddress);
typedef NTSTATUS(NTAPI *PFLUSH_DMA_BUFFER)(_In_ PDMA_ADAPTER DmaAdapter, _In_ PMDL Mdl,
                                           _In_ BOOLEAN ReadOperation);
typedef NTSTATUS(NTAPI *PJOIN_DMA_DOMAIN)(_In_ PDMA_ADAPTER DmaAdapter, _In_ HANDLE DomainHandle);
typedef NTSTATUS(NTAPI *PLEAVE_DMA_DOMAIN)(_In_ PDMA_ADAPTER DmaAdapter);
typedef HANDLE(NTAPI *PGET_DMA_DOMAIN)(_In_ PDMA_ADAPTER DmaAdapter);
typedef PVOID(NTAPI *PALLOCATE_COMMON_BUFFER_WITH_BOUNDS)(_In_ PDMA_ADAPTER DmaAdapter,
                                                          _In_opt_ PPHYSICAL_ADDRESS MinimumAddress,
                                                          _In_opt_ PPHYSICAL_ADDRESS MaximumAddress,
                                                          _In_ ULONG Length, _In_ ULONG Flags,
                                                          _In_opt_ MEMORY_CACHING_TYPE *CacheType,
                                                          _In_ NODE_REQUIREMENT PreferredNode,
                                                          _Out_ PPHYSICAL_ADDRESS LogicalAddress);

typedef struct _DMA_COMMON_BUFFER_VECTOR DMA_COMMON_BUFFER_VECTOR, *PDMA_COMMON_BUFFER_VECTOR;
typedef NTSTATUS(NTAPI *PALLOCATE_COMMON_BUFFER_VECTOR)(
    _In_ PDMA_ADAPTER DmaAdapter, _In_ PHYSICAL_ADDRESS LowAddress, _In_ PHYSICAL_ADDRESS HighAddress,
    _In_ MEMORY_CACHING_TYPE CacheType, _In_ ULONG IdealNode, _In_ ULONG Flags, _In_ ULONG NumberOfElements,
    _In_ ULONGLONG SizeOfElements, _Out_ PDMA_COMMON_BUFFER_VECTOR *VectorOut);
typedef VOID(NTAPI *PGET_COMMON_BUFFER_FROM_VECTOR_BY_INDEX)(_In_ PDMA_ADAPTER DmaAdapter,
                                                             _In_ PDMA_COMMON_BUFFER_VECTOR Vector,
                                                             _In_ ULONG Index, _Out_ PVOID *VirtualAddressOut,
                                                             _Out_ PPHYSICAL_ADDRESS LogicalAddressOut);
typedef VOID(NTAPI *PFREE_COMMON_BUFFER_FROM_VECTOR)(_In_ PDMA_ADAPTER DmaAdapter,
                                                     _In_ PDMA_COMMON_BUFFER_VECTOR Vector, _In_ ULONG Index);
typedef VOID(NTAPI *PFREE_COMMON_BUFFER_VECTOR)(_In_ PDMA_ADAPTER DmaAdapter,
                                                _In_ PDMA_COMMON_BUFFER_VECTOR Vector);
typedef NTSTATUS(NTAPI *PCREATE_COMMON_BUFFER_FROM_MDL)(
    _In_ PDMA_ADAPTER DmaAdapter, _In_ PMDL Mdl,
    _In_reads_opt_(ExtendedConfigsCount) PDMA_COMMON_BUFFER_EXTENDED_CONFIGURATION ExtendedConfigs,
    _In_ ULONG ExtendedConfigsCount, _Out_ PPHYSICAL_ADDRESS LogicalAddress);

typedef struct _DMA_OPERATIONS {
    ULONG Size;
    PPUT_DMA_ADAPTER PutDmaAdapter;
    PALLOCATE_COMMON_BUFFER AllocateCommonBuffer;
    PFREE_COMMON_BUFFER FreeCommonBuffer;
    PALLOCATE_ADAPTER_CHANNEL AllocateAdapterChannel;
    PFLUSH_ADAPTER_BUFFERS FlushAdapterBuffers;
    PFREE_ADAPTER_CHANNEL FreeAdapterChannel;
    PFREE_MAP_REGISTERS FreeMapRegisters;
    PMAP_TRANSFER MapTransfer;
    PGET_DMA_ALIGNMENT GetDmaAlignment;
    PREAD_DMA_COUNTER ReadDmaCounter;
    PGET_SCATTER_GATHER_LIST GetScatterGatherList;
    PPUT_SCATTER_GATHER_LIST PutScatterGatherList;
    PCALCULATE_SCATTER_GATHER_LIST_SIZE CalculateScatterGatherList;
    PBUILD_SCATTER_GATHER_LIST BuildScatterGatherList;
    PBUILD_MDL_FROM_SCATTER_GATHER_LIST BuildMdlFromScatterGatherList;
    PGET_DMA_ADAPTER_INFO GetDmaAdapterInfo;
    PGET_DMA_TRANSFER_INFO GetDmaTransferInfo;
    PINITIALIZE_DMA_TRANSFER_CONTEXT InitializeDmaTransferContext;
    PALLOCATE_COMMON_BUFFER_EX AllocateCommonBufferEx;
    PALLOCATE_ADAPTER_CHANNEL_EX AllocateAdapterChannelEx;
    PCONFIGURE_ADAPTER_CHANNEL ConfigureAdapterChannel;
    PCANCEL_ADAPTER_CHANNEL CancelAdapterChannel;
    PMAP_TRANSFER_EX MapTransferEx;
    PGET_SCATTER_GATHER_LIST_EX GetScatterGatherListEx;
    PBUILD_SCATTER_GATHER_LIST_EX BuildScatterGatherListEx;
    PFLUSH_ADAPTER_BUFFERS_EX FlushAdapterBuffersEx;
    PFREE_ADAPTER_OBJECT FreeAdapterObject;
    PCANCEL_MAPPED_TRANSFER CancelMappedTransfer;
    PALLOCATE_DOMAIN_COMMON_BUFFER AllocateDomainCommonBuffer;
    PFLUSH_DMA_BUFFER FlushDmaBuffer;
    PJOIN_DMA_DOMAIN JoinDmaDomain;
    PLEAVE_DMA_DOMAIN LeaveDmaDomain;
    PGET_DMA_DOMAIN GetDmaDomain;
    PALLOCATE_COMMON_BUFFER_WITH_BOUNDS AllocateCommonBufferWithBounds;
    PALLOCATE_COMMON_BUFFER_VECTOR AllocateCommonBufferVector;
    PGET_COMMON_BUFFER_FROM_VECTOR_BY_INDEX GetCommonBufferFromVectorByIndex;
    PFREE_COMMON_BUFFER_FROM_VECTOR FreeCommonBufferFromVector;
    PFREE_COMMON_BUFFER_VECTOR FreeCommonBufferVector;
    PCREATE_COMMON_BUFFER_FROM_MDL CreateCommonBufferFromMdl;
} DMA_OPERATIONS, *PDMA_OPERATIONS;

struct _DMA_ADAPTER {
    USHORT Version;
    USHORT Size;
    PDMA_OPERATIONS DmaOperations;
};

NT_ASSERT_OFFSET(DMA_OPERATIONS, PutDmaAdapter, 8);
NT_ASSERT_OFFSET(DMA_OPERATIONS, GetScatterGatherList, 0x58);
NT_ASSERT_OFFSET(DMA_OPERATIONS, GetDmaAdapterInfo, 0x80);
NT_ASSERT_SIZE(DMA_ADAPTER, 0x10);

/* The adapter of a device, or NULL; given back with its PutDmaAdapter. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI PDMA_ADAPTER NTAPI
    IoGetDmaAdapter(_In_opt_ PDEVICE_OBJECT PhysicalDeviceObject, _In_ PDEVICE_DESCRIPTION DeviceDescription,
                    _Out_ PULONG NumberOfMapRegisters);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoAllocateAdapterChannel(_In_ PADAPTER_OBJECT AdapterObject,
                                                    _In_ PDEVICE_OBJECT DeviceObject,
                                                    _In_ ULONG NumberOfMapRegisters,
                                                    _In_ PDRIVER_CONTROL ExecutionRoutine,
                                                    _In_ PVOID Context);

/* The routines of old, by way of the adapter's table. */
#define HalPutDmaAdapter(a)                 ((a)->DmaOperations->PutDmaAdapter(a))
#define HalAllocateCommonBuffer(a, l, p, c) ((a)->DmaOperations->AllocateCommonBuffer((a), (l), (p), (c)))
#define HalFreeCommonBuffer(a, l, p, v, c)  ((a)->DmaOperations->FreeCommonBuffer((a), (l), (p), (v), (c)))
#define HalGetScatterGatherList(a, d, m, v, l, r, c, w)                                                      \
    ((a)->DmaOperations->GetScatterGatherList((a), (d), (m), (v), (l), (r), (c), (w)))
#define HalPutScatterGatherList(a, s, w) ((a)->DmaOperations->PutScatterGatherList((a), (s), (w)))
#define HalGetDmaAlignmentRequirement()  1

/* ---- bus data and the rest ---- */

#define PCI_TYPE0_ADDRESSES 6
#define PCI_TYPE1_ADDRESSES 2
#define PCI_TYPE2_ADDRESSES 5

typedef struct _PCI_SLOT_NUMBER {
    union {
        struct {
            ULONG DeviceNumber : 5;
            ULONG FunctionNumber : 3;
            ULONG Reserved : 24;
        } bits;
        ULONG AsULONG;
    } u;
} PCI_SLOT_NUMBER, *PPCI_SLOT_NUMBER;

struct _PCI_HEADER_TYPE_0 {
    ULONG BaseAddresses[PCI_TYPE0_ADDRESSES];
    ULONG CIS;
    USHORT SubVendorID;
    USHORT SubSystemID;
    ULONG ROMBaseAddress;
    UCHAR CapabilitiesPtr;
    UCHAR Reserved1[3];
    ULONG Reserved2;
    UCHAR InterruptLine;
    UCHAR InterruptPin;
    UCHAR MinimumGrant;
    UCHAR MaximumLatency;
};

struct _PCI_HEADER_TYPE_1 {
    ULONG BaseAddresses[PCI_TYPE1_ADDRESSES];
    UCHAR PrimaryBus;
    UCHAR SecondaryBus;
    UCHAR SubordinateBus;
    UCHAR SecondaryLatency;
    UCHAR IOBase;
    UCHAR IOLimit;
    USHORT SecondaryStatus;
    USHORT MemoryBase;
    USHORT MemoryLimit;
    USHORT PrefetchBase;
    USHORT PrefetchLimit;
    ULONG PrefetchBaseUpper32;
    ULONG PrefetchLimitUpper32;
    USHORT IOBaseUpper16;
    USHORT IOLimitUpper16;
    UCHAR CapabilitiesPtr;
    UCHAR Reserved1[3];
    ULONG ROMBaseAddress;
    UCHAR InterruptLine;
    UCHAR InterruptPin;
    USHORT BridgeControl;
};

struct _PCI_HEADER_TYPE_2 {
    ULONG SocketRegistersBaseAddress;
    UCHAR CapabilitiesPtr;
    UCHAR Reserved;
    USHORT SecondaryStatus;
    UCHAR PrimaryBus;
    UCHAR SecondaryBus;
    UCHAR SubordinateBus;
    UCHAR SecondaryLatency;
    struct {
        ULONG Base;
        ULONG Limit;
    } Range[PCI_TYPE2_ADDRESSES - 1];
    UCHAR InterruptLine;
    UCHAR InterruptPin;
    USHORT BridgeControl;
};

typedef struct _PCI_COMMON_HEADER {
    USHORT VendorID;
    USHORT DeviceID;
    USHORT Command;
    USHORT Status;
    UCHAR RevisionID;
    UCHAR ProgIf;
    UCHAR SubClass;
    UCHAR BaseClass;
    UCHAR CacheLineSize;
    UCHAR LatencyTimer;
    UCHAR HeaderType;
    UCHAR BIST;
    union {
        struct _PCI_HEADER_TYPE_0 type0;
        struct _PCI_HEADER_TYPE_1 type1;
        struct _PCI_HEADER_TYPE_2 type2;
    } u;
} PCI_COMMON_HEADER, *PPCI_COMMON_HEADER;

typedef struct _PCI_COMMON_CONFIG {
    USHORT VendorID;
    USHORT DeviceID;
    USHORT Command;
    USHORT Status;
    UCHAR RevisionID;
    UCHAR ProgIf;
    UCHAR SubClass;
    UCHAR BaseClass;
    UCHAR CacheLineSize;
    UCHAR LatencyTimer;
    UCHAR HeaderType;
    UCHAR BIST;
    union {
        struct _PCI_HEADER_TYPE_0 type0;
        struct _PCI_HEADER_TYPE_1 type1;
        struct _PCI_HEADER_TYPE_2 type2;
    } u;
    UCHAR DeviceSpecific[192];
} PCI_COMMON_CONFIG, *PPCI_COMMON_CONFIG;

NT_ASSERT_SIZE(PCI_COMMON_HEADER, 64);
NT_ASSERT_SIZE(PCI_COMMON_CONFIG, 256);

#define PCI_COMMON_HDR_LENGTH              (FIELD_OFFSET(PCI_COMMON_CONFIG, DeviceSpecific))
#define PCI_EXTENDED_CONFIG_LENGTH         0x1000
#define PCI_MAX_DEVICES                    32
#define PCI_MAX_FUNCTION                   8
#define PCI_MAX_BRIDGE_NUMBER              0xFF
#define PCI_INVALID_VENDORID               0xFFFF
#define PCI_MULTIFUNCTION                  0x80
#define PCI_DEVICE_TYPE                    0x00
#define PCI_BRIDGE_TYPE                    0x01
#define PCI_CARDBUS_BRIDGE_TYPE            0x02
#define PCI_ENABLE_IO_SPACE                0x0001
#define PCI_ENABLE_MEMORY_SPACE            0x0002
#define PCI_ENABLE_BUS_MASTER              0x0004
#define PCI_ENABLE_PARITY                  0x0040
#define PCI_ENABLE_SERR                    0x0100
#define PCI_DISABLE_LEVEL_INTERRUPT        0x0400
#define PCI_STATUS_INTERRUPT_PENDING       0x0008
#define PCI_STATUS_CAPABILITIES_LIST       0x0010
#define PCI_ADDRESS_IO_SPACE               0x00000001
#define PCI_ADDRESS_MEMORY_TYPE_MASK       0x00000006
#define PCI_ADDRESS_MEMORY_PREFETCHABLE    0x00000008
#define PCI_ADDRESS_IO_ADDRESS_MASK        0xfffffffc
#define PCI_ADDRESS_MEMORY_ADDRESS_MASK    0xfffffff0
#define PCI_TYPE_32BIT                     0
#define PCI_TYPE_20BIT                     2
#define PCI_TYPE_64BIT                     4
#define PCI_CAPABILITY_ID_POWER_MANAGEMENT 0x01
#define PCI_CAPABILITY_ID_MSI              0x05
#define PCI_CAPABILITY_ID_PCIX             0x07
#define PCI_CAPABILITY_ID_VENDOR_SPECIFIC  0x09
#define PCI_CAPABILITY_ID_PCI_EXPRESS      0x10
#define PCI_CAPABILITY_ID_MSIX             0x11
#define PCI_WHICHSPACE_CONFIG              0x0
#define PCI_WHICHSPACE_ROM                 0x52696350

typedef struct _PCI_CAPABILITIES_HEADER {
    UCHAR CapabilityID;
    UCHAR Next;
} PCI_CAPABILITIES_HEADER, *PPCI_CAPABILITIES_HEADER;

_IRQL_requires_max_(DISPATCH_LEVEL) NTHALAPI ULONG NTAPI
    HalGetBusData(_In_ BUS_DATA_TYPE BusDataType, _In_ ULONG BusNumber, _In_ ULONG SlotNumber,
                  _Out_writes_bytes_(Length) PVOID Buffer, _In_ ULONG Length);
_IRQL_requires_max_(DISPATCH_LEVEL) NTHALAPI ULONG NTAPI
    HalSetBusData(_In_ BUS_DATA_TYPE BusDataType, _In_ ULONG BusNumber, _In_ ULONG SlotNumber,
                  _In_reads_bytes_(Length) PVOID Buffer, _In_ ULONG Length);
/* The bytes that were read: less than Length at the end of the configuration space, 0 without a device. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTHALAPI ULONG NTAPI
    HalGetBusDataByOffset(_In_ BUS_DATA_TYPE BusDataType, _In_ ULONG BusNumber, _In_ ULONG SlotNumber,
                          _Out_writes_bytes_(Length) PVOID Buffer, _In_ ULONG Offset, _In_ ULONG Length);
_IRQL_requires_max_(DISPATCH_LEVEL) NTHALAPI ULONG NTAPI
    HalSetBusDataByOffset(_In_ BUS_DATA_TYPE BusDataType, _In_ ULONG BusNumber, _In_ ULONG SlotNumber,
                          _In_reads_bytes_(Length) PVOID Buffer, _In_ ULONG Offset, _In_ ULONG Length);
_IRQL_requires_max_(DISPATCH_LEVEL) NTHALAPI BOOLEAN NTAPI
    HalTranslateBusAddress(_In_ INTERFACE_TYPE InterfaceType, _In_ ULONG BusNumber,
                           _In_ PHYSICAL_ADDRESS BusAddress, _Inout_ PULONG AddressSpace,
                           _Out_ PPHYSICAL_ADDRESS TranslatedAddress);
_IRQL_requires_max_(PASSIVE_LEVEL) NTHALAPI ULONG NTAPI
    HalGetInterruptVector(_In_ INTERFACE_TYPE InterfaceType, _In_ ULONG BusNumber,
                          _In_ ULONG BusInterruptLevel, _In_ ULONG BusInterruptVector, _Out_ PKIRQL Irql,
                          _Out_ PKAFFINITY Affinity);
_IRQL_requires_max_(PASSIVE_LEVEL) NTHALAPI NTSTATUS NTAPI
    HalAssignSlotResources(_In_ PUNICODE_STRING RegistryPath, _In_ PUNICODE_STRING DriverClassName,
                           _In_ PDRIVER_OBJECT DriverObject, _In_ PDEVICE_OBJECT DeviceObject,
                           _In_ INTERFACE_TYPE BusType, _In_ ULONG BusNumber, _In_ ULONG SlotNumber,
                           _Inout_ PCM_RESOURCE_LIST *AllocatedResources);
_IRQL_requires_max_(PASSIVE_LEVEL) NTHALAPI PADAPTER_OBJECT NTAPI
    HalGetAdapter(_In_ PDEVICE_DESCRIPTION DeviceDescription, _Out_ PULONG NumberOfMapRegisters);
_IRQL_requires_max_(DISPATCH_LEVEL) NTHALAPI ULONG NTAPI
    HalReadDmaCounter(_In_ PADAPTER_OBJECT AdapterObject);
_IRQL_requires_max_(DISPATCH_LEVEL) NTHALAPI NTSTATUS NTAPI
    HalAllocateAdapterChannel(_In_ PADAPTER_OBJECT AdapterObject, _In_ PWAIT_CONTEXT_BLOCK Wcb,
                              _In_ ULONG NumberOfMapRegisters, _In_ PDRIVER_CONTROL ExecutionRoutine);
_IRQL_requires_max_(PASSIVE_LEVEL) NTHALAPI PVOID NTAPI
    HalAllocateCrashDumpRegisters(_In_ PADAPTER_OBJECT AdapterObject, _Inout_ PULONG NumberOfMapRegisters);
_IRQL_requires_max_(DISPATCH_LEVEL) NTHALAPI BOOLEAN NTAPI HalMakeBeep(_In_ ULONG Frequency);
_IRQL_requires_max_(PASSIVE_LEVEL) NTHALAPI VOID NTAPI
    HalExamineMBR(_In_ PDEVICE_OBJECT DeviceObject, _In_ ULONG SectorSize, _In_ ULONG MBRTypeIdentifier,
                  _Out_ PVOID *Buffer);
typedef VOID(NTAPI *pHalExamineMBR)(_In_ PDEVICE_OBJECT DeviceObject, _In_ ULONG SectorSize,
                                    _In_ ULONG MBRTypeIdentifier, _Out_ PVOID *Buffer);

/* What HalReturnToFirmware asks of the firmware. */
typedef enum _FIRMWARE_REENTRY {
    HalHaltRoutine,
    HalPowerDownRoutine,
    HalRestartRoutine,
    HalRebootRoutine,
    HalInteractiveModeRoutine,
    HalMaximumRoutine
} FIRMWARE_REENTRY,
    *PFIRMWARE_REENTRY;

NTHALAPI VOID NTAPI HalReturnToFirmware(_In_ FIRMWARE_REENTRY Routine);

/* ---- performance counters of the processor ---- */

typedef enum _PHYSICAL_COUNTER_RESOURCE_DESCRIPTOR_TYPE {
    ResourceTypeSingle = 0,
    ResourceTypeRange,
    ResourceTypeExtendedCounterConfiguration,
    ResourceTypeOverflow,
    ResourceTypeEventBuffer,
    ResourceTypeIdenitificationTag,
    ResourceTypeMax
} PHYSICAL_COUNTER_RESOURCE_DESCRIPTOR_TYPE,
    *PPHYSICAL_COUNTER_RESOURCE_DESCRIPTOR_TYPE;

typedef VOID(NTAPI *PPHYSICAL_COUNTER_EVENT_BUFFER_OVERFLOW_HANDLER)(ULONGLONG EventBuffer, SIZE_T EntrySize,
                                                                     SIZE_T NumberOfEntries,
                                                                     HANDLE OwningHandle);
typedef BOOLEAN(NTAPI *PPHYSICAL_COUNTER_OVERFLOW_HANDLER)(ULONGLONG OverflowStatus, HANDLE OwningHandle);

typedef struct _PHYSICAL_COUNTER_EVENT_BUFFER_CONFIGURATION {
    PPHYSICAL_COUNTER_EVENT_BUFFER_OVERFLOW_HANDLER OverflowHandler;
    ULONG CustomEventBufferEntrySize;
    ULONG EventThreshold;
} PHYSICAL_COUNTER_EVENT_BUFFER_CONFIGURATION, *PPHYSICAL_COUNTER_EVENT_BUFFER_CONFIGURATION;

typedef struct _PHYSICAL_COUNTER_RESOURCE_DESCRIPTOR {
    PHYSICAL_COUNTER_RESOURCE_DESCRIPTOR_TYPE Type;
    ULONG Flags;
    union {
        ULONG CounterIndex;
        ULONG ExtendedRegisterAddress;
        struct {
            ULONG Begin;
            ULONG End;
        } Range;
        PPHYSICAL_COUNTER_OVERFLOW_HANDLER OverflowHandler;
        PHYSICAL_COUNTER_EVENT_BUFFER_CONFIGURATION EventBufferConfiguration;
        ULONG IdentificationTag[4];
    } u;
} PHYSICAL_COUNTER_RESOURCE_DESCRIPTOR, *PPHYSICAL_COUNTER_RESOURCE_DESCRIPTOR;

typedef struct _PHYSICAL_COUNTER_RESOURCE_LIST {
    ULONG Count;
    PHYSICAL_COUNTER_RESOURCE_DESCRIPTOR Descriptors[ANYSIZE_ARRAY];
} PHYSICAL_COUNTER_RESOURCE_LIST, *PPHYSICAL_COUNTER_RESOURCE_LIST;

_IRQL_requires_max_(PASSIVE_LEVEL) NTHALAPI NTSTATUS NTAPI
    HalAllocateHardwareCounters(_In_reads_opt_(GroupCount) PGROUP_AFFINITY GroupAffinty,
                                _In_ ULONG GroupCount, _In_ PPHYSICAL_COUNTER_RESOURCE_LIST ResourceList,
                                _Out_ PHANDLE CounterSetHandle);
_IRQL_requires_max_(PASSIVE_LEVEL) NTHALAPI NTSTATUS NTAPI
    HalFreeHardwareCounters(_In_ HANDLE CounterSetHandle);

EXTERN_C_END

#endif
