/* SPDX-License-Identifier: MIT */
/*
 * se/sid.c: security identifiers as data, and the well-known ones.
 *
 * A SID is a revision, an authority of 48 bits and up to 15 sub-authorities. The routines here look only at
 * the bytes; who a SID stands for is the token's business.
 */
#include <nt/rtl.h>
#include <nt/ex.h>
#include "sep.h"
#include "sei.h"

/* A SID of two sub-authorities, laid out as SID with room. */
typedef struct sid2 {
    UCHAR revision, count;
    SID_IDENTIFIER_AUTHORITY authority;
    ULONG sub[2];
} sid2;

#define DEFINE_SID(name, value, ...)                                                                         \
    static const sid2 name##_data = {SID_REVISION,                                                           \
                                     sizeof((ULONG[]){__VA_ARGS__}) / sizeof(ULONG),                         \
                                     {{0, 0, 0, 0, 0, value}},                                               \
                                     {__VA_ARGS__}};                                                         \
    PSID name = (PSID)&name##_data

DEFINE_SID(SeNullSid, 0, SECURITY_NULL_RID);
DEFINE_SID(SeWorldSid, 1, SECURITY_WORLD_RID);
DEFINE_SID(SeLocalSid, 2, SECURITY_LOCAL_RID);
DEFINE_SID(SeCreatorOwnerSid, 3, SECURITY_CREATOR_OWNER_RID);
DEFINE_SID(SeCreatorGroupSid, 3, SECURITY_CREATOR_GROUP_RID);
DEFINE_SID(SeLocalSystemSid, 5, SECURITY_LOCAL_SYSTEM_RID);
DEFINE_SID(SeAliasAdminsSid, 5, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS);
DEFINE_SID(SeAliasUsersSid, 5, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_USERS);
DEFINE_SID(SeAuthenticatedUsersSid, 5, SECURITY_AUTHENTICATED_USER_RID);
DEFINE_SID(SeInteractiveSid, 5, SECURITY_INTERACTIVE_RID);

BOOLEAN NTAPI RtlValidSid(PSID Sid)
{
    const SID *sid = Sid;
    return sid && (sid->Revision & 0xf) == SID_REVISION && sid->SubAuthorityCount <= SID_MAX_SUB_AUTHORITIES;
}

ULONG NTAPI RtlLengthRequiredSid(ULONG SubAuthorityCount)
{
    return sizeof(SID) - sizeof(ULONG) + SubAuthorityCount * sizeof(ULONG);
}

ULONG NTAPI RtlLengthSid(PSID Sid)
{
    return RtlLengthRequiredSid(((const SID *)Sid)->SubAuthorityCount);
}

BOOLEAN NTAPI RtlEqualSid(PSID Sid1, PSID Sid2)
{
    const SID *a = Sid1, *b = Sid2;
    return a->Revision == b->Revision && a->SubAuthorityCount == b->SubAuthorityCount &&
           RtlCompareMemory(a, b, RtlLengthSid(Sid1)) == RtlLengthSid(Sid1);
}

BOOLEAN NTAPI RtlEqualPrefixSid(PSID Sid1, PSID Sid2)
{
    const SID *a = Sid1, *b = Sid2;
    if (a->Revision != b->Revision || a->SubAuthorityCount != b->SubAuthorityCount)
        return FALSE;
    SIZE_T bytes = RtlLengthRequiredSid(a->SubAuthorityCount ? a->SubAuthorityCount - 1u : 0);
    return RtlCompareMemory(a, b, bytes) == bytes;
}

NTSTATUS NTAPI RtlInitializeSid(PSID Sid, PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                UCHAR SubAuthorityCount)
{
    SID *sid = Sid;
    if (SubAuthorityCount > SID_MAX_SUB_AUTHORITIES)
        return STATUS_INVALID_PARAMETER;
    sid->Revision = SID_REVISION;
    sid->SubAuthorityCount = SubAuthorityCount;
    sid->IdentifierAuthority = *IdentifierAuthority;
    return STATUS_SUCCESS;
}

PULONG NTAPI RtlSubAuthoritySid(PSID Sid, ULONG SubAuthority)
{
    return &((SID *)Sid)->SubAuthority[SubAuthority];
}

