/* SPDX-License-Identifier: MIT */
/*
 * ps/user.c: threads of user processes: their making, their user side, and the way back to it.
 *
 * A user thread has a kernel stack like any other and, in its process's slice, one range of memory:
 *
 *      guard page | user stack | TEB (two pages) | library area (the client layer's)
 *
 * It begins on the kernel stack (user_startup), leaves for its start routine by KiCallUser, and comes back
 * for each system call. On the way out of a system call (PspReturnToUser) it ends if it was told to, and user
 * APCs run: that is the only place where they do. An alertable wait in user mode ends with STATUS_USER_APC
 * and leaves the rest to it.
 *
 * Its user code is code of the host program. It is never interrupted: interrupts, preemption and the order to
 * end take effect when it calls the kernel.
 */
#include "psi.h"

#define DEFAULT_STACK (128u << 10)
#define RED_ZONE      256

/* ---------------------------------------------------------------- environment blocks */

/* What of the PEB and the TEB is documented, by offset. */
enum {
    PEB_IMAGE_BASE = 0x10,
    PEB_SESSION_ID = 0x2C0,
    TEB_STACK_BASE = 0x08,
    TEB_STACK_LIMIT = 0x10,
    TEB_SELF = 0x30,
    TEB_CLIENT_ID = 0x40,
    TEB_PEB = 0x60,
};

static NTSTATUS put(PUCHAR block, ULONG offset, ULONG64 value)
{
    return KiCopyToUser(block + offset, &value, sizeof(value));
}

NTSTATUS PspCreatePeb(PEPROCESS Process)
{
    PVOID range;
    NTSTATUS status = MiAllocateUserStack(Process, PAGE_SIZE, &range);
    if (!NT_SUCCESS(status))
        return status;
    PUCHAR peb = (PUCHAR)range + PAGE_SIZE;
    status = put(peb, PEB_IMAGE_BASE, (ULONG64)(ULONG_PTR)Process->SectionBaseAddress);
    if (NT_SUCCESS(status))
        status = KiCopyToUser(peb + PEB_SESSION_ID, &Process->SessionId, sizeof(ULONG));
    if (NT_SUCCESS(status))
        Process->Peb = peb;
    return status;
}

NTSTATUS PspCreateUserRange(PETHREAD Thread, SIZE_T StackBytes)
{
    PVOID range;
    PEPROCESS process = Thread->ThreadsProcess;
    NTSTATUS status = MiAllocateUserStack(process, StackBytes + PSP_TEB_BYTES + PSP_USER_AREA_BYTES, &range);
    if (!NT_SUCCESS(status))
        return status;
    PUCHAR limit = (PUCHAR)range + PAGE_SIZE, teb = limit + StackBytes;
    Thread->UserRange = range;
    Thread->UserArea = teb + PSP_TEB_BYTES;
    Thread->Tcb.Teb = teb;
    struct {
        ULONG offset;
        PVOID value;
    } fields[] = {
        {TEB_STACK_BASE, StackBytes ? teb : NULL},
        {TEB_STACK_LIMIT, StackBytes ? limit : NULL},
        {TEB_SELF, teb},
        {TEB_CLIENT_ID, Thread->Cid.UniqueProcess},
        {TEB_CLIENT_ID + 8, Thread->Cid.UniqueThread},
        {TEB_PEB, process->Peb},
    };
    for (ULONG i = 0; i < RTL_NUMBER_OF(fields) && NT_SUCCESS(status); i++)
        status = put(teb, fields[i].offset, (ULONG64)(ULONG_PTR)fields[i].value);
    return status;
}

/* Frames of user code may end without returning: AddressSanitizer must not see their redzones any more. */
static void forget_frames(PETHREAD thread)
{
#ifdef KILN_ASAN
    void __asan_unpoison_memory_region(const void *, SIZE_T);
    PUCHAR stack = (PUCHAR)thread->UserRange + PAGE_SIZE;
    __asan_unpoison_memory_region(stack, (SIZE_T)((PUCHAR)thread->Tcb.Teb - stack));
#else
    UNREFERENCED_PARAMETER(thread);
#endif
}

