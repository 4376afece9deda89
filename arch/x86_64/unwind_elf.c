/* SPDX-License-Identifier: MIT */
/*
 * unwind_elf.c: an interpreter of .eh_frame for the kernel's own frames.
 *
 * Exceptions that a driver causes by calling the kernel with a bad pointer are dispatched through kernel frames, and
 * crash reports show them. Ordinary unwinders do not restore xmm6 to xmm15, which the Windows convention preserves, and
 * call libc; this one does neither. It reads the binary search table that the linker makes (.eh_frame_hdr), runs the
 * call frame instructions of the CIE and the FDE up to the pc, and applies the rules to a CONTEXT.
 *
 * The tables are the program's own and are trusted; the stack is not, and is read by KiSafeRead64 only.
 */
#include "exceptp.h"

#define DWARF_RSP  7
#define DWARF_RA   16
#define DWARF_XMM0 17
#define DWARF_REGS 33
#define STACK_DEPTH 4 /* remember_state nesting */
#define EXPR_DEPTH 16

enum rule { RULE_SAME, RULE_UNDEFINED, RULE_OFFSET, RULE_VAL_OFFSET, RULE_REGISTER, RULE_EXPRESSION, RULE_VAL_EXPRESSION };

struct row {
    UCHAR rule[DWARF_REGS];
    LONGLONG value[DWARF_REGS]; /* offset, register, or address of the expression */
    const UCHAR *cfa_expression; /* NULL: register + offset */
    ULONGLONG cfa_register;
    LONGLONG cfa_offset;
};

struct cie {
    ULONGLONG code_align, return_register;
    LONGLONG data_align;
    UCHAR fde_encoding, lsda_encoding;
    bool signal_frame, has_augmentation_data;
    const UCHAR *program, *end;
};

/* ---------------------------------------------------------------- reading */

static ULONGLONG uleb(const UCHAR **p)
{
    ULONGLONG value = 0;
    unsigned shift = 0;
    UCHAR byte;
    do {
        byte = *(*p)++;
        if (shift < 64)
            value |= (ULONGLONG)(byte & 0x7F) << shift;
        shift += 7;
    } while (byte & 0x80);
    return value;
}

