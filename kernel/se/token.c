/* SPDX-License-Identifier: MIT */
/*
 * se/token.c: access tokens: the two that the machine makes by itself, and what a token says.
 *
 * The system token is LocalSystem with every privilege enabled. The client's is an administrator of the machine at
 * high integrity, with an administrator's privileges, most of them disabled until asked for; loading drivers and
 * bypassing traverse checks are on, because that is what a client of this machine comes for. All other tokens are
 * copies of these (tokencopy.c).
 */
#include <nt/ke.h>
#include <nt/rtl.h>
#include "ki.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"

POBJECT_TYPE SepTokenObjectType;
POBJECT_TYPE *SeTokenObjectType = &SepTokenObjectType;
PACCESS_TOKEN SepSystemToken;

#define TOKEN_ALL (STANDARD_RIGHTS_REQUIRED | 0x1ff)

typedef struct sid5 {
    UCHAR revision, count;
    SID_IDENTIFIER_AUTHORITY authority;
    ULONG sub[5];
} sid5;

/* S-1-5-21-1-1-1-1000: the local account clients run as; S-1-5-5-0-65536: its logon. */
static const sid5 client_user = {SID_REVISION, 5, {{0, 0, 0, 0, 0, 5}}, {SECURITY_NT_NON_UNIQUE, 1, 1, 1, 1000}};
static const sid5 client_logon = {SID_REVISION, 3, {{0, 0, 0, 0, 0, 5}}, {SECURITY_LOGON_IDS_RID, 0, 0x10000}};
static const sid5 high_level = {SID_REVISION, 1, {{0, 0, 0, 0, 0, 16}}, {SECURITY_MANDATORY_HIGH_RID}};
static const sid5 system_level = {SID_REVISION, 1, {{0, 0, 0, 0, 0, 16}}, {SECURITY_MANDATORY_SYSTEM_RID}};

#define CLIENT_PRIVILEGES                                                                                    \
    (SEP_ALL_PRIVILEGES & ~(SEP_PRIVILEGE(SE_CREATE_TOKEN_PRIVILEGE) | SEP_PRIVILEGE(SE_TCB_PRIVILEGE) |     \
                            SEP_PRIVILEGE(SE_ASSIGNPRIMARYTOKEN_PRIVILEGE) |                                 \
                            SEP_PRIVILEGE(SE_CREATE_PERMANENT_PRIVILEGE) | SEP_PRIVILEGE(SE_AUDIT_PRIVILEGE)))
#define CLIENT_ENABLED                                                                                       \
    (SEP_PRIVILEGE(SE_CHANGE_NOTIFY_PRIVILEGE) | SEP_PRIVILEGE(SE_LOAD_DRIVER_PRIVILEGE) |                   \
     SEP_PRIVILEGE(SE_IMPERSONATE_PRIVILEGE) | SEP_PRIVILEGE(SE_CREATE_GLOBAL_PRIVILEGE))

#define ON (SE_GROUP_MANDATORY | SE_GROUP_ENABLED | SE_GROUP_ENABLED_BY_DEFAULT)

LUID SepAllocateLuid(void)
{
    static volatile LONGLONG next = 0x3e9; /* below are those of well-known logon sessions */
    LONGLONG value = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
    return (LUID){(ULONG)value, (LONG)(value >> 32)};
}

static NTSTATUS create(BOOLEAN System, LUID session, PACCESS_TOKEN *Token)
{
    const SID_AND_ATTRIBUTES system_sids[] = {{SeLocalSystemSid, 0},
                                              {SeAliasAdminsSid, ON | SE_GROUP_OWNER},
                                              {SeWorldSid, ON},
                                              {SeAuthenticatedUsersSid, ON},
                                              {(PSID)&system_level, SE_GROUP_INTEGRITY | SE_GROUP_INTEGRITY_ENABLED}};
    const SID_AND_ATTRIBUTES client_sids[] = {{(PSID)&client_user, 0},
                                              {SeAliasAdminsSid, ON | SE_GROUP_OWNER},
                                              {SeWorldSid, ON},
                                              {SeAuthenticatedUsersSid, ON},
                                              {SeAliasUsersSid, ON},
                                              {SeInteractiveSid, ON},
                                              {(PSID)&client_logon, ON | SE_GROUP_LOGON_ID},
                                              {(PSID)&high_level, SE_GROUP_INTEGRITY | SE_GROUP_INTEGRITY_ENABLED}};
    BOOLEAN have, defaulted;
    PACL dacl = NULL;
    PTOKEN token;
    NTSTATUS status = SepAllocateToken(NULL, KernelMode, session, System ? system_sids : client_sids,
                                       System ? RTL_NUMBER_OF(system_sids) : RTL_NUMBER_OF(client_sids), NULL, 0,
                                       &token);
    if (!NT_SUCCESS(status))
        return status;
    token->TokenType = TokenPrimary;
    token->Origin = System ? (LUID){0, 0} : (LUID){0x3e7, 0};
    token->PrivilegesPresent = System ? SEP_ALL_PRIVILEGES : CLIENT_PRIVILEGES;
    token->PrivilegesEnabled = token->PrivilegesDefault = System ? SEP_ALL_PRIVILEGES : CLIENT_ENABLED;
    token->Owner = SepOwnSid(token, SeAliasAdminsSid);
    token->PrimaryGroup = SepOwnSid(token, System ? SeLocalSystemSid : SeAliasUsersSid);
    RtlCopyMemory(token->Source.SourceName, System ? "*SYSTEM*" : "KilnUser", TOKEN_SOURCE_LENGTH);
    /* Everything to system and administrators. */
    RtlGetDaclSecurityDescriptor(SeSystemDefaultSd, &have, &dacl, &defaulted);
    token->DefaultDacl = SepCopyAcl(dacl);
    status = token->DefaultDacl ? SepProtectNewToken(token) : STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status)) {
        ObDereferenceObject(token);
        return status;
    }
    *Token = token;
    return STATUS_SUCCESS;
}

