/* SPDX-License-Identifier: MIT */
/*
 * ob/reference.c: reference counts.
 *
 * A reference is one interlocked increment and one interlocked decrement. The count of an object that
 * somebody may use is positive, so an increment that finds zero or less, and a decrement that ends below
 * zero, or at zero while handles are open, are errors of the caller: REFERENCE_BY_POINTER, naming the driver
 * that called.
 *
 * The checked machine counts references by object, tag and calling site as well: trace.c.
 */
#include "obi.h"

/* ---------------------------------------------------------------- the counts */

static inline LONGLONG add_reference(PVOID object, ULONG tag, PVOID caller)
{
    POBJECT_HEADER header = ObpHeader(object);
    LONGLONG count = KI_FETCH_ADD(&header->PointerCount, 1) + 1;
    if (__builtin_expect(count <= 1, 0))
        ObpBadReference(
            header, caller,
            "ObReferenceObject was called for an object whose last reference is gone. The caller used a "
            "pointer that it holds no reference for: reference the object while it is known to exist.");
    if (__builtin_expect(ObpTraceEnabled, 0))
        ObpTraceReference(object, tag, 1, caller);
    return count;
}

static inline LONGLONG drop_reference(PVOID object, ULONG tag, BOOLEAN defer, PVOID caller)
{
    POBJECT_HEADER header = ObpHeader(object);
    if (__builtin_expect(ObpTraceEnabled, 0))
        ObpTraceReference(object, tag, -1, caller);
    LONGLONG count = KI_FETCH_ADD(&header->PointerCount, -1) - 1;
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
                ObpTraceReference(Object, OB_DEFAULT_TAG, 1, __builtin_return_address(0));
            return TRUE;
        }
    }
    return FALSE;
}

static NTSTATUS reference_pointer(PVOID object, POBJECT_TYPE type, KPROCESSOR_MODE mode, ULONG tag,
                                  PVOID caller)
{
    if (type ? ObpTypeOf(object) != type : mode != KernelMode)
        return STATUS_OBJECT_TYPE_MISMATCH;
    add_reference(object, tag, caller);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByPointerWithTag(PVOID Object, ACCESS_MASK DesiredAccess,
                                                 POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                                 ULONG Tag)
{
    UNREFERENCED_PARAMETER(DesiredAccess);
    return reference_pointer(Object, ObjectType, AccessMode, Tag, __builtin_return_address(0));
}

NTSTATUS NTAPI ObReferenceObjectByPointer(PVOID Object, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                          KPROCESSOR_MODE AccessMode)
{
    UNREFERENCED_PARAMETER(DesiredAccess);
    return reference_pointer(Object, ObjectType, AccessMode, OB_DEFAULT_TAG, __builtin_return_address(0));
}
