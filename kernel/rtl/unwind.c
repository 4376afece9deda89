/* SPDX-License-Identifier: MIT */
/*
 * unwind.c: frames of PE code, from .pdata and .xdata.
 *
 * A RUNTIME_FUNCTION gives a function's range and its UNWIND_INFO: the operations of the prolog, latest first, and the
 * language handler. Unwinding undoes the operations that the pc has passed. Three places are special: inside the prolog
 * (only what has been executed is undone), inside an epilog (the rest of the epilog is carried out instead), and chained
 * entries (the operations of the parent follow). A function without an entry is a leaf: its return address is at rsp.
 *
 * Epilogs: version 1 has no description of them, so the instructions at the pc are read: add rsp or lea rsp, pops, and
 * ret or a tail jump. Version 2 lists them.
 *
 * An image is input from outside: every word of unwind data and of the stack is read by KiSafeRead, and an answer that
 * makes no sense ends the walk.
 */
#include "exceptp.h"
#include "ldrp.h"

#define UWOP_PUSH_NONVOL     0
#define UWOP_ALLOC_LARGE     1
#define UWOP_ALLOC_SMALL     2
#define UWOP_SET_FPREG       3
#define UWOP_SAVE_NONVOL     4
#define UWOP_SAVE_NONVOL_FAR 5
#define UWOP_EPILOG          6
#define UWOP_SPARE_CODE      7
#define UWOP_SAVE_XMM128     8
#define UWOP_SAVE_XMM128_FAR 9
#define UWOP_PUSH_MACHFRAME  10

#define MAX_CHAIN 32

/* UNWIND_INFO with room for the most codes there can be, the handler's address or the chained entry behind them. */
struct unwind_info {
    UCHAR version_flags;
    UCHAR prolog_bytes;
    UCHAR code_count;
    UCHAR frame; /* register and scaled offset */
    USHORT codes[256 + 8];
};

/* ---------------------------------------------------------------- dynamic function tables */

#define MAX_DYNAMIC_TABLES 64

static struct dynamic_table {
    ULONGLONG base, low, high;
    const RUNTIME_FUNCTION *table; /* NULL: free. Written last, cleared first */
    ULONG count;
} dynamic_tables[MAX_DYNAMIC_TABLES];

