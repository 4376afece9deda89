/* SPDX-License-Identifier: MIT */
/*
 * ldrp.h: loaded images, as the other managers see them (kernel/ldr implements it).
 *
 * A module is one mapped image. It is made by LdrpLoadImage together with the export drivers it imports from,
 * and ends when LdrpUnloadImage finds nobody referring to it. References: one of whoever loaded it, one of
 * each module that imports from it, and LdrReferenceModule for code that will be called later.
 *
 * Lock L (LdrpLock, a mutex, PASSIVE_LEVEL): the module list, states and reference counts of dependencies.
 * The address table (which module contains this pc?) is read without a lock at any IRQL, in signal context
 * too.
 */
#ifndef KILN_LDRP_H
#define KILN_LDRP_H

#include <nt/base.h>
#include <nt/status.h>
#include <nt/context.h>
#include <stdbool.h>

#include "ledger.h"
#include "pe.h"

struct _IMAGE_INFO;

/* ---------------------------------------------------------------- modules */

/* DriverObject->DriverSection points to one; the layout is that of x64 Windows 10. */
typedef struct _KLDR_DATA_TABLE_ENTRY {
    LIST_ENTRY InLoadOrderLinks;
    PVOID ExceptionTable;
    ULONG ExceptionTableSize; /* bytes */
    PVOID GpValue;
    PVOID NonPagedDebugInfo;
    PVOID DllBase;
    PVOID EntryPoint;
    ULONG SizeOfImage;
    UNICODE_STRING FullDllName;
    UNICODE_STRING BaseDllName;
    ULONG Flags;
    USHORT LoadCount;
    USHORT SignatureLevel;
    PVOID SectionPointer;
    ULONG CheckSum;
    ULONG CoverageSectionSize;
    PVOID CoverageSection;
    PVOID LoadedImports;
    PVOID NtDataSection;
    ULONG SizeOfImageNotRounded;
    ULONG TimeDateStamp;
} KLDR_DATA_TABLE_ENTRY, *PKLDR_DATA_TABLE_ENTRY;

NT_ASSERT_OFFSET(KLDR_DATA_TABLE_ENTRY, DllBase, 0x30);
NT_ASSERT_OFFSET(KLDR_DATA_TABLE_ENTRY, FullDllName, 0x48);
NT_ASSERT_OFFSET(KLDR_DATA_TABLE_ENTRY, Flags, 0x68);
NT_ASSERT_OFFSET(KLDR_DATA_TABLE_ENTRY, LoadedImports, 0x88);
NT_ASSERT_SIZE(KLDR_DATA_TABLE_ENTRY, 0xa0);

typedef struct _KLDR_MODULE {
    KLDR_DATA_TABLE_ENTRY Entry; /* L; first, because DriverSection points to it */
    CHAR Name[64];               /* base name for reports, "echo.sys" */
    CHAR HostPath[512];          /* where the file is on the host; "" if unknown */
    struct pe_image Image;       /* .file is valid during LdrpLoadImage only */
    LONG References;             /* atomic */
    ULONG FirstSlot, LastSlot;   /* RVAs of the import slots: never discarded. FirstSlot > LastSlot: none */
    BOOLEAN InitDiscarded;
    BOOLEAN Busy;           /* L: being made or unmade */
    BOOLEAN UnloadPending;  /* LdrpUnloadImage was called while it was referenced */
    BOOLEAN DependencyOnly; /* an export driver, loaded because another imports from it */
    BOOLEAN Initialized;    /* DllInitialize has run */
    ULONG DependencyCount;
    struct _KLDR_MODULE **Dependencies; /* L: each entry holds a reference */
    PVOID Unresolved;                   /* thunks of imports that LDR_ALLOW_UNRESOLVED let pass */
} KLDR_MODULE, *PKLDR_MODULE;

/* The list of KLDR_DATA_TABLE_ENTRY in load order. L. */
extern LIST_ENTRY PsLoadedModuleList;

/* Flags of LdrpLoadImage */
#define LDR_ALLOW_UNRESOLVED                                                                                 \
    0x1 /* unresolved imports bind to a routine that bugchecks, naming itself, when called */
#define LDR_EXPORT_DRIVER 0x2 /* as a dependency: needs no entry point, DllInitialize is called */

void LdrInitSystem(void);

