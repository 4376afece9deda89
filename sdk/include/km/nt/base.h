/* SPDX-License-Identifier: MIT */
/*
 * nt/base.h - the types that everything else is made of (what <ntdef.h> gives).
 *
 * One set of headers serves two builds:
 *   PE   drivers, clang or mingw-w64 gcc: `_WIN32` is defined, LONG is `long`, the native convention is NT's;
 *   ELF  the kernel itself, gcc or clang with -fshort-wchar: LONG is `int`, NTAPI is
 * `__attribute__((ms_abi))`. Every exported routine and every callback type carries NTAPI.  Variadic
 * arguments that cross the boundary are a NT_VA_LIST, used with NT_VA_START and NT_VA_END.
 *
 * Structures have the layout of x64 Windows 10; C_ASSERTs at the end of each header hold them to it.
 * A pointer type to an object whose inside is the kernel's business (PDEVICE_OBJECT is not one, PKTHREAD is)
 * is declared here, so that no header needs another one just for a name.
 */
#ifndef KILN_NT_BASE_H
#define KILN_NT_BASE_H

#include <nt/sal.h>

/* ---- target ---- */

#if !defined(__x86_64__) && !defined(_M_X64)
#error "Kiln's SDK is for x64."
#endif
#ifndef _AMD64_
#define _AMD64_ 1
#endif
#ifndef _WIN64
#define _WIN64 1
#endif
#ifndef AMD64
#define AMD64 1
#endif

#include <basetsd.h>
#include <guiddef.h>
#include <excpt.h>

/* Versions: what a header set of Windows 11, version 22H2 says, unless the driver asks for an older one. */
#define _WIN32_WINNT_WIN2K    0x0500
#define _WIN32_WINNT_WINXP    0x0501
#define _WIN32_WINNT_WS03     0x0502
#define _WIN32_WINNT_VISTA    0x0600
#define _WIN32_WINNT_WS08     0x0600
#define _WIN32_WINNT_LONGHORN 0x0600
#define _WIN32_WINNT_WIN7     0x0601
#define _WIN32_WINNT_WIN8     0x0602
#define _WIN32_WINNT_WINBLUE  0x0603
#define _WIN32_WINNT_WIN10    0x0A00
#define NTDDI_WIN2K           0x05000000
#define NTDDI_WINXP           0x05010000
#define NTDDI_WINXPSP1        0x05010100
#define NTDDI_WINXPSP2        0x05010200
#define NTDDI_WS03            0x05020000
#define NTDDI_WS03SP1         0x05020100
#define NTDDI_WIN6            0x06000000
#define NTDDI_VISTA           0x06000000
#define NTDDI_LONGHORN        0x06000000
#define NTDDI_VISTASP1        0x06000100
#define NTDDI_WS08            0x06000100
#define NTDDI_WIN7            0x06010000
#define NTDDI_WIN8            0x06020000
#define NTDDI_WINBLUE         0x06030000
#define NTDDI_WINTHRESHOLD    0x0A000000
#define NTDDI_WIN10           0x0A000000
#define NTDDI_WIN10_TH2       0x0A000001
#define NTDDI_WIN10_RS1       0x0A000002
#define NTDDI_WIN10_RS2       0x0A000003
#define NTDDI_WIN10_RS3       0x0A000004
#define NTDDI_WIN10_RS4       0x0A000005
#define NTDDI_WIN10_RS5       0x0A000006
#define NTDDI_WIN10_19H1      0x0A000007
#define NTDDI_WIN10_VB        0x0A000008
#define NTDDI_WIN10_MN        0x0A000009
#define NTDDI_WIN10_FE        0x0A00000A
#define NTDDI_WIN10_CO        0x0A00000B
#define NTDDI_WIN10_NI        0x0A00000C
#define OSVERSION_MASK        0xFFFF0000
#define SPVERSION_MASK        0x0000FF00
#define SUBVERSION_MASK       0x000000FF
#define OSVER(Version)        ((Version)&OSVERSION_MASK)
#define SPVER(Version)        (((Version)&SPVERSION_MASK) >> 8)
#define SUBVER(Version)       ((Version)&SUBVERSION_MASK)
#ifndef _WIN32_WINNT
#define _WIN32_WINNT _WIN32_WINNT_WIN10
#endif
#ifndef WINVER
#define WINVER _WIN32_WINNT
#endif
#ifndef NTDDI_VERSION
#define NTDDI_VERSION NTDDI_WIN10_NI
#endif
#define NTDDI_VERSION_FROM_WIN32_WINNT2(ver) ver##0000
#define NTDDI_VERSION_FROM_WIN32_WINNT(ver)  NTDDI_VERSION_FROM_WIN32_WINNT2(ver)
#ifndef DBG
#define DBG 0
#endif

