/* SPDX-License-Identifier: MIT */
/*
 * report.c: what a person reads when the machine stopped.
 *
 * The order is that of the reader's questions: what happened, in which driver, where, with what request, in which state,
 * how do I get there again, and what shall I do. Every part is a step of its own (vf_protected).
 */
#include "vfp.h"
#include "locks.h"
#include "ldrp.h"
#include "mi.h"
#include "psp.h"
#include "../rtl/rtlp.h"

#define LINE_BYTES 1024

/* ---------------------------------------------------------------- output */

void NTAPI vf_say(const char *format, ...)
{
    char line[LINE_BYTES];
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, format);
    SIZE_T length = RtlpFormatUtf8(line, sizeof line, format, arguments);
    __builtin_ms_va_end(arguments);
    host_console_write(HOST_STREAM_REPORT, line, length < sizeof line ? length : sizeof line - 1);
}

void NTAPI vf_print(char *text, SIZE_T bytes, const char *format, ...)
{
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, format);
    RtlpFormatUtf8(text, bytes, format, arguments);
    __builtin_ms_va_end(arguments);
}

/* ---------------------------------------------------------------- facts */

#define MAX_WALK 250000

/* Note the frame at `context` and those of its callers. */
static void walk_from(CONTEXT *context)
{
    ULONG count = vf_crash.frame_count;
    for (ULONG i = 0; i < MAX_WALK; i++) {
        if (count > 1 && vf_crash.frames[count - 1] == context->Rip) {
            vf_crash.repeats[count - 1]++;
        } else {
            if (count == VF_MAX_FRAMES)
                break;
            vf_crash.repeats[count] = 0;
            vf_crash.frames[count++] = context->Rip;
            vf_crash.frame_count = count;
        }
        if (!KiUnwindFrame(context))
            break;
    }
}

void vf_walk(void *unused)
{
    CONTEXT context = vf_crash.context;
    struct host_elf_frames frames;
    ULONGLONG base, caller;
    vf_crash.frame_count = 0;
    walk_from(&context);
    /* A call through a bad pointer: nothing is known about rip, but the caller pushed its address. */
    if (vf_crash.frame_count == 1 && !KiLookupFunction(vf_crash.context.Rip, &base) && base == 0 &&
        !host_find_elf_frames(vf_crash.context.Rip, &frames) && KiSafeRead64(vf_crash.context.Rsp, &caller)) {
        context = vf_crash.context;
        context.Rip = caller;
        context.Rsp += 8;
        context.ContextFlags |= CONTEXT_UNWOUND_TO_CALL;
        walk_from(&context);
    }
}

bool vf_is_return(ULONG i)
{
    return i > 0 || (vf_crash.context.ContextFlags & CONTEXT_UNWOUND_TO_CALL) == CONTEXT_UNWOUND_TO_CALL;
}

bool vf_find_driver(ULONGLONG *pc, bool *returned)
{
    if (vf_crash.driver_pc) {
        *pc = vf_crash.driver_pc;
        *returned = true;
        return true;
    }
    for (ULONG i = 0; i < vf_crash.frame_count; i++) {
        if (LdrIsDriverCode((ULONG_PTR)vf_crash.frames[i])) {
            *pc = vf_crash.frames[i];
            *returned = vf_is_return(i);
            return true;
        }
    }
    return false;
}

static const char *level_name(KIRQL irql)
{
    switch (irql) {
    case PASSIVE_LEVEL:
        return "PASSIVE_LEVEL";
    case APC_LEVEL:
        return "APC_LEVEL";
    case DISPATCH_LEVEL:
        return "DISPATCH_LEVEL";
    case CLOCK_LEVEL:
        return "CLOCK_LEVEL";
    case HIGH_LEVEL:
        return "HIGH_LEVEL";
    default:
        return irql > DISPATCH_LEVEL && irql < CLOCK_LEVEL ? "device level" : "above device level";
    }
}

/* ---------------------------------------------------------------- steps */

static void step_header(void *unused)
{
    const struct vf_bug_text *text = vf_find_bug_text(vf_crash.code);
    const char *name = vf_bug_name(vf_crash.code);
    const ULONG_PTR *p = vf_crash.parameter;
    vf_say("\n*** STOP: 0x%08X %s (0x%p, 0x%p, 0x%p, 0x%p)\n", vf_crash.code, name ? name : "(not a documented code)",
           p[0], p[1], p[2], p[3]);
    if (text)
        vf_say("    %s\n", text->meaning);
    vf_say("\n");
    for (unsigned i = 0; i < 4; i++) {
        const char *meaning = text ? text->parameter[i] : NULL;
        if (meaning || p[i])
            vf_say("Parameter %u   0x%p  %s\n", i + 1, p[i], meaning ? meaning : "");
    }
    const char *check = vf_crash.code == 0x139 ? vf_fast_fail_name((ULONG)p[0]) : NULL;
    if (check)
        vf_say("Failed check  %s\n", check);
}