/*
 * Load `File` (Size bytes, needed during the call only) as the module `Name`: an NT path, whose last part is
 * the module's base name. HostPath (may be NULL) says where the file is on the host: symbols are read there,
 * and images it imports from are looked for beside it. Validates, maps, relocates, binds, protects, tells the
 * image notify routines; does not call the entry point (Entry.EntryPoint). PASSIVE_LEVEL. One reference is
 * the caller's.
 *
 * On failure *Why (may be NULL) holds a sentence. Besides the refusals of pe.h: STATUS_IMAGE_ALREADY_LOADED,
 * STATUS_OBJECT_NAME_NOT_FOUND (an imported image is not there), STATUS_DRIVER_ENTRYPOINT_NOT_FOUND (an
 * imported name), STATUS_DRIVER_ORDINAL_NOT_FOUND, STATUS_INSUFFICIENT_RESOURCES, or what a dependency's
 * DllInitialize returned.
 */
NTSTATUS LdrpLoadImage(PCUNICODE_STRING Name, const char *HostPath, const void *File, SIZE_T Size,
                       ULONG Flags, PKLDR_MODULE *Module, struct ldr_error *Why);

/* After DriverEntry: sections marked discardable become inaccessible. PASSIVE_LEVEL. */
void LdrpDiscardInit(PKLDR_MODULE Module);

/*
 * Give up the loader's caller's reference. The last one runs DllUnload (export drivers), unbinds and frees
 * the image and returns STATUS_SUCCESS. While others refer to it: STATUS_DEVICE_BUSY, and the image goes with
 * the last reference. PASSIVE_LEVEL; no thread may be inside the image.
 */
NTSTATUS LdrpUnloadImage(PKLDR_MODULE Module);

/* References for code that will be called later (any IRQL). An image whose unload waited for the last goes at
 * the next load or unload, or at once if the IRQL is PASSIVE_LEVEL. */
void LdrReferenceModule(PKLDR_MODULE Module);
void LdrDereferenceModule(PKLDR_MODULE Module);

/* ---------------------------------------------------------------- lookups */

/* The module that contains the address, or NULL. Any IRQL, lock-free, signal-safe. Not referenced. */
PKLDR_MODULE LdrFindModuleByAddress(const void *Address);

/* The module with that base name (case-insensitive), or NULL. PASSIVE_LEVEL. Not referenced. */
PKLDR_MODULE LdrFindModuleByName(PCUNICODE_STRING BaseName);

/*
 * The exception directory of the image that contains `pc`: its entries, their number, and the image's base.
 * NULL: no PE image there, or one without (then *ImageBase tells: 0 if there is no image). Any IRQL,
 * lock-free, signal-safe.
 */
const RUNTIME_FUNCTION *LdrFindFunctionTable(ULONG_PTR pc, PULONG_PTR ImageBase, PULONG Count);

/* Is the address inside a loaded image? Any IRQL, lock-free, signal-safe. */
bool LdrIsDriverCode(ULONG_PTR pc);

/* Calls of drivers at an IRQL outside the routine's range, on a checked machine. Any IRQL. */
LONG LdrIrqlViolations(void);

/* The address of an export of a loaded image; NULL if it has none of that name (forwarders are followed).
 * PASSIVE_LEVEL. */
PVOID LdrpGetProcedure(PKLDR_MODULE Module, const char *Name);

/*
 * Call fn for every loaded module, in load order, until it returns FALSE. PASSIVE_LEVEL, or any IRQL during a
 * bugcheck.
 */
void LdrEnumerateModules(BOOLEAN (*fn)(PKLDR_MODULE Module, PVOID Context), PVOID Context);

/* The last images that were unloaded, newest first, for reports: false past the end. Any IRQL. */
struct ldr_unloaded {
    CHAR Name[64];
    CHAR HostPath[512];
    ULONG_PTR Base, End;
};
bool LdrUnloadedModule(ULONG Index, struct ldr_unloaded *Unloaded);

/* ---------------------------------------------------------------- the ledger (ledger.h) */

/* ---------------------------------------------------------------- exports that no public header declares */

/* The NT headers of a loaded image, a directory of it (not the certificates), an export of it; NULL if it is
 * none. */
PVOID NTAPI RtlImageNtHeader(PVOID Base);
PVOID NTAPI RtlImageDirectoryEntryToData(PVOID BaseOfImage, BOOLEAN MappedAsImage, USHORT DirectoryEntry,
                                         PULONG Size);
PVOID NTAPI RtlFindExportedRoutineByName(PVOID BaseOfImage, PCSTR RoutineName);

/* A stub was called: bugcheck with its name and its caller. `Name` is "ntoskrnl!KeFoo". */
DECLSPEC_NORETURN void LdrpStubCalled(const char *Name, PVOID Caller);

/* ---------------------------------------------------------------- owned by ps, called by the loader */

/* Call the routines set with PsSetLoadImageNotifyRoutine(Ex). PASSIVE_LEVEL, no lock but L held. */
void PsCallImageNotifyRoutines(PUNICODE_STRING FullImageName, HANDLE ProcessId,
                               struct _IMAGE_INFO *ImageInfo);

#endif
