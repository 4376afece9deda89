/* SPDX-License-Identifier: MIT */
/*
 * clock.c: the clock interrupt, and the time of day.
 *
 * There is no regular tick. The clock is armed for the earliest of the next timer and, while threads compete for
 * processors, the next tick of the quantum clock. The host posts CLOCK_LEVEL to processor 0 when it is due; the
 * interrupt only leaves a note, and the work is done at DISPATCH_LEVEL, where D may be taken.
 *
 * Interrupt time is the host's monotonic clock. System time is interrupt time plus an offset that KiSetSystemTime
 * changes. Tick counts are interrupt time divided by the tick length, so they need no ticking either.
 */
#include "kep.h"

ULONG64 KepTick;
static ULONG64 armed_for = UINT64_MAX; /* [D] no interrupt is needed before */
static ULONG64 tick_due = UINT64_MAX;  /* [D] */
static volatile BOOLEAN watchdog_armed; /* [D] the clock is armed for nothing but the watchdog, perhaps */
static volatile ULONG clock_requested; /* [a] processor 0 has clock work */
static volatile LONG64 system_offset;  /* system time minus interrupt time */
ULONG KeMaximumIncrement = KI_TICK_100NS;

void KepArmClock(ULONG64 Due)
{
    if (Due < armed_for) {
        armed_for = Due;
        host_clock_arm(Due);
    }
}

void KepArmTick(void)
{
    if (tick_due == UINT64_MAX) {
        tick_due = host_interrupt_time() + KI_TICK_100NS;
        KepArmClock(tick_due);
    }
}

/* Any host thread, signal context. */
void KiPostClock(void)
{
    KiPost(&KiPcrs[0], CLOCK_LEVEL);
}

void KepClockInterrupt(void)
{
    KepWatchdogCheck();
    __atomic_store_n(&clock_requested, 1, __ATOMIC_RELEASE);
    KepPostSelf(KiPcr(), DISPATCH_LEVEL);
}

BOOLEAN KepClockRequested(PKPRCB Prcb)
{
    return Prcb->Number == 0 && clock_requested != 0;
}

/* D held. */
static void rearm(void)
{
    ULONG64 next = KepNextTimerDue(), watchdog = host_config()->checked ? KepWatchdogDue() : UINT64_MAX;
    next = next < tick_due ? next : tick_due;
    watchdog_armed = watchdog < next;
    armed_for = watchdog_armed ? watchdog : next;
    host_clock_arm(armed_for);
}

void KepClockWork(void)
{
    __atomic_store_n(&clock_requested, 0, __ATOMIC_RELEASE);
    KiLockDispatcherAtDpcLevel();
    ULONG64 now = host_interrupt_time();
    KiTrace("clock", now, 0, 0, 0);
    KepExpireTimers(now);
    if (now >= tick_due) {
        KepTick++;
        KepTickQuanta(KepTick);
        /* A processor that was posted to while inside the kernel may have gone back to driver code unnoticed. */
        for (ULONG i = 1; i < KiProcessorCount; i++)
            if (KiPending(&KiPcrs[i]) != 0)
                KepKick(&KiPcrs[i].Prcb);
        tick_due = KepReadySummary != 0 ? now + KI_TICK_100NS : UINT64_MAX;
    }
    rearm();
    KiUnlockDispatcherFromDpcLevel();
}

void KepArmWatchdog(ULONG64 Due)
{
    if (KI_PEEK(armed_for) <= Due)
        return;
    KiLockDispatcherAtDpcLevel();
    watchdog_armed = TRUE;
    KepArmClock(Due);
    KiUnlockDispatcherFromDpcLevel();
}

void KepDisarmWatchdog(void)
{
    if (!watchdog_armed)
        return;
    KIRQL irql = KiLockDispatcher();
    rearm();
    KiUnlockDispatcher(irql);
}

/* ---------------------------------------------------------------- time of day */

LONG64 KiQuerySystemTime(void)
{
    return (LONG64)host_interrupt_time() + system_offset;
}

static ULONG64 boot_cycles, boot_time; /* of the calibration of KepCycles */

ULONG64 KepCyclesToTime(ULONG64 Cycles)
{
    ULONG64 cycles = KepCycles(KiPcr()) - boot_cycles, time = host_interrupt_time() - boot_time;
    ULONG64 per_100us = time == 0 ? 0 : cycles * 1000 / time;
    return per_100us == 0 ? 0 : Cycles * 1000 / per_100us;
}

