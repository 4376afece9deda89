/* SPDX-License-Identifier: MIT */
/*
 * avl.c - generic tables of balanced trees.
 *
 * BalancedRoot is a header: the tree hangs from its right child, and the root's parent is the header. Balance
 * is the height of the right subtree less that of the left: -1, 0 or 1. An element is the links followed by
 * the caller's data, in one block from the caller's allocator. Unlike splay trees, a lookup changes nothing.
 * The caller serialises.
 *
 * DeleteCount counts deletions, so that an enumeration like that of a directory notices that its place may be
 * gone.
 */
#include <nt/rtl.h>
#include "rtlp.h"

#define DATA_OF(links) ((PVOID)((PRTL_BALANCED_LINKS)(links) + 1))
#define ROOT_OF(table) ((table)->BalancedRoot.RightChild)

/* ---- the tree ---- */

/* Puts `child` where its parent is. Balances are the caller's business. */
static void promote(PRTL_BALANCED_LINKS child)
{
    PRTL_BALANCED_LINKS parent = child->Parent, grand = parent->Parent, inner;
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
    child->Parent = grand;
    if (grand->LeftChild == parent) {
        grand->LeftChild = child;
    } else {
        grand->RightChild = child;
    }
}

/*
 * `top` leans to `side` by two. Rotates; TRUE when the subtree is as high as before it leaned (then it had
 * leaned by one, its child does not lean, and it is a deletion).
 */
static bool rebalance(PRTL_BALANCED_LINKS top, CHAR side)
{
    PRTL_BALANCED_LINKS child = side > 0 ? top->RightChild : top->LeftChild;
    if (child->Balance == side) {
        promote(child);
        child->Balance = 0;
        top->Balance = 0;
        return false;
    }
    if (child->Balance == -side) {
        PRTL_BALANCED_LINKS middle = side > 0 ? child->LeftChild : child->RightChild;
        promote(middle);
        promote(middle);
        top->Balance = middle->Balance == side ? (CHAR)-side : 0;
        child->Balance = middle->Balance == -side ? side : 0;
        middle->Balance = 0;
        return false;
    }
    promote(child);
    child->Balance = (CHAR)-side;
    top->Balance = side;
    return true;
}

/* An element was hung below its parent: its ancestors lean more. */
static void grew(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS links)
{
    while (links->Parent != &table->BalancedRoot) {
        PRTL_BALANCED_LINKS parent = links->Parent;
        CHAR side = parent->LeftChild == links ? -1 : 1;
        if (parent->Balance == 0) {
            parent->Balance = side;
            links = parent;
            continue;
        }
        if (parent->Balance == side) {
            rebalance(parent, side);
        } else {
            parent->Balance = 0;
        }
        return;
    }
    table->DepthOfTree++;
}

/* The subtree of `parent` on that side became lower. */
static void shrank(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS parent, CHAR side)
{
    while (parent != &table->BalancedRoot) {
        PRTL_BALANCED_LINKS above = parent->Parent;
        CHAR above_side = above->LeftChild == parent ? -1 : 1;
        if (parent->Balance == 0) {
            parent->Balance = (CHAR)-side;
            return;
        }
        if (parent->Balance == side) {
            parent->Balance = 0;
        } else if (rebalance(parent, (CHAR)-side)) {
            return;
        }
        parent = above;
        side = above_side;
    }
    table->DepthOfTree--;
}

static void replace(PRTL_BALANCED_LINKS links, PRTL_BALANCED_LINKS other)
{
    if (links->Parent->LeftChild == links) {
        links->Parent->LeftChild = other;
    } else {
        links->Parent->RightChild = other;
    }
    if (other != NULL) {
        other->Parent = links->Parent;
    }
}

static void unlink(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS links)
{
    PRTL_BALANCED_LINKS leaving = links, parent;
    CHAR side;
    if (links->LeftChild != NULL && links->RightChild != NULL) {
        /* The neighbour on the heavier side leaves its place and takes this one. */
        if (links->Balance > 0) {
            for (leaving = links->RightChild; leaving->LeftChild != NULL; leaving = leaving->LeftChild) {
            }
        } else {
            for (leaving = links->LeftChild; leaving->RightChild != NULL; leaving = leaving->RightChild) {
            }
        }
    }
    parent = leaving->Parent;
    side = parent->LeftChild == leaving ? -1 : 1;
    replace(leaving, leaving->LeftChild != NULL ? leaving->LeftChild : leaving->RightChild);
    shrank(table, parent, side);
    if (leaving != links) {
        *leaving = *links;
        replace(links, leaving);
        if (leaving->LeftChild != NULL) {
            leaving->LeftChild->Parent = leaving;
        }
        if (leaving->RightChild != NULL) {
            leaving->RightChild->Parent = leaving;
        }
    }
}

