/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl_security.h - security descriptors, access control lists and security identifiers, as plain data.
 *
 * Nothing here decides about access; that is se.h. IRQL == PASSIVE_LEVEL if the data is pageable, else any.
 */
#ifndef KILN_NT_RTL_SECURITY_H
#define KILN_NT_RTL_SECURITY_H

#include <nt/status.h>
#include <nt/se.h>

EXTERN_C_START

_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlCreateSecurityDescriptor(_Out_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                    _In_ ULONG Revision);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlValidSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlValidRelativeSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptorInput,
                                                          _In_ ULONG SecurityDescriptorLength,
                                                          _In_ SECURITY_INFORMATION RequiredInformation);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI ULONG NTAPI RtlLengthSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                     _In_ BOOLEAN DaclPresent, _In_opt_ struct _ACL *Dacl,
                                                     _In_opt_ BOOLEAN DaclDefaulted);
NTSYSAPI NTSTATUS NTAPI RtlGetDaclSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                     _Out_ PBOOLEAN DaclPresent, _Out_ struct _ACL **Dacl,
                                                     _Out_ PBOOLEAN DaclDefaulted);
NTSYSAPI NTSTATUS NTAPI RtlGetSaclSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                     _Out_ PBOOLEAN SaclPresent, _Out_ struct _ACL **Sacl,
                                                     _Out_ PBOOLEAN SaclDefaulted);
NTSYSAPI NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                      _In_opt_ PSID Owner, _In_opt_ BOOLEAN OwnerDefaulted);
NTSYSAPI NTSTATUS NTAPI RtlGetOwnerSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                      _Out_ PSID *Owner, _Out_ PBOOLEAN OwnerDefaulted);
NTSYSAPI NTSTATUS NTAPI RtlSetGroupSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                      _In_opt_ PSID Group, _In_opt_ BOOLEAN GroupDefaulted);
NTSYSAPI NTSTATUS NTAPI RtlGetGroupSecurityDescriptor(_In_ PSECURITY_DESCRIPTOR SecurityDescriptor,
                                                      _Out_ PSID *Group, _Out_ PBOOLEAN GroupDefaulted);
NTSYSAPI NTSTATUS NTAPI RtlAbsoluteToSelfRelativeSD(
    _In_ PSECURITY_DESCRIPTOR AbsoluteSecurityDescriptor,
    _Out_opt_ PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor, _Inout_ PULONG BufferLength);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlNormalizeSecurityDescriptor(_Inout_ PSECURITY_DESCRIPTOR *SecurityDescriptor,
                                                      _In_ ULONG SecurityDescriptorLength,
                                                      _Out_opt_ PSECURITY_DESCRIPTOR *NewSecurityDescriptor,
                                                      _Out_opt_ PULONG NewSecurityDescriptorLength,
                                                      _In_ BOOLEAN CheckOnly);
/* Generic rights to specific ones. */
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID NTAPI RtlMapGenericMask(_Inout_ PACCESS_MASK AccessMask,
                                      _In_ const GENERIC_MAPPING *GenericMapping);

NTSYSAPI BOOLEAN NTAPI RtlValidSid(_In_ PSID Sid);
NTSYSAPI BOOLEAN NTAPI RtlEqualSid(_In_ PSID Sid1, _In_ PSID Sid2);
NTSYSAPI BOOLEAN NTAPI RtlEqualPrefixSid(_In_ PSID Sid1, _In_ PSID Sid2);
NTSYSAPI ULONG NTAPI RtlLengthSid(_In_ PSID Sid);
NTSYSAPI ULONG NTAPI RtlLengthRequiredSid(_In_ ULONG SubAuthorityCount);
NTSYSAPI NTSTATUS NTAPI RtlInitializeSid(_Out_ PSID Sid,
                                         _In_ struct _SID_IDENTIFIER_AUTHORITY *IdentifierAuthority,
                                         _In_ UCHAR SubAuthorityCount);
NTSYSAPI PULONG NTAPI RtlSubAuthoritySid(_In_ PSID Sid, _In_ ULONG SubAuthority);
NTSYSAPI PUCHAR NTAPI RtlSubAuthorityCountSid(_In_ PSID Sid);
NTSYSAPI NTSTATUS NTAPI RtlCopySid(_In_ ULONG DestinationSidLength, _Out_ PSID DestinationSid,
                                   _In_ PSID SourceSid);