void PspDeleteUserRange(PETHREAD Thread)
{
    PVOID range = Thread->UserRange;
    if (!range)
        return;
    forget_frames(Thread);
    Thread->UserRange = Thread->UserArea = NULL;
    Thread->Tcb.Teb = NULL;
    MiFreeUser(Thread->ThreadsProcess, range);
}

/* ---------------------------------------------------------------- leaving the kernel */

KI_ANY_ROUTINE_TYPE static void call_apc(void *context)
{
    KI_USER_APC *apc = context;
    apc->NormalRoutine(apc->NormalContext, apc->SystemArgument1, apc->SystemArgument2);
}

static void run_user_apcs(PETHREAD thread)
{
    KI_USER_APC apc;
    while (KI_PEEK(thread->Tcb.ApcState.UserApcPendingAll) && KiTakeUserApc(&apc)) {
        if (thread->UserThread)
            KiCallUser(&thread->Tcb, call_apc, &apc, (PUCHAR)thread->Tcb.UserStackPointer - RED_ZONE);
        else
            call_apc(&apc);
        /* The routine returns to where it interrupted user mode, with an alert test on the way. */
        KeTestAlertThread(UserMode);
    }
}

/* A driver that the system call led to has left something undone that nobody can make up for in user mode. */
static DECLSPEC_NORETURN DECLSPEC_NOINLINE void unbalanced(PKTHREAD thread)
{
    if (KiIrql() != PASSIVE_LEVEL)
        KiBugCheckText(IRQL_GT_ZERO_AT_SYSTEM_SERVICE, 0, KiIrql(), 0, 0, 0,
                       "A thread returns to user mode at a raised IRQL: a driver raised it, or acquired a spin lock or "
                       "fast mutex, and did not go back before its dispatch routine returned.");
    KiBugCheckText(APC_INDEX_MISMATCH, 0, thread->ApcStateIndex,
                   (ULONG)(USHORT)thread->SpecialApcDisable << 16 | (USHORT)thread->KernelApcDisable, 0, 0,
                   thread->ApcStateIndex != OriginalApcEnvironment
                       ? "A thread returns to user mode attached to another process: KeStackAttachProcess was called "
                         "without KeUnstackDetachProcess."
                       : "A thread returns to user mode with APCs disabled: a driver that its request went through owns "
                         "a mutex still, or has not left a critical or guarded region (KeEnterCriticalRegion, "
                         "FsRtlEnterFileSystem, a guarded mutex).");
}

void PspReturnToUser(void)
{
    PETHREAD thread = PspCurrentThread();
    if (!thread->UserThread && !thread->ClientThread)
        return;
    if (__builtin_expect(KiIrql() != PASSIVE_LEVEL || thread->Tcb.KernelApcDisable != 0 ||
                             thread->Tcb.SpecialApcDisable != 0 ||
                             thread->Tcb.ApcStateIndex != OriginalApcEnvironment,
                         0))
        unbalanced(&thread->Tcb);
    KiDeliverPending();
    if (__builtin_expect(KI_PEEK(thread->Tcb.ExitPending), 0))
        PspExitThread(thread->ClaimedStatus);
    if (__builtin_expect(KI_PEEK(thread->Tcb.ApcState.UserApcPendingAll), 0)) {
        run_user_apcs(thread);
        if (KI_PEEK(thread->Tcb.ExitPending))
            PspExitThread(thread->ClaimedStatus);
    }
}

typedef struct system_call {
    void (*fn)(void *);
    void *context;
} system_call;

static void serve(void *context)
{
    system_call *call = context;
    KiThread()->PreviousMode = UserMode;
    call->fn(call->context);
    PspReturnToUser();
}

void PspSystemCall(void (*fn)(void *), void *Context)
{
    system_call call = {fn, Context};
    KiEnterKernel(serve, &call);
}

/* ---------------------------------------------------------------- making */

