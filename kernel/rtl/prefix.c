/* SPDX-License-Identifier: MIT */
/*
 * prefix.c - tables of path prefixes, for UTF-16 and for 8-bit strings.
 *
 * A table is one splay tree, ordered by the prefixes in capitals (8-bit ones as they are). UTF-16 prefixes
 * that differ in case alone form a ring through CaseMatch, of which one is in the tree. To find the longest
 * prefix of a name, its own beginnings are looked up, the longest first, each ending where a component ends:
 * as many lookups as the name has components. NameLength of an entry is unused by callers; here it counts
 * nothing. The caller serialises.
 */
#include <nt/rtl.h>
#include "rtlp.h"

#define TYPE_TABLE 0x0800
#define TYPE_TREE  0x0801 /* an entry in the tree */
#define TYPE_RING  0x0802 /* an entry that only a ring holds */

/* ---- UTF-16 ---- */

static PUNICODE_PREFIX_TABLE_ENTRY wide_entry(PRTL_SPLAY_LINKS links)
{
    return links == NULL ? NULL : CONTAINING_RECORD(links, UNICODE_PREFIX_TABLE_ENTRY, Links);
}

NTSYSAPI VOID NTAPI RtlInitializeUnicodePrefix(PUNICODE_PREFIX_TABLE PrefixTable)
{
    *PrefixTable = (UNICODE_PREFIX_TABLE){.NodeTypeCode = TYPE_TABLE};
}

/* The entry in the tree that equals a name but for its case; *parent is the last one met on the way. */
static PUNICODE_PREFIX_TABLE_ENTRY find_wide(PUNICODE_PREFIX_TABLE table, PCUNICODE_STRING name,
                                             PUNICODE_PREFIX_TABLE_ENTRY *parent, LONG *order)
{
    PUNICODE_PREFIX_TABLE_ENTRY at = table->NextPrefixTree;
    *parent = NULL;
    while (at != NULL) {
        *order = RtlCompareUnicodeString(name, at->Prefix, TRUE);
        if (*order == 0) {
            return at;
        }
        *parent = at;
        at = wide_entry(*order < 0 ? RtlLeftChild(&at->Links) : RtlRightChild(&at->Links));
    }
    return NULL;
}

NTSYSAPI BOOLEAN NTAPI RtlInsertUnicodePrefix(PUNICODE_PREFIX_TABLE PrefixTable, PUNICODE_STRING Prefix,
                                              PUNICODE_PREFIX_TABLE_ENTRY PrefixTableEntry)
{
    PUNICODE_PREFIX_TABLE_ENTRY parent, same;
    LONG order = 0;
    same = find_wide(PrefixTable, Prefix, &parent, &order);
    if (same != NULL) {
        PUNICODE_PREFIX_TABLE_ENTRY at = same;
        do {
            if (RtlEqualUnicodeString(at->Prefix, Prefix, FALSE)) {
                return FALSE;
            }
            at = at->CaseMatch;
        } while (at != same);
    }
    *PrefixTableEntry = (UNICODE_PREFIX_TABLE_ENTRY){.NodeTypeCode = TYPE_TREE, .Prefix = Prefix};
    PrefixTableEntry->CaseMatch = PrefixTableEntry;
    RtlInitializeSplayLinks(&PrefixTableEntry->Links);
    if (same != NULL) {
        PrefixTableEntry->NodeTypeCode = TYPE_RING;
        PrefixTableEntry->CaseMatch = same->CaseMatch;
        same->CaseMatch = PrefixTableEntry;
        return TRUE;
    }
    if (parent != NULL && order < 0) {
        RtlInsertAsLeftChild(&parent->Links, &PrefixTableEntry->Links);
    } else if (parent != NULL) {
        RtlInsertAsRightChild(&parent->Links, &PrefixTableEntry->Links);
    }
    PrefixTable->NextPrefixTree = wide_entry(RtlSplay(&PrefixTableEntry->Links));
    return TRUE;
}

