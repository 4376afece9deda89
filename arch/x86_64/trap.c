/* SPDX-License-Identifier: MIT */
/*
 * trap.c: hardware traps become NT exceptions, or bugchecks.
 *
 * KiTrap calls KiDispatchTrap on the stack that faulted, at the IRQL of the fault, outside signal context. In order:
 *
 *   a page fault the kernel resolves  the instruction is executed again (KiPageFault)
 *   a crash report faulted            it goes on with its next section
 *   a guarded access (guard.S)        continues at its landing with a status
 *   the stack is exhausted            UNEXPECTED_KERNEL_MODE_TRAP (8: double fault), on the emergency stack
 *   an instruction we emulate         is carried out; the thread goes on behind it
 *   int 29h                           KERNEL_SECURITY_CHECK_FAILURE; no handler may see it
 *   a page fault at DISPATCH_LEVEL+   IRQL_NOT_LESS_OR_EQUAL or DRIVER_IRQL_NOT_LESS_OR_EQUAL
 *   a page fault on a system address  PAGE_FAULT_IN_NONPAGED_AREA or its siblings, inside __try too, as on Windows
 *   anything else                     an exception for the handlers on the stack
 *
 * A #GP whose address is not canonical carries no address: Windows reports an access violation at -1, and so do we; the
 * report decodes the instruction to show the true one.
 */
#include "exceptp.h"
#include "ki.h"
#include "ldrp.h"
#include <bugcodes.h>

enum vector { VECTOR_DE = 0, VECTOR_DB = 1, VECTOR_BP = 3, VECTOR_OF = 4, VECTOR_BR = 5, VECTOR_UD = 6, VECTOR_SS = 12,
              VECTOR_GP = 13, VECTOR_PF = 14, VECTOR_MF = 16, VECTOR_AC = 17, VECTOR_XM = 19 };

#define PF_WRITE 2
#define PF_FETCH 16
#define ERROR_IDT 2 /* the selector of a #GP is a vector: an int instruction */

#define FAST_FAIL_VECTOR 0x29
#define ASSERTION_VECTOR 0x2C
#define DEBUG_VECTOR     0x2D

C_ASSERT(__builtin_offsetof(struct host_trap, rsp) == 32 && __builtin_offsetof(struct host_trap, rip) == 128 &&
         __builtin_offsetof(struct host_trap, xmm) == 192); /* trap_entry.S */

void KiDispatchTrap(struct host_trap *trap);

/* ---------------------------------------------------------------- states */

void KiTrapToContext(const struct host_trap *trap, CONTEXT *context)
{
    __builtin_memset(context, 0, FIELD_OFFSET(CONTEXT, Rax));
    context->ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS;
    context->SegCs = 0x10;
    context->SegDs = context->SegEs = context->SegGs = 0x2B;
    context->SegFs = 0x53;
    context->SegSs = 0x18;
    context->EFlags = (ULONG)trap->rflags;
    context->MxCsr = trap->mxcsr;
    __builtin_memcpy(&context->Rax, &trap->rax, 17 * sizeof(ULONGLONG)); /* rax .. r15, rip: the same order */
    if (trap->extended)
        __builtin_memcpy(&context->FltSave, (const void *)(ULONG_PTR)trap->extended, 160);
    else
        __builtin_memset(&context->FltSave, 0, 160);
    context->FltSave.MxCsr = trap->mxcsr;
    __builtin_memcpy(&context->Xmm0, trap->xmm, sizeof trap->xmm);
}

void KiContextToTrap(const CONTEXT *context, struct host_trap *trap)
{
    __builtin_memcpy(&trap->rax, &context->Rax, 17 * sizeof(ULONGLONG));
    trap->rflags = (trap->rflags & ~0x240DD5ULL) | (context->EFlags & 0x240DD5ULL); /* status, TF, DF, AC, ID */
    trap->mxcsr = context->MxCsr & 0xFFFF;
    __builtin_memcpy(trap->xmm, &context->Xmm0, sizeof trap->xmm);
    if (trap->extended)
        __builtin_memcpy((void *)(ULONG_PTR)trap->extended, &context->FltSave, 24);
}

bool KiTrapIsOurs(uint64_t pc)
{
    (void)pc;
    return KiPcrs[0].Self != NULL; /* before that nothing of ours can treat it */
}

bool KiIsDriverCode(uint64_t pc)
{
    return LdrIsDriverCode((ULONG_PTR)pc) && !KiInterruptsOff();
}

