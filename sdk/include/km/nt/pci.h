/* SPDX-License-Identifier: MIT */
/*
 * PCI and PCI Express: what drivers of buses and devices find in configuration space, and the interface to the MSI-X
 * table. Configuration data itself is in <nt/hal.h>.
 */
#ifndef KILN_NT_PCI_H
#define KILN_NT_PCI_H

#include <nt/hal.h>

EXTERN_C_START

typedef enum {
    PciExpressEndpoint = 0,
    PciExpressLegacyEndpoint,
    PciExpressRootPort = 4,
    PciExpressUpstreamSwitchPort,
    PciExpressDownstreamSwitchPort,
    PciExpressToPciXBridge,
    PciXToExpressBridge,
    PciExpressRootComplexIntegratedEndpoint,
    PciExpressRootComplexEventCollector
} PCI_EXPRESS_DEVICE_TYPE;

typedef enum {
    MRLClosed = 0,
    MRLOpen
} PCI_EXPRESS_MRL_STATE;

typedef enum {
    SlotEmpty = 0,
    CardPresent
} PCI_EXPRESS_CARD_PRESENCE;

typedef enum {
    IndicatorOn = 1,
    IndicatorBlink,
    IndicatorOff
} PCI_EXPRESS_INDICATOR_STATE;

typedef enum {
    PowerOn = 0,
    PowerOff
} PCI_EXPRESS_POWER_STATE;

typedef enum {
    L0sEntrySupport = 1,
    L0sAndL1EntrySupport = 3
} PCI_EXPRESS_ASPM_SUPPORT;

typedef enum {
    L0sAndL1EntryDisabled,
    L0sEntryEnabled,
    L1EntryEnabled,
    L0sAndL1EntryEnabled
} PCI_EXPRESS_ASPM_CONTROL;

typedef enum {
    L0s_Below64ns = 0,
    L0s_64ns_128ns,
    L0s_128ns_256ns,
    L0s_256ns_512ns,
    L0s_512ns_1us,
    L0s_1us_2us,
    L0s_2us_4us,
    L0s_Above4us
} PCI_EXPRESS_L0s_EXIT_LATENCY;

typedef enum {
    L1_Below1us = 0,
    L1_1us_2us,
    L1_2us_4us,
    L1_4us_8us,
    L1_8us_16us,
    L1_16us_32us,
    L1_32us_64us,
    L1_Above64us
} PCI_EXPRESS_L1_EXIT_LATENCY;

typedef enum {
    MaxPayload128Bytes = 0,
    MaxPayload256Bytes,
    MaxPayload512Bytes,
    MaxPayload1024Bytes,
    MaxPayload2048Bytes,
    MaxPayload4096Bytes
} PCI_EXPRESS_MAX_PAYLOAD_SIZE;

typedef enum {
    PciExpressReadCompletionBoundary64Byte = 0,
    PciExpressReadCompletionBoundary128Byte
} PCI_EXPRESS_RCB;

/* ---- the MSI-X table of a device (GUID_MSIX_TABLE_CONFIG_INTERFACE). IRQL <= DISPATCH_LEVEL. ---- */

_Function_class_(PCI_MSIX_SET_ENTRY) _IRQL_requires_max_(DISPATCH_LEVEL)
typedef NTSTATUS NTAPI PCI_MSIX_SET_ENTRY(_In_ PVOID Context, _In_ ULONG TableEntry, _In_ ULONG MessageNumber);
typedef PCI_MSIX_SET_ENTRY *PPCI_MSIX_SET_ENTRY;

_Function_class_(PCI_MSIX_MASKUNMASK_ENTRY) _IRQL_requires_max_(DISPATCH_LEVEL)
typedef NTSTATUS NTAPI PCI_MSIX_MASKUNMASK_ENTRY(_In_ PVOID Context, _In_ ULONG TableEntry);
typedef PCI_MSIX_MASKUNMASK_ENTRY *PPCI_MSIX_MASKUNMASK_ENTRY;

_Function_class_(PCI_MSIX_GET_ENTRY) _IRQL_requires_max_(DISPATCH_LEVEL)
typedef NTSTATUS NTAPI PCI_MSIX_GET_ENTRY(_In_ PVOID Context, _In_ ULONG TableEntry, _Out_ PULONG MessageNumber,
                                          _Out_ PBOOLEAN Masked);
typedef PCI_MSIX_GET_ENTRY *PPCI_MSIX_GET_ENTRY;

_Function_class_(PCI_MSIX_GET_TABLE_SIZE) _IRQL_requires_max_(DISPATCH_LEVEL)
typedef NTSTATUS NTAPI PCI_MSIX_GET_TABLE_SIZE(_In_ PVOID Context, _Out_ PULONG TableSize);
typedef PCI_MSIX_GET_TABLE_SIZE *PPCI_MSIX_GET_TABLE_SIZE;

#define PCI_MSIX_TABLE_CONFIG_INTERFACE_VERSION 1

typedef struct _PCI_MSIX_TABLE_CONFIG_INTERFACE {
    USHORT Size;
    USHORT Version;
    PVOID Context;
    PINTERFACE_REFERENCE InterfaceReference;
    PINTERFACE_DEREFERENCE InterfaceDereference;
    PPCI_MSIX_SET_ENTRY SetTableEntry;
    PPCI_MSIX_MASKUNMASK_ENTRY MaskTableEntry;
    PPCI_MSIX_MASKUNMASK_ENTRY UnmaskTableEntry;
    PPCI_MSIX_GET_ENTRY GetTableEntry;
    PPCI_MSIX_GET_TABLE_SIZE GetTableSize;
} PCI_MSIX_TABLE_CONFIG_INTERFACE, *PPCI_MSIX_TABLE_CONFIG_INTERFACE;

#define PCI_MSIX_TABLE_CONFIG_MINIMUM_SIZE RTL_SIZEOF_THROUGH_FIELD(PCI_MSIX_TABLE_CONFIG_INTERFACE, UnmaskTableEntry)

NT_ASSERT_SIZE(PCI_MSIX_TABLE_CONFIG_INTERFACE, 0x48);

EXTERN_C_END

#endif
