/* SPDX-License-Identifier: MIT */
/*
 * irql.c: interrupt request levels and the delivery of what is pending.
 *
 * IRQL is a byte of the processor's KIPCR. Raising stores it. Lowering stores it and compares with the processor's
 * pending mask, where bit n says that something waits to be delivered at level n:
 *
 *      1 APC        the current thread has kernel APCs            (set and cleared under D)
 *      2 DISPATCH   DPCs, quantum end, a better thread
 *      3..12        device vectors: 16 a level, in KPRCB.Irr
 *      13 CLOCK     the armed clock is due                        (posted by the host)
 *      14 IPI       KeIpiGenericCall of another processor
 *
 * Whoever posts sets the detail first (the vector, the queue entry), then the bit, then kicks; the delivery clears the
 * bit first and then takes the detail. So nothing is lost, and at worst a delivery finds nothing to do.
 *
 * Delivery runs on the stack of whatever it interrupts, at the level it delivers, highest first; after each it starts
 * over, because a DISPATCH delivery may have switched threads and the thread may go on on another processor.
 */
#include "kep.h"

void (*KiTrimPointRoutine)(PVOID Caller);

void KiPost(PKIPCR Pcr, KIRQL Level)
{
    __atomic_fetch_or(&Pcr->Pending, 1u << Level, __ATOMIC_SEQ_CST);
    KepKick(&Pcr->Prcb);
}

DECLSPEC_NOINLINE void KiDeliver(void)
{
    PKIPCR pcr = KiPcr();
    KIRQL irql = pcr->Irql;
    for (;;) {
        ULONG pending = __atomic_load_n(&pcr->Pending, __ATOMIC_ACQUIRE) >> (irql + 1);
        if (pending == 0)
            return;
        KIRQL level = irql + 32 - __builtin_clz(pending);
        pcr->Irql = level;
        __atomic_fetch_and(&pcr->Pending, ~(1u << level), __ATOMIC_SEQ_CST);
        switch (level) {
        case APC_LEVEL:
            KepDeliverKernelApcs();
            break;
        case DISPATCH_LEVEL:
            KepDispatchInterrupt();
            break;
        case CLOCK_LEVEL:
            KepClockInterrupt();
            break;
        case IPI_LEVEL:
            KepIpiInterrupt();
            break;
        default:
            KepDispatchVectors(level);
            break;
        }
        pcr = KiPcr();
        pcr->Irql = irql;
    }
}

DECLSPEC_NOINLINE void KiSchedPointSlow(enum host_point Kind)
{
    PKIPCR pcr = KiPcr();
    if ((pcr->SchedPoints & KI_POINTS_HOST) && host_sched_point(Kind)) {
        pcr = KiPcr();
        pcr->Prcb.QuantumEnd = TRUE;
        KepPostSelf(pcr, DISPATCH_LEVEL);
    }
    KiDeliverPending();
}

void KiSpinRelax(void)
{
    host_relax();
    KiDeliverPending();
}

void KiRedirected(void)
{
    KiDeliverPending();
}

DECLSPEC_NORETURN void KiIrqlViolation(const char *What, KIRQL Maximum, PVOID Caller)
{
    static const char *const levels[] = {"PASSIVE_LEVEL", "APC_LEVEL", "DISPATCH_LEVEL"};
    static char text[256];
    static const char *const pieces[] = {" was called at an IRQL above ", ", the highest at which it may be called; "
                                         "lower the IRQL first, or use a routine allowed at this level."};
    SIZE_T at = 0;
    const char *parts[] = {What, pieces[0], Maximum <= DISPATCH_LEVEL ? levels[Maximum] : "its limit", pieces[1]};
    for (ULONG i = 0; i < RTL_NUMBER_OF(parts); i++)
        for (const char *c = parts[i]; *c && at < sizeof text - 1; c++)
            text[at++] = *c;
    text[at] = 0;
    KiBugCheckText(IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Caller, KiIrql(), 0, (ULONG_PTR)Caller, (ULONG_PTR)Caller, text);
}

/* ---------------------------------------------------------------- exported */

KIRQL NTAPI KeGetCurrentIrql(VOID)
{
    return KiIrql();
}

KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql)
{
    PKIPCR pcr = KiPcr();
    KIRQL old = pcr->Irql;
    if (NewIrql < old)
        KiBugCheckText(IRQL_NOT_GREATER_OR_EQUAL, old, NewIrql, 0, 0, (ULONG_PTR)__builtin_return_address(0),
                       "KeRaiseIrql was asked to raise to a level below the current IRQL; use KeLowerIrql to lower.");
    if (NewIrql > HIGH_LEVEL)
        KiBugCheckText(IRQL_NOT_GREATER_OR_EQUAL, old, NewIrql, 0, 0, (ULONG_PTR)__builtin_return_address(0),
                       "KeRaiseIrql was asked to raise above HIGH_LEVEL (15).");
    pcr->Irql = NewIrql;
    __asm__ volatile("" ::: "memory");
    KiTrimPoint(__builtin_return_address(0));
    return old;
}

VOID NTAPI KfLowerIrql(KIRQL NewIrql)
{
    if (NewIrql > KiIrql())
        KiBugCheckText(IRQL_NOT_LESS_OR_EQUAL, 0, NewIrql, 0, (ULONG_PTR)__builtin_return_address(0),
                       (ULONG_PTR)__builtin_return_address(0),
                       "KeLowerIrql was asked to lower to a level above the current IRQL; it takes the IRQL that "
                       "KeRaiseIrql returned, on the same processor, in reverse order of the raises.");
    KiLower(NewIrql);
    KiSchedPoint(HOST_POINT_IRQL);
}

VOID NTAPI KeLowerIrql(KIRQL NewIrql)
{
    KfLowerIrql(NewIrql);
}

/* The same under the names that newer headers use. */
KIRQL NTAPI KzRaiseIrql(KIRQL NewIrql)
{
    return KfRaiseIrql(NewIrql);
}

VOID NTAPI KzLowerIrql(KIRQL NewIrql)
{
    KfLowerIrql(NewIrql);
}

KIRQL NTAPI KeRaiseIrqlToDpcLevel(VOID)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL old = KiRaise(DISPATCH_LEVEL);
    KiTrimPoint(__builtin_return_address(0));
    return old;
}

KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID)
{
    KI_ASSERT_IRQL_MAX(SYNCH_LEVEL);
    return KiRaise(SYNCH_LEVEL);
}

/* Some drivers import the macro's name. */
#undef KeRaiseIrql
VOID NTAPI KeRaiseIrql(KIRQL NewIrql, PKIRQL OldIrql)
{
    *OldIrql = KfRaiseIrql(NewIrql);
}
