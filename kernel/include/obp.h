/* SPDX-License-Identifier: MIT */
/*
 * obp.h: the object manager as the other managers see it (kernel/ob implements it).
 *
 * An object is a body that a manager defines, behind a header that the object manager owns:
 *
 *      [ name info ] [ handle info ] [ creator info ] [ OBJECT_HEADER ] [ body ]
 *        optional      optional        optional         always
 *
 * Life. ObCreateObject makes an object with one reference, the creator's. ObInsertObject gives it its name, a
 * handle, or both, and consumes the creator's reference. Every handle holds one reference. A named
 * temporary object leaves the namespace when its last handle is closed; a permanent one when
 * ObMakeTemporaryObject is called and no handle is left. The last reference runs the type's Delete procedure,
 * always at PASSIVE_LEVEL: dereferencing at a raised IRQL hands the object to a system worker.
 *
 * Locks (docs/locking.md): d a directory's spin lock, t a type's list lock, h a handle table's free-list
 * lock, o the object's handle-count lock. All are spin locks taken at DISPATCH_LEVEL, one at a time, and
 * no procedure of a type, no allocation that may wait and no access to a caller's memory happens under one.
 *
 * Type procedures are kernel-internal (plain C convention, not NTAPI) and run at PASSIVE_LEVEL without locks.
 */
#ifndef KILN_OBP_H
#define KILN_OBP_H

#include <nt/ob.h>
#include <nt/se.h>

/* ---------------------------------------------------------------- type procedures */

typedef enum _OB_OPEN_REASON {
    ObCreateHandle,
    ObOpenHandle,
    ObDuplicateHandle,
    ObInheritHandle,
    ObMaxOpenReason
} OB_OPEN_REASON;

/* Write a one-line description of the object into Text (always terminated) for reports; any IRQL. */
typedef void OB_DUMP_METHOD(PVOID Object, char *Text, ULONG TextBytes);

/* A handle is about to be given out. A failure refuses it. HandleCount includes the new handle. */
typedef NTSTATUS OB_OPEN_METHOD(OB_OPEN_REASON Reason, KPROCESSOR_MODE AccessMode, PEPROCESS Process,
                                PVOID Object, PACCESS_MASK GrantedAccess, ULONG HandleCount);

/*
 * A handle was closed. The counts are those before the close: SystemHandleCount == 1 means that it was the
 * last. ProcessHandleCount is 0 unless the type has MaintainHandleCount.
 */
typedef void OB_CLOSE_METHOD(PEPROCESS Process, PVOID Object, ULONG_PTR ProcessHandleCount,
                             ULONG_PTR SystemHandleCount);

/* The last reference is gone: release what the body owns (the body itself is freed by the object manager). */
typedef void OB_DELETE_METHOD(PVOID Object);

/*
 * Name lookup reached ParseObject with RemainingName left (it may be empty; otherwise it begins with a
 * backslash, except when ParseObject was the RootDirectory of the request). On success *Object is a
 * referenced object; RemainingName is what is left to resolve. STATUS_REPARSE: CompleteName was replaced (its
 * old buffer freed with ObpFreeObjectNameBuffer, the new one from ObpAllocateObjectNameBuffer) and the lookup
 * starts again at the root. Without success *Object is NULL.
 */
typedef NTSTATUS OB_PARSE_METHOD(PVOID ParseObject, POBJECT_TYPE ObjectType, PACCESS_STATE AccessState,
                                 KPROCESSOR_MODE AccessMode, ULONG Attributes, PUNICODE_STRING CompleteName,
                                 PUNICODE_STRING RemainingName, PVOID Context,
                                 PSECURITY_QUALITY_OF_SERVICE SecurityQos, PVOID *Object);

/* Query, set, delete or assign the security descriptor; see SeDefaultObjectMethod, the default. */
typedef NTSTATUS OB_SECURITY_METHOD(PVOID Object, SECURITY_OPERATION_CODE Operation,
                                    PSECURITY_INFORMATION SecurityInformation,
                                    PSECURITY_DESCRIPTOR Descriptor, PULONG Length,
                                    PSECURITY_DESCRIPTOR *ObjectsDescriptor, POOL_TYPE PoolType,
                                    PGENERIC_MAPPING GenericMapping, KPROCESSOR_MODE AccessMode);

