/* SPDX-License-Identifier: MIT */
/*
 * ob/reference.c: reference counts.
 *
 * A reference is one interlocked increment and one interlocked decrement. The count of an object that
 * somebody may use is positive, so an increment that finds zero or less, and a decrement that ends below
 * zero, or at zero while handles are open, are errors of the caller: REFERENCE_BY_POINTER, naming the driver
 * that called.
 *
 * The checked machine counts references by object and tag as well (the tag of the WithTag routines, 'Dflt'
 * otherwise), so that a report can say who holds an object. The counts live in a hash table of this file; one
 * spin lock guards it (T, leaf). References that a handle lookup takes count under the caller's tag too.
 */
#include "obi.h"

/* ---------------------------------------------------------------- tracing */

BOOLEAN ObpTraceEnabled;

#define TRACE_BUCKETS 1024

typedef struct trace_node {
    struct trace_node *next;
    OB_TRACE_ENTRY entry;
} trace_node;

static trace_node *trace_table[TRACE_BUCKETS]; /* T */
static KSPIN_LOCK trace_lock;                  /* T */

static trace_node **trace_bucket(PVOID object)
{
    return &trace_table[((ULONG_PTR)object >> 5) * 0x9E3779B97F4A7C15ULL >> 54];
}

void ObpTraceReference(PVOID Object, ULONG Tag, LONG Delta)
{
    trace_node *spare = NULL;
    trace_node **bucket = trace_bucket(Object);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&trace_lock);
    trace_node *node = *bucket;
    while (node && (node->entry.Object != Object || node->entry.Tag != Tag))
        node = node->next;
    if (!node) {
        spare = ObpAllocate(sizeof(*spare), OB_TAG_TRACE);
        if (spare) {
            spare->entry.Object = Object;
            spare->entry.Tag = Tag;
            spare->next = *bucket;
            *bucket = node = spare;
        }
    }
    if (node && Delta > 0)
        node->entry.References += Delta;
    else if (node)
        node->entry.Dereferences -= Delta;
    KeReleaseSpinLock(&trace_lock, irql);
}

void ObpForgetReferenceTrace(PVOID Object)
{
    trace_node *dead = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&trace_lock);
    for (trace_node **link = trace_bucket(Object); *link;) {
        trace_node *node = *link;
        if (node->entry.Object == Object) {
            *link = node->next;
            node->next = dead;
            dead = node;
        } else {
            link = &node->next;
        }
    }
    KeReleaseSpinLock(&trace_lock, irql);
    while (dead) {
        trace_node *next = dead->next;
        ObpFree(dead, OB_TAG_TRACE);
        dead = next;
    }
}

ULONG ObpQueryReferenceTrace(PVOID Object, POB_TRACE_ENTRY Entries, ULONG Count)
{
    ULONG found = 0;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&trace_lock);
    for (trace_node *node = *trace_bucket(Object); node; node = node->next) {
        if (node->entry.Object != Object)
            continue;
        if (found < Count)
            Entries[found] = node->entry;
        found++;
    }
    KeReleaseSpinLock(&trace_lock, irql);
    return found;
}

/* ---------------------------------------------------------------- the counts */

static inline LONGLONG add_reference(PVOID object, ULONG tag, PVOID caller)
{
    POBJECT_HEADER header = ObpHeader(object);
    LONGLONG count = __atomic_add_fetch(&header->PointerCount, 1, __ATOMIC_RELAXED);
    if (__builtin_expect(count <= 1, 0))
        ObpBadReference(
            header, caller,
            "ObReferenceObject was called for an object whose last reference is gone. The caller used a "
            "pointer that it holds no reference for: reference the object while it is known to exist.");
    if (__builtin_expect(ObpTraceEnabled, 0))
        ObpTraceReference(object, tag, 1);
    return count;
}

