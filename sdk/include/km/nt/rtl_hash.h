/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl_hash.h - hash tables that grow and shrink a bucket at a time.
 *
 * An entry is embedded in what the caller stores and has a signature, by which it is found; several may have the same one.
 * The caller serialises everything, and says when to resize: by RtlExpandHashTable when the chains get long
 * (RtlTotalEntriesHashTable against RtlNonEmptyBucketsHashTable). IRQL <= DISPATCH_LEVEL; no routine waits.
 *
 * A context remembers where a signature is or would be, between a lookup and an insertion or removal of the same one.
 * An enumeration (strong) forbids resizing until it ends; a weak one allows it, and may then miss or repeat entries.
 */
#ifndef KILN_NT_RTL_HASH_H
#define KILN_NT_RTL_HASH_H

#include <nt/base.h>

EXTERN_C_START

#define RTL_HASH_ALLOCATED_HEADER   0x00000001
#define RTL_HASH_RESERVED_SIGNATURE 0 /* an entry that is inserted with it gets another */

typedef struct _RTL_DYNAMIC_HASH_TABLE_ENTRY {
    LIST_ENTRY Linkage;
    ULONG_PTR Signature;
} RTL_DYNAMIC_HASH_TABLE_ENTRY, *PRTL_DYNAMIC_HASH_TABLE_ENTRY;
#define HASH_ENTRY_KEY(x) ((x)->Signature)

typedef struct _RTL_DYNAMIC_HASH_TABLE_CONTEXT {
    PLIST_ENTRY ChainHead;
    PLIST_ENTRY PrevLinkage;
    ULONG_PTR Signature;
} RTL_DYNAMIC_HASH_TABLE_CONTEXT, *PRTL_DYNAMIC_HASH_TABLE_CONTEXT;

typedef struct _RTL_DYNAMIC_HASH_TABLE_ENUMERATOR {
    RTL_DYNAMIC_HASH_TABLE_ENTRY HashEntry;
    PLIST_ENTRY ChainHead;
    ULONG BucketIndex;
} RTL_DYNAMIC_HASH_TABLE_ENUMERATOR, *PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR;

typedef struct _RTL_DYNAMIC_HASH_TABLE {
    ULONG Flags;
    ULONG Shift;
    ULONG TableSize; /* buckets */
    ULONG Pivot;     /* the next bucket to split */
    ULONG DivisorMask;
    ULONG NumEntries;
    ULONG NonEmptyBuckets;
    ULONG NumEnumerators; /* strong ones */
    PVOID Directory;
} RTL_DYNAMIC_HASH_TABLE, *PRTL_DYNAMIC_HASH_TABLE;

/* *HashTable NULL: the table is allocated, too. Shift: low bits of a signature that do not tell entries apart. Flags: 0. */
NTSYSAPI BOOLEAN NTAPI RtlCreateHashTable(_Inout_ PRTL_DYNAMIC_HASH_TABLE *HashTable, _In_ ULONG Shift,
                                          _In_ ULONG Flags);
/* The table is empty of entries and enumerations. */
NTSYSAPI VOID NTAPI RtlDeleteHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable);
NTSYSAPI BOOLEAN NTAPI RtlInsertEntryHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable,
                                               _In_ PRTL_DYNAMIC_HASH_TABLE_ENTRY Entry, _In_ ULONG_PTR Signature,
                                               _Inout_opt_ PRTL_DYNAMIC_HASH_TABLE_CONTEXT Context);
NTSYSAPI BOOLEAN NTAPI RtlRemoveEntryHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable,
                                               _In_ PRTL_DYNAMIC_HASH_TABLE_ENTRY Entry,
                                               _Inout_opt_ PRTL_DYNAMIC_HASH_TABLE_CONTEXT Context);
/* The first entry with the signature; the others follow by RtlGetNextEntryHashTable. */
NTSYSAPI PRTL_DYNAMIC_HASH_TABLE_ENTRY NTAPI
RtlLookupEntryHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable, _In_ ULONG_PTR Signature,
                        _Out_opt_ PRTL_DYNAMIC_HASH_TABLE_CONTEXT Context);
NTSYSAPI PRTL_DYNAMIC_HASH_TABLE_ENTRY NTAPI
RtlGetNextEntryHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable, _In_ PRTL_DYNAMIC_HASH_TABLE_CONTEXT Context);

NTSYSAPI BOOLEAN NTAPI RtlInitEnumerationHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable,
                                                   _Out_ PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator);
NTSYSAPI PRTL_DYNAMIC_HASH_TABLE_ENTRY NTAPI RtlEnumerateEntryHashTable(
    _In_ PRTL_DYNAMIC_HASH_TABLE HashTable, _Inout_ PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator);
NTSYSAPI VOID NTAPI RtlEndEnumerationHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable,
                                               _Inout_ PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator);
NTSYSAPI BOOLEAN NTAPI RtlInitWeakEnumerationHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable,
                                                       _Out_ PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator);
NTSYSAPI PRTL_DYNAMIC_HASH_TABLE_ENTRY NTAPI RtlWeaklyEnumerateEntryHashTable(
    _In_ PRTL_DYNAMIC_HASH_TABLE HashTable, _Inout_ PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator);
NTSYSAPI VOID NTAPI RtlEndWeakEnumerationHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable,
                                                   _Inout_ PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator);

/* One bucket more or fewer. FALSE: enumerations, no memory, or the table has its largest or smallest size. */
NTSYSAPI BOOLEAN NTAPI RtlExpandHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable);
NTSYSAPI BOOLEAN NTAPI RtlContractHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable);

FORCEINLINE VOID RtlInitHashTableContext(_Inout_ PRTL_DYNAMIC_HASH_TABLE_CONTEXT Context)
{
    Context->ChainHead = NULL;
    Context->PrevLinkage = NULL;
}
FORCEINLINE VOID RtlInitHashTableContextFromEnumerator(_Inout_ PRTL_DYNAMIC_HASH_TABLE_CONTEXT Context,
                                                       _In_ PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator)
{
    Context->ChainHead = Enumerator->ChainHead;
    Context->PrevLinkage = Enumerator->HashEntry.Linkage.Blink;
}
FORCEINLINE VOID RtlReleaseHashTableContext(_Inout_ PRTL_DYNAMIC_HASH_TABLE_CONTEXT Context)
{
    UNREFERENCED_PARAMETER(Context);
}
FORCEINLINE ULONG RtlTotalBucketsHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable)
{
    return HashTable->TableSize;
}
FORCEINLINE ULONG RtlNonEmptyBucketsHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable)
{
    return HashTable->NonEmptyBuckets;
}
FORCEINLINE ULONG RtlEmptyBucketsHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable)
{
    return HashTable->TableSize - HashTable->NonEmptyBuckets;
}
FORCEINLINE ULONG RtlTotalEntriesHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable)
{
    return HashTable->NumEntries;
}
FORCEINLINE ULONG RtlActiveEnumeratorsHashTable(_In_ PRTL_DYNAMIC_HASH_TABLE HashTable)
{
    return HashTable->NumEnumerators;
}

EXTERN_C_END

NT_ASSERT_SIZE(RTL_DYNAMIC_HASH_TABLE, 0x28);
NT_ASSERT_SIZE(RTL_DYNAMIC_HASH_TABLE_ENUMERATOR, 0x28);

#endif
