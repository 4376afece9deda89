/* SPDX-License-Identifier: MIT */
/*
 * interrupt.c: interrupt objects and the delivery of device vectors.
 *
 * A system vector is a number whose high nibble is its IRQL: 0x30..0xcf are device vectors at levels 3..12. A device
 * model raises a vector on the machine; a processor of the connected objects' affinity gets it in its Irr word of that
 * level and in its pending mask. Delivery at the level runs the vector's chain of interrupt objects.
 *
 * Level-sensitive lines: KiSetLine keeps which sources assert a vector. While some do, the vector is posted again
 * after each run of its chain, as an interrupt controller does after the end-of-interrupt: a driver that does not
 * silence its device sees an interrupt storm here as on hardware, and the counter of fruitless runs says so.
 *
 * A service routine runs with its object's spin lock held, at the object's synchronisation level. KeSynchronizeExecution
 * takes the same lock. An interrupt object at PASSIVE_LEVEL has its routine run by the threaded DPC of its vector and
 * uses an event as its lock.
 *
 * Locks: vectors_lock (at HIGH_LEVEL) guards the chains; disconnecting waits until no processor runs the chain.
 */
#include "kep.h"
#include "locks.h"
#include "mi.h"

#define FIRST_VECTOR 0x30
#define LAST_VECTOR  0xcf
#define STORM_RUNS   100000

struct _KINTERRUPT {
    SHORT Type;
    SHORT Size;
    LIST_ENTRY Chain;       /* vectors_lock */
    KI_CONNECT Connect;     /* constant */
    KSPIN_LOCK OwnLock;
    PKSPIN_LOCK ActualLock; /* constant */
    KEVENT PassiveLock;     /* of a passive-level interrupt */
    BOOLEAN Active;
    BOOLEAN Passive;
};
typedef struct _KINTERRUPT KINTERRUPT;

typedef struct _VECTOR {
    LIST_ENTRY Chain;        /* of KINTERRUPT */
    BOOLEAN Initialized;
    BOOLEAN Level;           /* line-based */
    volatile ULONG Running;  /* processors that execute the chain */
    volatile ULONG Asserted; /* sources that assert the line */
    ULONG Fruitless;         /* runs in a row that nobody claimed */
    KDPC PassiveDpc;
} VECTOR;

static VECTOR vectors[LAST_VECTOR - FIRST_VECTOR + 1];
static KSPIN_LOCK vectors_lock;

static VECTOR *vector_of(ULONG Vector)
{
    return Vector >= FIRST_VECTOR && Vector <= LAST_VECTOR ? &vectors[Vector - FIRST_VECTOR] : NULL;
}

static KIRQL lock_vectors(void)
{
    KIRQL irql = KiRaise(HIGH_LEVEL);
    while (__atomic_exchange_n(&vectors_lock, 1, __ATOMIC_ACQUIRE))
        host_relax();
    return irql;
}

static void unlock_vectors(KIRQL Irql)
{
    __atomic_store_n(&vectors_lock, 0, __ATOMIC_RELEASE);
    KiLower(Irql);
}

/* ---------------------------------------------------------------- running service routines */

static BOOLEAN call(PKINTERRUPT Interrupt)
{
    const KI_CONNECT *connect = &Interrupt->Connect;
    KiTrimPoint(NULL);
    return connect->MessageServiceRoutine
               ? connect->MessageServiceRoutine(Interrupt, connect->ServiceContext, connect->MessageId)
               : connect->ServiceRoutine(Interrupt, connect->ServiceContext);
}

static void take_lock(PKSPIN_LOCK Lock, PVOID Caller)
{
    ULONG64 rounds = 0;
    ULONG_PTR self = KiProcessorNumber() + 1, expected = 0;
    while (!__atomic_compare_exchange_n(Lock, &expected, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        if (expected == self)
            KiBugCheckText(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)Lock, 0, KiIrql(), 0, 0,
                           "An interrupt spin lock was acquired by a processor that already holds it.");
        expected = 0;
        KiSpinRound(KiLockInterrupt, Lock, Caller, rounds++);
        KiSpinRelax();
    }
    if (rounds != 0)
        KiEndSpin();
    KiSpinAcquired(KiLockInterrupt, Lock, FALSE, Caller);
}

static void drop_lock(PKSPIN_LOCK Lock)
{
    KiSpinReleased(Lock);
    __atomic_store_n(Lock, 0, __ATOMIC_RELEASE);
}

static BOOLEAN service(PKINTERRUPT Interrupt)
{
    KIRQL irql = KiIrql();
    KiRaise(Interrupt->Connect.SynchronizeIrql);
    take_lock(Interrupt->ActualLock, (PVOID)(ULONG_PTR)Interrupt->Connect.ServiceRoutine);
    BOOLEAN claimed = call(Interrupt);
    if (KiIrql() != Interrupt->Connect.SynchronizeIrql)
        KiBugCheckText(IRQL_UNEXPECTED_VALUE, (ULONG_PTR)KiIrql() << 16 | Interrupt->Connect.SynchronizeIrql,
                       (ULONG_PTR)Interrupt->Connect.ServiceRoutine, 0, 0, (ULONG_PTR)Interrupt->Connect.ServiceRoutine,
                       "An interrupt service routine returned at another IRQL than it was called at.");
    drop_lock(Interrupt->ActualLock);
    KiLower(irql);
    return claimed;
}