void KepInitClock(void)
{
    boot_cycles = KepCycles(KiPcr());
    boot_time = host_interrupt_time();
    KiPrcb()->SwitchTime = boot_cycles;
    system_offset = (LONG64)host_boot_system_time();
}

void KiSetSystemTime(LONG64 NewSystemTime)
{
    KIRQL irql = KiLockDispatcher();
    LONG64 delta = NewSystemTime - KiQuerySystemTime();
    system_offset += delta;
    KepShiftAbsoluteTimers(delta);
    KiUnlockDispatcher(irql);
}

static void put_time(UCHAR *At, ULONG64 Time)
{
    volatile KSYSTEM_TIME *to = (volatile KSYSTEM_TIME *)At;
    to->High2Time = (LONG)(Time >> 32);
    to->LowPart = (ULONG)Time;
    to->High1Time = (LONG)(Time >> 32);
}

void KiUpdateSharedTime(void)
{
    ULONG64 now = host_interrupt_time();
    *(volatile ULONG *)(KiSharedUserPage + 0x0) = (ULONG)(now / KI_TICK_100NS); /* TickCountLowDeprecated */
    *(volatile ULONG *)(KiSharedUserPage + 0x4) = (ULONG)(((ULONG64)KI_TICK_100NS << 24) / 10000);
    put_time(KiSharedUserPage + 0x8, now);
    put_time(KiSharedUserPage + 0x14, (ULONG64)KiQuerySystemTime());
    *(volatile ULONG64 *)(KiSharedUserPage + 0x320) = now / KI_TICK_100NS;
    *(volatile ULONG *)(KiSharedUserPage + 0x328) = 0;
}

/* ---------------------------------------------------------------- exported */

#undef KeQuerySystemTime
VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime)
{
    KiSchedPoint(HOST_POINT_ENTRY); /* code may poll the time */
    CurrentTime->QuadPart = KiQuerySystemTime();
}

VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime)
{
    KiSchedPoint(HOST_POINT_ENTRY);
    CurrentTime->QuadPart = KiQuerySystemTime();
}

#undef KeQueryInterruptTime
ULONGLONG NTAPI KeQueryInterruptTime(VOID)
{
    KiSchedPoint(HOST_POINT_ENTRY);
    return host_interrupt_time();
}

ULONGLONG NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    *QpcTimeStamp = host_performance_counter();
    return host_interrupt_time();
}

ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(VOID)
{
    KiSchedPoint(HOST_POINT_ENTRY);
    return host_interrupt_time();
}

ULONGLONG NTAPI KeQueryUnbiasedInterruptTimePrecise(PULONG64 QpcTimeStamp)
{
    return KeQueryInterruptTimePrecise(QpcTimeStamp);
}

#undef KeQueryTickCount
VOID NTAPI KeQueryTickCount(PLARGE_INTEGER TickCount)
{
    KiSchedPoint(HOST_POINT_ENTRY);
    TickCount->QuadPart = (LONGLONG)(host_interrupt_time() / KI_TICK_100NS);
}

ULONG NTAPI KeQueryTimeIncrement(VOID)
{
    return KI_TICK_100NS;
}

LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency)
{
    KiSchedPoint(HOST_POINT_ENTRY);
    if (PerformanceFrequency)
        PerformanceFrequency->QuadPart = (LONGLONG)host_performance_frequency();
    return (LARGE_INTEGER){.QuadPart = (LONGLONG)host_performance_counter()};
}

VOID NTAPI KeStallExecutionProcessor(ULONG MicroSeconds)
{
    host_stall_ns((ULONG64)MicroSeconds * 1000);
    KiSchedPoint(HOST_POINT_ENTRY);
    KiDeliverPending();
}

/* There is no auxiliary counter; the documented answer of such a machine. */
NTSTATUS NTAPI KeQueryAuxiliaryCounterFrequency(PULONG64 AuxiliaryCounterFrequency)
{
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI KeConvertAuxiliaryCounterToPerformanceCounter(ULONG64 AuxiliaryCounterValue,
                                                             PULONG64 PerformanceCounterValue, PULONG64 ConversionError)
{
    return STATUS_NOT_SUPPORTED;
}

NTSTATUS NTAPI KeConvertPerformanceCounterToAuxiliaryCounter(ULONG64 PerformanceCounterValue,
                                                             PULONG64 AuxiliaryCounterValue, PULONG64 ConversionError)
{
    return STATUS_NOT_SUPPORTED;
}
