/* SPDX-License-Identifier: MIT */
/*
 * watchdog.c: DPCs that run for too long, on checked machines.
 *
 * A DPC may run for LIMIT_ONE, and all DPCs that a processor runs in a row for LIMIT_ALL. Each is timed; and
 * as long as one runs the clock is armed for the moment at which it has run too long, so that one that never
 * ends is found while it runs: the clock interrupts processor 0 above the level of DPCs, and it looks at all
 * processors. A processor that spins in code without any call can be interrupted on the live host only.
 */
#include "kep.h"

#define LIMIT_ONE   (20 * 10000000ULL)  /* 20 s, in 100 ns */
#define LIMIT_ALL   (120 * 10000000ULL) /* 120 s */
#define TICKS(Time) ((ULONG)((Time) / KI_TICK_100NS))

void KepNoteDpcRun(PKI_DPC_QUEUE Queue, ULONG64 Time)
{
    if (Time >= Queue->Longest) {
        Queue->Longest = Time;
        Queue->LongestRoutine = Queue->Routine;
    }
}

void KepWatchdogDpcBegins(PKPRCB Prcb)
{
    ULONG64 now = host_interrupt_time();
    if (now == 0)
        now = 1; /* 0 means none */
    if (Prcb->DpcRunTime == 0)
        Prcb->DpcRunTime = now;
    __atomic_store_n(&Prcb->DpcStartTime, now, __ATOMIC_RELEASE);
    KepArmWatchdog(now + LIMIT_ONE);
}

static DECLSPEC_NORETURN void violation(PKPRCB Prcb, BOOLEAN All, ULONG64 Time)
{
    PVOID routine = Prcb->Dpc[KiDpcNormal].Routine;
    if (All)
        KiBugCheckText(DPC_WATCHDOG_VIOLATION, 1, TICKS(LIMIT_ALL), 0, 0, (ULONG_PTR)routine + 1,
                       "The DPCs of a processor ran for more than 120 s in a row, and no thread could run "
                       "there. The routine "
                       "named here is the last of them; a DPC that queues itself again without a pause looks "
                       "like this.");
    KiBugCheckText(
        DPC_WATCHDOG_VIOLATION, 0, TICKS(Time), TICKS(LIMIT_ONE), 0, (ULONG_PTR)routine + 1,
        "A DPC routine ran for more than 20 s; on Windows nothing else would have run on its processor. It "
        "may wait in a loop for what cannot come at DISPATCH_LEVEL: use a timer, or a work item that waits.");
}

static void check(PKPRCB Prcb, ULONG64 Now)
{
    ULONG64 start = __atomic_load_n(&Prcb->DpcStartTime, __ATOMIC_ACQUIRE);
    if (start == 0 || Now <= start)
        return;
    if (Now - start >= LIMIT_ONE)
        violation(Prcb, FALSE, Now - start);
    if (Now - KI_PEEK(Prcb->DpcRunTime) >= LIMIT_ALL && KI_PEEK(Prcb->DpcRunTime) != 0)
        violation(Prcb, TRUE, Now - start);
}

void KepWatchdogDpcEnds(PKPRCB Prcb)
{
    ULONG64 now = host_interrupt_time();
    check(Prcb, now);
    KepNoteDpcRun(&Prcb->Dpc[KiDpcNormal], now - Prcb->DpcStartTime);
    __atomic_store_n(&Prcb->DpcStartTime, 0, __ATOMIC_RELEASE);
}

void KepWatchdogCheck(void)
{
    if (!host_config()->checked)
        return;
    ULONG64 now = host_interrupt_time();
    for (ULONG i = 0; i < KiProcessorCount; i++)
        check(&KiPcrs[i].Prcb, now);
    /* While this processor runs a DPC its clock work has to wait, and with it the arming of the clock. */
    if (KiPrcb()->DpcStartTime != 0)
        host_clock_arm(KepWatchdogDue());
}

ULONG64 KepWatchdogDue(void)
{
    ULONG64 due = UINT64_MAX;
    for (ULONG i = 0; i < KiProcessorCount; i++) {
        ULONG64 start = __atomic_load_n(&KiPcrs[i].Prcb.DpcStartTime, __ATOMIC_ACQUIRE);
        if (start != 0 && start + LIMIT_ONE < due)
            due = start + LIMIT_ONE;
    }
    return due;
}

/* Counts are what is left, in ticks. Outside a DPC, and on a machine that is not checked, nothing has been
 * used up. */
NTSTATUS NTAPI KeQueryDpcWatchdogInformation(PKDPC_WATCHDOG_INFORMATION WatchdogInformation)
{
    PKPRCB prcb = KiPrcb();
    if (KiIrql() < DISPATCH_LEVEL)
        return STATUS_UNSUCCESSFUL;
    ULONG64 now = host_interrupt_time();
    ULONG64 one = prcb->DpcStartTime ? now - prcb->DpcStartTime : 0,
            all = prcb->DpcRunTime ? now - prcb->DpcRunTime : 0;
    *WatchdogInformation = (KDPC_WATCHDOG_INFORMATION){
        .DpcTimeLimit = TICKS(LIMIT_ONE),
        .DpcTimeCount = one < LIMIT_ONE ? TICKS(LIMIT_ONE - one) : 0,
        .DpcWatchdogLimit = TICKS(LIMIT_ALL),
        .DpcWatchdogCount = all < LIMIT_ALL ? TICKS(LIMIT_ALL - all) : 0,
    };
    return STATUS_SUCCESS;
}