PUCHAR NTAPI RtlSubAuthorityCountSid(PSID Sid)
{
    return &((SID *)Sid)->SubAuthorityCount;
}

PSID_IDENTIFIER_AUTHORITY NTAPI RtlIdentifierAuthoritySid(PSID Sid)
{
    return &((SID *)Sid)->IdentifierAuthority;
}

NTSTATUS NTAPI RtlCopySid(ULONG DestinationSidLength, PSID DestinationSid, PSID SourceSid)
{
    ULONG bytes = RtlLengthSid(SourceSid);
    if (bytes > DestinationSidLength)
        return STATUS_BUFFER_TOO_SMALL;
    RtlMoveMemory(DestinationSid, SourceSid, bytes);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAllocateAndInitializeSid(PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                           UCHAR SubAuthorityCount, ULONG SubAuthority0, ULONG SubAuthority1,
                                           ULONG SubAuthority2, ULONG SubAuthority3, ULONG SubAuthority4,
                                           ULONG SubAuthority5, ULONG SubAuthority6, ULONG SubAuthority7,
                                           PSID *Sid)
{
    const ULONG given[8] = {SubAuthority0, SubAuthority1, SubAuthority2, SubAuthority3,
                            SubAuthority4, SubAuthority5, SubAuthority6, SubAuthority7};
    if (SubAuthorityCount > RTL_NUMBER_OF(given))
        return STATUS_INVALID_SID;
    *Sid = ExAllocatePoolWithTag(PagedPool, RtlLengthRequiredSid(SubAuthorityCount), SE_TAG);
    if (!*Sid)
        return STATUS_NO_MEMORY;
    RtlInitializeSid(*Sid, IdentifierAuthority, SubAuthorityCount);
    RtlCopyMemory(RtlSubAuthoritySid(*Sid, 0), given, SubAuthorityCount * sizeof(ULONG));
    return STATUS_SUCCESS;
}

PVOID NTAPI RtlFreeSid(PSID Sid)
{
    ExFreePoolWithTag(Sid, SE_TAG);
    return NULL;
}

/* ---------------------------------------------------------------- S-1-5-32-544 */

static PWCH put_number(PWCH at, ULONGLONG value, ULONG base)
{
    WCHAR digits[24];
    ULONG n = 0;
    do {
        digits[n++] = (WCHAR)("0123456789abcdef"[value % base]);
    } while ((value /= base) != 0);
    while (n)
        *at++ = digits[--n];
    return at;
}

NTSTATUS NTAPI RtlConvertSidToUnicodeString(PUNICODE_STRING UnicodeString, PSID Sid,
                                            BOOLEAN AllocateDestinationString)
{
    WCHAR text[256];
    PWCH at = text;
    const SID *sid = Sid;
    if (!RtlValidSid(Sid))
        return STATUS_INVALID_SID;
    ULONGLONG authority = 0;
    for (ULONG i = 0; i < 6; i++)
        authority = authority << 8 | sid->IdentifierAuthority.Value[i];
    *at++ = 'S';
    *at++ = '-';
    at = put_number(at, sid->Revision, 10);
    *at++ = '-';
    if (authority >> 32) {
        *at++ = '0';
        *at++ = 'x';
        at = put_number(at, authority, 16);
    } else {
        at = put_number(at, authority, 10);
    }
    for (ULONG i = 0; i < sid->SubAuthorityCount; i++) {
        *at++ = '-';
        at = put_number(at, sid->SubAuthority[i], 10);
    }
    USHORT bytes = (USHORT)((UCHAR *)at - (UCHAR *)text);
    if (AllocateDestinationString) {
        PWCH buffer = ExAllocatePoolWithTag(PagedPool, bytes + sizeof(WCHAR), SE_TAG_STRING);
        if (!buffer)
            return STATUS_NO_MEMORY;
        UnicodeString->Buffer = buffer;
        UnicodeString->MaximumLength = bytes + sizeof(WCHAR);
    } else if (UnicodeString->MaximumLength < bytes) {
        return STATUS_BUFFER_OVERFLOW;
    }
    RtlCopyMemory(UnicodeString->Buffer, text, bytes);
    UnicodeString->Length = bytes;
    if (UnicodeString->MaximumLength > bytes)
        UnicodeString->Buffer[bytes / sizeof(WCHAR)] = 0;
    return STATUS_SUCCESS;
}
