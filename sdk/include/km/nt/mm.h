/* SPDX-License-Identifier: MIT */
/*
 * nt/mm.h - memory as drivers see it: MDLs, physical pages, mappings, pageable code, verifier queries.
 *
 * An MDL describes a buffer by its physical pages.  Its life: allocated (IoAllocateMdl, MmCreateMdl, or on
 * the caller's own storage by MmInitializeMdl), filled (MmProbeAndLockPages, MmBuildMdlForNonPagedPool or
 * MmAllocatePagesForMdl...), perhaps mapped (MmGetSystemAddressForMdlSafe), unmapped and unlocked, freed.
 * MdlFlags tells how far it is. The page frame numbers follow the structure.
 */
#ifndef KILN_NT_MM_H
#define KILN_NT_MM_H

#include <nt/status.h>
#include <nt/ke_types.h>

EXTERN_C_START

/* ---- pages ---- */

#define PAGE_SIZE            0x1000
#define PAGE_SHIFT           12L
#define PAGE_MASK            0xFFF
#define LARGE_PAGE_SIZE      0x200000
#define ROUND_TO_PAGES(Size) (((ULONG_PTR)(Size) + PAGE_SIZE - 1) & ~((ULONG_PTR)PAGE_SIZE - 1))
#define BYTES_TO_PAGES(Size) (((Size) >> PAGE_SHIFT) + (((Size) & (PAGE_SIZE - 1)) != 0))
#define BYTE_OFFSET(Va)      ((ULONG)((LONG_PTR)(Va) & (PAGE_SIZE - 1)))
#define PAGE_ALIGN(Va)       ((PVOID)((ULONG_PTR)(Va) & ~((ULONG_PTR)PAGE_SIZE - 1)))
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(Va, Size)                                                             \
    ((BYTE_OFFSET(Va) + ((SIZE_T)(Size)) + (PAGE_SIZE - 1)) >> PAGE_SHIFT)
#define COMPUTE_PAGES_SPANNED(Va, Size) ADDRESS_AND_SIZE_TO_SPAN_PAGES(Va, Size)
#define ALLOCATION_GRANULARITY          0x10000

typedef ULONG_PTR PFN_COUNT, *PPFN_COUNT;
typedef LONG_PTR SPFN_NUMBER, *PSPFN_NUMBER;
typedef ULONG_PTR PFN_NUMBER, *PPFN_NUMBER;

#define PAGE_NOACCESS           0x01
#define PAGE_READONLY           0x02
#define PAGE_READWRITE          0x04
#define PAGE_WRITECOPY          0x08
#define PAGE_EXECUTE            0x10
#define PAGE_EXECUTE_READ       0x20
#define PAGE_EXECUTE_READWRITE  0x40
#define PAGE_EXECUTE_WRITECOPY  0x80
#define PAGE_GUARD              0x100
#define PAGE_NOCACHE            0x200
#define PAGE_WRITECOMBINE       0x400
#define PAGE_TARGETS_INVALID    0x40000000
#define PAGE_TARGETS_NO_UPDATE  0x40000000
#define PAGE_REVERT_TO_FILE_MAP 0x80000000

#define MEM_COMMIT                     0x00001000
#define MEM_RESERVE                    0x00002000
#define MEM_REPLACE_PLACEHOLDER        0x00004000
#define MEM_RESERVE_PLACEHOLDER        0x00040000
#define MEM_RESET                      0x00080000
#define MEM_TOP_DOWN                   0x00100000
#define MEM_WRITE_WATCH                0x00200000
#define MEM_PHYSICAL                   0x00400000
#define MEM_ROTATE                     0x00800000
#define MEM_DIFFERENT_IMAGE_BASE_OK    0x00800000
#define MEM_RESET_UNDO                 0x01000000
#define MEM_LARGE_PAGES                0x20000000
#define MEM_DOS_LIM                    0x40000000
#define MEM_4MB_PAGES                  0x80000000
#define MEM_64K_PAGES                  (MEM_LARGE_PAGES | MEM_PHYSICAL)
#define MEM_UNMAP_WITH_TRANSIENT_BOOST 0x00000001
#define MEM_COALESCE_PLACEHOLDERS      0x00000001
#define MEM_PRESERVE_PLACEHOLDER       0x00000002
#define MEM_DECOMMIT                   0x00004000
#define MEM_RELEASE                    0x00008000
#define MEM_FREE                       0x00010000
#define MEM_PRIVATE                    0x00020000
#define MEM_MAPPED                     0x00040000
#define MEM_IMAGE                      0x01000000

#define SECTION_QUERY                0x0001
#define SECTION_MAP_WRITE            0x0002
#define SECTION_MAP_READ             0x0004
#define SECTION_MAP_EXECUTE          0x0008
#define SECTION_EXTEND_SIZE          0x0010
#define SECTION_MAP_EXECUTE_EXPLICIT 0x0020
#define SECTION_ALL_ACCESS                                                                                   \
    (0x000F0000L | SECTION_QUERY | SECTION_MAP_WRITE | SECTION_MAP_READ | SECTION_MAP_EXECUTE |              \
     SECTION_EXTEND_SIZE)