/* Pool tags and the like are four characters. */
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wmultichar"
#endif

/* ---- compiler ---- */

#ifdef __cplusplus
#define EXTERN_C          extern "C"
#define EXTERN_C_START    extern "C" {
#define EXTERN_C_END      }
#define KILN_EXTERN_CONST extern const /* C++ makes a const static otherwise */
#else
#define EXTERN_C extern
#define EXTERN_C_START
#define EXTERN_C_END
#define KILN_EXTERN_CONST const
#endif

#ifdef _WIN32
#define NTAPI
#define DECLSPEC_IMPORT __declspec(dllimport)
#define DECLSPEC_EXPORT __declspec(dllexport)
#ifdef _NTSYSTEM_
#define KILN_IMPORT
#else
#define KILN_IMPORT DECLSPEC_IMPORT
#endif
typedef __builtin_va_list NT_VA_LIST;
#define NT_VA_START(ap, last) __builtin_va_start(ap, last)
#define NT_VA_END(ap)         __builtin_va_end(ap)
#define NT_VA_COPY(d, s)      __builtin_va_copy(d, s)
#else
#define NTAPI __attribute__((ms_abi))
#define DECLSPEC_IMPORT
#define DECLSPEC_EXPORT
#define KILN_IMPORT
typedef __builtin_ms_va_list NT_VA_LIST;
#define NT_VA_START(ap, last) __builtin_ms_va_start(ap, last)
#define NT_VA_END(ap)         __builtin_ms_va_end(ap)
/* The list is a pointer. gcc 12 copies more than that in a function of the System V convention. */
#define NT_VA_COPY(d, s)      ((void)((d) = (s)))
#endif

#define NTSYSAPI     KILN_IMPORT
#define NTSYSCALLAPI KILN_IMPORT
#define NTKERNELAPI  KILN_IMPORT
#define NTHALAPI     KILN_IMPORT
#define NTNTOSAPI    KILN_IMPORT
#ifndef WINAPI
#define WINAPI NTAPI
#endif
#define CALLBACK NTAPI
#define FASTCALL NTAPI
#define STDCALL  NTAPI
#ifndef _WIN32
#define __cdecl __attribute__((ms_abi))
#define __stdcall __attribute__((ms_abi))
#define __fastcall __attribute__((ms_abi))
#define __unaligned
#define __ptr32
#define __ptr64
#define __w64
#endif
#ifdef __MINGW32__
#define __unaligned
#endif
#define DDKAPI      NTAPI
#define DDKCDECLAPI NTAPI
#define DDKFASTAPI  NTAPI

#if defined(_WIN32) && !defined(__MINGW32__)
#ifdef __cplusplus
#define FORCEINLINE __forceinline
#else
#define FORCEINLINE static __forceinline
#endif
#define DECLSPEC_NOINLINE __declspec(noinline)
#else
#define FORCEINLINE       static __inline__ __attribute__((always_inline, unused))
#define DECLSPEC_NOINLINE __attribute__((noinline))
#endif
#define CFORCEINLINE FORCEINLINE

