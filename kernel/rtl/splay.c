/* SPDX-License-Identifier: MIT */
/*
 * splay.c - splay trees, and the generic tables made of them.
 *
 * A tree of links without a header: the root is its own parent. Splaying moves an element to the root by
 * rotations, so what is used often is found fast. A table element is the links, a list entry (the order of
 * insertion, for RtlGetElementGenericTable) and the caller's data, in one block from the caller's allocator.
 * The caller serialises; lookups change the tree too.
 */
#include <nt/rtl.h>
#include "rtlp.h"

/* ---- links ---- */

/* Puts `child` where its parent is; the parent becomes its child. */
static void rotate(PRTL_SPLAY_LINKS child)
{
    PRTL_SPLAY_LINKS parent = child->Parent, grand = parent->Parent, inner;
    bool was_root = grand == parent;
    if (parent->LeftChild == child) {
        inner = child->RightChild;
        parent->LeftChild = inner;
        child->RightChild = parent;
    } else {
        inner = child->LeftChild;
        parent->RightChild = inner;
        child->LeftChild = parent;
    }
    if (inner != NULL) {
        inner->Parent = parent;
    }
    parent->Parent = child;
    if (was_root) {
        child->Parent = child;
    } else {
        child->Parent = grand;
        if (grand->LeftChild == parent) {
            grand->LeftChild = child;
        } else {
            grand->RightChild = child;
        }
    }
}

NTSYSAPI PRTL_SPLAY_LINKS NTAPI RtlSplay(PRTL_SPLAY_LINKS Links)
{
    while (Links->Parent != Links) {
        PRTL_SPLAY_LINKS parent = Links->Parent;
        if (parent->Parent != parent) {
            bool same_side = (parent->LeftChild == Links) == (parent->Parent->LeftChild == parent);
            rotate(same_side ? parent : Links);
        }
        rotate(Links);
    }
    return Links;
}

NTSYSAPI PRTL_SPLAY_LINKS NTAPI RtlSubtreeSuccessor(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS at = Links->RightChild;
    while (at != NULL && at->LeftChild != NULL) {
        at = at->LeftChild;
    }
    return at;
}

NTSYSAPI PRTL_SPLAY_LINKS NTAPI RtlSubtreePredecessor(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS at = Links->LeftChild;
    while (at != NULL && at->RightChild != NULL) {
        at = at->RightChild;
    }
    return at;
}

NTSYSAPI PRTL_SPLAY_LINKS NTAPI RtlRealSuccessor(PRTL_SPLAY_LINKS Links)
{
    if (Links->RightChild != NULL) {
        return RtlSubtreeSuccessor(Links);
    }
    while (Links->Parent != Links && Links->Parent->RightChild == Links) {
        Links = Links->Parent;
    }
    return Links->Parent != Links ? Links->Parent : NULL;
}

NTSYSAPI PRTL_SPLAY_LINKS NTAPI RtlRealPredecessor(PRTL_SPLAY_LINKS Links)
{
    if (Links->LeftChild != NULL) {
        return RtlSubtreePredecessor(Links);
    }
    while (Links->Parent != Links && Links->Parent->LeftChild == Links) {
        Links = Links->Parent;
    }
    return Links->Parent != Links ? Links->Parent : NULL;
}

/* Puts `other` (or nothing) where `links` hangs. */
static void replace(PRTL_SPLAY_LINKS links, PRTL_SPLAY_LINKS other)
{
    if (links->Parent == links) {
        if (other != NULL) {
            other->Parent = other;
        }
        return;
    }
    if (links->Parent->LeftChild == links) {
        links->Parent->LeftChild = other;
    } else {
        links->Parent->RightChild = other;
    }
    if (other != NULL) {
        other->Parent = links->Parent;
    }
}

