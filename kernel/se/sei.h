/* SPDX-License-Identifier: MIT */
/*
 * sei.h: what the files of the security reference monitor share.
 */
#ifndef KILN_SEI_H
#define KILN_SEI_H

#include <nt/ex.h>
#include <nt/setoken.h>

#define SE_TAG        0x20206553 /* 'Se  ' */
#define SE_TAG_STRING 0x20677453 /* 'Stg ' as RtlFreeUnicodeString expects any tag */

/* TOKEN.Flags */
#define SEP_TOKEN_WRITE_RESTRICTED 0x0008
#define SEP_TOKEN_IS_RESTRICTED    0x0010
#define SEP_TOKEN_SANDBOX_INERT    0x0040
#define SEP_TOKEN_IS_FILTERED      0x0200
#define SEP_TOKEN_NO_CHILD_PROCESS 0x80000
#define SEP_TOKEN_NO_CHILD_PROCESS_UNLESS_SECURE 0x100000
#define SEP_TOKEN_AUDIT_NO_CHILD_PROCESS         0x200000

struct _SEP_LOGON_SESSION;

/*
 * A token. Its SIDs are constant, in one pool block; the attributes of groups, privileges, default owner, primary
 * group and DACL change. Lock: k, an ERESOURCE, at PASSIVE_LEVEL or APC_LEVEL: shared to read more than one of them
 * consistently, or the DACL at all; exclusive to change. Single words are read without it.
 */
typedef struct _TOKEN {
    ERESOURCE Lock; /* k */
    LUID TokenId;
    LUID AuthenticationId;
    LUID ModifiedId; /* k: new with every change */
    LUID Origin;
    TOKEN_TYPE TokenType;
    SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
    TOKEN_SOURCE Source;
    ULONG SessionId; /* k */
    ULONG Flags;     /* SEP_TOKEN_*; those about child processes k, the others constant */
    ULONG SidCount;  /* the user, then the groups, the integrity level among them */
    PSID_AND_ATTRIBUTES Sids; /* k: attributes */
    ULONG RestrictedCount;
    PSID_AND_ATTRIBUTES Restricted; /* constant */
    PVOID SidBlock;                 /* what the two point into */
    PSID Owner;                     /* k: one of Sids */
    PSID PrimaryGroup;              /* k: one of Sids */
    PACL DefaultDacl;               /* k: in pool, may be NULL */
    ULONGLONG PrivilegesPresent;    /* k; bit n: privilege number n */
    ULONGLONG PrivilegesEnabled;    /* k */
    ULONGLONG PrivilegesDefault;    /* constant: enabled when the token was made */
    struct _SEP_LOGON_SESSION *Session;
} TOKEN, *PTOKEN;

#define SEP_PRIVILEGE(n)   (1ULL << (n))
#define SEP_ALL_PRIVILEGES                                                                                   \
    ((SEP_PRIVILEGE(SE_MAX_WELL_KNOWN_PRIVILEGE + 1) - 1) & ~(SEP_PRIVILEGE(SE_MIN_WELL_KNOWN_PRIVILEGE) - 1))

/* The subject of a check: a token, or what was once asked of one. */
typedef struct _SEP_SUBJECT {
    const SID_AND_ATTRIBUTES *Sids;
    ULONG SidCount;
    const SID_AND_ATTRIBUTES *Restricted; /* used if IsRestricted */
    ULONG RestrictedCount;
    BOOLEAN IsRestricted, WriteRestricted;
    ULONGLONG Privileges; /* enabled */
    BOOLEAN CannotAct;    /* it is a client's, below SecurityImpersonation */
    BOOLEAN NoWriteUp;    /* the integrity policy is on */
} SEP_SUBJECT;

void SepSubjectOfToken(PTOKEN Token, SEP_SUBJECT *Subject);
BOOLEAN SepSidInList(const SID_AND_ATTRIBUTES *Sids, ULONG Count, PSID Sid, BOOLEAN ForDeny);
/* The relative id of the integrity level in a list, as SECURITY_MANDATORY_*; untrusted if there is none. */
ULONG SepIntegrityOf(const SID_AND_ATTRIBUTES *Sids, ULONG Count);
BOOLEAN SepCheckAccess(PSECURITY_DESCRIPTOR SecurityDescriptor, const SEP_SUBJECT *Subject, ACCESS_MASK DesiredAccess,
                       ACCESS_MASK PreviouslyGrantedAccess, PPRIVILEGE_SET *Privileges,
                       PGENERIC_MAPPING GenericMapping, KPROCESSOR_MODE AccessMode, PACCESS_MASK GrantedAccess,
                       PNTSTATUS AccessStatus);

BOOLEAN SepSidInToken(PTOKEN Token, PSID Sid, BOOLEAN ForDeny);
BOOLEAN SepTokenHasPrivilege(PTOKEN Token, ULONG Privilege);
LUID SepAllocateLuid(void);

static inline BOOLEAN SepEqualLuid(LUID A, LUID B)
{
    return A.LowPart == B.LowPart && A.HighPart == B.HighPart;
}

void SepLockToken(PTOKEN Token, BOOLEAN Exclusive);
void SepUnlockToken(PTOKEN Token);

/* ---- making (token.c, tokencopy.c) ---- */

/* Storage of a token with these SIDs (copied) and its logon session; Owner and PrimaryGroup are its user. */
NTSTATUS SepAllocateToken(POBJECT_ATTRIBUTES Attributes, KPROCESSOR_MODE Mode, LUID Session,
                          const SID_AND_ATTRIBUTES *Sids, ULONG SidCount, const SID_AND_ATTRIBUTES *Restricted,
                          ULONG RestrictedCount, PTOKEN *Token);
/* One of the token's own SIDs that is equal to Sid; its user if none is. */
PSID SepOwnSid(PTOKEN Token, PSID Sid);
/* A copy of the list in pool. */
PACL SepCopyAcl(const ACL *Acl);

/*
 * Security descriptors of tokens that nobody inserts (tokensecurity.c): by what the token says, or that of From.
 * STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS SepProtectNewToken(PTOKEN Token);
NTSTATUS SepProtectLikeToken(PTOKEN Token, PTOKEN From);
/* The access to a copy of Token that its descriptor grants the current thread in Mode. STATUS_ACCESS_DENIED. */
NTSTATUS SepJudgeCopy(PACCESS_TOKEN Token, ACCESS_MASK DesiredAccess, KPROCESSOR_MODE Mode, PACCESS_MASK Granted);

/* Sessions (logon.c). The first reference makes one. NULL: no memory. PASSIVE_LEVEL or APC_LEVEL. */
struct _SEP_LOGON_SESSION *SepReferenceLogonSession(LUID Id);
void SepDereferenceLogonSession(struct _SEP_LOGON_SESSION *Session);
void SepInitLogonSessions(void);

/* ---- data ---- */

/* The first free byte of a list; NULL if its entries do not fit it. */
UCHAR *SepFreeAce(PACL Acl);

/*
 * Copy an ACL or a SID that a caller in Mode gave to To (room for Max bytes); *Bytes is its size. STATUS_INVALID_ACL,
 * STATUS_INVALID_SID, STATUS_ACCESS_VIOLATION.
 */
NTSTATUS SepCapturePart(KPROCESSOR_MODE Mode, const void *From, BOOLEAN IsAcl, UCHAR *To, ULONG Max, ULONG *Bytes);

void SepMakeRelative(PSECURITY_DESCRIPTOR Sd, PSECURITY_DESCRIPTOR To);
ULONG SepRelativeBytes(PSECURITY_DESCRIPTOR Sd);

#endif
