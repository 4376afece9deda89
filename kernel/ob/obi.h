/* SPDX-License-Identifier: MIT */
/*
 * obi.h: what the files of the object manager share among themselves.
 */
#ifndef KILN_OBI_H
#define KILN_OBI_H

#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/mm.h>
#include <nt/rtl.h>
#include <nt/rtl_security.h>
#include <nt/status.h>
#include "ki.h"
#include "mi.h"
#include "trap.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "zw.h"

#define OB_TAG_NAME     0x6d4e624f /* 'ObNm' */
#define OB_TAG_CREATE   0x7243624f /* 'ObCr' */
#define OB_TAG_DIR      0x6944624f /* 'ObDi' */
#define OB_TAG_TABLE    0x7448624f /* 'ObHt' */
#define OB_TAG_CALLBACK 0x6243624f /* 'ObCb' */
#define OB_TAG_SECURITY 0x6553624f /* 'ObSe' */
#define OB_TAG_TRACE    0x7254624f /* 'ObTr' */

static inline PVOID ObpAllocate(SIZE_T Bytes, ULONG Tag)
{
    return MiAllocatePool(NonPagedPoolNx, Bytes, Tag, TRUE, __builtin_return_address(0));
}

static inline void ObpFree(PVOID Block, ULONG Tag)
{
    ExFreePoolWithTag(Block, Tag);
}

/* ---------------------------------------------------------------- directory.c */

#define OB_INLINE_BUCKETS 16

struct _OBJECT_DIRECTORY {
    KSPIN_LOCK Lock;         /* d */
    ULONG Count;             /* d */
    ULONG BucketMask;        /* d */
    POBJECT_HEADER *Buckets; /* d: Inline, or of the pool */
    ULONG ListBucket;        /* d: where the last listing was, and */
    ULONG ListBefore;        /* d: how many names lie in the buckets before that one */
    POBJECT_HEADER Inline[OB_INLINE_BUCKETS];
};

extern POBJECT_DIRECTORY ObpRootDirectory, ObpDosDevicesDirectory, ObpTypeDirectory;

/* Find Name. The object comes back referenced; NULL if there is none. */
PVOID ObpLookupDirectory(POBJECT_DIRECTORY Directory, PCUNICODE_STRING Name, BOOLEAN CaseInsensitive);

/* A walk along a path of directories. */
typedef struct _OB_WALK {
    UNICODE_STRING Rest;      /* in: the path, in kernel memory; out: what is left of it */
    UNICODE_STRING Component; /* out: the last one looked for */
    POBJECT_DIRECTORY Local;  /* in: what \?? means to the caller, referenced; NULL: the global directory */
    POBJECT_DIRECTORY Parent; /* out, if wanted: where the last component is missing, referenced */
    BOOLEAN IgnoreCase;
    BOOLEAN OneStep;    /* in: stop after one component */
    BOOLEAN WantParent; /* in */
    BOOLEAN Hold;       /* in: hold the object's name; out: it is held (ObpReleaseName ends that), because it
                           neither       parses nor stays anyway */
} OB_WALK, *POB_WALK;

/*
 * Follow Walk->Rest, not empty, from Start (referenced by the caller) as long as it leads through
 * directories. *Object is what it leads to, referenced: Walk->Rest is empty, or the object is no directory,
 * or OneStep. STATUS_OBJECT_NAME_INVALID: an empty component. STATUS_OBJECT_NAME_NOT_FOUND,
 * STATUS_OBJECT_PATH_NOT_FOUND: the last, an earlier one is missing. <= DISPATCH_LEVEL.
 */
NTSTATUS ObpWalkDirectories(POBJECT_DIRECTORY Start, POB_WALK Walk, PVOID *Object);

/* Enter Header under its name. FALSE: the name is taken. Takes the namespace's references. */
BOOLEAN ObpInsertDirectory(POBJECT_DIRECTORY Directory, POBJECT_HEADER Header, BOOLEAN CaseInsensitive);