/* ObQueryNameString of an object that names itself. Same results as ObQueryNameString. */
typedef NTSTATUS OB_QUERYNAME_METHOD(PVOID Object, BOOLEAN HasObjectName, POBJECT_NAME_INFORMATION NameInfo,
                                     ULONG Length, PULONG ReturnLength, KPROCESSOR_MODE AccessMode);

/* May this handle be closed? FALSE makes NtClose return STATUS_HANDLE_NOT_CLOSABLE. */
typedef BOOLEAN OB_OKAYTOCLOSE_METHOD(PEPROCESS Process, PVOID Object, HANDLE Handle,
                                      KPROCESSOR_MODE AccessMode);

typedef struct _OBJECT_TYPE_INITIALIZER {
    USHORT Length;           /* sizeof(OBJECT_TYPE_INITIALIZER) */
    BOOLEAN CaseInsensitive; /* names of this type ignore case whatever the caller said */
    BOOLEAN UnnamedObjectsOnly;
    BOOLEAN UseDefaultObject;        /* waits on a handle of it wait on ObpDefaultObject (always signalled) */
    BOOLEAN SecurityRequired;        /* objects have a security descriptor even when they have no name */
    BOOLEAN MaintainHandleCount;     /* count handles per process for Close */
    BOOLEAN SupportsObjectCallbacks; /* ObRegisterCallbacks accepts the type */
    ULONG ObjectTypeCode;
    ULONG InvalidAttributes; /* OBJ_* that are refused with STATUS_INVALID_PARAMETER */
    GENERIC_MAPPING GenericMapping;
    ACCESS_MASK ValidAccessMask;
    POOL_TYPE PoolType;
    ULONG DefaultPagedPoolCharge;
    ULONG DefaultNonPagedPoolCharge;
    LONG WaitObjectFlagOffset; /* >= 0: offset in the body of the dispatcher object that waits on handles use;
                                  OB_NOT_WAITABLE: waits give STATUS_OBJECT_TYPE_MISMATCH;
                                  OB_WAIT_POINTER(o): at offset o is a pointer to the dispatcher object */
    OB_DUMP_METHOD *DumpProcedure;
    OB_OPEN_METHOD *OpenProcedure;
    OB_CLOSE_METHOD *CloseProcedure;
    OB_DELETE_METHOD *DeleteProcedure;
    OB_PARSE_METHOD *ParseProcedure;
    OB_SECURITY_METHOD *SecurityProcedure; /* NULL: SeDefaultObjectMethod */
    OB_QUERYNAME_METHOD *QueryNameProcedure;
    OB_OKAYTOCLOSE_METHOD *OkayToCloseProcedure;
} OBJECT_TYPE_INITIALIZER, *POBJECT_TYPE_INITIALIZER;

#define OB_NOT_WAITABLE    (-1)
#define OB_WAIT_POINTER(o) (-2 - (LONG)(o))

#define OB_MAX_TYPES 64

typedef struct _OBJECT_TYPE {
    LIST_ENTRY TypeList;           /* t: objects of the type, through their creator info */
    UNICODE_STRING Name;           /* constant */
    POBJECT_TYPE_INITIALIZER Info; /* &TypeInfo */
    ULONG Index;                   /* constant: in ObpTypes */
    ULONG Key;                     /* pool tag of objects */
    volatile LONG TotalNumberOfObjects;
    volatile LONG TotalNumberOfHandles;
    LONG HighWaterNumberOfObjects;
    LONG HighWaterNumberOfHandles;
    KSPIN_LOCK TypeLock;              /* t */
    OBJECT_TYPE_INITIALIZER TypeInfo; /* constant */
    LIST_ENTRY
        CallbackList; /* ObRegisterCallbacks: entries in altitude order; guarded by the callback lock */
    volatile LONG CallbackCount;
} OBJECT_TYPE;

/* ---------------------------------------------------------------- header */

