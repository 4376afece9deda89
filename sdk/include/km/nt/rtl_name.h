/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl_name.h - names of files: tables of path prefixes, short (8.3) names, parts and patterns.
 *
 * The caller serialises the use of a prefix table and owns entries and strings until they are removed.
 * Pages: ntifs/nf-ntifs-rtlinsertunicodeprefix, ...-rtlgenerate8dot3name, ...-fsrtlisnameinexpression and siblings.
 */
#ifndef KILN_NT_RTL_NAME_H
#define KILN_NT_RTL_NAME_H

#include <nt/rtl_string.h>
#include <nt/rtl_table.h>

EXTERN_C_START

/* ---- prefix tables; opaque ---- */

typedef struct _PREFIX_TABLE_ENTRY {
    CSHORT NodeTypeCode;
    CSHORT NameLength;
    struct _PREFIX_TABLE_ENTRY *NextPrefixTree;
    RTL_SPLAY_LINKS Links;
    PSTRING Prefix;
} PREFIX_TABLE_ENTRY, *PPREFIX_TABLE_ENTRY;
typedef struct _PREFIX_TABLE {
    CSHORT NodeTypeCode;
    CSHORT NameLength;
    PPREFIX_TABLE_ENTRY NextPrefixTree;
} PREFIX_TABLE, *PPREFIX_TABLE;
typedef struct _UNICODE_PREFIX_TABLE_ENTRY {
    CSHORT NodeTypeCode;
    CSHORT NameLength;
    struct _UNICODE_PREFIX_TABLE_ENTRY *NextPrefixTree;
    struct _UNICODE_PREFIX_TABLE_ENTRY *CaseMatch;
    RTL_SPLAY_LINKS Links;
    PUNICODE_STRING Prefix;
} UNICODE_PREFIX_TABLE_ENTRY, *PUNICODE_PREFIX_TABLE_ENTRY;
typedef struct _UNICODE_PREFIX_TABLE {
    CSHORT NodeTypeCode;
    CSHORT NameLength;
    PUNICODE_PREFIX_TABLE_ENTRY NextPrefixTree;
    PUNICODE_PREFIX_TABLE_ENTRY LastNextEntry;
} UNICODE_PREFIX_TABLE, *PUNICODE_PREFIX_TABLE;

NTSYSAPI VOID NTAPI RtlInitializeUnicodePrefix(_Out_ PUNICODE_PREFIX_TABLE PrefixTable);
/* FALSE: the same prefix, in the same case, is in the table. */
NTSYSAPI BOOLEAN NTAPI RtlInsertUnicodePrefix(_In_ PUNICODE_PREFIX_TABLE PrefixTable, _In_ PUNICODE_STRING Prefix,
                                              _Out_ PUNICODE_PREFIX_TABLE_ENTRY PrefixTableEntry);
NTSYSAPI VOID NTAPI RtlRemoveUnicodePrefix(_In_ PUNICODE_PREFIX_TABLE PrefixTable,
                                           _In_ PUNICODE_PREFIX_TABLE_ENTRY PrefixTableEntry);
/* The longest prefix that ends where a component of the name ends. Case matters before CaseInsensitiveIndex (characters). */
NTSYSAPI PUNICODE_PREFIX_TABLE_ENTRY NTAPI RtlFindUnicodePrefix(_In_ PUNICODE_PREFIX_TABLE PrefixTable,
                                                                _In_ PUNICODE_STRING FullName,
                                                                _In_ ULONG CaseInsensitiveIndex);
NTSYSAPI PUNICODE_PREFIX_TABLE_ENTRY NTAPI RtlNextUnicodePrefix(_In_ PUNICODE_PREFIX_TABLE PrefixTable,
                                                                _In_ BOOLEAN Restart);
/* The same for 8-bit strings; case always matters. */
NTSYSAPI VOID NTAPI PfxInitialize(_Out_ PPREFIX_TABLE PrefixTable);
NTSYSAPI BOOLEAN NTAPI PfxInsertPrefix(_In_ PPREFIX_TABLE PrefixTable, _In_ PSTRING Prefix,
                                       _Out_ PPREFIX_TABLE_ENTRY PrefixTableEntry);
NTSYSAPI VOID NTAPI PfxRemovePrefix(_In_ PPREFIX_TABLE PrefixTable, _In_ PPREFIX_TABLE_ENTRY PrefixTableEntry);
NTSYSAPI PPREFIX_TABLE_ENTRY NTAPI PfxFindPrefix(_In_ PPREFIX_TABLE PrefixTable, _In_ PSTRING FullName);

/* ---- short names ---- */