#define SEC_64K_PAGES        0x00080000
#define SEC_FILE             0x00800000
#define SEC_IMAGE            0x01000000
#define SEC_PROTECTED_IMAGE  0x02000000
#define SEC_RESERVE          0x04000000
#define SEC_COMMIT           0x08000000
#define SEC_NOCACHE          0x10000000
#define SEC_WRITECOMBINE     0x40000000
#define SEC_LARGE_PAGES      0x80000000
#define SEC_IMAGE_NO_EXECUTE (SEC_IMAGE | SEC_NOCACHE)

#define MM_SYSTEM_VIEW_EXCEPTIONS_FOR_INPAGE_ERRORS 0x1
typedef enum _SECTION_INHERIT { ViewShare = 1, ViewUnmap = 2 } SECTION_INHERIT;

typedef enum _MEM_EXTENDED_PARAMETER_TYPE {
    MemExtendedParameterInvalidType,
    MemExtendedParameterAddressRequirements,
    MemExtendedParameterNumaNode,
    MemExtendedParameterPartitionHandle,
    MemExtendedParameterUserPhysicalHandle,
    MemExtendedParameterAttributeFlags,
    MemExtendedParameterMax
} MEM_EXTENDED_PARAMETER_TYPE, *PMEM_EXTENDED_PARAMETER_TYPE;

typedef enum _MEM_SECTION_EXTENDED_PARAMETER_TYPE {
    MemSectionExtendedParameterInvalidType,
    MemSectionExtendedParameterUserPhysicalFlags,
    MemSectionExtendedParameterNumaNode,
    MemSectionExtendedParameterSigningLevel,
    MemSectionExtendedParameterMax
} MEM_SECTION_EXTENDED_PARAMETER_TYPE, *PMEM_SECTION_EXTENDED_PARAMETER_TYPE;

#define MEM_EXTENDED_PARAMETER_TYPE_BITS 8
typedef struct _MEM_EXTENDED_PARAMETER {
    struct {
        ULONG64 Type : MEM_EXTENDED_PARAMETER_TYPE_BITS;
        ULONG64 Reserved : 64 - MEM_EXTENDED_PARAMETER_TYPE_BITS;
    };
    union {
        ULONG64 ULong64;
        PVOID Pointer;
        SIZE_T Size;
        HANDLE Handle;
        ULONG ULong;
    };
} MEM_EXTENDED_PARAMETER, *PMEM_EXTENDED_PARAMETER;

typedef enum _MM_SYSTEM_SIZE { MmSmallSystem, MmMediumSystem, MmLargeSystem } MM_SYSTEMSIZE;

typedef enum _LOCK_OPERATION { IoReadAccess, IoWriteAccess, IoModifyAccess } LOCK_OPERATION;

typedef enum _MEMORY_CACHING_TYPE_ORIG { MmFrameBufferCached = 2 } MEMORY_CACHING_TYPE_ORIG;
typedef enum _MEMORY_CACHING_TYPE {
    MmNonCached = FALSE,
    MmCached = TRUE,
    MmWriteCombined = MmFrameBufferCached,
    MmHardwareCoherentCached,
    MmNonCachedUnordered,
    MmUSWCCached,
    MmMaximumCacheType,
    MmNotMapped = -1
} MEMORY_CACHING_TYPE;

typedef enum _MM_PAGE_PRIORITY {
    LowPagePriority,
    NormalPagePriority = 16,
    HighPagePriority = 32
} MM_PAGE_PRIORITY;
#define MdlMappingNoWrite       0x80000000
#define MdlMappingNoExecute     0x40000000
#define MdlMappingWithGuardPtes 0x20000000

typedef ULONG NODE_REQUIREMENT;
#define MM_ANY_NODE_OK 0x80000000

/* ---- MDLs ---- */

typedef struct _MDL {
    struct _MDL *Next;
    CSHORT Size;
    CSHORT MdlFlags;
    struct _EPROCESS *Process;
    PVOID MappedSystemVa;
    PVOID StartVa;
    ULONG ByteCount;
    ULONG ByteOffset;
} MDL;
typedef const MDL *PCMDL;

#define MDL_MAPPED_TO_SYSTEM_VA     0x0001
#define MDL_PAGES_LOCKED            0x0002
#define MDL_SOURCE_IS_NONPAGED_POOL 0x0004
#define MDL_ALLOCATED_FIXED_SIZE    0x0008
#define MDL_PARTIAL                 0x0010
#define MDL_PARTIAL_HAS_BEEN_MAPPED 0x0020
#define MDL_IO_PAGE_READ            0x0040
#define MDL_WRITE_OPERATION         0x0080
#define MDL_LOCKED_PAGE_TABLES      0x0100
#define MDL_PARENT_MAPPED_SYSTEM_VA MDL_LOCKED_PAGE_TABLES
#define MDL_FREE_EXTRA_PTES         0x0200
#define MDL_DESCRIBES_AWE           0x0400
#define MDL_IO_SPACE                0x0800
#define MDL_NETWORK_HEADER          0x1000
#define MDL_MAPPING_CAN_FAIL        0x2000
#define MDL_PAGE_CONTENTS_INVARIANT 0x4000
#define MDL_ALLOCATED_MUST_SUCCEED  MDL_PAGE_CONTENTS_INVARIANT
#define MDL_INTERNAL                0x8000
#define MDL_MAPPING_FLAGS                                                                                    \
    (MDL_MAPPED_TO_SYSTEM_VA | MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL |                              \
     MDL_PARTIAL_HAS_BEEN_MAPPED | MDL_PARENT_MAPPED_SYSTEM_VA | MDL_IO_SPACE)