/* End the hold that a lookup took. The object stays referenced by the caller. */
void ObpReleaseName(PVOID Object);

/* If the object is temporary and no handle is open: take it out of the namespace. PASSIVE_LEVEL. */
void ObpDeleteNameCheck(POBJECT_HEADER Header);

/* ---------------------------------------------------------------- name.c */

/* Attributes as a caller gave them, in kernel memory. */
NTSTATUS ObpCaptureObjectAttributes(KPROCESSOR_MODE Mode, POBJECT_ATTRIBUTES Attributes,
                                    POBJECT_CREATE_INFORMATION Info, PUNICODE_STRING Name);
void ObpReleaseCapturedAttributes(POBJECT_CREATE_INFORMATION Info, PUNICODE_STRING Name);
NTSTATUS ObpCaptureString(KPROCESSOR_MODE Mode, PCUNICODE_STRING From, PUNICODE_STRING Name);

/*
 * The ACCESS_STATE of an open in progress: the one that was passed, or one of our own, which is made only
 * when somebody asks for it (a check, a parse procedure). Most opens of the kernel never need it.
 */
typedef struct _OB_ACCESS {
    PACCESS_STATE State; /* NULL until needed */
    BOOLEAN Own;
    ACCESS_MASK DesiredAccess;
    POBJECT_TYPE Type;
    ACCESS_STATE OwnState;
    AUX_ACCESS_DATA Aux;
} OB_ACCESS, *POB_ACCESS;

void ObpBeginAccess(POB_ACCESS Access, PACCESS_STATE Passed, ACCESS_MASK DesiredAccess, POBJECT_TYPE Type);
PACCESS_STATE ObpNeedAccess(POB_ACCESS Access);
void ObpEndAccess(POB_ACCESS Access);

/* The access that a handle to Object will have. STATUS_ACCESS_DENIED, STATUS_PRIVILEGE_NOT_HELD, ... */
NTSTATUS ObpGrantAccess(OB_OPEN_REASON Reason, PVOID Object, POB_ACCESS Access, ULONG Attributes,
                        KPROCESSOR_MODE Mode, PACCESS_MASK Granted);

/* Give a new object its descriptor. Parent: the directory it comes into; NULL: it has no name. */
NTSTATUS ObpAssignObjectSecurity(POBJECT_HEADER Header, POB_ACCESS Access, POBJECT_DIRECTORY Parent);

#define OB_TOKEN_HAS_TRAVERSE_PRIVILEGE 1 /* ACCESS_STATE.Flags */

typedef struct _OB_LOOKUP {
    HANDLE RootDirectory;
    ULONG Attributes;
    POBJECT_TYPE Type; /* expected, or NULL */
    KPROCESSOR_MODE AccessMode;
    PVOID ParseContext;
    PSECURITY_QUALITY_OF_SERVICE SecurityQos;
    POBJECT_HEADER Insert; /* object to insert at the end of the path, or NULL */
    POB_ACCESS Access;
    BOOLEAN WantHold; /* the name must stay until ObpReleaseName: a handle is about to be made */
    BOOLEAN Held;     /* out: ObpReleaseName is due */
} OB_LOOKUP, *POB_LOOKUP;

/* Resolve *Name (a pool buffer, which reparsing may replace). *Found is referenced. */
NTSTATUS ObpLookupObjectName(POB_LOOKUP Lookup, PUNICODE_STRING Name, PVOID *Found);

/* ---------------------------------------------------------------- dosdevices.c */

/*
 * What \?? means to the caller when `Name`, absolute, begins with it: the DosDevices directory of its logon
 * session, referenced; NULL: the global one (or the name does not). A session's directory is made when the
 * first name is to be put into it (Create). Attributes: OBJ_IGNORE_IMPERSONATED_DEVICEMAP counts.
 * PASSIVE_LEVEL.
 */
POBJECT_DIRECTORY ObpLocalDosDevices(PCUNICODE_STRING Name, ULONG Attributes, BOOLEAN Create);
void ObpInitDosDevices(void);

/* ---------------------------------------------------------------- symlink.c */

