/* SPDX-License-Identifier: MIT */
/*
 * probe.c: checks and copies of user-mode memory.
 *
 * A user range is [p, p + n) wholly below MmUserProbeAddress. The exported Probe routines raise; the Ki forms, for the
 * kernel's own services, return the status instead.
 */
#include "exceptp.h"
#include "layout.h"
#include <nt/ex.h>

#define PAGE_BYTES 4096ULL

static bool is_user_range(const volatile void *user, SIZE_T bytes)
{
    ULONG_PTR begin = (ULONG_PTR)user;
    return begin < KILN_USER_PROBE && bytes <= KILN_USER_PROBE - begin;
}

NTSTATUS KiProbeForRead(const void *user, SIZE_T bytes, ULONG alignment)
{
    if (bytes == 0)
        return STATUS_SUCCESS;
    if (alignment > 1 && ((ULONG_PTR)user & (alignment - 1)))
        return STATUS_DATATYPE_MISALIGNMENT;
    return is_user_range(user, bytes) ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION;
}

NTSTATUS KiProbeForWrite(void *user, SIZE_T bytes, ULONG alignment)
{
    NTSTATUS status = KiProbeForRead(user, bytes, alignment);
    if (bytes == 0 || !NT_SUCCESS(status))
        return status;
    UCHAR *byte = user, *last = byte + bytes - 1;
    for (;;) {
        status = KiTouchWrite(byte);
        if (!NT_SUCCESS(status) || ((ULONG_PTR)byte | (PAGE_BYTES - 1)) >= (ULONG_PTR)last)
            return status;
        byte = (UCHAR *)(((ULONG_PTR)byte | (PAGE_BYTES - 1)) + 1);
    }
}

VOID NTAPI ProbeForRead(const volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    NTSTATUS status = KiProbeForRead((const void *)Address, Length, Alignment);
    if (status == STATUS_DATATYPE_MISALIGNMENT)
        ExRaiseDatatypeMisalignment();
    if (!NT_SUCCESS(status))
        ExRaiseAccessViolation();
}

VOID NTAPI ProbeForWrite(volatile VOID *Address, SIZE_T Length, ULONG Alignment)
{
    NTSTATUS status = KiProbeForWrite((void *)Address, Length, Alignment);
    if (status == STATUS_DATATYPE_MISALIGNMENT)
        ExRaiseDatatypeMisalignment();
    if (!NT_SUCCESS(status))
        ExRaiseAccessViolation();
}

NTSTATUS KiCopyFromUser(void *to, const void *user, SIZE_T bytes)
{
    if (bytes == 0)
        return STATUS_SUCCESS;
    return is_user_range(user, bytes) ? KiGuardedCopy(to, user, bytes) : STATUS_ACCESS_VIOLATION;
}

NTSTATUS KiCopyToUser(void *user, const void *from, SIZE_T bytes)
{
    if (bytes == 0)
        return STATUS_SUCCESS;
    return is_user_range(user, bytes) ? KiGuardedCopy(user, from, bytes) : STATUS_ACCESS_VIOLATION;
}

NTSTATUS KiCopyFromMode(KPROCESSOR_MODE mode, void *to, const void *from, SIZE_T bytes)
{
    return mode == 0 ? KiGuardedCopy(to, from, bytes) : KiCopyFromUser(to, from, bytes);
}

NTSTATUS KiCopyToMode(KPROCESSOR_MODE mode, void *to, const void *from, SIZE_T bytes)
{
    return mode == 0 ? KiGuardedCopy(to, from, bytes) : KiCopyToUser(to, from, bytes);
}