#define MM_DONT_ZERO_ALLOCATION                              0x00000001
#define MM_ALLOCATE_FROM_LOCAL_NODE_ONLY                     0x00000002
#define MM_ALLOCATE_FULLY_REQUIRED                           0x00000004
#define MM_ALLOCATE_NO_WAIT                                  0x00000008
#define MM_ALLOCATE_PREFER_CONTIGUOUS                        0x00000010
#define MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS                0x00000020
#define MM_ALLOCATE_FAST_LARGE_PAGES                         0x00000040
#define MM_ALLOCATE_TRIM_IF_NECESSARY                        0x00000080
#define MM_ALLOCATE_AND_HOT_REMOVE                           0x00000100
#define MM_FREE_MDL_PAGES_ZERO                               0x00000001
#define MM_PROTECT_DRIVER_SECTION_ALLOW_UNLOAD               0x1
#define MM_PROTECT_DRIVER_SECTION_VALID_FLAGS                MM_PROTECT_DRIVER_SECTION_ALLOW_UNLOAD
#define MM_SECURE_EXCLUSIVE                                  0x1
#define MM_SECURE_NO_CHANGE                                  0x2
#define MM_SECURE_USER_MODE_ONLY                             0x4
#define MM_SECURE_NO_INHERIT                                 0x8
#define MM_COPY_MEMORY_PHYSICAL                              0x1
#define MM_COPY_MEMORY_VIRTUAL                               0x2
#define MM_GET_PHYSICAL_MEMORY_RANGES_INCLUDE_FILE_ONLY      0x1
#define MM_GET_PHYSICAL_MEMORY_RANGES_INCLUDE_ALL_PARTITIONS 0x2
#define MM_MAPPING_ADDRESS_DIVISIBLE                         0x1
#define MM_MAXIMUM_DISK_IO_SIZE                              0x10000
#define MM_PERMANENT_ADDRESS_IS_IO_SPACE                     0x1
#define MM_ADD_PHYSICAL_MEMORY_ALREADY_ZEROED                0x1
#define MM_ADD_PHYSICAL_MEMORY_LARGE_PAGES_ONLY              0x2
#define MM_ADD_PHYSICAL_MEMORY_HUGE_PAGES_ONLY               0x4
#define MM_REMOVE_PHYSICAL_MEMORY_BAD_ONLY                   0x1

typedef struct _MM_COPY_ADDRESS {
    union {
        PVOID VirtualAddress;
        PHYSICAL_ADDRESS PhysicalAddress;
    };
} MM_COPY_ADDRESS, *PMMCOPY_ADDRESS;

typedef struct _PHYSICAL_MEMORY_RANGE {
    PHYSICAL_ADDRESS BaseAddress;
    LARGE_INTEGER NumberOfBytes;
} PHYSICAL_MEMORY_RANGE, *PPHYSICAL_MEMORY_RANGE;

typedef struct _MM_PHYSICAL_ADDRESS_LIST {
    PHYSICAL_ADDRESS PhysicalAddress;
    SIZE_T NumberOfBytes;
} MM_PHYSICAL_ADDRESS_LIST, *PMM_PHYSICAL_ADDRESS_LIST;

typedef enum _MM_MDL_PAGE_CONTENTS_STATE {
    MmMdlPageContentsDynamic,
    MmMdlPageContentsInvariant,
    MmMdlPageContentsQuery
} MM_MDL_PAGE_CONTENTS_STATE;

typedef enum _MM_ROTATE_DIRECTION {
    MmToFrameBuffer,
    MmToFrameBufferNoCopy,
    MmToRegularMemory,
    MmToRegularMemoryNoCopy,
    MmMaximumRotateDirection
} MM_ROTATE_DIRECTION,
    *PMM_ROTATE_DIRECTION;

typedef NTSTATUS NTAPI MM_ROTATE_COPY_CALLBACK_FUNCTION(_In_ PMDL DestinationMdl, _In_ PMDL SourceMdl,
                                                        _In_ PVOID Context);
typedef MM_ROTATE_COPY_CALLBACK_FUNCTION *PMM_ROTATE_COPY_CALLBACK_FUNCTION;
typedef VOID NTAPI MM_MDL_ROUTINE(_In_opt_ PVOID DriverContext, _In_ PVOID MappedVa);
typedef MM_MDL_ROUTINE *PMM_MDL_ROUTINE;
typedef NTSTATUS(NTAPI *PMM_DLL_INITIALIZE)(_In_ PUNICODE_STRING RegistryPath);
typedef NTSTATUS(NTAPI *PMM_DLL_UNLOAD)(VOID);
#define MM_DLL_INITIALIZE_ROUTINE "DllInitialize"

