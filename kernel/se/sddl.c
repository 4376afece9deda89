/* SPDX-License-Identifier: MIT */
/*
 * sddl.c: security descriptors from text, as drivers give them for their devices.
 *
 *      O:owner G:group D:flags(ace)(ace)... S:flags(ace)...          in any order, each at most once
 *      ace = type;ace flags;rights;object type;inherited object type;SID
 *
 * Object types must be empty: devices have none. Rights are two-letter names run together, or a number. A SID
 * is a two-letter name, or S-1-... . What is not understood is refused with STATUS_INVALID_PARAMETER; nothing
 * is guessed. The work is done on a cursor over the caller's text, which is not modified. PASSIVE_LEVEL.
 * Pages: "SDDL for Device Objects"; "Security Descriptor String Format".
 */
#include <nt/ex.h>
#include <nt/rtl.h>
#include "sep.h"
#include "sei.h"

#define SDDL_TAG    0x6C644453 /* 'SDdl' */
#define SID_BYTES   (8 + 4 * SID_MAX_SUB_AUTHORITIES)
#define ACE_BYTES   (8 + SID_BYTES)
#define ANY_CASE(c) ((c) >= 'a' && (c) <= 'z' ? (c)-32 : (c))

struct cursor {
    const WCHAR *at, *end;
};

/* A SID in the making. */
struct sid {
    UCHAR revision, count, authority[6];
    ULONG sub[SID_MAX_SUB_AUTHORITIES];
};

struct name {
    CHAR text[3];
    ULONG value;
};

static const struct name rights[] = {
    {"GA", GENERIC_ALL},  {"GR", GENERIC_READ}, {"GW", GENERIC_WRITE}, {"GX", GENERIC_EXECUTE},
    {"RC", READ_CONTROL}, {"SD", DELETE},       {"WD", WRITE_DAC},     {"WO", WRITE_OWNER},
    {"FA", 0x001F01FF},   {"FR", 0x00120089},   {"FW", 0x00120116},    {"FX", 0x001200A0},
    {"KA", 0x000F003F},   {"KR", 0x00020019},   {"KW", 0x00020006},    {"KX", 0x00020019},
};

static const struct name ace_flags[] = {
    {"OI", OBJECT_INHERIT_ACE},     {"CI", CONTAINER_INHERIT_ACE}, {"NP", NO_PROPAGATE_INHERIT_ACE},
    {"IO", INHERIT_ONLY_ACE},       {"ID", INHERITED_ACE},         {"SA", SUCCESSFUL_ACCESS_ACE_FLAG},
    {"FA", FAILED_ACCESS_ACE_FLAG},
};

/* Well-known SIDs: the authority, then one or two sub-authorities (0xFFFFFFFF: no second). */
static const struct {
    CHAR text[3];
    UCHAR authority;
    ULONG first, second;
} sids[] = {
    {"WD", 1, SECURITY_WORLD_RID, ~0u},
    {"CO", 3, SECURITY_CREATOR_OWNER_RID, ~0u},
    {"CG", 3, SECURITY_CREATOR_GROUP_RID, ~0u},
    {"NU", 5, SECURITY_NETWORK_RID, ~0u},
    {"IU", 5, SECURITY_INTERACTIVE_RID, ~0u},
    {"SU", 5, SECURITY_SERVICE_RID, ~0u},
    {"AN", 5, SECURITY_ANONYMOUS_LOGON_RID, ~0u},
    {"PS", 5, SECURITY_PRINCIPAL_SELF_RID, ~0u},
    {"AU", 5, SECURITY_AUTHENTICATED_USER_RID, ~0u},
    {"RC", 5, SECURITY_RESTRICTED_CODE_RID, ~0u},
    {"SY", 5, SECURITY_LOCAL_SYSTEM_RID, ~0u},
    {"LS", 5, SECURITY_LOCAL_SERVICE_RID, ~0u},
    {"NS", 5, SECURITY_NETWORK_SERVICE_RID, ~0u},
    {"WR", 5, SECURITY_WRITE_RESTRICTED_CODE_RID, ~0u},
    {"BA", 5, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS},
    {"BU", 5, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_USERS},
    {"BG", 5, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_GUESTS},
    {"PU", 5, SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_POWER_USERS},
    {"UD", 5, 84, 0}, /* user-mode drivers: S-1-5-84-0-0-0-0-0 */
    {"AC", 15, 2, 1}, /* all application packages */
    {"LW", 16, SECURITY_MANDATORY_LOW_RID, ~0u},
    {"ME", 16, SECURITY_MANDATORY_MEDIUM_RID, ~0u},
    {"HI", 16, SECURITY_MANDATORY_HIGH_RID, ~0u},
    {"SI", 16, SECURITY_MANDATORY_SYSTEM_RID, ~0u},
};

