/* SPDX-License-Identifier: MIT */
/*
 * resource.c - ranges of memory and ports in resource descriptors, whose lengths have 32 bits.
 *
 * A range of 4 GB and more is CmResourceTypeMemoryLarge: the length (and alignment) is kept without its low
 * 8, 16 or 32 bits, which must be zero, and a flag says how many. The smallest unit that holds the length is
 * used. Any IRQL.
 */
#include <nt/pnp.h>
#include <nt/rtl.h>
#include "rtlp.h"

#define LARGE_FLAGS CM_RESOURCE_MEMORY_LARGE

static const struct {
    USHORT flag;
    UCHAR shift;
} units[] = {
    {CM_RESOURCE_MEMORY_LARGE_40, 8}, {CM_RESOURCE_MEMORY_LARGE_48, 16}, {CM_RESOURCE_MEMORY_LARGE_64, 32}};

static bool fits(ULONGLONG value, ULONG shift)
{
    ULONGLONG kept = value >> shift;
    return kept << shift == value && kept <= MAXULONG;
}

/* How far length and alignment are shifted for a type of resource; the status when there is no way. */
static NTSTATUS choose(UCHAR type, ULONGLONG length, ULONGLONG alignment, USHORT *flag, ULONG *shift)
{
    *flag = 0;
    *shift = 0;
    switch (type) {
    case CmResourceTypePort:
    case CmResourceTypeMemory:
        return fits(length, 0) && fits(alignment, 0) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
    case CmResourceTypeMemoryLarge:
        for (ULONG i = 0; i < RTL_NUMBER_OF(units); i++) {
            if (fits(length, units[i].shift) && fits(alignment, units[i].shift)) {
                *flag = units[i].flag;
                *shift = units[i].shift;
                return STATUS_SUCCESS;
            }
        }
        return STATUS_UNSUCCESSFUL;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static ULONG shift_of(UCHAR type, USHORT flags)
{
    for (ULONG i = 0; type == CmResourceTypeMemoryLarge && i < RTL_NUMBER_OF(units); i++) {
        if (flags & units[i].flag) {
            return units[i].shift;
        }
    }
    return 0;
}

NTSYSAPI NTSTATUS NTAPI RtlIoEncodeMemIoResource(PIO_RESOURCE_DESCRIPTOR Descriptor, UCHAR Type,
                                                 ULONGLONG Length, ULONGLONG Alignment,
                                                 ULONGLONG MinimumAddress, ULONGLONG MaximumAddress)
{
    USHORT flag;
    ULONG shift;
    NTSTATUS status = choose(Type, Length, Alignment, &flag, &shift);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Descriptor->Type = Type;
    if (Type == CmResourceTypeMemoryLarge) {
        Descriptor->Flags = (USHORT)((Descriptor->Flags & ~LARGE_FLAGS) | flag);
    }
    Descriptor->u.Generic.Length = (ULONG)(Length >> shift);
    Descriptor->u.Generic.Alignment = (ULONG)(Alignment >> shift);
    Descriptor->u.Generic.MinimumAddress.QuadPart = (LONGLONG)MinimumAddress;
    Descriptor->u.Generic.MaximumAddress.QuadPart = (LONGLONG)MaximumAddress;
    return STATUS_SUCCESS;
}

NTSYSAPI ULONGLONG NTAPI RtlIoDecodeMemIoResource(PIO_RESOURCE_DESCRIPTOR Descriptor, PULONGLONG Alignment,
                                                  PULONGLONG MinimumAddress, PULONGLONG MaximumAddress)
{
    ULONG shift = shift_of(Descriptor->Type, Descriptor->Flags);
    if (Alignment != NULL) {
        *Alignment = (ULONGLONG)Descriptor->u.Generic.Alignment << shift;
    }
    if (MinimumAddress != NULL) {
        *MinimumAddress = (ULONGLONG)Descriptor->u.Generic.MinimumAddress.QuadPart;
    }
    if (MaximumAddress != NULL) {
        *MaximumAddress = (ULONGLONG)Descriptor->u.Generic.MaximumAddress.QuadPart;
    }
    return (ULONGLONG)Descriptor->u.Generic.Length << shift;
}

NTSYSAPI NTSTATUS NTAPI RtlCmEncodeMemIoResource(PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor, UCHAR Type,
                                                 ULONGLONG Length, ULONGLONG Start)
{
    USHORT flag;
    ULONG shift;
    NTSTATUS status = choose(Type, Length, 0, &flag, &shift);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Descriptor->Type = Type;
    if (Type == CmResourceTypeMemoryLarge) {
        Descriptor->Flags = (USHORT)((Descriptor->Flags & ~LARGE_FLAGS) | flag);
    }
    Descriptor->u.Generic.Start.QuadPart = (LONGLONG)Start;
    Descriptor->u.Generic.Length = (ULONG)(Length >> shift);
    return STATUS_SUCCESS;
}

NTSYSAPI ULONGLONG NTAPI RtlCmDecodeMemIoResource(PCM_PARTIAL_RESOURCE_DESCRIPTOR Descriptor,
                                                  PULONGLONG Start)
{
    if (Start != NULL) {
        *Start = (ULONGLONG)Descriptor->u.Generic.Start.QuadPart;
    }
    return (ULONGLONG)Descriptor->u.Generic.Length << shift_of(Descriptor->Type, Descriptor->Flags);
}

/* The least length not below this one that a descriptor can hold (ntddk). */
NTSYSAPI NTSTATUS NTAPI RtlFindClosestEncodableLength(ULONGLONG SourceLength, PULONGLONG TargetLength)
{
    static const UCHAR shifts[] = {0, 8, 16, 32};
    for (ULONG i = 0; i < RTL_NUMBER_OF(shifts); i++) {
        ULONGLONG mask = (1ULL << shifts[i]) - 1, rounded = (SourceLength + mask) & ~mask;
        if (rounded >= SourceLength && fits(rounded, shifts[i])) {
            *TargetLength = rounded;
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NOT_SUPPORTED;
}