/* ---------------------------------------------------------------- what happened */

NTSTATUS (*KiPageFault)(PKI_FAULT Fault);

static const struct ki_fixup *find_fixup(ULONGLONG rip)
{
    for (const struct ki_fixup *fixup = KiFixupTable; fixup < KiFixupTableEnd; fixup++)
        if (rip >= fixup->begin && rip < fixup->end)
            return fixup;
    return NULL;
}

/* `status` is what the fault means: a guarded access returns it. */
static bool apply_fixup(struct host_trap *trap, NTSTATUS status)
{
    const struct ki_fixup *fixup = find_fixup(trap->rip);
    if (!fixup)
        return false;
    bool catchable = KiIrql() < DISPATCH_LEVEL && (!trap->address_valid || trap->fault_address < KILN_USER_PROBE ||
                                                   status != STATUS_ACCESS_VIOLATION);
    if (fixup->kind == 0 && !catchable)
        return false;
    trap->rip = fixup->landing;
    trap->rax = (ULONG)status;
    trap->rflags &= ~0x400ULL; /* DF */
    return true;
}

static DECLSPEC_NORETURN void stack_overflow(struct host_trap *trap, CONTEXT *context)
{
    KiTrapToContext(trap, context);
    KiBugCheckContext(UNEXPECTED_KERNEL_MODE_TRAP, 8, trap->rsp, trap->rflags, trap->rip, context, NULL,
                      "The kernel stack is exhausted (a guard page below it was touched), or rsp no longer points to "
                      "a stack. Look for deep recursion or large local arrays; allocate big buffers from pool, and "
                      "check IoGetRemainingStackSize before recursing.");
}

static ULONG_PTR access_kind(const struct host_trap *trap)
{
    if (trap->error_code & PF_FETCH)
        return EXCEPTION_EXECUTE_FAULT;
    return trap->error_code & PF_WRITE ? EXCEPTION_WRITE_FAULT : EXCEPTION_READ_FAULT;
}

/* May mm resolve it? STATUS_ACCESS_VIOLATION: no, and there is nothing special about it. */
static NTSTATUS ask_memory_manager(const struct host_trap *trap, KPROCESSOR_MODE mode, PKI_FAULT fault)
{
    if (trap->vector != VECTOR_PF || !trap->address_valid || trap->stack_overflow || !KiPageFault)
        return STATUS_ACCESS_VIOLATION;
    const struct ki_fixup *fixup = find_fixup(trap->rip);
    *fault = (KI_FAULT){.Address = trap->fault_address,
                        .Access = access_kind(trap),
                        .Pc = trap->rip,
                        .Irql = KiIrql(),
                        .Mode = mode,
                        .Safe = fixup && fixup->kind == 1,
                        .Trap = trap};
    return KiPageFault(fault);
}

void KiTouchPage(const volatile void *page)
{
    *(const volatile UCHAR *)page;
}

DECLSPEC_NORETURN void KiBugCheckFault(PKI_FAULT Fault, ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3,
                                       ULONG_PTR p4, const char *text)
{
    static CONTEXT context; /* the machine stops; a stack that is nearly exhausted is spared */
    KiTrapToContext(Fault->Trap, &context);
    KiBugCheckContext(code, p1, p2, p3, p4, &context, NULL, text);
}

static bool in_unloaded_driver(ULONGLONG address)
{
    static struct ldr_unloaded unloaded;
    for (ULONG i = 0; LdrUnloadedModule(i, &unloaded); i++)
        if (address >= unloaded.Base && address < unloaded.End)
            return true;
    return false;
}

/* At any IRQL: what an unloaded driver left behind explains the fault better than the IRQL does. */
static void check_unloaded_driver(const struct host_trap *trap, CONTEXT *context)
{
    if (!LdrFindModuleByAddress((void *)(ULONG_PTR)trap->fault_address) && in_unloaded_driver(trap->fault_address))
        KiBugCheckContext(DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS, trap->fault_address,
                          access_kind(trap), trap->rip, 0, context, NULL,
                          "Code or data of a driver that has been unloaded was used: it left a timer, DPC, work item, "
                          "thread, callback or pending request behind. DriverUnload must wait for all of them.");
}

