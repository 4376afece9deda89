/* SPDX-License-Identifier: MIT */
/*
 * Virtual memory of user processes: NtAllocateVirtualMemory and its siblings, and securing ranges against
 * them.
 *
 * Arguments are captured first (KiCopyFromMode judges pointers by the previous mode), then the address space
 * is locked, then results are written. Freeing and protecting respect MmSecureVirtualMemory. Reference:
 * ntifs.h pages of the services, MmSecureVirtualMemory of ntddk.h.
 */
#include "mip.h"
#include "psp.h"
#include "trap.h"
#include "zw.h"
#include <nt/native.h>

#define GRANULARITY   0x10000ULL
#define SECURE_TAG    0x6365534DU /* "MSec" */
#define RESERVE_TYPES (MEM_RESERVE | MEM_COMMIT | MEM_TOP_DOWN | MEM_WRITE_WATCH)

/* What MemoryBasicInformation returns. */
typedef struct _MI_BASIC_INFORMATION {
    PVOID BaseAddress;
    PVOID AllocationBase;
    ULONG AllocationProtect;
    ULONG PartitionId;
    SIZE_T RegionSize;
    ULONG State;
    ULONG Protect;
    ULONG Type;
} MI_BASIC_INFORMATION;

typedef struct _MI_SECURE {
    PEPROCESS Process;
    ULONG64 Begin, End;
    ULONG Protection;
    struct _MI_SECURE *Next;
} MI_SECURE;

static KSPIN_LOCK secure_lock;
static MI_SECURE *secured; /* under secure_lock */

/* A referenced process for the handle of a virtual memory service. */
static NTSTATUS open_process(HANDLE Handle, PEPROCESS *Process)
{
    if (Handle == (HANDLE)(LONG_PTR)-1) {
        *Process = PsGetCurrentProcess();
        ObReferenceObject(*Process);
        return STATUS_SUCCESS;
    }
    return ObReferenceObjectByHandle(Handle, 0x0008 /* PROCESS_VM_OPERATION */, PspProcessType,
                                     KiThread()->PreviousMode, (PVOID *)Process, NULL);
}

static BOOLEAN valid_protection(ULONG Protect)
{
    ULONG Base = Protect & 0xFF;

    if (Protect & ~(0xFFU | PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE))
        return FALSE;
    if (Base == 0 || (Base & (Base - 1)) || Base == PAGE_WRITECOPY || Base == PAGE_EXECUTE_WRITECOPY)
        return FALSE;
    return !((Protect & ~0xFFU) && Base == PAGE_NOACCESS) &&
           (Protect & (PAGE_NOCACHE | PAGE_WRITECOMBINE)) != (PAGE_NOCACHE | PAGE_WRITECOMBINE);
}

/* ---------------------------------------------------------------- securing */

HANDLE NTAPI MmSecureVirtualMemoryEx(PVOID Address, SIZE_T Size, ULONG ProbeMode, ULONG Flags)
{
    ULONG64 Begin = (ULONG64)(ULONG_PTR)Address, End = Begin + Size;
    BOOLEAN Good = Size != 0 && End > Begin && End <= KILN_USER_PROBE;
    MI_SECURE *Secure;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if ((ProbeMode != PAGE_READONLY && ProbeMode != PAGE_READWRITE) ||
        (Flags & ~(ULONG)(MM_SECURE_EXCLUSIVE | MM_SECURE_NO_CHANGE | MM_SECURE_USER_MODE_ONLY |
                          MM_SECURE_NO_INHERIT)))
        return NULL;
    for (ULONG64 Page = Begin & ~(MI_PAGE_BYTES - 1); Good && Page < End; Page += MI_PAGE_BYTES) {
        PFN_NUMBER Pfn;
        ULONG Protection;
        Good = MiUserPfn((PVOID)(ULONG_PTR)Page, &Pfn, &Protection) &&
               (MiHostProt(Protection) & HOST_PROT_R) &&
               (ProbeMode == PAGE_READONLY || (MiHostProt(Protection) & HOST_PROT_W));
    }
    Secure =
        Good ? MiAllocatePool(NonPagedPoolNx, sizeof(*Secure), SECURE_TAG, TRUE, __builtin_return_address(0))
             : NULL;
    if (Secure == NULL)
        return NULL;
    Secure->Process = PsGetCurrentProcess();
    Secure->Begin = Begin & ~(MI_PAGE_BYTES - 1);
    Secure->End = (End + MI_PAGE_BYTES - 1) & ~(MI_PAGE_BYTES - 1);
    Secure->Protection = ProbeMode;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&secure_lock);
    Secure->Next = secured;
    secured = Secure;
    KeReleaseSpinLock(&secure_lock, Irql);
    return (HANDLE)Secure;
}

