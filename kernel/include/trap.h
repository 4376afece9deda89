/* SPDX-License-Identifier: MIT */
/*
 * trap.h: faults, guarded accesses, stack walks and bugchecks, as the managers use them.
 *
 * Kernel C has no __try. Memory that a driver or a client gave us is touched in one of two ways:
 *   - the KiCopy / KiProbe routines below, whose loads and stores are in a fix-up table: a fault in them returns a status;
 *   - KeTryCall, for everything longer: run a function, get the code of whatever it raised.
 * A third way needs no code: a plain access in a routine called by a driver. Its fault is dispatched through the
 * kernel's frames to the driver's own __except. That is right where the contract says the pointer is the caller's
 * business, and demands that no lock is held and no state is half made (capture first, then lock).
 *
 * What is not catchable, as on Windows: a fault at IRQL >= DISPATCH_LEVEL (0xA, 0xD1) and a fault on an address at or
 * above MmUserProbeAddress (0x50, 0xBE, 0xFC) bugcheck even inside KeTryCall or __try. Only KiSafeRead reads anything.
 */
#ifndef KILN_TRAP_H
#define KILN_TRAP_H

#include <nt/base.h>
#include <nt/status.h>
#include <nt/context.h>
#include <stdbool.h>

struct host_trap;

/* ---------------------------------------------------------------- guarded accesses */

/*
 * Run fn(context); STATUS_SUCCESS, or the code of the exception that it raised (termination handlers of the frames in
 * between have run). fn must not leave a lock held at a point that can fault. IRQL <= DISPATCH_LEVEL, and unchanged by
 * fn when it raises. Costs a few stores when nothing is raised.
 */
NTSTATUS KeTryCall(void (*fn)(void *), void *context);

/* As KeTryCall; *record (optional) receives the exception's record. */
NTSTATUS KeTryCallEx(void (*fn)(void *), void *context, EXCEPTION_RECORD *record);

/*
 * Copy between kernel memory and a user-mode buffer. STATUS_ACCESS_VIOLATION when the user range is not wholly below
 * MmUserProbeAddress or cannot be accessed; the destination may then be partly written. IRQL < DISPATCH_LEVEL.
 */
NTSTATUS KiCopyFromUser(void *to, const void *user, SIZE_T bytes);
NTSTATUS KiCopyToUser(void *user, const void *from, SIZE_T bytes);

/* The same for a buffer of a caller in `mode`: for KernelMode the range is not checked against the user limit. */
NTSTATUS KiCopyFromMode(KPROCESSOR_MODE mode, void *to, const void *from, SIZE_T bytes);
NTSTATUS KiCopyToMode(KPROCESSOR_MODE mode, void *to, const void *from, SIZE_T bytes);

/*
 * Status forms of ProbeForRead and ProbeForWrite: STATUS_SUCCESS, STATUS_DATATYPE_MISALIGNMENT or
 * STATUS_ACCESS_VIOLATION. The write form touches every page. Zero bytes always succeed.
 */
NTSTATUS KiProbeForRead(const void *user, SIZE_T bytes, ULONG alignment);
NTSTATUS KiProbeForWrite(void *user, SIZE_T bytes, ULONG alignment);

/* Read memory of any kind without ever faulting; false if some of it is unreadable. For reports and verifiers. Any IRQL. */
bool KiSafeRead(void *to, const void *from, SIZE_T bytes);
bool KiSafeRead64(ULONGLONG address, ULONGLONG *value);

/* ---------------------------------------------------------------- stacks */

/*
 * Unwind `context` by one frame, whatever made it (PE by .pdata, ELF by .eh_frame). False at the end of the stack or
 * where it cannot be followed. Never faults. Any IRQL.
 */
bool KiUnwindFrame(CONTEXT *context);

/* Return addresses of the caller's stack, or of `context` if not NULL (its Rip first). Returns how many. */
ULONG KiWalkStack(const CONTEXT *context, ULONG skip, ULONG count, ULONGLONG *frames);

/* Name an address as "driver.sys!function+0x12 (file.c:34)" or "driver.sys+0x1234"; slow, for reports. */
void KiDescribeAddress(ULONGLONG pc, char *text, SIZE_T bytes);

/* The same for a return address: the call is named, not what follows it. */
void KiDescribeReturn(ULONGLONG pc, char *text, SIZE_T bytes);