static DECLSPEC_NORETURN void fault_at_high_irql(const struct host_trap *trap, CONTEXT *context)
{
    check_unloaded_driver(trap, context);
    bool driver = LdrIsDriverCode((ULONG_PTR)trap->rip) || access_kind(trap) == EXCEPTION_EXECUTE_FAULT;
    KiBugCheckContext(driver ? DRIVER_IRQL_NOT_LESS_OR_EQUAL : IRQL_NOT_LESS_OR_EQUAL, trap->fault_address, KiIrql(),
                      access_kind(trap), trap->rip, context, NULL,
                      driver ? "The driver touched memory that is not there, or is pageable, at DISPATCH_LEVEL or above. "
                               "Check the pointer; code and data used at raised IRQL must be nonpaged."
                             : "A kernel routine touched memory that is not there at DISPATCH_LEVEL or above: the driver "
                               "that called it passed a bad pointer, or one to pageable memory.");
}

static DECLSPEC_NORETURN void system_address_fault(const struct host_trap *trap, CONTEXT *context)
{
    ULONG_PTR kind = access_kind(trap);
    ULONGLONG word;
    bool readable = KiSafeRead64(trap->fault_address & ~7ULL, &word);
    check_unloaded_driver(trap, context);
    if (kind == EXCEPTION_WRITE_FAULT && readable)
        KiBugCheckContext(ATTEMPTED_WRITE_TO_READONLY_MEMORY, trap->fault_address, 0, 0, 0, context, NULL,
                          "The driver wrote to memory that is read-only, for instance its own code or constant data. "
                          "Copy the data first, or declare it without const.");
    if (kind == EXCEPTION_EXECUTE_FAULT && readable)
        KiBugCheckContext(ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, trap->fault_address, 0, 0, 0, context, NULL,
                          "Control went to memory that is data: a damaged function pointer or return address, or code "
                          "in pool that is not executable (pool is NX).");
    KiBugCheckContext(PAGE_FAULT_IN_NONPAGED_AREA, trap->fault_address,
                      kind == EXCEPTION_EXECUTE_FAULT ? 0x10 : kind == EXCEPTION_WRITE_FAULT ? 2 : 0, trap->rip, 2,
                      context, NULL,
                      "A system address that is not mapped was touched: freed memory, a damaged pointer, or one past the "
                      "end of a buffer. No __except can catch this; only user-mode addresses may be tried.");
}

static void set_record(EXCEPTION_RECORD *record, NTSTATUS code, ULONGLONG address, ULONG parameters, ULONG_PTR p0,
                       ULONG_PTR p1)
{
    __builtin_memset(record, 0, sizeof *record);
    record->ExceptionCode = code;
    record->ExceptionAddress = (PVOID)(ULONG_PTR)address;
    record->NumberParameters = parameters;
    record->ExceptionInformation[0] = p0;
    record->ExceptionInformation[1] = p1;
}

static ULONG read_code(ULONGLONG rip, UCHAR code[16])
{
    ULONG have = 0;
    __builtin_memset(code, 0x90, 16);
    while (have < 15 && KiSafeRead(code + have, (const void *)(ULONG_PTR)(rip + have), 1))
        have++;
    return have;
}

static NTSTATUS float_code(ULONG flags)
{
    static const NTSTATUS codes[] = {STATUS_FLOAT_INVALID_OPERATION, STATUS_FLOAT_DENORMAL_OPERAND,
                                     STATUS_FLOAT_DIVIDE_BY_ZERO, STATUS_FLOAT_OVERFLOW, STATUS_FLOAT_UNDERFLOW,
                                     STATUS_FLOAT_INEXACT_RESULT};
    for (unsigned i = 0; i < RTL_NUMBER_OF(codes); i++)
        if (flags & (1u << i))
            return codes[i];
    return STATUS_FLOAT_INVALID_OPERATION;
}

static NTSTATUS divide_code(const struct host_trap *trap)
{
    UCHAR code[16];
    struct host_insn insn;
    ULONGLONG divisor = 0;
    ULONG have = read_code(trap->rip, code);
    if (!host_decode(code, have, trap, &insn) || insn.kind != HOST_INSN_DIV)
        return STATUS_INTEGER_DIVIDE_BY_ZERO;
    if (insn.has_memory) {
        if (!KiSafeRead(&divisor, (const void *)(ULONG_PTR)insn.address, insn.size))
            return STATUS_INTEGER_DIVIDE_BY_ZERO;
    } else {
        divisor = (&trap->rax)[insn.reg] >> (insn.high_byte ? 8 : 0);
        if (insn.reg_size < 8)
            divisor &= (1ULL << (8 * insn.reg_size)) - 1;
    }
    return divisor == 0 ? STATUS_INTEGER_DIVIDE_BY_ZERO : STATUS_INTEGER_OVERFLOW;
}