typedef struct _OBJECT_CREATE_INFORMATION {
    ULONG Attributes;
    KPROCESSOR_MODE ProbeMode;
    BOOLEAN NameCaptured;
    HANDLE RootDirectory;
    PVOID ParseContext;
    PSECURITY_DESCRIPTOR SecurityDescriptor; /* captured copy in pool, or NULL */
    PSECURITY_QUALITY_OF_SERVICE SecurityQos;
    SECURITY_QUALITY_OF_SERVICE SecurityQualityOfService;
} OBJECT_CREATE_INFORMATION, *POBJECT_CREATE_INFORMATION;

typedef struct _OBJECT_HEADER {
    volatile LONGLONG PointerCount; /* handles included; references cached in handle entries included */
    union {
        volatile LONGLONG HandleCount;
        struct _OBJECT_HEADER *NextToFree; /* deferred deletion list */
    };
    KSPIN_LOCK Lock; /* o */
    UCHAR TypeIndex;
    UCHAR InfoMask; /* OB_INFO_* */
    UCHAR Flags;    /* OB_FLAG_*; changed atomically */
    UCHAR Reserved;
    ULONG Signature;                         /* OB_SIGNATURE; OB_SIGNATURE_DEAD once deleted */
    POBJECT_CREATE_INFORMATION CreateInfo;   /* until insertion */
    PSECURITY_DESCRIPTOR SecurityDescriptor; /* self-relative; guarded by the security lock */
    UCHAR Body[] __attribute__((aligned(16)));
} OBJECT_HEADER, *POBJECT_HEADER;

C_ASSERT(sizeof(OBJECT_HEADER) == 0x30);

#define OB_INFO_CREATOR 0x01
#define OB_INFO_HANDLE  0x02
#define OB_INFO_NAME    0x04

#define OB_FLAG_NEW         0x01 /* nobody has begun to insert it; an answer of a parse procedure keeps it until it is opened */
#define OB_FLAG_KERNEL      0x02 /* created by kernel mode */
#define OB_FLAG_EXCLUSIVE   0x04 /* OBJ_EXCLUSIVE: one handle only */
#define OB_FLAG_PERMANENT   0x08
#define OB_FLAG_DEFER       0x10 /* queued for deferred deletion */
#define OB_FLAG_KERNEL_ONLY 0x20 /* no user handle may be made */

#define OB_SIGNATURE      0x6a624f4b
#define OB_SIGNATURE_DEAD 0x64624f4b

typedef struct _OBJECT_DIRECTORY *POBJECT_DIRECTORY;

typedef struct _OBJECT_HEADER_CREATOR_INFO {
    LIST_ENTRY TypeList;  /* t */
    PVOID CreatorThread;  /* id, for reports */
    PVOID CreatorAddress; /* return address of who asked for the object, for leak reports */
} OBJECT_HEADER_CREATOR_INFO, *POBJECT_HEADER_CREATOR_INFO;

typedef struct _OBJECT_HEADER_HANDLE_INFO {
    struct _OBJECT_HANDLE_COUNT *Counts; /* o: handles per process */
    PVOID Reserved;
} OBJECT_HEADER_HANDLE_INFO, *POBJECT_HEADER_HANDLE_INFO;

typedef struct _OBJECT_HEADER_NAME_INFO {
    POBJECT_DIRECTORY Directory;     /* d: NULL when not in the namespace; referenced */
    UNICODE_STRING Name;             /* constant after insertion: last component, terminated; of the pool */
    struct _OBJECT_HEADER *HashNext; /* d: chain of the directory's bucket */
    ULONG Hash;                      /* constant after insertion */
    USHORT Holds;                    /* d: lookups that have not finished with the name */
    BOOLEAN RemoveWanted;            /* d: the last hold looks whether the name goes */
    KSPIN_LOCK Lock;                 /* of Directory; taken alone or inside d */
} OBJECT_HEADER_NAME_INFO, *POBJECT_HEADER_NAME_INFO;

C_ASSERT(sizeof(OBJECT_HEADER_CREATOR_INFO) % 16 == 0);
C_ASSERT(sizeof(OBJECT_HEADER_HANDLE_INFO) % 16 == 0);
C_ASSERT(sizeof(OBJECT_HEADER_NAME_INFO) % 16 == 0);

static inline POBJECT_HEADER ObpHeader(PVOID Object)
{
    return CONTAINING_RECORD(Object, OBJECT_HEADER, Body);
}

