/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl_string.h - counted strings and their conversions; integers and GUIDs as text.
 *
 * Lengths are bytes, terminators are not counted.  Conversions that allocate take paged pool (so IRQL <
 * DISPATCH_LEVEL) and are undone by RtlFree*String; case tables are pageable on Windows, so anything that
 * folds case is PASSIVE_LEVEL there. Pages: wdm, ntddk or ntifs /nf-...-<lower-case name>.
 */
#ifndef KILN_NT_RTL_STRING_H
#define KILN_NT_RTL_STRING_H

#include <nt/status.h>

EXTERN_C_START

/* ---- making ---- */

/* Whether characters of the ANSI and of the OEM code page may have several bytes. Page: kernel/mm64bitphysicaladdress. */
#define NLS_MB_CODE_PAGE_TAG     NlsMbCodePageTag
#define NLS_MB_OEM_CODE_PAGE_TAG NlsMbOemCodePageTag
extern NTSYSAPI BOOLEAN NLS_MB_CODE_PAGE_TAG;
extern NTSYSAPI BOOLEAN NLS_MB_OEM_CODE_PAGE_TAG;

/* Describe a terminated string without copying it. Any IRQL; a null source makes an empty string. */
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI VOID NTAPI RtlInitString(_Out_ PSTRING DestinationString, _In_opt_z_ PCSZ SourceString);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI VOID NTAPI RtlInitAnsiString(_Out_ PANSI_STRING DestinationString, _In_opt_z_ PCSZ SourceString);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI VOID NTAPI RtlInitUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                         _In_opt_z_ PCWSTR SourceString);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI VOID NTAPI RtlInitUTF8String(_Out_ PUTF8_STRING DestinationString, _In_opt_z_ PCSZ SourceString);
/* The same, failing with STATUS_NAME_TOO_LONG instead of cutting. */
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlInitStringEx(_Out_ PSTRING DestinationString, _In_opt_z_ PCSZ SourceString);
NTSYSAPI NTSTATUS NTAPI RtlInitAnsiStringEx(_Out_ PANSI_STRING DestinationString,
                                            _In_opt_z_ PCSZ SourceString);
NTSYSAPI NTSTATUS NTAPI RtlInitUnicodeStringEx(_Out_ PUNICODE_STRING DestinationString,
                                               _In_opt_z_ PCWSTR SourceString);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlInitUTF8StringEx(_Out_ PUTF8_STRING DestinationString,
                                            _In_opt_z_ PCSZ SourceString);
/* Over a buffer, for building a string in it. */
FORCEINLINE VOID RtlInitEmptyUnicodeString(_Out_ PUNICODE_STRING UnicodeString, _In_opt_ PWCHAR Buffer,
                                           _In_ USHORT BufferSize)
{
    UnicodeString->Length = 0;
    UnicodeString->MaximumLength = BufferSize;
    UnicodeString->Buffer = Buffer;
}
FORCEINLINE VOID RtlInitEmptyAnsiString(_Out_ PANSI_STRING AnsiString, _In_opt_ PCHAR Buffer,
                                        _In_ USHORT BufferSize)
{
    AnsiString->Length = 0;
    AnsiString->MaximumLength = BufferSize;
    AnsiString->Buffer = Buffer;
}
/* Zeroes what is behind the length. */
FORCEINLINE VOID RtlSanitizeUnicodeStringPadding(_Inout_ PUNICODE_STRING String)
{
    if (String->MaximumLength > String->Length) {
        __builtin_memset((PUCHAR)String->Buffer + String->Length, 0,
                         (SIZE_T)(String->MaximumLength - String->Length));
    }
}
/* Give back what a conversion allocated. IRQL <= APC_LEVEL. */
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI RtlFreeUnicodeString(_Inout_ PUNICODE_STRING UnicodeString);
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI RtlFreeAnsiString(_Inout_ PANSI_STRING AnsiString);
NTSYSAPI _IRQL_requires_max_(PASSIVE_LEVEL)
VOID NTAPI RtlFreeOemString(_Inout_ POEM_STRING OemString);
NTSYSAPI _IRQL_requires_max_(PASSIVE_LEVEL)
VOID NTAPI RtlFreeUTF8String(_Inout_ PUTF8_STRING Utf8String);
NTSYSAPI BOOLEAN NTAPI RtlCreateUnicodeString(_Out_ PUNICODE_STRING DestinationString,
                                              _In_z_ PCWSTR SourceString);