/* Run the chain. A shared line is offered to all until one claims it; with latched interrupts all are asked. */
static void run_chain(VECTOR *Vector, ULONG Number, BOOLEAN Passive)
{
    BOOLEAN claimed = FALSE, passive_work = FALSE;
    __atomic_fetch_add(&Vector->Running, 1, __ATOMIC_SEQ_CST);
    for (LIST_ENTRY *entry = Vector->Chain.Flink; entry != &Vector->Chain; entry = entry->Flink) {
        PKINTERRUPT interrupt = CONTAINING_RECORD(entry, KINTERRUPT, Chain);
        if (!interrupt->Active)
            continue;
        if (interrupt->Passive != Passive) {
            passive_work |= interrupt->Passive;
            continue;
        }
        if (Passive) {
            KeWaitForSingleObject(&interrupt->PassiveLock, Executive, KernelMode, FALSE, NULL);
            claimed |= call(interrupt);
            KeSetEvent(&interrupt->PassiveLock, 0, FALSE);
        } else if (service(interrupt)) {
            claimed = TRUE;
            if (interrupt->Connect.Mode == LevelSensitive)
                break;
        }
    }
    __atomic_fetch_sub(&Vector->Running, 1, __ATOMIC_SEQ_CST);
    if (!Passive && !claimed && passive_work) {
        KeInsertQueueDpc(&Vector->PassiveDpc, NULL, NULL);
        return; /* the line stays masked until the passive routines have run */
    }
    if (Vector->Asserted == 0) {
        Vector->Fruitless = 0;
        return;
    }
    Vector->Fruitless = claimed ? 0 : Vector->Fruitless + 1;
    if (Vector->Fruitless >= STORM_RUNS)
        KiBugCheckText(HARDWARE_INTERRUPT_STORM, 0, 0, Number, 0, 0,
                       "A level-sensitive interrupt stays asserted although every connected service routine ran many "
                       "times: a service routine must make its device stop interrupting, and return TRUE.");
    KiPostVector(Number);
}

static VOID NTAPI passive_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    VECTOR *vector = Context;
    run_chain(vector, FIRST_VECTOR + (ULONG)(vector - vectors), TRUE);
}

void KepDispatchVectors(KIRQL Level)
{
    PKPRCB prcb = KiPrcb();
    ULONG requested = __atomic_exchange_n(&prcb->Irr[Level], 0, __ATOMIC_ACQ_REL);
    prcb->NestingLevel++;
    while (requested != 0) {
        ULONG bit = 31 - (ULONG)__builtin_clz(requested);
        requested &= ~(1u << bit);
        ULONG number = (ULONG)Level << 4 | bit;
        VECTOR *vector = vector_of(number);
        prcb->InterruptCount++;
        KiTrace("interrupt", prcb->Number, number, 0, 0);
        if (vector && vector->Initialized)
            run_chain(vector, number, FALSE);
    }
    prcb->NestingLevel--;
}

/* ---------------------------------------------------------------- raising */

void KiPostVector(ULONG Vector)
{
    VECTOR *vector = vector_of(Vector);
    if (!vector)
        return;
    /* The lowest processor of the first object's affinity: interrupts of one vector then never race each other. */
    ULONG number = 0;
    if (vector->Initialized) {
        LIST_ENTRY *first = __atomic_load_n(&vector->Chain.Flink, __ATOMIC_ACQUIRE);
        if (first != &vector->Chain) {
            KAFFINITY affinity = CONTAINING_RECORD(first, KINTERRUPT, Chain)->Connect.Affinity & KiActiveProcessors;
            if (affinity)
                number = (ULONG)__builtin_ctzll(affinity);
        }
    }
    KIRQL level = (KIRQL)(Vector >> 4);
    __atomic_fetch_or(&KiPcrs[number].Prcb.Irr[level], (USHORT)(1u << (Vector & 15)), __ATOMIC_SEQ_CST);
    KiPost(&KiPcrs[number], level);
}

void KiSetLine(ULONG Vector, PVOID Source, BOOLEAN Asserted)
{
    VECTOR *vector = vector_of(Vector);
    if (!vector)
        return;
    if (Asserted) {
        __atomic_fetch_add(&vector->Asserted, 1, __ATOMIC_SEQ_CST);
        KiPostVector(Vector);
    } else if (vector->Asserted != 0) {
        __atomic_fetch_sub(&vector->Asserted, 1, __ATOMIC_SEQ_CST);
    }
}

/* ---------------------------------------------------------------- connecting */