/* The parts of an MDL. Any IRQL. */
#define MmGetMdlByteCount(Mdl)      ((Mdl)->ByteCount)
#define MmGetMdlByteOffset(Mdl)     ((Mdl)->ByteOffset)
#define MmGetMdlBaseVa(Mdl)         ((Mdl)->StartVa)
#define MmGetMdlVirtualAddress(Mdl) ((PVOID)((ULONG_PTR)(Mdl)->StartVa + (Mdl)->ByteOffset))
#define MmGetMdlPfnArray(Mdl)       ((PPFN_NUMBER)((Mdl) + 1))
#define MmInitializeMdl(MemoryDescriptorList, BaseVa, Length)                                                \
    {                                                                                                        \
        (MemoryDescriptorList)->Next = (PMDL)NULL;                                                           \
        (MemoryDescriptorList)->Size =                                                                       \
            (CSHORT)(sizeof(MDL) +                                                                           \
                     (sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES((BaseVa), (Length))));             \
        (MemoryDescriptorList)->MdlFlags = 0;                                                                \
        (MemoryDescriptorList)->StartVa = PAGE_ALIGN(BaseVa);                                                \
        (MemoryDescriptorList)->ByteOffset = BYTE_OFFSET(BaseVa);                                            \
        (MemoryDescriptorList)->ByteCount = (ULONG)(Length);                                                 \
    }
/* Undoes a partial MDL's mapping, so that it can describe another part. */
#define MmPrepareMdlForReuse(MDL_)                                                                           \
    if (((MDL_)->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) != 0) {                                             \
        MmUnmapLockedPages((MDL_)->MappedSystemVa, (MDL_));                                                  \
    }

/* Bytes that an MDL for this buffer takes. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI SIZE_T NTAPI MmSizeOfMdl(_In_ PVOID Base, _In_ SIZE_T Length);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PMDL NTAPI MmCreateMdl(_Out_opt_ PMDL MemoryDescriptorList, _In_ PVOID Base, _In_ SIZE_T Length);
/* Makes the pages of a buffer resident, checked for the access, and locked; raises an exception when it
 * cannot. IRQL <= APC_LEVEL for pageable memory, <= DISPATCH_LEVEL for nonpageable. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI MmProbeAndLockPages(_Inout_ PMDL MemoryDescriptorList, _In_ KPROCESSOR_MODE AccessMode,
                               _In_ LOCK_OPERATION Operation);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI MmProbeAndLockProcessPages(_Inout_ PMDL MemoryDescriptorList, _In_ PEPROCESS Process,
                                                  _In_ KPROCESSOR_MODE AccessMode,
                                                  _In_ LOCK_OPERATION Operation);
typedef union _FILE_SEGMENT_ELEMENT {
    PVOID Buffer;
    ULONGLONG Alignment;
} FILE_SEGMENT_ELEMENT, *PFILE_SEGMENT_ELEMENT;
/* The pages are those of the segments, whose array of FILE_SEGMENT_ELEMENT ends with a zero (io). */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI MmProbeAndLockSelectedPages(_Inout_ PMDL MemoryDescriptorList,
                                                   _In_ union _FILE_SEGMENT_ELEMENT *SegmentArray,
                                                   _In_ KPROCESSOR_MODE AccessMode,
                                                   _In_ LOCK_OPERATION Operation);
/* Unlocks, and unmaps what is mapped. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI MmUnlockPages(_Inout_ PMDL MemoryDescriptorList);
/* Fills in the pages of nonpaged memory. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI MmBuildMdlForNonPagedPool(_Inout_ PMDL MemoryDescriptorList);
/* Maps locked pages. UserMode: into the current process, raises; KernelMode: IRQL <= DISPATCH_LEVEL, may give
 * NULL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI MmMapLockedPages(_In_ PMDL MemoryDescriptorList, _In_ KPROCESSOR_MODE AccessMode);
NTKERNELAPI _Must_inspect_result_ _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI MmMapLockedPagesSpecifyCache(_In_ PMDL MemoryDescriptorList, _In_ KPROCESSOR_MODE AccessMode,
                                         _In_ MEMORY_CACHING_TYPE CacheType, _In_opt_ PVOID RequestedAddress,
                                         _In_ ULONG BugCheckOnFailure, _In_ ULONG Priority);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI MmUnmapLockedPages(_In_ PVOID BaseAddress, _Inout_ PMDL MemoryDescriptorList);
/* Changes the protection of a system mapping of an MDL. IRQL <= APC_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS NTAPI MmProtectMdlSystemAddress(_In_ PMDL MemoryDescriptorList, _In_ ULONG NewProtect);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS NTAPI MmAdvanceMdl(_Inout_ PMDL Mdl, _In_ ULONG NumberOfBytes);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmMapMemoryDumpMdlEx(_In_ PVOID Va, _In_ ULONG PageTotal,
                                                _Inout_ PMDL MemoryDumpMdl, _In_ ULONG Flags);
#define MM_DUMP_MAP_CACHED     0x1
#define MM_DUMP_MAP_INVALIDATE 0x2
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmMapMdl(_Inout_ PMDL MemoryDescriptorList, _In_ ULONG Protection,
                                    _In_ PMM_MDL_ROUTINE DriverRoutine, _In_opt_ PVOID DriverContext);
NTKERNELAPI MM_MDL_PAGE_CONTENTS_STATE NTAPI MmMdlPageContentsState(_Inout_ PMDL MemoryDescriptorList,
                                                                    _In_ MM_MDL_PAGE_CONTENTS_STATE State);

/* The address of the pages in system space, mapping them when they are not; NULL when that fails. IRQL <=
 * DISPATCH_LEVEL. */