#define DECLSPEC_ALIGN(x)           __attribute__((aligned(x)))
#define DECLSPEC_CACHEALIGN         DECLSPEC_ALIGN(64)
#define SYSTEM_CACHE_ALIGNMENT_SIZE 64
#define DECLSPEC_NORETURN           __attribute__((noreturn))
#define DECLSPEC_DEPRECATED         __attribute__((deprecated))
#define DECLSPEC_DEPRECATED_DDK
#define DECLSPEC_DEPRECATED_DDK_WINXP
#ifdef _WIN32
#define DECLSPEC_SELECTANY __declspec(selectany)
#else
#define DECLSPEC_SELECTANY __attribute__((weak))
#endif
#define DECLSPEC_NOINITALL
#define DECLSPEC_GUARDNOCF
#define DECLSPEC_GUARD_SUPPRESS
#define DECLSPEC_CHPE_PATCHABLE
#define DECLSPEC_SAFEBUFFERS
#define DECLSPEC_UUID(x)
#define DECLSPEC_NOVTABLE
#define DECLSPEC_NOTHROW            __attribute__((nothrow))
#define NOP_FUNCTION                ((void)0)
#define UNALIGNED                   __unaligned
#define UNALIGNED64                 __unaligned
#define RESTRICTED_POINTER          __restrict
#define POINTER_ALIGNMENT           DECLSPEC_ALIGN(8)
#define PROBE_ALIGNMENT(_s)         TYPE_ALIGNMENT(ULONG)
#define PROBE_ALIGNMENT32(_s)       TYPE_ALIGNMENT(ULONG)
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define MAX_NATURAL_ALIGNMENT       8
#define _NTDEF_
#define _NTDEF_H

#ifdef __cplusplus
#define C_ASSERT(e)       static_assert(e, #e)
#define TYPE_ALIGNMENT(t) alignof(t)
#else
#define C_ASSERT(e)       _Static_assert(e, #e)
#define TYPE_ALIGNMENT(t) _Alignof(t)
#endif
#define STATIC_ASSERT(e)          C_ASSERT(e)
#define NT_ASSERT_OFFSET(t, m, o) C_ASSERT(FIELD_OFFSET(t, m) == (o))
#define NT_ASSERT_SIZE(t, s)      C_ASSERT(sizeof(t) == (s))

#define DUMMYUNIONNAME
#define DUMMYUNIONNAME2
#define DUMMYUNIONNAME3
#define DUMMYUNIONNAME4
#define DUMMYUNIONNAME5
#define DUMMYUNIONNAME6
#define DUMMYSTRUCTNAME
#define DUMMYSTRUCTNAME2
#define DUMMYSTRUCTNAME3
#define DUMMYSTRUCTNAME4
#define DUMMYSTRUCTNAME5

#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif
#define CRITICAL
#ifndef CONST
#define CONST const
#endif
#define ANYSIZE_ARRAY 1
#ifndef FAR
#define FAR
#define NEAR
#endif

#ifndef NULL
#ifdef __cplusplus
#define NULL __null
#else
#define NULL ((void *)0)
#endif
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif

#define UNREFERENCED_PARAMETER(P)          ((void)(P))
#define DBG_UNREFERENCED_PARAMETER(P)      ((void)(P))
#define DBG_UNREFERENCED_LOCAL_VARIABLE(V) ((void)(V))
#define DEFAULT_UNREACHABLE                                                                                  \
    default:                                                                                                 \
        __builtin_unreachable()
#define ARGUMENT_PRESENT(p)        ((CHAR *)(ULONG_PTR)(p) != (CHAR *)NULL)
#define FIELD_OFFSET(type, field)  ((LONG) __builtin_offsetof(type, field))
#define UFIELD_OFFSET(type, field) ((ULONG) __builtin_offsetof(type, field))
#define CONTAINING_RECORD(address, type, field)                                                              \
    ((type *)((PCHAR)(address) - (ULONG_PTR) __builtin_offsetof(type, field)))
#define RTL_FIELD_TYPE(type, field)           (((type *)0)->field)
#define RTL_BITS_OF(sizeOfArg)                (sizeof(sizeOfArg) * 8)
#define RTL_BITS_OF_FIELD(type, field)        (RTL_BITS_OF(RTL_FIELD_TYPE(type, field)))
#define RTL_FIELD_SIZE(type, field)           (sizeof(((type *)0)->field))
#define FIELD_SIZE(type, field)               RTL_FIELD_SIZE(type, field)
#define RTL_SIZEOF_THROUGH_FIELD(type, field) (FIELD_OFFSET(type, field) + RTL_FIELD_SIZE(type, field))
#define RTL_CONTAINS_FIELD(Struct, Size, Field)                                                              \
    ((((PCHAR)(&(Struct)->Field)) + sizeof((Struct)->Field)) <= (((PCHAR)(Struct)) + (Size)))
