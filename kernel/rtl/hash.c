/* SPDX-License-Identifier: MIT */
/*
 * hash.c - dynamic hash tables: linear hashing (Litwin 1980), in which a table grows by splitting one bucket.
 *
 * With M = DivisorMask + 1 buckets a round begins; Pivot of them are split already, so that TableSize == M +
 * Pivot. An entry of hash h is in bucket h mod M, or, if that one was split, in h mod 2M. When all M are
 * split the next round begins with 2M.
 *
 * Buckets are list heads in segments, so that growing moves none: segment 0 has BASE of them, segment s > 0
 * as many as all before it together. A chain is sorted by signature, so that equal ones are neighbours and a
 * search ends early. Enumerators stand in the chains as entries with the reserved signature; they are skipped
 * everywhere.
 *
 * Nothing here locks: the caller serialises. NonEmptyBuckets counts chains that hold anything, enumerators
 * included.
 */
#include <nt/ex.h>
#include <nt/rtl.h>
#include "rtlp.h"

#define TAG_HASH 'hsHR'
#define BASE     128u /* buckets of the smallest table */
#define SEGMENTS 20u  /* 64 M buckets */

struct directory {
    PLIST_ENTRY segment[SEGMENTS];
};

static inline PRTL_DYNAMIC_HASH_TABLE_ENTRY entry_of(PLIST_ENTRY link)
{
    return CONTAINING_RECORD(link, RTL_DYNAMIC_HASH_TABLE_ENTRY, Linkage);
}

static inline bool is_enumerator(PLIST_ENTRY link)
{
    return entry_of(link)->Signature == RTL_HASH_RESERVED_SIGNATURE;
}

static ULONG segment_of(ULONG bucket)
{
    return bucket < BASE ? 0 : 32 - (ULONG)__builtin_clz(bucket / BASE);
}

static ULONG first_of(ULONG segment)
{
    return segment == 0 ? 0 : BASE << (segment - 1);
}

static ULONG size_of(ULONG segment)
{
    return segment == 0 ? BASE : BASE << (segment - 1);
}

static PLIST_ENTRY bucket_at(PRTL_DYNAMIC_HASH_TABLE table, ULONG bucket)
{
    struct directory *directory = table->Directory;
    ULONG segment = segment_of(bucket);
    return &directory->segment[segment][bucket - first_of(segment)];
}

/* Multiplication spreads what the signature's low bits do not tell: pointers, sequence numbers, names' sums.
 */
static ULONG bucket_of(PRTL_DYNAMIC_HASH_TABLE table, ULONG_PTR signature)
{
    ULONG hash = (ULONG)(((ULONG64)signature >> table->Shift) * 0x9E3779B97F4A7C15ULL >> 32);
    ULONG bucket = hash & table->DivisorMask;
    return bucket < table->Pivot ? hash & (table->DivisorMask * 2 + 1) : bucket;
}

static void put(PRTL_DYNAMIC_HASH_TABLE table, PLIST_ENTRY chain, PLIST_ENTRY before, PLIST_ENTRY link)
{
    if (IsListEmpty(chain)) {
        table->NonEmptyBuckets++;
    }
    InsertHeadList(before, link);
}

static void take(PRTL_DYNAMIC_HASH_TABLE table, PLIST_ENTRY link)
{
    if (link->Flink == link->Blink) { /* both are the head: it was alone */
        table->NonEmptyBuckets--;
    }
    RemoveEntryList(link);
}

/* Where the entries of a signature begin, or would. */
static void locate(PRTL_DYNAMIC_HASH_TABLE table, ULONG_PTR signature,
                   PRTL_DYNAMIC_HASH_TABLE_CONTEXT context)
{
    PLIST_ENTRY chain = bucket_at(table, bucket_of(table, signature)), before = chain;
    for (PLIST_ENTRY link = chain->Flink; link != chain; link = link->Flink) {
        if (!is_enumerator(link)) {
            if (entry_of(link)->Signature >= signature) {
                break;
            }
            before = link;
        }
    }
    context->ChainHead = chain;
    context->PrevLinkage = before;
    context->Signature = signature;
}