HANDLE NTAPI MmSecureVirtualMemory(PVOID Address, SIZE_T Size, ULONG ProbeMode)
{
    return MmSecureVirtualMemoryEx(Address, Size, ProbeMode, 0);
}

void NTAPI MmUnsecureVirtualMemory(HANDLE SecureHandle)
{
    MI_SECURE **Link, *Found = NULL;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&secure_lock);
    for (Link = &secured; *Link; Link = &(*Link)->Next) {
        if (*Link == (MI_SECURE *)SecureHandle && (*Link)->Process == PsGetCurrentProcess()) {
            Found = *Link;
            *Link = Found->Next;
            break;
        }
    }
    KeReleaseSpinLock(&secure_lock, Irql);
    if (Found == NULL)
        KiBugCheckText(
            MEMORY_MANAGEMENT, 0x780, (ULONG_PTR)SecureHandle, 0, 0,
            (ULONG64)(ULONG_PTR)__builtin_return_address(0),
            "MmUnsecureVirtualMemory was given a handle that MmSecureVirtualMemory did not return in this "
            "process, or that was unsecured before");
    ExFreePoolWithTag(Found, SECURE_TAG);
}

void MiUnsecureProcess(PEPROCESS Process)
{
    for (;;) {
        MI_SECURE **Link, *Found = NULL;
        KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&secure_lock);
        for (Link = &secured; *Link && !Found;) {
            if ((*Link)->Process == Process) {
                Found = *Link;
                *Link = Found->Next;
            } else {
                Link = &(*Link)->Next;
            }
        }
        KeReleaseSpinLock(&secure_lock, Irql);
        if (Found == NULL)
            return;
        ExFreePoolWithTag(Found, SECURE_TAG);
    }
}

/* Would giving [Begin, End) this protection (0: freeing it) break a promise? */
static BOOLEAN breaks_security(PEPROCESS Process, ULONG64 Begin, ULONG64 End, ULONG Protection)
{
    unsigned Has = Protection ? MiHostProt(Protection) : 0;
    BOOLEAN Breaks = FALSE;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&secure_lock);

    for (MI_SECURE *Secure = secured; Secure; Secure = Secure->Next) {
        unsigned Needs = MiHostProt(Secure->Protection);
        if (Secure->Process == Process && Begin < Secure->End && Secure->Begin < End &&
            (Has & Needs) != Needs)
            Breaks = TRUE;
    }
    KeReleaseSpinLock(&secure_lock, Irql);
    return Breaks;
}

/* ---------------------------------------------------------------- allocate */