static void step_deadlock(void *unused)
{
    static char text[1024];
    for (ULONG i = 0; KiDescribeDeadlockFound(i, text, sizeof text); i++)
        vf_say("%s%s\n", i == 0 ? "Locks\n  " : "  ", text);
}

static void step_driver(void *unused)
{
    static struct vf_place place;
    ULONGLONG pc;
    bool returned;
    if (!vf_find_driver(&pc, &returned)) {
        vf_say("Driver        none on this stack\n");
        return;
    }
    vf_locate(pc, returned, &place);
    if (!place.module[0]) {
        vf_say("Driver        unknown, at 0x%p\n", pc);
        return;
    }
    vf_say("Driver        %s%s, at 0x%p (%s+0x%llx)\n", place.module, place.unloaded ? " (already unloaded)" : "", pc,
           place.module, place.offset);
    if (place.function[0])
        vf_say("Function      %s\n", place.function);
    if (place.file[0])
        vf_say("Source        %s:%u\n", place.file, place.line);
}

static void step_explanation(void *unused)
{
    if (vf_crash.text)
        vf_say("What happened %s\n", vf_crash.text);
    if (!vf_crash.has_record)
        return;
    const EXCEPTION_RECORD *record = &vf_crash.record;
    const char *name = vf_exception_name((ULONG)record->ExceptionCode);
    vf_say("Exception     0x%08X %s at 0x%p\n", record->ExceptionCode, name ? name : "", record->ExceptionAddress);
    if (record->ExceptionCode == STATUS_ACCESS_VIOLATION && record->NumberParameters >= 2) {
        ULONG_PTR kind = record->ExceptionInformation[0];
        vf_say("              %s address 0x%p\n",
               kind == EXCEPTION_WRITE_FAULT ? "writing" : kind == EXCEPTION_EXECUTE_FAULT ? "executing" : "reading",
               record->ExceptionInformation[1]);
    }
    if (record->ExceptionRecord)
        vf_say("              while another exception was handled\n");
}

static void step_instruction(void *unused)
{
    UCHAR code[16];
    char text[96];
    struct host_trap trap;
    struct host_insn insn;
    ULONG have = 0;
    if (vf_is_return(0))
        return;
    while (have < 15 && KiSafeRead(code + have, (const void *)(ULONG_PTR)(vf_crash.context.Rip + have), 1))
        have++;
    if (!host_disassemble(code, have, vf_crash.context.Rip, text, sizeof text))
        return;
    __builtin_memset(&trap, 0, sizeof trap);
    __builtin_memcpy(&trap.rax, &vf_crash.context.Rax, 17 * sizeof(ULONGLONG));
    vf_say("Instruction   %s", text);
    if (host_decode(code, have, &trap, &insn) && insn.has_memory)
        vf_say("    ; address 0x%p, %u byte%s", insn.address, insn.size, insn.size == 1 ? "" : "s");
    vf_say("\n");
}

/* ---- what lies at the addresses of the crash */

#define MAX_MEMORY 6

static ULONGLONG described[MAX_MEMORY];
static ULONG described_count;

static void describe_memory(ULONGLONG address)
{
    MI_ADDRESS info;
    char tag[5], who[400];
    for (ULONG i = 0; i < described_count; i++)
        if (described[i] == address)
            return;
    MI_ADDRESS_KIND kind = MiClassifyAddress((PVOID)(ULONG_PTR)address, &info);
    switch (kind) {
    case MiAddressUnknown:
    case MiAddressKernel:
    case MiAddressUser:
    case MiAddressRamOther:
        return; /* nothing that helps */
    default:
        break;
    }
    if (described_count == MAX_MEMORY)
        return;
    described[described_count++] = address;
    vf_say("Memory        0x%p: %s", address, MiAddressKindName(kind));
    if (info.Begin && info.Bytes)
        vf_say(", offset 0x%llx in 0x%llx bytes at 0x%p", address - (ULONG_PTR)info.Begin, (ULONGLONG)info.Bytes,
               info.Begin);
    if (info.Tag) {
        MiFormatTag(info.Tag, tag);
        vf_say(", tag '%s'", tag);
    }
    vf_say("\n");
    if (info.Caller) {
        KiDescribeReturn((ULONG_PTR)info.Caller, who, sizeof who);
        vf_say("              %s by %s\n", kind == MiAddressPoolFree ? "last allocated" : "allocated", who);
    }
}

/* A bugcheck parameter may be anything; what it is says most when it is pool or a hole in memory. */
static void describe_parameter(ULONGLONG value)
{
    switch (MiClassifyAddress((PVOID)(ULONG_PTR)value, NULL)) {
    case MiAddressPool:
    case MiAddressPoolFree:
    case MiAddressStackGuard:
    case MiAddressRamFree:
    case MiAddressContiguous:
    case MiAddressMdlPages:
    case MiAddressMmio:
    case MiAddressSystemPteUnmapped:
        describe_memory(value);
        break;
    default:
        break;
    }
}

static bool is_small(ULONGLONG value)
{
    return value < 0x10000;
}

