/* SPDX-License-Identifier: MIT */
/*
 * zw.h: the Zw forms of the native services.
 *
 * An Nt routine judges its caller by KTHREAD.PreviousMode: UserMode when the service was entered by a client,
 * in which case pointers are probed and captured and handles are looked up as a user's. A Zw routine is the
 * same service as the kernel asks for it: it enters with PreviousMode KernelMode and restores the caller's on
 * the way out, so that a driver that runs in a client's thread passes kernel pointers and kernel handles.
 *
 *      NTSTATUS NTAPI ZwClose(HANDLE Handle)
 *      {
 *          KI_ZW(NtClose(Handle));
 *      }
 *
 * Nt routines return; they never raise out (they capture inside KiCopyFromUser), so the restore is always
 * reached.
 */
#ifndef KILN_ZW_H
#define KILN_ZW_H

#include "ki.h"

/* Enter a Zw service: returns the mode that KiZwLeave restores. */
static inline KPROCESSOR_MODE KiZwEnter(void)
{
    PKTHREAD thread = KiThread();
    KPROCESSOR_MODE mode = thread->PreviousMode;
    thread->PreviousMode = KernelMode;
    return mode;
}

static inline void KiZwLeave(KPROCESSOR_MODE Mode)
{
    KiThread()->PreviousMode = Mode;
}

/* The whole body of a Zw routine, which is called at PASSIVE_LEVEL (or by the kernel at APC_LEVEL). */
#define KI_ZW(call)                                                                                          \
    KI_ASSERT_IRQL_MAX(APC_LEVEL);                                                                           \
    KI_ZW_ANY_IRQL(call)

#define KI_ZW_ANY_IRQL(call)                                                                                 \
    KPROCESSOR_MODE ki_zw_mode = KiZwEnter();                                                                \
    NTSTATUS ki_zw_status = (call);                                                                          \
    KiZwLeave(ki_zw_mode);                                                                                   \
    return ki_zw_status

#endif