static inline POBJECT_HEADER_CREATOR_INFO ObpCreatorInfo(POBJECT_HEADER Header)
{
    return Header->InfoMask & OB_INFO_CREATOR ? (POBJECT_HEADER_CREATOR_INFO)Header - 1 : NULL;
}

static inline POBJECT_HEADER_HANDLE_INFO ObpHandleInfo(POBJECT_HEADER Header)
{
    UCHAR *p = (UCHAR *)Header;
    if (!(Header->InfoMask & OB_INFO_HANDLE))
        return NULL;
    if (Header->InfoMask & OB_INFO_CREATOR)
        p -= sizeof(OBJECT_HEADER_CREATOR_INFO);
    return (POBJECT_HEADER_HANDLE_INFO)p - 1;
}

static inline POBJECT_HEADER_NAME_INFO ObpNameInfo(POBJECT_HEADER Header)
{
    UCHAR *p = (UCHAR *)Header;
    if (!(Header->InfoMask & OB_INFO_NAME))
        return NULL;
    if (Header->InfoMask & OB_INFO_CREATOR)
        p -= sizeof(OBJECT_HEADER_CREATOR_INFO);
    if (Header->InfoMask & OB_INFO_HANDLE)
        p -= sizeof(OBJECT_HEADER_HANDLE_INFO);
    return (POBJECT_HEADER_NAME_INFO)p - 1;
}

extern POBJECT_TYPE ObpTypes[OB_MAX_TYPES];

static inline POBJECT_TYPE ObpTypeOf(PVOID Object)
{
    return ObpTypes[ObpHeader(Object)->TypeIndex];
}

/* ---------------------------------------------------------------- start */

/* Phase 0 (after ke and pool): types, root directory, kernel handle table. Phase 1 (after ps): the standard
 * names. */
void ObInitSystem(ULONG Phase);

/* ---------------------------------------------------------------- types */

/*
 * Make an object type and enter it into \ObjectTypes. The initializer is copied. PASSIVE_LEVEL.
 * STATUS_OBJECT_NAME_COLLISION, STATUS_INVALID_PARAMETER, STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS ObpCreateObjectType(PCUNICODE_STRING Name, const OBJECT_TYPE_INITIALIZER *Initializer,
                             PSECURITY_DESCRIPTOR SecurityDescriptor, POBJECT_TYPE *Type);

extern POBJECT_TYPE ObpTypeObjectType, ObpDirectoryObjectType, ObpSymbolicLinkObjectType;
extern POBJECT_TYPE ExpEventObjectType, ExpSemaphoreObjectType, ExpMutantObjectType, ExpTimerObjectType;
extern POBJECT_TYPE PspProcessType, PspThreadType, SepTokenObjectType;

/* ---------------------------------------------------------------- objects */

/*
 * Make an object of Type with a zeroed body of BodySize bytes and one reference. ObjectAttributes (may be
 * NULL) are captured now, probed if ProbeMode is UserMode; the name takes effect in ObInsertObject. An object
 * that was not inserted is thrown away by ObDereferenceObject. PASSIVE_LEVEL (APC_LEVEL without attributes).
 */
NTSTATUS NTAPI ObCreateObject(KPROCESSOR_MODE ProbeMode, POBJECT_TYPE Type,
                              POBJECT_ATTRIBUTES ObjectAttributes, KPROCESSOR_MODE OwnershipMode,
                              PVOID ParseContext, ULONG BodySize, ULONG PagedPoolCharge,
                              ULONG NonPagedPoolCharge, PVOID *Object);

/*
 * Insert a created object: into the namespace if it has a name, and with a handle if Handle is not NULL.
 * Always consumes the creator's reference, on failure too. ObjectPointerBias references are added for the
 * caller, and *NewObject (if given) receives the object they belong to: with OBJ_OPENIF that is the object
 * that had the name already (STATUS_OBJECT_NAME_EXISTS). PASSIVE_LEVEL.
 */
NTSTATUS NTAPI ObInsertObject(PVOID Object, PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                              ULONG ObjectPointerBias, PVOID *NewObject, PHANDLE Handle);

