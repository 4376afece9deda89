/* SPDX-License-Identifier: MIT */
/*
 * Tokens, impersonation and descriptors as file systems and filters use them (ntifs.h).
 */
#ifndef KILN_NT_SEFS_H
#define KILN_NT_SEFS_H

#include <nt/setoken.h>
#include <nt/ps_services.h>

EXTERN_C_START

/* ---- what a token is asked for ---- */

typedef struct _TOKEN_GROUPS_AND_PRIVILEGES {
    ULONG SidCount;
    ULONG SidLength;
    PSID_AND_ATTRIBUTES Sids;
    ULONG RestrictedSidCount;
    ULONG RestrictedSidLength;
    PSID_AND_ATTRIBUTES RestrictedSids;
    ULONG PrivilegeCount;
    ULONG PrivilegeLength;
    PLUID_AND_ATTRIBUTES Privileges;
    LUID AuthenticationId;
} TOKEN_GROUPS_AND_PRIVILEGES, *PTOKEN_GROUPS_AND_PRIVILEGES;

#define SID_HASH_SIZE 32
typedef ULONG_PTR SID_HASH_ENTRY, *PSID_HASH_ENTRY;

/* A list of SIDs and, for each value of a byte of a SID, the entries that may have it. */
typedef struct _SID_AND_ATTRIBUTES_HASH {
    ULONG SidCount;
    PSID_AND_ATTRIBUTES SidAttr;
    SID_HASH_ENTRY Hash[SID_HASH_SIZE];
} SID_AND_ATTRIBUTES_HASH, *PSID_AND_ATTRIBUTES_HASH;

#define TOKEN_MANDATORY_POLICY_OFF 0x0
#define TOKEN_MANDATORY_POLICY_NO_WRITE_UP 0x1
#define TOKEN_MANDATORY_POLICY_NEW_PROCESS_MIN 0x2

typedef struct _TOKEN_ACCESS_INFORMATION {
    PSID_AND_ATTRIBUTES_HASH SidHash;
    PSID_AND_ATTRIBUTES_HASH RestrictedSidHash;
    PTOKEN_PRIVILEGES Privileges;
    LUID AuthenticationId;
    TOKEN_TYPE TokenType;
    SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
    TOKEN_MANDATORY_POLICY MandatoryPolicy;
    ULONG Flags;
    ULONG AppContainerNumber;
    PSID PackageSid;
    PSID_AND_ATTRIBUTES_HASH CapabilitiesHash;
    PSID TrustLevelSid;
    PVOID SecurityAttributes;
} TOKEN_ACCESS_INFORMATION, *PTOKEN_ACCESS_INFORMATION;

/* SeFilterToken */
#define DISABLE_MAX_PRIVILEGE 0x1
#define SANDBOX_INERT 0x2
#define LUA_TOKEN 0x4
#define WRITE_RESTRICTED 0x8

/* What a server keeps of a client to act for it later. */
typedef struct _SECURITY_CLIENT_CONTEXT {
    SECURITY_QUALITY_OF_SERVICE SecurityQos;
    PACCESS_TOKEN ClientToken;
    BOOLEAN DirectlyAccessClientToken;
    BOOLEAN DirectAccessEffectiveOnly;
    BOOLEAN ServerIsRemote;
    TOKEN_CONTROL ClientTokenControl;
} SECURITY_CLIENT_CONTEXT, *PSECURITY_CLIENT_CONTEXT;

NT_ASSERT_SIZE(TOKEN_GROUPS_AND_PRIVILEGES, 0x38);
NT_ASSERT_SIZE(SID_AND_ATTRIBUTES_HASH, 0x110);
NT_ASSERT_SIZE(TOKEN_ACCESS_INFORMATION, 0x58);
NT_ASSERT_SIZE(SECURITY_CLIENT_CONTEXT, 0x48);

/* Called at PASSIVE_LEVEL on a worker thread when the last token of a marked logon session is gone. */
typedef NTSTATUS(NTAPI *PSE_LOGON_SESSION_TERMINATED_ROUTINE)(_In_ PLUID LogonId);

