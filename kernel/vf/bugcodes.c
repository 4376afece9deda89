/* SPDX-License-Identifier: MIT */
/*
 * bugcodes.c: what bugcheck codes and their parameters mean, and what a driver writer does about them.
 *
 * The facts are those of the bug check code reference; codes that only hardware or parts of Windows outside Kiln can
 * raise have a name (bugnames.c) and no text.
 */
#include "vfp.h"
#include <bugcodes.h>

#define KILN_MISSING_ROUTINE 0x4B494C4E /* "KILN"; ldr/stub.c */

#define FAULT_PARAMETERS {"address that was touched", "0 read, 2 write, 0x10 execute", "instruction", "type of fault"}
#define IRQL_FAULT {"address that was touched", "IRQL", "0 read, 1 write, 2 or 8 execute", "instruction"}
#define IRP_ONLY {"IRP", NULL, NULL, NULL}

static const struct vf_bug_text texts[] = {
    {APC_INDEX_MISMATCH, "A thread left a system call or a worker routine with a different number of APC disables than it "
     "entered with.", {"system call or worker routine", "ApcStateIndex", "SpecialApcDisable and KernelApcDisable",
     "0 system call, 1 worker routine"},
     "Pair every KeEnterCriticalRegion, KeEnterGuardedRegion and FsRtlEnterFileSystem with its leave on every path."},
    {INVALID_AFFINITY_SET, "A thread was given an empty or impossible processor set.", {NULL}, NULL},
    {INVALID_PROCESS_ATTACH_ATTEMPT, "KeStackAttachProcess was called while a DPC runs or while the thread is attached to "
     "another process.", {"target process", "process the thread is in", "APC state index", "nonzero: in a DPC"},
     "Attach at IRQL <= APC_LEVEL only, and detach before attaching elsewhere with KeAttachProcess."},
    {INVALID_PROCESS_DETACH_ATTEMPT, "A thread detached from a process in a state that does not allow it.", {NULL}, NULL},
    {IRQL_NOT_DISPATCH_LEVEL, "A routine that needs IRQL DISPATCH_LEVEL ran at another level.", {NULL},
     "Raise the IRQL with KeRaiseIrql or acquire the spin lock with the routine for the current level."},
    {IRQL_NOT_GREATER_OR_EQUAL, "The IRQL was lower than the operation needs.", {"current IRQL", "requested IRQL", NULL, NULL},
     "KeRaiseIrql only raises and KeLowerIrql only lowers: keep the pairs nested, in the same function if possible."},
    {IRQL_NOT_LESS_OR_EQUAL, "Memory was touched, or a routine was called, at an IRQL that is too high for it.", IRQL_FAULT,
     "At DISPATCH_LEVEL and above use nonpaged memory only, and call only routines that allow the level."},
    {MAXIMUM_WAIT_OBJECTS_EXCEEDED, "KeWaitForMultipleObjects was given more objects than it takes.",
     {"count", "limit", NULL, NULL},
     "Without a WaitBlockArray at most 3 objects (THREAD_WAIT_OBJECTS), with one at most 64 (MAXIMUM_WAIT_OBJECTS)."},
    {SPIN_LOCK_ALREADY_OWNED, "A spin lock was acquired by its owner again.", {"spin lock", NULL, NULL, NULL},
     "Spin locks do not nest: a routine called with the lock held must not acquire it."},
    {SPIN_LOCK_NOT_OWNED, "A spin lock was released that nobody holds.", {"spin lock", NULL, NULL, NULL},
     "Release exactly once, on every path that acquired."},
    {THREAD_NOT_MUTEX_OWNER, "A mutex was released by a thread that does not own it.", {"thread", "mutex", NULL, NULL},
     "A mutex is released by the thread whose wait acquired it; use an event or semaphore to signal across threads."},
    {REFERENCE_BY_POINTER, "The reference count of an object is wrong for what is being done to it.",
     {"object type", "object", "kind of violation", NULL},
     "Balance ObReferenceObject* with ObDereferenceObject; do not use an object after your last dereference."},
    {BAD_POOL_HEADER, "A block of pool has a damaged header.", {"type of violation", "pool entry", NULL, NULL},
     "Somebody wrote before the start or past the end of a pool block. Check buffer lengths near the named block."},
    {MEMORY_MANAGEMENT, "The memory manager found its data in a state that cannot be.", {"which check", NULL, NULL, NULL},
     "Usually memory was unmapped, freed or unlocked twice, or an MDL was changed after it was locked."},
    {PFN_SHARE_COUNT, "A page has a wrong share count.", {NULL}, NULL},
    {KMODE_EXCEPTION_NOT_HANDLED, "An exception in kernel mode found no handler.",
     {"exception code", "where it happened", "exception information 0", "exception information 1"},
     "Find the cause at the top of the stack; guard accesses to user memory with __try/__except."},
    {KERNEL_APC_PENDING_DURING_EXIT, "A thread ended with APCs disabled or pending.",
     {"pending APC, or 0", "APC disable count", "IRQL", NULL},
     "A KeEnterCriticalRegion has no matching KeLeaveCriticalRegion in this thread."},
    {INCONSISTENT_IRP, "An IRP is not in the state it must be in.", IRP_ONLY,
     "Check that the IRP was not freed or completed before, and that its fields were set as the routine asks."},
    {NO_MORE_IRP_STACK_LOCATIONS, "IoCallDriver was called with an IRP that has no stack location left.", IRP_ONLY,
     "Allocate the IRP with the StackSize of the device it is sent to, and raise your own device's StackSize when you "
     "attach; call IoSkipCurrentIrpStackLocation or IoCopyCurrentIrpStackLocationToNext exactly once."},
    {DEVICE_REFERENCE_COUNT_NOT_ZERO, "A device object was deleted while it is referenced.", {"device object", NULL, NULL, NULL},
     "Delete a device after its handles are closed and its references are released; check IoDetachDevice order."},
    {SYSTEM_SERVICE_EXCEPTION, "An exception in a system service, called from user mode, found no handler.",
     {"exception code", "where it happened", "context record", NULL},
     "A driver's dispatch routine faulted while serving a request: look at the first driver on the stack."},
    {INTERRUPT_EXCEPTION_NOT_HANDLED, "An exception in an interrupt service routine found no handler.",
     {"exception record", "context record", NULL, NULL}, NULL},
    {NO_MORE_SYSTEM_PTES, "There is no room left to map memory in system space.",
     {"kind", "size asked for", "free", "total"},
     "Mappings leak: pair MmMapIoSpace with MmUnmapIoSpace, and free or unlock every mapped MDL."},
    {TARGET_MDL_TOO_SMALL, "IoBuildPartialMdl was given a target MDL too small for the range.", {NULL},
     "Allocate the target MDL for the whole length of the partial range, page offset included."},
    {MULTIPLE_IRP_COMPLETE_REQUESTS, "An IRP was completed twice.", {"IRP", NULL, NULL, NULL},
     "After IoCompleteRequest the IRP is no longer yours. Two paths complete it: usually cancel and DPC without "
     "agreement (use a cancel-safe queue), or a dispatch routine that completes and also returns STATUS_PENDING."},
    {CANCEL_STATE_IN_COMPLETED_IRP, "An IRP was completed while its cancel routine is still set.",
     {"IRP", "cancel routine", NULL, NULL},
     "Clear it with IoSetCancelRoutine(Irp, NULL) before completing; if that returns NULL the cancel routine owns the IRP."},
    {PAGE_FAULT_WITH_INTERRUPTS_OFF, "A page fault with interrupts disabled.", IRQL_FAULT, NULL},
    {IRQL_GT_ZERO_AT_SYSTEM_SERVICE, "A thread returned to user mode at a raised IRQL.",
     {"system service", "IRQL", NULL, NULL},
     "A dispatch routine returned without lowering the IRQL: a spin lock was not released on some path."},
    {NO_PAGES_AVAILABLE, "There is no free memory left.", {NULL}, "Start the machine with more --ram, or look for a leak."},
    {PFN_LIST_CORRUPT, "The page lists are damaged.", {"type", NULL, NULL, NULL},
     "Usually an MDL was unlocked more often than locked, or memory was freed while it is mapped."},
    {PAGE_FAULT_IN_NONPAGED_AREA, "A system address was touched that is not there.", FAULT_PARAMETERS,
     "Memory was freed, or the pointer is damaged or past the end of a buffer. __try does not help: fix the pointer."},
    {PROCESS_HAS_LOCKED_PAGES, "A process ended with pages that a driver still has locked.",
     {"0 at exit, 1 unlock of unlocked pages", "process", "number of locked pages", NULL},
     "Call MmUnlockPages for every MmProbeAndLockPages, in the cancel path too."},
    {KERNEL_STACK_INPAGE_ERROR, "A page of a kernel stack could not be read.", {NULL}, NULL},
    {SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, "An exception in a system thread found no handler.",
     {"exception code", "where it happened", "exception record", "context record"},
     "Find the cause at the top of the stack; worker routines and system threads have no caller to catch exceptions."},
    {UNEXPECTED_KERNEL_MODE_TRAP, "The processor raised a trap that the kernel cannot treat. 8 is a double fault: the stack "
     "is exhausted or rsp is damaged.", {"trap number", "stack pointer", "flags", "instruction"},
     "Look for unbounded recursion and large locals; kernel stacks are small."},
    {KERNEL_MODE_EXCEPTION_NOT_HANDLED, "An exception in kernel mode found no handler.",
     {"exception code", "where it happened", "trap frame", NULL}, NULL},
    {INVALID_KERNEL_HANDLE, "An invalid or protected kernel handle was used or closed.",
     {"handle", "0 protected, 1 invalid", NULL, "1: bad handle detection"},
     "The handle was closed before, or belongs to another process: use OBJ_KERNEL_HANDLE for handles of a driver."},
    {KERNEL_STACK_LOCKED_AT_EXIT, "A thread ended with its stack locked.", {NULL}, NULL},
    {INVALID_WORK_QUEUE_ITEM, "A work item in a queue was overwritten.", {"queue entry", "queue", NULL, "worker routine"},
     "The work item was freed or reinitialised while queued; free it in its routine or after it ran."},
    {DRIVER_POWER_STATE_FAILURE, "A device is in an inconsistent power state.", {"type", NULL, NULL, NULL},
     "A power IRP was not passed down or not completed."},
    {ACPI_BIOS_ERROR, "The firmware description is wrong.", {NULL}, NULL},
    {ATTEMPTED_SWITCH_FROM_DPC, "A thread switch was attempted in a DPC routine: a wait, or a call that waits.",
     {"thread", "next thread", "stack", NULL},
     "At DISPATCH_LEVEL never wait with a nonzero time-out, acquire a mutex or touch pageable memory: queue a work item."},
    {ATTEMPTED_WRITE_TO_READONLY_MEMORY, "A driver wrote to read-only memory.", {"address", "PTE", NULL, NULL},
     "Constant data and code cannot be changed. Copy the data; check for string literals passed as buffers."},
    {SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, "A driver wrote outside its pool block.",
     {"address", NULL, NULL, "type of violation"}, "Compare the write with the block's size at its allocation."},
    {BAD_POOL_CALLER, "A pool routine was called wrongly.", {"type of violation", NULL, NULL, NULL},
     "0x7: freed twice. 0x8, 0x9: at a raised IRQL. 0xA: freed with another tag. 0x46: not the start of a block."},
    {DRIVER_VERIFIER_DETECTED_VIOLATION, "The verifier found a rule broken.", {"rule", NULL, NULL, NULL}, NULL},
    {DRIVER_CORRUPTED_EXPOOL, "Pool was damaged, and its lists led to a bad address.", IRQL_FAULT,
     "Somebody wrote past a pool block or used a freed one. Run with the verifier's special pool."},
    {DRIVER_CAUGHT_MODIFYING_FREED_POOL, "A driver touched pool that was freed.", {"address", "0 read, 1 write", "mode", NULL}, NULL},
    {TIMER_OR_DPC_INVALID, "A timer or DPC lies in memory that was freed, or in an unloaded driver.",
     {"0 timer, 1 DPC, 2 DPC routine", "object", "start of the memory", "end of the memory"},
     "Before freeing or unloading: KeCancelTimer, then KeFlushQueuedDpcs."},
    {IRQL_UNEXPECTED_VALUE, "A driver routine returned at another IRQL than it was called at.",
     {"(IRQL now << 16) | (IRQL expected << 8) | kind", "routine", "its argument", NULL},
     "Release every spin lock and lower every raise before returning."},
    {DRIVER_VERIFIER_IOMANAGER_VIOLATION, "The verifier found a rule of I/O broken.", {"rule", NULL, NULL, NULL}, NULL},
    {PNP_DETECTED_FATAL_ERROR, "Plug and Play found an error it cannot continue from.", {"type", NULL, NULL, NULL},
     "Check device IDs (unique among siblings) and that PDOs are only deleted when reported missing."},
    {DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS, "An I/O request ended with pages still locked.",
     {"lock tracking", NULL, "MDL", "number of pages"}, "Unlock the pages before completing the request."},
    {PAGE_FAULT_IN_FREED_SPECIAL_POOL, "Freed pool was touched.", FAULT_PARAMETERS, "Find who still holds the pointer."},
    {PAGE_FAULT_BEYOND_END_OF_ALLOCATION, "Memory past the end of a pool block was touched.", FAULT_PARAMETERS,
     "Compare the index with the size at the allocation."},
    {DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, "Code of a driver that was unloaded was called.",
     {"address that was touched", "0 read, 1 write, 8 execute", "instruction", NULL},
     "Before DriverUnload returns: cancel timers, flush DPCs and work items, remove callbacks, wait for threads."},
    {DRIVER_CORRUPTED_MMPOOL, "A driver touched memory at an IRQL that is too high.", IRQL_FAULT, NULL},
    {DRIVER_IRQL_NOT_LESS_OR_EQUAL, "A driver touched memory that is pageable or not there at DISPATCH_LEVEL or above.",
     IRQL_FAULT, "Use nonpaged memory and code at raised IRQL, and check the pointer for NULL and for freed memory."},
    {DRIVER_PORTION_MUST_BE_NONPAGED, "Pageable driver code or data was used at a raised IRQL.", IRQL_FAULT,
     "Move it out of the PAGE sections, or lower the IRQL."},
    {SYSTEM_SCAN_AT_RAISED_IRQL_CAUGHT_IMPROPER_DRIVER_UNLOAD, "A driver was unloaded with operations pending.", IRQL_FAULT, NULL},
    {DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL, "A driver touched freed pool.", FAULT_PARAMETERS, "Find who still holds the pointer."},
    {DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION, "A driver touched memory past the end of its pool block.", FAULT_PARAMETERS,
     "Compare the index with the size at the allocation."},
    {DRIVER_USED_EXCESSIVE_PTES, "A driver mapped more memory than there is room for.", {NULL}, NULL},
    {SYSTEM_PTE_MISUSE, "A mapping was released wrongly.", {"type of misuse", "MDL or mapping", NULL, NULL},
     "Unmap exactly what was mapped, once, with the routine that belongs to the mapping."},
    {DRIVER_CORRUPTED_SYSPTES, "The system mappings are damaged.", IRQL_FAULT, NULL},
    {DRIVER_INVALID_STACK_ACCESS, "A driver touched memory below its stack pointer.", {NULL}, NULL},
    {WORKER_THREAD_RETURNED_AT_BAD_IRQL, "A work item's routine returned at a raised IRQL.",
     {"worker routine", "IRQL", "work item", NULL}, "Release every spin lock before the routine returns."},
    {MANUALLY_INITIATED_CRASH, "Somebody asked for this crash.", {NULL}, NULL},
    {THREAD_TERMINATE_HELD_MUTEX, "A driver's thread ended while it owns a mutex.", {"thread", "mutex", NULL, NULL},
     "Release every mutex before the thread's routine returns or calls PsTerminateSystemThread."},
    {IMPERSONATING_WORKER_THREAD, "A work item's routine returned while it impersonates a client.",
     {"worker routine", "its parameter", "work item", NULL}, "Call PsRevertToSelf before the routine returns."},
    {HARDWARE_INTERRUPT_STORM, "An interrupt is asserted again and again, and no service routine stops it.",
     {"service routine", "context", NULL, NULL},
     "The service routine must make its device deassert the interrupt, and return TRUE only if it was its device."},
    {KASAN_ILLEGAL_ACCESS, "An instrumented driver touched memory that it may not touch.",
     {"address", "bytes", "instruction behind the access", "0x86 past a pool block, 0x87 freed pool; +0x100 a write"},
     "Compare the address with the pool block's bounds; for freed pool find who freed it."},
    {KILN_MISSING_ROUTINE, "A driver called a routine that this version does not implement.",
     {"name", "caller", NULL, NULL},
     "`kiln inspect` lists such imports before a driver is loaded; without --allow-unresolved it is not loaded at all."},
    {RESOURCE_NOT_OWNED, "An ERESOURCE was released by a thread that does not own it.", {"resource", "thread", "owner table", NULL},
     "ExReleaseResourceLite in the thread that acquired, once per acquisition."},
    {WORKER_INVALID, "Memory with an active work item was freed.", {"kind", "work item", "start", "end"},
     "Do not free a work item, or what contains it, before its routine ran."},
    {DRIVER_VERIFIER_DMA_VIOLATION, "The verifier found a DMA rule broken.", {"rule", NULL, NULL, NULL}, NULL},
    {THREAD_STUCK_IN_DEVICE_DRIVER, "A driver waits for its hardware for ever.", {"thread", NULL, NULL, NULL}, NULL},
    {DRIVER_OVERRAN_STACK_BUFFER, "A driver wrote past the end of a local buffer: its security cookie is gone.",
     {"cookie found", "cookie expected", "complement", NULL}, "Check the lengths of copies into local arrays."},
    {BUGCODE_USB_DRIVER, "A USB driver stopped the machine.", {NULL}, NULL},
    {ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, "Data was executed.", {"address", "PTE", NULL, NULL},
     "A function pointer or return address is damaged, or code was put in pool that is not executable."},
    {CLOCK_WATCHDOG_TIMEOUT, "A processor takes no clock interrupts.", {"ticks", NULL, "PRCB", "processor"},
     "It spins at CLOCK_LEVEL or above, or a lock is held for ever."},
    {DPC_WATCHDOG_VIOLATION, "A DPC ran too long, or the processor stayed at DISPATCH_LEVEL too long.",
     {"0 one DPC, 1 cumulative", "time or period in ticks", "allowance in ticks", NULL},
     "Do long work in a work item or thread; do not spin at DISPATCH_LEVEL."},
    {KERNEL_SECURITY_CHECK_FAILURE, "A check found a damaged structure.",
     {"which check (fast-fail code)", "context record", "exception record", NULL},
     "2: stack cookie. 3: list entry removed twice or overwritten. 5: invalid argument. Look at the frame that called it."},
};

