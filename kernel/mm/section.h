/* SPDX-License-Identifier: MIT */
/*
 * section.h: section objects and their views, as section*.c and view*.c share them.
 *
 *      handle --> MI_SECTION (object)  --+
 *      handle --> MI_SECTION           --+--> MI_AREA: the pages, and where they come from
 *      MI_VIEW (in a process, or in system space) --> its MI_SECTION
 *
 * An area (a control area, in the words of the documentation) owns the pages that every view of every one of
 * its sections shows. There is one for each page-file-backed section, one for the data of each file that has
 * a section (SECTION_OBJECT_POINTERS.DataSectionObject), one for each image of a file (ImageSectionObject),
 * and one for physical memory. It lives as long as a section refers to it; a view keeps its section. When the
 * last section of a file goes, what was modified is written to the file first.
 *
 * A page of an area is absent until somebody touches it in a view, or locks it. Then it is made present
 * (MiMakeResident): zeroed, or read from the file, in clusters of MI_CLUSTER pages. It stays until the area
 * goes. Views map it lazily as well. A page of a file is mapped writable only after the first write, which
 * marks it modified; a page of a copy-on-write view is replaced by a private copy (a MiPageUser frame that
 * the view's range owns) on that occasion.
 *
 * Locks: MI_AREA.Lock (S), a spin lock, guards the pages of an area, its views and what they map; it comes
 * before U (the slice's lock, user.c) and is not held while memory of anybody is touched or I/O is done.
 * MiAreasLock (F) guards the association of files with areas, and the numbers of sections of each; it comes
 * before S. The address space mutex (MiLockAddressSpace) comes before all three.
 */
#ifndef KILN_MM_SECTION_H
#define KILN_MM_SECTION_H

#include "mip.h"
#include "pagingio.h"
#include "psp.h"
#include "trap.h"
#include <nt/io.h>

#define MI_CLUSTER     16 /* pages that are made present together: 64 KB */
#define MI_CHUNK       512
#define MI_SECTION_MAX (1ULL << 40) /* bytes: the "system-defined maximum for sections" */
#define MI_GRANULARITY 0x10000ULL
#define MI_SECTION_TAG 0x7453624FU /* "ObSt" */
#define MI_AREA_TAG    0x72416D4DU /* "MmAr" */
#define MI_VIEW_TAG    0x69566D4DU /* "MmVi" */

/* ---------------------------------------------------------------- areas */

/* One page of an area. All fields S. */
typedef struct _MI_PROTO {
    ULONG Pfn; /* MI_NO_PFN: absent */
    UCHAR Committed;
    UCHAR InTransition; /* being made present; MI_AREA.Waiters */
} MI_PROTO, *PMI_PROTO;

/* MI_PFN.Class of a MiPageSection frame, changed atomically. */
#define MI_SECTION_MODIFIED     0x01 /* a view, or whoever locked it, may have written it */
#define MI_SECTION_WRITE_LOCKED 0x02 /* locked for write by an MDL */

/* Consecutive pages of an area that come from one place of a file. */
typedef struct _MI_SUBSECTION {
    SIZE_T FirstPage, Pages;
    ULONG64 FileOffset;
    ULONG64 FileBytes; /* the rest is zeros */
    ULONG Protection;  /* of image sections */
} MI_SUBSECTION, *PMI_SUBSECTION;

typedef enum _MI_AREA_KIND { MiAreaPageFile, MiAreaData, MiAreaImage, MiAreaPhysical } MI_AREA_KIND;

/* What SEC_IMAGE learned from the headers. */
typedef struct _MI_IMAGE_FACTS {
    ULONG64 Base;
    ULONG Entry;
    ULONG64 StackReserve, StackCommit;
    USHORT Subsystem, SubsystemMajor, SubsystemMinor;
    USHORT Characteristics, DllCharacteristics, Machine;
    BOOLEAN ContainsCode;
    ULONG FileBytes, CheckSum;
} MI_IMAGE_FACTS, *PMI_IMAGE_FACTS;

typedef struct _MI_WAITER MI_WAITER;