static ULONG_PTR usable(ULONG_PTR signature)
{
    return signature == RTL_HASH_RESERVED_SIGNATURE ? RTL_HASH_RESERVED_SIGNATURE + 1 : signature;
}

NTSYSAPI BOOLEAN NTAPI RtlCreateHashTable(PRTL_DYNAMIC_HASH_TABLE *HashTable, ULONG Shift, ULONG Flags)
{
    PRTL_DYNAMIC_HASH_TABLE table = *HashTable;
    struct directory *directory;
    if (Flags != 0 || Shift >= 64) {
        return FALSE;
    }
    if (table == NULL) {
        table = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*table), TAG_HASH);
        Flags = RTL_HASH_ALLOCATED_HEADER;
    }
    directory = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*directory), TAG_HASH);
    if (directory != NULL) {
        RtlZeroMemory(directory, sizeof(*directory));
        directory->segment[0] = ExAllocatePoolWithTag(NonPagedPoolNx, BASE * sizeof(LIST_ENTRY), TAG_HASH);
    }
    if (table == NULL || directory == NULL || directory->segment[0] == NULL) {
        if (directory != NULL) {
            ExFreePoolWithTag(directory, TAG_HASH);
        }
        if (table != NULL && Flags == RTL_HASH_ALLOCATED_HEADER) {
            ExFreePoolWithTag(table, TAG_HASH);
        }
        return FALSE;
    }
    for (ULONG i = 0; i < BASE; i++) {
        InitializeListHead(&directory->segment[0][i]);
    }
    *table = (RTL_DYNAMIC_HASH_TABLE){
        .Flags = Flags, .Shift = Shift, .TableSize = BASE, .DivisorMask = BASE - 1, .Directory = directory};
    *HashTable = table;
    return TRUE;
}

NTSYSAPI VOID NTAPI RtlDeleteHashTable(PRTL_DYNAMIC_HASH_TABLE HashTable)
{
    struct directory *directory = HashTable->Directory;
    for (ULONG i = 0; i < SEGMENTS && directory->segment[i] != NULL; i++) {
        ExFreePoolWithTag(directory->segment[i], TAG_HASH);
    }
    ExFreePoolWithTag(directory, TAG_HASH);
    HashTable->Directory = NULL;
    if (HashTable->Flags & RTL_HASH_ALLOCATED_HEADER) {
        ExFreePoolWithTag(HashTable, TAG_HASH);
    }
}

NTSYSAPI BOOLEAN NTAPI RtlInsertEntryHashTable(PRTL_DYNAMIC_HASH_TABLE HashTable,
                                               PRTL_DYNAMIC_HASH_TABLE_ENTRY Entry, ULONG_PTR Signature,
                                               PRTL_DYNAMIC_HASH_TABLE_CONTEXT Context)
{
    RTL_DYNAMIC_HASH_TABLE_CONTEXT place;
    Entry->Signature = usable(Signature);
    if (Context == NULL || Context->ChainHead == NULL) {
        locate(HashTable, Entry->Signature, &place);
        if (Context != NULL) {
            *Context = place;
        }
    } else {
        place = *Context;
    }
    put(HashTable, place.ChainHead, place.PrevLinkage, &Entry->Linkage);
    HashTable->NumEntries++;
    return TRUE;
}

NTSYSAPI BOOLEAN NTAPI RtlRemoveEntryHashTable(PRTL_DYNAMIC_HASH_TABLE HashTable,
                                               PRTL_DYNAMIC_HASH_TABLE_ENTRY Entry,
                                               PRTL_DYNAMIC_HASH_TABLE_CONTEXT Context)
{
    take(HashTable, &Entry->Linkage);
    HashTable->NumEntries--;
    if (Context != NULL) { /* what the context remembers may be the entry that goes */
        locate(HashTable, Entry->Signature, Context);
    }
    return TRUE;
}

/* The first entry behind `link` that is none of an enumerator, if it has the signature. */
static PRTL_DYNAMIC_HASH_TABLE_ENTRY entry_behind(PLIST_ENTRY link, PLIST_ENTRY chain, ULONG_PTR signature)
{
    do {
        link = link->Flink;
        if (link == chain) {
            return NULL;
        }
    } while (is_enumerator(link));
    return entry_of(link)->Signature == signature ? entry_of(link) : NULL;
}

