/* SPDX-License-Identifier: MIT */
/* How the tests of ob call native services as user mode does. */
#ifndef KILN_TEST_OB_USER_PAGE_H
#define KILN_TEST_OB_USER_PAGE_H

#include "mi.h"

/* One page of the client's user memory, and PreviousMode UserMode until the end of the test. */
typedef struct user_page {
    HANDLE handle;
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    WCHAR text[64];
    LONG state;
    ULONG context, length;
    DECLSPEC_ALIGN(8) UCHAR buffer[512];
} user_page;

static inline user_page *enter_user_mode(void)
{
    PVOID page;
    CHECK_EQ(MiAllocateUser(PsGetCurrentProcess(), PAGE_SIZE, PAGE_READWRITE, &page), STATUS_SUCCESS);
    KiThread()->PreviousMode = UserMode;
    return page;
}

static inline void leave_user_mode(user_page *page)
{
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(MiFreeUser(PsGetCurrentProcess(), page), STATUS_SUCCESS);
}

static inline POBJECT_ATTRIBUTES name_it(user_page *user, PCWSTR name)
{
    ULONG i = 0;
    for (; name[i]; i++)
        user->text[i] = name[i];
    user->name.Buffer = user->text;
    user->name.Length = user->name.MaximumLength = (USHORT)(i * 2);
    InitializeObjectAttributes(&user->attributes, &user->name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return &user->attributes;
}

#endif
