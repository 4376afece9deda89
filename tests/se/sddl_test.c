/* SPDX-License-Identifier: MIT */
/* Security descriptors from text, and what is refused. */
#include <ntifs.h>
#include "psp.h"
#include "sep.h"
#include "harness.h"

static NTSTATUS parse(const WCHAR *text, PSECURITY_DESCRIPTOR *descriptor)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, text);
    return SepParseSddl(&string, descriptor);
}

static PACL dacl_of(PSECURITY_DESCRIPTOR descriptor)
{
    BOOLEAN present = FALSE, defaulted;
    PACL acl = NULL;
    CHECK_EQ(RtlGetDaclSecurityDescriptor(descriptor, &present, &acl, &defaulted), STATUS_SUCCESS);
    CHECK(present);
    return acl;
}

KILN_TEST_ONCE(se_sddl, gives_each_entry_its_rights_and_sid_in_order)
{
    PSECURITY_DESCRIPTOR descriptor;
    PACCESS_ALLOWED_ACE ace;
    PACL acl;
    CHECK_EQ(parse(L"D:P(A;;GA;;;SY)(D;OICI;0x1F;;;S-1-5-32-544)(A;;GRGW;;;wd)", &descriptor),
             STATUS_SUCCESS);
    CHECK(((PISECURITY_DESCRIPTOR_RELATIVE)descriptor)->Control & SE_DACL_PROTECTED);
    CHECK(RtlValidSecurityDescriptor(descriptor));
    acl = dacl_of(descriptor);
    CHECK_EQ(acl->AceCount, 3);
    CHECK_EQ(RtlGetAce(acl, 0, (PVOID *)&ace), STATUS_SUCCESS);
    CHECK_EQ(ace->Mask, GENERIC_ALL);
    CHECK(RtlEqualSid(&ace->SidStart, SeLocalSystemSid));
    CHECK_EQ(RtlGetAce(acl, 1, (PVOID *)&ace), STATUS_SUCCESS);
    CHECK_EQ(ace->Header.AceType, ACCESS_DENIED_ACE_TYPE);
    CHECK_EQ(ace->Header.AceFlags, OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE);
    CHECK_EQ(ace->Mask, 0x1F);
    CHECK(RtlEqualSid(&ace->SidStart, SeAliasAdminsSid));
    CHECK_EQ(RtlGetAce(acl, 2, (PVOID *)&ace), STATUS_SUCCESS);
    CHECK_EQ(ace->Mask, GENERIC_READ | GENERIC_WRITE);
    CHECK(RtlEqualSid(&ace->SidStart, SeWorldSid));
    SepFreeSddl(descriptor);
}

KILN_TEST_ONCE(se_sddl, a_protected_list_without_entries_grants_nothing)
{
    PSECURITY_DESCRIPTOR descriptor;
    CHECK_EQ(parse(L"D:P", &descriptor), STATUS_SUCCESS);
    CHECK_EQ(dacl_of(descriptor)->AceCount, 0);
    SepFreeSddl(descriptor);
}

KILN_TEST_ONCE(se_sddl, names_owner_and_group)
{
    PSECURITY_DESCRIPTOR descriptor;
    PSID owner, group;
    BOOLEAN defaulted;
    CHECK_EQ(parse(L"O:BAG:SYD:(A;;GA;;;BA)", &descriptor), STATUS_SUCCESS);
    CHECK_EQ(RtlGetOwnerSecurityDescriptor(descriptor, &owner, &defaulted), STATUS_SUCCESS);
    CHECK_EQ(RtlGetGroupSecurityDescriptor(descriptor, &group, &defaulted), STATUS_SUCCESS);
    CHECK(RtlEqualSid(owner, SeAliasAdminsSid));
    CHECK(RtlEqualSid(group, SeLocalSystemSid));
    SepFreeSddl(descriptor);
}

KILN_TEST_ONCE(se_sddl, refuses_what_it_does_not_understand)
{
    static const WCHAR *const bad[] = {
        L"",
        L"D",
        L"X:P",
        L"D:Q",
        L"D:(A;;GA;;;SY",
        L"D:(A;;GA;;;QQ)",
        L"D:(Z;;GA;;;SY)",
        L"D:(A;;GQ;;;SY)",
        L"D:(A;XX;GA;;;SY)",
        L"D:(A;;GA;SY)",
        L"D:(A;;0x1FFFFFFFF;;;SY)",
        L"D:(A;;GA;;;S-1-5)",
        L"D:(A;;GA;;;S-2-5-18)",
        L"D:P(A;;GA;;;SY)D:P",
        L"O:BAO:SY",
        L"D:(A;;GA;;;S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16)",
        L"D:(A;;G",
        L"D:(A;;GA;;;SY)x",
    };
    PSECURITY_DESCRIPTOR descriptor;
    for (ULONG i = 0; i < ARRAYSIZE(bad); i++) {
        CHECK_EQ(parse(bad[i], &descriptor), STATUS_INVALID_PARAMETER);
        CHECK(descriptor == NULL);
    }
}