/* ---------------------------------------------------------------- the cursor */

static WCHAR peek(const struct cursor *c)
{
    return c->at < c->end ? ANY_CASE(*c->at) : 0;
}

static BOOLEAN take(struct cursor *c, CHAR wanted)
{
    if (peek(c) != (WCHAR)wanted)
        return FALSE;
    c->at++;
    return TRUE;
}

static BOOLEAN take_name(struct cursor *c, const CHAR *text)
{
    if (c->end - c->at < 2 || ANY_CASE(c->at[0]) != (WCHAR)text[0] || ANY_CASE(c->at[1]) != (WCHAR)text[1])
        return FALSE;
    c->at += 2;
    return TRUE;
}

static int digit(WCHAR character, ULONG base)
{
    WCHAR upper = ANY_CASE(character);
    int value = upper >= '0' && upper <= '9'   ? upper - '0'
                : upper >= 'A' && upper <= 'F' ? upper - 'A' + 10
                                               : 99;
    return value < (int)base ? value : -1;
}

/* A number as C writes it: decimal, or hexadecimal after 0x. */
static BOOLEAN take_number(struct cursor *c, ULONG64 limit, ULONG64 *value)
{
    ULONG base = 10;
    *value = 0;
    if (peek(c) == '0' && c->end - c->at > 2 && ANY_CASE(c->at[1]) == 'X') {
        c->at += 2;
        base = 16;
    }
    if (c->at == c->end || digit(*c->at, base) < 0)
        return FALSE;
    for (int next; c->at < c->end && (next = digit(*c->at, base)) >= 0; c->at++) {
        if (*value > (limit - (ULONG)next) / base)
            return FALSE;
        *value = *value * base + (ULONG)next;
    }
    return TRUE;
}

/* ---------------------------------------------------------------- the parts */

static BOOLEAN parse_sid_number(struct cursor *c, struct sid *sid)
{
    ULONG64 value;
    if (!take(c, 'S') || !take(c, '-') || !take_number(c, SID_REVISION, &value) || value != SID_REVISION ||
        !take(c, '-') || !take_number(c, (1ULL << 48) - 1, &value))
        return FALSE;
    sid->revision = SID_REVISION;
    for (ULONG i = 0; i < 6; i++)
        sid->authority[i] = (UCHAR)(value >> (40 - 8 * i));
    while (take(c, '-')) {
        if (sid->count == SID_MAX_SUB_AUTHORITIES || !take_number(c, 0xFFFFFFFF, &value))
            return FALSE;
        sid->sub[sid->count++] = (ULONG)value;
    }
    return sid->count > 0;
}

