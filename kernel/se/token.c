/* SPDX-License-Identifier: MIT */
/*
 * se/token.c: access tokens.
 *
 * Two kinds are made here: the system token (LocalSystem, every privilege enabled) and the client token (an
 * administrator of the machine, with an administrator's privileges, most of them disabled until asked for;
 * loading drivers and bypassing traverse checks are on, because that is what a client of this machine comes
 * for).
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

/* S-1-5-21-1-1-1-1000: the local account clients run as. */
static const struct {
    UCHAR revision, count;
    SID_IDENTIFIER_AUTHORITY authority;
    ULONG sub[5];
} client_user = {SID_REVISION, 5, {{0, 0, 0, 0, 0, 5}}, {SECURITY_NT_NON_UNIQUE, 1, 1, 1, 1000}};

#define BIT(n)         (1ULL << (n))
#define ALL_PRIVILEGES ((BIT(SE_MAX_WELL_KNOWN_PRIVILEGE + 1) - 1) & ~(BIT(SE_MIN_WELL_KNOWN_PRIVILEGE) - 1))
#define CLIENT_PRIVILEGES                                                                                    \
    (ALL_PRIVILEGES &                                                                                        \
     ~(BIT(SE_CREATE_TOKEN_PRIVILEGE) | BIT(SE_TCB_PRIVILEGE) | BIT(SE_ASSIGNPRIMARYTOKEN_PRIVILEGE) |       \
       BIT(SE_CREATE_PERMANENT_PRIVILEGE) | BIT(SE_AUDIT_PRIVILEGE)))
#define CLIENT_ENABLED                                                                                       \
    (BIT(SE_CHANGE_NOTIFY_PRIVILEGE) | BIT(SE_LOAD_DRIVER_PRIVILEGE) | BIT(SE_IMPERSONATE_PRIVILEGE) |       \
     BIT(SE_CREATE_GLOBAL_PRIVILEGE))

LUID SepAllocateLuid(void)
{
    static volatile LONGLONG next = 0x3e8;
    LONGLONG value = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
    return (LUID){(ULONG)value, (LONG)(value >> 32)};
}

static void add_group(PTOKEN token, PSID sid, ULONG attributes)
{
    token->Groups[token->GroupCount].Sid = sid;
    token->Groups[token->GroupCount++].Attributes = attributes;
}

static void fill_token(PTOKEN token, BOOLEAN system)
{
    ULONG on = SE_GROUP_MANDATORY | SE_GROUP_ENABLED | SE_GROUP_ENABLED_BY_DEFAULT;
    token->TokenId = SepAllocateLuid();
    token->ModifiedId = SepAllocateLuid();
    token->AuthenticationId = system ? (LUID){0x3e7, 0} : (LUID){0x10000, 0};
    token->TokenType = 1;
    add_group(token, SeAliasAdminsSid, on | SE_GROUP_OWNER);
    add_group(token, SeWorldSid, on);
    add_group(token, SeAuthenticatedUsersSid, on);
    if (system) {
        token->User = SeLocalSystemSid;
        token->PrivilegesPresent = token->PrivilegesEnabled = ALL_PRIVILEGES;
    } else {
        token->User = (PSID)&client_user;
        add_group(token, SeAliasUsersSid, on);
        add_group(token, SeInteractiveSid, on);
        token->PrivilegesPresent = CLIENT_PRIVILEGES;
        token->PrivilegesEnabled = CLIENT_ENABLED;
    }
    token->Owner = SeAliasAdminsSid;
    token->PrimaryGroup = system ? SeLocalSystemSid : SeAliasUsersSid;
    RtlCopyMemory(token->Source, system ? "*SYSTEM*" : "KilnUser", 8);
}

NTSTATUS SepCreateToken(BOOLEAN System, PACCESS_TOKEN *Token)
{
    PTOKEN token;
    NTSTATUS status = ObCreateObject(KernelMode, SepTokenObjectType, NULL, KernelMode, NULL, sizeof(TOKEN), 0,
                                     0, (PVOID *)&token);
    if (!NT_SUCCESS(status))
        return status;
    fill_token(token, System);
    *Token = token;
    return STATUS_SUCCESS;
}

void SepInitTokens(void)
{
    static const OBJECT_TYPE_INITIALIZER type = {
        .Length = sizeof(type),
        .InvalidAttributes = OBJ_OPENLINK,
        .GenericMapping = {STANDARD_RIGHTS_READ | 0x000a, STANDARD_RIGHTS_WRITE | 0x00e0,
                           STANDARD_RIGHTS_EXECUTE | 0x5, TOKEN_ALL},
        .ValidAccessMask = TOKEN_ALL,
        .PoolType = PagedPool,
        .UseDefaultObject = TRUE,
        .WaitObjectFlagOffset = OB_NOT_WAITABLE,
    };
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Token");
    NTSTATUS status = ObpCreateObjectType(&name, &type, NULL, &SepTokenObjectType);
    if (NT_SUCCESS(status))
        status = SepCreateToken(TRUE, &SepSystemToken);
    if (!NT_SUCCESS(status))
        KeBugCheckEx(SECURITY_INITIALIZATION_FAILED, (ULONG_PTR)status, 0, 0, 0);
}

/* ---------------------------------------------------------------- what a token says */

BOOLEAN SepSidInToken(PTOKEN Token, PSID Sid, BOOLEAN ForDeny)
{
    if (RtlEqualSid(Token->User, Sid))
        return TRUE;
    for (ULONG i = 0; i < Token->GroupCount; i++) {
        ULONG attributes = Token->Groups[i].Attributes;
        if ((attributes & SE_GROUP_ENABLED || (ForDeny && attributes & SE_GROUP_USE_FOR_DENY_ONLY)) &&
            RtlEqualSid(Token->Groups[i].Sid, Sid))
            return TRUE;
    }
    return FALSE;
}

BOOLEAN SepTokenHasPrivilege(PTOKEN Token, ULONG Privilege)
{
    return Privilege < 64 && (__atomic_load_n(&Token->PrivilegesEnabled, __ATOMIC_RELAXED) & BIT(Privilege));
}

ULONG NTAPI SeTokenType(PACCESS_TOKEN Token)
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
    UNREFERENCED_PARAMETER(Token); /* restricted SIDs cannot be made yet: no token has any */
    return FALSE;
}

NTSTATUS NTAPI SeQueryAuthenticationIdToken(PACCESS_TOKEN Token, PLUID AuthenticationId)
{
    *AuthenticationId = ((PTOKEN)Token)->AuthenticationId;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI SeQuerySessionIdToken(PACCESS_TOKEN Token, PULONG SessionId)
{
    *SessionId = ((PTOKEN)Token)->SessionId;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwAllocateLocallyUniqueId(PLUID Luid)
{
    *Luid = SepAllocateLuid();
    return STATUS_SUCCESS;
}