/* ---- tokens ---- */

_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI TOKEN_TYPE NTAPI SeTokenType(_In_ PACCESS_TOKEN Token);
NTKERNELAPI SECURITY_IMPERSONATION_LEVEL NTAPI SeTokenImpersonationLevel(_In_ PACCESS_TOKEN Token);
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI BOOLEAN NTAPI SeTokenIsAdmin(_In_ PACCESS_TOKEN Token);
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI BOOLEAN NTAPI SeTokenIsRestricted(_In_ PACCESS_TOKEN Token);
NTKERNELAPI BOOLEAN NTAPI SeTokenIsWriteRestricted(_In_ PACCESS_TOKEN Token);
/* No child processes for processes with the token: at once enforced and audited only, and enforcement weakened to an
 * audit, are STATUS_INVALID_PARAMETER. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeTokenSetNoChildProcessRestricted(_In_ PACCESS_TOKEN Token, _In_ BOOLEAN UnlessSecure,
                                                              _In_ BOOLEAN AuditOnly);
NTKERNELAPI VOID NTAPI SeTokenGetNoChildProcessRestricted(_In_ PACCESS_TOKEN Token, _Out_ PBOOLEAN Enforced,
                                                          _Out_ PBOOLEAN UnlessSecure, _Out_ PBOOLEAN AuditOnly);
NTKERNELAPI BOOLEAN NTAPI SeTokenIsNoChildProcessRestrictionEnforced(_In_ PACCESS_TOKEN Token,
                                                                     _Out_opt_ PBOOLEAN UnlessSecure);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeQueryAuthenticationIdToken(_In_ PACCESS_TOKEN Token, _Out_ PLUID AuthenticationId);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeQuerySessionIdToken(_In_ PACCESS_TOKEN Token, _Out_ PULONG SessionId);
/* In a block of paged pool that the caller frees with ExFreePool; but TokenSessionId and TokenIntegrityLevel are put as
 * a ULONG where TokenInformation points to. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeQueryInformationToken(_In_ PACCESS_TOKEN Token,
                                                   _In_ TOKEN_INFORMATION_CLASS TokenInformationClass,
                                                   _Outptr_ PVOID *TokenInformation);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeFilterToken(_In_ PACCESS_TOKEN ExistingToken, _In_ ULONG Flags,
                                         _In_opt_ PTOKEN_GROUPS SidsToDisable,
                                         _In_opt_ PTOKEN_PRIVILEGES PrivilegesToDelete,
                                         _In_opt_ PTOKEN_GROUPS RestrictedSids, _Outptr_ PACCESS_TOKEN *FilteredToken);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeMarkLogonSessionForTerminationNotification(_In_ PLUID LogonId);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeRegisterLogonSessionTerminatedRoutine(
    _In_ PSE_LOGON_SESSION_TERMINATED_ROUTINE CallbackRoutine);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeUnregisterLogonSessionTerminatedRoutine(
    _In_ PSE_LOGON_SESSION_TERMINATED_ROUTINE CallbackRoutine);

/* ---- subjects and checks ---- */

#define SeQuerySubjectContextToken(SubjectContext)                                                            \
    ((SubjectContext)->ClientToken ? (SubjectContext)->ClientToken : (SubjectContext)->PrimaryToken)
#define SeLengthSid(Sid) (8 + 4 * ((SID *)(Sid))->SubAuthorityCount)

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI SeCaptureSubjectContextEx(_In_opt_ PETHREAD Thread, _In_ PEPROCESS Process,
                                                 _Out_ PSECURITY_SUBJECT_CONTEXT SubjectContext);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI BOOLEAN NTAPI SePrivilegeCheck(_Inout_ PPRIVILEGE_SET RequiredPrivileges,
                                           _In_ PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext,
                                           _In_ KPROCESSOR_MODE AccessMode);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeAppendPrivileges(_Inout_ PACCESS_STATE AccessState, _In_ PPRIVILEGE_SET Privileges);