OB_PARSE_METHOD ObpParseSymbolicLink;
OB_DELETE_METHOD ObpDeleteSymbolicLink;

/* ---------------------------------------------------------------- object.c */

NTSTATUS ObpAllocateObject(POBJECT_TYPE Type, POBJECT_CREATE_INFORMATION Info, PUNICODE_STRING Name,
                           ULONG BodySize, PVOID Caller, POBJECT_HEADER *Header);
void ObpFreeCreateInfo(POBJECT_HEADER Header);
void ObpLastReference(POBJECT_HEADER Header, BOOLEAN Defer);
DECLSPEC_NORETURN void ObpBadReference(POBJECT_HEADER Header, PVOID Caller, const char *What);

extern BOOLEAN ObpChecked; /* host_config()->checked */

/* ---------------------------------------------------------------- trace.c */

/* Only when ObpTraceEnabled. Caller: the return address of whoever takes or gives back the reference. */
void ObpTraceReference(PVOID Object, ULONG Tag, LONG Delta, PVOID Caller);
void ObpForgetReferenceTrace(PVOID Object);

/* A handle was made in that entry of its table; ObpForgetReferenceTrace(Entry) ends what is known of it. */
void ObpTraceHandle(PVOID Entry, PVOID Caller);
BOOLEAN ObpQueryHandleTrace(PVOID Entry, PVOID *Site, PULONG ThreadId);

/* ---------------------------------------------------------------- handle.c */

/* One handle; see handle.c for who may change what. */
typedef struct DECLSPEC_ALIGN(16) _HANDLE_TABLE_ENTRY {
    /* 0: free. Bit 0: unlocked; 1..15: cached references; 16..19: OB_HANDLE_*; 20..63: object >> 4. */
    volatile ULONG64 Low;
    ULONG GrantedAccess;
    ULONG NextFree; /* index of the next free entry */
} HANDLE_TABLE_ENTRY, *PHANDLE_TABLE_ENTRY;

#define OB_ENTRY_UNLOCKED   1ULL
#define OB_ENTRY_REF        2ULL
#define OB_ENTRY_REF_MASK   0x7fffULL
#define OB_ENTRY_ATTR_SHIFT 16
#define OB_ENTRY_PTR_SHIFT  20

static inline PVOID ObpEntryPointer(ULONG64 Low)
{
    return (PVOID)(ULONG_PTR)((Low >> OB_ENTRY_PTR_SHIFT) << 4);
}
static inline ULONG ObpEntryCached(ULONG64 Low)
{
    return (ULONG)((Low >> 1) & OB_ENTRY_REF_MASK);
}
static inline ULONG ObpEntryAttributes(ULONG64 Low)
{
    return (ULONG)(Low >> OB_ENTRY_ATTR_SHIFT) & 0xf;
}
static inline ULONG64 ObpMakeEntry(PVOID Pointer, ULONG Attributes, ULONG Cached)
{
    return ((ULONG64)(ULONG_PTR)Pointer >> 4) << OB_ENTRY_PTR_SHIFT |
           (ULONG64)Attributes << OB_ENTRY_ATTR_SHIFT | (ULONG64)Cached << 1 | OB_ENTRY_UNLOCKED;
}

/* The table that a handle value means to the current process and mode; NULL: an invalid value. */
PHANDLE_TABLE ObpTableOfHandle(HANDLE Handle, KPROCESSOR_MODE Mode, HANDLE *Index);

/* A new handle for Header, which gives its reference to it. NULL when memory is exhausted. */
HANDLE ObpInsertHandle(PHANDLE_TABLE Table, POBJECT_HEADER Header, ULONG Attributes,
                       ACCESS_MASK GrantedAccess);

/* Entry locked, or NULL if the handle is not in use. Do nothing but look while it is. */
PHANDLE_TABLE_ENTRY ObpLockHandle(PHANDLE_TABLE Table, HANDLE Handle);
void ObpUnlockHandle(PHANDLE_TABLE_ENTRY Entry, ULONG64 Low);

