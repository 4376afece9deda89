/* SPDX-License-Identifier: MIT */
/*
 * strsafe_forms.h - what is true of the narrow and of the wide safe string functions, included once for each.
 *
 * STRSAFE_TEXT is the character type, T(x) a literal of it, STRSAFE_SUITE the suite, FORM(name) the function; the
 * table below the include names the functions that the facts here are checked for.
 */

#define UNIT ((SIZE_T)sizeof(STRSAFE_TEXT))

static bool NAMED(same)(const STRSAFE_TEXT *a, const STRSAFE_TEXT *b)
{
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

static NTSTATUS NTAPI NAMED(vprint)(const struct NAMED(forms) * form, STRSAFE_TEXT *to, SIZE_T size,
                              const STRSAFE_TEXT *format, ...)
{
    NTSTATUS status;
    NT_VA_LIST arguments;
    NT_VA_START(arguments, format);
    status = form->vprint(to, size, format, arguments);
    NT_VA_END(arguments);
    return status;
}

static NTSTATUS NTAPI NAMED(vprint_ex)(const struct NAMED(forms) * form, STRSAFE_TEXT *to, SIZE_T size,
                                 STRSAFE_TEXT **end, SIZE_T *left, ULONG flags, const STRSAFE_TEXT *format, ...)
{
    NTSTATUS status;
    NT_VA_LIST arguments;
    NT_VA_START(arguments, format);
    status = form->vprint_ex(to, size, end, left, flags, format, arguments);
    NT_VA_END(arguments);
    return status;
}

/* The plain forms: success, truncation with a terminator, an empty destination, one that is too large. */
static void NAMED(check_plain)(const struct NAMED(forms) * form)
{
    STRSAFE_TEXT out[4];
    SIZE_T size = 4 * form->unit, length = 99;
    CHECK_EQ(form->copy(out, size, T("abc")), STATUS_SUCCESS);
    CHECK(NAMED(same)(out, T("abc")));
    CHECK_EQ(form->copy(out, size, T("wxyz")), STATUS_BUFFER_OVERFLOW);
    CHECK(NAMED(same)(out, T("wxy")));
    CHECK_EQ(form->copy(out, 0, T("")), STATUS_INVALID_PARAMETER);
    CHECK_EQ(form->copy(out, ((SIZE_T)NTSTRSAFE_MAX_CCH + 1) * form->unit, T("a")), STATUS_INVALID_PARAMETER);

    CHECK_EQ(form->copy_n(out, size, T("abcdef"), 2 * form->unit), STATUS_SUCCESS);
    CHECK(NAMED(same)(out, T("ab")));
    CHECK_EQ(form->copy_n(out, size, T("abcdef"), 4 * form->unit), STATUS_BUFFER_OVERFLOW);
    CHECK(NAMED(same)(out, T("abc")));
    CHECK_EQ(form->copy_n(out, size, T("q"), 3 * form->unit), STATUS_SUCCESS); /* ends at its terminator */
    CHECK(NAMED(same)(out, T("q")));
    CHECK_EQ(form->copy_n(out, 0, T("q"), 1), STATUS_INVALID_PARAMETER);

    CHECK_EQ(form->cat(out, size, T("r")), STATUS_SUCCESS);
    CHECK(NAMED(same)(out, T("qr")));
    CHECK_EQ(form->cat(out, size, T("stu")), STATUS_BUFFER_OVERFLOW);
    CHECK(NAMED(same)(out, T("qrs")));
    out[3] = 'x'; /* no terminator within the size */
    CHECK_EQ(form->cat(out, size, T("t")), STATUS_INVALID_PARAMETER);

    out[1] = 0;
    CHECK_EQ(form->cat_n(out, size, T("vwxyz"), 1 * form->unit), STATUS_SUCCESS);
    CHECK(NAMED(same)(out, T("qv")));
    CHECK_EQ(form->cat_n(out, size, T("wxyz"), 2 * form->unit), STATUS_BUFFER_OVERFLOW);
    CHECK(NAMED(same)(out, T("qvw")));
    CHECK_EQ(form->cat_n(out, 0, T("w"), form->unit), STATUS_INVALID_PARAMETER);

    CHECK_EQ(form->length(T("abc"), 4 * form->unit, &length), STATUS_SUCCESS);
    CHECK_EQ(length, 3 * form->unit);
    CHECK_EQ(form->length(T("abc"), 3 * form->unit, &length), STATUS_INVALID_PARAMETER);
    CHECK_EQ(form->length(NULL, 4 * form->unit, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(form->length(T("abc"), ((SIZE_T)NTSTRSAFE_MAX_CCH + 1) * form->unit, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(form->length(T("abc"), 4 * form->unit, NULL), STATUS_SUCCESS);
}

/* The Ex forms: where the result ends, how much is left, and every flag. */
static void NAMED(check_ex)(const struct NAMED(forms) * form)
{
    STRSAFE_TEXT out[8], *end = NULL;
    SIZE_T size = 8 * form->unit, left = 0;
    CHECK_EQ(form->copy_ex(out, size, T("ab"), &end, &left, STRSAFE_FILL_BYTE(0x41)), STATUS_SUCCESS);
    CHECK(end == out + 2 && *end == 0);
    CHECK_EQ(left, 6 * form->unit);
    CHECK_EQ(((UCHAR *)out)[8 * UNIT - 1], 0x41);
    CHECK_EQ(form->copy_ex(out, size, T("abcdefgh"), NULL, NULL, STRSAFE_NO_TRUNCATION), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(out[0], 0);
    CHECK_EQ(form->copy_ex(out, size, T("abcdefgh"), NULL, NULL, STRSAFE_FAILURE_BYTE(0x42)),
             STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(((UCHAR *)out)[0], 0x42);
    CHECK_EQ(out[7], 0);
    CHECK_EQ(form->copy_ex(out, size, T("abcdefgh"), NULL, NULL, STRSAFE_NULL_ON_FAILURE), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(out[0], 0);
    CHECK_EQ(form->copy_ex(out, size, NULL, NULL, NULL, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(form->copy_ex(out, size, NULL, NULL, NULL, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
    CHECK_EQ(form->copy_ex(NULL, 0, T("a"), NULL, NULL, STRSAFE_IGNORE_NULLS), STATUS_INVALID_PARAMETER);
    CHECK_EQ(form->copy_ex(NULL, 0, T(""), NULL, NULL, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
    CHECK_EQ(form->copy_ex(NULL, size, T(""), NULL, NULL, STRSAFE_IGNORE_NULLS), STATUS_INVALID_PARAMETER);
    CHECK_EQ(form->copy_ex(out, size, T("a"), NULL, NULL, 0x80000000), STATUS_INVALID_PARAMETER);

    CHECK_EQ(form->copy_n_ex(out, size, T("abcdef"), 3 * form->unit, &end, &left, 0), STATUS_SUCCESS);
    CHECK(NAMED(same)(out, T("abc")) && end == out + 3);
    CHECK_EQ(left, 5 * form->unit);
    CHECK_EQ(form->copy_n_ex(out, 2 * form->unit, T("abcdef"), 3 * form->unit, &end, &left, STRSAFE_NO_TRUNCATION),
             STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(out[0], 0);

    CHECK_EQ(form->cat_ex(out, size, T("xy"), &end, &left, STRSAFE_FILL_BYTE(0x43)), STATUS_SUCCESS);
    CHECK(NAMED(same)(out, T("xy")) && end == out + 2);
    CHECK_EQ(((UCHAR *)out)[8 * UNIT - 1], 0x43);
    CHECK_EQ(form->cat_ex(out, 4 * form->unit, T("zzz"), &end, &left, STRSAFE_NO_TRUNCATION), STATUS_BUFFER_OVERFLOW);
    CHECK(NAMED(same)(out, T("xy"))); /* what was there stays */
    CHECK_EQ(form->cat_n_ex(out, size, T("zzz"), 1 * form->unit, &end, &left, 0), STATUS_SUCCESS);
    CHECK(NAMED(same)(out, T("xyz")) && end == out + 3);
    CHECK_EQ(left, 5 * form->unit);
    CHECK_EQ(form->cat_n_ex(out, 4 * form->unit, T("zzz"), 2 * form->unit, NULL, NULL, STRSAFE_NULL_ON_FAILURE),
             STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(out[0], 0);
}

static void NAMED(check_print)(const struct NAMED(forms) * form)
{
    STRSAFE_TEXT out[8], *end = NULL;
    SIZE_T size = 8 * form->unit, left = 0;
    CHECK_EQ(form->print(out, size, T("%d-%u"), -12, 34), STATUS_SUCCESS);
    CHECK(NAMED(same)(out, T("-12-34")));
    CHECK_EQ(form->print(out, size, T("%d"), 123456789), STATUS_BUFFER_OVERFLOW);
    CHECK(NAMED(same)(out, T("1234567")));
    CHECK_EQ(form->print(out, 0, T("x")), STATUS_INVALID_PARAMETER);
    CHECK_EQ(NAMED(vprint)(form, out, size, T("%x"), 0xBEEF), STATUS_SUCCESS);
    CHECK(NAMED(same)(out, T("beef")));
    CHECK_EQ(NAMED(vprint)(form, NULL, size, T("%x"), 1), STATUS_INVALID_PARAMETER);

    CHECK_EQ(form->print_ex(out, size, &end, &left, STRSAFE_FILL_BYTE(0x44), T("%c"), 'k'), STATUS_SUCCESS);
    CHECK(NAMED(same)(out, T("k")) && end == out + 1);
    CHECK_EQ(left, 7 * form->unit);
    CHECK_EQ(((UCHAR *)out)[8 * UNIT - 1], 0x44);
    CHECK_EQ(form->print_ex(out, size, NULL, NULL, STRSAFE_IGNORE_NULLS, NULL), STATUS_SUCCESS);
    CHECK_EQ(out[0], 0);
    CHECK_EQ(form->print_ex(out, size, NULL, NULL, 0, NULL), STATUS_INVALID_PARAMETER);
    out[0] = 'o';
    CHECK_EQ(NAMED(vprint_ex)(form, out, size, &end, &left, STRSAFE_NO_TRUNCATION, T("%u"), 123456789),
             STATUS_BUFFER_OVERFLOW);
    CHECK(NAMED(same)(out, T("o"))); /* not modified */
    CHECK_EQ(end, out + 1);
    CHECK_EQ(left, 7 * form->unit);
    CHECK_EQ(NAMED(vprint_ex)(form, out, size, &end, &left, 0, T("%u"), 42), STATUS_SUCCESS);
    CHECK(NAMED(same)(out, T("42")) && end == out + 2);
}

#undef UNIT