/* Put another entry of the ring where one was in the tree. */
static void replace_in_tree(PUNICODE_PREFIX_TABLE table, PUNICODE_PREFIX_TABLE_ENTRY old,
                            PUNICODE_PREFIX_TABLE_ENTRY new)
{
    new->NodeTypeCode = TYPE_TREE;
    new->Links = old->Links;
    if (RtlIsRoot(&old->Links)) {
        new->Links.Parent = &new->Links;
        table->NextPrefixTree = new;
    } else if (RtlIsLeftChild(&old->Links)) {
        old->Links.Parent->LeftChild = &new->Links;
    } else {
        old->Links.Parent->RightChild = &new->Links;
    }
    if (new->Links.LeftChild != NULL) {
        new->Links.LeftChild->Parent = &new->Links;
    }
    if (new->Links.RightChild != NULL) {
        new->Links.RightChild->Parent = &new->Links;
    }
}

NTSYSAPI VOID NTAPI RtlRemoveUnicodePrefix(PUNICODE_PREFIX_TABLE PrefixTable,
                                           PUNICODE_PREFIX_TABLE_ENTRY PrefixTableEntry)
{
    PUNICODE_PREFIX_TABLE_ENTRY before = PrefixTableEntry;
    PrefixTable->LastNextEntry = NULL; /* an enumeration does not go on over a removal */
    while (before->CaseMatch != PrefixTableEntry) {
        before = before->CaseMatch;
    }
    before->CaseMatch = PrefixTableEntry->CaseMatch;
    if (PrefixTableEntry->NodeTypeCode == TYPE_RING) {
        return;
    }
    if (before != PrefixTableEntry) {
        replace_in_tree(PrefixTable, PrefixTableEntry, before);
    } else {
        PrefixTable->NextPrefixTree = wide_entry(RtlDelete(&PrefixTableEntry->Links));
    }
}

/* Whether an entry's prefix begins a name, case being told apart in the first `index` characters. */
static bool begins(PUNICODE_PREFIX_TABLE_ENTRY entry, PCUNICODE_STRING name, ULONG index)
{
    ULONG units = entry->Prefix->Length / sizeof(WCHAR);
    index = index < units ? index : units;
    return RtlEqualMemory(entry->Prefix->Buffer, name->Buffer, index * sizeof(WCHAR));
}

NTSYSAPI PUNICODE_PREFIX_TABLE_ENTRY NTAPI RtlFindUnicodePrefix(PUNICODE_PREFIX_TABLE PrefixTable,
                                                                PUNICODE_STRING FullName,
                                                                ULONG CaseInsensitiveIndex)
{
    UNICODE_STRING name = *FullName;
    while (name.Length != 0) {
        PUNICODE_PREFIX_TABLE_ENTRY parent, at, first;
        LONG order;
        first = at = find_wide(PrefixTable, &name, &parent, &order);
        if (first != NULL) {
            PrefixTable->NextPrefixTree = wide_entry(RtlSplay(&first->Links));
            do {
                if (begins(at, FullName, CaseInsensitiveIndex)) {
                    return at;
                }
                at = at->CaseMatch;
            } while (at != first);
        }
        if (name.Length == sizeof(WCHAR)) {
            break;
        }
        do { /* the next shorter beginning: without the last component and its separator, or the root */
            name.Length -= sizeof(WCHAR);
        } while (name.Length > sizeof(WCHAR) && name.Buffer[name.Length / sizeof(WCHAR)] != '\\');
        if (name.Length == sizeof(WCHAR) && name.Buffer[1] != '\\' && name.Buffer[0] != '\\') {
            break;
        }
    }
    return NULL;
}