NTSTATUS SepCreateToken(BOOLEAN System, PACCESS_TOKEN *Token)
{
    return create(System, System ? (LUID){0x3e7, 0} : (LUID){0x10000, 0}, Token);
}

NTSTATUS SepCreateLogonToken(LUID Session, PACCESS_TOKEN *Token)
{
    return create(FALSE, Session, Token);
}

/* ---------------------------------------------------------------- storage */

static ULONG bytes_of(const SID_AND_ATTRIBUTES *sids, ULONG count)
{
    ULONG bytes = count * sizeof(*sids);
    for (ULONG i = 0; i < count; i++)
        bytes += (RtlLengthSid(sids[i].Sid) + 7) & ~7u;
    return bytes;
}

static void copy_sids(PSID_AND_ATTRIBUTES to, UCHAR **at, const SID_AND_ATTRIBUTES *sids, ULONG count)
{
    for (ULONG i = 0; i < count; i++) {
        ULONG bytes = RtlLengthSid(sids[i].Sid);
        RtlCopyMemory(*at, sids[i].Sid, bytes);
        to[i].Sid = *at;
        to[i].Attributes = sids[i].Attributes;
        *at += (bytes + 7) & ~7u;
    }
}

NTSTATUS SepAllocateToken(POBJECT_ATTRIBUTES Attributes, KPROCESSOR_MODE Mode, LUID Session,
                          const SID_AND_ATTRIBUTES *Sids, ULONG SidCount, const SID_AND_ATTRIBUTES *Restricted,
                          ULONG RestrictedCount, PTOKEN *Token)
{
    PTOKEN token;
    NTSTATUS status = ObCreateObject(Mode, SepTokenObjectType, Attributes, KernelMode, NULL, sizeof(TOKEN), 0, 0,
                                     (PVOID *)&token);
    if (!NT_SUCCESS(status))
        return status;
    ExInitializeResourceLite(&token->Lock);
    ULONG bytes = bytes_of(Sids, SidCount) + bytes_of(Restricted, RestrictedCount);
    token->SidBlock = ExAllocatePoolWithTag(NonPagedPoolNx, bytes, SE_TAG);
    token->Session = SepReferenceLogonSession(Session);
    if (!token->SidBlock || !token->Session) {
        ObDereferenceObject(token);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    token->Sids = token->SidBlock;
    token->Restricted = token->Sids + SidCount;
    UCHAR *at = (UCHAR *)(token->Restricted + RestrictedCount);
    copy_sids(token->Sids, &at, Sids, SidCount);
    copy_sids(token->Restricted, &at, Restricted, RestrictedCount);
    token->SidCount = SidCount;
    token->RestrictedCount = RestrictedCount;
    token->Owner = token->PrimaryGroup = token->Sids[0].Sid;
    token->TokenId = SepAllocateLuid();
    token->ModifiedId = SepAllocateLuid();
    token->AuthenticationId = Session;
    *Token = token;
    return STATUS_SUCCESS;
}

static void delete_token(PVOID Object)
{
    PTOKEN token = Object;
    if (token->SidBlock)
        ExFreePoolWithTag(token->SidBlock, SE_TAG);
    if (token->DefaultDacl)
        ExFreePoolWithTag(token->DefaultDacl, SE_TAG);
    if (token->Session)
        SepDereferenceLogonSession(token->Session);
    ExDeleteResourceLite(&token->Lock);
}

PSID SepOwnSid(PTOKEN Token, PSID Sid)
{
    for (ULONG i = 0; i < Token->SidCount; i++) {
        if (RtlEqualSid(Token->Sids[i].Sid, Sid))
            return Token->Sids[i].Sid;
    }
    return Token->Sids[0].Sid;
}

PACL SepCopyAcl(const ACL *Acl)
{
    PACL copy = ExAllocatePoolWithTag(NonPagedPoolNx, Acl->AclSize, SE_TAG);
    if (copy)
        RtlCopyMemory(copy, Acl, Acl->AclSize);
    return copy;
}

void SepInitTokens(void)
{
    static const OBJECT_TYPE_INITIALIZER type = {
        .Length = sizeof(type),
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ | 0x000a, STANDARD_RIGHTS_WRITE | 0x00e0,
                           STANDARD_RIGHTS_EXECUTE | 0x5, TOKEN_ALL},
        .ValidAccessMask = TOKEN_ALL,
        .PoolType = NonPagedPoolNx,
        .SecurityRequired = TRUE,
        .UseDefaultObject = TRUE,
        .WaitObjectFlagOffset = OB_NOT_WAITABLE,
        .DeleteProcedure = delete_token,
    };
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Token");
    SepInitLogonSessions();
    NTSTATUS status = ObpCreateObjectType(&name, &type, NULL, &SepTokenObjectType);
    if (NT_SUCCESS(status))
        status = SepCreateToken(TRUE, &SepSystemToken);
    if (!NT_SUCCESS(status))
        KeBugCheckEx(SECURITY_INITIALIZATION_FAILED, (ULONG_PTR)status, 0, 0, 0);
}