NTKERNELAPI BOOLEAN NTAPI SeAccessCheckFromState(
    _In_ PSECURITY_DESCRIPTOR SecurityDescriptor, _In_ PTOKEN_ACCESS_INFORMATION PrimaryTokenInformation,
    _In_opt_ PTOKEN_ACCESS_INFORMATION ClientTokenInformation, _In_ ACCESS_MASK DesiredAccess,
    _In_ ACCESS_MASK PreviouslyGrantedAccess, _Outptr_opt_result_maybenull_ PPRIVILEGE_SET *Privileges,
    _In_ PGENERIC_MAPPING GenericMapping, _In_ KPROCESSOR_MODE AccessMode, _Out_ PACCESS_MASK GrantedAccess,
    _Out_ PNTSTATUS AccessStatus);
NTKERNELAPI BOOLEAN NTAPI SeAccessCheckFromStateEx(
    _In_ PSECURITY_DESCRIPTOR SecurityDescriptor, _In_ PACCESS_TOKEN PrimaryToken, _In_opt_ PACCESS_TOKEN ClientToken,
    _In_ ACCESS_MASK DesiredAccess, _In_ ACCESS_MASK PreviouslyGrantedAccess,
    _Outptr_opt_result_maybenull_ PPRIVILEGE_SET *Privileges, _In_ PGENERIC_MAPPING GenericMapping,
    _In_ KPROCESSOR_MODE AccessMode, _Out_ PACCESS_MASK GrantedAccess, _Out_ PNTSTATUS AccessStatus);

/* ---- acting for a client ---- */

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeCreateClientSecurity(_In_ PETHREAD ClientThread,
                                                  _In_ PSECURITY_QUALITY_OF_SERVICE ClientSecurityQos,
                                                  _In_ BOOLEAN RemoteSession,
                                                  _Out_ PSECURITY_CLIENT_CONTEXT ClientContext);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeCreateClientSecurityFromSubjectContext(
    _In_ PSECURITY_SUBJECT_CONTEXT SubjectContext, _In_ PSECURITY_QUALITY_OF_SERVICE ClientSecurityQos,
    _In_ BOOLEAN ServerIsRemote, _Out_ PSECURITY_CLIENT_CONTEXT ClientContext);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeImpersonateClientEx(_In_ PSECURITY_CLIENT_CONTEXT ClientContext,
                                                 _In_opt_ PETHREAD ServerThread);
NTKERNELAPI VOID NTAPI SeImpersonateClient(_In_ PSECURITY_CLIENT_CONTEXT ClientContext,
                                           _In_opt_ PETHREAD ServerThread);
#define SeDeleteClientSecurity(Context)                                         \
    do {                                                                        \
        if (SeTokenType((Context)->ClientToken) == TokenPrimary)                \
            PsDereferencePrimaryToken((Context)->ClientToken);                  \
        else                                                                    \
            PsDereferenceImpersonationToken((Context)->ClientToken);            \
    } while (0)
#define SeStopImpersonatingClient() PsRevertToSelf()

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsImpersonateClient(_Inout_ PETHREAD Thread, _In_opt_ PACCESS_TOKEN Token,
                                               _In_ BOOLEAN CopyOnOpen, _In_ BOOLEAN EffectiveOnly,
                                               _In_ SECURITY_IMPERSONATION_LEVEL ImpersonationLevel);
NTKERNELAPI NTSTATUS NTAPI PsAssignImpersonationToken(_In_ PETHREAD Thread, _In_opt_ HANDLE Token);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PACCESS_TOKEN NTAPI PsReferencePrimaryToken(_Inout_ PEPROCESS Process);
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI VOID NTAPI PsDereferencePrimaryToken(_In_ PACCESS_TOKEN PrimaryToken);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PACCESS_TOKEN NTAPI PsReferenceImpersonationToken(_Inout_ PETHREAD Thread, _Out_ PBOOLEAN CopyOnOpen,
                                                              _Out_ PBOOLEAN EffectiveOnly,
                                                              _Out_ PSECURITY_IMPERSONATION_LEVEL ImpersonationLevel);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI PsDereferenceImpersonationToken(_In_ PACCESS_TOKEN ImpersonationToken);
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI VOID NTAPI PsRevertToSelf(VOID);
NTKERNELAPI BOOLEAN NTAPI PsIsThreadImpersonating(_In_ PETHREAD Thread);