NTSYSAPI BOOLEAN NTAPI RtlCreateUnicodeStringFromAsciiz(_Out_ PUNICODE_STRING DestinationString,
                                                        _In_z_ PCSZ SourceString);
#define RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE       1
#define RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING 2
NTSYSAPI NTSTATUS NTAPI RtlDuplicateUnicodeString(_In_ ULONG Flags, _In_ PCUNICODE_STRING StringIn,
                                                  _Out_ PUNICODE_STRING StringOut);
NTSYSAPI NTSTATUS NTAPI RtlValidateUnicodeString(_In_ ULONG Flags, _In_ PCUNICODE_STRING String);

/* ---- copying, appending, comparing ---- */

/* As much as fits; a null source empties. */
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI VOID NTAPI RtlCopyString(_Out_ PSTRING DestinationString, _In_opt_ const STRING *SourceString);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI VOID NTAPI RtlCopyUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                         _In_opt_ PCUNICODE_STRING SourceString);
/* All or STATUS_BUFFER_TOO_SMALL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlAppendUnicodeToString(_Inout_ PUNICODE_STRING Destination,
                                                 _In_opt_z_ PCWSTR Source);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlAppendUnicodeStringToString(_Inout_ PUNICODE_STRING Destination,
                                                       _In_ PCUNICODE_STRING Source);
NTSYSAPI NTSTATUS NTAPI RtlAppendStringToString(_Inout_ PSTRING Destination, _In_ const STRING *Source);
NTSYSAPI NTSTATUS NTAPI RtlAppendAsciizToString(_Inout_ PSTRING Destination, _In_opt_z_ PCSZ Source);
/* Negative, zero, positive. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI LONG NTAPI RtlCompareString(_In_ const STRING *String1, _In_ const STRING *String2,
                                     _In_ BOOLEAN CaseInSensitive);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI LONG NTAPI RtlCompareUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                            _In_ BOOLEAN CaseInSensitive);
NTSYSAPI LONG NTAPI RtlCompareUnicodeStrings(_In_reads_(String1Length) PCWCH String1,
                                             _In_ SIZE_T String1Length,
                                             _In_reads_(String2Length) PCWCH String2,
                                             _In_ SIZE_T String2Length, _In_ BOOLEAN CaseInSensitive);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlEqualString(_In_ const STRING *String1, _In_ const STRING *String2,
                                      _In_ BOOLEAN CaseInSensitive);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlEqualUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                             _In_ BOOLEAN CaseInSensitive);
/* Whether String1 is the beginning of String2. */
NTSYSAPI BOOLEAN NTAPI RtlPrefixString(_In_ const STRING *String1, _In_ const STRING *String2,
                                       _In_ BOOLEAN CaseInSensitive);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlPrefixUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                              _In_ BOOLEAN CaseInSensitive);
NTSYSAPI BOOLEAN NTAPI RtlSuffixUnicodeString(_In_ PCUNICODE_STRING String1, _In_ PCUNICODE_STRING String2,
                                              _In_ BOOLEAN CaseInSensitive);
NTSYSAPI NTSTATUS NTAPI RtlFindCharInUnicodeString(_In_ ULONG Flags, _In_ PCUNICODE_STRING StringToSearch,
                                                   _In_ PCUNICODE_STRING CharSet,
                                                   _Out_ PUSHORT NonInclusivePrefixLength);
#define HASH_STRING_ALGORITHM_DEFAULT 0
#define HASH_STRING_ALGORITHM_X65599  1
#define HASH_STRING_ALGORITHM_INVALID 0xffffffff
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlHashUnicodeString(_In_ PCUNICODE_STRING String, _In_ BOOLEAN CaseInSensitive,
                                             _In_ ULONG HashAlgorithm, _Out_ PULONG HashValue);

/* ---- case ---- */

_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI WCHAR NTAPI RtlUpcaseUnicodeChar(_In_ WCHAR SourceCharacter);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI WCHAR NTAPI RtlDowncaseUnicodeChar(_In_ WCHAR SourceCharacter);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                               _In_ PCUNICODE_STRING SourceString,
                                               _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS NTAPI RtlDowncaseUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                                 _In_ PCUNICODE_STRING SourceString,
                                                 _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI CHAR NTAPI RtlUpperChar(_In_ CHAR Character);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID NTAPI RtlUpperString(_Inout_ PSTRING DestinationString, _In_ const STRING *SourceString);

