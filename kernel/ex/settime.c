/* SPDX-License-Identifier: MIT */
/*
 * ex/settime.c: the system time is set.
 *
 * Absolute timers follow the new time, relative ones do not (ke); whoever registered for
 * \Callback\SetSystemTime is told afterwards, at PASSIVE_LEVEL. No lock is held.
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/se.h>
#include <nt/status.h>
#include "ki.h"
#include "exp.h"
#include "host.h"
#include "ntsvc.h"
#include "sep.h"
#include "trap.h"
#include "zw.h"

PCALLBACK_OBJECT ExpSetSystemTimeCallback;

NTSTATUS NTAPI NtSetSystemTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER PreviousTime)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    LARGE_INTEGER to = {.QuadPart = (LONGLONG)(host_boot_system_time() + host_interrupt_time())}, from;
    LUID privilege = {SE_SYSTEMTIME_PRIVILEGE, 0};
    NTSTATUS status = STATUS_SUCCESS;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (PreviousTime && mode == UserMode)
        status = KiProbeForWrite(PreviousTime, sizeof(*PreviousTime), sizeof(ULONG));
    /* Without a time: what the host's clock says. */
    if (NT_SUCCESS(status) && SystemTime)
        status = KiCopyFromMode(mode, &to, SystemTime, sizeof(to));
    if (!NT_SUCCESS(status))
        return status;
    if (!SeSinglePrivilegeCheck(privilege, mode))
        return STATUS_PRIVILEGE_NOT_HELD;
    /* From 1601 to some year beyond 30000, so that no calendar overflows. */
    if (to.HighPart <= 0 || to.HighPart > 0x20000000)
        return STATUS_INVALID_PARAMETER;
    from.QuadPart = KiQuerySystemTime();
    KiSetSystemTime(to.QuadPart);
    ExNotifyCallback(ExpSetSystemTimeCallback, NULL, NULL);
    return PreviousTime ? KiCopyToMode(mode, PreviousTime, &from, sizeof(from)) : STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwSetSystemTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER PreviousTime)
{
    KI_ZW(NtSetSystemTime(SystemTime, PreviousTime));
}