static void step_memory(void *unused)
{
    const EXCEPTION_RECORD *record = &vf_crash.record;
    described_count = 0;
    if (vf_crash.has_record && record->ExceptionCode == STATUS_ACCESS_VIOLATION && record->NumberParameters >= 2)
        describe_memory(record->ExceptionInformation[1]);
    for (unsigned i = 0; i < 4; i++)
        if (!is_small(vf_crash.parameter[i]) && vf_crash.parameter[i] != (ULONG_PTR)vf_crash.context.Rip)
            describe_parameter(vf_crash.parameter[i]);
}

static void step_state(void *unused)
{
    PKTHREAD thread = vf_crash.thread;
    char start[400];
    vf_say("Processor     %u, IRQL %u (%s)\n", vf_crash.processor, vf_crash.irql, level_name(vf_crash.irql));
    if (!thread)
        return;
    PKDPC dpc = KiPcrs[vf_crash.processor].Prcb.DpcRoutineActive;
    if (dpc) {
        KiDescribeAddress((ULONG_PTR)dpc->DeferredRoutine, start, sizeof start);
        vf_say("DPC           %p, routine %s\n", dpc, start);
    }
    vf_say("Thread        %u (%p)", thread->Id, thread);
    if (thread->StartAddress) {
        KiDescribeAddress((ULONG_PTR)thread->StartAddress, start, sizeof start);
        vf_say(", started at %s", start);
    }
    vf_say("\n");
    PEPROCESS process = (PEPROCESS)thread->ApcState.Process;
    if (process && process->ImageFileName[0])
        vf_say("Process       %.15s (id %llu)\n", process->ImageFileName, (ULONGLONG)(ULONG_PTR)process->UniqueProcessId);
}

static void step_registers(void *unused)
{
    const CONTEXT *c = &vf_crash.context;
    vf_say("\nRegisters\n"
           "  rax %p  rbx %p  rcx %p  rdx %p\n", c->Rax, c->Rbx, c->Rcx, c->Rdx);
    vf_say("  rsi %p  rdi %p  rbp %p  rsp %p\n", c->Rsi, c->Rdi, c->Rbp, c->Rsp);
    vf_say("  r8  %p  r9  %p  r10 %p  r11 %p\n", c->R8, c->R9, c->R10, c->R11);
    vf_say("  r12 %p  r13 %p  r14 %p  r15 %p\n", c->R12, c->R13, c->R14, c->R15);
    vf_say("  rip %p  flags %08x\n", c->Rip, c->EFlags);
}

static void step_stack(void *unused)
{
    static struct vf_place place;
    char text[700];
    vf_say("\nStack\n");
    for (ULONG i = 0; i < vf_crash.frame_count; i++) {
        vf_locate(vf_crash.frames[i], vf_is_return(i), &place);
        vf_describe(&place, text, sizeof text);
        vf_say("  %2u %p  %s\n", i, vf_crash.frames[i], text);
        if (vf_crash.repeats[i])
            vf_say("     ... and %u more frames of it\n", vf_crash.repeats[i]);
    }
    if (vf_crash.frame_count == VF_MAX_FRAMES)
        vf_say("  ... (more frames follow)\n");
}

static void step_irps(void *unused)
{
    vf_report_irps();
}

static bool contains(const char *text, const char *part)
{
    for (; *text; text++) {
        SIZE_T i = 0;
        while (part[i] && text[i] == part[i])
            i++;
        if (!part[i])
            return true;
    }
    return false;
}

static void step_reproduce(void *unused)
{
    const struct host_config *config = host_config();
    const struct vf_bug_text *text = vf_find_bug_text(vf_crash.code);
    const char *command = host_command_line();
    vf_say("\n");
    if (text && text->advice)
        vf_say("What to do    %s\n", text->advice);
    if (config->live)
        vf_say("Reproduce     %s    (live host: the interleaving differs from run to run)\n", command);
    else if (command[0] && !contains(command, "--seed"))
        vf_say("Reproduce     %s --seed %llu    (the same seed repeats this run)\n", command, (ULONGLONG)config->seed);
    else
        vf_say("Reproduce     %s    (simulator, seed %llu)\n", command[0] ? command : "boot with this seed",
               (ULONGLONG)config->seed);
}

static void step_json(void *unused)
{
    vf_report_json();
}

void vf_report(void)
{
    vf_protected(vf_walk, NULL, "the stack walk");
    if (host_config()->json) {
        vf_protected(step_json, NULL, "the JSON report");
        return;
    }
    vf_protected(step_header, NULL, "the headline");
    vf_protected(step_explanation, NULL, "the explanation");
    vf_protected(step_deadlock, NULL, "the locks");
    vf_protected(step_driver, NULL, "the driver");
    vf_protected(step_instruction, NULL, "the instruction");
    vf_protected(step_memory, NULL, "the memory");
    vf_protected(step_state, NULL, "the machine's state");
    vf_protected(step_registers, NULL, "the registers");
    vf_protected(step_stack, NULL, "the stack");
    vf_protected(step_irps, NULL, "the requests");
    vf_protected(step_reproduce, NULL, "how to reproduce it");
}