typedef struct _MI_AREA {
    KSPIN_LOCK Lock; /* S */
    MI_AREA_KIND Kind;
    ULONG Attributes;                  /* SEC_*: constant */
    SIZE_T Pages;                      /* S: grows with the largest section of a file */
    PMI_PROTO *Chunks;                 /* S: MI_CHUNK pages each, NULL where nothing was touched */
    SIZE_T ChunkCount;                 /* S */
    SIZE_T Charged;                    /* S: pages of commitment */
    LIST_ENTRY Views;                  /* S: MI_VIEW.Link */
    MI_WAITER *Waiters;                /* S */
    ULONG Sections;                    /* F */
    ULONG HandleSections;              /* F: of those that were made through a handle service: the users' */
    ULONG WritableSections;            /* F */
    ULONG Closers;                     /* F: who is writing back what the last section left */
    PFILE_OBJECT File;                 /* constant; referenced: where pages are read from and written to */
    PSECTION_OBJECT_POINTERS Pointers; /* constant */
    ULONG64 FileBytes;                 /* F: of the file, as far as sections know */
    PMI_IMAGE_FACTS Image;             /* constant; NULL: not an image */
    ULONG SubsectionCount;
    PMI_SUBSECTION Subsections; /* constant; images */
} MI_AREA, *PMI_AREA;

/* The body of a section object; everything constant. */
typedef struct _MI_SECTION {
    PMI_AREA Area;
    LARGE_INTEGER Size; /* bytes */
    SIZE_T Pages;
    ULONG Protection; /* PAGE_*, of the creation */
    ULONG Attributes; /* SEC_* */
    BOOLEAN ByHandle; /* counted in HandleSections */
    BOOLEAN Writable;
} MI_SECTION, *PMI_SECTION;

extern KSPIN_LOCK MiAreasLock; /* F */
extern POBJECT_TYPE MiSectionType;

/* What a creator of a section asks for, captured. */
typedef struct _MI_SECTION_REQUEST {
    KPROCESSOR_MODE Mode;
    POBJECT_ATTRIBUTES ObjectAttributes; /* the caller's */
    LONGLONG MaximumSize;                /* 0: none */
    ULONG Protection;
    ULONG Attributes; /* SEC_* */
    PFILE_OBJECT File;
    BOOLEAN ByHandle;
    BOOLEAN Writable; /* out: the protection lets views write the section */
} MI_SECTION_REQUEST, *PMI_SECTION_REQUEST;

/* section.c: the object, not inserted. The statuses of ZwCreateSection. PASSIVE_LEVEL. */
NTSTATUS MiCreateSectionObject(PMI_SECTION_REQUEST Request, PMI_SECTION *Section);

static inline BOOLEAN MiIsCopyOnWrite(ULONG Protection)
{
    return (Protection & 0xFF) == PAGE_WRITECOPY || (Protection & 0xFF) == PAGE_EXECUTE_WRITECOPY;
}

/* sectionarea.c: an area without sections, for `Pages` pages; NULL: no pool. <= DISPATCH_LEVEL. */
PMI_AREA MiCreateArea(MI_AREA_KIND Kind, SIZE_T Pages, ULONG Attributes);
/* Free it with its pages. Nobody refers to it any more. PASSIVE_LEVEL. */
void MiDeleteArea(PMI_AREA Area);
/* The page of an area and its neighbours are these frames, which are zeros; the area owns them from then on.
 */
NTSTATUS MiAdoptFrames(PMI_AREA Area, SIZE_T First, PFN_NUMBER Pfn, SIZE_T Count);
/* Let it have at least that many pages. */
NTSTATUS MiGrowArea(PMI_AREA Area, SIZE_T Pages);
/* The entry of a page; NULL: its chunk was never made (then the page is absent and not committed). S held. */
PMI_PROTO MiProto(PMI_AREA Area, SIZE_T Page);
/*
 * Commit pages of a SEC_RESERVE section (they count against the commitment limit). STATUS_COMMITMENT_LIMIT,
 * STATUS_INSUFFICIENT_RESOURCES. IRQL <= DISPATCH_LEVEL.
 */
NTSTATUS MiCommitArea(PMI_AREA Area, SIZE_T First, SIZE_T Count);
BOOLEAN MiIsCommitted(PMI_AREA Area, SIZE_T Page);
/* Count pages against the limit of what RAM could hold; FALSE: it is reached. */
BOOLEAN MiChargeCommitment(SIZE_T Pages);
void MiReturnCommitment(SIZE_T Pages);

/*
 * Make a page present, with its neighbours. Waits for I/O: IRQL <= APC_LEVEL, no lock. The area stays (its
 * caller holds a section). STATUS_SUCCESS; STATUS_NO_MEMORY, or what the read returned.
 */
NTSTATUS MiMakeResident(PMI_AREA Area, SIZE_T Page);
/*
 * Read Bytes of a file, a sector's multiple being asked for, into Count <= MI_CLUSTER frames; the rest of
 * them is zeroed. What the driver returned. IRQL <= APC_LEVEL.
 */
