/* SPDX-License-Identifier: MIT */
/*
 * sei.h: what the files of the security reference monitor share.
 */
#ifndef KILN_SEI_H
#define KILN_SEI_H

#define SE_TAG        0x20206553 /* 'Se  ' */
#define SE_TAG_STRING 0x20677453 /* 'Stg ' as RtlFreeUnicodeString expects any tag */

#define TOKEN_GROUP_COUNT 5

/*
 * A token is constant after its creation, except for the attributes of its privileges (lock: the token's).
 */
typedef struct _TOKEN {
    LUID TokenId;
    LUID AuthenticationId;
    LUID ModifiedId;
    ULONG TokenType; /* TokenPrimary 1, TokenImpersonation 2 */
    SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
    ULONG SessionId;
    PSID User;
    PSID Owner;
    PSID PrimaryGroup;
    ULONG GroupCount;
    SID_AND_ATTRIBUTES Groups[TOKEN_GROUP_COUNT];
    ULONGLONG PrivilegesPresent; /* bit n: privilege number n */
    ULONGLONG PrivilegesEnabled;
    KSPIN_LOCK Lock; /* PrivilegesEnabled */
    CHAR Source[8];
} TOKEN, *PTOKEN;

BOOLEAN SepSidInToken(PTOKEN Token, PSID Sid, BOOLEAN ForDeny);
BOOLEAN SepTokenHasPrivilege(PTOKEN Token, ULONG Privilege);
LUID SepAllocateLuid(void);

/* The first free byte of a list; NULL if its entries do not fit it. */
UCHAR *SepFreeAce(PACL Acl);

void SepMakeRelative(PSECURITY_DESCRIPTOR Sd, PSECURITY_DESCRIPTOR To);
ULONG SepRelativeBytes(PSECURITY_DESCRIPTOR Sd);

#endif
