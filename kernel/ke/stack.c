/* SPDX-License-Identifier: MIT */
/*
 * stack.c: running a routine on more kernel stack, and saving extended processor state.
 *
 * The kernel itself touches no floating-point or vector state, a thread switch keeps what the ABI calls preserved, and
 * an interrupt of driver code keeps all of it. So what the save routines store is what the caller asks for, for its own
 * use of the registers.
 */
#include "kep.h"
#include "mi.h"

#define STACK_RESERVE 4096 /* left to the kernel when a callout's size is compared with what is free */

typedef struct _CALLOUT {
    PEXPAND_STACK_CALLOUT Routine;
    PVOID Parameter;
} CALLOUT;

static void run_callout(void *Context)
{
    CALLOUT *callout = Context;
    callout->Routine(callout->Parameter);
}

static NTSTATUS expand(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter, SIZE_T Size)
{
    PKTHREAD thread = KiThread();
    if (Size > MAXIMUM_EXPANSION_SIZE)
        return STATUS_INVALID_PARAMETER_3;
    ULONG_PTR here = (ULONG_PTR)__builtin_frame_address(0), limit = (ULONG_PTR)thread->StackLimit;
    if (here > limit && here - limit >= Size + STACK_RESERVE) {
        Callout(Parameter);
        return STATUS_SUCCESS;
    }
    PVOID stack = MmCreateKernelStack(TRUE);
    if (!stack)
        return STATUS_NO_MEMORY;
    PVOID old_base = thread->StackBase, old_limit = thread->StackLimit;
    CALLOUT callout = {Callout, Parameter};
    thread->StackBase = stack;
    thread->StackLimit = MiStackLimit(stack, TRUE);
    KiCallOnStack(run_callout, &callout, stack);
    thread->StackBase = old_base;
    thread->StackLimit = old_limit;
    MmDeleteKernelStack(stack, TRUE);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter, SIZE_T Size)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return expand(Callout, Parameter, Size);
}

NTSTATUS NTAPI KeExpandKernelStackAndCalloutEx(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter, SIZE_T Size, BOOLEAN Wait,
                                               PVOID Context)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Context)
        return STATUS_INVALID_PARAMETER_5;
    if (Wait && KiIrql() >= DISPATCH_LEVEL)
        return STATUS_INVALID_PARAMETER_4;
    return expand(Callout, Parameter, Size);
}

/* ---------------------------------------------------------------- extended state */

#define XSTATE_BYTES 4096 /* room for x87, SSE, AVX and AVX-512 state, and for the alignment of XSAVE */

static BOOLEAN has_xsave(void)
{
    return (RtlGetEnabledExtendedFeatures(~0ULL) & ~(ULONG64)XSTATE_MASK_LEGACY) != 0;
}

NTSTATUS NTAPI KeSaveExtendedProcessorState(ULONG64 Mask, PXSTATE_SAVE XStateSave)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    ULONG64 mask = RtlGetEnabledExtendedFeatures(Mask);
    UCHAR *block = MiAllocatePool(NonPagedPoolNx, XSTATE_BYTES + 64, 'tsXK', FALSE, __builtin_return_address(0));
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    UCHAR *area = (UCHAR *)(((ULONG_PTR)block + 63) & ~(ULONG_PTR)63);
    XStateSave->XStateContext.Mask = mask;
    XStateSave->XStateContext.Buffer = block;
    XStateSave->XStateContext.Area = (PVOID)area;
    XStateSave->Thread = KiThread();
    XStateSave->Level = KiIrql();
    /* The header of the area, which XSAVE writes in part. No memory routine comes before XSAVE: they use registers. */
    for (ULONG i = 0; i < 8; i++)
        ((volatile ULONG64 *)(area + 512))[i] = 0;
    if (has_xsave())
        __asm__ volatile("xsave64 (%0)" ::"r"(area), "a"((ULONG)mask), "d"((ULONG)(mask >> 32)) : "memory");
    else if (mask)
        __asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
    return STATUS_SUCCESS;
}

VOID NTAPI KeRestoreExtendedProcessorState(PXSTATE_SAVE XStateSave)
{
    UCHAR *area = (UCHAR *)XStateSave->XStateContext.Area;
    ULONG64 mask = XStateSave->XStateContext.Mask;
    PVOID caller = __builtin_return_address(0);
    if (XStateSave->Level != KiIrql())
        KiBugCheckText(INVALID_FLOATING_POINT_STATE, 1, XStateSave->Level, KiIrql(), 0, (ULONG_PTR)caller,
                       "KeRestoreExtendedProcessorState was called at another IRQL than KeSaveExtendedProcessorState.");
    if (XStateSave->Thread != KiThread())
        KiBugCheckText(INVALID_FLOATING_POINT_STATE, 2, (ULONG_PTR)XStateSave->Thread, (ULONG_PTR)KiThread(), 0,
                       (ULONG_PTR)caller, "The state that is restored was saved by another thread.");
    if (has_xsave())
        __asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"((ULONG)mask), "d"((ULONG)(mask >> 32)) : "memory");
    else if (mask)
        __asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
    ExFreePoolWithTag(XStateSave->XStateContext.Buffer, 'tsXK');
}