/* Context is zeros at the first call for a name; each call gives another. Name8dot3 has room for 12 characters. */
NTSYSAPI _IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS NTAPI RtlGenerate8dot3Name(_In_ PCUNICODE_STRING Name, _In_ BOOLEAN AllowExtendedCharacters,
                                    _Inout_ PGENERATE_NAME_CONTEXT Context, _Inout_ PUNICODE_STRING Name8dot3);
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
BOOLEAN NTAPI RtlIsNameLegalDOS8Dot3(_In_ PCUNICODE_STRING Name, _Inout_opt_ POEM_STRING OemName,
                                     _Out_opt_ PBOOLEAN NameContainsSpaces);

/* ---- parts and patterns ---- */

#define FSRTL_FAT_LEGAL         0x01
#define FSRTL_HPFS_LEGAL        0x02
#define FSRTL_NTFS_LEGAL        0x04
#define FSRTL_WILD_CHARACTER    0x08
#define FSRTL_OLE_LEGAL         0x10
#define FSRTL_NTFS_STREAM_LEGAL (FSRTL_NTFS_LEGAL | FSRTL_OLE_LEGAL)
extern const UCHAR *FsRtlLegalAnsiCharacterArray; /* FSRTL_... of the characters 0 to 127 */

#define FsRtlTestAnsiCharacter(C, DEFAULT_RET, WILD_OK, FLAGS)                                               \
    (((SCHAR)(C) < 0) ? (DEFAULT_RET)                                                                        \
                      : ((FsRtlLegalAnsiCharacterArray[(UCHAR)(C)] &                                         \
                          ((FLAGS) | ((WILD_OK) ? FSRTL_WILD_CHARACTER : 0))) != 0))
#define FsRtlIsAnsiCharacterWild(C)                                                                          \
    ((UCHAR)(C) < 128 && (FsRtlLegalAnsiCharacterArray[(UCHAR)(C)] & FSRTL_WILD_CHARACTER) != 0)
#define FsRtlIsAnsiCharacterLegalFat(C, WILD_OK)  FsRtlTestAnsiCharacter((C), TRUE, (WILD_OK), FSRTL_FAT_LEGAL)
#define FsRtlIsAnsiCharacterLegalHpfs(C, WILD_OK) FsRtlTestAnsiCharacter((C), TRUE, (WILD_OK), FSRTL_HPFS_LEGAL)
#define FsRtlIsAnsiCharacterLegalNtfs(C, WILD_OK) FsRtlTestAnsiCharacter((C), TRUE, (WILD_OK), FSRTL_NTFS_LEGAL)
#define FsRtlIsAnsiCharacterLegalNtfsStream(C, WILD_OK)                                                      \
    FsRtlTestAnsiCharacter((C), TRUE, (WILD_OK), FSRTL_NTFS_STREAM_LEGAL)
#define FsRtlIsAnsiCharacterLegal(C, FLAGS) FsRtlTestAnsiCharacter((C), TRUE, FALSE, (FLAGS))
#define FsRtlIsUnicodeCharacterWild(C)                                                                       \
    (((C) >= 0x40) ? FALSE : (FsRtlLegalAnsiCharacterArray[(C)] & FSRTL_WILD_CHARACTER) != 0)

#define ANSI_DOS_STAR ('<')
#define ANSI_DOS_QM   ('>')
#define ANSI_DOS_DOT  ('"')
#define DOS_STAR      (L'<')
#define DOS_QM        (L'>')
#define DOS_DOT       (L'"')

/* The name before the first backslash (a leading one is passed over), and what is behind it. */
NTKERNELAPI VOID NTAPI FsRtlDissectName(_In_ UNICODE_STRING Path, _Out_ PUNICODE_STRING FirstName,
                                        _Out_ PUNICODE_STRING RemainingName);
/* Expression is in capitals if IgnoreCase. Raises STATUS_NO_MEMORY when there is none for a long pattern. */
NTKERNELAPI _IRQL_requires_max_(PASSIVE_LEVEL)
BOOLEAN NTAPI FsRtlIsNameInExpression(_In_ PUNICODE_STRING Expression, _In_ PUNICODE_STRING Name,
                                      _In_ BOOLEAN IgnoreCase, _In_opt_ PWCH UpcaseTable);
NTKERNELAPI BOOLEAN NTAPI FsRtlIsNtstatusExpected(_In_ NTSTATUS Exception);
NTKERNELAPI BOOLEAN NTAPI FsRtlIsTotalDeviceFailure(_In_ NTSTATUS Status);

EXTERN_C_END

NT_ASSERT_SIZE(UNICODE_PREFIX_TABLE_ENTRY, 0x38);

#endif
