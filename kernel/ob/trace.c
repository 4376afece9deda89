/* SPDX-License-Identifier: MIT */
/*
 * ob/trace.c: who holds what (the checked machine).
 *
 * References are counted by object, tag (of the WithTag routines, 'Dflt' otherwise) and site, and so are
 * dereferences, so that a report can say which tag holds an object and where its references were taken. The
 * site is the caller; for a reference that the kernel takes on a driver's behalf it is the driver's code
 * nearest on the stack. References that belong to handles and to the namespace have tags of their own. For
 * each handle the site that it was made from is kept.
 *
 * The counts live in a hash table; one spin lock guards it (T, inside any lock under which an object is
 * referenced). Nothing is called under it but the pool.
 */
#include "obi.h"
#include "ldrp.h"

BOOLEAN ObpTraceEnabled;

#define BUCKET_BITS 14
#define BUCKETS     (1u << BUCKET_BITS)
#define WALK_FRAMES 16

typedef struct trace_node {
    struct trace_node *next;
    OB_TRACE_ENTRY entry;
} trace_node;

static trace_node *table[BUCKETS]; /* T */
static KSPIN_LOCK lock;            /* T */

static trace_node **bucket_of(PVOID object)
{
    return &table[((ULONG_PTR)object >> 4) * 0x9E3779B97F4A7C15ULL >> (64 - BUCKET_BITS)];
}

static BOOLEAN in_driver(PVOID address)
{
    ULONG_PTR base;
    ULONG count;
    LdrFindFunctionTable((ULONG_PTR)address, &base, &count);
    return base != 0;
}

/* The caller, or the driver on whose behalf it calls. */
static DECLSPEC_NOINLINE PVOID site_of(PVOID caller)
{
    ULONGLONG frames[WALK_FRAMES];
    if (!PsLoadedModuleList.Flink || IsListEmpty(&PsLoadedModuleList) || in_driver(caller))
        return caller;
    ULONG count = KiWalkStack(NULL, 2, WALK_FRAMES, frames);
    for (ULONG i = 0; i < count; i++)
        if (in_driver((PVOID)(ULONG_PTR)frames[i]))
            return (PVOID)(ULONG_PTR)frames[i];
    return caller;
}

/* T held */
static trace_node *find_or_add(PVOID object, ULONG tag, PVOID site, BOOLEAN direct)
{
    trace_node **bucket = bucket_of(object), *node = *bucket;
    while (node && (node->entry.Object != object || node->entry.Tag != tag || node->entry.Site != site ||
                    node->entry.Direct != direct))
        node = node->next;
    if (node)
        return node;
    node = ObpAllocate(sizeof(*node), OB_TAG_TRACE);
    if (node) {
        node->entry.Object = object;
        node->entry.Tag = tag;
        node->entry.Site = site;
        node->entry.Direct = direct;
        node->next = *bucket;
        *bucket = node;
    }
    return node;
}

void ObpTraceReference(PVOID Object, ULONG Tag, LONG Delta, PVOID Caller)
{
    PVOID site = Delta > 0 ? site_of(Caller) : Caller;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    trace_node *node = find_or_add(Object, Tag, site, site == Caller);
    if (node && Delta > 0)
        node->entry.References += Delta;
    else if (node)
        node->entry.Dereferences -= Delta;
    KeReleaseSpinLock(&lock, irql);
}

void ObpForgetReferenceTrace(PVOID Object)
{
    trace_node *dead = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    for (trace_node **link = bucket_of(Object); *link;) {
        trace_node *node = *link;
        if (node->entry.Object == Object) {
            *link = node->next;
            node->next = dead;
            dead = node;
        } else {
            link = &node->next;
        }
    }
    KeReleaseSpinLock(&lock, irql);
    while (dead) {
        trace_node *next = dead->next;
        ObpFree(dead, OB_TAG_TRACE);
        dead = next;
    }
}

/* ---------------------------------------------------------------- questions */

ULONG ObpQueryReferenceTrace(PVOID Object, POB_TRACE_ENTRY Entries, ULONG Count)
{
    ULONG found = 0;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    for (trace_node *node = *bucket_of(Object); node; node = node->next) {
        ULONG i = 0;
        if (node->entry.Object != Object)
            continue;
        while (i < found && i < Count && Entries[i].Tag != node->entry.Tag)
            i++;
        if (i < found && i < Count) {
            Entries[i].References += node->entry.References;
            Entries[i].Dereferences += node->entry.Dereferences;
        } else {
            if (found < Count) {
                Entries[found] = node->entry;
                Entries[found].Site = NULL;
            }
            found++;
        }
    }
    KeReleaseSpinLock(&lock, irql);
    return found;
}

ULONG ObpQueryReferenceSites(PVOID Object, POB_TRACE_ENTRY Entries, ULONG Count)
{
    ULONG found = 0;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    for (trace_node *node = *bucket_of(Object); node; node = node->next) {
        if (node->entry.Object != Object)
            continue;
        if (found < Count)
            Entries[found] = node->entry;
        found++;
    }
    KeReleaseSpinLock(&lock, irql);
    return found;
}

/* Add what one node says to the entry of its object and tag. */
static ULONG merge(POB_TRACE_ENTRY entries, ULONG found, ULONG count, const OB_TRACE_ENTRY *from)
{
    for (ULONG i = 0; i < found; i++) {
        if (entries[i].Object == from->Object && entries[i].Tag == from->Tag) {
            if (!entries[i].References)
                entries[i].Site = from->Site;
            entries[i].References += from->References;
            entries[i].Dereferences += from->Dereferences;
            return found;
        }
    }
    if (found < count)
        entries[found++] = *from;
    return found;
}

ULONG ObpQueryReferencesOfImage(PVOID Begin, PVOID End, POB_TRACE_ENTRY Entries, ULONG Count)
{
    ULONG found = 0, kept = 0;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    for (ULONG i = 0; i < BUCKETS; i++)
        for (trace_node *node = table[i]; node; node = node->next)
            if (node->entry.Direct && node->entry.Site >= Begin && node->entry.Site < End)
                found = merge(Entries, found, Count, &node->entry);
    KeReleaseSpinLock(&lock, irql);
    for (ULONG i = 0; i < found; i++)
        if (Entries[i].References > Entries[i].Dereferences)
            Entries[kept++] = Entries[i];
    return kept;
}

/* ---------------------------------------------------------------- handles */

/* An entry of a handle table stands for the object here; its site is the one node's. */
void ObpTraceHandle(PVOID Entry, PVOID Caller)
{
    PVOID site = site_of(Caller);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    trace_node *node = find_or_add(Entry, (ULONG)KiThread()->Id, site, FALSE);
    if (node)
        node->entry.References = 1;
    KeReleaseSpinLock(&lock, irql);
}

BOOLEAN ObpQueryHandleTrace(PVOID Entry, PVOID *Site, PULONG ThreadId)
{
    OB_TRACE_ENTRY entry;
    if (!ObpTraceEnabled || !ObpQueryReferenceSites(Entry, &entry, 1))
        return FALSE;
    *Site = entry.Site;
    *ThreadId = entry.Tag;
    return TRUE;
}