/* Unlinks an element; gives the root (NULL when none is left), and in *above where a splay would begin. */
static PRTL_SPLAY_LINKS unlink(PRTL_SPLAY_LINKS links, PRTL_SPLAY_LINKS root, PRTL_SPLAY_LINKS *above)
{
    PRTL_SPLAY_LINKS stand_in;
    if (links->LeftChild != NULL && links->RightChild != NULL) {
        /* The predecessor has no right child: it leaves its place and takes this one. */
        stand_in = RtlSubtreePredecessor(links);
        *above = stand_in->Parent == links ? stand_in : stand_in->Parent;
        replace(stand_in, stand_in->LeftChild);
        stand_in->LeftChild = links->LeftChild;
        stand_in->RightChild = links->RightChild;
        if (stand_in->LeftChild != NULL) {
            stand_in->LeftChild->Parent = stand_in;
        }
        stand_in->RightChild->Parent = stand_in;
        replace(links, stand_in);
    } else {
        stand_in = links->LeftChild != NULL ? links->LeftChild : links->RightChild;
        *above = links->Parent == links ? stand_in : links->Parent;
        replace(links, stand_in);
    }
    return links == root ? stand_in : root;
}

static PRTL_SPLAY_LINKS root_of(PRTL_SPLAY_LINKS links)
{
    while (links->Parent != links) {
        links = links->Parent;
    }
    return links;
}

NTSYSAPI PRTL_SPLAY_LINKS NTAPI RtlDelete(PRTL_SPLAY_LINKS Links)
{
    PRTL_SPLAY_LINKS above;
    unlink(Links, root_of(Links), &above);
    return above != NULL ? RtlSplay(above) : NULL;
}

NTSYSAPI VOID NTAPI RtlDeleteNoSplay(PRTL_SPLAY_LINKS Links, PRTL_SPLAY_LINKS *Root)
{
    PRTL_SPLAY_LINKS above;
    *Root = unlink(Links, *Root, &above);
}

/* ---- tables ---- */

typedef struct _TABLE_ELEMENT {
    RTL_SPLAY_LINKS Links;
    LIST_ENTRY InsertOrder;
    ULONGLONG UserData[]; /* aligned like a pool block's contents */
} TABLE_ELEMENT;

#define DATA_OF(links) ((PVOID)((TABLE_ELEMENT *)(links))->UserData)

static TABLE_SEARCH_RESULT search(PRTL_GENERIC_TABLE table, PVOID buffer, PRTL_SPLAY_LINKS *at)
{
    PRTL_SPLAY_LINKS links = table->TableRoot;
    *at = links;
    if (links == NULL) {
        return TableEmptyTree;
    }
    for (;;) {
        RTL_GENERIC_COMPARE_RESULTS order = table->CompareRoutine(table, buffer, DATA_OF(links));
        PRTL_SPLAY_LINKS next = order == GenericLessThan ? links->LeftChild : links->RightChild;
        *at = links;
        if (order == GenericEqual) {
            return TableFoundNode;
        }
        if (next == NULL) {
            return order == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
        }
        links = next;
    }
}

NTSYSAPI VOID NTAPI RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table,
                                              PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                                              PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                                              PRTL_GENERIC_FREE_ROUTINE FreeRoutine, PVOID TableContext)
{
    Table->TableRoot = NULL;
    InitializeListHead(&Table->InsertOrderList);
    Table->OrderedPointer = &Table->InsertOrderList;
    Table->WhichOrderedElement = 0;
    Table->NumberGenericTableElements = 0;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

NTSYSAPI PVOID NTAPI RtlInsertElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer,
                                                      CLONG BufferSize, PBOOLEAN NewElement,
                                                      PVOID NodeOrParent, TABLE_SEARCH_RESULT SearchResult)
{
    PRTL_SPLAY_LINKS at = NodeOrParent;
    TABLE_ELEMENT *element;
    if (SearchResult != TableFoundNode) {
        element = Table->AllocateRoutine(Table, (CLONG)(BufferSize + sizeof(TABLE_ELEMENT)));
        if (element == NULL) {
            if (NewElement != NULL) {
                *NewElement = FALSE;
            }
            return NULL;
        }
        RtlInitializeSplayLinks(&element->Links);
        InsertTailList(&Table->InsertOrderList, &element->InsertOrder);
        Table->NumberGenericTableElements++;
        if (SearchResult == TableInsertAsLeft) {
            RtlInsertAsLeftChild(at, &element->Links);
        } else if (SearchResult == TableInsertAsRight) {
            RtlInsertAsRightChild(at, &element->Links);
        }
        RtlCopyMemory(element->UserData, Buffer, BufferSize);
        at = &element->Links;
    }
    Table->TableRoot = RtlSplay(at);
    if (NewElement != NULL) {
        *NewElement = (BOOLEAN)(SearchResult != TableFoundNode);
    }
    return DATA_OF(at);
}