NTSYSAPI PUNICODE_PREFIX_TABLE_ENTRY NTAPI RtlNextUnicodePrefix(PUNICODE_PREFIX_TABLE PrefixTable,
                                                                BOOLEAN Restart)
{
    PUNICODE_PREFIX_TABLE_ENTRY at = PrefixTable->LastNextEntry;
    if (Restart || at == NULL) {
        at = PrefixTable->NextPrefixTree;
        while (at != NULL && RtlLeftChild(&at->Links) != NULL) {
            at = wide_entry(RtlLeftChild(&at->Links));
        }
    } else {
        at = at->CaseMatch;
        if (at->NodeTypeCode == TYPE_TREE) { /* once around the ring */
            at = wide_entry(RtlRealSuccessor(&at->Links));
        }
    }
    PrefixTable->LastNextEntry = at;
    return at;
}

/* ---- 8-bit ---- */

static PPREFIX_TABLE_ENTRY narrow_entry(PRTL_SPLAY_LINKS links)
{
    return links == NULL ? NULL : CONTAINING_RECORD(links, PREFIX_TABLE_ENTRY, Links);
}

NTSYSAPI VOID NTAPI PfxInitialize(PPREFIX_TABLE PrefixTable)
{
    *PrefixTable = (PREFIX_TABLE){.NodeTypeCode = TYPE_TABLE};
}

static PPREFIX_TABLE_ENTRY find_narrow(PPREFIX_TABLE table, const STRING *name, PPREFIX_TABLE_ENTRY *parent,
                                       LONG *order)
{
    PPREFIX_TABLE_ENTRY at = table->NextPrefixTree;
    *parent = NULL;
    while (at != NULL) {
        *order = RtlCompareString(name, at->Prefix, FALSE);
        if (*order == 0) {
            return at;
        }
        *parent = at;
        at = narrow_entry(*order < 0 ? RtlLeftChild(&at->Links) : RtlRightChild(&at->Links));
    }
    return NULL;
}

NTSYSAPI BOOLEAN NTAPI PfxInsertPrefix(PPREFIX_TABLE PrefixTable, PSTRING Prefix,
                                       PPREFIX_TABLE_ENTRY PrefixTableEntry)
{
    PPREFIX_TABLE_ENTRY parent;
    LONG order = 0;
    if (find_narrow(PrefixTable, Prefix, &parent, &order) != NULL) {
        return FALSE;
    }
    *PrefixTableEntry = (PREFIX_TABLE_ENTRY){.NodeTypeCode = TYPE_TREE, .Prefix = Prefix};
    RtlInitializeSplayLinks(&PrefixTableEntry->Links);
    if (parent != NULL && order < 0) {
        RtlInsertAsLeftChild(&parent->Links, &PrefixTableEntry->Links);
    } else if (parent != NULL) {
        RtlInsertAsRightChild(&parent->Links, &PrefixTableEntry->Links);
    }
    PrefixTable->NextPrefixTree = narrow_entry(RtlSplay(&PrefixTableEntry->Links));
    return TRUE;
}

NTSYSAPI VOID NTAPI PfxRemovePrefix(PPREFIX_TABLE PrefixTable, PPREFIX_TABLE_ENTRY PrefixTableEntry)
{
    PrefixTable->NextPrefixTree = narrow_entry(RtlDelete(&PrefixTableEntry->Links));
}

NTSYSAPI PPREFIX_TABLE_ENTRY NTAPI PfxFindPrefix(PPREFIX_TABLE PrefixTable, PSTRING FullName)
{
    STRING name = *FullName;
    while (name.Length != 0) {
        PPREFIX_TABLE_ENTRY parent, at;
        LONG order;
        at = find_narrow(PrefixTable, &name, &parent, &order);
        if (at != NULL) {
            PrefixTable->NextPrefixTree = narrow_entry(RtlSplay(&at->Links));
            return at;
        }
        if (name.Length == 1) {
            break;
        }
        do {
            name.Length--;
        } while (name.Length > 1 && name.Buffer[name.Length] != '\\');
        if (name.Length == 1 && name.Buffer[1] != '\\' && name.Buffer[0] != '\\') {
            break;
        }
    }
    return NULL;
}
