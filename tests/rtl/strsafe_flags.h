/* SPDX-License-Identifier: MIT */
/*
 * strsafe_flags.h - every combination of flags against every extended form for terminated strings; included once
 * for each width, behind strsafe_forms.h.
 *
 * The destination has room for 6 and holds "ab", its end and "...". What must be there afterwards is worked out
 * from the pages' table of flags, character by character; -1 stands for what no page speaks of.
 */

static NTSTATUS NAMED(flag_call)(const struct NAMED(forms) * form, enum flag_form which, STRSAFE_TEXT *to,
                                 const STRSAFE_TEXT *source, STRSAFE_TEXT **end, SIZE_T *left, ULONG flags)
{
    SIZE_T size = FLAG_ROOM * form->unit;
    switch (which) {
    case FLAG_COPY:
        return form->copy_ex(to, size, source, end, left, flags);
    case FLAG_COPY_N:
        return form->copy_n_ex(to, size, source, 9 * form->unit, end, left, flags);
    case FLAG_CAT:
        return form->cat_ex(to, size, source, end, left, flags);
    case FLAG_CAT_N:
        return form->cat_n_ex(to, size, source, 9 * form->unit, end, left, flags);
    case FLAG_PRINT:
        return form->print_ex(to, size, end, left, flags, source);
    default:
        return NAMED(vprint_ex)(form, to, size, end, left, flags, source);
    }
}

static void NAMED(check_flags_once)(const struct NAMED(forms) * form, enum flag_form which, const STRSAFE_TEXT *source,
                                    ULONG flags)
{
    static const STRSAFE_TEXT before[FLAG_ROOM] = {'a', 'b', 0, '.', '.', '.'};
    const STRSAFE_TEXT all_fill = (STRSAFE_TEXT)(UNIT_OF_TEXT == 1 ? 0x41 : 0x4141);
    STRSAFE_TEXT out[FLAG_ROOM], *end = NULL;
    LONG want[FLAG_ROOM];
    SIZE_T left = 0, length = flag_appends(which) ? 2 : 0;
    NTSTATUS status = source || (flags & STRSAFE_IGNORE_NULLS) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < FLAG_ROOM; i++)
        want[i] = out[i] = before[i];
    for (const STRSAFE_TEXT *c = source; status == STATUS_SUCCESS && c && *c; c++) {
        if (length + 1 == FLAG_ROOM)
            status = STATUS_BUFFER_OVERFLOW;
        else
            want[length++] = *c;
    }
    if (status != STATUS_INVALID_PARAMETER)
        want[length] = 0;
    if (status == STATUS_SUCCESS && (flags & STRSAFE_FILL_BEHIND_NULL))
        for (SIZE_T i = length + 1; i < FLAG_ROOM; i++)
            want[i] = all_fill;
    if (status == STATUS_BUFFER_OVERFLOW && (flags & STRSAFE_NO_TRUNCATION)) {
        length = flag_copies(which) ? 0 : 2;
        for (ULONG i = 0; i < FLAG_ROOM; i++)
            want[i] = flag_copies(which) ? (i == 0 ? 0 : -1) : before[i];
    }
    if (status != STATUS_SUCCESS && (flags & STRSAFE_FILL_ON_FAILURE)) {
        length = FLAG_ROOM - 1;
        for (ULONG i = 0; i < FLAG_ROOM; i++)
            want[i] = i == length ? 0 : all_fill;
    }
    if (status != STATUS_SUCCESS && (flags & STRSAFE_NULL_ON_FAILURE)) {
        length = 0;
        want[0] = 0;
        for (ULONG i = 1; i < FLAG_ROOM && !(flags & STRSAFE_FILL_ON_FAILURE); i++)
            want[i] = -1;
    }
    CHECK_EQ(NAMED(flag_call)(form, which, out, source, &end, &left, flags), status);
    for (ULONG i = 0; i < FLAG_ROOM; i++)
        if (want[i] != -1)
            CHECK_EQ(out[i], (STRSAFE_TEXT)want[i]);
    if (status != STATUS_INVALID_PARAMETER) {
        CHECK_EQ(end, out + length);
        CHECK_EQ(left, (FLAG_ROOM - length) * form->unit);
    }
}

static void NAMED(check_flags)(const struct NAMED(forms) * form)
{
    for (ULONG which = 0; which < FLAG_FORMS; which++)
        for (ULONG i = 0; i < FLAG_COMBINATIONS; i++) {
            NAMED(check_flags_once)(form, (enum flag_form)which, T("xyz"), flag_combination(i));
            NAMED(check_flags_once)(form, (enum flag_form)which, T("uvwxyz"), flag_combination(i));
            NAMED(check_flags_once)(form, (enum flag_form)which, T(""), flag_combination(i));
            NAMED(check_flags_once)(form, (enum flag_form)which, NULL, flag_combination(i));
        }
}

/* A destination that is full fails, a size of zero takes only what is empty, and unknown flags touch nothing. */
static void NAMED(check_bad_destinations)(const struct NAMED(forms) * form)
{
    STRSAFE_TEXT full[2] = {'f', 'f'};
    SIZE_T size = 2 * form->unit;
    CHECK_EQ(form->cat_ex(full, size, T(""), NULL, NULL, 0), STATUS_INVALID_PARAMETER);
    CHECK(full[0] == 'f' && full[1] == 'f');
    CHECK_EQ(form->cat_ex(full, size, T("x"), NULL, NULL, STRSAFE_NULL_ON_FAILURE), STATUS_INVALID_PARAMETER);
    CHECK(full[0] == 0 && full[1] == 'f');
    CHECK_EQ(form->copy_ex(full, 0, T("x"), NULL, NULL, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(form->copy_ex(full, 0, T(""), NULL, NULL, 0), STATUS_SUCCESS);
    CHECK_EQ(form->print_ex(full, 0, NULL, NULL, 0, T("x")), STATUS_INVALID_PARAMETER);
    CHECK_EQ(form->copy_ex(full, size, T("xyz"), NULL, NULL, 0x2000 | STRSAFE_FAILURE_BYTE(0)),
             STATUS_INVALID_PARAMETER);
    CHECK(full[0] == 0 && full[1] == 'f');
}