NTSTATUS MiReadFrames(PFILE_OBJECT File, ULONG64 Offset, ULONG64 Bytes, PFN_NUMBER Pfn, SIZE_T Count);
/* Give up a frame of an area or a private copy; one that is locked goes with its last lock. */
void MiReleaseFrame(ULONG Pfn);
static inline BOOLEAN MiIsModified(ULONG Pfn)
{
    return (__atomic_load_n(&MiPfnEntry(Pfn)->Class, __ATOMIC_RELAXED) & MI_SECTION_MODIFIED) != 0;
}
static inline void MiSetModified(ULONG Pfn)
{
    __atomic_or_fetch(&MiPfnEntry(Pfn)->Class, MI_SECTION_MODIFIED, __ATOMIC_RELAXED);
}

/* An MDL locked a frame for write: a "write probe" of the file until its last lock is gone (mdllock.c). */
static inline void MiSetWriteLocked(ULONG Pfn)
{
    if (MiPfnEntry(Pfn)->Use == MiPageSection)
        __atomic_or_fetch(&MiPfnEntry(Pfn)->Class, MI_SECTION_MODIFIED | MI_SECTION_WRITE_LOCKED,
                          __ATOMIC_RELAXED);
}

/* ---------------------------------------------------------------- files */

/*
 * sectionfile.c: the area of a file's data, with one section counted for the caller; made if there is none.
 * *Size: 0 asks for the file's size; otherwise the file is extended to it if Writable. The statuses of
 * ZwCreateSection.
 */
NTSTATUS MiReferenceDataArea(PFILE_OBJECT File, ULONG64 *Size, BOOLEAN Writable, BOOLEAN ByHandle,
                             PMI_AREA *Area);
NTSTATUS MiReferenceImageArea(PFILE_OBJECT File, BOOLEAN ByHandle, PMI_AREA *Area);
/* The file's area with a section counted for the caller (MiDereferenceArea); NULL: it has none. */
PMI_AREA MiFindArea(PSECTION_OBJECT_POINTERS Pointers, MI_AREA_KIND Kind);
/* A section of the area went. PASSIVE_LEVEL. */
void MiDereferenceArea(PMI_AREA Area, BOOLEAN ByHandle, BOOLEAN Writable);
/*
 * Write the modified pages of [First, +Count) to the file. Pages that are locked for write stay modified. *Io
 * receives the status of the last write and the bytes. PASSIVE_LEVEL (APC_LEVEL).
 */
NTSTATUS MiFlushArea(PMI_AREA Area, SIZE_T First, SIZE_T Count, PIO_STATUS_BLOCK Io);

/* sectionimage.c: what the file's headers say. PASSIVE_LEVEL. */
NTSTATUS MiParseImage(PFILE_OBJECT File, PMI_AREA *Area);

/* ---------------------------------------------------------------- views */

/* One page of a view; S of its area. */
typedef struct _MI_VIEW_PAGE {
    ULONG Pfn;       /* what it shows; MI_NO_PFN: nothing yet */
    UCHAR Prot;      /* HOST_PROT_*; 0: not mapped (a private copy may be kept so) */
    BOOLEAN Rotated; /* Pfn is not the section's, but what MmRotatePhysicalView was given */
} MI_VIEW_PAGE;

/*
 * A view. Link, HostRuns, HeldPages and the pages: S of its area. Rotating: atomic. The rest is constant.
 */
typedef struct _MI_VIEW {
    LIST_ENTRY Link;
    PMI_SECTION Section; /* referenced */
    SIZE_T FirstPage;    /* of the area */
    SIZE_T Pages;
    SIZE_T AreaPages; /* of them, those that the section has: the rest is reserved (MEM_RESERVE) */
    ULONG64 Va;
    PEPROCESS Process;     /* NULL: in system space */
    PMI_RANGE Range;       /* NULL: in system space */
    ULONG Protection;      /* asked for */
    ULONG HostRuns;        /* host mappings charged */
    SIZE_T HeldPages;      /* whose Pfn is one */
    BOOLEAN Share;         /* ViewShare */
    BOOLEAN Session;       /* of system space: in session space */
    BOOLEAN Rotates;       /* MmRotatePhysicalView may change what it shows */
    PKTHREAD Rotating;     /* pages are being copied by this thread, which has the address space locked */
    PVOID Caller;          /* system space: who mapped it */
    LIST_ENTRY SystemLink; /* W (viewsystem.c) */
    MI_VIEW_PAGE Page[];
} MI_VIEW, *PMI_VIEW;