BOOLEAN NTAPI RtlAddFunctionTable(PRUNTIME_FUNCTION FunctionTable, ULONG EntryCount, ULONGLONG BaseAddress)
{
    if (EntryCount == 0)
        return FALSE;
    for (unsigned i = 0; i < MAX_DYNAMIC_TABLES; i++) {
        const RUNTIME_FUNCTION *none = NULL;
        struct dynamic_table *slot = &dynamic_tables[i];
        /* Claimed with an empty range, so that a lookup in between finds nothing in it. */
        if (!__atomic_compare_exchange_n(&slot->table, &none, FunctionTable, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        ULONG low = MAXULONG, high = 0;
        for (ULONG n = 0; n < EntryCount; n++) {
            low = FunctionTable[n].BeginAddress < low ? FunctionTable[n].BeginAddress : low;
            high = FunctionTable[n].EndAddress > high ? FunctionTable[n].EndAddress : high;
        }
        slot->base = BaseAddress;
        slot->count = EntryCount;
        slot->low = BaseAddress + low;
        __atomic_store_n(&slot->high, BaseAddress + high, __ATOMIC_RELEASE);
        return TRUE;
    }
    return FALSE;
}

BOOLEAN NTAPI RtlDeleteFunctionTable(PRUNTIME_FUNCTION FunctionTable)
{
    for (unsigned i = 0; i < MAX_DYNAMIC_TABLES; i++) {
        struct dynamic_table *slot = &dynamic_tables[i];
        if (slot->table == FunctionTable) {
            __atomic_store_n(&slot->high, 0, __ATOMIC_RELEASE);
            __atomic_store_n(&slot->table, NULL, __ATOMIC_RELEASE);
            return TRUE;
        }
    }
    return FALSE;
}

static const RUNTIME_FUNCTION *dynamic_lookup(ULONGLONG pc, ULONGLONG *image_base)
{
    for (unsigned i = 0; i < MAX_DYNAMIC_TABLES; i++) {
        const struct dynamic_table *slot = &dynamic_tables[i];
        if (pc >= __atomic_load_n(&slot->high, __ATOMIC_ACQUIRE) || pc < slot->low || !slot->table)
            continue;
        *image_base = slot->base;
        for (ULONG n = 0; n < slot->count; n++)
            if (pc - slot->base >= slot->table[n].BeginAddress && pc - slot->base < slot->table[n].EndAddress)
                return &slot->table[n];
    }
    return NULL;
}

/* ---------------------------------------------------------------- lookup */

const RUNTIME_FUNCTION *KiLookupFunction(ULONGLONG pc, ULONGLONG *image_base)
{
    ULONG_PTR base = 0;
    ULONG count = 0;
    const RUNTIME_FUNCTION *table = LdrFindFunctionTable((ULONG_PTR)pc, &base, &count);
    *image_base = base;
    if (!table)
        return base ? NULL : dynamic_lookup(pc, image_base);
    ULONG rva = (ULONG)(pc - base), low = 0, high = count;
    while (low < high) {
        ULONG middle = (low + high) / 2;
        if (rva < table[middle].BeginAddress)
            high = middle;
        else if (rva >= table[middle].EndAddress)
            low = middle + 1;
        else
            return &table[middle];
    }
    return NULL;
}

PRUNTIME_FUNCTION NTAPI RtlLookupFunctionEntry(ULONGLONG ControlPc, ULONGLONG *ImageBase,
                                               PUNWIND_HISTORY_TABLE HistoryTable)
{
    return (PRUNTIME_FUNCTION)(ULONG_PTR)KiLookupFunction(ControlPc, ImageBase);
}

/* ---------------------------------------------------------------- reading */

static bool read_info(ULONGLONG image_base, ULONG rva, struct unwind_info *info)
{
    const UCHAR *at = (const UCHAR *)(ULONG_PTR)(image_base + rva);
    if (!KiSafeRead(info, at, 4))
        return false;
    ULONG version = info->version_flags & 7;
    ULONG tail = ((info->version_flags >> 3) & UNW_FLAG_CHAININFO) ? 12 : 8;
    ULONG bytes = 2 * ((info->code_count + 1u) & ~1u) + tail;
    if (version != 1 && version != 2)
        return false;
    /* The tail may lie past the end of the section when there is no handler. */
    return KiSafeRead(info->codes, at + 4, bytes) || KiSafeRead(info->codes, at + 4, bytes - tail);
}

static bool pop(CONTEXT *context, ULONGLONG *value)
{
    if (!KiSafeRead64(context->Rsp, value))
        return false;
    context->Rsp += 8;
    return true;
}

static ULONGLONG *reg(CONTEXT *context, unsigned number)
{
    return &context->Rax + (number & 15);
}

static void note(KNONVOLATILE_CONTEXT_POINTERS *pointers, unsigned number, ULONGLONG address)
{
    if (pointers)
        pointers->IntegerContext[number & 15] = (ULONGLONG *)(ULONG_PTR)address;
}

/* Slots that a code occupies; 0: unknown. */
static unsigned slots(unsigned op, unsigned operand)
{
    switch (op) {
    case UWOP_PUSH_NONVOL:
    case UWOP_ALLOC_SMALL:
    case UWOP_SET_FPREG:
    case UWOP_PUSH_MACHFRAME:
        return 1;
    case UWOP_SAVE_NONVOL:
    case UWOP_SAVE_XMM128:
    case UWOP_EPILOG:
        return 2;
    case UWOP_ALLOC_LARGE:
        return operand ? 3 : 2;
    case UWOP_SAVE_NONVOL_FAR:
    case UWOP_SAVE_XMM128_FAR:
    case UWOP_SPARE_CODE:
        return 3;
    default:
        return 0;
    }
}

/* ---------------------------------------------------------------- epilogs */

/* Does the jump lead to another part of the same function (hot and cold parts are chained entries)? */
static bool is_fragment_jump(ULONGLONG image_base, ULONGLONG target_rva, const struct unwind_info *info)
{
    ULONGLONG base;
    UCHAR flags;
    if ((info->version_flags >> 3) & UNW_FLAG_CHAININFO)
        return true;
    const RUNTIME_FUNCTION *target = KiLookupFunction(image_base + target_rva, &base);
    return target && base == image_base &&
           KiSafeRead(&flags, (void *)(ULONG_PTR)(base + (target->UnwindData & ~1u)), 1) &&
           ((flags >> 3) & UNW_FLAG_CHAININFO);
}

/*
 * Version 1: do the instructions at pc finish an epilog? If so carry them out on the context. What may come: nothing or
 * a part of [add rsp, n | lea rsp, [frame + n]], pops, then ret, ret n, rep ret, or a jump out of the function.
 */
static bool try_epilog(ULONGLONG pc, ULONGLONG image_base, const RUNTIME_FUNCTION *function,
                       const struct unwind_info *info, CONTEXT *context, KNONVOLATILE_CONTEXT_POINTERS *pointers)
{
    UCHAR code[64];
    ULONGLONG left = image_base + function->EndAddress - pc;
    ULONG have = left < sizeof code ? (ULONG)left : sizeof code;
    CONTEXT work = *context;
    KNONVOLATILE_CONTEXT_POINTERS work_pointers;
    ULONG at = 0;
    if (pointers)
        work_pointers = *pointers;
    __builtin_memset(code, 0, sizeof code);
    if (!KiSafeRead(code, (void *)(ULONG_PTR)pc, have))
        return false;
    unsigned frame_register = info->frame & 15;
    if (code[0] == 0x48 && code[1] == 0x83 && code[2] == 0xC4) { /* add rsp, imm8 */
        work.Rsp += (ULONGLONG)(LONGLONG)(signed char)code[3];
        at = 4;
    } else if (code[0] == 0x48 && code[1] == 0x81 && code[2] == 0xC4) { /* add rsp, imm32 */
        LONG value;
        __builtin_memcpy(&value, code + 3, 4);
        work.Rsp += (ULONGLONG)(LONGLONG)value;
        at = 7;
    } else if (frame_register && (code[0] & 0xFE) == 0x48 && code[1] == 0x8D && ((code[2] >> 3) & 7) == 4) {
        unsigned base = (code[2] & 7) | (code[0] & 1) << 3; /* lea rsp, [frame + n] */
        unsigned mode = code[2] >> 6;
        LONG value = 0;
        at = 3;
        if (base == 12 && code[at++] != 0x24)
            return false;
        if (base != frame_register)
            return false;
        if (mode == 1) {
            value = (signed char)code[at++];
        } else if (mode == 2) {
            __builtin_memcpy(&value, code + at, 4);
            at += 4;
        } else {
            return false;
        }
        work.Rsp = *reg(&work, base) + (ULONGLONG)(LONGLONG)value;
    }
    for (;;) {
        unsigned number;
        if (at + 8 > sizeof code)
            return false;
        if ((code[at] & 0xF8) == 0x58) {
            number = code[at] & 7;
            at += 1;
        } else if (code[at] == 0x41 && (code[at + 1] & 0xF8) == 0x58) {
            number = 8 + (code[at + 1] & 7);
            at += 2;
        } else {
            break;
        }
        if (pointers)
            note(&work_pointers, number, work.Rsp);
        if (!pop(&work, reg(&work, number)))
            return false;
    }
    ULONG extra = 0;
    if (code[at] == 0xC3 || (code[at] == 0xF3 && code[at + 1] == 0xC3)) {
        extra = 0;
    } else if (code[at] == 0xC2) {
        extra = code[at + 1] | (ULONG)code[at + 2] << 8;
    } else if (code[at] == 0xEB || code[at] == 0xE9) {
        LONG distance;
        if (code[at] == 0xEB)
            distance = (signed char)code[at + 1] + 2;
        else
            __builtin_memcpy(&distance, code + at + 1, 4), distance += 5;
        /* A jump within the function is no epilog; one to its start is recursion by tail call. */
        ULONGLONG target = pc + at + (ULONGLONG)(LONGLONG)distance - image_base;
        if (target > function->BeginAddress && target < function->EndAddress)
            return false;
        if (target == function->BeginAddress && at == 0)
            return false;
        if (at == 0 && is_fragment_jump(image_base, target, info))
            return false;
    } else if ((code[at] == 0xFF && (code[at + 1] == 0x25 || (code[at + 1] & 0xF8) == 0xE0)) ||
               ((code[at] & 0xF8) == 0x48 && code[at + 1] == 0xFF && ((code[at + 2] >> 3) & 7) == 4)) {
        extra = 0; /* jmp [rip + n], jmp reg, rex jmp [..] */
    } else {
        return false;
    }
    if (!pop(&work, &work.Rip))
        return false;
    work.Rsp += extra;
    *context = work;
    if (pointers)
        *pointers = work_pointers;
    return true;
}

/*
 * Version 2: the first codes describe the epilogs. The first gives their common size (and whether one is at the very
 * end), each next one the distance of an epilog from the end of the function.
 */
static bool in_v2_epilog(const struct unwind_info *info, ULONG rva, const RUNTIME_FUNCTION *function)
{
    ULONG bytes = 0;
    for (unsigned i = 0; i < info->code_count; i++) {
        unsigned offset = info->codes[i] & 0xFF, op = (info->codes[i] >> 8) & 15, operand = info->codes[i] >> 12;
        if (op != UWOP_EPILOG)
            break;
        ULONG start;
        if (i == 0) {
            bytes = offset;
            if (!(operand & 1))
                continue;
            start = function->EndAddress - bytes;
        } else {
            ULONG distance = offset | operand << 8;
            if (distance == 0)
                continue; /* padding */
            start = function->EndAddress - distance;
        }
        if (rva >= start && rva < start + bytes)
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- prologs */

/* Undo the operations of one UNWIND_INFO. `offset`: how far the pc is in the prolog (0xFFFF: past it). */
static bool undo(const struct unwind_info *info, ULONG offset, ULONGLONG frame_base, CONTEXT *context, bool *machine_frame,
                 KNONVOLATILE_CONTEXT_POINTERS *pointers)
{
    for (unsigned i = 0; i < info->code_count;) {
        unsigned at = info->codes[i] & 0xFF, op = (info->codes[i] >> 8) & 15, operand = info->codes[i] >> 12;
        unsigned size = op == UWOP_EPILOG && (info->version_flags & 7) == 2 ? 1 : slots(op, operand);
        if (size == 0 || i + size > info->code_count)
            return false;
        ULONGLONG address;
        ULONG far = size == 3 ? info->codes[i + 1] | (ULONG)info->codes[i + 2] << 16 : 0;
        if (at > offset && op != UWOP_EPILOG) {
            i += size;
            continue;
        }
        switch (op) {
        case UWOP_PUSH_NONVOL:
            note(pointers, operand, context->Rsp);
            if (!pop(context, reg(context, operand)))
                return false;
            break;
        case UWOP_ALLOC_LARGE:
            context->Rsp += operand ? far : 8u * info->codes[i + 1];
            break;
        case UWOP_ALLOC_SMALL:
            context->Rsp += operand * 8 + 8;
            break;
        case UWOP_SET_FPREG:
            context->Rsp = *reg(context, info->frame & 15) - (info->frame >> 4) * 16u;
            break;
        case UWOP_SAVE_NONVOL:
        case UWOP_SAVE_NONVOL_FAR:
            address = frame_base + (op == UWOP_SAVE_NONVOL ? 8u * info->codes[i + 1] : far);
            note(pointers, operand, address);
            if (!KiSafeRead64(address, reg(context, operand)))
                return false;
            break;
        case UWOP_SAVE_XMM128:
        case UWOP_SAVE_XMM128_FAR:
            address = frame_base + (op == UWOP_SAVE_XMM128 ? 16u * info->codes[i + 1] : far);
            if (pointers)
                pointers->FloatingContext[operand] = (PM128A)(ULONG_PTR)address;
            if (!KiSafeRead(&context->Xmm0 + operand, (void *)(ULONG_PTR)address, 16))
                return false;
            break;
        case UWOP_PUSH_MACHFRAME:
            *machine_frame = true;
            if (operand)
                context->Rsp += 8; /* error code */
            if (!KiSafeRead64(context->Rsp, &context->Rip) || !KiSafeRead64(context->Rsp + 24, &context->Rsp))
                return false;
            break;
        default:
            break; /* epilog descriptions */
        }
        i += size;
    }
    return true;
}

/* ---------------------------------------------------------------- one frame */

bool KiUnwindPe(ULONG handler_type, ULONGLONG image_base, ULONGLONG pc, const RUNTIME_FUNCTION *function,
                CONTEXT *context, PEXCEPTION_ROUTINE *handler, void **handler_data, ULONGLONG *frame,
                KNONVOLATILE_CONTEXT_POINTERS *pointers)
{
    struct unwind_info info;
    RUNTIME_FUNCTION entry = *function;
    *handler = NULL;
    /* An odd address names another RUNTIME_FUNCTION to use instead. */
    if ((entry.UnwindData & RUNTIME_FUNCTION_INDIRECT) &&
        !KiSafeRead(&entry, (void *)(ULONG_PTR)(image_base + (entry.UnwindData & ~1u)), sizeof entry))
        return false;
    if (!read_info(image_base, entry.UnwindData, &info))
        return false;
    ULONG rva = (ULONG)(pc - image_base), offset = rva - entry.BeginAddress;
    unsigned frame_register = info.frame & 15, flags = info.version_flags >> 3;
    /* The establisher frame: rsp after the prolog, or what the frame register says once it is set. */
    ULONGLONG frame_base = context->Rsp;
    bool frame_set = frame_register && (offset >= info.prolog_bytes || (flags & UNW_FLAG_CHAININFO));
    for (unsigned i = 0; frame_register && !frame_set && i < info.code_count;) {
        unsigned at = info.codes[i] & 0xFF, op = (info.codes[i] >> 8) & 15;
        unsigned size = op == UWOP_EPILOG ? 1 : slots(op, info.codes[i] >> 12);
        if (op == UWOP_SET_FPREG && at <= offset)
            frame_set = true;
        i += size ? size : 256;
    }
    if (frame_set)
        frame_base = *reg(context, frame_register) - (info.frame >> 4) * 16u;
    *frame = frame_base;

    bool in_prolog = offset < info.prolog_bytes, machine_frame = false;
    bool maybe_epilog = !in_prolog && ((info.version_flags & 7) == 1 || in_v2_epilog(&info, rva, &entry));
    if (maybe_epilog && try_epilog(pc, image_base, &entry, &info, context, pointers)) {
        context->ContextFlags |= CONTEXT_UNWOUND_TO_CALL;
        return true;
    }
    for (unsigned chain = 0;; chain++) {
        if (!undo(&info, chain == 0 && in_prolog ? offset : 0xFFFF, frame_base, context, &machine_frame, pointers))
            return false;
        if (!((info.version_flags >> 3) & UNW_FLAG_CHAININFO))
            break;
        __builtin_memcpy(&entry, info.codes + ((info.code_count + 1u) & ~1u), sizeof entry);
        if (chain == MAX_CHAIN || !read_info(image_base, entry.UnwindData & ~1u, &info))
            return false;
    }
    if (!machine_frame && !pop(context, &context->Rip))
        return false;
    if (machine_frame)
        context->ContextFlags &= ~(ULONG)CONTEXT_UNWOUND_TO_CALL;
    else
        context->ContextFlags |= CONTEXT_UNWOUND_TO_CALL;
    flags = info.version_flags >> 3;
    if (!in_prolog && (flags & handler_type & (UNW_FLAG_EHANDLER | UNW_FLAG_UHANDLER))) {
        ULONG handler_rva, index = (info.code_count + 1u) & ~1u;
        __builtin_memcpy(&handler_rva, info.codes + index, 4);
        *handler = (PEXCEPTION_ROUTINE)(ULONG_PTR)(image_base + handler_rva);
        *handler_data = (void *)(ULONG_PTR)(image_base + entry.UnwindData + 4 + 2 * index + 4);
    }
    return true;
}

PEXCEPTION_ROUTINE NTAPI RtlVirtualUnwind(ULONG HandlerType, ULONGLONG ImageBase, ULONGLONG ControlPc,
                                          PRUNTIME_FUNCTION FunctionEntry, PCONTEXT ContextRecord, PVOID *HandlerData,
                                          ULONGLONG *EstablisherFrame, PKNONVOLATILE_CONTEXT_POINTERS ContextPointers)
{
    PEXCEPTION_ROUTINE handler;
    if (!FunctionEntry) {
        *EstablisherFrame = ContextRecord->Rsp;
        if (!pop(ContextRecord, &ContextRecord->Rip))
            ContextRecord->Rip = 0;
        return NULL;
    }
    if (!KiUnwindPe(HandlerType, ImageBase, ControlPc, FunctionEntry, ContextRecord, &handler, HandlerData,
                    EstablisherFrame, ContextPointers)) {
        ContextRecord->Rip = 0;
        return NULL;
    }
    return handler;
}

/* ---------------------------------------------------------------- walks */

bool KiUnwindFrame(CONTEXT *context)
{
    ULONGLONG base, frame, rsp = context->Rsp;
    PEXCEPTION_ROUTINE handler;
    void *data;
    if (context->Rip == 0 || (rsp & 7))
        return false;
    const RUNTIME_FUNCTION *function = KiLookupFunction(context->Rip, &base);
    if (function) {
        if (!KiUnwindPe(UNW_FLAG_NHANDLER, base, context->Rip, function, context, &handler, &data, &frame, NULL))
            return false;
    } else if (base) {
        if (!pop(context, &context->Rip))
            return false;
        context->ContextFlags |= CONTEXT_UNWOUND_TO_CALL;
    } else if (!KiUnwindElf(context)) {
        return false;
    }
    return context->Rip != 0;
}

/* Not inlined: it leaves out its own frame. */
__attribute__((noinline)) ULONG KiWalkStack(const CONTEXT *context, ULONG skip, ULONG count, ULONGLONG *frames)
{
    CONTEXT walk;
    ULONG found = 0;
    if (context) {
        walk = *context;
    } else {
        RtlCaptureContext(&walk);
        skip++; /* this routine */
    }
    for (ULONG depth = 0; found < count && depth < 4096; depth++) {
        if (depth >= skip)
            frames[found++] = walk.Rip;
        if (!KiUnwindFrame(&walk))
            break;
    }
    return found;
}

USHORT NTAPI RtlCaptureStackBackTrace(ULONG FramesToSkip, ULONG FramesToCapture, PVOID *BackTrace, PULONG BackTraceHash)
{
    ULONG limit = FramesToCapture < MAXUSHORT ? FramesToCapture : MAXUSHORT;
    ULONG count = KiWalkStack(NULL, FramesToSkip + 1, limit, (ULONGLONG *)BackTrace);
    if (BackTraceHash) {
        ULONG hash = 0;
        for (ULONG i = 0; i < count; i++)
            hash += (ULONG)(ULONG_PTR)BackTrace[i];
        *BackTraceHash = hash;
    }
    return (USHORT)count;
}

ULONG NTAPI RtlWalkFrameChain(PVOID *Callers, ULONG Count, ULONG Flags)
{
    if (Flags & 1)
        return 0; /* user-mode frames: a client's stack is not walked */
    return KiWalkStack(NULL, 1, Count, (ULONGLONG *)Callers);
}