NTSYSAPI NTSTATUS NTAPI RtlConvertSidToUnicodeString(_Inout_ PUNICODE_STRING UnicodeString, _In_ PSID Sid,
                                                     _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS NTAPI RtlCreateAcl(_Out_ struct _ACL *Acl, _In_ ULONG AclLength, _In_ ULONG AclRevision);
NTSYSAPI BOOLEAN NTAPI RtlValidAcl(_In_ struct _ACL *Acl);
NTSYSAPI NTSTATUS NTAPI RtlAddAccessAllowedAce(_Inout_ struct _ACL *Acl, _In_ ULONG AceRevision,
                                               _In_ ACCESS_MASK AccessMask, _In_ PSID Sid);
NTSYSAPI NTSTATUS NTAPI RtlAddAccessAllowedAceEx(_Inout_ struct _ACL *Acl, _In_ ULONG AceRevision,
                                                 _In_ ULONG AceFlags, _In_ ACCESS_MASK AccessMask,
                                                 _In_ PSID Sid);
NTSYSAPI NTSTATUS NTAPI RtlAddAce(_Inout_ struct _ACL *Acl, _In_ ULONG AceRevision,
                                  _In_ ULONG StartingAceIndex, _In_ PVOID AceList, _In_ ULONG AceListLength);
NTSYSAPI NTSTATUS NTAPI RtlDeleteAce(_Inout_ struct _ACL *Acl, _In_ ULONG AceIndex);
NTSYSAPI NTSTATUS NTAPI RtlGetAce(_In_ struct _ACL *Acl, _In_ ULONG AceIndex, _Out_ PVOID *Ace);

/* ---- LUIDs and lists of SIDs ---- */

NTSYSAPI VOID NTAPI RtlCopyLuidAndAttributesArray(_In_ ULONG Count, _In_reads_(Count) PLUID_AND_ATTRIBUTES Src,
                                                  _Out_writes_(Count) PLUID_AND_ATTRIBUTES Dest);
/* The SIDs go to SidArea. STATUS_BUFFER_TOO_SMALL. */
NTSYSAPI NTSTATUS NTAPI RtlCopySidAndAttributesArray(_In_ ULONG Count, _In_reads_(Count) PSID_AND_ATTRIBUTES Src,
                                                     _In_ ULONG SidAreaSize,
                                                     _Out_writes_(Count) PSID_AND_ATTRIBUTES Dest, _In_ PVOID SidArea,
                                                     _Out_ PVOID *RemainingSidArea,
                                                     _Out_ PULONG RemainingSidAreaSize);
struct _SID_AND_ATTRIBUTES_HASH;
NTSYSAPI NTSTATUS NTAPI RtlSidHashInitialize(_In_reads_(SidCount) PSID_AND_ATTRIBUTES SidAttr, _In_ ULONG SidCount,
                                             _Out_ struct _SID_AND_ATTRIBUTES_HASH *SidAttrHash);
NTSYSAPI PSID_AND_ATTRIBUTES NTAPI RtlSidHashLookup(_In_ struct _SID_AND_ATTRIBUTES_HASH *SidAttrHash, _In_ PSID Sid);

/* ---- more on descriptors and lists ---- */

NTSYSAPI PVOID NTAPI RtlFindAceByType(_In_ struct _ACL *Acl, _In_ UCHAR AceType, _Out_opt_ PULONG Index);
NTSYSAPI BOOLEAN NTAPI RtlOwnerAcesPresent(_In_ struct _ACL *Acl);
/* SIDs of equal length only: STATUS_INVALID_PARAMETER. */
NTSYSAPI NTSTATUS NTAPI RtlReplaceSidInSd(_Inout_ PSECURITY_DESCRIPTOR SecurityDescriptor, _In_ PSID OldSid,
                                          _In_ PSID NewSid, _Out_ PULONG NumChanges);
/* In place, if *BufferSize has room for the absolute form before its parts; STATUS_BUFFER_TOO_SMALL and the size. */
NTSYSAPI NTSTATUS NTAPI RtlSelfRelativeToAbsoluteSD2(_Inout_ PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor,
                                                     _Inout_ PULONG BufferSize);
NTSYSAPI BOOLEAN NTAPI RtlAreAllAccessesGranted(_In_ ACCESS_MASK GrantedAccess, _In_ ACCESS_MASK DesiredAccess);
NTSYSAPI BOOLEAN NTAPI RtlAreAnyAccessesGranted(_In_ ACCESS_MASK GrantedAccess, _In_ ACCESS_MASK DesiredAccess);

EXTERN_C_END

#endif