#define RTL_NUMBER_OF_V1(A) (sizeof(A) / sizeof((A)[0]))
#define RTL_NUMBER_OF_V2(A) RTL_NUMBER_OF_V1(A)
#define RTL_NUMBER_OF(A)    RTL_NUMBER_OF_V1(A)
#define ARRAYSIZE(A)        RTL_NUMBER_OF_V2(A)
#ifndef _ARRAYSIZE
#define _ARRAYSIZE(A) RTL_NUMBER_OF_V1(A)
#endif
#define RTL_NUMBER_OF_FIELD(type, field) (RTL_NUMBER_OF(RTL_FIELD_TYPE(type, field)))
#define RTL_PADDING_BETWEEN_FIELDS(T, F1, F2)                                                                \
    ((FIELD_OFFSET(T, F2) > FIELD_OFFSET(T, F1))                                                             \
         ? (FIELD_OFFSET(T, F2) - FIELD_OFFSET(T, F1) - RTL_FIELD_SIZE(T, F1))                               \
         : (FIELD_OFFSET(T, F1) - FIELD_OFFSET(T, F2) - RTL_FIELD_SIZE(T, F2)))

/* ---- basic types ---- */

#if !defined(__cplusplus) && !defined(_WCHAR_T_DEFINED) && !defined(_WCHAR_T)
#define _WCHAR_T_DEFINED
#define _WCHAR_T
typedef __WCHAR_TYPE__ wchar_t;
#endif
#ifndef _SIZE_T_DEFINED
#define _SIZE_T_DEFINED
typedef __SIZE_TYPE__ size_t;
#endif
C_ASSERT(sizeof(wchar_t) == 2); /* ELF builds: -fshort-wchar */

#ifndef VOID
#define VOID void
#endif
typedef void *PVOID, *LPVOID;
typedef const void *PCVOID, *LPCVOID;
typedef PVOID *PPVOID;

typedef char CHAR, *PCHAR, *LPCH, *PCH, CCHAR, *PCCHAR;
typedef const char *LPCCH, *PCCH;
typedef char *NPSTR, *LPSTR, *PSTR, **PZPSTR, *PNZCH;
typedef const char *LPCSTR, *PCSTR, *PCNZCH, *PCSZ, **PZPCSTR;
typedef char *PSZ;
typedef unsigned char UCHAR, *PUCHAR, BYTE, *PBYTE, *LPBYTE, UTF8, *PUTF8;
typedef const UCHAR *PCUCHAR;
typedef short SHORT, *PSHORT, CSHORT, *PCSHORT;
typedef unsigned short USHORT, *PUSHORT, WORD, *PWORD;
typedef const USHORT *PCUSHORT;
typedef wchar_t WCHAR, *PWCHAR, *LPWCH, *PWCH;
typedef const WCHAR *LPCWCH, *PCWCH, *LCPWCHAR;
typedef WCHAR *NWPSTR, *LPWSTR, *PWSTR, *PNZWCH, **PZPWSTR, **LPPWSTR, *PWZCH;
typedef const WCHAR *LPCWSTR, *PCWSTR, *PCNZWCH, **PZPCWSTR, *PCWCHAR, *PCUNZWCH;
typedef WCHAR UNALIGNED *PUWSTR, *LPUWSTR, *PUNZWCH;
typedef const WCHAR UNALIGNED *PCUWSTR, *LPCUWSTR, *LPCUWCHAR;
typedef PSTR PZZSTR;
typedef PCSTR PCZZSTR;
typedef PWSTR PZZWSTR;
typedef PCWSTR PCZZWSTR;
typedef unsigned int UINT, *PUINT;
typedef int INT, *PINT, *LPINT;
#ifdef _WIN32
typedef long LONG, *PLONG, *LPLONG;
typedef unsigned long ULONG, *PULONG, DWORD, *PDWORD, *LPDWORD;
typedef double DOUBLE;
typedef float FLOAT, *PFLOAT;
#else
typedef int LONG, *PLONG, *LPLONG;
typedef unsigned int ULONG, *PULONG, DWORD, *PDWORD, *LPDWORD;
#endif
typedef const LONG *PCLONG;
typedef const ULONG *PCULONG;
typedef long long LONGLONG, *PLONGLONG;
typedef unsigned long long ULONGLONG, *PULONGLONG, DWORDLONG, *PDWORDLONG;
typedef UCHAR BOOLEAN, *PBOOLEAN;
typedef int BOOL, *PBOOL, *LPBOOL;
typedef ULONG LOGICAL, *PLOGICAL;
typedef LONG NTSTATUS;
typedef NTSTATUS *PNTSTATUS;
typedef LONG HRESULT;
typedef ULONG LCID, *PLCID, CLONG;
typedef USHORT LANGID;
typedef ULONG LCTYPE;
typedef signed char SCHAR, *PSCHAR;
typedef ULONG UCSCHAR, *PUCSCHAR, *PUCSSTR;
typedef const UCSCHAR *PCUCSCHAR, *PCUCSSTR;
typedef LONGLONG USN;
typedef UCHAR KIRQL, *PKIRQL;
typedef CCHAR KPROCESSOR_MODE;
typedef LONG KPRIORITY;
typedef PVOID HANDLE;
typedef HANDLE *PHANDLE, *LPHANDLE;
typedef ULONG ACCESS_MASK;
typedef ACCESS_MASK *PACCESS_MASK;
typedef UCHAR KSCHEDULABLE;
typedef ULONG_PTR KSPIN_LOCK, *PKSPIN_LOCK;
typedef ULONG EXECUTION_STATE, *PEXECUTION_STATE;
typedef ULONGLONG REGHANDLE, *PREGHANDLE;
#define DECLARE_HANDLE(name)                                                                                 \
    struct name##__ {                                                                                        \
        int unused;                                                                                          \
    };                                                                                                       \
    typedef struct name##__ *name

