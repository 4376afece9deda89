/* SPDX-License-Identifier: MIT */
/* Prefix tables, short names, parts and patterns of names. Pages: ntifs/nf-ntifs-rtl...prefix,
 * -rtlgenerate8dot3name, ... */
#include "rtltest.h"

static UNICODE_STRING wide(const WCHAR *text)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, text);
    return string;
}

static UNICODE_PREFIX_TABLE table;
static UNICODE_PREFIX_TABLE_ENTRY entries[300];
static UNICODE_STRING prefixes[300];

static BOOLEAN insert(ULONG i, const WCHAR *prefix)
{
    prefixes[i] = wide(prefix);
    return RtlInsertUnicodePrefix(&table, &prefixes[i], &entries[i]);
}

/* Which entry is found; -1: none. */
static LONG find(const WCHAR *name, ULONG insensitive_from)
{
    UNICODE_STRING string = wide(name);
    PUNICODE_PREFIX_TABLE_ENTRY entry = RtlFindUnicodePrefix(&table, &string, insensitive_from);
    return entry == NULL ? -1 : (LONG)(entry - entries);
}

KILN_TEST_ONCE(rtl_name, the_longest_prefix_of_whole_components_is_found)
{
    RtlInitializeUnicodePrefix(&table);
    CHECK_EQ(find(L"\\a", 0), -1);
    CHECK(insert(0, L"\\"));
    CHECK(insert(1, L"\\dir"));
    CHECK(insert(2, L"\\dir\\sub"));
    CHECK(insert(3, L"\\other\\deep\\path"));
    CHECK_EQ(find(L"\\dir\\sub\\file", 0), 2);
    CHECK_EQ(find(L"\\dir\\sub", 0), 2);
    CHECK_EQ(find(L"\\dir\\subway", 0), 1); /* not in the middle of a component */
    CHECK_EQ(find(L"\\DIR\\Sub\\file", 0), 2);
    CHECK_EQ(find(L"\\direct", 0), 0);
    CHECK_EQ(find(L"\\other\\deep", 0), 0);
    CHECK_EQ(find(L"\\", 0), 0);
    CHECK(!insert(4, L"\\dir"));
    RtlRemoveUnicodePrefix(&table, &entries[0]);
    CHECK_EQ(find(L"\\direct", 0), -1);
    CHECK_EQ(find(L"relative", 0), -1);
}

KILN_TEST_ONCE(rtl_name, case_matters_before_the_index)
{
    RtlInitializeUnicodePrefix(&table);
    CHECK(insert(0, L"\\Dir"));
    CHECK(insert(1, L"\\dIR"));
    CHECK(insert(2, L"\\DIR"));
    CHECK(!insert(3, L"\\dIR"));
    CHECK_EQ(find(L"\\dIR\\x", 4), 1);
    CHECK_EQ(find(L"\\Dir\\x", 4), 0);
    CHECK_EQ(find(L"\\dir\\x", 4), -1);
    CHECK_EQ(find(L"\\dir\\x", 2), 1); /* d must be small, the rest any */
    CHECK(find(L"\\dir\\x", 0) >= 0);
    RtlRemoveUnicodePrefix(&table, &entries[0]); /* the one in the tree: another takes its place */
    CHECK_EQ(find(L"\\Dir\\x", 4), -1);
    CHECK_EQ(find(L"\\dIR", 4), 1);
    RtlRemoveUnicodePrefix(&table, &entries[1]);
    CHECK_EQ(find(L"\\DIR", 4), 2);
    RtlRemoveUnicodePrefix(&table, &entries[2]);
    CHECK_EQ(find(L"\\DIR", 0), -1);
}

KILN_TEST_ONCE(rtl_name, every_prefix_is_enumerated_once)
{
    static WCHAR text[300][16];
    BOOLEAN seen[300] = {0};
    ULONG count = 0, n = 0;
    RtlInitializeUnicodePrefix(&table);
    CHECK(RtlNextUnicodePrefix(&table, TRUE) == NULL);
    for (ULONG i = 0; i < 300; i++) { /* 100 names in three cases each */
        ULONG number = i * 37 % 100;
        text[i][0] = '\\';
        text[i][1] = i % 3 == 0 ? 'a' : 'A';
        text[i][2] = i % 3 == 2 ? 'b' : 'B';
        text[i][3] = (WCHAR)('0' + number / 10);
        text[i][4] = (WCHAR)('0' + number % 10);
        n += insert(i, text[i]);
    }
    for (PUNICODE_PREFIX_TABLE_ENTRY e = RtlNextUnicodePrefix(&table, TRUE); e != NULL;
         e = RtlNextUnicodePrefix(&table, FALSE)) {
        CHECK(!seen[e - entries]);
        seen[e - entries] = TRUE;
        count++;
    }
    CHECK(count == n && n == 300);
    for (ULONG i = 0; i < 300; i++) {
        CHECK_EQ(find(text[i], 16), i);
        RtlRemoveUnicodePrefix(&table, &entries[i]);
        CHECK_EQ(find(text[i], 16), -1);
    }
    CHECK(RtlNextUnicodePrefix(&table, TRUE) == NULL);
}