NTSYSAPI PRTL_DYNAMIC_HASH_TABLE_ENTRY NTAPI RtlLookupEntryHashTable(PRTL_DYNAMIC_HASH_TABLE HashTable,
                                                                     ULONG_PTR Signature,
                                                                     PRTL_DYNAMIC_HASH_TABLE_CONTEXT Context)
{
    RTL_DYNAMIC_HASH_TABLE_CONTEXT place;
    locate(HashTable, usable(Signature), &place);
    if (Context != NULL) {
        *Context = place;
    }
    return entry_behind(place.PrevLinkage, place.ChainHead, place.Signature);
}

/* PrevLinkage is the link before the entry that was returned last. */
NTSYSAPI PRTL_DYNAMIC_HASH_TABLE_ENTRY NTAPI RtlGetNextEntryHashTable(PRTL_DYNAMIC_HASH_TABLE HashTable,
                                                                      PRTL_DYNAMIC_HASH_TABLE_CONTEXT Context)
{
    PRTL_DYNAMIC_HASH_TABLE_ENTRY current =
        entry_behind(Context->PrevLinkage, Context->ChainHead, Context->Signature);
    PRTL_DYNAMIC_HASH_TABLE_ENTRY next;
    UNREFERENCED_PARAMETER(HashTable);
    if (current == NULL) {
        return NULL;
    }
    next = entry_behind(&current->Linkage, Context->ChainHead, Context->Signature);
    if (next != NULL) {
        Context->PrevLinkage = &current->Linkage;
    }
    return next;
}

/* ---- enumeration ---- */

static void begin(PRTL_DYNAMIC_HASH_TABLE table, PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator)
{
    enumerator->HashEntry.Signature = RTL_HASH_RESERVED_SIGNATURE;
    enumerator->BucketIndex = 0;
    enumerator->ChainHead = bucket_at(table, 0);
    put(table, enumerator->ChainHead, enumerator->ChainHead, &enumerator->HashEntry.Linkage);
}

/* The enumerator moves behind the entry that is returned, so that the entry may be removed. */
static PRTL_DYNAMIC_HASH_TABLE_ENTRY advance(PRTL_DYNAMIC_HASH_TABLE table,
                                             PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator)
{
    PLIST_ENTRY self = &enumerator->HashEntry.Linkage, link = self->Flink;
    for (;;) {
        for (; link != enumerator->ChainHead; link = link->Flink) {
            if (!is_enumerator(link)) {
                take(table, self);
                put(table, enumerator->ChainHead, link, self);
                return entry_of(link);
            }
        }
        if (enumerator->BucketIndex + 1 >= table->TableSize) {
            return NULL;
        }
        take(table, self);
        enumerator->BucketIndex++;
        enumerator->ChainHead = bucket_at(table, enumerator->BucketIndex);
        put(table, enumerator->ChainHead, enumerator->ChainHead, self);
        link = self->Flink;
    }
}

static void end(PRTL_DYNAMIC_HASH_TABLE table, PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator)
{
    take(table, &enumerator->HashEntry.Linkage);
    enumerator->ChainHead = NULL;
}

NTSYSAPI BOOLEAN NTAPI RtlInitEnumerationHashTable(PRTL_DYNAMIC_HASH_TABLE HashTable,
                                                   PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator)
{
    begin(HashTable, Enumerator);
    HashTable->NumEnumerators++;
    return TRUE;
}

NTSYSAPI PRTL_DYNAMIC_HASH_TABLE_ENTRY NTAPI
RtlEnumerateEntryHashTable(PRTL_DYNAMIC_HASH_TABLE HashTable, PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator)
{
    return advance(HashTable, Enumerator);
}

NTSYSAPI VOID NTAPI RtlEndEnumerationHashTable(PRTL_DYNAMIC_HASH_TABLE HashTable,
                                               PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator)
{
    end(HashTable, Enumerator);
    HashTable->NumEnumerators--;
}

NTSYSAPI BOOLEAN NTAPI RtlInitWeakEnumerationHashTable(PRTL_DYNAMIC_HASH_TABLE HashTable,
                                                       PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator)
{
    begin(HashTable, Enumerator);
    return TRUE;
}

