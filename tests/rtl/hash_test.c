/* SPDX-License-Identifier: MIT */
/* Dynamic hash tables. Declarations and contract: nt/rtl_hash.h. */
#include "rtltest.h"

typedef struct _THING {
    RTL_DYNAMIC_HASH_TABLE_ENTRY Entry;
    ULONG Number;
    BOOLEAN Seen;
} THING;

#define THINGS 2000
static THING things[THINGS];

static THING *thing_of(PRTL_DYNAMIC_HASH_TABLE_ENTRY entry)
{
    return entry == NULL ? NULL : CONTAINING_RECORD(entry, THING, Entry);
}

/* A table with things 0 .. count-1, of which each signature is shared by `each`. */
static PRTL_DYNAMIC_HASH_TABLE filled(ULONG count, ULONG each)
{
    PRTL_DYNAMIC_HASH_TABLE table = NULL;
    CHECK(RtlCreateHashTable(&table, 0, 0));
    for (ULONG i = 0; i < count; i++) {
        things[i].Number = i;
        things[i].Seen = FALSE;
        CHECK(RtlInsertEntryHashTable(table, &things[i].Entry, 1 + i / each, NULL));
    }
    CHECK_EQ(RtlTotalEntriesHashTable(table), count);
    return table;
}

static void empty_and_delete(PRTL_DYNAMIC_HASH_TABLE table, ULONG count)
{
    for (ULONG i = 0; i < count; i++) {
        CHECK(RtlRemoveEntryHashTable(table, &things[i].Entry, NULL));
    }
    CHECK_EQ(RtlTotalEntriesHashTable(table), 0);
    CHECK_EQ(RtlNonEmptyBucketsHashTable(table), 0);
    RtlDeleteHashTable(table);
}

/* Every entry is found, each group complete, and nothing else. */
static void check_all(PRTL_DYNAMIC_HASH_TABLE table, ULONG count, ULONG each)
{
    for (ULONG group = 0; group < count / each; group++) {
        RTL_DYNAMIC_HASH_TABLE_CONTEXT context;
        ULONG found = 0;
        RtlInitHashTableContext(&context);
        for (PRTL_DYNAMIC_HASH_TABLE_ENTRY e = RtlLookupEntryHashTable(table, 1 + group, &context); e != NULL;
             e = RtlGetNextEntryHashTable(table, &context)) {
            CHECK_EQ(HASH_ENTRY_KEY(e), 1 + group);
            CHECK_EQ(thing_of(e)->Number / each, group);
            found++;
        }
        CHECK_EQ(found, each);
        RtlReleaseHashTableContext(&context);
    }
    CHECK(RtlLookupEntryHashTable(table, 1 + count, NULL) == NULL);
}

KILN_TEST_ONCE(rtl_hash, a_table_is_the_callers_or_allocated)
{
    RTL_DYNAMIC_HASH_TABLE own, *table = &own;
    CHECK(!RtlCreateHashTable(&table, 0, 2)); /* no flag may be given */
    CHECK(RtlCreateHashTable(&table, 0, 0));
    CHECK(table == &own && (own.Flags & RTL_HASH_ALLOCATED_HEADER) == 0);
    CHECK_EQ(RtlTotalBucketsHashTable(table), 128);
    CHECK_EQ(RtlEmptyBucketsHashTable(table), 128);
    RtlDeleteHashTable(table);
    table = NULL;
    CHECK(RtlCreateHashTable(&table, 0, 0));
    CHECK(table != NULL && (table->Flags & RTL_HASH_ALLOCATED_HEADER) != 0);
    RtlDeleteHashTable(table);
}

KILN_TEST_ONCE(rtl_hash, entries_are_found_by_signature)
{
    PRTL_DYNAMIC_HASH_TABLE table = filled(THINGS, 4);
    check_all(table, THINGS, 4);
    CHECK(RtlNonEmptyBucketsHashTable(table) >
          100); /* 500 signatures in 128 buckets: hardly one stays empty */
    empty_and_delete(table, THINGS);
}

KILN_TEST_ONCE(rtl_hash, the_reserved_signature_is_replaced)
{
    PRTL_DYNAMIC_HASH_TABLE table = NULL;
    CHECK(RtlCreateHashTable(&table, 0, 0));
    CHECK(RtlInsertEntryHashTable(table, &things[0].Entry, RTL_HASH_RESERVED_SIGNATURE, NULL));
    CHECK(things[0].Entry.Signature != RTL_HASH_RESERVED_SIGNATURE);
    CHECK(RtlLookupEntryHashTable(table, RTL_HASH_RESERVED_SIGNATURE, NULL) == &things[0].Entry);
    empty_and_delete(table, 1);
}