KILN_TEST_ONCE(rtl_name, narrow_prefixes)
{
    PREFIX_TABLE narrow;
    PREFIX_TABLE_ENTRY entry[3];
    STRING prefix[3], name;
    PfxInitialize(&narrow);
    RtlInitString(&prefix[0], "\\");
    RtlInitString(&prefix[1], "\\a");
    RtlInitString(&prefix[2], "\\a\\b");
    for (ULONG i = 0; i < 3; i++) {
        CHECK(PfxInsertPrefix(&narrow, &prefix[i], &entry[i]));
        PREFIX_TABLE_ENTRY again;
        CHECK(!PfxInsertPrefix(&narrow, &prefix[i], &again));
    }
    RtlInitString(&name, "\\a\\b\\c");
    CHECK(PfxFindPrefix(&narrow, &name) == &entry[2]);
    RtlInitString(&name, "\\a\\B\\c");
    CHECK(PfxFindPrefix(&narrow, &name) == &entry[1]);
    RtlInitString(&name, "\\ab");
    CHECK(PfxFindPrefix(&narrow, &name) == &entry[0]);
    PfxRemovePrefix(&narrow, &entry[0]);
    CHECK(PfxFindPrefix(&narrow, &name) == NULL);
}

/* ---- short names ---- */

static BOOLEAN is_short(const WCHAR *name, BOOLEAN *spaces)
{
    UNICODE_STRING string = wide(name);
    return RtlIsNameLegalDOS8Dot3(&string, NULL, spaces);
}

KILN_TEST_ONCE(rtl_name, what_a_short_name_is)
{
    BOOLEAN spaces = TRUE;
    CHAR room[12];
    OEM_STRING oem = {0, sizeof(room), room};
    UNICODE_STRING name = wide(L"f\xFC.txt");
    CHECK(is_short(L"readme.txt", &spaces) && !spaces);
    CHECK(is_short(L"12345678.abc", NULL) && is_short(L"A", NULL));
    CHECK(is_short(L"a b.c", &spaces) && spaces);
    CHECK(is_short(L".", NULL) && is_short(L"..", NULL));
    CHECK(!is_short(L"123456789", NULL) && !is_short(L"a.abcd", NULL) && !is_short(L"a.b.c", NULL));
    CHECK(!is_short(L"", NULL) && !is_short(L".a", NULL) && !is_short(L"a.", NULL) &&
          !is_short(L"...", NULL));
    CHECK(!is_short(L"a ", NULL) && !is_short(L"a .b", NULL));
    CHECK(!is_short(L"a*b", NULL) && !is_short(L"a+b", NULL) && !is_short(L"a[b", NULL) &&
          !is_short(L"a/b", NULL));
    CHECK(!is_short(L"\x4E00", NULL)); /* not in the code page */
    CHECK(RtlIsNameLegalDOS8Dot3(&name, &oem, NULL));
    CHECK(oem.Length == 6 && RtlEqualMemory(room, "F\x9A.TXT", 6)); /* capitals, code page 437 */
}

KILN_TEST_ONCE(rtl_name, generated_names_differ_and_are_short)
{
    GENERATE_NAME_CONTEXT context = {0};
    WCHAR text[12], before[12] = {0};
    UNICODE_STRING name = wide(L"..long name+with.many.dots.html"), made = {0, sizeof(text), text};
    CHECK_EQ(RtlGenerate8dot3Name(&name, FALSE, &context, &made), STATUS_SUCCESS);
    CHECK(rtl_is(&made, L"LONGNA~1.HTM"));
    CHECK_EQ(RtlGenerate8dot3Name(&name, FALSE, &context, &made), STATUS_SUCCESS);
    CHECK(rtl_is(&made, L"LONGNA~2.HTM"));
    for (ULONG i = 0; i < 3000; i++) {
        CHECK_EQ(RtlGenerate8dot3Name(&name, FALSE, &context, &made), STATUS_SUCCESS);
        CHECK(RtlIsNameLegalDOS8Dot3(&made, NULL, NULL));
        CHECK(!RtlEqualMemory(before, text, sizeof(text)));
        RtlCopyMemory(before, text, sizeof(text));
    }
    context.LastIndexValue = 999999;
    CHECK_EQ(RtlGenerate8dot3Name(&name, FALSE, &context, &made), STATUS_FILE_SYSTEM_LIMITATION);
}

KILN_TEST_ONCE(rtl_name, generated_names_have_only_legal_characters)
{
    GENERATE_NAME_CONTEXT context = {0}, extended = {0};
    WCHAR text[12];
    UNICODE_STRING name = wide(L"a:b;c,d+\xFC.x=y"), made = {0, sizeof(text), text};
    CHECK_EQ(RtlGenerate8dot3Name(&name, FALSE, &context, &made), STATUS_SUCCESS);
    CHECK(rtl_is(&made, L"A_B_C_~1.X_Y"));
    name = wide(L"\xFC\x4E00z");
    context = (GENERATE_NAME_CONTEXT){0};
    CHECK_EQ(RtlGenerate8dot3Name(&name, FALSE, &context, &made), STATUS_SUCCESS);
    CHECK(rtl_is(&made, L"Z~1"));
    CHECK_EQ(RtlGenerate8dot3Name(&name, TRUE, &extended, &made), STATUS_SUCCESS);
    CHECK(rtl_is(&made, L"\xDCZ~1"));
}