static PRTL_BALANCED_LINKS leftmost(PRTL_BALANCED_LINKS links)
{
    while (links != NULL && links->LeftChild != NULL) {
        links = links->LeftChild;
    }
    return links;
}

static PRTL_BALANCED_LINKS successor(PRTL_AVL_TABLE table, PRTL_BALANCED_LINKS links)
{
    if (links->RightChild != NULL) {
        return leftmost(links->RightChild);
    }
    while (links->Parent != &table->BalancedRoot && links->Parent->RightChild == links) {
        links = links->Parent;
    }
    return links->Parent != &table->BalancedRoot ? links->Parent : NULL;
}

static TABLE_SEARCH_RESULT search(PRTL_AVL_TABLE table, PVOID buffer, PRTL_BALANCED_LINKS *at)
{
    PRTL_BALANCED_LINKS links = ROOT_OF(table);
    *at = &table->BalancedRoot;
    if (links == NULL) {
        return TableEmptyTree;
    }
    for (;;) {
        RTL_GENERIC_COMPARE_RESULTS order = table->CompareRoutine(table, buffer, DATA_OF(links));
        PRTL_BALANCED_LINKS next = order == GenericLessThan ? links->LeftChild : links->RightChild;
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

/* ---- tables ---- */

NTSYSAPI VOID NTAPI RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table,
                                                 PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                                 PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                                 PRTL_AVL_FREE_ROUTINE FreeRoutine, PVOID TableContext)
{
    RtlZeroMemory(Table, sizeof(*Table));
    Table->BalancedRoot.Parent = &Table->BalancedRoot;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

NTSYSAPI PVOID NTAPI RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                                         PBOOLEAN NewElement, PVOID NodeOrParent,
                                                         TABLE_SEARCH_RESULT SearchResult)
{
    PRTL_BALANCED_LINKS at = NodeOrParent, links;
    if (NewElement != NULL) {
        *NewElement = FALSE;
    }
    if (SearchResult == TableFoundNode) {
        return DATA_OF(at);
    }
    links = Table->AllocateRoutine(Table, (CLONG)(BufferSize + sizeof(RTL_BALANCED_LINKS)));
    if (links == NULL) {
        return NULL;
    }
    RtlZeroMemory(links, sizeof(*links));
    RtlCopyMemory(DATA_OF(links), Buffer, BufferSize);
    if (SearchResult == TableEmptyTree) {
        at = &Table->BalancedRoot;
    }
    links->Parent = at;
    if (SearchResult == TableInsertAsLeft) {
        at->LeftChild = links;
    } else {
        at->RightChild = links;
    }
    Table->NumberGenericTableElements++;
    grew(Table, links);
    Table->OrderedPointer = NULL;
    Table->WhichOrderedElement = 0;
    if (NewElement != NULL) {
        *NewElement = TRUE;
    }
    return DATA_OF(links);
}

NTSYSAPI PVOID NTAPI RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                                     PBOOLEAN NewElement)
{
    PRTL_BALANCED_LINKS at;
    TABLE_SEARCH_RESULT result = search(Table, Buffer, &at);
    return RtlInsertElementGenericTableFullAvl(Table, Buffer, BufferSize, NewElement, at, result);
}

NTSYSAPI VOID NTAPI RtlDeleteElementGenericTableAvlEx(PRTL_AVL_TABLE Table, PVOID NodeOrParent)
{
    PRTL_BALANCED_LINKS links = NodeOrParent;
    if (Table->RestartKey == links) {
        /* The enumeration goes on with the element behind; stand on the one before it. */
        PRTL_BALANCED_LINKS before = NULL, at = leftmost(ROOT_OF(Table));
        for (; at != NULL && at != links; at = successor(Table, at)) {
            before = at;
        }
        Table->RestartKey = before;
    }
    unlink(Table, links);
    Table->NumberGenericTableElements--;
    Table->DeleteCount++;
    Table->OrderedPointer = NULL;
    Table->WhichOrderedElement = 0;
    Table->FreeRoutine(Table, links);
}

NTSYSAPI BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    PRTL_BALANCED_LINKS at;
    if (search(Table, Buffer, &at) != TableFoundNode) {
        return FALSE;
    }
    RtlDeleteElementGenericTableAvlEx(Table, at);
    return TRUE;
}