FORCEINLINE PVOID MmGetSystemAddressForMdlSafe(_Inout_ PMDL Mdl, _In_ ULONG Priority)
{
    if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) {
        return Mdl->MappedSystemVa;
    }
    return MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, Priority);
}
#define MmGetSystemAddressForMdl(MDL_)                                                                       \
    (((MDL_)->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))                            \
         ? (MDL_)->MappedSystemVa                                                                            \
         : MmMapLockedPages((MDL_), KernelMode))

/* ---- pages without an owner: MDL memory, contiguous memory, I/O space ---- */

/* Physical pages in a range, not mapped; may be fewer than asked for. IRQL <= APC_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
PMDL NTAPI MmAllocatePagesForMdl(_In_ PHYSICAL_ADDRESS LowAddress, _In_ PHYSICAL_ADDRESS HighAddress,
                                 _In_ PHYSICAL_ADDRESS SkipBytes, _In_ SIZE_T TotalBytes);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
PMDL NTAPI MmAllocatePagesForMdlEx(_In_ PHYSICAL_ADDRESS LowAddress, _In_ PHYSICAL_ADDRESS HighAddress,
                                   _In_ PHYSICAL_ADDRESS SkipBytes, _In_ SIZE_T TotalBytes,
                                   _In_ MEMORY_CACHING_TYPE CacheType, _In_ ULONG Flags);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PMDL NTAPI MmAllocateNodePagesForMdlEx(_In_ PHYSICAL_ADDRESS LowAddress, _In_ PHYSICAL_ADDRESS HighAddress,
                                       _In_ PHYSICAL_ADDRESS SkipBytes, _In_ SIZE_T TotalBytes,
                                       _In_ MEMORY_CACHING_TYPE CacheType, _In_ ULONG IdealNode,
                                       _In_ ULONG Flags);
/* Gives the pages back; the MDL itself is the caller's (ExFreePool). IRQL <= APC_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI MmFreePagesFromMdl(_Inout_ PMDL MemoryDescriptorList);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI MmFreePagesFromMdlEx(_Inout_ PMDL MemoryDescriptorList, _In_ ULONG Flags);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmAllocateMdlForIoSpace(_In_reads_(NumberOfEntries)
                                                       PMM_PHYSICAL_ADDRESS_LIST PhysicalAddressList,
                                                   _In_ SIZE_T NumberOfEntries, _Out_ PMDL *NewMdl);

/* Contiguous, mapped nonpaged memory. IRQL <= DISPATCH_LEVEL (Specify..: <= APC_LEVEL before Windows 8). */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI MmAllocateContiguousMemory(_In_ SIZE_T NumberOfBytes,
                                       _In_ PHYSICAL_ADDRESS HighestAcceptableAddress);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(_In_ SIZE_T NumberOfBytes,
                                                   _In_ PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                   _In_ PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                   _In_opt_ PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                   _In_ MEMORY_CACHING_TYPE CacheType);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI MmAllocateContiguousMemorySpecifyCacheNode(_In_ SIZE_T NumberOfBytes,
                                                       _In_ PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                       _In_ PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                       _In_opt_ PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                       _In_ MEMORY_CACHING_TYPE CacheType,
                                                       _In_ NODE_REQUIREMENT PreferredNode);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI MmAllocateContiguousNodeMemory(_In_ SIZE_T NumberOfBytes,
                                           _In_ PHYSICAL_ADDRESS LowestAcceptableAddress,
                                           _In_ PHYSICAL_ADDRESS HighestAcceptableAddress,
                                           _In_opt_ PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                           _In_ ULONG Protect, _In_ NODE_REQUIREMENT PreferredNode);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmAllocateContiguousMemoryEx(
    _In_ PSIZE_T NumberOfBytes, _In_ PHYSICAL_ADDRESS LowestAcceptableAddress,
    _In_ PHYSICAL_ADDRESS HighestAcceptableAddress, _In_ PHYSICAL_ADDRESS BoundaryAddressMultiple,
    _In_ NODE_REQUIREMENT PreferredNode, _In_ ULONG Protect, _In_opt_ PVOID PartitionObject, _In_ ULONG Tag,
    _In_ ULONG Flags, _Out_ PVOID *BaseAddress);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI MmFreeContiguousMemory(_In_ PVOID BaseAddress);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI MmFreeContiguousMemorySpecifyCache(_In_ PVOID BaseAddress, _In_ SIZE_T NumberOfBytes,
                                              _In_ MEMORY_CACHING_TYPE CacheType);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