#ifdef UNICODE
typedef WCHAR TCHAR, *PTCHAR;
typedef LPWSTR PTSTR, LPTSTR;
typedef LPCWSTR PCTSTR, LPCTSTR;
#define __TEXT(quote) L##quote
#else
typedef char TCHAR, *PTCHAR;
typedef LPSTR PTSTR, LPTSTR;
typedef LPCSTR PCTSTR, LPCTSTR;
#define __TEXT(quote) quote
#endif
#define TEXT(quote) __TEXT(quote)

#define MINCHAR                     0x80
#define MAXCHAR                     0x7f
#define MINSHORT                    0x8000
#define MAXSHORT                    0x7fff
#define MINLONG                     0x80000000
#define MAXLONG                     0x7fffffff
#define MAXUCHAR                    0xff
#define MAXUSHORT                   0xffff
#define MAXULONG                    0xffffffff
#define MAXBYTE                     0xff
#define MAXWORD                     0xffff
#define MAXDWORD                    0xffffffff
#define UNICODE_NULL                ((WCHAR)0)
#define ANSI_NULL                   ((CHAR)0)
#define UNICODE_STRING_MAX_BYTES    ((USHORT)65534)
#define UNICODE_STRING_MAX_CHARS    (32767)
#define MAX_PATH                    260
#define MAXIMUM_LEADBYTES           12
#define INIT_ONCE_CTX_RESERVED_BITS 2

#define NT_SUCCESS(Status)           (((NTSTATUS)(Status)) >= 0)
#define NT_INFORMATION(Status)       ((((ULONG)(Status)) >> 30) == 1)
#define NT_WARNING(Status)           ((((ULONG)(Status)) >> 30) == 2)
#define NT_ERROR(Status)             ((((ULONG)(Status)) >> 30) == 3)
#define APPLICATION_ERROR_MASK       0x20000000
#define ERROR_SEVERITY_SUCCESS       0x00000000
#define ERROR_SEVERITY_INFORMATIONAL 0x40000000
#define ERROR_SEVERITY_WARNING       0x80000000
#define ERROR_SEVERITY_ERROR         0xC0000000

/* ---- 64-bit integers, lists, strings ---- */