/* ---- parts and patterns ---- */

static BOOLEAN dissects(const WCHAR *path, const WCHAR *first, const WCHAR *rest)
{
    UNICODE_STRING a, b;
    FsRtlDissectName(wide(path), &a, &b);
    return rtl_is(&a, first) && rtl_is(&b, rest);
}

KILN_TEST_ONCE(rtl_name, a_path_is_dissected)
{
    CHECK(dissects(L"", L"", L""));
    CHECK(dissects(L"A", L"A", L""));
    CHECK(dissects(L"A\\B\\C", L"A", L"B\\C"));
    CHECK(dissects(L"\\A", L"A", L""));
    CHECK(dissects(L"*A?", L"*A?", L""));
    CHECK(dissects(L"A\\\\B+;\\C", L"A", L"\\B+;\\C"));
}

static BOOLEAN matches(const WCHAR *pattern, const WCHAR *name)
{
    UNICODE_STRING p = wide(pattern), n = wide(name);
    return FsRtlIsNameInExpression(&p, &n, TRUE, NULL);
}

KILN_TEST_ONCE(rtl_name, patterns)
{
    UNICODE_STRING small = wide(L"abc"), large = wide(L"ABC");
    CHECK(matches(L"*", L"a") && matches(L"A*C", L"abbbc") && !matches(L"A*C", L"abcd"));
    CHECK(matches(L"?B?", L"abc") && !matches(L"?B?", L"ab"));
    CHECK(matches(L"*.TXT", L"a.b.txt") && !matches(L"*.TXT", L"atxt"));
    CHECK(!matches(L"*", L"") && !matches(L"", L"a") && matches(L"", L""));
    CHECK(matches(L"A<.B", L"a.x.b"));                             /* DOS_STAR: up to the final period */
    CHECK(matches(L"<\"*", L"abc") && matches(L"<\"*", L"abc.d")); /* *.* as DOS means it */
    CHECK(matches(L"A>>>.TXT", L"ab.txt") && matches(L"A>>>.TXT", L"abcd.txt") &&
          !matches(L"A>>>.TXT", L"abcde.txt"));
    CHECK(matches(L"ABC\"", L"abc") && matches(L"ABC\"", L"abc.") && !matches(L"ABC\"", L"abcd"));
    CHECK(FsRtlIsNameInExpression(&large, &small, TRUE, NULL));
    CHECK(!FsRtlIsNameInExpression(&large, &small, FALSE, NULL));
}

/* The time is the product of the lengths: a pattern made to be slow is not. */
KILN_TEST_ONCE(rtl_name, a_pattern_of_many_stars_ends)
{
    static WCHAR pattern[401], name[2001];
    for (ULONG i = 0; i < 400; i++) {
        pattern[i] = i % 2 == 0 ? '*' : 'A';
    }
    for (ULONG i = 0; i < 2000; i++) {
        name[i] = 'a';
    }
    CHECK(matches(pattern, name));
    pattern[399] = 'B';
    CHECK(!matches(pattern, name));
}

KILN_TEST_ONCE(rtl_name, legal_characters_and_statuses)
{
    CHECK(FsRtlIsAnsiCharacterWild('*') && FsRtlIsAnsiCharacterWild('"') && !FsRtlIsAnsiCharacterWild('a'));
    CHECK(FsRtlIsUnicodeCharacterWild(DOS_STAR) && !FsRtlIsUnicodeCharacterWild(0x4E00));
    CHECK(FsRtlIsAnsiCharacterLegalFat('a', FALSE) && !FsRtlIsAnsiCharacterLegalFat('+', FALSE));
    CHECK(!FsRtlIsAnsiCharacterLegalFat('?', FALSE) && FsRtlIsAnsiCharacterLegalFat('?', TRUE));
    CHECK(FsRtlIsAnsiCharacterLegalHpfs('+', FALSE) && !FsRtlIsAnsiCharacterLegalHpfs(':', FALSE));
    CHECK(FsRtlIsAnsiCharacterLegalNtfs(':', FALSE) && !FsRtlIsAnsiCharacterLegalNtfs('\\', TRUE));
    CHECK(FsRtlIsAnsiCharacterLegalNtfsStream(5, FALSE) && !FsRtlIsAnsiCharacterLegalNtfsStream('/', FALSE));
    CHECK(FsRtlIsNtstatusExpected(STATUS_DISK_FULL) && !FsRtlIsNtstatusExpected(STATUS_ACCESS_VIOLATION));
    CHECK(FsRtlIsTotalDeviceFailure(STATUS_NO_SUCH_DEVICE) && !FsRtlIsTotalDeviceFailure(STATUS_CRC_ERROR));
    CHECK(!FsRtlIsTotalDeviceFailure(STATUS_DEVICE_DATA_ERROR) && !FsRtlIsTotalDeviceFailure(STATUS_SUCCESS));
}
