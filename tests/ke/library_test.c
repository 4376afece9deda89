/* SPDX-License-Identifier: MIT */
/* The small routines of the kernel library: IRQL by other names, clocks, caches, counters, callbacks, saved
 * state. */
#include "ketest.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SANITIZED 1 /* larger stacks, and calls between any two statements */
#endif
#endif

/* ---------------------------------------------------------------- IRQL */

KILN_TEST(ke_library, kz_routines_raise_and_lower)
{
    KIRQL old = KzRaiseIrql(APC_LEVEL);
    CHECK_EQ(old, PASSIVE_LEVEL);
    CHECK_EQ(KzRaiseIrql(HIGH_LEVEL), APC_LEVEL);
    CHECK_EQ(KeGetCurrentIrql(), HIGH_LEVEL);
    KzLowerIrql(APC_LEVEL);
    KzLowerIrql(old);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

KILN_TEST_BUGCHECK(ke_library, kz_raise_does_not_lower, IRQL_NOT_GREATER_OR_EQUAL)
{
    KzRaiseIrql(DISPATCH_LEVEL);
    KzRaiseIrql(APC_LEVEL);
}

KILN_TEST(ke_library, synch_level_is_above_dispatch_level)
{
    KIRQL old = KeRaiseIrqlToSynchLevel();
    CHECK_EQ(old, PASSIVE_LEVEL);
    CHECK(KeGetCurrentIrql() > DISPATCH_LEVEL);
    KeLowerIrql(old);
}

/* ---------------------------------------------------------------- spin locks */

KILN_TEST(ke_library, spin_lock_at_synch_level_and_the_fast_release)
{
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    KIRQL old = KeAcquireSpinLockRaiseToSynch(&lock);
    CHECK_EQ(old, PASSIVE_LEVEL);
    CHECK(KeGetCurrentIrql() > DISPATCH_LEVEL);
    CHECK(!KeTestSpinLock(&lock));
    KefReleaseSpinLockFromDpcLevel(&lock);
    CHECK(KeTestSpinLock(&lock));
    KeLowerIrql(old);
}

KILN_TEST(ke_library, queued_spin_lock_for_a_dpc_raises_when_it_must)
{
    KSPIN_LOCK lock;
    KLOCK_QUEUE_HANDLE handle;
    KeInitializeSpinLock(&lock);
    KeAcquireInStackQueuedSpinLockForDpc(&lock, &handle); /* as in a threaded DPC, at PASSIVE_LEVEL */
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK(!KeTestSpinLock(&lock));
    KeReleaseInStackQueuedSpinLockForDpc(&handle);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK(KeTestSpinLock(&lock));
}

KILN_TEST(ke_library, numbered_lock_is_tried_without_waiting)
{
    KIRQL first, second = 77;
    CHECK(KeTryToAcquireQueuedSpinLock(LockQueueIoVpbLock, &first));
    CHECK_EQ(first, PASSIVE_LEVEL);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK(!KeTryToAcquireQueuedSpinLock(LockQueueIoVpbLock, &second));
    CHECK_EQ(second, 77);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseQueuedSpinLock(LockQueueIoVpbLock, first);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

KILN_TEST(ke_library, guarded_mutex_unsafe_pair)
{
    KGUARDED_MUTEX mutex;
    KeInitializeGuardedMutex(&mutex);
    KeEnterGuardedRegion();
    KeAcquireGuardedMutexUnsafe(&mutex);
    CHECK(!KeTryToAcquireGuardedMutex(&mutex));
    KeReleaseGuardedMutexUnsafe(&mutex);
    CHECK(KeTryToAcquireGuardedMutex(&mutex));
    KeReleaseGuardedMutex(&mutex);
    KeLeaveGuardedRegion();
    CHECK(!KeAreAllApcsDisabled());
}

KILN_TEST(ke_library, wait_for_mutex_object_is_a_wait)
{
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    CHECK_EQ(KeWaitForMutexObject(&mutex, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(KeReadStateMutex(&mutex), 0);
    KeReleaseMutex(&mutex, FALSE);
}

/* ---------------------------------------------------------------- clocks */

KILN_TEST(ke_library, precise_clocks_agree_with_the_others_and_never_go_back)
{
    ULONG64 stamp, later_stamp;
    ULONG64 coarse = KeQueryInterruptTime(), precise = KeQueryInterruptTimePrecise(&stamp);
    CHECK(precise >= coarse);
    KeStallExecutionProcessor(200);
    ULONG64 later = KeQueryInterruptTimePrecise(&later_stamp);
    CHECK(later >= precise + 2000);
    CHECK(later_stamp > stamp);
    /* Nothing has slept: unbiased time is interrupt time. */
    ULONG64 unbiased = KeQueryUnbiasedInterruptTime();
    CHECK(unbiased >= later && unbiased - later < 10000000);
    LARGE_INTEGER system, exact;
    KeQuerySystemTime(&system);
    KeQuerySystemTimePrecise(&exact);
    CHECK(exact.QuadPart >= system.QuadPart && exact.QuadPart - system.QuadPart < 10000000);
}

KILN_TEST(ke_library, there_is_no_auxiliary_counter)
{
    ULONG64 value, error;
    CHECK_EQ(KeQueryAuxiliaryCounterFrequency(NULL), STATUS_NOT_SUPPORTED);
    CHECK_EQ(KeConvertAuxiliaryCounterToPerformanceCounter(1, &value, &error), STATUS_NOT_SUPPORTED);
    CHECK_EQ(KeConvertPerformanceCounterToAuxiliaryCounter(1, &value, &error), STATUS_NOT_SUPPORTED);
}

/* ---------------------------------------------------------------- caches and counters */

KILN_TEST(ke_library, caches_and_barriers)
{
    static volatile ULONG words[64];
    ULONG alignment = KeGetRecommendedSharedDataAlignment();
    CHECK(alignment >= 64 && (alignment & (alignment - 1)) == 0);
    words[3] = 5;
    KeMemoryBarrier();
    KeFlushWriteBuffer();
    CHECK(KeInvalidateAllCaches());
    KeInvalidateRangeAllCaches((PVOID)words, sizeof words);
    CHECK_EQ(words[3], 5); /* what was written is not lost */
    PMDL mdl = IoAllocateMdl((PVOID)words, sizeof words, FALSE, FALSE, NULL);
    CHECK(mdl != NULL);
    MmBuildMdlForNonPagedPool(mdl);
    KeFlushIoBuffers(mdl, TRUE, TRUE);
    CHECK_EQ(words[3], 5);
    IoFreeMdl(mdl);
}

KILN_TEST(ke_library, hardware_counters_are_not_there)
{
    HARDWARE_COUNTER counter = {PMCCounter, 0, 0};
    ULONG count = 7;
    CHECK_EQ(KeSetHardwareCounterConfiguration(&counter, MAX_HW_COUNTERS + 1), STATUS_INVALID_PARAMETER);
    CHECK_EQ(KeSetHardwareCounterConfiguration(&counter, 1), STATUS_NOT_IMPLEMENTED);
    /* The empty configuration, which is the one there is. */
    CHECK_EQ(KeSetHardwareCounterConfiguration(&counter, 0), STATUS_SUCCESS);
    CHECK_EQ(KeQueryHardwareCounterConfiguration(&counter, 1, &count), STATUS_SUCCESS);
    CHECK_EQ(count, 0);
}

KILN_TEST(ke_library, a_dpc_is_told_to_yield_when_others_wait)
{
    KDPC dpc;
    extern VOID NTAPI library_nothing(PKDPC, PVOID, PVOID, PVOID);
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    KeInitializeDpc(&dpc, library_nothing, NULL);
    KeSetTargetProcessorDpc(&dpc, (CCHAR)KeGetCurrentProcessorNumberEx(NULL));
    KeInsertQueueDpc(&dpc, NULL, NULL);
    CHECK(KeShouldYieldProcessor());
    KeLowerIrql(irql);
    KeFlushQueuedDpcs();
}

VOID NTAPI library_nothing(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2) {}

KILN_TEST(ke_library, stack_swap_can_be_disabled_and_enabled)
{
    CHECK_EQ(KeSetKernelStackSwapEnable(FALSE), TRUE);
    CHECK_EQ(KeSetKernelStackSwapEnable(TRUE), FALSE);
    CHECK_EQ(KeSetKernelStackSwapEnable(TRUE), TRUE);
}

KILN_TEST(ke_library, the_debugger_cannot_be_configured)
{
    BOOLEAN on = TRUE;
    CHECK_EQ(KdChangeOption(KD_OPTION_SET_BLOCK_ENABLE, sizeof on, &on, 0, NULL, NULL),
             STATUS_DEBUGGER_INACTIVE);
}

KILN_TEST(ke_library, bug_messages_have_a_text)
{
    ANSI_STRING text = {0};
    CHECK(KeGetBugMessageText(IRQL_NOT_LESS_OR_EQUAL, &text));
    CHECK(text.Length > 0 && text.Buffer != NULL);
    CHECK(KeGetBugMessageText(IRQL_NOT_LESS_OR_EQUAL, NULL));
    CHECK(!KeGetBugMessageText(0x7654321, &text));
}

/* ---------------------------------------------------------------- callbacks */

static ULONG order[4], called;

static BOOLEAN NTAPI on_nmi(PVOID Context, BOOLEAN Handled)
{
    CHECK_EQ(KeGetCurrentIrql(), HIGH_LEVEL);
    CHECK_EQ(Handled, called > 0); /* the first one here says yes */
    order[called++] = (ULONG)(ULONG_PTR)Context;
    return called == 1;
}

KILN_TEST(ke_library, nmi_callbacks_run_last_registered_first)
{
    PVOID one = KeRegisterNmiCallback(on_nmi, (PVOID)1), two = KeRegisterNmiCallback(on_nmi, (PVOID)2);
    CHECK(one && two);
    KiRaiseNmi();
    CHECK_EQ(called, 2);
    CHECK_EQ(order[0], 2);
    CHECK_EQ(order[1], 1);
    CHECK_EQ(KeDeregisterNmiCallback(two), STATUS_SUCCESS);
    CHECK_EQ(KeDeregisterNmiCallback(two), STATUS_INVALID_HANDLE);
    called = 0;
    KiRaiseNmi();
    CHECK_EQ(called, 1);
    CHECK_EQ(KeDeregisterNmiCallback(one), STATUS_SUCCESS);
}

KILN_TEST_BUGCHECK(ke_library, an_nmi_nobody_handles_is_a_bugcheck, NMI_HARDWARE_FAILURE)
{
    KiRaiseNmi();
}

static BOUND_CALLBACK_STATUS NTAPI on_bound(VOID)
{
    return BoundExceptionContinueSearch;
}

KILN_TEST(ke_library, bound_callbacks_are_registered_once_each)
{
    PVOID handle = KeRegisterBoundCallback(on_bound);
    CHECK(handle != NULL);
    CHECK_EQ(KeDeregisterBoundCallback(handle), STATUS_SUCCESS);
    CHECK_EQ(KeDeregisterBoundCallback(handle), STATUS_INVALID_HANDLE);
}

static VOID NTAPI on_bugcheck(PVOID Buffer, ULONG Length) {}

static VOID NTAPI on_reason(KBUGCHECK_CALLBACK_REASON Reason,
                            struct _KBUGCHECK_REASON_CALLBACK_RECORD *Record, PVOID Data, ULONG Length)
{
}

KILN_TEST(ke_library, bugcheck_callbacks_are_registered_once)
{
    static KBUGCHECK_CALLBACK_RECORD plain;
    static KBUGCHECK_REASON_CALLBACK_RECORD reason;
    static UCHAR buffer[16], name[] = "test";
    KeInitializeCallbackRecord(&plain);
    KeInitializeCallbackRecord(&reason);
    CHECK(!KeDeregisterBugCheckCallback(&plain));
    CHECK(KeRegisterBugCheckCallback(&plain, on_bugcheck, buffer, sizeof buffer, name));
    CHECK(!KeRegisterBugCheckCallback(&plain, on_bugcheck, buffer, sizeof buffer, name));
    CHECK(KeDeregisterBugCheckCallback(&plain));
    CHECK(!KeDeregisterBugCheckReasonCallback(&reason));
    CHECK(KeRegisterBugCheckReasonCallback(&reason, on_reason, KbCallbackSecondaryDumpData, name));
    CHECK(!KeRegisterBugCheckReasonCallback(&reason, on_reason, KbCallbackSecondaryDumpData, name));
    CHECK(KeDeregisterBugCheckReasonCallback(&reason));
}

KILN_TEST(ke_library, triage_blocks_fit_the_array)
{
    static union {
        KTRIAGE_DUMP_DATA_ARRAY Array;
        UCHAR Room[sizeof(KTRIAGE_DUMP_DATA_ARRAY) + sizeof(KADDRESS_RANGE)];
    } data;
    static UCHAR block[32];
    CHECK_EQ(KeInitializeTriageDumpDataArray(&data.Array, 8), STATUS_INVALID_PARAMETER);
    CHECK_EQ(KeInitializeTriageDumpDataArray(&data.Array, sizeof data), STATUS_SUCCESS);
    ULONG total = data.Array.NumBlocksTotal;
    CHECK(total >= 1);
    CHECK_EQ(KeAddTriageDumpDataBlock(&data.Array, block, 0), STATUS_INVALID_PARAMETER);
    for (ULONG i = 0; i < total; i++)
        CHECK_EQ(KeAddTriageDumpDataBlock(&data.Array, block, sizeof block), STATUS_SUCCESS);
    CHECK_EQ(data.Array.NumBlocksUsed, total);
    CHECK_EQ(data.Array.Blocks[0].Size, sizeof block);
    CHECK_EQ(KeAddTriageDumpDataBlock(&data.Array, block, sizeof block), STATUS_INSUFFICIENT_RESOURCES);
}

/* ---------------------------------------------------------------- stacks and saved state */

static PVOID callout_frame;

static VOID NTAPI callout(PVOID Parameter)
{
    callout_frame = __builtin_frame_address(0);
    ++*(ULONG *)Parameter;
}

KILN_TEST(ke_library, callout_on_an_expanded_stack)
{
    ULONG runs = 0;
    CHECK_EQ(KeExpandKernelStackAndCalloutEx(callout, &runs, 1024, TRUE, NULL), STATUS_SUCCESS);
    CHECK_EQ(KeExpandKernelStackAndCalloutEx(callout, &runs, MAXIMUM_EXPANSION_SIZE, TRUE, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(runs, 2);
    CHECK_EQ(KeExpandKernelStackAndCalloutEx(callout, &runs, MAXIMUM_EXPANSION_SIZE + 1, TRUE, NULL),
             STATUS_INVALID_PARAMETER_3);
    CHECK_EQ(KeExpandKernelStackAndCalloutEx(callout, &runs, 1024, TRUE, &runs), STATUS_INVALID_PARAMETER_5);
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    CHECK_EQ(KeExpandKernelStackAndCalloutEx(callout, &runs, 1024, TRUE, NULL), STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(KeExpandKernelStackAndCalloutEx(callout, &runs, 1024, FALSE, NULL), STATUS_SUCCESS);
    KeLowerIrql(irql);
    CHECK_EQ(runs, 3);
}

#ifndef SANITIZED
static VOID NTAPI deep(PVOID Context)
{
    ULONG runs = 0;
    CHECK_EQ(KeExpandKernelStackAndCalloutEx(callout, &runs, MAXIMUM_EXPANSION_SIZE, TRUE, NULL),
             STATUS_SUCCESS);
    LONG_PTR distance = (PUCHAR)callout_frame - (PUCHAR)__builtin_frame_address(0);
    CHECK(distance > 4096 || distance < -(LONG_PTR)MAXIMUM_EXPANSION_SIZE / 2); /* elsewhere */
}

KILN_TEST(ke_library, a_thread_with_a_small_stack_gets_another_one)
{
    join_thread(start_thread(deep, NULL));
}
#endif

static ULONG control(void)
{
    ULONG value;
    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value;
}

static void set_control(ULONG Value)
{
    __asm__ volatile("ldmxcsr %0" ::"m"(Value));
}

KILN_TEST(ke_library, floating_point_state_is_fresh_and_comes_back)
{
    KFLOATING_SAVE outer, inner;
    set_control(0x1f80 | 0x6000); /* round toward zero */
    CHECK_EQ(KeSaveFloatingPointState(&outer), STATUS_SUCCESS);
    CHECK_EQ(control(), 0x1f80);
    set_control(0x1f80 | 0x2000);
    CHECK_EQ(KeSaveFloatingPointState(&inner), STATUS_SUCCESS);
    CHECK_EQ(KeRestoreFloatingPointState(&inner), STATUS_SUCCESS);
    CHECK_EQ(control(), 0x1f80 | 0x2000);
    CHECK_EQ(KeRestoreFloatingPointState(&outer), STATUS_SUCCESS);
    CHECK_EQ(control(), 0x1f80 | 0x6000);
    set_control(0x1f80);
}

#ifndef SANITIZED
KILN_TEST(ke_library, extended_state_comes_back)
{
    XSTATE_SAVE save;
    ULONG64 before = 0x1122334455667788, other = 1, after = 0;
    __asm__ volatile("movq %0, %%xmm3" ::"r"(before));
    CHECK_EQ(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &save), STATUS_SUCCESS);
    __asm__ volatile("movq %0, %%xmm3" ::"r"(other));
    KeRestoreExtendedProcessorState(&save);
    __asm__ volatile("movq %%xmm3, %0" : "=r"(after));
    CHECK_EQ(after, before);
}
#endif

KILN_TEST_BUGCHECK(ke_library, extended_state_is_restored_at_the_same_level, INVALID_FLOATING_POINT_STATE)
{
    XSTATE_SAVE save;
    CHECK_EQ(KeSaveExtendedProcessorState(XSTATE_MASK_LEGACY, &save), STATUS_SUCCESS);
    KeRaiseIrqlToDpcLevel();
    KeRestoreExtendedProcessorState(&save);
}