/* ---------------------------------------------------------------- bugchecks */

/*
 * KeBugCheckEx with a sentence of explanation: which driver broke which rule in which function, and what to do.
 * `driver_pc` (0: none) is an address inside the driver to blame, for instance its return address.
 */
DECLSPEC_NORETURN void KiBugCheckText(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4,
                                      ULONGLONG driver_pc, const char *text);

/* As KeBugCheckEx, with the machine state that the report shall show instead of the caller's. */
DECLSPEC_NORETURN void KiBugCheckContext(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4,
                                         const CONTEXT *context, const EXCEPTION_RECORD *record, const char *text);

/* A bugcheck is in progress: nothing may wait, and locks may be ignored. */
extern volatile LONG KiBugCheckActive;

/* Code and parameters of the bugcheck in progress; zeros before. */
extern ULONG_PTR KiBugCheckData[5];

/* ---------------------------------------------------------------- page faults */

/* An access that the processor could not complete. */
typedef struct _KI_FAULT {
    ULONGLONG Address;
    ULONG_PTR Access;      /* EXCEPTION_READ_FAULT, EXCEPTION_WRITE_FAULT or EXCEPTION_EXECUTE_FAULT */
    ULONGLONG Pc;          /* of the instruction */
    KIRQL Irql;            /* at which it was executed */
    KPROCESSOR_MODE Mode;  /* UserMode: the client's own code */
    BOOLEAN Safe;          /* KiSafeRead and its kin: takes no for an answer, so nothing must bugcheck */
    NTSTATUS IoStatus;     /* out, with STATUS_IN_PAGE_ERROR: what the read returned */
    const struct host_trap *Trap; /* the whole machine state; not to be changed */
} KI_FAULT, *PKI_FAULT;

/*
 * Set by mm: may a page fault be resolved? Called on the faulting thread's stack, outside signal context, at the IRQL of
 * the fault, with no lock held by whoever faulted (but see Irql: at DISPATCH_LEVEL and above nothing may be resolved).
 * Below DISPATCH_LEVEL it may wait, except on behalf of code that must not (the pool's; see kernel/mm/fault.c).
 *
 *      STATUS_SUCCESS            the instruction is executed again
 *      STATUS_ACCESS_VIOLATION   declined: the fault is treated as if there were no hook
 *      anything else             raised at the instruction, with the access and the address as its parameters (and
 *                                IoStatus as the third for STATUS_IN_PAGE_ERROR); guarded accesses return it
 */
extern NTSTATUS (*KiPageFault)(PKI_FAULT Fault);

/* Touch a page; for whoever wants the fault's consequences. */
void KiTouchPage(const volatile void *page);

/* KiBugCheckContext for a fault: the report shows the faulting instruction and its stack. */
DECLSPEC_NORETURN void KiBugCheckFault(PKI_FAULT Fault, ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3,
                                       ULONG_PTR p4, const char *text);

/* ---------------------------------------------------------------- emulated hardware */

/*
 * An access of `bytes` (1, 2, 4, 8) at `address` in a registered window: read into *value, or write *value. False: no
 * such register, the access faults. Called at the IRQL of the access, on the accessing thread.
 */
typedef bool KI_MMIO_ACCESS(void *context, ULONGLONG address, ULONG bytes, bool write, ULONGLONG *value);

/* Claim [base, base+bytes), which stays unmapped, for emulation. STATUS_INSUFFICIENT_RESOURCES, STATUS_CONFLICTING_ADDRESSES. */
NTSTATUS KiRegisterMmioWindow(ULONGLONG base, ULONGLONG bytes, KI_MMIO_ACCESS *access, void *context);
void KiUnregisterMmioWindow(ULONGLONG base);

/* Ports: the device bus sets these; NULL reads all ones and ignores writes. */
extern ULONG (*HalpPortRead)(USHORT port, ULONG bytes);
extern void (*HalpPortWrite)(USHORT port, ULONG bytes, ULONG value);

/* The page that drivers read at 0xFFFFF78000000000 (KUSER_SHARED_DATA); reads there are redirected to it. */
#define KI_USER_SHARED_DATA 0xFFFFF78000000000ULL
extern UCHAR KiSharedUserPage[4096];

#endif