NTSYSAPI PVOID NTAPI RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                                  PBOOLEAN NewElement)
{
    PRTL_SPLAY_LINKS at;
    TABLE_SEARCH_RESULT result = search(Table, Buffer, &at);
    return RtlInsertElementGenericTableFull(Table, Buffer, BufferSize, NewElement, at, result);
}

NTSYSAPI BOOLEAN NTAPI RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    PRTL_SPLAY_LINKS at;
    TABLE_ELEMENT *element;
    if (search(Table, Buffer, &at) != TableFoundNode) {
        return FALSE;
    }
    element = (TABLE_ELEMENT *)at;
    Table->TableRoot = RtlDelete(at);
    RemoveEntryList(&element->InsertOrder);
    Table->NumberGenericTableElements--;
    Table->OrderedPointer = &Table->InsertOrderList; /* the count of an element may have changed */
    Table->WhichOrderedElement = 0;
    Table->FreeRoutine(Table, element);
    return TRUE;
}

NTSYSAPI PVOID NTAPI RtlLookupElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer,
                                                      PVOID *NodeOrParent, TABLE_SEARCH_RESULT *SearchResult)
{
    PRTL_SPLAY_LINKS at;
    *SearchResult = search(Table, Buffer, &at);
    *NodeOrParent = at;
    if (*SearchResult != TableFoundNode) {
        return NULL;
    }
    Table->TableRoot = RtlSplay(at);
    return DATA_OF(at);
}

NTSYSAPI PVOID NTAPI RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    PVOID at;
    TABLE_SEARCH_RESULT result;
    return RtlLookupElementGenericTableFull(Table, Buffer, &at, &result);
}

static PRTL_SPLAY_LINKS leftmost(PRTL_SPLAY_LINKS links)
{
    while (links != NULL && links->LeftChild != NULL) {
        links = links->LeftChild;
    }
    return links;
}

NTSYSAPI PVOID NTAPI RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID *RestartKey)
{
    PRTL_SPLAY_LINKS next = *RestartKey == NULL ? leftmost(Table->TableRoot) : RtlRealSuccessor(*RestartKey);
    if (next == NULL) {
        return NULL;
    }
    *RestartKey = next;
    return DATA_OF(next);
}

/* Where the enumeration is, is the root: each element is splayed. */
NTSYSAPI PVOID NTAPI RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart)
{
    PRTL_SPLAY_LINKS next;
    if (Table->TableRoot == NULL) {
        return NULL;
    }
    next = Restart ? leftmost(Table->TableRoot) : RtlRealSuccessor(Table->TableRoot);
    if (next == NULL) {
        return NULL;
    }
    Table->TableRoot = RtlSplay(next);
    return DATA_OF(next);
}

/* By order of insertion, from the element asked for last. */
NTSYSAPI PVOID NTAPI RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I)
{
    PLIST_ENTRY at = Table->OrderedPointer;
    ULONG position = Table->WhichOrderedElement; /* 1-based; 0 is the head */
    if (I >= Table->NumberGenericTableElements) {
        return NULL;
    }
    for (; position < I + 1; position++) {
        at = at->Flink;
    }
    for (; position > I + 1; position--) {
        at = at->Blink;
    }
    Table->OrderedPointer = at;
    Table->WhichOrderedElement = position;
    return (PVOID)CONTAINING_RECORD(at, TABLE_ELEMENT, InsertOrder)->UserData;
}

NTSYSAPI ULONG NTAPI RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table)
{
    return Table->NumberGenericTableElements;
}

NTSYSAPI BOOLEAN NTAPI RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table)
{
    return (BOOLEAN)(Table->TableRoot == NULL);
}