typedef union _LARGE_INTEGER {
    struct {
        ULONG LowPart;
        LONG HighPart;
    };
    struct {
        ULONG LowPart;
        LONG HighPart;
    } u;
    LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

typedef union _ULARGE_INTEGER {
    struct {
        ULONG LowPart;
        ULONG HighPart;
    };
    struct {
        ULONG LowPart;
        ULONG HighPart;
    } u;
    ULONGLONG QuadPart;
} ULARGE_INTEGER, *PULARGE_INTEGER;

typedef LARGE_INTEGER PHYSICAL_ADDRESS, *PPHYSICAL_ADDRESS;
typedef struct _LUID {
    ULONG LowPart;
    LONG HighPart;
} LUID, *PLUID;

typedef struct DECLSPEC_ALIGN(16) _M128A {
    ULONGLONG Low;
    LONGLONG High;
} M128A, *PM128A;

typedef struct _LIST_ENTRY {
    struct _LIST_ENTRY *Flink;
    struct _LIST_ENTRY *Blink;
} LIST_ENTRY, *PLIST_ENTRY, *RESTRICTED_POINTER PRLIST_ENTRY;

typedef struct _SINGLE_LIST_ENTRY {
    struct _SINGLE_LIST_ENTRY *Next;
} SINGLE_LIST_ENTRY, *PSINGLE_LIST_ENTRY;

typedef struct LIST_ENTRY32 {
    ULONG Flink;
    ULONG Blink;
} LIST_ENTRY32, *PLIST_ENTRY32;

typedef struct LIST_ENTRY64 {
    ULONGLONG Flink;
    ULONGLONG Blink;
} LIST_ENTRY64, *PLIST_ENTRY64;

typedef struct _STRING {
    USHORT Length;
    USHORT MaximumLength;
    PCHAR Buffer;
} STRING, *PSTRING, ANSI_STRING, *PANSI_STRING, OEM_STRING, *POEM_STRING, UTF8_STRING, *PUTF8_STRING;
typedef const STRING *PCSTRING, *PCANSI_STRING, *PCOEM_STRING, *PCUTF8_STRING;

typedef struct _CSTRING {
    USHORT Length;
    USHORT MaximumLength;
    const char *Buffer;
} CSTRING, *PCCSTRING;

typedef struct _UNICODE_STRING {
    USHORT Length;
    USHORT MaximumLength;
    PWCH Buffer;
} UNICODE_STRING, *PUNICODE_STRING;
typedef const UNICODE_STRING *PCUNICODE_STRING;

typedef struct _STRING32 {
    USHORT Length;
    USHORT MaximumLength;
    ULONG Buffer;
} STRING32, *PSTRING32, UNICODE_STRING32, *PUNICODE_STRING32, ANSI_STRING32, *PANSI_STRING32;

typedef struct _STRING64 {
    USHORT Length;
    USHORT MaximumLength;
    ULONGLONG Buffer;
} STRING64, *PSTRING64, UNICODE_STRING64, *PUNICODE_STRING64, ANSI_STRING64, *PANSI_STRING64;

#ifdef __cplusplus
extern "C++" {
template <typename T> struct kiln_remove_const {
    typedef T type;
};
template <typename T> struct kiln_remove_const<const T> {
    typedef T type;
};
}
#define RTL_CONSTANT_STRING(s)                                                                               \
    {                                                                                                        \
        sizeof(s) - sizeof((s)[0]), sizeof(s), (kiln_remove_const<__typeof__((s)[0])>::type *)(s)            \
    }
#else
#define RTL_CONSTANT_STRING(s)                                                                               \
    {                                                                                                        \
        sizeof(s) - sizeof((s)[0]), sizeof(s), (__typeof__((s)[0]) *)(s)                                     \
    }
#endif
#define DECLARE_CONST_UNICODE_STRING(_var, _string)                                                          \
    const WCHAR _var##_buffer[] = _string;                                                                   \
    const UNICODE_STRING _var = {sizeof(_string) - sizeof(WCHAR), sizeof(_string), (PWCH)_var##_buffer}
#define DECLARE_GLOBAL_CONST_UNICODE_STRING(_var, _str)                                                      \
    KILN_EXTERN_CONST UNICODE_STRING DECLSPEC_SELECTANY _var = {sizeof(_str) - sizeof(WCHAR), sizeof(_str),  \
                                                                (PWCH)(_str)}
#define DECLARE_UNICODE_STRING_SIZE(_var, _size)                                                             \
    WCHAR _var##_buffer[_size];                                                                              \
    UNICODE_STRING _var = {0, (_size) * sizeof(WCHAR), _var##_buffer}

typedef struct _OBJECT_ATTRIBUTES {
    ULONG Length;
    HANDLE RootDirectory;
    PUNICODE_STRING ObjectName;
    ULONG Attributes;
    PVOID SecurityDescriptor;
    PVOID SecurityQualityOfService;
} OBJECT_ATTRIBUTES, *POBJECT_ATTRIBUTES;
typedef const OBJECT_ATTRIBUTES *PCOBJECT_ATTRIBUTES;

#define OBJ_INHERIT                       0x00000002L
#define OBJ_PERMANENT                     0x00000010L
#define OBJ_EXCLUSIVE                     0x00000020L
#define OBJ_CASE_INSENSITIVE              0x00000040L
#define OBJ_OPENIF                        0x00000080L
#define OBJ_OPENLINK                      0x00000100L
#define OBJ_KERNEL_HANDLE                 0x00000200L
#define OBJ_FORCE_ACCESS_CHECK            0x00000400L
#define OBJ_IGNORE_IMPERSONATED_DEVICEMAP 0x00000800L
#define OBJ_DONT_REPARSE                  0x00001000L
#define OBJ_VALID_ATTRIBUTES              0x00001FF2L

#define InitializeObjectAttributes(p, n, a, r, s)                                                            \
    {                                                                                                        \
        (p)->Length = sizeof(OBJECT_ATTRIBUTES);                                                             \
        (p)->RootDirectory = (r);                                                                            \
        (p)->ObjectName = (n);                                                                               \
        (p)->Attributes = (a);                                                                               \
        (p)->SecurityDescriptor = (s);                                                                       \
        (p)->SecurityQualityOfService = NULL;                                                                \
    }
#define RTL_CONSTANT_OBJECT_ATTRIBUTES(n, a)                                                                 \
    {                                                                                                        \
        sizeof(OBJECT_ATTRIBUTES), NULL, (PUNICODE_STRING)(n), a, NULL, NULL                                 \
    }
#define RTL_INIT_OBJECT_ATTRIBUTES(n, a) RTL_CONSTANT_OBJECT_ATTRIBUTES(n, a)

typedef struct _CLIENT_ID {
    HANDLE UniqueProcess;
    HANDLE UniqueThread;
} CLIENT_ID, *PCLIENT_ID;

typedef struct _GROUP_AFFINITY {
    KAFFINITY Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY, *PGROUP_AFFINITY;

typedef struct _GROUP_AFFINITY32 {
    ULONG Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY32, *PGROUP_AFFINITY32;

typedef struct _GROUP_AFFINITY64 {
    ULONGLONG Mask;
    USHORT Group;
    USHORT Reserved[3];
} GROUP_AFFINITY64, *PGROUP_AFFINITY64;

typedef struct _PROCESSOR_NUMBER {
    USHORT Group;
    UCHAR Number;
    UCHAR Reserved;
} PROCESSOR_NUMBER, *PPROCESSOR_NUMBER;
#define ALL_PROCESSOR_GROUPS 0xffff

typedef struct DECLSPEC_ALIGN(8) _QUAD {
    LONGLONG UseThisFieldToCopy;
} QUAD, *PQUAD, UQUAD, *PUQUAD;

typedef enum _EVENT_TYPE { NotificationEvent, SynchronizationEvent } EVENT_TYPE;
typedef enum _TIMER_TYPE { NotificationTimer, SynchronizationTimer } TIMER_TYPE;
typedef enum _WAIT_TYPE { WaitAll, WaitAny, WaitNotification, WaitDequeue, WaitDpc } WAIT_TYPE;
typedef enum _NT_PRODUCT_TYPE {
    NtProductWinNt = 1,
    NtProductLanManNt,
    NtProductServer
} NT_PRODUCT_TYPE,
    *PNT_PRODUCT_TYPE;
typedef enum _SUITE_TYPE {
    SmallBusiness,
    Enterprise,
    BackOffice,
    CommunicationServer,
    TerminalServer,
    SmallBusinessRestricted,
    EmbeddedNT,
    DataCenter,
    SingleUserTS,
    Personal,
    Blade,
    EmbeddedRestricted,
    SecurityAppliance,
    StorageServer,
    ComputeServer,
    WHServer,
    PhoneNT,
    MultiUserTS,
    MaxSuiteType
} SUITE_TYPE;

/* ---- names of things defined elsewhere ---- */

typedef struct _KTHREAD *PKTHREAD, *PRKTHREAD;
typedef struct _ETHREAD *PETHREAD;
typedef struct _KPROCESS *PKPROCESS, *PRKPROCESS;
typedef struct _EPROCESS *PEPROCESS;
typedef struct _EJOB *PEJOB;
typedef struct _OBJECT_TYPE *POBJECT_TYPE;
typedef struct _OBJECT_HANDLE_INFORMATION *POBJECT_HANDLE_INFORMATION;
typedef struct _DEVICE_OBJECT *PDEVICE_OBJECT;
typedef struct _DRIVER_OBJECT *PDRIVER_OBJECT;
typedef struct _FILE_OBJECT *PFILE_OBJECT;
typedef struct _IRP *PIRP;
typedef struct _MDL *PMDL, *PMDLX;
typedef struct _KPRCB *PKPRCB;
typedef struct _KPCR *PKPCR;
typedef PVOID PSECURITY_DESCRIPTOR, PSID;
typedef struct _CONTEXT *PCONTEXT;
typedef struct _EXCEPTION_RECORD *PEXCEPTION_RECORD;

#define SORT_DEFAULT        0x0
#define LANG_NEUTRAL        0x00
#define MAKELANGID(p, s)    ((((USHORT)(s)) << 10) | (USHORT)(p))
#define PRIMARYLANGID(lgid) ((USHORT)(lgid)&0x3ff)
#define SUBLANGID(lgid)     ((USHORT)(lgid) >> 10)

#define Int32x32To64(a, b)   ((LONGLONG)(LONG)(a) * (LONGLONG)(LONG)(b))
#define UInt32x32To64(a, b)  ((ULONGLONG)(ULONG)(a) * (ULONGLONG)(ULONG)(b))
#define Int64ShllMod32(a, b) ((ULONGLONG)(a) << (b))
#define Int64ShraMod32(a, b) ((LONGLONG)(a) >> (b))
#define Int64ShrlMod32(a, b) ((ULONGLONG)(a) >> (b))

/* Flag enumerations take the bit operators in C++. */
#ifdef __cplusplus
#define DEFINE_ENUM_FLAG_OPERATORS(E)                                                                        \
    extern "C++" {                                                                                           \
    inline constexpr E operator|(E a, E b)                                                                   \
    {                                                                                                        \
        return E((unsigned)a | (unsigned)b);                                                                 \
    }                                                                                                        \
    inline constexpr E operator&(E a, E b)                                                                   \
    {                                                                                                        \
        return E((unsigned)a & (unsigned)b);                                                                 \
    }                                                                                                        \
    inline constexpr E operator^(E a, E b)                                                                   \
    {                                                                                                        \
        return E((unsigned)a ^ (unsigned)b);                                                                 \
    }                                                                                                        \
    inline constexpr E operator~(E a)                                                                        \
    {                                                                                                        \
        return E(~(unsigned)a);                                                                              \
    }                                                                                                        \
    inline E &operator|=(E &a, E b)                                                                          \
    {                                                                                                        \
        return a = a | b;                                                                                    \
    }                                                                                                        \
    inline E &operator&=(E &a, E b)                                                                          \
    {                                                                                                        \
        return a = a & b;                                                                                    \
    }                                                                                                        \
    inline E &operator^=(E &a, E b)                                                                          \
    {                                                                                                        \
        return a = a ^ b;                                                                                    \
    }                                                                                                        \
    }
#else
#define DEFINE_ENUM_FLAG_OPERATORS(E)
#endif

NT_ASSERT_SIZE(ULONG, 4);
NT_ASSERT_SIZE(LARGE_INTEGER, 8);
NT_ASSERT_SIZE(UNICODE_STRING, 16);
NT_ASSERT_OFFSET(UNICODE_STRING, Buffer, 8);
NT_ASSERT_SIZE(OBJECT_ATTRIBUTES, 48);
NT_ASSERT_OFFSET(OBJECT_ATTRIBUTES, Attributes, 24);
NT_ASSERT_SIZE(LIST_ENTRY, 16);
NT_ASSERT_SIZE(GROUP_AFFINITY, 16);
NT_ASSERT_SIZE(GUID, 16);
NT_ASSERT_SIZE(M128A, 16);

#endif