void SepLockToken(PTOKEN Token, BOOLEAN Exclusive)
{
    KeEnterCriticalRegion();
    if (Exclusive)
        ExAcquireResourceExclusiveLite(&Token->Lock, TRUE);
    else
        ExAcquireResourceSharedLite(&Token->Lock, TRUE);
}

void SepUnlockToken(PTOKEN Token)
{
    ExReleaseResourceLite(&Token->Lock);
    KeLeaveCriticalRegion();
}

/* ---------------------------------------------------------------- what a token says */

BOOLEAN SepSidInList(const SID_AND_ATTRIBUTES *Sids, ULONG Count, PSID Sid, BOOLEAN ForDeny)
{
    for (ULONG i = 0; i < Count; i++) {
        ULONG attributes = KI_PEEK(Sids[i].Attributes);
        /* The user has no attribute, or is for denying only. Restricting SIDs are always enabled. */
        BOOLEAN counts = attributes & SE_GROUP_USE_FOR_DENY_ONLY ? ForDeny
                         : i == 0                                ? TRUE
                                                                 : (attributes & SE_GROUP_ENABLED) != 0;
        if (counts && RtlEqualSid(Sids[i].Sid, Sid))
            return TRUE;
    }
    return FALSE;
}

ULONG SepIntegrityOf(const SID_AND_ATTRIBUTES *Sids, ULONG Count)
{
    for (ULONG i = 0; i < Count; i++) {
        if (Sids[i].Attributes & SE_GROUP_INTEGRITY)
            return KI_PEEK(*RtlSubAuthoritySid(Sids[i].Sid, 0));
    }
    return SECURITY_MANDATORY_UNTRUSTED_RID;
}

BOOLEAN SepSidInToken(PTOKEN Token, PSID Sid, BOOLEAN ForDeny)
{
    return SepSidInList(Token->Sids, Token->SidCount, Sid, ForDeny);
}

BOOLEAN SepTokenHasPrivilege(PTOKEN Token, ULONG Privilege)
{
    return Privilege < 64 &&
           (__atomic_load_n(&Token->PrivilegesEnabled, __ATOMIC_RELAXED) & SEP_PRIVILEGE(Privilege));
}

TOKEN_TYPE NTAPI SeTokenType(PACCESS_TOKEN Token)
{
    return ((PTOKEN)Token)->TokenType;
}

SECURITY_IMPERSONATION_LEVEL NTAPI SeTokenImpersonationLevel(PACCESS_TOKEN Token)
{
    return ((PTOKEN)Token)->ImpersonationLevel;
}

BOOLEAN NTAPI SeTokenIsAdmin(PACCESS_TOKEN Token)
{
    return SepSidInToken(Token, SeAliasAdminsSid, FALSE);
}

BOOLEAN NTAPI SeTokenIsRestricted(PACCESS_TOKEN Token)
{
    return (((PTOKEN)Token)->Flags & SEP_TOKEN_IS_RESTRICTED) != 0;
}

BOOLEAN NTAPI SeTokenIsWriteRestricted(PACCESS_TOKEN Token)
{
    return (((PTOKEN)Token)->Flags & SEP_TOKEN_WRITE_RESTRICTED) != 0;
}

NTSTATUS NTAPI SeQueryAuthenticationIdToken(PACCESS_TOKEN Token, PLUID AuthenticationId)
{
    *AuthenticationId = ((PTOKEN)Token)->AuthenticationId;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI SeQuerySessionIdToken(PACCESS_TOKEN Token, PULONG SessionId)
{
    *SessionId = KI_PEEK(((PTOKEN)Token)->SessionId);
    return STATUS_SUCCESS;
}