/* Address space locked. *Base and *Bytes are exact on success. */
static NTSTATUS allocate(PEPROCESS Process, ULONG64 *Base, SIZE_T *Bytes, ULONG Type, ULONG Protect)
{
    ULONG64 Begin = *Base & ~(MI_PAGE_BYTES - 1);
    ULONG64 End = (*Base + *Bytes + MI_PAGE_BYTES - 1) & ~(MI_PAGE_BYTES - 1);
    PMI_RANGE Range;
    NTSTATUS Status;

    if (*Base && (End <= Begin || End > KILN_USER_PROBE))
        return STATUS_INVALID_PARAMETER_2;
    if (*Base == 0 || (Type & MEM_RESERVE)) {
        if (*Base)
            Begin &= ~(GRANULARITY - 1);
        SIZE_T Pages = *Base ? (End - Begin) >> KILN_PAGE_SHIFT : MI_PAGES(*Bytes);
        Range = MiReserveRange(Process, Begin, Pages, MiRangePrivate, Protect, (Type & MEM_TOP_DOWN) != 0,
                               &Status);
        if (Range == NULL)
            return Status;
        if (Type & MEM_COMMIT) {
            Status = MiCommitRange(Process, Range, 0, Pages, Protect);
            if (!NT_SUCCESS(Status)) {
                MiReleaseRange(Process, Range);
                return Status;
            }
        }
        *Base = Range->Begin;
        *Bytes = Pages << KILN_PAGE_SHIFT;
        return STATUS_SUCCESS;
    }
    Range = MiFindRange(Process, (PVOID)(ULONG_PTR)Begin);
    if (Range == NULL || Range->Kind != MiRangePrivate ||
        End > Range->Begin + ((ULONG64)Range->Pages << KILN_PAGE_SHIFT))
        return STATUS_CONFLICTING_ADDRESSES;
    if (Type & MEM_COMMIT) {
        Status = MiCommitRange(Process, Range, (SIZE_T)((Begin - Range->Begin) >> KILN_PAGE_SHIFT),
                               (SIZE_T)((End - Begin) >> KILN_PAGE_SHIFT), Protect);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    *Base = Begin;
    *Bytes = (SIZE_T)(End - Begin);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtAllocateVirtualMemory(HANDLE ProcessHandle, PVOID *BaseAddress, ULONG_PTR ZeroBits,
                                       PSIZE_T RegionSize, ULONG AllocationType, ULONG Protect)
{
    KPROCESSOR_MODE Mode = KiThread()->PreviousMode;
    ULONG64 Base;
    SIZE_T Bytes;
    PEPROCESS Process;
    NTSTATUS Status;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (!NT_SUCCESS(Status = KiCopyFromMode(Mode, &Base, BaseAddress, sizeof(Base))) ||
        !NT_SUCCESS(Status = KiCopyFromMode(Mode, &Bytes, RegionSize, sizeof(Bytes))))
        return Status;
    if (ZeroBits > 21 && ZeroBits <= 32)
        return STATUS_INVALID_PARAMETER_3;
    if (AllocationType & MEM_RESET) {
        if (AllocationType != MEM_RESET)
            return STATUS_INVALID_PARAMETER_5;
    } else if ((AllocationType & ~(ULONG)RESERVE_TYPES) || !(AllocationType & (MEM_RESERVE | MEM_COMMIT))) {
        return STATUS_INVALID_PARAMETER_5;
    }
    if (!valid_protection(Protect))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (Bytes == 0)
        return STATUS_INVALID_PARAMETER_4;
    if (Bytes > KILN_USER_SLICE_SIZE)
        return STATUS_NO_MEMORY;
    if (!NT_SUCCESS(Status = open_process(ProcessHandle, &Process)))
        return Status;
    if (!MiLockAddressSpace(Process)) {
        Status = STATUS_NO_MEMORY;
    } else {
        Status = allocate(Process, &Base, &Bytes, AllocationType, Protect);
        MiUnlockAddressSpace(Process);
    }
    ObDereferenceObject(Process);
    if (NT_SUCCESS(Status) && NT_SUCCESS(Status = KiCopyToMode(Mode, BaseAddress, &Base, sizeof(Base))))
        Status = KiCopyToMode(Mode, RegionSize, &Bytes, sizeof(Bytes));
    return Status;
}

NTSTATUS NTAPI ZwAllocateVirtualMemory(HANDLE ProcessHandle, PVOID *BaseAddress, ULONG_PTR ZeroBits,
                                       PSIZE_T RegionSize, ULONG AllocationType, ULONG Protect)
{
    KI_ZW(NtAllocateVirtualMemory(ProcessHandle, BaseAddress, ZeroBits, RegionSize, AllocationType, Protect));
}

/* ---------------------------------------------------------------- free */

static NTSTATUS release(PEPROCESS Process, ULONG64 *Base, SIZE_T *Bytes, ULONG Type)
{
    PMI_RANGE Range = MiFindRange(Process, (PVOID)(ULONG_PTR)*Base);
    ULONG64 Begin = *Base & ~(MI_PAGE_BYTES - 1), End;

    if (Range == NULL)
        return STATUS_MEMORY_NOT_ALLOCATED;
    if (Range->Kind != MiRangePrivate)
        return STATUS_UNABLE_TO_DELETE_SECTION;
    End = *Bytes ? (*Base + *Bytes + MI_PAGE_BYTES - 1) & ~(MI_PAGE_BYTES - 1)
                 : Range->Begin + ((ULONG64)Range->Pages << KILN_PAGE_SHIFT);
    if (*Bytes == 0 && Begin != Range->Begin)
        return STATUS_FREE_VM_NOT_AT_BASE;
    if (End > Range->Begin + ((ULONG64)Range->Pages << KILN_PAGE_SHIFT))
        return STATUS_UNABLE_TO_FREE_VM;
    if (Type == MEM_RELEASE && (Begin != Range->Begin || *Bytes != 0))
        return STATUS_FREE_VM_NOT_AT_BASE;
    if (breaks_security(Process, Begin, End, 0))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (Type == MEM_RELEASE)
        MiReleaseRange(Process, Range);
    else
        MiDecommitRange(Process, Range, (SIZE_T)((Begin - Range->Begin) >> KILN_PAGE_SHIFT),
                        (SIZE_T)((End - Begin) >> KILN_PAGE_SHIFT));
    *Base = Begin;
    *Bytes = (SIZE_T)(End - Begin);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtFreeVirtualMemory(HANDLE ProcessHandle, PVOID *BaseAddress, PSIZE_T RegionSize,
                                   ULONG FreeType)
{
    KPROCESSOR_MODE Mode = KiThread()->PreviousMode;
    ULONG64 Base;
    SIZE_T Bytes;
    PEPROCESS Process;
    NTSTATUS Status;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (FreeType != MEM_RELEASE && FreeType != MEM_DECOMMIT)
        return STATUS_INVALID_PARAMETER_4;
    if (!NT_SUCCESS(Status = KiCopyFromMode(Mode, &Base, BaseAddress, sizeof(Base))) ||
        !NT_SUCCESS(Status = KiCopyFromMode(Mode, &Bytes, RegionSize, sizeof(Bytes))))
        return Status;
    if (Bytes > KILN_USER_SLICE_SIZE)
        return STATUS_INVALID_PARAMETER_3;
    if (!NT_SUCCESS(Status = open_process(ProcessHandle, &Process)))
        return Status;
    if (!MiLockAddressSpace(Process)) {
        Status = STATUS_MEMORY_NOT_ALLOCATED;
    } else {
        Status = release(Process, &Base, &Bytes, FreeType);
        MiUnlockAddressSpace(Process);
    }
    ObDereferenceObject(Process);
    if (NT_SUCCESS(Status) && NT_SUCCESS(Status = KiCopyToMode(Mode, BaseAddress, &Base, sizeof(Base))))
        Status = KiCopyToMode(Mode, RegionSize, &Bytes, sizeof(Bytes));
    return Status;
}

NTSTATUS NTAPI ZwFreeVirtualMemory(HANDLE ProcessHandle, PVOID *BaseAddress, PSIZE_T RegionSize,
                                   ULONG FreeType)
{
    KI_ZW(NtFreeVirtualMemory(ProcessHandle, BaseAddress, RegionSize, FreeType));
}

/* ---------------------------------------------------------------- protect */

NTSTATUS NTAPI NtProtectVirtualMemory(HANDLE ProcessHandle, PVOID *BaseAddress, PSIZE_T RegionSize,
                                      ULONG NewProtect, PULONG OldProtect)
{
    KPROCESSOR_MODE Mode = KiThread()->PreviousMode;
    ULONG64 Base;
    SIZE_T Bytes;
    ULONG Old = 0;
    PEPROCESS Process;
    NTSTATUS Status;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (!valid_protection(NewProtect))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (!NT_SUCCESS(Status = KiCopyFromMode(Mode, &Base, BaseAddress, sizeof(Base))) ||
        !NT_SUCCESS(Status = KiCopyFromMode(Mode, &Bytes, RegionSize, sizeof(Bytes))))
        return Status;
    if (Bytes == 0 || Bytes > KILN_USER_SLICE_SIZE)
        return STATUS_INVALID_PARAMETER_3;
    if (!NT_SUCCESS(Status = open_process(ProcessHandle, &Process)))
        return Status;
    ULONG64 Begin = Base & ~(MI_PAGE_BYTES - 1);
    ULONG64 End = (Base + Bytes + MI_PAGE_BYTES - 1) & ~(MI_PAGE_BYTES - 1);
    if (!MiLockAddressSpace(Process)) {
        Status = STATUS_MEMORY_NOT_ALLOCATED;
    } else {
        PMI_RANGE Range = MiFindRange(Process, (PVOID)(ULONG_PTR)Begin);
        if (Range == NULL || End > Range->Begin + ((ULONG64)Range->Pages << KILN_PAGE_SHIFT))
            Status = STATUS_CONFLICTING_ADDRESSES;
        else if (Range->Kind != MiRangePrivate || breaks_security(Process, Begin, End, NewProtect))
            Status = STATUS_INVALID_PAGE_PROTECTION;
        else
            Status = MiProtectRange(Process, Range, (SIZE_T)((Begin - Range->Begin) >> KILN_PAGE_SHIFT),
                                    (SIZE_T)((End - Begin) >> KILN_PAGE_SHIFT), NewProtect, &Old);
        MiUnlockAddressSpace(Process);
    }
    ObDereferenceObject(Process);
    Base = Begin;
    Bytes = (SIZE_T)(End - Begin);
    if (NT_SUCCESS(Status) && NT_SUCCESS(Status = KiCopyToMode(Mode, BaseAddress, &Base, sizeof(Base))) &&
        NT_SUCCESS(Status = KiCopyToMode(Mode, RegionSize, &Bytes, sizeof(Bytes))))
        Status = KiCopyToMode(Mode, OldProtect, &Old, sizeof(Old));
    return Status;
}

/* ---------------------------------------------------------------- query */

/* The run of pages from Address on that are alike. Address space locked. */
static void query(PEPROCESS Process, ULONG64 Address, MI_BASIC_INFORMATION *Info)
{
    PMI_RANGE Range = MiFindRange(Process, (PVOID)(ULONG_PTR)Address);
    PVOID SliceBegin, SliceEnd;

    __builtin_memset(Info, 0, sizeof(*Info));
    Address &= ~(MI_PAGE_BYTES - 1);
    Info->BaseAddress = (PVOID)(ULONG_PTR)Address;
    if (Range == NULL) {
        PMI_RANGE Next = MiNextRange(Process, (PVOID)(ULONG_PTR)Address);
        MiQueryUserSlice(Process, &SliceBegin, &SliceEnd);
        ULONG64 End = Next ? Next->Begin : (ULONG64)(ULONG_PTR)SliceEnd;
        if (Address < (ULONG64)(ULONG_PTR)SliceBegin && !Next)
            End = (ULONG64)(ULONG_PTR)SliceBegin;
        Info->RegionSize = End > Address ? (SIZE_T)(End - Address) : MI_PAGE_BYTES;
        Info->State = MEM_FREE;
        Info->Protect = PAGE_NOACCESS;
        return;
    }
    SIZE_T First = (SIZE_T)((Address - Range->Begin) >> KILN_PAGE_SHIFT), Last = First + 1;
    MI_USER_PAGE *Page = &Range->Page[First];
    while (Last < Range->Pages && (Range->Page[Last].Pfn == MI_NO_PFN) == (Page->Pfn == MI_NO_PFN) &&
           (Page->Pfn == MI_NO_PFN || Range->Page[Last].Protection == Page->Protection))
        Last++;
    Info->AllocationBase = (PVOID)(ULONG_PTR)Range->Begin;
    Info->AllocationProtect = Range->Protection;
    Info->RegionSize = (Last - First) << KILN_PAGE_SHIFT;
    Info->State = Page->Pfn == MI_NO_PFN ? MEM_RESERVE : MEM_COMMIT;
    Info->Protect = Page->Pfn == MI_NO_PFN ? 0 : Page->Protection;
    Info->Type = Range->Kind == MiRangePrivate ? MEM_PRIVATE : MEM_MAPPED;
}

NTSTATUS NTAPI NtQueryVirtualMemory(HANDLE ProcessHandle, PVOID BaseAddress,
                                    MEMORY_INFORMATION_CLASS MemoryInformationClass, PVOID MemoryInformation,
                                    SIZE_T MemoryInformationLength, PSIZE_T ReturnLength)
{
    KPROCESSOR_MODE Mode = KiThread()->PreviousMode;
    SIZE_T Length = sizeof(MI_BASIC_INFORMATION);
    MI_BASIC_INFORMATION Info;
    PEPROCESS Process;
    NTSTATUS Status;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (MemoryInformationClass != MemoryBasicInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (MemoryInformationLength < sizeof(Info))
        return STATUS_INFO_LENGTH_MISMATCH;
    if ((ULONG64)(ULONG_PTR)BaseAddress >= KILN_USER_PROBE)
        return STATUS_INVALID_PARAMETER;
    if (!NT_SUCCESS(Status = open_process(ProcessHandle, &Process)))
        return Status;
    if (!MiLockAddressSpace(Process)) {
        Status = STATUS_INVALID_PARAMETER;
    } else {
        query(Process, (ULONG64)(ULONG_PTR)BaseAddress, &Info);
        MiUnlockAddressSpace(Process);
    }
    ObDereferenceObject(Process);
    if (NT_SUCCESS(Status) &&
        NT_SUCCESS(Status = KiCopyToMode(Mode, MemoryInformation, &Info, sizeof(Info))) && ReturnLength)
        Status = KiCopyToMode(Mode, ReturnLength, &Length, sizeof(Length));
    return Status;
}

NTSTATUS NTAPI ZwQueryVirtualMemory(HANDLE ProcessHandle, PVOID BaseAddress,
                                    MEMORY_INFORMATION_CLASS MemoryInformationClass, PVOID MemoryInformation,
                                    SIZE_T MemoryInformationLength, PSIZE_T ReturnLength)
{
    KI_ZW(NtQueryVirtualMemory(ProcessHandle, BaseAddress, MemoryInformationClass, MemoryInformation,
                               MemoryInformationLength, ReturnLength));
}

/* ---------------------------------------------------------------- flush, advice */

/* Only mapped files have anything to flush, and no range here is one. */
NTSTATUS NTAPI NtFlushVirtualMemory(HANDLE ProcessHandle, PVOID *BaseAddress, PSIZE_T RegionSize,
                                    PIO_STATUS_BLOCK IoStatus)
{
    KPROCESSOR_MODE Mode = KiThread()->PreviousMode;
    ULONG64 Base;
    PEPROCESS Process;
    NTSTATUS Status;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(RegionSize);
    UNREFERENCED_PARAMETER(IoStatus);
    if (!NT_SUCCESS(Status = KiCopyFromMode(Mode, &Base, BaseAddress, sizeof(Base))) ||
        !NT_SUCCESS(Status = open_process(ProcessHandle, &Process)))
        return Status;
    Status = STATUS_NOT_MAPPED_VIEW;
    if (MiLockAddressSpace(Process)) {
        if (MiFindRange(Process, (PVOID)(ULONG_PTR)Base))
            Status = STATUS_NOT_MAPPED_DATA;
        MiUnlockAddressSpace(Process);
    }
    ObDereferenceObject(Process);
    return Status;
}

NTSTATUS NTAPI ZwFlushVirtualMemory(HANDLE ProcessHandle, PVOID *BaseAddress, PSIZE_T RegionSize,
                                    PIO_STATUS_BLOCK IoStatus)
{
    KI_ZW(NtFlushVirtualMemory(ProcessHandle, BaseAddress, RegionSize, IoStatus));
}