/* Open by name and make a handle. Type may be NULL (any). PASSIVE_LEVEL. */
NTSTATUS NTAPI ObOpenObjectByName(POBJECT_ATTRIBUTES ObjectAttributes, POBJECT_TYPE Type,
                                  KPROCESSOR_MODE AccessMode, PACCESS_STATE PassedAccessState,
                                  ACCESS_MASK DesiredAccess, PVOID ParseContext, PHANDLE Handle);

/* As above, without a handle: *Object is referenced. The name must be in kernel memory. PASSIVE_LEVEL. */
NTSTATUS NTAPI ObReferenceObjectByName(PUNICODE_STRING ObjectName, ULONG Attributes,
                                       PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                                       POBJECT_TYPE Type, KPROCESSOR_MODE AccessMode, PVOID ParseContext,
                                       PVOID *Object);

NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes, PACCESS_STATE PassedAccessState,
                                     ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                     KPROCESSOR_MODE AccessMode, PHANDLE Handle);

/* The object loses its permanence, and its name as soon as no handle is open. PASSIVE_LEVEL. */
void NTAPI ObMakeTemporaryObject(PVOID Object);

NTSTATUS NTAPI ObQueryNameString(PVOID Object, POBJECT_NAME_INFORMATION ObjectNameInfo, ULONG Length,
                                 PULONG ReturnLength);

POBJECT_TYPE NTAPI ObGetObjectType(PVOID Object);

/* Reference if the object is not already being deleted. TRUE: referenced. <= DISPATCH_LEVEL. */
BOOLEAN NTAPI ObReferenceObjectSafe(PVOID Object);

/* Buffers of names that parse procedures exchange (paged pool semantics, terminated). */
PWCH ObpAllocateObjectNameBuffer(USHORT Bytes);
void ObpFreeObjectNameBuffer(PWCH Buffer);

/* Delete the symbolic link of that full name (IoDeleteSymbolicLink). */
NTSTATUS ObDeleteSymbolicLinkByName(PUNICODE_STRING Name);

/* Create a permanent symbolic link (IoCreateSymbolicLink). STATUS_OBJECT_NAME_COLLISION. */
NTSTATUS ObCreateSymbolicLinkByName(PUNICODE_STRING Name, PUNICODE_STRING Target);

/* Make a directory of that full name, permanent, open to kernel mode. */
NTSTATUS ObCreatePermanentDirectory(PCWSTR Name);

/*
 * Walk a directory for reports and NtQueryDirectoryObject: entries after the one of index *Context. Names
 * point into the object, which is referenced: the caller dereferences it. FALSE at the end.
 */
BOOLEAN ObpEnumerateDirectory(POBJECT_DIRECTORY Directory, PULONG Context, PVOID *Object);

/* Walk the objects of a type (all types: NULL is not allowed). *Object NULL first; the returned one is
 * referenced and is dereferenced by the next call. FALSE at the end. Reports only. */
BOOLEAN ObpEnumerateType(POBJECT_TYPE Type, PVOID *Object);

/* The dispatcher object a wait on this object means; STATUS_OBJECT_TYPE_MISMATCH if it cannot be waited on.
 */
NTSTATUS ObpQueryWaitObject(PVOID Object, PVOID *Dispatcher);

/* ---------------------------------------------------------------- reference tracing */

/* When on, references are counted by object, tag and site (kernel/ob/trace.c). The checked machine turns it on at boot. */
extern BOOLEAN ObpTraceEnabled;

#define OB_TAG_HANDLE    0x6c646e48 /* 'Hndl': the reference of a handle */
#define OB_TAG_NAMESPACE 0x656d614e /* 'Name': of the directory an object is in, and of its entries to a directory */

typedef struct _OB_TRACE_ENTRY {
    PVOID Object;
    ULONG Tag;
    BOOLEAN Direct;      /* Site is the caller itself, not a driver further up its stack */
    PVOID Site;          /* where it was taken or given back from */
    LONGLONG References; /* taken with this tag */
    LONGLONG Dereferences;
} OB_TRACE_ENTRY, *POB_TRACE_ENTRY;