static inline LONGLONG drop_reference(PVOID object, ULONG tag, BOOLEAN defer, PVOID caller)
{
    POBJECT_HEADER header = ObpHeader(object);
    if (__builtin_expect(ObpTraceEnabled, 0))
        ObpTraceReference(object, tag, -1);
    LONGLONG count = __atomic_sub_fetch(&header->PointerCount, 1, __ATOMIC_ACQ_REL);
    if (__builtin_expect(count <= 0, 0)) {
        if (count < 0)
            ObpBadReference(
                header, caller,
                "ObDereferenceObject was called for an object that has no reference left. The caller "
                "dereferenced it once too often: pair each reference with exactly one dereference.");
        if (header->HandleCount != 0)
            ObpBadReference(
                header, caller,
                "ObDereferenceObject took the last reference of an object that has open handles, whose "
                "references these are: the caller dereferenced it once too often.");
        ObpLastReference(header, defer);
    }
    return count;
}

LONG_PTR FASTCALL ObfReferenceObject(PVOID Object)
{
    return add_reference(Object, OB_DEFAULT_TAG, __builtin_return_address(0));
}

LONG_PTR FASTCALL ObfReferenceObjectWithTag(PVOID Object, ULONG Tag)
{
    return add_reference(Object, Tag, __builtin_return_address(0));
}

LONG_PTR FASTCALL ObfDereferenceObject(PVOID Object)
{
    return drop_reference(Object, OB_DEFAULT_TAG, FALSE, __builtin_return_address(0));
}

LONG_PTR FASTCALL ObfDereferenceObjectWithTag(PVOID Object, ULONG Tag)
{
    return drop_reference(Object, Tag, FALSE, __builtin_return_address(0));
}

VOID NTAPI ObDereferenceObjectDeferDelete(PVOID Object)
{
    drop_reference(Object, OB_DEFAULT_TAG, TRUE, __builtin_return_address(0));
}

VOID NTAPI ObDereferenceObjectDeferDeleteWithTag(PVOID Object, ULONG Tag)
{
    drop_reference(Object, Tag, TRUE, __builtin_return_address(0));
}

/* Images built for systems where these were no macros import them. */
#undef ObReferenceObject
#undef ObDereferenceObject
LONG_PTR NTAPI ObReferenceObject(PVOID Object);
LONG_PTR NTAPI ObDereferenceObject(PVOID Object);

LONG_PTR NTAPI ObReferenceObject(PVOID Object)
{
    return add_reference(Object, OB_DEFAULT_TAG, __builtin_return_address(0));
}

LONG_PTR NTAPI ObDereferenceObject(PVOID Object)
{
    return drop_reference(Object, OB_DEFAULT_TAG, FALSE, __builtin_return_address(0));
}

BOOLEAN NTAPI ObReferenceObjectSafe(PVOID Object)
{
    POBJECT_HEADER header = ObpHeader(Object);
    LONGLONG count = __atomic_load_n(&header->PointerCount, __ATOMIC_RELAXED);
    while (count > 0) {
        if (__atomic_compare_exchange_n(&header->PointerCount, &count, count + 1, FALSE, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED)) {
            if (ObpTraceEnabled)
                ObpTraceReference(Object, OB_DEFAULT_TAG, 1);
            return TRUE;
        }
    }
    return FALSE;
}

NTSTATUS NTAPI ObReferenceObjectByPointerWithTag(PVOID Object, ACCESS_MASK DesiredAccess,
                                                 POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                                 ULONG Tag)
{
    UNREFERENCED_PARAMETER(DesiredAccess);
    if (ObjectType ? ObpTypeOf(Object) != ObjectType : AccessMode != KernelMode)
        return STATUS_OBJECT_TYPE_MISMATCH;
    add_reference(Object, Tag, __builtin_return_address(0));
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                          KPROCESSOR_MODE AccessMode)
{
    return ObReferenceObjectByPointerWithTag(Object, DesiredAccess, ObjectType, AccessMode, OB_DEFAULT_TAG);
}