static LONGLONG sleb(const UCHAR **p)
{
    ULONGLONG value = 0;
    unsigned shift = 0;
    UCHAR byte;
    do {
        byte = *(*p)++;
        if (shift < 64)
            value |= (ULONGLONG)(byte & 0x7F) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (shift < 64 && (byte & 0x40))
        value |= ~0ULL << shift;
    return (LONGLONG)value;
}

static ULONGLONG fixed(const UCHAR **p, unsigned bytes)
{
    ULONGLONG value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (ULONGLONG)(*p)[i] << (8 * i);
    *p += bytes;
    return value;
}

/* A pointer in one of the DW_EH_PE encodings. */
static ULONGLONG encoded(const UCHAR **p, UCHAR encoding, ULONGLONG data_base)
{
    ULONGLONG at = (ULONGLONG)(ULONG_PTR)*p, value;
    switch (encoding & 0x0F) {
    case 0x01:
        value = uleb(p);
        break;
    case 0x02:
        value = fixed(p, 2);
        break;
    case 0x03:
        value = fixed(p, 4);
        break;
    case 0x09:
        value = (ULONGLONG)sleb(p);
        break;
    case 0x0A:
        value = (ULONGLONG)(LONGLONG)(SHORT)fixed(p, 2);
        break;
    case 0x0B:
        value = (ULONGLONG)(LONGLONG)(LONG)fixed(p, 4);
        break;
    default:
        value = fixed(p, 8);
        break;
    }
    if (value == 0)
        return 0;
    if ((encoding & 0x70) == 0x10)
        value += at;
    else if ((encoding & 0x70) == 0x30)
        value += data_base;
    return value;
}

/* ---------------------------------------------------------------- registers */

static ULONGLONG *general(CONTEXT *context, ULONGLONG dwarf)
{
    static const UCHAR order[16] = {0, 2, 1, 3, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15};
    if (dwarf < 16)
        return &context->Rax + order[dwarf];
    return dwarf == DWARF_RA ? &context->Rip : NULL;
}

/* ---------------------------------------------------------------- expressions */

static bool binary(UCHAR op, ULONGLONG a, ULONGLONG b, ULONGLONG *out)
{
    LONGLONG sa = (LONGLONG)a, sb = (LONGLONG)b;
    switch (op) {
    case 0x1A: *out = a & b; return true;
    case 0x1B: *out = sb ? (ULONGLONG)(sa / sb) : 0; return sb != 0;
    case 0x1C: *out = a - b; return true;
    case 0x1D: *out = b ? a % b : 0; return b != 0;
    case 0x1E: *out = a * b; return true;
    case 0x21: *out = a | b; return true;
    case 0x22: *out = a + b; return true;
    case 0x24: *out = b < 64 ? a << b : 0; return true;
    case 0x25: *out = b < 64 ? a >> b : 0; return true;
    case 0x26: *out = (ULONGLONG)(sa >> (b < 64 ? b : 63)); return true;
    case 0x27: *out = a ^ b; return true;
    case 0x29: *out = sa == sb; return true;
    case 0x2A: *out = sa >= sb; return true;
    case 0x2B: *out = sa > sb; return true;
    case 0x2C: *out = sa <= sb; return true;
    case 0x2D: *out = sa < sb; return true;
    case 0x2E: *out = sa != sb; return true;
    default: return false;
    }
}

/* Evaluate the block at `p` (uleb length, operations), with `cfa` on the stack if push_cfa. */
static bool evaluate(const UCHAR *p, CONTEXT *context, bool push_cfa, ULONGLONG cfa, ULONGLONG *result)
{
    ULONGLONG stack[EXPR_DEPTH];
    unsigned depth = 0, steps = 0;
    ULONGLONG length = uleb(&p);
    const UCHAR *end = p + length;
    if (push_cfa)
        stack[depth++] = cfa;
    while (p < end) {
        UCHAR op = *p++;
        ULONGLONG value = 0;
        if (depth >= EXPR_DEPTH - 1 || ++steps > 1000)
            return false;
        if (op >= 0x30 && op <= 0x4F) { /* lit */
            stack[depth++] = op - 0x30;
            continue;
        }
        if (op >= 0x70 && op <= 0x8F) { /* breg */
            LONGLONG offset = sleb(&p);
            ULONGLONG *reg = general(context, op - 0x70);
            if (!reg)
                return false;
            stack[depth++] = *reg + (ULONGLONG)offset;
            continue;
        }
        switch (op) {
        case 0x03: value = fixed(&p, 8); stack[depth++] = value; continue;
        case 0x08: stack[depth++] = fixed(&p, 1); continue;
        case 0x09: stack[depth++] = (ULONGLONG)(LONGLONG)(signed char)fixed(&p, 1); continue;
        case 0x0A: stack[depth++] = fixed(&p, 2); continue;
        case 0x0B: stack[depth++] = (ULONGLONG)(LONGLONG)(SHORT)fixed(&p, 2); continue;
        case 0x0C: stack[depth++] = fixed(&p, 4); continue;
        case 0x0D: stack[depth++] = (ULONGLONG)(LONGLONG)(LONG)fixed(&p, 4); continue;
        case 0x0E:
        case 0x0F: stack[depth++] = fixed(&p, 8); continue;
        case 0x10: stack[depth++] = uleb(&p); continue;
        case 0x11: stack[depth++] = (ULONGLONG)sleb(&p); continue;
        case 0x9C: stack[depth++] = cfa; continue; /* call_frame_cfa */
        case 0x92: {                               /* bregx */
            ULONGLONG *reg = general(context, uleb(&p));
            LONGLONG offset = sleb(&p);
            if (!reg)
                return false;
            stack[depth++] = *reg + (ULONGLONG)offset;
            continue;
        }
        case 0x96: continue; /* nop */
        case 0x2F:           /* skip */
            value = fixed(&p, 2);
            p += (SHORT)value;
            continue;
        default:
            break;
        }
        if (depth == 0)
            return false;
        switch (op) {
        case 0x06: /* deref */
            if (!KiSafeRead64(stack[depth - 1], &stack[depth - 1]))
                return false;
            continue;
        case 0x94: { /* deref_size */
            ULONGLONG bytes = fixed(&p, 1);
            value = 0;
            if (bytes > 8 || !KiSafeRead(&value, (void *)(ULONG_PTR)stack[depth - 1], bytes))
                return false;
            stack[depth - 1] = value;
            continue;
        }
        case 0x12: stack[depth] = stack[depth - 1]; depth++; continue;
        case 0x13: depth--; continue;
        case 0x19: if ((LONGLONG)stack[depth - 1] < 0) stack[depth - 1] = -stack[depth - 1]; continue;
        case 0x1F: stack[depth - 1] = -stack[depth - 1]; continue;
        case 0x20: stack[depth - 1] = ~stack[depth - 1]; continue;
        case 0x23: stack[depth - 1] += uleb(&p); continue;
        case 0x28: /* bra */
            value = fixed(&p, 2);
            if (stack[--depth])
                p += (SHORT)value;
            continue;
        default:
            break;
        }
        if (depth < 2)
            return false;
        switch (op) {
        case 0x14: stack[depth] = stack[depth - 2]; depth++; continue; /* over */
        case 0x16:                                                    /* swap */
            value = stack[depth - 1];
            stack[depth - 1] = stack[depth - 2];
            stack[depth - 2] = value;
            continue;
        default:
            if (!binary(op, stack[depth - 2], stack[depth - 1], &value))
                return false;
            stack[--depth - 1] = value;
        }
    }
    if (depth == 0)
        return false;
    *result = stack[depth - 1];
    return true;
}

/* ---------------------------------------------------------------- entries */

static bool parse_cie(const UCHAR *p, struct cie *cie)
{
    ULONGLONG length = fixed(&p, 4);
    if (length == 0xFFFFFFFF)
        length = fixed(&p, 8);
    cie->end = p + length;
    p += 4; /* id */
    UCHAR version = *p++;
    const char *augmentation = (const char *)p;
    while (*p++)
        ;
    if (version == 4)
        p += 2; /* address and segment size */
    cie->code_align = uleb(&p);
    cie->data_align = sleb(&p);
    cie->return_register = version == 1 ? *p++ : uleb(&p);
    cie->fde_encoding = 0;
    cie->lsda_encoding = 0xFF;
    cie->signal_frame = cie->has_augmentation_data = false;
    if (*augmentation == 'z') {
        ULONGLONG bytes = uleb(&p);
        const UCHAR *data_end = p + bytes;
        cie->has_augmentation_data = true;
        for (augmentation++; *augmentation; augmentation++) {
            switch (*augmentation) {
            case 'R':
                cie->fde_encoding = *p++;
                break;
            case 'L':
                cie->lsda_encoding = *p++;
                break;
            case 'P': {
                UCHAR encoding = *p++;
                encoded(&p, encoding, 0);
                break;
            }
            case 'S':
                cie->signal_frame = true;
                break;
            default:
                break; /* the length says where the program begins */
            }
        }
        p = data_end;
    }
    cie->program = p;
    return (version == 1 || version == 3 || version == 4) && cie->return_register == DWARF_RA;
}

/* Search the table of .eh_frame_hdr for the last FDE that begins at or before pc. */
static const UCHAR *find_fde(const struct host_elf_frames *frames, ULONGLONG pc)
{
    const UCHAR *header = frames->eh_frame_hdr, *p = header + 4;
    ULONGLONG base = (ULONGLONG)(ULONG_PTR)header;
    if (header[0] != 1 || header[3] != 0x3B)
        return NULL;
    encoded(&p, header[1], base);
    ULONGLONG count = encoded(&p, header[2], base);
    const LONG *table = (const LONG *)p; /* pairs: location, FDE; both relative to the header */
    ULONGLONG low = 0, high = count;
    LONGLONG relative = (LONGLONG)(pc - base);
    while (low < high) {
        ULONGLONG middle = (low + high) / 2;
        if (table[2 * middle] <= relative)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NULL : (const UCHAR *)(ULONG_PTR)(base + (ULONGLONG)(LONGLONG)table[2 * (low - 1) + 1]);
}

/* ---------------------------------------------------------------- programs */

struct machine {
    struct row row, initial, saved[STACK_DEPTH];
    unsigned depth;
    ULONGLONG location, pc;
};

static void set(struct machine *m, ULONGLONG reg, enum rule rule, LONGLONG value)
{
    if (reg < DWARF_REGS) {
        m->row.rule[reg] = (UCHAR)rule;
        m->row.value[reg] = value;
    }
}

static LONGLONG skip_expression(const UCHAR **p)
{
    const UCHAR *start = *p;
    ULONGLONG length = uleb(p);
    *p += length;
    return (LONGLONG)(ULONG_PTR)start;
}

/* Run [p, end) until the location passes pc. */
static bool run(struct machine *m, const struct cie *cie, const UCHAR *p, const UCHAR *end)
{
    while (p < end) {
        UCHAR op = *p++;
        ULONGLONG reg, delta;
        switch (op & 0xC0) {
        case 0x40:
            delta = (op & 0x3F) * cie->code_align;
            goto advance;
        case 0x80:
            set(m, op & 0x3F, RULE_OFFSET, (LONGLONG)uleb(&p) * cie->data_align);
            continue;
        case 0xC0:
            reg = op & 0x3F;
            if (reg < DWARF_REGS) {
                m->row.rule[reg] = m->initial.rule[reg];
                m->row.value[reg] = m->initial.value[reg];
            }
            continue;
        default:
            break;
        }
        switch (op) {
        case 0x00: /* nop */
            continue;
        case 0x01: /* set_loc */
            m->location = encoded(&p, cie->fde_encoding, 0);
            if (m->location > m->pc)
                return true;
            continue;
        case 0x02:
            delta = fixed(&p, 1) * cie->code_align;
            goto advance;
        case 0x03:
            delta = fixed(&p, 2) * cie->code_align;
            goto advance;
        case 0x04:
            delta = fixed(&p, 4) * cie->code_align;
            goto advance;
        case 0x05:
            reg = uleb(&p);
            set(m, reg, RULE_OFFSET, (LONGLONG)uleb(&p) * cie->data_align);
            continue;
        case 0x06:
            reg = uleb(&p);
            if (reg < DWARF_REGS)
                set(m, reg, m->initial.rule[reg], m->initial.value[reg]);
            continue;
        case 0x07:
            set(m, uleb(&p), RULE_UNDEFINED, 0);
            continue;
        case 0x08:
            set(m, uleb(&p), RULE_SAME, 0);
            continue;
        case 0x09:
            reg = uleb(&p);
            set(m, reg, RULE_REGISTER, (LONGLONG)uleb(&p));
            continue;
        case 0x0A:
            if (m->depth == STACK_DEPTH)
                return false;
            m->saved[m->depth++] = m->row;
            continue;
        case 0x0B:
            if (m->depth == 0)
                return false;
            m->row = m->saved[--m->depth];
            continue;
        case 0x0C:
            m->row.cfa_expression = NULL;
            m->row.cfa_register = uleb(&p);
            m->row.cfa_offset = (LONGLONG)uleb(&p);
            continue;
        case 0x0D:
            m->row.cfa_register = uleb(&p);
            continue;
        case 0x0E:
            m->row.cfa_offset = (LONGLONG)uleb(&p);
            continue;
        case 0x0F:
            m->row.cfa_expression = (const UCHAR *)(ULONG_PTR)skip_expression(&p);
            continue;
        case 0x10:
            reg = uleb(&p);
            set(m, reg, RULE_EXPRESSION, skip_expression(&p));
            continue;
        case 0x11:
            reg = uleb(&p);
            set(m, reg, RULE_OFFSET, sleb(&p) * cie->data_align);
            continue;
        case 0x12:
            m->row.cfa_expression = NULL;
            m->row.cfa_register = uleb(&p);
            m->row.cfa_offset = sleb(&p) * cie->data_align;
            continue;
        case 0x13:
            m->row.cfa_offset = sleb(&p) * cie->data_align;
            continue;
        case 0x14:
            reg = uleb(&p);
            set(m, reg, RULE_VAL_OFFSET, (LONGLONG)uleb(&p) * cie->data_align);
            continue;
        case 0x15:
            reg = uleb(&p);
            set(m, reg, RULE_VAL_OFFSET, sleb(&p) * cie->data_align);
            continue;
        case 0x16:
            reg = uleb(&p);
            set(m, reg, RULE_VAL_EXPRESSION, skip_expression(&p));
            continue;
        case 0x2E: /* GNU_args_size */
            uleb(&p);
            continue;
        case 0x2F: /* GNU_negative_offset_extended */
            reg = uleb(&p);
            set(m, reg, RULE_OFFSET, -(LONGLONG)uleb(&p) * cie->data_align);
            continue;
        default:
            return false;
        }
    advance:
        if (m->location + delta > m->pc)
            return true;
        m->location += delta;
    }
    return true;
}

/* ---------------------------------------------------------------- applying */

static bool apply_general(const struct row *row, unsigned reg, ULONGLONG cfa, CONTEXT *old, ULONGLONG *out)
{
    LONGLONG value = row->value[reg];
    ULONGLONG *source;
    switch (row->rule[reg]) {
    case RULE_UNDEFINED:
    case RULE_SAME:
        return true;
    case RULE_OFFSET:
        return KiSafeRead64(cfa + (ULONGLONG)value, out);
    case RULE_VAL_OFFSET:
        *out = cfa + (ULONGLONG)value;
        return true;
    case RULE_REGISTER:
        source = general(old, (ULONGLONG)value);
        if (source)
            *out = *source;
        return source != NULL;
    case RULE_EXPRESSION:
        return evaluate((const UCHAR *)(ULONG_PTR)value, old, true, cfa, out) && KiSafeRead64(*out, out);
    default:
        return evaluate((const UCHAR *)(ULONG_PTR)value, old, true, cfa, out);
    }
}

static bool apply(const struct row *row, const struct cie *cie, CONTEXT *context)
{
    CONTEXT old;
    ULONGLONG cfa;
    /* Rules refer to the registers of the frame that is left: only the general ones are needed from it. */
    __builtin_memcpy(&old.Rax, &context->Rax, 17 * sizeof(ULONGLONG));
    if (row->cfa_expression) {
        if (!evaluate(row->cfa_expression, &old, false, 0, &cfa))
            return false;
    } else {
        ULONGLONG *reg = general(&old, row->cfa_register);
        if (!reg)
            return false;
        cfa = *reg + (ULONGLONG)row->cfa_offset;
    }
    if (row->rule[DWARF_RA] == RULE_UNDEFINED)
        return false; /* the outermost frame */
    context->Rsp = cfa;
    for (unsigned reg = 0; reg <= DWARF_RA; reg++)
        if (!apply_general(row, reg, cfa, &old, general(context, reg)))
            return false;
    for (unsigned reg = DWARF_XMM0; reg < DWARF_REGS; reg++) {
        if (row->rule[reg] != RULE_OFFSET)
            continue;
        M128A *xmm = &context->Xmm0 + (reg - DWARF_XMM0);
        if (!KiSafeRead64(cfa + (ULONGLONG)row->value[reg], &xmm->Low) ||
            !KiSafeRead64(cfa + (ULONGLONG)row->value[reg] + 8, (ULONGLONG *)&xmm->High))
            return false;
    }
    if (cie->signal_frame)
        context->ContextFlags &= ~(ULONG)CONTEXT_UNWOUND_TO_CALL;
    else
        context->ContextFlags |= CONTEXT_UNWOUND_TO_CALL;
    return true;
}

bool KiUnwindElf(CONTEXT *context)
{
    struct host_elf_frames frames;
    struct machine m;
    struct cie cie;
    ULONGLONG pc = context->Rip - ((context->ContextFlags & CONTEXT_UNWOUND_TO_CALL) == CONTEXT_UNWOUND_TO_CALL);
    if (!host_find_elf_frames(pc, &frames))
        return false;
    const UCHAR *fde = find_fde(&frames, pc);
    if (!fde)
        return false;
    const UCHAR *p = fde;
    ULONGLONG length = fixed(&p, 4);
    if (length == 0xFFFFFFFF)
        length = fixed(&p, 8);
    const UCHAR *end = p + length, *id = p;
    ULONG back = (ULONG)fixed(&p, 4);
    if (back == 0 || !parse_cie(id - back, &cie))
        return false;
    ULONGLONG begin = encoded(&p, cie.fde_encoding, 0);
    ULONGLONG bytes = encoded(&p, cie.fde_encoding & 0x0F, 0);
    if (pc < begin || pc >= begin + bytes)
        return false;
    if (cie.has_augmentation_data) {
        ULONGLONG augmentation = uleb(&p);
        p += augmentation;
    }
    __builtin_memset(&m.row, 0, sizeof m.row);
    m.initial = m.row;
    m.depth = 0;
    m.location = begin;
    m.pc = MAXULONG64;
    if (!run(&m, &cie, cie.program, cie.end))
        return false;
    m.initial = m.row;
    m.location = begin;
    m.pc = pc;
    return run(&m, &cie, p, end) && apply(&m.row, &cie, context);
}
