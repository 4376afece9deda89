/* SPDX-License-Identifier: MIT */
/* Lists of SIDs, and descriptors that are rearranged. */
#include <ntifs.h>
#include "sep.h"
#include "harness.h"

KILN_TEST_ONCE(se_sidlist, is_copied_with_its_sids)
{
    SID_AND_ATTRIBUTES from[2] = {{SeWorldSid, 7}, {SeAliasAdminsSid, 9}}, to[2];
    LUID_AND_ATTRIBUTES luids[2] = {{{1, 2}, 3}, {{4, 5}, 6}}, copies[2];
    UCHAR area[64];
    PVOID rest;
    ULONG left;
    ULONG needed = RtlLengthSid(SeWorldSid) + RtlLengthSid(SeAliasAdminsSid);
    CHECK_EQ(RtlCopySidAndAttributesArray(2, from, needed - 1, to, area, &rest, &left), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(RtlCopySidAndAttributesArray(2, from, sizeof(area), to, area, &rest, &left), STATUS_SUCCESS);
    CHECK_EQ(left, sizeof(area) - needed);
    CHECK((UCHAR *)rest == area + needed);
    CHECK(to[1].Sid != from[1].Sid && RtlEqualSid(to[1].Sid, SeAliasAdminsSid) && to[1].Attributes == 9);
    RtlCopyLuidAndAttributesArray(2, luids, copies);
    CHECK_EQ(copies[1].Luid.HighPart, 5);
    CHECK_EQ(copies[1].Attributes, 6);
}

KILN_TEST_ONCE(se_sidlist, a_hash_finds_every_entry_of_any_length)
{
    static struct {
        UCHAR revision, count;
        SID_IDENTIFIER_AUTHORITY authority;
        ULONG sub;
    } sids[100];
    static SID_AND_ATTRIBUTES list[100];
    SID_AND_ATTRIBUTES_HASH hash;
    for (ULONG i = 0; i < 100; i++) {
        sids[i].revision = SID_REVISION;
        sids[i].count = 1;
        sids[i].authority.Value[5] = 5;
        sids[i].sub = i * 3;
        list[i].Sid = &sids[i];
    }
    CHECK_EQ(RtlSidHashInitialize(list, 99, &hash), STATUS_SUCCESS);
    for (ULONG i = 0; i < 99; i++)
        CHECK(RtlSidHashLookup(&hash, &sids[i]) == &list[i]);
    CHECK(RtlSidHashLookup(&hash, &sids[99]) == NULL);
    CHECK_EQ(RtlSidHashInitialize(NULL, 0, &hash), STATUS_SUCCESS);
    CHECK(RtlSidHashLookup(&hash, &sids[0]) == NULL);
    CHECK_EQ(RtlSidHashInitialize(NULL, 1, &hash), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlSidHashInitialize(list, 1, NULL), STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(se_sidlist, granted_masks_are_compared)
{
    CHECK(RtlAreAllAccessesGranted(7, 5) && !RtlAreAllAccessesGranted(4, 5) && RtlAreAllAccessesGranted(0, 0));
    CHECK(RtlAreAnyAccessesGranted(4, 5) && !RtlAreAnyAccessesGranted(2, 5) && !RtlAreAnyAccessesGranted(7, 0));
}

KILN_TEST_ONCE(se_acl, an_entry_is_found_by_its_type)
{
    static const SID owner_rights = {SID_REVISION, 1, {{0, 0, 0, 0, 0, 3}}, {4}};
    UCHAR space[128];
    PACL acl = (PACL)space;
    ULONG index = 9;
    PVOID ace;
    RtlCreateAcl(acl, sizeof(space), ACL_REVISION);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, SeWorldSid);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, 2, SeAliasAdminsSid);
    RtlGetAce(acl, 1, &ace);
    ((PACE_HEADER)ace)->AceType = ACCESS_DENIED_ACE_TYPE;
    CHECK(RtlFindAceByType(acl, ACCESS_DENIED_ACE_TYPE, &index) == ace);
    CHECK_EQ(index, 1);
    CHECK(RtlFindAceByType(acl, SYSTEM_AUDIT_ACE_TYPE, NULL) == NULL);
    CHECK(RtlFindAceByType(NULL, SYSTEM_AUDIT_ACE_TYPE, NULL) == NULL);
    CHECK(!RtlOwnerAcesPresent(acl) && !RtlOwnerAcesPresent(NULL));
    RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, (PSID)&owner_rights);
    CHECK(RtlOwnerAcesPresent(acl));
}

/* Self-relative: the group, the owner, then a DACL with an ALLOW entry that stands in it twice, and room to spare. */
static ULONG make_untidy(UCHAR *buffer, ULONG size)
{
    PISECURITY_DESCRIPTOR_RELATIVE sd = (PISECURITY_DESCRIPTOR_RELATIVE)buffer;
    RtlZeroMemory(buffer, size);
    sd->Revision = SECURITY_DESCRIPTOR_REVISION;
    sd->Control = SE_SELF_RELATIVE | SE_DACL_PRESENT | SE_SACL_PRESENT;
    sd->Group = sizeof(*sd);
    RtlCopySid(16, buffer + sd->Group, SeAliasUsersSid);
    sd->Owner = sd->Group + 20; /* with padding between that is not zero */
    buffer[sd->Group + 17] = 0xAA;
    RtlCopySid(16, buffer + sd->Owner, SeAliasAdminsSid);
    sd->Dacl = sd->Owner + 16;
    PACL dacl = (PACL)(buffer + sd->Dacl);
    RtlCreateAcl(dacl, 128, ACL_REVISION);
    RtlAddAccessAllowedAce(dacl, ACL_REVISION, 1, SeWorldSid);
    RtlAddAccessAllowedAce(dacl, ACL_REVISION, 2, SeWorldSid);
    RtlAddAccessAllowedAce(dacl, ACL_REVISION, 1, SeWorldSid);
    sd->Sacl = sd->Dacl + 128;
    RtlCreateAcl((PACL)(buffer + sd->Sacl), sizeof(ACL), ACL_REVISION);
    return sd->Sacl + sizeof(ACL);
}

