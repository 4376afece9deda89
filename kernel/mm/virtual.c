/* SPDX-License-Identifier: MIT */
/*
 * Virtual memory of user processes: NtAllocateVirtualMemory and its siblings, and securing ranges against
 * them.
 *
 * Arguments are captured first (KiCopyFromMode judges pointers by the previous mode), then the address space
 * is locked, then results are written. Freeing and protecting respect MmSecureVirtualMemory. Reference:
 * ntifs.h pages of the services, MmSecureVirtualMemory of ntddk.h.
 */
#include "section.h"
#include "zw.h"
#include <nt/native.h>

#define GRANULARITY   0x10000ULL
#define SECURE_TAG    0x6365534DU /* "MSec" */
#define RESERVE_TYPES (MEM_RESERVE | MEM_COMMIT | MEM_TOP_DOWN | MEM_WRITE_WATCH)

typedef struct _MI_SECURE {
    PEPROCESS Process;
    ULONG64 Begin, End;
    ULONG Protection;
    ULONG Flags; /* MM_SECURE_* */
    struct _MI_SECURE *Next;
} MI_SECURE;

static KSPIN_LOCK secure_lock;
static MI_SECURE *secured; /* under secure_lock */

NTSTATUS MiOpenProcess(HANDLE Handle, PEPROCESS *Process)
{
    if (Handle == (HANDLE)(LONG_PTR)-1) {
        *Process = PsGetCurrentProcess();
        ObReferenceObject(*Process);
        return STATUS_SUCCESS;
    }
    return ObReferenceObjectByHandle(Handle, 0x0008 /* PROCESS_VM_OPERATION */, PspProcessType,
                                     KiThread()->PreviousMode, (PVOID *)Process, NULL);
}

/* PAGE_WRITECOPY and its like are of views only. */
static BOOLEAN valid_protection(ULONG Protect, BOOLEAN View)
{
    ULONG Base = Protect & 0xFF;

    if (Protect & ~(0xFFU | PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE))
        return FALSE;
    if (Base == 0 || (Base & (Base - 1)) ||
        (!View && (Base == PAGE_WRITECOPY || Base == PAGE_EXECUTE_WRITECOPY)))
        return FALSE;
    return !((Protect & ~0xFFU) && Base == PAGE_NOACCESS) &&
           (Protect & (PAGE_NOCACHE | PAGE_WRITECOMBINE)) != (PAGE_NOCACHE | PAGE_WRITECOMBINE);
}

/* Has the page of a range storage, and how is it protected? Address space locked. */
static BOOLEAN is_committed(PMI_RANGE Range, SIZE_T Page, ULONG *Protection)
{
    if (Range->Kind == MiRangeView)
        return MiQueryViewPage(Range, Page, Protection);
    *Protection = Range->Page[Page].Protection;
    return Range->Page[Page].Pfn != MI_NO_PFN;
}

/* ---------------------------------------------------------------- securing */

/* May every page of [Begin, End) be accessed so? Address space locked. */
static BOOLEAN is_accessible(PEPROCESS Process, ULONG64 Begin, ULONG64 End, ULONG ProbeMode)
{
    for (ULONG64 Page = Begin & ~(MI_PAGE_BYTES - 1); Page < End; Page += MI_PAGE_BYTES) {
        PMI_RANGE Range = MiFindRange(Process, (PVOID)(ULONG_PTR)Page);
        ULONG Protection;
        if (Range == NULL || !is_committed(Range, (SIZE_T)((Page - Range->Begin) >> KILN_PAGE_SHIFT), &Protection) ||
            !(MiUserProt(Protection) & HOST_PROT_R) ||
            (ProbeMode == PAGE_READWRITE && !(MiHostProt(Protection) & HOST_PROT_W)))
            return FALSE;
    }
    return TRUE;
}