static BOOLEAN parse_sid(struct cursor *c, struct sid *sid)
{
    RtlZeroMemory(sid, sizeof *sid);
    if (c->end - c->at >= 2 && peek(c) == 'S' && c->at[1] == '-')
        return parse_sid_number(c, sid);
    for (ULONG i = 0; i < ARRAYSIZE(sids); i++) {
        if (!take_name(c, sids[i].text))
            continue;
        sid->revision = SID_REVISION;
        sid->authority[5] = sids[i].authority;
        sid->sub[0] = sids[i].first;
        sid->sub[1] = sids[i].second == ~0u ? 0 : sids[i].second;
        sid->count = sids[i].second == ~0u ? 1 : sids[i].first == 84 ? 6 : 2;
        return TRUE;
    }
    return FALSE;
}

/* Names run together up to the next ';', as bits. */
static BOOLEAN parse_names(struct cursor *c, const struct name *names, ULONG count, ULONG *bits)
{
    *bits = 0;
    while (c->at < c->end && *c->at != ';') {
        ULONG i = 0;
        while (i < count && !take_name(c, names[i].text))
            i++;
        if (i == count)
            return FALSE;
        *bits |= names[i].value;
    }
    return TRUE;
}

static BOOLEAN parse_rights(struct cursor *c, ULONG *mask)
{
    ULONG64 value;
    if (digit(peek(c), 10) < 0)
        return parse_names(c, rights, ARRAYSIZE(rights), mask);
    if (!take_number(c, 0xFFFFFFFF, &value))
        return FALSE;
    *mask = (ULONG)value;
    return TRUE;
}

/* "(type;flags;rights;;;sid)", appended to the ACL, which has room for it. */
static BOOLEAN parse_ace(struct cursor *c, BOOLEAN system, PACL acl)
{
    struct {
        ACE_HEADER header;
        ACCESS_MASK mask;
        struct sid sid;
    } ace;
    ULONG flags;
    if (!take(c, '('))
        return FALSE;
    if (system ? take_name(c, "AU") : take(c, 'A'))
        ace.header.AceType = system ? SYSTEM_AUDIT_ACE_TYPE : ACCESS_ALLOWED_ACE_TYPE;
    else if (system && take_name(c, "ML"))
        ace.header.AceType = SYSTEM_MANDATORY_LABEL_ACE_TYPE;
    else if (!system && take(c, 'D'))
        ace.header.AceType = ACCESS_DENIED_ACE_TYPE;
    else
        return FALSE;
    if (!take(c, ';') || !parse_names(c, ace_flags, ARRAYSIZE(ace_flags), &flags) || !take(c, ';') ||
        !parse_rights(c, &ace.mask) || !take(c, ';') || !take(c, ';') || !take(c, ';') ||
        !parse_sid(c, &ace.sid) || !take(c, ')'))
        return FALSE;
    ace.header.AceFlags = (UCHAR)flags;
    ace.header.AceSize = (USHORT)(8 + RtlLengthSid((PSID)&ace.sid));
    return NT_SUCCESS(RtlAddAce(acl, ACL_REVISION, MAXULONG, &ace, ace.header.AceSize));
}

/* The flags before the first ACE: P protected, AR and AI for inheritance. */
static BOOLEAN parse_acl(struct cursor *c, BOOLEAN system, PACL acl, SECURITY_DESCRIPTOR_CONTROL *control)
{
    while (c->at < c->end && *c->at != '(' && !(c->end - c->at >= 2 && c->at[1] == ':')) {
        if (take(c, 'P'))
            *control |= system ? SE_SACL_PROTECTED : SE_DACL_PROTECTED;
        else if (take_name(c, "AR"))
            *control |= system ? SE_SACL_AUTO_INHERIT_REQ : SE_DACL_AUTO_INHERIT_REQ;
        else if (take_name(c, "AI"))
            *control |= system ? SE_SACL_AUTO_INHERITED : SE_DACL_AUTO_INHERITED;
        else
            return FALSE;
    }
    while (peek(c) == '(')
        if (!parse_ace(c, system, acl))
            return FALSE;

    /* What the entries did not need is not part of the list. */
    USHORT used = sizeof *acl;
    PVOID ace;
    for (ULONG i = 0; NT_SUCCESS(RtlGetAce(acl, i, &ace)); i++)
        used += ((PACE_HEADER)ace)->AceSize;
    acl->AclSize = used;
    return TRUE;
}