/* int 2Dh: the debugger's services. Without a debugger the text goes where DbgPrint's does; the rest is skipped. */
static bool debug_service(struct host_trap *trap)
{
    enum { SERVICE_PRINT = 1, SERVICE_PROMPT = 2, SERVICE_LOAD = 3, SERVICE_UNLOAD = 4, SERVICE_COMMAND = 5 };
    if (trap->rax < SERVICE_PRINT || trap->rax > SERVICE_COMMAND)
        return false;
    if (trap->rax == SERVICE_PRINT) {
        char text[512];
        ULONGLONG left = trap->rdx & 0xFFFF, from = trap->rcx;
        while (left > 0) {
            ULONGLONG part = left < sizeof text ? left : sizeof text;
            if (!KiSafeRead(text, (const void *)(ULONG_PTR)from, part))
                break;
            host_console_write(HOST_STREAM_DEBUG, text, part);
            from += part;
            left -= part;
        }
    }
    UCHAR next = 0;
    trap->rax = 0;
    trap->rip += 2;
    if (KiSafeRead(&next, (const void *)(ULONG_PTR)trap->rip, 1) && next == 0xCC)
        trap->rip++; /* the service is called by int 2Dh; int 3 */
    return true;
}

/* A software interrupt. True: treated; the thread goes on. */
static bool software_interrupt(struct host_trap *trap, CONTEXT *context, EXCEPTION_RECORD *record)
{
    ULONG number = (ULONG)(trap->error_code >> 3) & 0xFF;
    switch (number) {
    case FAST_FAIL_VECTOR:
        set_record(record, STATUS_STACK_BUFFER_OVERRUN, trap->rip, 1, context->Rcx, 0);
        record->ExceptionFlags = EXCEPTION_NONCONTINUABLE;
        KiBugCheckContext(KERNEL_SECURITY_CHECK_FAILURE, (ULONG)context->Rcx, (ULONG_PTR)context, (ULONG_PTR)record, 0,
                          context, record,
                          "The driver (or a check compiled into it) called __fastfail: a structure it relies on is "
                          "damaged. The first parameter says which check failed.");
    case ASSERTION_VECTOR:
        set_record(record, STATUS_ASSERTION_FAILURE, trap->rip, 0, 0, 0);
        return false;
    case DEBUG_VECTOR:
        if (debug_service(trap))
            return true;
        set_record(record, STATUS_BREAKPOINT, trap->rip, 1, trap->rax, 0);
        return false;
    default:
        set_record(record, STATUS_ACCESS_VIOLATION, trap->rip, 2, EXCEPTION_READ_FAULT, ~(ULONG_PTR)0);
        return false;
    }
}

static void general_protection(const struct host_trap *trap, EXCEPTION_RECORD *record, enum ki_emulation emulation)
{
    UCHAR code[16];
    struct host_insn insn;
    ULONG have = read_code(trap->rip, code);
    bool known = host_decode(code, have, trap, &insn);
    if (emulation == KI_PRIVILEGED)
        set_record(record, STATUS_PRIVILEGED_INSTRUCTION, trap->rip, 0, 0, 0);
    else
        set_record(record, STATUS_ACCESS_VIOLATION, trap->rip, 2,
                   known && insn.write ? EXCEPTION_WRITE_FAULT : EXCEPTION_READ_FAULT, ~(ULONG_PTR)0);
}

/* The driver instruction of a breakpoint: the int3, or the call of DbgBreakPoint that led to it; 0 if it is the kernel's. */
static ULONG_PTR breakpoint_owner(const struct host_trap *trap)
{
    ULONG_PTR pc = trap->rip - 1, caller = *(const ULONG_PTR *)trap->rsp - 1;
    if (LdrFindModuleByAddress((PVOID)pc))
        return pc;
    return LdrFindModuleByAddress((PVOID)caller) ? caller : 0;
}