PVOID NTAPI MmAllocateNonCachedMemory(_In_ SIZE_T NumberOfBytes);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI MmFreeNonCachedMemory(_In_ PVOID BaseAddress, _In_ SIZE_T NumberOfBytes);

/* Maps a physical range for the processor; NULL when it cannot. IRQL <= APC_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI MmMapIoSpace(_In_ PHYSICAL_ADDRESS PhysicalAddress, _In_ SIZE_T NumberOfBytes,
                         _In_ MEMORY_CACHING_TYPE CacheType);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI MmMapIoSpaceEx(_In_ PHYSICAL_ADDRESS PhysicalAddress, _In_ SIZE_T NumberOfBytes,
                           _In_ ULONG Protect);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI MmUnmapIoSpace(_In_ PVOID BaseAddress, _In_ SIZE_T NumberOfBytes);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PVOID NTAPI MmMapVideoDisplay(_In_ PHYSICAL_ADDRESS PhysicalAddress, _In_ SIZE_T NumberOfBytes,
                                          _In_ MEMORY_CACHING_TYPE CacheType);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PVOID NTAPI MmMapVideoDisplayEx(_In_ PHYSICAL_ADDRESS PhysicalAddress, _In_ SIZE_T NumberOfBytes,
                                            _In_ ULONG Protect);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI MmUnmapVideoDisplay(_In_ PVOID BaseAddress, _In_ SIZE_T NumberOfBytes);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI LOGICAL NTAPI MmIsIoSpaceActive(_In_ PHYSICAL_ADDRESS StartAddress, _In_ SIZE_T NumberOfBytes);

/* Reserved system addresses that cannot run out when needed. IRQL <= APC_LEVEL to reserve, <= DISPATCH_LEVEL
 * to map. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
PVOID NTAPI MmAllocateMappingAddress(_In_ SIZE_T NumberOfBytes, _In_ ULONG PoolTag);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
PVOID NTAPI MmAllocateMappingAddressEx(_In_ SIZE_T NumberOfBytes, _In_ ULONG PoolTag, _In_ ULONG Flags);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI MmFreeMappingAddress(_In_ PVOID BaseAddress, _In_ ULONG PoolTag);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI MmMapLockedPagesWithReservedMapping(_In_ PVOID MappingAddress, _In_ ULONG PoolTag,
                                                _Inout_ PMDL MemoryDescriptorList,
                                                _In_ MEMORY_CACHING_TYPE CacheType);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI MmUnmapReservedMapping(_In_ PVOID BaseAddress, _In_ ULONG PoolTag,
                                  _Inout_ PMDL MemoryDescriptorList);

/* ---- addresses ---- */

