/* SPDX-License-Identifier: MIT */
/*
 * basetsd.h - integer types whose size is part of their name, and the pointer-sized ones.
 *
 * The 64-bit Windows data model is LLP64: `long` has 32 bits, pointers have 64.  An ELF build is LP64, so
 * nothing here is made of `long` there; `__int64` is spelt `long long` everywhere.
 */
#ifndef KILN_BASETSD_H
#define KILN_BASETSD_H

typedef signed char INT8, *PINT8;
typedef signed short INT16, *PINT16;
typedef signed int INT32, *PINT32;
typedef signed long long INT64, *PINT64;
typedef unsigned char UINT8, *PUINT8;
typedef unsigned short UINT16, *PUINT16;
typedef unsigned int UINT32, *PUINT32;
typedef unsigned long long UINT64, *PUINT64;
typedef signed int LONG32, *PLONG32;
typedef unsigned int ULONG32, *PULONG32;
typedef unsigned int DWORD32, *PDWORD32;
typedef long long LONG64, *PLONG64;
typedef unsigned long long ULONG64, *PULONG64;
typedef unsigned long long DWORD64, *PDWORD64;

typedef long long INT_PTR, *PINT_PTR;
typedef unsigned long long UINT_PTR, *PUINT_PTR;
typedef long long LONG_PTR, *PLONG_PTR;
typedef unsigned long long ULONG_PTR, *PULONG_PTR;
typedef ULONG_PTR DWORD_PTR, *PDWORD_PTR;
typedef ULONG_PTR SIZE_T, *PSIZE_T;
typedef LONG_PTR SSIZE_T, *PSSIZE_T;
typedef unsigned int UHALF_PTR, *PUHALF_PTR;
typedef int HALF_PTR, *PHALF_PTR;
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;

#define __int3264 long long
/* A pointer's size in memory; only compilers with Microsoft's extensions can make it 32 bits. */
#if defined(__clang__) && defined(_MSC_VER)
#define POINTER_64 __ptr64
#define POINTER_32 __ptr32
#else
#define POINTER_64
#define POINTER_32
#endif
#define POINTER_SIGNED
#define POINTER_UNSIGNED
#define FIRMWARE_PTR
#define ADDRESS_TAG_BIT 0x40000000000ULL
#define MAXUINT8        ((UINT8) ~((UINT8)0))
#define MAXINT8         ((INT8)(MAXUINT8 >> 1))
#define MININT8         ((INT8)~MAXINT8)
#define MAXUINT16       ((UINT16) ~((UINT16)0))
#define MAXINT16        ((INT16)(MAXUINT16 >> 1))
#define MININT16        ((INT16)~MAXINT16)
#define MAXUINT32       ((UINT32) ~((UINT32)0))
#define MAXINT32        ((INT32)(MAXUINT32 >> 1))
#define MININT32        ((INT32)~MAXINT32)
#define MAXUINT64       ((UINT64) ~((UINT64)0))
#define MAXINT64        ((INT64)(MAXUINT64 >> 1))
#define MININT64        ((INT64)~MAXINT64)
#define MAXULONG32      ((ULONG32) ~((ULONG32)0))
#define MAXLONG32       ((LONG32)(MAXULONG32 >> 1))
#define MINLONG32       ((LONG32)~MAXLONG32)
#define MAXULONG64      ((ULONG64) ~((ULONG64)0))
#define MAXLONG64       ((LONG64)(MAXULONG64 >> 1))
#define MINLONG64       ((LONG64)~MAXLONG64)
#define MAXULONGLONG    ((ULONGLONG) ~((ULONGLONG)0))
#define MAXLONGLONG     (0x7fffffffffffffffLL)
#define MINLONGLONG     ((LONGLONG)~MAXLONGLONG)
#define MAXSIZE_T       ((SIZE_T) ~((SIZE_T)0))
#define MAXSSIZE_T      ((SSIZE_T)(MAXSIZE_T >> 1))
#define MINSSIZE_T      ((SSIZE_T)~MAXSSIZE_T)
#define MAXUINT_PTR     ((UINT_PTR) ~((UINT_PTR)0))
#define MAXINT_PTR      ((INT_PTR)(MAXUINT_PTR >> 1))
#define MININT_PTR      ((INT_PTR)~MAXINT_PTR)
#define MAXULONG_PTR    ((ULONG_PTR) ~((ULONG_PTR)0))
#define MAXLONG_PTR     ((LONG_PTR)(MAXULONG_PTR >> 1))
#define MINLONG_PTR     ((LONG_PTR)~MAXLONG_PTR)
#define MAXUHALF_PTR    ((UHALF_PTR) ~((UHALF_PTR)0))
#define MAXHALF_PTR     ((HALF_PTR)(MAXUHALF_PTR >> 1))
#define MINHALF_PTR     ((HALF_PTR)~MAXHALF_PTR)
#define MAXUINT         ((UINT) ~((UINT)0))
#define MAXINT          ((INT)(MAXUINT >> 1))
#define MININT          ((INT)~MAXINT)
#define MAXDWORD32      ((DWORD32) ~((DWORD32)0))
#define MAXDWORD64      ((DWORD64) ~((DWORD64)0))
#define MAXDWORD_PTR    MAXULONG_PTR

#define HandleToULong(h)    ((ULONG)(ULONG_PTR)(h))
#define HandleToLong(h)     ((LONG)(LONG_PTR)(h))
#define ULongToHandle(ul)   ((HANDLE)(ULONG_PTR)(ul))
#define LongToHandle(l)     ((HANDLE)(LONG_PTR)(l))
#define PtrToUlong(p)       ((ULONG)(ULONG_PTR)(p))
#define PtrToULong(p)       ((ULONG)(ULONG_PTR)(p))
#define PtrToLong(p)        ((LONG)(LONG_PTR)(p))
#define PtrToUint(p)        ((UINT)(UINT_PTR)(p))
#define PtrToInt(p)         ((INT)(INT_PTR)(p))
#define PtrToUshort(p)      ((USHORT)(ULONG_PTR)(p))
#define PtrToShort(p)       ((SHORT)(LONG_PTR)(p))
#define IntToPtr(i)         ((VOID *)(INT_PTR)(INT)(i))
#define UIntToPtr(ui)       ((VOID *)(UINT_PTR)(UINT)(ui))
#define UintToPtr(ui)       UIntToPtr(ui)
#define LongToPtr(l)        ((VOID *)(LONG_PTR)(LONG)(l))
#define ULongToPtr(ul)      ((VOID *)(ULONG_PTR)(ULONG)(ul))
#define UlongToPtr(ul)      ULongToPtr(ul)
#define UlongToHandle(ul)   ULongToHandle(ul)
#define HandleToUlong(h)    HandleToULong(h)
#define PtrToPtr64(p)       ((VOID *)(p))
#define Ptr64ToPtr(p)       ((VOID *)(p))
#define PtrToPtr32(p)       ((VOID *POINTER_32)(ULONG_PTR)(ULONG)(ULONG_PTR)(p))
#define Ptr32ToPtr(p)       ((VOID *)(ULONG_PTR)(ULONG)(ULONG_PTR)(p))
#define Handle32ToHandle(h) ((HANDLE)(LONG_PTR)(LONG)(ULONG_PTR)(h))
#define HandleToHandle32(h) ((VOID *POINTER_32)(ULONG_PTR)(ULONG)(ULONG_PTR)(h))
#define HandleToHandle64(h) ((HANDLE)(h))
#define Handle64ToHandle(h) ((HANDLE)(h))

#endif
