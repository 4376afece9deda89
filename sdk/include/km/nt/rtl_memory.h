/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl_memory.h - blocks of memory: copy, move, fill, compare, unaligned access, byte order.
 *
 * RtlCopyMemory and its siblings are the compiler's memcpy and so on, which it may expand in place; what is
 * left are imports from ntoskrnl.  All at any IRQL if the memory is resident.
 */
#ifndef KILN_NT_RTL_MEMORY_H
#define KILN_NT_RTL_MEMORY_H

#include <nt/base.h>
#include <nt/intrin.h>

EXTERN_C_START

#ifdef _WIN32
void *__cdecl memcpy(void *Destination, const void *Source, size_t Length);
void *__cdecl memmove(void *Destination, const void *Source, size_t Length);
void *__cdecl memset(void *Destination, int Fill, size_t Length);
int __cdecl memcmp(const void *Source1, const void *Source2, size_t Length);
#endif

#define RtlCopyMemory(Destination, Source, Length) __builtin_memcpy((Destination), (Source), (Length))
#define RtlMoveMemory(Destination, Source, Length) __builtin_memmove((Destination), (Source), (Length))
#define RtlFillMemory(Destination, Length, Fill)   __builtin_memset((Destination), (Fill), (Length))
#define RtlZeroMemory(Destination, Length)         __builtin_memset((Destination), 0, (Length))
#define RtlEqualMemory(Source1, Source2, Length)   (__builtin_memcmp((Source1), (Source2), (Length)) == 0)
#define RtlCopyBytes                               RtlCopyMemory
#define RtlZeroBytes                               RtlZeroMemory
#define RtlFillBytes                               RtlFillMemory

/* How many bytes are equal from the start. */
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI SIZE_T NTAPI RtlCompareMemory(_In_ const VOID *Source1, _In_ const VOID *Source2,
                                       _In_ SIZE_T Length);
NTSYSAPI SIZE_T NTAPI RtlCompareMemoryUlong(_In_ PVOID Source, _In_ SIZE_T Length, _In_ ULONG Pattern);
NTSYSAPI VOID NTAPI RtlFillMemoryUlong(_Out_ PVOID Destination, _In_ SIZE_T Length, _In_ ULONG Pattern);
NTSYSAPI VOID NTAPI RtlFillMemoryUlonglong(_Out_ PVOID Destination, _In_ SIZE_T Length,
                                           _In_ ULONGLONG Pattern);
/* Around the caches. */
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI VOID NTAPI RtlCopyMemoryNonTemporal(_Out_ VOID UNALIGNED *Destination,
                                             _In_ const VOID UNALIGNED *Source, _In_ SIZE_T Length);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI VOID NTAPI RtlFillMemoryNonTemporal(_Out_ VOID UNALIGNED *Destination, _In_ SIZE_T Length,
                                             _In_ const UCHAR Value);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI VOID NTAPI RtlPrefetchMemoryNonTemporal(_In_ PVOID Source, _In_ SIZE_T Length);

/* Zeroes, and the compiler may not decide that nobody looks. */
FORCEINLINE PVOID RtlSecureZeroMemory(_Out_ PVOID Ptr, _In_ SIZE_T Size)
{
    __stosb((PUCHAR)Ptr, 0, Size);
    return Ptr;
}
#define RtlSecureZeroMemory2(ptr, cnt) RtlSecureZeroMemory(ptr, cnt)

_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlIsZeroMemory(_In_ PVOID Buffer, _In_ SIZE_T Length);
/* Equal or not, in a time that does not depend on where they differ. */
FORCEINLINE BOOLEAN RtlConstantTimeEqualMemory(_In_ const VOID *v1, _In_ const VOID *v2, _In_ ULONG len)
{
    const volatile UCHAR *a = (const volatile UCHAR *)v1, *b = (const volatile UCHAR *)v2;
    UCHAR difference = 0;
    ULONG i;
    for (i = 0; i < len; i++) {
        difference = (UCHAR)(difference | (a[i] ^ b[i]));
    }
    return (BOOLEAN)(difference == 0);
}