/* The object of a handle, referenced; *Access and *Attributes as of the entry. NULL: not in use. */
POBJECT_HEADER ObpReferenceHandle(PHANDLE_TABLE Table, HANDLE Handle, ACCESS_MASK *Access, ULONG *Attributes);

/* Free a locked entry. */
void ObpRemoveHandle(PHANDLE_TABLE Table, PHANDLE_TABLE_ENTRY Entry, HANDLE Handle);

PEPROCESS ObpTableProcess(PHANDLE_TABLE Table);

/* ---------------------------------------------------------------- open.c */

/* Give out a handle to Object: access check, callbacks, Open procedure, handle. Consumes no reference of the
 * caller. */
NTSTATUS ObpCreateHandle(OB_OPEN_REASON Reason, PVOID Object, POBJECT_TYPE ExpectedType, POB_ACCESS Access,
                         ULONG Attributes, KPROCESSOR_MODE Mode, PHANDLE Handle);

/* Handle counts: the increment refuses OBJ_EXCLUSIVE conflicts and asks the Open procedure. */
NTSTATUS ObpIncrementHandleCount(OB_OPEN_REASON Reason, POBJECT_HEADER Header, PEPROCESS Process,
                                 ULONG Attributes, KPROCESSOR_MODE Mode, PACCESS_MASK GrantedAccess);
void ObpDecrementHandleCount(POBJECT_HEADER Header, PEPROCESS Process);

/* ---------------------------------------------------------------- callback.c */

/*
 * Pre-operation callbacks may reduce *DesiredAccess; *Calls remembers which ran for ObpCallPostOperation,
 * which must follow. STATUS_INSUFFICIENT_RESOURCES: none was called, and none is to be. PASSIVE_LEVEL,
 * without locks.
 */
#define OB_INLINE_CALLS 4

typedef struct _OB_CALL {
    struct _OB_CALLBACK_ENTRY *Entry;
    PVOID Context;
} OB_CALL, *POB_CALL;

typedef struct _OB_CALL_LIST {
    ULONG Count;
    POB_CALL Call; /* Inline, or of the pool */
    OB_CALL Inline[OB_INLINE_CALLS];
} OB_CALL_LIST, *POB_CALL_LIST;

NTSTATUS ObpCallPreOperation(OB_OPERATION Operation, PVOID Object, BOOLEAN KernelHandle, PEPROCESS Source,
                             PEPROCESS Target, PACCESS_MASK DesiredAccess, POB_CALL_LIST Calls);
void ObpCallPostOperation(OB_OPERATION Operation, PVOID Object, BOOLEAN KernelHandle, NTSTATUS Status,
                          ACCESS_MASK Granted, POB_CALL_LIST Calls);

/* The mode of the caller of an Nt service. */
static inline KPROCESSOR_MODE ObpPreviousMode(void)
{
    return KiThread()->PreviousMode;
}

/* Check that a handle can be returned, before anything is created. */
NTSTATUS ObpProbeHandle(PHANDLE Handle, KPROCESSOR_MODE Mode);

/* Return a new handle; on a fault closes it again. */
NTSTATUS ObpReturnHandle(PHANDLE To, HANDLE Handle, KPROCESSOR_MODE Mode);

/* The ends of NtCreateXxx and the whole of NtOpenXxx. Insert consumes the object. */
NTSTATUS ObpInsertAndReturn(PVOID Object, ACCESS_MASK DesiredAccess, PHANDLE To, KPROCESSOR_MODE Mode);
NTSTATUS ObpOpenAndReturn(POBJECT_TYPE Type, PHANDLE To, ACCESS_MASK DesiredAccess,
                          POBJECT_ATTRIBUTES Attributes);

/* Check the shape of an NtQueryXxx call with one fixed-size class (0), and answer it. */
NTSTATUS ObpReturnInformation(ULONG Class, const void *From, ULONG Bytes, PVOID Information, ULONG Length,
                              PULONG ReturnLength, KPROCESSOR_MODE Mode);

#endif