/*
 * viewmap.c. MiCreateView: the record of a view that is in no list yet; NULL: no pool. MiPublishView enters
 * it into its area and (in a process) its range, after which faults find it. MiDestroyView takes it out,
 * unmaps what is mapped, returns private copies and charges, and frees the record; the range and the
 * section's reference are the caller's. IRQL <= APC_LEVEL, the address space locked if it is in a process.
 */
PMI_VIEW MiCreateView(PMI_SECTION Section, SIZE_T FirstPage, SIZE_T Pages, ULONG Protection);
void MiPublishView(PMI_VIEW View);
void MiDestroyView(PMI_VIEW View);

/* Change the protection of pages; the caller checked that it may be. Address space locked. */
NTSTATUS MiProtectViewPages(PMI_VIEW View, SIZE_T First, SIZE_T Count, ULONG Protection, ULONG *Old);

/* Does the view own the frame it shows there, a copy of the area's? S held. */
BOOLEAN MiIsPrivateCopy(PMI_VIEW View, SIZE_T Page);
/* HOST_PROT_* for a page that shows a frame, under this protection. S held. */
unsigned MiViewPageProt(PMI_VIEW View, SIZE_T Page, ULONG Protection);

/* Map all pages of the view now, from present pages of the area (large pages, physical memory). */
NTSTATUS MiMapWholeView(PMI_VIEW View);

/* Every view that shows this page of the area maps it without write access from now on. S held. */
void MiWriteProtectPage(PMI_AREA Area, SIZE_T Page);

/*
 * Map [First, +Count) to consecutive frames from Pfn on, with HOST_PROT_*; 0: unmap. S held, and U in a
 * process. STATUS_INSUFFICIENT_RESOURCES: the host's mappings are used up; nothing changed.
 */
NTSTATUS MiSetViewPages(PMI_VIEW View, SIZE_T First, SIZE_T Count, ULONG Pfn, unsigned Prot);

/*
 * viewfault.c: bring the page at an address in, as that access needs it. STATUS_NOT_MAPPED_VIEW: no view is
 * there; STATUS_ACCESS_VIOLATION; STATUS_GUARD_PAGE_VIOLATION; STATUS_IN_PAGE_ERROR with the reason in *Io.
 * IRQL <= APC_LEVEL, no lock.
 */
NTSTATUS MiFaultView(ULONG64 Address, BOOLEAN Write, BOOLEAN Execute, NTSTATUS *Io);

MI_FAULT_HANDLER MiViewFaultHandler;

/* viewsystem.c: the view at an address of system space, its lock (W) held by the caller. NULL: none. */
void MiLockSystemViews(void); /* at DISPATCH_LEVEL */
void MiUnlockSystemViews(void);
PMI_VIEW MiSystemViewAt(ULONG64 Address);
PMI_VIEW MiNextSystemView(ULONG64 Address); /* the first that begins above */

/* What a mapper of a view asks for, captured. Base, Offset and Bytes become those of the view. */
typedef struct _MI_VIEW_REQUEST {
    ULONG64 Base; /* 0: anywhere */
    LONGLONG Offset;
    SIZE_T Bytes; /* 0: to the end of the section */
    ULONG_PTR ZeroBits;
    SIZE_T CommitBytes;
    SECTION_INHERIT Inherit;
    ULONG Type; /* MEM_* */
    ULONG Protection;
} MI_VIEW_REQUEST, *PMI_VIEW_REQUEST;

/* view.c: the statuses of ZwMapViewOfSection. IRQL <= APC_LEVEL. */
NTSTATUS MiMapView(PEPROCESS Process, PMI_SECTION Section, PMI_VIEW_REQUEST Request);

/* Take the view out of its process; returns the section, to be dereferenced. Address space locked. */
PMI_SECTION MiRemoveView(PMI_VIEW View);
/* Commit, or change the protection of, [Begin, End), which begins in the view of that range. Address space
 * locked. */
NTSTATUS MiCommitView(PMI_RANGE Range, ULONG64 Begin, ULONG64 End, ULONG Type, ULONG Protection);
NTSTATUS MiProtectView(PMI_RANGE Range, ULONG64 Begin, ULONG64 End, ULONG Protection, ULONG *Old);
BOOLEAN MiIsImageView(PMI_RANGE Range);
/* viewimage.c: tell load-image notify routines of a view, if it is one of an image. No lock. */
void MiNotifyImageView(PEPROCESS Process, PMI_SECTION Section, PVOID Base, SIZE_T Bytes);
/* Is the protection of a view allowed by that of its section? */
BOOLEAN MiIsCompatibleProtection(ULONG Protection, ULONG Allowed);

#endif
