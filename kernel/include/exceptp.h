/* SPDX-License-Identifier: MIT */
/*
 * exceptp.h: the inside of exception handling, shared by arch/x86_64 (traps, ELF frames), kernel/rtl (dispatch, PE
 * frames) and kernel/vf (reports). Other managers use trap.h.
 */
#ifndef KILN_EXCEPTP_H
#define KILN_EXCEPTP_H

#include "trap.h"
#include "host.h"

#if defined(__SANITIZE_ADDRESS__)
#define KILN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KILN_ASAN 1
#endif
#endif

/* ---------------------------------------------------------------- trap_entry.S, guard.S */

DECLSPEC_NORETURN void KiRestoreContext(const CONTEXT *context); /* the target's stack lies well above ours */
DECLSPEC_NORETURN void KiResumeContext(const CONTEXT *context);  /* any state; slower */
EXCEPTION_DISPOSITION KiExecuteHandlerForException(EXCEPTION_RECORD *record, ULONGLONG frame, CONTEXT *context,
                                                   DISPATCHER_CONTEXT *dispatcher);
EXCEPTION_DISPOSITION KiExecuteHandlerForUnwind(EXCEPTION_RECORD *record, ULONGLONG frame, CONTEXT *context,
                                                DISPATCHER_CONTEXT *dispatcher);
void KiCallOnStack(void (*fn)(void *), void *argument, void *stack_top);

/* Return addresses by which frames of these routines are recognized, and what lies where in them. */
extern const UCHAR KiExceptionHandlerReturn[], KiUnwindHandlerReturn[], KiTryCallReturn[], KiTryCallCaught[];
#define KI_HANDLER_DISPATCHER_SLOT 32 /* rsp + 32: the DISPATCHER_CONTEXT */
#define KI_TRY_RECORD_SLOT         0  /* rsp: where KeTryCallEx wants the record, or NULL */

NTSTATUS KiGuardedCopy(void *to, const void *from, SIZE_T bytes);
NTSTATUS KiTouchRead(const void *byte);
NTSTATUS KiTouchWrite(void *byte);

struct ki_saved_state {
    ULONGLONG registers[8];
};
int KiSaveState(struct ki_saved_state *state) __attribute__((returns_twice));
DECLSPEC_NORETURN void KiRestoreState(struct ki_saved_state *state);

struct ki_fixup {
    ULONGLONG begin, end, landing, kind;
};
extern const struct ki_fixup KiFixupTable[], KiFixupTableEnd[];

/* ---------------------------------------------------------------- frames */

/*
 * Unwind an ELF frame. False: no call frame information, or memory that cannot be read. `CONTEXT_UNWOUND_TO_CALL` of
 * ContextFlags says whether Rip is a return address (then the call before it is what is looked up); it is updated.
 */
bool KiUnwindElf(CONTEXT *context);

/*
 * RtlVirtualUnwind without trust: false if the unwind data or the stack cannot be read or makes no sense. *handler is
 * NULL if the function has none of the kind, or the pc is in its prolog or epilog.
 */
bool KiUnwindPe(ULONG handler_type, ULONGLONG image_base, ULONGLONG pc, const RUNTIME_FUNCTION *function,
                CONTEXT *context, PEXCEPTION_ROUTINE *handler, void **handler_data, ULONGLONG *frame,
                KNONVOLATILE_CONTEXT_POINTERS *pointers);

/* Function entry of PE code at `pc`; *image_base is 0 if pc is in no PE image (or dynamic function table). */
const RUNTIME_FUNCTION *KiLookupFunction(ULONGLONG pc, ULONGLONG *image_base);

/* ---------------------------------------------------------------- dispatch */

/*
 * Find and run the handlers for `record` raised in the state `context`. Returns if one continued execution (with the
 * changed context); otherwise control went to a handler, or the machine stopped.
 */
void KiDispatchException(EXCEPTION_RECORD *record, CONTEXT *context);

/* Nobody handled it: KMODE_EXCEPTION_NOT_HANDLED and its siblings. */
DECLSPEC_NORETURN void KiUnhandledException(EXCEPTION_RECORD *record, CONTEXT *context);

/*
 * Unwind from the state `start` to the frame `target` and continue at `target_ip` with rax = value. `record` may be
 * NULL. target 0: unwind everything (exit unwind), which ends the machine.
 */
DECLSPEC_NORETURN void KiUnwindTo(const CONTEXT *start, ULONGLONG target, ULONGLONG target_ip,
                                  EXCEPTION_RECORD *record, ULONGLONG value);

DECLSPEC_NORETURN void KiRaiseWithContext(EXCEPTION_RECORD *record, CONTEXT *context);

/* ---------------------------------------------------------------- emulation */

enum ki_emulation { KI_NOT_EMULATED, KI_EMULATED, KI_PRIVILEGED };

/* Carry out the privileged or device-touching instruction that trapped. KI_PRIVILEGED: it is one we refuse. */
enum ki_emulation KiEmulate(struct host_trap *trap);

/* Is the address in the shared user page or in a registered MMIO window? */
bool KiIsEmulatedAddress(ULONGLONG address);

/* The driver turned interrupts off (cli): its code is not redirected. */
bool KiInterruptsOff(void);

/* ---------------------------------------------------------------- reports */

/* A trap arrived while this processor writes a crash report: the report goes on with its next section. */
bool KiReportOwnsTrap(const struct host_trap *trap);

void KiTrapToContext(const struct host_trap *trap, CONTEXT *context);
void KiContextToTrap(const CONTEXT *context, struct host_trap *trap);

/* Say that a breakpoint was met and passed (host_config.pass_breakpoints). */
void KiNoteBreakpoint(ULONG_PTR pc);

#endif
