/* SPDX-License-Identifier: MIT */
/*
 * sep.h: the security reference monitor as the other managers see it (kernel/se implements it).
 *
 * Tokens name a user, groups and privileges. The System process runs as LocalSystem with every privilege; a
 * client process has a token of its own. A check of access compares the token with an object's security
 * descriptor; requests of kernel mode are granted without looking, as on Windows.
 *
 * Lock: g SepDescriptorLock, a spin lock over the security descriptor pointers of object headers (leaf).
 */
#ifndef KILN_SEP_H
#define KILN_SEP_H

#include <nt/sefs.h>
#include <nt/rtl_security.h>
#include "obp.h"

/* Phase 0 (after ob phase 0): SIDs, descriptors, the token type and the system token. Phase 1: SeExports. */
void SeInitSystem(ULONG Phase);

/* The self-relative descriptor that SDDL text describes (sddl.c); STATUS_INVALID_PARAMETER. PASSIVE_LEVEL. */
NTSTATUS SepParseSddl(PCUNICODE_STRING Text, PSECURITY_DESCRIPTOR *Descriptor);
void SepFreeSddl(PSECURITY_DESCRIPTOR Descriptor);

/* A new primary token. System: LocalSystem, every privilege; otherwise an administrator without the system
 * ones. */
NTSTATUS SepCreateToken(BOOLEAN System, PACCESS_TOKEN *Token);
/* The client's token, but of a logon session of its own. */
NTSTATUS SepCreateLogonToken(LUID Session, PACCESS_TOKEN *Token);

extern PACCESS_TOKEN SepSystemToken;

/*
 * A copy without a name or handle, as well guarded as Token. EffectiveOnly leaves out what is disabled.
 * STATUS_BAD_IMPERSONATION_LEVEL: more than the source's level allows. PASSIVE_LEVEL or APC_LEVEL.
 */
NTSTATUS SepDuplicateToken(PACCESS_TOKEN Token, BOOLEAN EffectiveOnly, TOKEN_TYPE Type,
                           SECURITY_IMPERSONATION_LEVEL Level, PACCESS_TOKEN *NewToken);

/*
 * A handle to Token for a caller in Mode, if the token's security descriptor grants DesiredAccess to the current thread,
 * or with AsProcess to its process whomever it impersonates. PASSIVE_LEVEL. nf-ntifs-zwopenthreadtokenex.
 */
NTSTATUS SepOpenToken(PACCESS_TOKEN Token, ACCESS_MASK DesiredAccess, BOOLEAN AsProcess, ULONG HandleAttributes,
                      KPROCESSOR_MODE Mode, PHANDLE Handle);

/* May a thread of a process with that primary token impersonate Token at Level? */
BOOLEAN SepCanImpersonate(PACCESS_TOKEN ProcessToken, PACCESS_TOKEN Token, SECURITY_IMPERSONATION_LEVEL Level);

/* Well-known SIDs, as constants. */
extern PSID SeNullSid, SeWorldSid, SeLocalSid, SeCreatorOwnerSid, SeCreatorGroupSid, SeLocalSystemSid,
    SeAliasAdminsSid, SeAliasUsersSid, SeAuthenticatedUsersSid, SeInteractiveSid;

/* ---- what <nt/se.h> leaves to file systems ---- */

_IRQL_requires_max_(PASSIVE_LEVEL) BOOLEAN NTAPI
    SeAccessCheck(PSECURITY_DESCRIPTOR SecurityDescriptor, PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext,
                  BOOLEAN SubjectContextLocked, ACCESS_MASK DesiredAccess,
                  ACCESS_MASK PreviouslyGrantedAccess, PPRIVILEGE_SET *Privileges,
                  PGENERIC_MAPPING GenericMapping, KPROCESSOR_MODE AccessMode, PACCESS_MASK GrantedAccess,
                  PNTSTATUS AccessStatus);
BOOLEAN NTAPI SeSinglePrivilegeCheck(LUID PrivilegeValue, KPROCESSOR_MODE PreviousMode);
BOOLEAN NTAPI SePrivilegeCheck(PPRIVILEGE_SET RequiredPrivileges, PSECURITY_SUBJECT_CONTEXT SubjectContext,
                               KPROCESSOR_MODE AccessMode);
void NTAPI SeFreePrivileges(PPRIVILEGE_SET Privileges);
void NTAPI SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext);
void NTAPI SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext);
void NTAPI SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext);
void NTAPI SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext);
NTSTATUS NTAPI SeAssignSecurity(PSECURITY_DESCRIPTOR ParentDescriptor,
                                PSECURITY_DESCRIPTOR ExplicitDescriptor, PSECURITY_DESCRIPTOR *NewDescriptor,
                                BOOLEAN IsDirectoryObject, PSECURITY_SUBJECT_CONTEXT SubjectContext,
                                PGENERIC_MAPPING GenericMapping, POOL_TYPE PoolType);