/* Integers at addresses of any alignment. x64 does not mind. */
typedef USHORT UNALIGNED KILN_USHORT_U __attribute__((aligned(1), may_alias));
typedef ULONG UNALIGNED KILN_ULONG_U __attribute__((aligned(1), may_alias));
typedef ULONGLONG UNALIGNED KILN_ULONGLONG_U __attribute__((aligned(1), may_alias));
#define RtlStoreUshort(ADDRESS, VALUE)    (*(KILN_USHORT_U *)(ADDRESS) = (USHORT)(VALUE))
#define RtlStoreUlong(ADDRESS, VALUE)     (*(KILN_ULONG_U *)(ADDRESS) = (ULONG)(VALUE))
#define RtlStoreUlonglong(ADDRESS, VALUE) (*(KILN_ULONGLONG_U *)(ADDRESS) = (ULONGLONG)(VALUE))
#define RtlStoreUlongPtr(ADDRESS, VALUE)  RtlStoreUlonglong(ADDRESS, VALUE)
#define RtlRetrieveUshort(DEST, SRC)      (*(PUSHORT)(DEST) = *(const KILN_USHORT_U *)(SRC))
#define RtlRetrieveUlong(DEST, SRC)       (*(PULONG)(DEST) = *(const KILN_ULONG_U *)(SRC))
#define RtlRetrieveUlonglong(DEST, SRC)   (*(PULONGLONG)(DEST) = *(const KILN_ULONGLONG_U *)(SRC))

#define SHORT_SIZE        (sizeof(USHORT))
#define SHORT_MASK        (SHORT_SIZE - 1)
#define LONG_SIZE         (sizeof(LONG))
#define LONG_MASK         (LONG_SIZE - 1)
#define LONGLONG_SIZE     (sizeof(LONGLONG))
#define LONGLONG_MASK     (LONGLONG_SIZE - 1)
#define LOWBYTE_MASK      0x00FF
#define FIRSTBYTE(VALUE)  ((VALUE)&LOWBYTE_MASK)
#define SECONDBYTE(VALUE) (((VALUE) >> 8) & LOWBYTE_MASK)
#define THIRDBYTE(VALUE)  (((VALUE) >> 16) & LOWBYTE_MASK)
#define FOURTHBYTE(VALUE) (((VALUE) >> 24) & LOWBYTE_MASK)

#define RtlUshortByteSwap(x)    _byteswap_ushort((USHORT)(x))
#define RtlUlongByteSwap(x)     _byteswap_ulong((ULONG)(x))
#define RtlUlonglongByteSwap(x) _byteswap_uint64((ULONGLONG)(x))

#define ALIGN_DOWN_BY(length, alignment) ((ULONG_PTR)(length) & ~((ULONG_PTR)(alignment)-1))
#define ALIGN_UP_BY(length, alignment)   (ALIGN_DOWN_BY(((ULONG_PTR)(length) + (alignment)-1), alignment))
#define ALIGN_DOWN_POINTER_BY(address, alignment)                                                            \
    ((PVOID)((ULONG_PTR)(address) & ~((ULONG_PTR)(alignment)-1)))
#define ALIGN_UP_POINTER_BY(address, alignment)                                                              \
    (ALIGN_DOWN_POINTER_BY(((ULONG_PTR)(address) + (alignment)-1), alignment))
#define ALIGN_DOWN(length, type)          ALIGN_DOWN_BY(length, sizeof(type))
#define ALIGN_UP(length, type)            ALIGN_UP_BY(length, sizeof(type))
#define ALIGN_DOWN_POINTER(address, type) ALIGN_DOWN_POINTER_BY(address, sizeof(type))
#define ALIGN_UP_POINTER(address, type)   ALIGN_UP_POINTER_BY(address, sizeof(type))

#define RtlInterlockedSetBits(Flags, Flag)                ((ULONG)InterlockedOr((PLONG)(Flags), (LONG)(Flag)))
#define RtlInterlockedAndBits(Flags, Flag)                ((ULONG)InterlockedAnd((PLONG)(Flags), (LONG)(Flag)))
#define RtlInterlockedClearBits(Flags, Flag)              RtlInterlockedAndBits(Flags, ~(Flag))
#define RtlInterlockedXorBits(Flags, Flag)                ((ULONG)InterlockedXor((PLONG)(Flags), (LONG)(Flag)))
#define RtlInterlockedSetBitsDiscardReturn(Flags, Flag)   ((VOID)RtlInterlockedSetBits(Flags, Flag))
#define RtlInterlockedAndBitsDiscardReturn(Flags, Flag)   ((VOID)RtlInterlockedAndBits(Flags, Flag))
#define RtlInterlockedClearBitsDiscardReturn(Flags, Flag) ((VOID)RtlInterlockedClearBits(Flags, Flag))
FORCEINLINE ULONG RtlInterlockedSetClearBits(_Inout_ ULONG volatile *Flags, _In_ ULONG sFlag,
                                             _In_ ULONG cFlag)
{
    ULONG seen, wanted;
    do {
        seen = *Flags;
        wanted = (seen | sFlag) & ~cFlag;
    } while (wanted != seen &&
             (ULONG)InterlockedCompareExchange((volatile LONG *)Flags, (LONG)wanted, (LONG)seen) != seen);
    return seen;
}

EXTERN_C_END

#endif