NTSTATUS KiConnectInterrupt(const KI_CONNECT *Connect, PKINTERRUPT *Interrupt)
{
    *Interrupt = NULL;
    VECTOR *vector = vector_of(Connect->Vector);
    BOOLEAN passive = Connect->SynchronizeIrql == PASSIVE_LEVEL;
    if (!vector || (!passive && (Connect->Irql != Connect->Vector >> 4 || Connect->SynchronizeIrql < Connect->Irql ||
                                 Connect->SynchronizeIrql > HIGH_LEVEL)) ||
        !(Connect->Affinity & KiActiveProcessors) || (!Connect->ServiceRoutine && !Connect->MessageServiceRoutine))
        return STATUS_INVALID_PARAMETER;
    PKINTERRUPT interrupt =
        MiAllocatePool(NonPagedPoolNx, sizeof *interrupt, 'tnIK', TRUE, __builtin_return_address(0));
    if (!interrupt)
        return STATUS_INSUFFICIENT_RESOURCES;
    interrupt->Type = InterruptObject;
    interrupt->Size = sizeof *interrupt;
    interrupt->Connect = *Connect;
    interrupt->ActualLock = Connect->SpinLock ? Connect->SpinLock : &interrupt->OwnLock;
    interrupt->Passive = passive;
    interrupt->Active = TRUE;
    KeInitializeEvent(&interrupt->PassiveLock, SynchronizationEvent, TRUE);

    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql = lock_vectors();
    if (!vector->Initialized) {
        InitializeListHead(&vector->Chain);
        KeInitializeThreadedDpc(&vector->PassiveDpc, passive_dpc, vector);
        vector->Initialized = TRUE;
    }
    if (!IsListEmpty(&vector->Chain)) {
        PKINTERRUPT other = CONTAINING_RECORD(vector->Chain.Flink, KINTERRUPT, Chain);
        if (!Connect->ShareVector || !other->Connect.ShareVector || other->Connect.Mode != Connect->Mode)
            status = STATUS_INVALID_PARAMETER;
    }
    if (NT_SUCCESS(status)) {
        vector->Level = Connect->Mode == LevelSensitive;
        InsertTailList(&vector->Chain, &interrupt->Chain);
    }
    unlock_vectors(irql);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(interrupt, 'tnIK');
        return status;
    }
    *Interrupt = interrupt;
    if (vector->Asserted != 0)
        KiPostVector(Connect->Vector);
    return STATUS_SUCCESS;
}

void KiDisconnectInterrupt(PKINTERRUPT Interrupt)
{
    VECTOR *vector = vector_of(Interrupt->Connect.Vector);
    KIRQL irql = lock_vectors();
    RemoveEntryList(&Interrupt->Chain); /* its own links stay, for a processor that stands on it */
    unlock_vectors(irql);
    while (__atomic_load_n(&vector->Running, __ATOMIC_SEQ_CST) != 0) {
        LARGE_INTEGER pause = {.QuadPart = -1000};
        KeDelayExecutionThread(KernelMode, FALSE, &pause);
    }
    ExFreePoolWithTag(Interrupt, 'tnIK');
}

void KiSetInterruptActive(PKINTERRUPT Interrupt, BOOLEAN Active)
{
    __atomic_store_n(&Interrupt->Active, Active, __ATOMIC_SEQ_CST);
    VECTOR *vector = vector_of(Interrupt->Connect.Vector);
    if (Active && vector->Asserted != 0)
        KiPostVector(Interrupt->Connect.Vector);
}

/* ---------------------------------------------------------------- exported */

static void check_level(PKINTERRUPT Interrupt, const char *What, PVOID Caller)
{
    if (KiIrql() > Interrupt->Connect.SynchronizeIrql)
        KiIrqlViolation(What, Interrupt->Connect.SynchronizeIrql, Caller);
}

KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt)
{
    check_level(Interrupt, __func__, __builtin_return_address(0));
    if (Interrupt->Passive) {
        KeWaitForSingleObject(&Interrupt->PassiveLock, Executive, KernelMode, FALSE, NULL);
        return PASSIVE_LEVEL;
    }
    KIRQL irql = KiRaise(Interrupt->Connect.SynchronizeIrql);
    KiSchedPoint(HOST_POINT_LOCK);
    take_lock(Interrupt->ActualLock, __builtin_return_address(0));
    return irql;
}

VOID NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql)
{
    if (Interrupt->Passive) {
        KeSetEvent(&Interrupt->PassiveLock, 0, FALSE);
        return;
    }
    drop_lock(Interrupt->ActualLock);
    KiLower(OldIrql);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT Interrupt, PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                     PVOID SynchronizeContext)
{
    KIRQL irql = KeAcquireInterruptSpinLock(Interrupt);
    BOOLEAN result = SynchronizeRoutine(SynchronizeContext);
    KeReleaseInterruptSpinLock(Interrupt, irql);
    return result;
}