NTSTATUS NTAPI SeAssignSecurityEx(PSECURITY_DESCRIPTOR ParentDescriptor,
                                  PSECURITY_DESCRIPTOR ExplicitDescriptor,
                                  PSECURITY_DESCRIPTOR *NewDescriptor, GUID *ObjectType,
                                  BOOLEAN IsDirectoryObject, ULONG AutoInheritFlags,
                                  PSECURITY_SUBJECT_CONTEXT SubjectContext, PGENERIC_MAPPING GenericMapping,
                                  POOL_TYPE PoolType);
NTSTATUS NTAPI SeDeassignSecurity(PSECURITY_DESCRIPTOR *SecurityDescriptor);
BOOLEAN NTAPI SeValidSecurityDescriptor(ULONG Length, PSECURITY_DESCRIPTOR SecurityDescriptor);
NTSTATUS NTAPI SeQuerySecurityDescriptorInfo(PSECURITY_INFORMATION SecurityInformation,
                                             PSECURITY_DESCRIPTOR SecurityDescriptor, PULONG Length,
                                             PSECURITY_DESCRIPTOR *ObjectsSecurityDescriptor);
NTSTATUS NTAPI SeSetSecurityDescriptorInfo(PVOID Object, PSECURITY_INFORMATION SecurityInformation,
                                           PSECURITY_DESCRIPTOR ModificationDescriptor,
                                           PSECURITY_DESCRIPTOR *ObjectsSecurityDescriptor,
                                           POOL_TYPE PoolType, PGENERIC_MAPPING GenericMapping);
NTSTATUS NTAPI RtlSetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, BOOLEAN SaclPresent,
                                            PACL Sacl, BOOLEAN SaclDefaulted);
NTSTATUS NTAPI RtlSelfRelativeToAbsoluteSD(PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor,
                                           PSECURITY_DESCRIPTOR AbsoluteSecurityDescriptor,
                                           PULONG AbsoluteSecurityDescriptorSize, PACL Dacl, PULONG DaclSize,
                                           PACL Sacl, PULONG SaclSize, PSID Owner, PULONG OwnerSize,
                                           PSID PrimaryGroup, PULONG PrimaryGroupSize);
NTSTATUS NTAPI RtlAllocateAndInitializeSid(PSID_IDENTIFIER_AUTHORITY IdentifierAuthority,
                                           UCHAR SubAuthorityCount, ULONG SubAuthority0, ULONG SubAuthority1,
                                           ULONG SubAuthority2, ULONG SubAuthority3, ULONG SubAuthority4,
                                           ULONG SubAuthority5, ULONG SubAuthority6, ULONG SubAuthority7,
                                           PSID *Sid);
void NTAPI SeSetAccessStateGenericMapping(PACCESS_STATE AccessState, PGENERIC_MAPPING GenericMapping);

/* Self-relative, constant descriptors. */
extern PSECURITY_DESCRIPTOR SePublicDefaultSd; /* everyone read/execute, system and administrators all */
extern PSECURITY_DESCRIPTOR SePublicOpenSd;    /* everyone all but write owner/dac */
extern PSECURITY_DESCRIPTOR SeSystemDefaultSd; /* system and administrators only */

/* The logon session of a token. nf-ntifs-sequeryauthenticationidtoken */
NTSTATUS NTAPI SeQueryAuthenticationIdToken(PACCESS_TOKEN Token, PLUID AuthenticationId);

/* Fill an ACCESS_STATE for the current thread; undo with SeDeleteAccessState. */
NTSTATUS NTAPI SeCreateAccessState(PACCESS_STATE AccessState, PVOID AuxData, ACCESS_MASK DesiredAccess,
                                   PGENERIC_MAPPING GenericMapping);
void NTAPI SeDeleteAccessState(PACCESS_STATE AccessState);

/* Space that SeCreateAccessState asks for. */
typedef struct _AUX_ACCESS_DATA {
    PPRIVILEGE_SET PrivilegesUsed;
    GENERIC_MAPPING GenericMapping;
    ACCESS_MASK AccessesToAudit;
    ACCESS_MASK MaximumAuditMask;
    GUID TransactionId;
} AUX_ACCESS_DATA, *PAUX_ACCESS_DATA;

/* The default security procedure of object types (OB_SECURITY_METHOD). */
OB_SECURITY_METHOD SeDefaultObjectMethod;

/* Copy a caller's descriptor (absolute or self-relative) into one self-relative pool block. */
NTSTATUS NTAPI SeCaptureSecurityDescriptor(PSECURITY_DESCRIPTOR Input, KPROCESSOR_MODE AccessMode,
                                           POOL_TYPE PoolType, BOOLEAN CaptureIfKernel,
                                           PSECURITY_DESCRIPTOR *Captured);
void NTAPI SeReleaseSecurityDescriptor(PSECURITY_DESCRIPTOR Captured, KPROCESSOR_MODE AccessMode,
                                       BOOLEAN CapturedIfKernel);

#endif