/* Is anything secured in a range that [Begin, End) touches? secure_lock held, address space locked. */
static BOOLEAN shares_range(PEPROCESS Process, ULONG64 Begin, ULONG64 End)
{
    for (MI_SECURE *Secure = secured; Secure; Secure = Secure->Next) {
        PMI_RANGE Range = Secure->Process == Process ? MiFindRange(Process, (PVOID)(ULONG_PTR)Secure->Begin) : NULL;
        if (Range && Begin < Range->Begin + ((ULONG64)Range->Pages << KILN_PAGE_SHIFT) && Range->Begin < End)
            return TRUE;
    }
    return FALSE;
}

static BOOLEAN secure(MI_SECURE *Secure, ULONG64 Begin, ULONG64 End)
{
    BOOLEAN Good = is_accessible(Secure->Process, Begin, End, Secure->Protection);

    if (Good) {
        KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&secure_lock);
        if ((Secure->Flags & MM_SECURE_EXCLUSIVE) && shares_range(Secure->Process, Begin, End)) {
            Good = FALSE;
        } else {
            Secure->Next = secured;
            secured = Secure;
        }
        KeReleaseSpinLock(&secure_lock, Irql);
    }
    return Good;
}

HANDLE NTAPI MmSecureVirtualMemoryEx(PVOID Address, SIZE_T Size, ULONG ProbeMode, ULONG Flags)
{
    ULONG64 Begin = (ULONG64)(ULONG_PTR)Address, End = Begin + Size;
    MI_SECURE *Secure;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if ((ProbeMode != PAGE_READONLY && ProbeMode != PAGE_READWRITE) ||
        (Flags & ~(ULONG)(MM_SECURE_EXCLUSIVE | MM_SECURE_NO_CHANGE | MM_SECURE_USER_MODE_ONLY |
                          MM_SECURE_NO_INHERIT)) ||
        Size == 0 || End <= Begin || End > KILN_USER_PROBE)
        return NULL;
    Secure = MiAllocatePool(NonPagedPoolNx, sizeof(*Secure), SECURE_TAG, TRUE, __builtin_return_address(0));
    if (Secure == NULL)
        return NULL;
    Secure->Process = PsGetCurrentProcess();
    Secure->Begin = Begin & ~(MI_PAGE_BYTES - 1);
    Secure->End = (End + MI_PAGE_BYTES - 1) & ~(MI_PAGE_BYTES - 1);
    Secure->Protection = ProbeMode;
    Secure->Flags = Flags;
    if (MiLockAddressSpace(Secure->Process)) {
        BOOLEAN Good = secure(Secure, Begin, End);
        MiUnlockAddressSpace(Secure->Process);
        if (Good)
            return (HANDLE)Secure;
    }
    ExFreePoolWithTag(Secure, SECURE_TAG);
    return NULL;
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

BOOLEAN MiBreaksSecurity(PEPROCESS Process, ULONG64 Begin, ULONG64 End, ULONG Protection)
{
    unsigned Has = Protection ? MiHostProt(Protection) : 0;
    BOOLEAN Breaks = FALSE;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&secure_lock);

    for (MI_SECURE *Secure = secured; Secure; Secure = Secure->Next) {
        unsigned Needs = MiHostProt(Secure->Protection);
        if (Secure->Process != Process || Begin >= Secure->End || Secure->Begin >= End ||
            ((Secure->Flags & MM_SECURE_USER_MODE_ONLY) && KiThread()->PreviousMode == KernelMode))
            continue;
        if ((Has & Needs) != Needs || (Secure->Flags & MM_SECURE_NO_CHANGE))
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
    if (Range && Range->Kind == MiRangeView) {
        Status = MiCommitView(Range, Begin, End, Type, Protect);
        if (!NT_SUCCESS(Status))
            return Status;
        *Base = Begin;
        *Bytes = (SIZE_T)(End - Begin);
        return STATUS_SUCCESS;
    }
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
    if (!valid_protection(Protect, FALSE))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (Bytes == 0)
        return STATUS_INVALID_PARAMETER_4;
    if (Bytes > KILN_USER_SLICE_SIZE)
        return STATUS_NO_MEMORY;
    if (!NT_SUCCESS(Status = MiOpenProcess(ProcessHandle, &Process)))
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
    if (MiBreaksSecurity(Process, Begin, End, 0))
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
    if (!NT_SUCCESS(Status = MiOpenProcess(ProcessHandle, &Process)))
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
    if (!valid_protection(NewProtect, TRUE))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (!NT_SUCCESS(Status = KiCopyFromMode(Mode, &Base, BaseAddress, sizeof(Base))) ||
        !NT_SUCCESS(Status = KiCopyFromMode(Mode, &Bytes, RegionSize, sizeof(Bytes))))
        return Status;
    if (Bytes == 0 || Bytes > KILN_USER_SLICE_SIZE)
        return STATUS_INVALID_PARAMETER_3;
    if (!NT_SUCCESS(Status = MiOpenProcess(ProcessHandle, &Process)))
        return Status;
    ULONG64 Begin = Base & ~(MI_PAGE_BYTES - 1);
    ULONG64 End = (Base + Bytes + MI_PAGE_BYTES - 1) & ~(MI_PAGE_BYTES - 1);
    if (!MiLockAddressSpace(Process)) {
        Status = STATUS_MEMORY_NOT_ALLOCATED;
    } else {
        PMI_RANGE Range = MiFindRange(Process, (PVOID)(ULONG_PTR)Begin);
        if (Range == NULL || End > Range->Begin + ((ULONG64)Range->Pages << KILN_PAGE_SHIFT))
            Status = STATUS_CONFLICTING_ADDRESSES;
        else if (MiBreaksSecurity(Process, Begin, End, NewProtect))
            Status = STATUS_INVALID_PAGE_PROTECTION;
        else if (Range->Kind == MiRangeView)
            Status = MiProtectView(Range, Begin, End, NewProtect, &Old);
        else if (Range->Kind != MiRangePrivate || !valid_protection(NewProtect, FALSE))
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
static void query(PEPROCESS Process, ULONG64 Address, MEMORY_BASIC_INFORMATION *Info)
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
    ULONG Protection, Other;
    BOOLEAN Committed = is_committed(Range, First, &Protection);
    while (Last < Range->Pages && is_committed(Range, Last, &Other) == Committed &&
           (!Committed || Other == Protection))
        Last++;
    Info->AllocationBase = (PVOID)(ULONG_PTR)Range->Begin;
    Info->AllocationProtect = Range->Protection;
    Info->RegionSize = (Last - First) << KILN_PAGE_SHIFT;
    Info->State = Committed ? MEM_COMMIT : MEM_RESERVE;
    Info->Protect = Committed ? Protection : 0;
    Info->Type = Range->Kind == MiRangePrivate ? MEM_PRIVATE : MiIsImageView(Range) ? MEM_IMAGE : MEM_MAPPED;
}

NTSTATUS NTAPI NtQueryVirtualMemory(HANDLE ProcessHandle, PVOID BaseAddress,
                                    MEMORY_INFORMATION_CLASS MemoryInformationClass, PVOID MemoryInformation,
                                    SIZE_T MemoryInformationLength, PSIZE_T ReturnLength)
{
    KPROCESSOR_MODE Mode = KiThread()->PreviousMode;
    SIZE_T Length = sizeof(MEMORY_BASIC_INFORMATION);
    MEMORY_BASIC_INFORMATION Info;
    PEPROCESS Process;
    NTSTATUS Status;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (MemoryInformationClass != MemoryBasicInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (MemoryInformationLength < sizeof(Info))
        return STATUS_INFO_LENGTH_MISMATCH;
    if ((ULONG64)(ULONG_PTR)BaseAddress >= KILN_USER_PROBE)
        return STATUS_INVALID_PARAMETER;
    if (!NT_SUCCESS(Status = MiOpenProcess(ProcessHandle, &Process)))
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
