/* SPDX-License-Identifier: MIT */
/* Replacing parts of an object's descriptor with automatic inheritance. Page: nf-ntifs-sesetsecuritydescriptorinfoex. */
#include <ntifs.h>
#include "sep.h"
#include "harness.h"

static GENERIC_MAPPING mapping = {1, 2, 4, 7};
static UCHAR old_space[256], new_space[256];

typedef struct entry {
    ACCESS_MASK mask;
    UCHAR flags;
} entry;

static PACL list(UCHAR *space, const entry *entries, ULONG count)
{
    PACL acl = (PACL)space;
    CHECK_EQ(RtlCreateAcl(acl, 256, ACL_REVISION), STATUS_SUCCESS);
    for (ULONG i = 0; i < count; i++) {
        PVOID ace;
        CHECK_EQ(RtlAddAccessAllowedAce(acl, ACL_REVISION, entries[i].mask, SeWorldSid), STATUS_SUCCESS);
        CHECK_EQ(RtlGetAce(acl, i, &ace), STATUS_SUCCESS);
        ((PACE_HEADER)ace)->AceFlags = entries[i].flags;
    }
    return acl;
}

static PSECURITY_DESCRIPTOR stored(PACL dacl, USHORT control)
{
    SECURITY_DESCRIPTOR sd;
    ULONG bytes = 0;
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlSetOwnerSecurityDescriptor(&sd, SeLocalSystemSid, FALSE);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, dacl, FALSE);
    sd.Control |= control;
    CHECK_EQ(RtlAbsoluteToSelfRelativeSD(&sd, NULL, &bytes), STATUS_BUFFER_TOO_SMALL);
    PSECURITY_DESCRIPTOR result = ExAllocatePoolWithTag(PagedPool, bytes, 0x20206553);
    CHECK_EQ(RtlAbsoluteToSelfRelativeSD(&sd, result, &bytes), STATUS_SUCCESS);
    return result;
}

/* Set `new` over `old`; the masks of the resulting list, one digit each, 8 added to those of inherited entries. */
static ULONG set(USHORT old_control, USHORT new_control, ULONG flags, PUSHORT control)
{
    static const entry old[] = {{1, 0}, {2, INHERITED_ACE}}, new[] = {{3, 0}, {4, INHERITED_ACE}};
    SECURITY_INFORMATION parts = DACL_SECURITY_INFORMATION;
    PSECURITY_DESCRIPTOR object = stored(list(old_space, old, 2), old_control);
    SECURITY_DESCRIPTOR sd;
    BOOLEAN present, defaulted;
    PACL dacl = NULL;
    PSID owner = NULL;
    ULONG digits = 0;
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, list(new_space, new, 2), FALSE);
    sd.Control |= new_control;
    CHECK_EQ(SeSetSecurityDescriptorInfoEx(NULL, &parts, &sd, &object, flags, PagedPool, &mapping), STATUS_SUCCESS);
    CHECK_EQ(RtlGetDaclSecurityDescriptor(object, &present, &dacl, &defaulted), STATUS_SUCCESS);
    CHECK(present && RtlValidAcl(dacl) && RtlValidSecurityDescriptor(object));
    for (ULONG i = 0; i < dacl->AceCount; i++) {
        PVOID entry;
        RtlGetAce(dacl, i, &entry);
        PACCESS_ALLOWED_ACE ace = entry;
        digits = digits << 4 | ace->Mask | (ace->Header.AceFlags & INHERITED_ACE ? 8 : 0);
    }
    CHECK_EQ(RtlGetOwnerSecurityDescriptor(object, &owner, &defaulted), STATUS_SUCCESS);
    CHECK(RtlEqualSid(owner, SeLocalSystemSid)); /* was not to be set */
    *control = ((PISECURITY_DESCRIPTOR)object)->Control;
    ExFreePool(object);
    return digits;
}

KILN_TEST_ONCE(se_modify, without_flags_the_list_is_replaced)
{
    USHORT control;
    CHECK_EQ(set(0, 0, 0, &control), 0x3C);
    CHECK(!(control & SE_DACL_AUTO_INHERITED));
    CHECK_EQ(set(0, 0, SEF_SACL_AUTO_INHERIT, &control), 0x3C); /* ignored: the SACL is not set */
}

KILN_TEST_ONCE(se_modify, inherited_entries_of_the_object_stay_and_only_explicit_ones_are_set)
{
    USHORT control;
    CHECK_EQ(set(0, 0, SEF_DACL_AUTO_INHERIT, &control), 0x3A);
    CHECK(control & SE_DACL_AUTO_INHERITED);
    CHECK(!(control & SE_DACL_PROTECTED));
}

KILN_TEST_ONCE(se_modify, a_protected_list_is_copied_and_nothing_in_it_is_inherited)
{
    USHORT control;
    CHECK_EQ(set(0, SE_DACL_PROTECTED, SEF_DACL_AUTO_INHERIT, &control), 0x34);
    CHECK(control & SE_DACL_PROTECTED);
    CHECK_EQ(set(SE_DACL_PROTECTED, SE_DACL_PROTECTED, SEF_DACL_AUTO_INHERIT, &control), 0x34);
}

KILN_TEST_ONCE(se_modify, over_a_protected_list_an_unprotected_one_is_copied)
{
    USHORT control;
    CHECK_EQ(set(SE_DACL_PROTECTED, 0, SEF_DACL_AUTO_INHERIT, &control), 0x3C);
    CHECK(!(control & SE_DACL_PROTECTED));
}

KILN_TEST_ONCE(se_modify, the_object_has_a_self_relative_descriptor)
{
    SECURITY_INFORMATION parts = DACL_SECURITY_INFORMATION;
    SECURITY_DESCRIPTOR sd, absolute;
    PSECURITY_DESCRIPTOR object = NULL;
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlCreateSecurityDescriptor(&absolute, SECURITY_DESCRIPTOR_REVISION);
    CHECK_EQ(SeSetSecurityDescriptorInfoEx(NULL, &parts, &sd, &object, 0, PagedPool, &mapping),
             STATUS_NO_SECURITY_ON_OBJECT);
    object = &absolute;
    CHECK_EQ(SeSetSecurityDescriptorInfoEx(NULL, &parts, &sd, &object, 0, PagedPool, &mapping),
             STATUS_BAD_DESCRIPTOR_FORMAT);
    CHECK(object == &absolute);
}