KILN_TEST_ONCE(se_descriptor, is_normalized)
{
    UCHAR untidy[512], tidy[512];
    PSECURITY_DESCRIPTOR sd = untidy, out = tidy, fresh = NULL;
    ULONG length = make_untidy(untidy, sizeof(untidy)), now = 0, again = 0;
    PISECURITY_DESCRIPTOR_RELATIVE result = (PISECURITY_DESCRIPTOR_RELATIVE)tidy;
    tidy[0] = 0x77;
    CHECK(RtlNormalizeSecurityDescriptor(&sd, length, &out, &now, TRUE)); /* only asked */
    CHECK_EQ(tidy[0], 0x77);
    CHECK(RtlNormalizeSecurityDescriptor(&sd, length, &out, &now, FALSE));
    CHECK(out == tidy && sd == untidy);
    CHECK(RtlValidRelativeSecurityDescriptor(tidy, now, 0));
    CHECK(result->Sacl == 0);                                       /* one without entries goes */
    CHECK_EQ(((PACL)(tidy + result->Dacl))->AceCount, 2);           /* the duplicate goes */
    CHECK_EQ(((PACL)(tidy + result->Dacl))->AclSize, 8 + 2 * 20);   /* and the room to spare */
    CHECK(result->Dacl < result->Owner && result->Owner < result->Group); /* Sacl, Dacl, Owner, Group */
    CHECK_EQ(now, 20 + 48 + 16 + 16);
    CHECK(RtlEqualSid(tidy + result->Owner, SeAliasAdminsSid));
    /* What is normal stays. */
    out = NULL;
    sd = tidy;
    CHECK(!RtlNormalizeSecurityDescriptor(&sd, now, &out, &again, FALSE));
    CHECK(out == NULL);
    /* A new block for who has none. */
    sd = untidy;
    CHECK(RtlNormalizeSecurityDescriptor(&sd, length, &fresh, &again, FALSE));
    CHECK_EQ(again, now);
    CHECK_EQ(RtlCompareMemory(fresh, tidy, now), now);
    ExFreePool(fresh);
    /* In place of the caller's block. */
    sd = ExAllocatePool2(POOL_FLAG_PAGED, length, 'tseT');
    RtlCopyMemory(sd, untidy, length);
    PSECURITY_DESCRIPTOR before = sd;
    CHECK(RtlNormalizeSecurityDescriptor(&sd, length, NULL, &again, FALSE));
    CHECK(sd != before);
    CHECK_EQ(RtlCompareMemory(sd, tidy, now), now);
    ExFreePool(sd);
    sd = untidy;
    CHECK(!RtlNormalizeSecurityDescriptor(&sd, 12, NULL, NULL, TRUE)); /* invalid: FALSE */
}

KILN_TEST_ONCE(se_descriptor, becomes_absolute_in_its_buffer)
{
    UCHAR buffer[512] __attribute__((aligned(8)));
    ULONG length = make_untidy(buffer, sizeof(buffer)), size = length;
    PISECURITY_DESCRIPTOR sd = (PISECURITY_DESCRIPTOR)buffer;
    CHECK_EQ(RtlSelfRelativeToAbsoluteSD2(sd, &size), STATUS_BUFFER_TOO_SMALL);
    CHECK(size > length && size <= sizeof(buffer));
    CHECK_EQ(RtlSelfRelativeToAbsoluteSD2(sd, &size), STATUS_SUCCESS);
    CHECK(!(sd->Control & SE_SELF_RELATIVE));
    CHECK(RtlEqualSid(sd->Owner, SeAliasAdminsSid) && RtlEqualSid(sd->Group, SeAliasUsersSid));
    CHECK_EQ(sd->Dacl->AceCount, 3);
    CHECK(RtlValidSecurityDescriptor(sd));
    CHECK_EQ(RtlSelfRelativeToAbsoluteSD2(sd, &size), STATUS_BAD_DESCRIPTOR_FORMAT);
}

KILN_TEST_ONCE(se_descriptor, a_sid_is_replaced_wherever_it_stands)
{
    UCHAR buffer[512];
    ULONG changes = 0;
    make_untidy(buffer, sizeof(buffer));
    PISECURITY_DESCRIPTOR_RELATIVE sd = (PISECURITY_DESCRIPTOR_RELATIVE)buffer;
    CHECK_EQ(RtlReplaceSidInSd(sd, SeWorldSid, SeLocalSystemSid, &changes), STATUS_SUCCESS);
    CHECK_EQ(changes, 3);
    CHECK_EQ(RtlReplaceSidInSd(sd, SeAliasAdminsSid, SeAliasUsersSid, &changes), STATUS_SUCCESS);
    CHECK_EQ(changes, 1);
    CHECK(RtlEqualSid(buffer + sd->Owner, SeAliasUsersSid));
    CHECK_EQ(RtlReplaceSidInSd(sd, SeAliasUsersSid, SeWorldSid, &changes), STATUS_INVALID_PARAMETER); /* shorter */
    sd->Revision = 9;
    CHECK_EQ(RtlReplaceSidInSd(sd, SeWorldSid, SeLocalSystemSid, &changes), STATUS_INVALID_SECURITY_DESCR);
}