typedef struct user_start {
    PSP_USER_START *start;
    void *context;
    int result;
} user_start;

static void call_start(void *context)
{
    user_start *call = context;
    call->result = call->start(call->context);
}

static VOID NTAPI user_startup(PKSTART_ROUTINE StartRoutine, PVOID StartContext)
{
    PETHREAD thread = PspCurrentThread();
    user_start call = {(PSP_USER_START *)(PVOID)StartRoutine, StartContext, 0};
    KiLower(PASSIVE_LEVEL);
    PspNotifyThreadStarts(thread);
    thread->Tcb.UserStackPointer = thread->Tcb.Teb;
    /* APCs queued before it began run before its start routine does. */
    KeTestAlertThread(UserMode);
    thread->Tcb.PreviousMode = UserMode;
    PspReturnToUser();
    KiCallUser(&thread->Tcb, call_start, &call, thread->Tcb.Teb);
    KiDeliverPending();
    PspExitThread(thread->Tcb.ExitPending ? thread->ClaimedStatus : call.result);
}

/* The first thread has the process announced; a driver's refusal ends the process. */
static NTSTATUS announce(PEPROCESS process)
{
    NTSTATUS status = STATUS_SUCCESS;
    if (!__atomic_exchange_n(&process->CreateReported, 1, __ATOMIC_ACQ_REL))
        PspNotifyProcess(process, TRUE, &status);
    return status;
}

NTSTATUS PspCreateUserThread(PEPROCESS Process, PSP_USER_START *Start, PVOID Context, SIZE_T StackBytes,
                             BOOLEAN Suspended, PETHREAD *Thread)
{
    PETHREAD thread;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (Process->Exiting || Process->Terminating)
        return STATUS_PROCESS_IS_TERMINATING;
    /* The System process has addresses for drivers' views, and no user mode. */
    if (!Process->MmSlice || Process == PsInitialSystemProcess || StackBytes > PSP_USER_STACK_MAX)
        return STATUS_INVALID_PARAMETER;
    StackBytes = StackBytes ? (StackBytes + PAGE_SIZE - 1) & ~(SIZE_T)(PAGE_SIZE - 1) : DEFAULT_STACK;
    NTSTATUS status = PspAllocateThread(Process, NULL, KernelMode, &thread);
    if (!NT_SUCCESS(status))
        return status;
    thread->UserThread = TRUE;
    thread->StartAddress = (PKSTART_ROUTINE)(PVOID)Start;
    thread->StartContext = Context;
    status = PspCreateUserRange(thread, StackBytes);
    if (NT_SUCCESS(status))
        status = KeInitThread(&thread->Tcb, NULL, user_startup, (PKSTART_ROUTINE)(PVOID)Start, Context,
                              thread->Tcb.Teb, &Process->Pcb);
    if (!NT_SUCCESS(status)) {
        PspDeleteUserRange(thread);
        ObDereferenceObject(thread);
        return status;
    }
    thread->Tcb.PreviousMode = UserMode;
    thread->Tcb.DisableBoost = Process->PriorityBoostDisabled;
    /* Insertion consumes the creator's reference; the bias gives the caller one. */
    status = ObInsertObject(thread, NULL, 0, 1, NULL, NULL);
    if (!NT_SUCCESS(status))
        return status;
    if (Suspended)
        KeSuspendThread(&thread->Tcb, NULL);
    status = PspEnterThread(thread);
    if (!NT_SUCCESS(status)) {
        PspDeleteUserRange(thread);
        ObDereferenceObject(thread);
        return status;
    }
    status = announce(Process);
    if (NT_SUCCESS(status)) {
        PspNotifyThread(thread, TRUE);
        KeStartThread(&thread->Tcb);
        *Thread = thread;
        return STATUS_SUCCESS;
    }
    /* Refused: the thread ends before it reaches user mode, and the process with it. */
    PspForbidThreads(Process, status);
    PspTerminateThread(thread, status);
    KeStartThread(&thread->Tcb);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    return status;
}