/* The tags that hold references to Object: fills Entries, returns how many there are. <= DISPATCH_LEVEL. */
ULONG ObpQueryReferenceTrace(PVOID Object, POB_TRACE_ENTRY Entries, ULONG Count);

/* The same, each site by itself. */
ULONG ObpQueryReferenceSites(PVOID Object, POB_TRACE_ENTRY Entries, ULONG Count);

/*
 * Objects that code in [Begin, End) references more often than it dereferences, by tag; at most Count. The objects
 * exist at the time of the call only.
 */
ULONG ObpQueryReferencesOfImage(PVOID Begin, PVOID End, POB_TRACE_ENTRY Entries, ULONG Count);

/* ---------------------------------------------------------------- handle tables */

typedef struct _HANDLE_TABLE HANDLE_TABLE, *PHANDLE_TABLE;

/*
 * Handle values are multiples of four. The handles of the kernel table have the sign bit set. (HANDLE)-1 is
 * the current process, (HANDLE)-2 the current thread.
 */
#define OB_KERNEL_HANDLE_BIT 0xFFFFFFFF80000000ULL

extern PHANDLE_TABLE ObpKernelHandleTable;

/* What a handle entry is: low bits beside the object pointer. */
#define OB_HANDLE_PROTECT 0x1 /* protect from close */
#define OB_HANDLE_INHERIT 0x2
#define OB_HANDLE_AUDIT   0x4

/* A table for Process (NULL: the kernel's). NULL when memory is exhausted. PASSIVE_LEVEL. */
PHANDLE_TABLE ObCreateHandleTable(PEPROCESS Process);

/* Close every handle of a process (thread context: its own or attached). PASSIVE_LEVEL. */
void ObKillProcess(PEPROCESS Process);
void ObDeleteHandleTable(PHANDLE_TABLE Table);

/* Copy the inheritable handles of Parent into the new Table. */
NTSTATUS ObInheritHandles(PHANDLE_TABLE Table, PEPROCESS Parent, PEPROCESS Child);

typedef struct _OB_HANDLE_ENTRY {
    HANDLE Handle;
    PVOID Object; /* referenced for the callee of the walk only */
    ACCESS_MASK GrantedAccess;
    ULONG Attributes; /* OB_HANDLE_* */
    PVOID Creator;    /* the code that made it, if the machine is checked; else NULL */
    ULONG CreatorThread;
} OB_HANDLE_ENTRY, *POB_HANDLE_ENTRY;

/* Walk a table: *Cursor = 0 first. Entry->Object is referenced; the caller dereferences it. FALSE at the end.
 */
BOOLEAN ObEnumerateHandles(PHANDLE_TABLE Table, PULONG Cursor, POB_HANDLE_ENTRY Entry);
ULONG ObQueryHandleCount(PHANDLE_TABLE Table);

/* Close a handle as NtClose, in the given mode. */
NTSTATUS NTAPI ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode);
BOOLEAN NTAPI ObIsKernelHandle(HANDLE Handle);

/* ObjectHandleFlagInformation of a handle. */
typedef struct _OBJECT_HANDLE_FLAG_INFORMATION {
    BOOLEAN Inherit;
    BOOLEAN ProtectFromClose;
} OBJECT_HANDLE_FLAG_INFORMATION, *POBJECT_HANDLE_FLAG_INFORMATION;
NTSTATUS NTAPI ObSetHandleAttributes(HANDLE Handle, POBJECT_HANDLE_FLAG_INFORMATION Flags,
                                     KPROCESSOR_MODE PreviousMode);

/* CID-style tables: a handle table whose entries are bare pointers (16-byte aligned), used by ps. */
HANDLE ExCreateHandle(PHANDLE_TABLE Table, PVOID Pointer);
PVOID ExDestroyHandle(PHANDLE_TABLE Table, HANDLE Handle);
/* Look up and, if Reference returns TRUE for the pointer while the entry is locked, return it. <=
 * DISPATCH_LEVEL. */
PVOID ExReferenceHandle(PHANDLE_TABLE Table, HANDLE Handle, BOOLEAN (*Reference)(PVOID Pointer));

/*
 * Handle callbacks that lie in [Begin, End): an unloading image left them registered. Their registrations
 * end; Describe is called for each.
 */