KILN_TEST_ONCE(rtl_hash, a_context_carries_the_place)
{
    PRTL_DYNAMIC_HASH_TABLE table = filled(100, 1);
    RTL_DYNAMIC_HASH_TABLE_CONTEXT context;
    THING more[2];
    CHECK(RtlLookupEntryHashTable(table, 500, &context) == NULL);
    CHECK(RtlInsertEntryHashTable(table, &more[0].Entry, 500, &context));
    CHECK(RtlLookupEntryHashTable(table, 500, &context) == &more[0].Entry);
    CHECK(RtlInsertEntryHashTable(table, &more[1].Entry, 500, &context));
    CHECK(RtlLookupEntryHashTable(table, 500, &context) != NULL);
    CHECK(RtlGetNextEntryHashTable(table, &context) != NULL);
    CHECK(RtlGetNextEntryHashTable(table, &context) == NULL);
    CHECK(RtlRemoveEntryHashTable(table, &more[0].Entry, &context));
    CHECK(RtlInsertEntryHashTable(table, &more[0].Entry, 500, &context)); /* the context is still good */
    CHECK(RtlRemoveEntryHashTable(table, &more[0].Entry, NULL));
    CHECK(RtlRemoveEntryHashTable(table, &more[1].Entry, NULL));
    empty_and_delete(table, 100);
}

KILN_TEST_ONCE(rtl_hash, growing_and_shrinking_loses_nothing)
{
    PRTL_DYNAMIC_HASH_TABLE table = filled(THINGS, 2);
    for (ULONG size = 128; size < 1100; size++) { /* three rounds */
        CHECK_EQ(RtlTotalBucketsHashTable(table), size);
        CHECK(RtlExpandHashTable(table));
        if (size % 61 == 0) {
            check_all(table, THINGS, 2);
        }
    }
    check_all(table, THINGS, 2);
    CHECK(RtlNonEmptyBucketsHashTable(table) > 500);
    while (RtlTotalBucketsHashTable(table) > 128) {
        CHECK(RtlContractHashTable(table));
        if (RtlTotalBucketsHashTable(table) % 61 == 0) {
            check_all(table, THINGS, 2);
        }
    }
    CHECK(!RtlContractHashTable(table)); /* it is as small as a table gets */
    check_all(table, THINGS, 2);
    empty_and_delete(table, THINGS);
}

KILN_TEST_ONCE(rtl_hash, an_enumeration_sees_everything_once_and_forbids_resizing)
{
    PRTL_DYNAMIC_HASH_TABLE table = filled(THINGS, 3 + 1);
    RTL_DYNAMIC_HASH_TABLE_ENUMERATOR walk, other;
    ULONG seen = 0;
    CHECK(RtlInitEnumerationHashTable(table, &walk));
    CHECK(RtlInitEnumerationHashTable(table, &other));
    CHECK_EQ(RtlActiveEnumeratorsHashTable(table), 2);
    CHECK(!RtlExpandHashTable(table) && !RtlContractHashTable(table));
    for (PRTL_DYNAMIC_HASH_TABLE_ENTRY e; (e = RtlEnumerateEntryHashTable(table, &walk)) != NULL; seen++) {
        CHECK(!thing_of(e)->Seen);
        thing_of(e)->Seen = TRUE;
        if (seen == 0) {
            check_all(table, THINGS, 4); /* lookups pass enumerators by */
        }
        if (seen % 2 == 0) {
            RtlRemoveEntryHashTable(table, e, NULL); /* the current entry may go */
        }
    }
    CHECK_EQ(seen, THINGS);
    CHECK(RtlEnumerateEntryHashTable(table, &walk) == NULL);
    RtlEndEnumerationHashTable(table, &walk);
    RtlEndEnumerationHashTable(table, &other);
    CHECK_EQ(RtlTotalEntriesHashTable(table), THINGS / 2);
    CHECK(RtlExpandHashTable(table));
    CHECK(RtlInitEnumerationHashTable(table, &walk));
    for (PRTL_DYNAMIC_HASH_TABLE_ENTRY e; (e = RtlEnumerateEntryHashTable(table, &walk)) != NULL;) {
        RTL_DYNAMIC_HASH_TABLE_CONTEXT context;
        RtlInitHashTableContextFromEnumerator(&context, &walk);
        CHECK(context.ChainHead == walk.ChainHead);
        RtlRemoveEntryHashTable(table, e, NULL);
    }
    RtlEndEnumerationHashTable(table, &walk);
    CHECK_EQ(RtlNonEmptyBucketsHashTable(table), 0);
    RtlDeleteHashTable(table);
}

KILN_TEST_ONCE(rtl_hash, a_weak_enumeration_survives_resizing)
{
    PRTL_DYNAMIC_HASH_TABLE table = filled(THINGS, 1);
    RTL_DYNAMIC_HASH_TABLE_ENUMERATOR walk;
    ULONG steps = 0;
    CHECK(RtlInitWeakEnumerationHashTable(table, &walk));
    CHECK_EQ(RtlActiveEnumeratorsHashTable(table), 0);
    for (PRTL_DYNAMIC_HASH_TABLE_ENTRY e; (e = RtlWeaklyEnumerateEntryHashTable(table, &walk)) != NULL;
         steps++) {
        CHECK(thing_of(e)->Number < THINGS);
        if (steps < 900) {
            CHECK(RtlExpandHashTable(table));
        } else if (RtlTotalBucketsHashTable(table) > 128) {
            CHECK(RtlContractHashTable(table));
        }
        CHECK(steps < 4 * THINGS);
    }
    CHECK(steps > THINGS / 4);
    RtlEndWeakEnumerationHashTable(table, &walk);
    check_all(table, THINGS, 1);
    empty_and_delete(table, THINGS);
}