NTSYSAPI PRTL_DYNAMIC_HASH_TABLE_ENTRY NTAPI RtlWeaklyEnumerateEntryHashTable(
    PRTL_DYNAMIC_HASH_TABLE HashTable, PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator)
{
    return advance(HashTable, Enumerator);
}

NTSYSAPI VOID NTAPI RtlEndWeakEnumerationHashTable(PRTL_DYNAMIC_HASH_TABLE HashTable,
                                                   PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR Enumerator)
{
    end(HashTable, Enumerator);
}

/* ---- resizing ---- */

/* Make the segment of the next bucket, if that bucket is its first. */
static bool make_segment(PRTL_DYNAMIC_HASH_TABLE table)
{
    struct directory *directory = table->Directory;
    ULONG segment = segment_of(table->TableSize);
    if (segment >= SEGMENTS) {
        return false;
    }
    if (directory->segment[segment] == NULL) {
        directory->segment[segment] =
            ExAllocatePoolWithTag(NonPagedPoolNx, size_of(segment) * sizeof(LIST_ENTRY), TAG_HASH);
    }
    return directory->segment[segment] != NULL;
}

NTSYSAPI BOOLEAN NTAPI RtlExpandHashTable(PRTL_DYNAMIC_HASH_TABLE HashTable)
{
    PLIST_ENTRY from, to, next;
    if (HashTable->NumEnumerators != 0 || !make_segment(HashTable)) {
        return FALSE;
    }
    from = bucket_at(HashTable, HashTable->Pivot);
    to = bucket_at(HashTable, HashTable->TableSize);
    InitializeListHead(to);
    HashTable->TableSize++;
    HashTable->Pivot++;
    for (PLIST_ENTRY link = from->Flink; link != from; link = next) {
        next = link->Flink;
        if (!is_enumerator(link) &&
            bucket_of(HashTable, entry_of(link)->Signature) == HashTable->TableSize - 1) {
            take(HashTable, link);
            put(HashTable, to, to->Blink, link); /* in the order that they had */
        }
    }
    if (HashTable->Pivot > HashTable->DivisorMask) {
        HashTable->DivisorMask = HashTable->DivisorMask * 2 + 1;
        HashTable->Pivot = 0;
    }
    return TRUE;
}

/* Put one link of a bucket that goes into the bucket that takes its entries. */
static void merge(PRTL_DYNAMIC_HASH_TABLE table, PLIST_ENTRY link, ULONG bucket)
{
    RTL_DYNAMIC_HASH_TABLE_CONTEXT place;
    take(table, link);
    if (is_enumerator(link)) { /* a weak one */
        PRTL_DYNAMIC_HASH_TABLE_ENUMERATOR enumerator =
            CONTAINING_RECORD(link, RTL_DYNAMIC_HASH_TABLE_ENUMERATOR, HashEntry.Linkage);
        enumerator->BucketIndex = bucket;
        enumerator->ChainHead = bucket_at(table, bucket);
        put(table, enumerator->ChainHead, enumerator->ChainHead->Blink, link);
        return;
    }
    locate(table, entry_of(link)->Signature, &place);
    put(table, place.ChainHead, place.PrevLinkage, link);
}

NTSYSAPI BOOLEAN NTAPI RtlContractHashTable(PRTL_DYNAMIC_HASH_TABLE HashTable)
{
    struct directory *directory = HashTable->Directory;
    ULONG last, segment;
    PLIST_ENTRY from;
    if (HashTable->NumEnumerators != 0 || HashTable->TableSize == BASE) {
        return FALSE;
    }
    last = HashTable->TableSize - 1;
    segment = segment_of(last);
    from = bucket_at(HashTable, last);
    if (HashTable->Pivot == 0) {
        HashTable->DivisorMask /= 2;
        HashTable->Pivot = HashTable->DivisorMask + 1;
    }
    HashTable->Pivot--;
    HashTable->TableSize--;
    while (!IsListEmpty(from)) {
        merge(HashTable, from->Flink, HashTable->Pivot);
    }
    if (last == first_of(segment)) {
        ExFreePoolWithTag(directory->segment[segment], TAG_HASH);
        directory->segment[segment] = NULL;
    }
    return TRUE;
}