const struct vf_bug_text *vf_find_bug_text(ULONG code)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(texts); i++)
        if (texts[i].code == code)
            return &texts[i];
    return NULL;
}

const char *vf_bug_name(ULONG code)
{
    unsigned low = 0, high = vf_bug_name_count;
    if (code == KILN_MISSING_ROUTINE)
        return "KILN_MISSING_ROUTINE";
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (vf_bug_names[middle].code == code)
            return vf_bug_names[middle].name;
        if (vf_bug_names[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *vf_fast_fail_name(ULONG code)
{
    static const char *const names[] = {
        "a stack-based buffer overrun (/GS, legacy)", "a virtual function table is not the right one",
        "a stack cookie is damaged: a local buffer was overrun", "a LIST_ENTRY is damaged (removed twice, or overwritten)",
        "a stack pointer is out of its stack", "an invalid argument", "the cookie was not initialised", "a fatal exit of an app",
        "a range check failed", "unsafe access to the registry", "a call through a pointer that is no function (CFG)",
        "a write through a guarded pointer", "an invalid switch of fibers", "an invalid set of a context",
        "an invalid reference count"};
    return code < RTL_NUMBER_OF(names) ? names[code] : NULL;
}

const char *vf_exception_name(ULONG code)
{
    switch (code) {
    case (ULONG)STATUS_ACCESS_VIOLATION: return "STATUS_ACCESS_VIOLATION";
    case (ULONG)STATUS_BREAKPOINT: return "STATUS_BREAKPOINT";
    case (ULONG)STATUS_SINGLE_STEP: return "STATUS_SINGLE_STEP";
    case (ULONG)STATUS_DATATYPE_MISALIGNMENT: return "STATUS_DATATYPE_MISALIGNMENT";
    case (ULONG)STATUS_INTEGER_DIVIDE_BY_ZERO: return "STATUS_INTEGER_DIVIDE_BY_ZERO";
    case (ULONG)STATUS_INTEGER_OVERFLOW: return "STATUS_INTEGER_OVERFLOW";
    case (ULONG)STATUS_ILLEGAL_INSTRUCTION: return "STATUS_ILLEGAL_INSTRUCTION";
    case (ULONG)STATUS_PRIVILEGED_INSTRUCTION: return "STATUS_PRIVILEGED_INSTRUCTION";
    case (ULONG)STATUS_IN_PAGE_ERROR: return "STATUS_IN_PAGE_ERROR";
    case (ULONG)STATUS_ASSERTION_FAILURE: return "STATUS_ASSERTION_FAILURE";
    case (ULONG)STATUS_STACK_BUFFER_OVERRUN: return "STATUS_STACK_BUFFER_OVERRUN";
    case (ULONG)STATUS_NONCONTINUABLE_EXCEPTION: return "STATUS_NONCONTINUABLE_EXCEPTION";
    case (ULONG)STATUS_INVALID_DISPOSITION: return "STATUS_INVALID_DISPOSITION";
    case (ULONG)STATUS_FLOAT_DIVIDE_BY_ZERO: return "STATUS_FLOAT_DIVIDE_BY_ZERO";
    case (ULONG)STATUS_FLOAT_INVALID_OPERATION: return "STATUS_FLOAT_INVALID_OPERATION";
    case (ULONG)STATUS_FLOAT_OVERFLOW: return "STATUS_FLOAT_OVERFLOW";
    case (ULONG)STATUS_FLOAT_UNDERFLOW: return "STATUS_FLOAT_UNDERFLOW";
    case (ULONG)STATUS_FLOAT_INEXACT_RESULT: return "STATUS_FLOAT_INEXACT_RESULT";
    case (ULONG)STATUS_FLOAT_DENORMAL_OPERAND: return "STATUS_FLOAT_DENORMAL_OPERAND";
    case (ULONG)STATUS_FLOAT_STACK_CHECK: return "STATUS_FLOAT_STACK_CHECK";
    case (ULONG)STATUS_ARRAY_BOUNDS_EXCEEDED: return "STATUS_ARRAY_BOUNDS_EXCEEDED";
    case (ULONG)STATUS_INSUFFICIENT_RESOURCES: return "STATUS_INSUFFICIENT_RESOURCES";
    case (ULONG)STATUS_INVALID_PARAMETER: return "STATUS_INVALID_PARAMETER";
    case (ULONG)STATUS_BAD_STACK: return "STATUS_BAD_STACK";
    default: return NULL;
    }
}