/* ---- auditing: never on ---- */

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI BOOLEAN NTAPI SeAuditingFileEvents(_In_ BOOLEAN AccessGranted, _In_ PSECURITY_DESCRIPTOR SecurityDescriptor);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI BOOLEAN NTAPI SeAuditingFileOrGlobalEvents(_In_ BOOLEAN AccessGranted,
                                                       _In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                       _In_ PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI SeOpenObjectAuditAlarm(_In_ PUNICODE_STRING ObjectTypeName, _In_opt_ PVOID Object,
                                              _In_opt_ PUNICODE_STRING AbsoluteObjectName,
                                              _In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                              _In_ PACCESS_STATE AccessState, _In_ BOOLEAN ObjectCreated,
                                              _In_ BOOLEAN AccessGranted, _In_ KPROCESSOR_MODE AccessMode,
                                              _Out_ PBOOLEAN GenerateOnClose);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI SeOpenObjectForDeleteAuditAlarm(_In_ PUNICODE_STRING ObjectTypeName, _In_opt_ PVOID Object,
                                                       _In_opt_ PUNICODE_STRING AbsoluteObjectName,
                                                       _In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                       _In_ PACCESS_STATE AccessState, _In_ BOOLEAN ObjectCreated,
                                                       _In_ BOOLEAN AccessGranted, _In_ KPROCESSOR_MODE AccessMode,
                                                       _Out_ PBOOLEAN GenerateOnClose);
NTKERNELAPI VOID NTAPI SeDeleteObjectAuditAlarm(_In_ PVOID Object, _In_ HANDLE Handle);
/* One block of pool, the caller's to free. STATUS_NOT_FOUND. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeLocateProcessImageName(_Inout_ PEPROCESS Process, _Outptr_ PUNICODE_STRING *pImageFileName);

#ifndef SEF_DACL_AUTO_INHERIT
#define SEF_DACL_AUTO_INHERIT 0x01
#define SEF_SACL_AUTO_INHERIT 0x02
#endif

/* As SeSetSecurityDescriptorInfo; with SEF_... the entries that the object inherited stay. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI SeSetSecurityDescriptorInfoEx(_In_opt_ PVOID Object,
                                                         _In_ PSECURITY_INFORMATION SecurityInformation,
                                                         _In_ PSECURITY_DESCRIPTOR ModificationDescriptor,
                                                         _Inout_ PSECURITY_DESCRIPTOR *ObjectsSecurityDescriptor,
                                                         _In_ ULONG AutoInheritFlags, _In_ POOL_TYPE PoolType,
                                                         _In_ PGENERIC_MAPPING GenericMapping);

/* ---- pool quota of a process ---- */

/* Raise STATUS_QUOTA_EXCEEDED. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI PsChargePoolQuota(_In_ PEPROCESS Process, _In_ POOL_TYPE PoolType, _In_ ULONG_PTR Amount);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI PsReturnPoolQuota(_In_ PEPROCESS Process, _In_ POOL_TYPE PoolType, _In_ ULONG_PTR Amount);

/* The same without raising; and giving back what they charged. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsChargeProcessPoolQuota(_In_ PEPROCESS Process, _In_ POOL_TYPE PoolType,
                                                    _In_ ULONG_PTR Amount);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsChargeProcessNonPagedPoolQuota(_In_ PEPROCESS Process, _In_ SIZE_T Amount);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsChargeProcessPagedPoolQuota(_In_ PEPROCESS Process, _In_ SIZE_T Amount);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI PsReturnProcessNonPagedPoolQuota(_In_ PEPROCESS Process, _In_ SIZE_T Amount);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI PsReturnProcessPagedPoolQuota(_In_ PEPROCESS Process, _In_ SIZE_T Amount);

EXTERN_C_END

#endif