/* ---- conversions ---- */

_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlAnsiStringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                                     _In_ PCANSI_STRING SourceString,
                                                     _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToAnsiString(_Inout_ PANSI_STRING DestinationString,
                                                     _In_ PCUNICODE_STRING SourceString,
                                                     _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeStringToAnsiString(_Inout_ PANSI_STRING DestinationString,
                                                           _In_ PCUNICODE_STRING SourceString,
                                                           _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS NTAPI RtlOemStringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                                    _In_ PCOEM_STRING SourceString,
                                                    _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToOemString(_Inout_ POEM_STRING DestinationString,
                                                    _In_ PCUNICODE_STRING SourceString,
                                                    _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeStringToOemString(_Inout_ POEM_STRING DestinationString,
                                                          _In_ PCUNICODE_STRING SourceString,
                                                          _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToCountedOemString(_Inout_ POEM_STRING DestinationString,
                                                           _In_ PCUNICODE_STRING SourceString,
                                                           _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeStringToCountedOemString(_Inout_ POEM_STRING DestinationString,
                                                                 _In_ PCUNICODE_STRING SourceString,
                                                                 _In_ BOOLEAN AllocateDestinationString);
NTSYSAPI NTSTATUS NTAPI RtlOemStringToCountedUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                                           _In_ PCOEM_STRING SourceString,
                                                           _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlUTF8StringToUnicodeString(_Inout_ PUNICODE_STRING DestinationString,
                                                     _In_ PUTF8_STRING SourceString,
                                                     _In_ BOOLEAN AllocateDestinationString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToUTF8String(_Inout_ PUTF8_STRING DestinationString,
                                                     _In_ PCUNICODE_STRING SourceString,
                                                     _In_ BOOLEAN AllocateDestinationString);
/* Bytes with the terminator that a conversion would need. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI ULONG NTAPI RtlxAnsiStringToUnicodeSize(_In_ PCANSI_STRING AnsiString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI ULONG NTAPI RtlxUnicodeStringToAnsiSize(_In_ PCUNICODE_STRING UnicodeString);
NTSYSAPI ULONG NTAPI RtlxOemStringToUnicodeSize(_In_ PCOEM_STRING OemString);
NTSYSAPI ULONG NTAPI RtlxUnicodeStringToOemSize(_In_ PCUNICODE_STRING UnicodeString);
#define RtlAnsiStringToUnicodeSize(STRING_) ((ULONG)(((STRING_)->Length + sizeof(ANSI_NULL)) * sizeof(WCHAR)))
#define RtlUnicodeStringToAnsiSize(STRING_)                                                                  \
    ((ULONG)(((STRING_)->Length + sizeof(UNICODE_NULL)) / sizeof(WCHAR)))
#define RtlOemStringToUnicodeSize(STRING_) ((ULONG)(((STRING_)->Length + sizeof(ANSI_NULL)) * sizeof(WCHAR)))
#define RtlUnicodeStringToOemSize(STRING_)                                                                   \
    ((ULONG)(((STRING_)->Length + sizeof(UNICODE_NULL)) / sizeof(WCHAR)))
#define RtlUnicodeStringToCountedOemSize(STRING_)                                                            \
    ((ULONG)(RtlUnicodeStringToOemSize(STRING_) - sizeof(ANSI_NULL)))
NTSYSAPI WCHAR NTAPI RtlAnsiCharToUnicodeChar(_Inout_ PUCHAR *SourceCharacter);
NTSYSAPI BOOLEAN NTAPI RtlIsValidOemCharacter(_Inout_ PWCHAR Char);
/* Blocks of characters; cut to what fits; the result's size in bytes. */
NTSYSAPI NTSTATUS NTAPI RtlMultiByteToUnicodeN(_Out_ PWCH UnicodeString, _In_ ULONG MaxBytesInUnicodeString,
                                               _Out_opt_ PULONG BytesInUnicodeString,
                                               _In_ const CHAR *MultiByteString,
                                               _In_ ULONG BytesInMultiByteString);
NTSYSAPI NTSTATUS NTAPI RtlMultiByteToUnicodeSize(_Out_ PULONG BytesInUnicodeString,
                                                  _In_ const CHAR *MultiByteString,
                                                  _In_ ULONG BytesInMultiByteString);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeToMultiByteN(_Out_ PCHAR MultiByteString,
                                               _In_ ULONG MaxBytesInMultiByteString,
                                               _Out_opt_ PULONG BytesInMultiByteString,
                                               _In_ PCWCH UnicodeString, _In_ ULONG BytesInUnicodeString);
NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeToMultiByteN(_Out_ PCHAR MultiByteString,
                                                     _In_ ULONG MaxBytesInMultiByteString,
                                                     _Out_opt_ PULONG BytesInMultiByteString,
                                                     _In_ PCWCH UnicodeString,
                                                     _In_ ULONG BytesInUnicodeString);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeToMultiByteSize(_Out_ PULONG BytesInMultiByteString,
                                                  _In_ PCWCH UnicodeString, _In_ ULONG BytesInUnicodeString);
NTSYSAPI NTSTATUS NTAPI RtlOemToUnicodeN(_Out_ PWCH UnicodeString, _In_ ULONG MaxBytesInUnicodeString,
                                         _Out_opt_ PULONG BytesInUnicodeString, _In_ PCCH OemString,
                                         _In_ ULONG BytesInOemString);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeToOemN(_Out_ PCHAR OemString, _In_ ULONG MaxBytesInOemString,
                                         _Out_opt_ PULONG BytesInOemString, _In_ PCWCH UnicodeString,
                                         _In_ ULONG BytesInUnicodeString);
NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeToOemN(_Out_ PCHAR OemString, _In_ ULONG MaxBytesInOemString,
                                               _Out_opt_ PULONG BytesInOemString, _In_ PCWCH UnicodeString,
                                               _In_ ULONG BytesInUnicodeString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlUTF8ToUnicodeN(_Out_opt_ PWSTR UnicodeStringDestination,
                                          _In_ ULONG UnicodeStringMaxByteCount,
                                          _Out_opt_ PULONG UnicodeStringActualByteCount,
                                          _In_ PCCH UTF8StringSource, _In_ ULONG UTF8StringByteCount);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlUnicodeToUTF8N(_Out_opt_ PCHAR UTF8StringDestination,
                                          _In_ ULONG UTF8StringMaxByteCount,
                                          _Out_opt_ PULONG UTF8StringActualByteCount,
                                          _In_ PCWCH UnicodeStringSource, _In_ ULONG UnicodeStringByteCount);

/* ---- integers and GUIDs ---- */

/* Base 0 means: by prefix 0x, 0o, 0b, else decimal. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlCharToInteger(_In_z_ PCSZ String, _In_opt_ ULONG Base, _Out_ PULONG Value);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToInteger(_In_ PCUNICODE_STRING String, _In_opt_ ULONG Base,
                                                  _Out_ PULONG Value);
NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToInt64(_In_ PCUNICODE_STRING String, _In_opt_ ULONG Base,
                                                _Out_ PLONG64 Number, _Out_opt_ PWSTR *EndPointer);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlIntegerToUnicodeString(_In_ ULONG Value, _In_opt_ ULONG Base,
                                                  _Inout_ PUNICODE_STRING String);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlInt64ToUnicodeString(_In_ ULONGLONG Value, _In_opt_ ULONG Base,
                                                _Inout_ PUNICODE_STRING String);
NTSYSAPI NTSTATUS NTAPI RtlIntegerToChar(_In_ ULONG Value, _In_opt_ ULONG Base, _In_ LONG OutputLength,
                                         _Out_ PSTR String);
#define RtlIntPtrToUnicodeString(Value, Base, String) RtlInt64ToUnicodeString(Value, Base, String)
/* {xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx} */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlStringFromGUID(_In_ REFGUID Guid, _Out_ PUNICODE_STRING GuidString);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlGUIDFromString(_In_ PCUNICODE_STRING GuidString, _Out_ GUID *Guid);

/* ---- names of files ---- */

typedef struct _GENERATE_NAME_CONTEXT {
    USHORT Checksum;
    BOOLEAN ChecksumInserted;
    UCHAR NameLength;
    WCHAR NameBuffer[8];
    ULONG ExtensionLength;
    WCHAR ExtensionBuffer[4];
    ULONG LastIndexValue;
} GENERATE_NAME_CONTEXT, *PGENERATE_NAME_CONTEXT;

EXTERN_C_END

#endif