ULONG ObpRemoveCallbacksInImage(PVOID Begin, PVOID End, void (*Describe)(const char *What, PVOID Routine));

/* ---------------------------------------------------------------- security hooks */

/* Is the desired access granted to the subject of AccessState? Used by parse procedures as well.
 * PASSIVE_LEVEL. */
BOOLEAN ObpCheckObjectAccess(PVOID Object, PACCESS_STATE AccessState, KPROCESSOR_MODE AccessMode,
                             NTSTATUS *Status);

/* As a driver calls it; TypeMutexLocked means nothing here. */
BOOLEAN NTAPI ObCheckObjectAccess(PVOID Object, PACCESS_STATE AccessState, BOOLEAN TypeMutexLocked,
                                  KPROCESSOR_MODE AccessMode, PNTSTATUS AccessStatus);

/* May the subject of AccessState make an object in that directory? CreateAccess: DIRECTORY_CREATE_OBJECT, ... */
BOOLEAN NTAPI ObCheckCreateObjectAccess(PVOID DirectoryObject, ACCESS_MASK CreateAccess, PACCESS_STATE AccessState,
                                        PUNICODE_STRING ComponentName, BOOLEAN TypeMutexLocked,
                                        KPROCESSOR_MODE PreviousMode, PNTSTATUS AccessStatus);

/* Give Object a descriptor made from AccessState->SecurityDescriptor, the parent's and the subject's token. */
NTSTATUS NTAPI ObAssignSecurity(PACCESS_STATE AccessState, PSECURITY_DESCRIPTOR ParentDescriptor, PVOID Object,
                                POBJECT_TYPE ObjectType);

/* Descriptors kept once, by reference: see kernel/ob/sdcache.c. <= DISPATCH_LEVEL. */
NTSTATUS NTAPI ObLogSecurityDescriptor(PSECURITY_DESCRIPTOR InputSecurityDescriptor,
                                       PSECURITY_DESCRIPTOR *OutputSecurityDescriptor, ULONG RefBias);
VOID NTAPI ObReferenceSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Count);
VOID NTAPI ObDereferenceSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Count);

/* Replace the parts of an object's descriptor that SecurityInformation names. PASSIVE_LEVEL. */
NTSTATUS NTAPI ObSetSecurityObjectByPointer(PVOID Object, SECURITY_INFORMATION SecurityInformation,
                                            PSECURITY_DESCRIPTOR SecurityDescriptor);
NTSTATUS NTAPI ObSetSecurityDescriptorInfo(PVOID Object, PSECURITY_INFORMATION SecurityInformation,
                                           PSECURITY_DESCRIPTOR SecurityDescriptor,
                                           PSECURITY_DESCRIPTOR *ObjectsSecurityDescriptor, POOL_TYPE PoolType,
                                           PGENERIC_MAPPING GenericMapping);

/* ---------------------------------------------------------------- small questions */

/* A handle of Process to Object (NULL: any) of that type (NULL: any), with the access and OBJ_INHERIT of MatchCriteria if
 * given. FALSE: there is none. */
BOOLEAN NTAPI ObFindHandleForObject(PEPROCESS Process, PVOID Object, POBJECT_TYPE ObjectType,
                                    POBJECT_HANDLE_INFORMATION MatchCriteria, PHANDLE Handle);

/* Is the close of that handle audited? STATUS_INVALID_HANDLE. */
NTSTATUS NTAPI ObQueryObjectAuditingByHandle(HANDLE Handle, PBOOLEAN GenerateOnClose);

/* Drop what ObCreateObject captured, for an object that will not be inserted. */
VOID NTAPI ObDeleteCapturedInsertInfo(PVOID Object);

/* The directory and the name of an object; NULL: it has no name. Valid while the object is referenced. */
POBJECT_HEADER_NAME_INFO NTAPI ObQueryNameInfo(PVOID Object);

/* *DosDeviceState TRUE: the drive letter (1 is A) is a name of the caller's logon session, not of all.
 * STATUS_INVALID_PARAMETER: no letter has that number. */
NTSTATUS NTAPI ObIsDosDeviceLocallyMapped(ULONG Index, PUCHAR DosDeviceState);

#endif