/* Fill the record. True: nothing to raise, the thread goes on with the (changed) trap. Page faults may bugcheck. */
static bool classify(struct host_trap *trap, CONTEXT *context, EXCEPTION_RECORD *record, enum ki_emulation emulation)
{
    ULONG status;
    switch (trap->vector) {
    case VECTOR_PF:
        if (KiIrql() >= DISPATCH_LEVEL)
            fault_at_high_irql(trap, context);
        if (trap->fault_address >= KILN_USER_PROBE)
            system_address_fault(trap, context);
        set_record(record, STATUS_ACCESS_VIOLATION, trap->rip, 2, access_kind(trap), trap->fault_address);
        return false;
    case VECTOR_GP:
        if (trap->error_code & ERROR_IDT)
            return software_interrupt(trap, context, record);
        general_protection(trap, record, emulation);
        return false;
    case VECTOR_DE:
        set_record(record, divide_code(trap), trap->rip, 0, 0, 0);
        return false;
    case VECTOR_DB:
        trap->rflags &= ~0x100ULL;
        context->EFlags &= ~0x100u;
        set_record(record, STATUS_SINGLE_STEP, trap->rip, 0, 0, 0);
        return false;
    case VECTOR_BP:
        if (host_config()->pass_breakpoints && breakpoint_owner(trap)) {
            KiNoteBreakpoint(breakpoint_owner(trap));
            return true;
        }
        context->Rip = trap->rip - 1;
        set_record(record, STATUS_BREAKPOINT, context->Rip, 1, 0, 0);
        return false;
    case VECTOR_OF:
        set_record(record, STATUS_INTEGER_OVERFLOW, trap->rip, 0, 0, 0);
        return false;
    case VECTOR_BR:
        set_record(record, STATUS_ARRAY_BOUNDS_EXCEEDED, trap->rip, 0, 0, 0);
        return false;
    case VECTOR_UD:
        set_record(record, emulation == KI_PRIVILEGED ? STATUS_PRIVILEGED_INSTRUCTION : STATUS_ILLEGAL_INSTRUCTION,
                   trap->rip, 0, 0, 0);
        return false;
    case VECTOR_MF:
        status = context->FltSave.StatusWord;
        set_record(record, (status & 0x40) ? STATUS_FLOAT_STACK_CHECK : float_code(status & ~context->FltSave.ControlWord),
                   trap->rip, 1, 0, 0);
        return false;
    case VECTOR_XM:
        set_record(record, float_code(trap->mxcsr & ~(trap->mxcsr >> 7)), trap->rip, 1, 0, 0);
        return false;
    case VECTOR_AC:
        set_record(record, STATUS_DATATYPE_MISALIGNMENT, trap->rip, 0, 0, 0);
        return false;
    default:
        set_record(record, STATUS_ACCESS_VIOLATION, trap->rip, 2, EXCEPTION_READ_FAULT, ~(ULONG_PTR)0);
        return false;
    }
}

static bool may_emulate(const struct host_trap *trap)
{
    if (trap->vector == VECTOR_PF)
        return KiIsEmulatedAddress(trap->fault_address);
    return (trap->vector == VECTOR_GP && !(trap->error_code & ERROR_IDT)) || trap->vector == VECTOR_UD;
}

bool KiClientFault(struct host_trap *trap)
{
    KI_FAULT fault;
    KiDeliverPending(); /* as on any entry of the client's */
    NTSTATUS status = ask_memory_manager(trap, UserMode, &fault);
    KiReturnToClient();
    return NT_SUCCESS(status);
}

void KiDispatchTrap(struct host_trap *trap)
{
    CONTEXT context;
    EXCEPTION_RECORD record;
    KI_FAULT fault;
    enum ki_emulation emulation = KI_NOT_EMULATED;
    NTSTATUS paging = ask_memory_manager(trap, KernelMode, &fault);
    if (NT_SUCCESS(paging) && KiIsDriverCode(trap->rip))
        KiDeliverPending(); /* what came meanwhile: nobody redirects a processor that was in the kernel */
    if (NT_SUCCESS(paging) || apply_fixup(trap, paging))
        host_trap_resume(trap);
    if (KiReportOwnsTrap(trap))
        return; /* not reached: the report goes on elsewhere */
    if (trap->stack_overflow)
        stack_overflow(trap, &context);
    if (may_emulate(trap)) {
        emulation = KiEmulate(trap);
        if (emulation == KI_EMULATED)
            host_trap_resume(trap);
    }
    KiTrapToContext(trap, &context);
    if (paging != STATUS_ACCESS_VIOLATION) {
        set_record(&record, paging, trap->rip, paging == STATUS_IN_PAGE_ERROR ? 3 : 2, fault.Access, fault.Address);
        record.ExceptionInformation[2] = (ULONG)fault.IoStatus;
        KiDispatchException(&record, &context);
        KiContextToTrap(&context, trap);
    } else if (!classify(trap, &context, &record, emulation)) {
        KiDispatchException(&record, &context);
        KiContextToTrap(&context, trap);
    }
    host_trap_resume(trap);
}