/* What the text says, in absolute form; the parts lie in the work area. */
struct work {
    SECURITY_DESCRIPTOR descriptor;
    struct sid owner, group;
    UCHAR acls[];
};

static BOOLEAN parse(struct cursor *c, struct work *work, ULONG acl_bytes)
{
    PISECURITY_DESCRIPTOR descriptor = &work->descriptor;
    PACL dacl = (PACL)work->acls, sacl = (PACL)(work->acls + acl_bytes);
    RtlCreateSecurityDescriptor(descriptor, SECURITY_DESCRIPTOR_REVISION);
    while (c->at < c->end) {
        WCHAR part = peek(c);
        c->at++;
        if (!take(c, ':'))
            return FALSE;
        switch (part) {
        case 'O':
            if (descriptor->Owner || !parse_sid(c, &work->owner))
                return FALSE;
            descriptor->Owner = &work->owner;
            break;
        case 'G':
            if (descriptor->Group || !parse_sid(c, &work->group))
                return FALSE;
            descriptor->Group = &work->group;
            break;
        case 'D':
        case 'S':
            if (descriptor->Control & (part == 'S' ? SE_SACL_PRESENT : SE_DACL_PRESENT))
                return FALSE;
            RtlCreateAcl(part == 'S' ? sacl : dacl, acl_bytes, ACL_REVISION);
            if (!parse_acl(c, part == 'S', part == 'S' ? sacl : dacl, &descriptor->Control))
                return FALSE;
            if (part == 'S')
                RtlSetSaclSecurityDescriptor(descriptor, TRUE, sacl, FALSE);
            else
                RtlSetDaclSecurityDescriptor(descriptor, TRUE, dacl, FALSE);
            break;
        default:
            return FALSE;
        }
    }
    return TRUE;
}

NTSTATUS SepParseSddl(PCUNICODE_STRING Text, PSECURITY_DESCRIPTOR *Descriptor)
{
    struct cursor cursor = {Text->Buffer, Text->Buffer + Text->Length / sizeof(WCHAR)};
    ULONG aces = 0, bytes = 0, acl_bytes;
    struct work *work;
    NTSTATUS status;

    *Descriptor = NULL;
    for (const WCHAR *at = cursor.at; at < cursor.end; at++)
        aces += *at == '(';
    acl_bytes = sizeof(ACL) + aces * ACE_BYTES;
    if (cursor.at == cursor.end || acl_bytes > MAXUSHORT - 7)
        return STATUS_INVALID_PARAMETER;
    acl_bytes = (acl_bytes + 7) & ~7u;
    work = ExAllocatePool2(POOL_FLAG_PAGED, sizeof *work + 2 * acl_bytes, SDDL_TAG);
    if (!work)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = STATUS_INVALID_PARAMETER;
    if (parse(&cursor, work, acl_bytes)) {
        RtlAbsoluteToSelfRelativeSD(&work->descriptor, NULL, &bytes);
        *Descriptor = ExAllocatePool2(POOL_FLAG_PAGED, bytes, SDDL_TAG);
        status = *Descriptor ? RtlAbsoluteToSelfRelativeSD(&work->descriptor, *Descriptor, &bytes)
                             : STATUS_INSUFFICIENT_RESOURCES;
    }
    ExFreePoolWithTag(work, SDDL_TAG);
    if (!NT_SUCCESS(status) && *Descriptor) {
        ExFreePoolWithTag(*Descriptor, SDDL_TAG);
        *Descriptor = NULL;
    }
    return status;
}

void SepFreeSddl(PSECURITY_DESCRIPTOR Descriptor)
{
    ExFreePoolWithTag(Descriptor, SDDL_TAG);
}