/* The physical address behind a resident one; zero when there is none. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(_In_ PVOID BaseAddress);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PVOID NTAPI MmGetVirtualForPhysical(_In_ PHYSICAL_ADDRESS PhysicalAddress);
/* Whether touching it would not fault now; of no use as a check. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN NTAPI MmIsAddressValid(_In_ PVOID VirtualAddress);
NTKERNELAPI BOOLEAN NTAPI MmIsNonPagedSystemAddressValid(_In_ PVOID VirtualAddress);
/* Copies between addresses that may be bad, virtual or physical. IRQL <= APC_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
NTSTATUS NTAPI MmCopyMemory(_In_ PVOID TargetAddress, _In_ MM_COPY_ADDRESS SourceAddress,
                            _In_ SIZE_T NumberOfBytes, _In_ ULONG Flags,
                            _Out_ PSIZE_T NumberOfBytesTransferred);
/* Keeps a user range from being freed or made less accessible. IRQL == PASSIVE_LEVEL. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI HANDLE NTAPI MmSecureVirtualMemory(_In_ PVOID Address, _In_ SIZE_T Size, _In_ ULONG ProbeMode);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI HANDLE NTAPI MmSecureVirtualMemoryEx(_In_ PVOID Address, _In_ SIZE_T Size, _In_ ULONG ProbeMode,
                                                 _In_ ULONG Flags);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI MmUnsecureVirtualMemory(_In_ HANDLE SecureHandle);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmMapUserAddressesToPage(_In_ PVOID BaseAddress, _In_ SIZE_T NumberOfBytes,
                                                    _In_ PVOID PageAddress);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmRotatePhysicalView(_In_ PVOID VirtualAddress, _Inout_ PSIZE_T NumberOfBytes,
                                                _In_opt_ PMDL NewMdl, _In_ MM_ROTATE_DIRECTION Direction,
                                                _In_ PMM_ROTATE_COPY_CALLBACK_FUNCTION CopyFunction,
                                                _In_opt_ PVOID Context);
/* Views of a section object in system or session space. IRQL <= APC_LEVEL. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmMapViewInSystemSpace(_In_ PVOID Section, _Outptr_ PVOID *MappedBase, _Inout_ PSIZE_T ViewSize);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmMapViewInSystemSpaceEx(_In_ PVOID Section, _Outptr_ PVOID *MappedBase, _Inout_ PSIZE_T ViewSize,
                                        _Inout_ PLARGE_INTEGER SectionOffset, _In_ ULONG_PTR Flags);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmUnmapViewInSystemSpace(_In_ PVOID MappedBase);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmMapViewInSessionSpace(_In_ PVOID Section, _Outptr_ PVOID *MappedBase, _Inout_ PSIZE_T ViewSize);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmMapViewInSessionSpaceEx(_In_ PVOID Section, _Outptr_ PVOID *MappedBase, _Inout_ PSIZE_T ViewSize,
                                         _Inout_ PLARGE_INTEGER SectionOffset, _In_ ULONG_PTR Flags);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmUnmapViewInSessionSpace(_In_ PVOID MappedBase);
/* Commits pages of a view of a SEC_RESERVE section in session space. IRQL <= APC_LEVEL. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmCommitSessionMappedView(_In_ PVOID MappedAddress, _In_ SIZE_T ViewSize);
/* A section object that is referenced by a pointer; dereference it with ObDereferenceObject. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmCreateSection(_Outptr_ PVOID *SectionObject, _In_ ACCESS_MASK DesiredAccess,
                               _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes, _In_ PLARGE_INTEGER InputMaximumSize,
                               _In_ ULONG SectionPageProtection, _In_ ULONG AllocationAttributes,
                               _In_opt_ HANDLE FileHandle, _In_opt_ PFILE_OBJECT FileObject);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmMapViewOfSection(_In_ PVOID SectionObject, _In_ PEPROCESS Process, _Inout_ PVOID *BaseAddress,
                                  _In_ ULONG_PTR ZeroBits, _In_ SIZE_T CommitSize,
                                  _Inout_opt_ PLARGE_INTEGER SectionOffset, _Inout_ PSIZE_T ViewSize,
                                  _In_ SECTION_INHERIT InheritDisposition, _In_ ULONG AllocationType,
                                  _In_ ULONG Win32Protect);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmUnmapViewOfSection(_In_ PEPROCESS Process, _In_opt_ PVOID BaseAddress);

/* ---- sections of files, as file systems see them. IRQL <= APC_LEVEL unless said. ---- */

typedef enum _MMFLUSH_TYPE { MmFlushForDelete, MmFlushForWrite } MMFLUSH_TYPE;
#define MM_FORCE_CLOSED_DATA     0x1
#define MM_FORCE_CLOSED_IMAGE    0x2
#define MM_FORCE_CLOSED_LATER_OK 0x4

struct _SECTION_OBJECT_POINTERS;
struct _FILE_OBJECT;

/* What MmPrefetchPages shall read of one file: the offsets are in List[].Alignment. */
typedef struct _READ_LIST {
    struct _FILE_OBJECT *FileObject;
    ULONG NumberOfEntries;
    LOGICAL IsImage;
    FILE_SEGMENT_ELEMENT List[ANYSIZE_ARRAY];
} READ_LIST, *PREAD_LIST;

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI BOOLEAN NTAPI MmFlushImageSection(_In_ struct _SECTION_OBJECT_POINTERS *SectionObjectPointer,
                                  _In_ MMFLUSH_TYPE FlushType);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI BOOLEAN NTAPI MmForceSectionClosed(_In_ struct _SECTION_OBJECT_POINTERS *SectionObjectPointer,
                                   _In_ BOOLEAN DelayClose);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI BOOLEAN NTAPI MmForceSectionClosedEx(_In_ struct _SECTION_OBJECT_POINTERS *SectionObjectPointer,
                                     _In_ ULONG ForceCloseFlags);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI BOOLEAN NTAPI MmCanFileBeTruncated(_In_ struct _SECTION_OBJECT_POINTERS *SectionPointer,
                                   _In_opt_ PLARGE_INTEGER NewFileSize);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI ULONG NTAPI MmDoesFileHaveUserWritableReferences(_In_ struct _SECTION_OBJECT_POINTERS *SectionPointer);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI BOOLEAN NTAPI MmSetAddressRangeModified(_In_ PVOID Address, _In_ SIZE_T Length);
NTKERNELAPI ULONG64 NTAPI MmGetMaximumFileSectionSize(VOID);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmPrefetchPages(_In_ ULONG NumberOfLists, _In_reads_(NumberOfLists) PREAD_LIST *ReadLists);

/* ---- physical memory ---- */

