/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl_list.h - doubly and singly linked lists, inline.
 *
 * A doubly linked list is a ring through its head; an empty one is a head that points at itself.  Removal and
 * insertion check that the neighbours agree and stop the machine at once when they do not (fast fail 3,
 * corrupt list entry), because a list that is broken was broken by somebody else earlier.
 */
#ifndef KILN_NT_RTL_LIST_H
#define KILN_NT_RTL_LIST_H

#include <nt/base.h>
#include <nt/intrin.h>

#define FAST_FAIL_LEGACY_GS_VIOLATION         0
#define FAST_FAIL_VTGUARD_CHECK_FAILURE       1
#define FAST_FAIL_STACK_COOKIE_CHECK_FAILURE  2
#define FAST_FAIL_CORRUPT_LIST_ENTRY          3
#define FAST_FAIL_INCORRECT_STACK             4
#define FAST_FAIL_INVALID_ARG                 5
#define FAST_FAIL_GS_COOKIE_INIT              6
#define FAST_FAIL_FATAL_APP_EXIT              7
#define FAST_FAIL_RANGE_CHECK_FAILURE         8
#define FAST_FAIL_UNSAFE_REGISTRY_ACCESS      9
#define FAST_FAIL_GUARD_ICALL_CHECK_FAILURE   10
#define FAST_FAIL_GUARD_WRITE_CHECK_FAILURE   11
#define FAST_FAIL_INVALID_FIBER_SWITCH        12
#define FAST_FAIL_INVALID_SET_OF_CONTEXT      13
#define FAST_FAIL_INVALID_REFERENCE_COUNT     14
#define FAST_FAIL_INVALID_JUMP_BUFFER         18
#define FAST_FAIL_MRDATA_MODIFIED             19
#define FAST_FAIL_CERTIFICATION_FAILURE       20
#define FAST_FAIL_INVALID_EXCEPTION_CHAIN     21
#define FAST_FAIL_CRYPTO_LIBRARY              22
#define FAST_FAIL_INVALID_CALL_IN_DLL_CALLOUT 23
#define FAST_FAIL_INVALID_IMAGE_BASE          24
#define FAST_FAIL_DLOAD_PROTECTION_FAILURE    25
#define FAST_FAIL_UNSAFE_EXTENSION_CALL       26
#define FAST_FAIL_INVALID_BUFFER_ACCESS       28
#define FAST_FAIL_INVALID_BALANCED_TREE       29
#define FAST_FAIL_INVALID_NEXT_THREAD         30
#define FAST_FAIL_SET_CONTEXT_DENIED          48
#define FAST_FAIL_INVALID_IDLE_STATE          56
#define FAST_FAIL_INVALID_FAST_FAIL_CODE      0xFFFFFFFF

FORCEINLINE DECLSPEC_NORETURN VOID RtlFailFast(_In_ ULONG Code)
{
    __fastfail(Code);
}

#define RTL_STATIC_LIST_HEAD(x) LIST_ENTRY x = {&x, &x}

FORCEINLINE VOID InitializeListHead(_Out_ PLIST_ENTRY ListHead)
{
    ListHead->Flink = ListHead->Blink = ListHead;
}

_Must_inspect_result_ FORCEINLINE BOOLEAN IsListEmpty(_In_ const LIST_ENTRY *ListHead)
{
    return (BOOLEAN)(ListHead->Flink == ListHead);
}

FORCEINLINE VOID RtlpCheckListEntry(_In_ PLIST_ENTRY Entry)
{
    if (Entry->Flink->Blink != Entry || Entry->Blink->Flink != Entry) {
        RtlFailFast(FAST_FAIL_CORRUPT_LIST_ENTRY);
    }
}

/* TRUE when the list is empty afterwards. */
FORCEINLINE BOOLEAN RemoveEntryListUnsafe(_In_ PLIST_ENTRY Entry)
{
    PLIST_ENTRY next = Entry->Flink, prev = Entry->Blink;
    prev->Flink = next;
    next->Blink = prev;
    return (BOOLEAN)(next == prev);
}

FORCEINLINE BOOLEAN RemoveEntryList(_In_ PLIST_ENTRY Entry)
{
    PLIST_ENTRY next = Entry->Flink, prev = Entry->Blink;
    if (next->Blink != Entry || prev->Flink != Entry) {
        RtlFailFast(FAST_FAIL_CORRUPT_LIST_ENTRY);
    }
    prev->Flink = next;
    next->Blink = prev;
    return (BOOLEAN)(next == prev);
}

/* The removed entry; the head itself when the list was empty. */
FORCEINLINE PLIST_ENTRY RemoveHeadList(_Inout_ PLIST_ENTRY ListHead)
{
    PLIST_ENTRY entry = ListHead->Flink, next = entry->Flink;
    if (entry->Blink != ListHead || next->Blink != entry) {
        RtlFailFast(FAST_FAIL_CORRUPT_LIST_ENTRY);
    }
    ListHead->Flink = next;
    next->Blink = ListHead;
    return entry;
}

FORCEINLINE PLIST_ENTRY RemoveTailList(_Inout_ PLIST_ENTRY ListHead)
{
    PLIST_ENTRY entry = ListHead->Blink, prev = entry->Blink;
    if (entry->Flink != ListHead || prev->Flink != entry) {
        RtlFailFast(FAST_FAIL_CORRUPT_LIST_ENTRY);
    }
    ListHead->Blink = prev;
    prev->Flink = ListHead;
    return entry;
}

FORCEINLINE VOID InsertTailList(_Inout_ PLIST_ENTRY ListHead, _Out_ PLIST_ENTRY Entry)
{
    PLIST_ENTRY prev = ListHead->Blink;
    if (prev->Flink != ListHead) {
        RtlFailFast(FAST_FAIL_CORRUPT_LIST_ENTRY);
    }
    Entry->Flink = ListHead;
    Entry->Blink = prev;
    prev->Flink = Entry;
    ListHead->Blink = Entry;
}

FORCEINLINE VOID InsertHeadList(_Inout_ PLIST_ENTRY ListHead, _Out_ PLIST_ENTRY Entry)
{
    PLIST_ENTRY next = ListHead->Flink;
    if (next->Blink != ListHead) {
        RtlFailFast(FAST_FAIL_CORRUPT_LIST_ENTRY);
    }
    Entry->Flink = next;
    Entry->Blink = ListHead;
    next->Blink = Entry;
    ListHead->Flink = Entry;
}

/* Puts a ring without a head at the tail of a list. */
FORCEINLINE VOID AppendTailList(_Inout_ PLIST_ENTRY ListHead, _Inout_ PLIST_ENTRY ListToAppend)
{
    PLIST_ENTRY end = ListHead->Blink;
    RtlpCheckListEntry(ListHead);
    RtlpCheckListEntry(ListToAppend);
    ListHead->Blink->Flink = ListToAppend;
    ListHead->Blink = ListToAppend->Blink;
    ListToAppend->Blink->Flink = ListHead;
    ListToAppend->Blink = end;
}

FORCEINLINE VOID InitializeListHead32(_Out_ PLIST_ENTRY32 ListHead)
{
    ListHead->Flink = ListHead->Blink = (ULONG)(ULONG_PTR)ListHead;
}

FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead)
{
    PSINGLE_LIST_ENTRY first = ListHead->Next;
    if (first != NULL) {
        ListHead->Next = first->Next;
    }
    return first;
}

FORCEINLINE VOID PushEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead, _Inout_ PSINGLE_LIST_ENTRY Entry)
{
    Entry->Next = ListHead->Next;
    ListHead->Next = Entry;
}

#endif
