/* SPDX-License-Identifier: MIT */
/* The two kinds of generic table against a model: a plain array of which keys are in. */
#include "rtltest.h"

#define KEYS 257
static UCHAR present[KEYS];
static LONG allocations;

static RTL_GENERIC_COMPARE_RESULTS compare(PVOID first, PVOID second)
{
    ULONG a = *(ULONG *)first, b = *(ULONG *)second;
    return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

static PVOID allocate(CLONG bytes)
{
    allocations++;
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, 'tseT');
}

static VOID release(PVOID block)
{
    allocations--;
    ExFreePoolWithTag(block, 'tseT');
}

static RTL_GENERIC_COMPARE_RESULTS NTAPI avl_compare(PRTL_AVL_TABLE Table, PVOID a, PVOID b)
{
    return compare(a, b);
}
static PVOID NTAPI avl_allocate(PRTL_AVL_TABLE Table, CLONG bytes)
{
    return allocate(bytes);
}
static VOID NTAPI avl_free(PRTL_AVL_TABLE Table, PVOID block)
{
    release(block);
}
static RTL_GENERIC_COMPARE_RESULTS NTAPI splay_compare(PRTL_GENERIC_TABLE Table, PVOID a, PVOID b)
{
    return compare(a, b);
}
static PVOID NTAPI splay_allocate(PRTL_GENERIC_TABLE Table, CLONG bytes)
{
    return allocate(bytes);
}
static VOID NTAPI splay_free(PRTL_GENERIC_TABLE Table, PVOID block)
{
    release(block);
}

/* Height of a subtree; fails when a balance is not what it says or is out of range, or a parent is wrong. */
static LONG height_of(PRTL_BALANCED_LINKS links, PRTL_BALANCED_LINKS parent)
{
    LONG left, right;
    if (links == NULL) {
        return 0;
    }
    CHECK(links->Parent == parent);
    left = height_of(links->LeftChild, links);
    right = height_of(links->RightChild, links);
    CHECK_EQ((LONG)links->Balance, right - left);
    CHECK(right - left <= 1 && left - right <= 1);
    return (left > right ? left : right) + 1;
}

KILN_TEST_ONCE(rtl_table, avl_stays_balanced_and_sorted)
{
    RTL_AVL_TABLE table;
    ULONG seed = 7, count = 0, key, *found;
    BOOLEAN fresh;
    RtlInitializeGenericTableAvl(&table, avl_compare, avl_allocate, avl_free, NULL);
    CHECK(RtlIsGenericTableEmptyAvl(&table));
    for (ULONG round = 0; round < 6000; round++) {
        key = RtlRandomEx(&seed) % KEYS;
        if (RtlRandomEx(&seed) % 5 < (round < 3000 ? 3u : 2u)) {
            found = RtlInsertElementGenericTableAvl(&table, &key, sizeof(key), &fresh);
            CHECK_EQ(*found, key);
            CHECK_EQ(fresh, !present[key]);
            count += fresh;
            present[key] = 1;
        } else {
            CHECK_EQ(RtlDeleteElementGenericTableAvl(&table, &key), present[key]);
            count -= present[key];
            present[key] = 0;
        }
        CHECK_EQ(RtlNumberGenericTableElementsAvl(&table), count);
        CHECK_EQ(allocations, count);
        if (round % 50 == 0) {
            CHECK_EQ(height_of(table.BalancedRoot.RightChild, &table.BalancedRoot), table.DepthOfTree);
        }
    }
    ULONG at = 0, position = 0;
    for (found = RtlEnumerateGenericTableAvl(&table, TRUE); found != NULL;
         found = RtlEnumerateGenericTableAvl(&table, FALSE)) {
        while (!present[at]) {
            at++;
        }
        CHECK_EQ(*found, at);
        CHECK_EQ(*(ULONG *)RtlGetElementGenericTableAvl(&table, position), at);
        at++;
        position++;
    }
    CHECK_EQ(position, count);
    while (!RtlIsGenericTableEmptyAvl(&table)) {
        key = *(ULONG *)RtlGetElementGenericTableAvl(&table, 0);
        CHECK(RtlDeleteElementGenericTableAvl(&table, &key));
    }
    CHECK_EQ(allocations, 0);
}

KILN_TEST_ONCE(rtl_table, avl_enumeration_survives_deleting_where_it_stands)
{
    RTL_AVL_TABLE table;
    ULONG sum = 0, *found;
    RtlInitializeGenericTableAvl(&table, avl_compare, avl_allocate, avl_free, NULL);
    for (ULONG key = 1; key <= 20; key++) {
        RtlInsertElementGenericTableAvl(&table, &key, sizeof(key), NULL);
    }
    for (found = RtlEnumerateGenericTableAvl(&table, TRUE); found != NULL;
         found = RtlEnumerateGenericTableAvl(&table, FALSE)) {
        ULONG key = *found;
        sum += key;
        CHECK(RtlDeleteElementGenericTableAvl(&table, &key));
    }
    CHECK_EQ(sum, 210);
    CHECK_EQ(allocations, 0);
}

KILN_TEST_ONCE(rtl_table, splay_keeps_order_and_insertion_order)
{
    RTL_GENERIC_TABLE table;
    ULONG seed = 11, count = 0, key, *found;
    BOOLEAN fresh;
    RtlInitializeGenericTable(&table, splay_compare, splay_allocate, splay_free, NULL);
    for (ULONG round = 0; round < 6000; round++) {
        key = RtlRandomEx(&seed) % KEYS;
        if (RtlRandomEx(&seed) % 5 < (round < 3000 ? 3u : 2u)) {
            found = RtlInsertElementGenericTable(&table, &key, sizeof(key), &fresh);
            CHECK_EQ(*found, key);
            CHECK_EQ(fresh, !present[key]);
            count += fresh;
            present[key] = 1;
        } else if (round & 1) {
            found = RtlLookupElementGenericTable(&table, &key);
            CHECK_EQ(found != NULL, present[key]);
        } else {
            CHECK_EQ(RtlDeleteElementGenericTable(&table, &key), present[key]);
            count -= present[key];
            present[key] = 0;
        }
        CHECK_EQ(RtlNumberGenericTableElements(&table), count);
    }
    PVOID restart = NULL;
    ULONG at = 0, seen = 0;
    while ((found = RtlEnumerateGenericTableWithoutSplaying(&table, &restart)) != NULL) {
        while (!present[at]) {
            at++;
        }
        CHECK_EQ(*found, at++);
        seen++;
    }
    CHECK_EQ(seen, count);
    while (!RtlIsGenericTableEmpty(&table)) {
        key = *(ULONG *)RtlGetElementGenericTable(&table, 0);
        CHECK(RtlDeleteElementGenericTable(&table, &key));
    }
    for (key = 9; key > 4; key--) {
        RtlInsertElementGenericTable(&table, &key, sizeof(key), NULL);
    }
    CHECK_EQ(*(ULONG *)RtlGetElementGenericTable(&table, 0), 9);
    CHECK_EQ(*(ULONG *)RtlGetElementGenericTable(&table, 4), 5);
    CHECK_EQ(*(ULONG *)RtlGetElementGenericTable(&table, 2), 7);
    CHECK(RtlGetElementGenericTable(&table, 5) == NULL);
    for (key = 5; key < 10; key++) {
        CHECK(RtlDeleteElementGenericTable(&table, &key));
    }
    CHECK_EQ(allocations, 0);
}