/* An array from nonpaged pool, ended by a zero entry, that the caller frees. IRQL <= PASSIVE_LEVEL. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRanges(VOID);
NTKERNELAPI PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRangesEx(_In_opt_ PVOID PartitionObject);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRangesEx2(_In_opt_ PVOID PartitionObject,
                                                                      _In_ ULONG Flags);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmAddPhysicalMemory(_In_ PPHYSICAL_ADDRESS StartAddress,
                                               _Inout_ PLARGE_INTEGER NumberOfBytes);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmAddPhysicalMemoryEx(_In_ PPHYSICAL_ADDRESS StartAddress,
                                                 _Inout_ PLARGE_INTEGER NumberOfBytes, _In_ ULONG Flags);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmRemovePhysicalMemory(_In_ PPHYSICAL_ADDRESS StartAddress,
                                                  _Inout_ PLARGE_INTEGER NumberOfBytes);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmRemovePhysicalMemoryEx(_In_ PPHYSICAL_ADDRESS StartAddress,
                                                    _Inout_ PLARGE_INTEGER NumberOfBytes, _In_ ULONG Flags);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmMarkPhysicalMemoryAsBad(_In_ PPHYSICAL_ADDRESS StartAddress,
                                                     _Inout_ PLARGE_INTEGER NumberOfBytes);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmMarkPhysicalMemoryAsGood(_In_ PPHYSICAL_ADDRESS StartAddress,
                                                      _Inout_ PLARGE_INTEGER NumberOfBytes);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmCreateMirror(VOID);

/* ---- drivers' images ---- */

/* Keeps a pageable section of a driver resident; gives a handle. IRQL <= APC_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
PVOID NTAPI MmLockPagableDataSection(_In_ PVOID AddressWithinSection);
#define MmLockPagableCodeSection(Address) MmLockPagableDataSection((PVOID)(ULONG_PTR)(Address))
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI MmLockPagableSectionByHandle(_In_ PVOID ImageSectionHandle);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI MmUnlockPagableImageSection(_In_ PVOID ImageSectionHandle);
/* Makes all sections of a driver pageable, and undoes it. IRQL <= APC_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
PVOID NTAPI MmPageEntireDriver(_In_ PVOID AddressWithinSection);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI MmResetDriverPaging(_In_ PVOID AddressWithinSection);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmProtectDriverSection(_In_ PVOID AddressWithinSection, _In_ SIZE_T Size,
                                                  _In_ ULONG Flags);
/* The address of a routine that ntoskrnl or hal exports, or NULL. IRQL == PASSIVE_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(PASSIVE_LEVEL)
PVOID NTAPI MmGetSystemRoutineAddress(_In_ PUNICODE_STRING SystemRoutineName);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PVOID NTAPI MmGetSystemRoutineAddressEx(_In_ PUNICODE_STRING ModuleName, _In_ PCSTR FunctionName);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PVOID NTAPI MmGetProcedureAddress(_In_ PVOID DllBase, _In_ PCSTR RoutineName);

/* Driver Verifier: is it on, for whom. Any IRQL unless said. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
LOGICAL NTAPI MmIsDriverVerifying(_In_ PDRIVER_OBJECT DriverObject);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI LOGICAL NTAPI MmIsDriverVerifyingByAddress(_In_ PVOID AddressWithinSection);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI LOGICAL NTAPI MmIsDriverSuspectForVerifier(_In_ PDRIVER_OBJECT DriverObject);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmIsVerifierEnabled(_Out_ PULONG VerifierFlags);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI MmAddVerifierThunks(_In_reads_bytes_(ThunkBufferSize) PVOID ThunkBuffer,
                                               _In_ ULONG ThunkBufferSize);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI MM_SYSTEMSIZE NTAPI MmQuerySystemSize(VOID);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI MmIsThisAnNtAsSystem(VOID);
NTKERNELAPI BOOLEAN NTAPI MmIsRecursiveIoFault(VOID);

/* The ends of user space (exported data). */
extern NTKERNELAPI PVOID MmHighestUserAddress;
extern NTKERNELAPI PVOID MmSystemRangeStart;
extern NTKERNELAPI ULONG64 MmUserProbeAddress;
#define MM_HIGHEST_USER_ADDRESS MmHighestUserAddress
#define MM_SYSTEM_RANGE_START   MmSystemRangeStart
#define MM_USER_PROBE_ADDRESS   MmUserProbeAddress
#define MM_LOWEST_USER_ADDRESS  ((PVOID)0x10000)
/* Above the highest user address the machine has no system address that is lower. */
#define MM_LOWEST_SYSTEM_ADDRESS MmSystemRangeStart

/*
 * The first address of a page that nobody ever maps: touching it is a bugcheck, in __try too. The variable has the same
 * value, and is deprecated. Page: kernel/mm-bad-pointer.
 */
#define MM_BAD_POINTER ((PVOID)(ULONG_PTR)0xFFFF800000000000ULL)
extern NTKERNELAPI PVOID MmBadPointer;
/* Points to TRUE: physical addresses may have 64 bits. */
extern PBOOLEAN Mm64BitPhysicalAddress;

EXTERN_C_END

NT_ASSERT_SIZE(MDL, 0x30);
NT_ASSERT_OFFSET(MDL, MdlFlags, 0x0a);
NT_ASSERT_OFFSET(MDL, MappedSystemVa, 0x18);
NT_ASSERT_OFFSET(MDL, ByteCount, 0x28);

#endif