NTSYSAPI PVOID NTAPI RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                         PVOID *NodeOrParent,
                                                         TABLE_SEARCH_RESULT *SearchResult)
{
    PRTL_BALANCED_LINKS at;
    *SearchResult = search(Table, Buffer, &at);
    *NodeOrParent = at;
    return *SearchResult == TableFoundNode ? DATA_OF(at) : NULL;
}

NTSYSAPI PVOID NTAPI RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    PRTL_BALANCED_LINKS at;
    return search(Table, Buffer, &at) == TableFoundNode ? DATA_OF(at) : NULL;
}

/* The leftmost of the elements that compare equal. */
NTSYSAPI PVOID NTAPI RtlLookupFirstMatchingElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                                  PVOID *RestartKey)
{
    PRTL_BALANCED_LINKS links = ROOT_OF(Table), found = NULL;
    while (links != NULL) {
        RTL_GENERIC_COMPARE_RESULTS order = Table->CompareRoutine(Table, Buffer, DATA_OF(links));
        if (order == GenericEqual) {
            found = links;
        }
        links = order == GenericGreaterThan ? links->RightChild : links->LeftChild;
    }
    *RestartKey = found;
    return found != NULL ? DATA_OF(found) : NULL;
}

NTSYSAPI PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID *RestartKey)
{
    PRTL_BALANCED_LINKS next = *RestartKey == NULL ? leftmost(ROOT_OF(Table)) : successor(Table, *RestartKey);
    if (next == NULL) {
        return NULL;
    }
    *RestartKey = next;
    return DATA_OF(next);
}

NTSYSAPI PVOID NTAPI RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart)
{
    PVOID key = Restart ? NULL : Table->RestartKey, data;
    data = RtlEnumerateGenericTableWithoutSplayingAvl(Table, &key);
    if (data != NULL) {
        Table->RestartKey = key;
    }
    return data;
}

/*
 * From the place of the last call, or when something was deleted since, from the first element not less than
 * Buffer; NextFlag says to leave that place. The match function skips by STATUS_NO_MATCH and ends by
 * STATUS_NO_MORE_MATCHES.
 */
NTSYSAPI PVOID NTAPI RtlEnumerateGenericTableLikeADirectory(PRTL_AVL_TABLE Table,
                                                            PRTL_AVL_MATCH_FUNCTION MatchFunction,
                                                            PVOID MatchData, ULONG NextFlag,
                                                            PVOID *RestartKey, PULONG DeleteCount,
                                                            PVOID Buffer)
{
    PRTL_BALANCED_LINKS at = *RestartKey;
    if (ROOT_OF(Table) == NULL) {
        *RestartKey = NULL;
        return NULL;
    }
    if (at == NULL || *DeleteCount != Table->DeleteCount) {
        TABLE_SEARCH_RESULT result = search(Table, Buffer, &at);
        if (result == TableInsertAsRight) {
            at = successor(Table, at);
        } else if (result == TableFoundNode && NextFlag != 0) {
            at = successor(Table, at);
        }
    } else if (NextFlag != 0) {
        at = successor(Table, at);
    }
    for (; at != NULL; at = successor(Table, at)) {
        NTSTATUS status =
            MatchFunction == NULL ? STATUS_SUCCESS : MatchFunction(Table, DATA_OF(at), MatchData);
        if (status == STATUS_SUCCESS) {
            break;
        }
        if (status == STATUS_NO_MORE_MATCHES) {
            at = NULL;
            break;
        }
    }
    *RestartKey = at;
    *DeleteCount = Table->DeleteCount;
    return at != NULL ? DATA_OF(at) : NULL;
}

/* By order of the keys, from the element asked for last. */
NTSYSAPI PVOID NTAPI RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I)
{
    PRTL_BALANCED_LINKS at = Table->OrderedPointer;
    ULONG position = Table->WhichOrderedElement;
    if (I >= Table->NumberGenericTableElements) {
        return NULL;
    }
    if (at == NULL || position > I) {
        at = leftmost(ROOT_OF(Table));
        position = 0;
    }
    for (; position < I; position++) {
        at = successor(Table, at);
    }
    Table->OrderedPointer = at;
    Table->WhichOrderedElement = position;
    return DATA_OF(at);
}

NTSYSAPI ULONG NTAPI RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table)
{
    return Table->NumberGenericTableElements;
}

NTSYSAPI BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table)
{
    return (BOOLEAN)(Table->NumberGenericTableElements == 0);
}
