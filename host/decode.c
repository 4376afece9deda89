/* SPDX-License-Identifier: MIT */
/* Instruction decoding for trap emulation and crash reports: Zydis, seen through struct host_insn. */
#define _GNU_SOURCE
#include "host.h"

#include <Zydis/Zydis.h>
#include <string.h>
#include <sys/syscall.h>
#include <asm/prctl.h>
#include <unistd.h>

struct rule {
    ZydisMnemonic mnemonic;
    uint32_t kind, op;
};

static const struct rule rules[] = {
    {ZYDIS_MNEMONIC_ADD, HOST_INSN_RMW, HOST_OP_ADD},
    {ZYDIS_MNEMONIC_OR, HOST_INSN_RMW, HOST_OP_OR},
    {ZYDIS_MNEMONIC_ADC, HOST_INSN_RMW, HOST_OP_ADC},
    {ZYDIS_MNEMONIC_SBB, HOST_INSN_RMW, HOST_OP_SBB},
    {ZYDIS_MNEMONIC_AND, HOST_INSN_RMW, HOST_OP_AND},
    {ZYDIS_MNEMONIC_SUB, HOST_INSN_RMW, HOST_OP_SUB},
    {ZYDIS_MNEMONIC_XOR, HOST_INSN_RMW, HOST_OP_XOR},
    {ZYDIS_MNEMONIC_CMP, HOST_INSN_COMPARE, HOST_OP_CMP},
    {ZYDIS_MNEMONIC_TEST, HOST_INSN_COMPARE, HOST_OP_TEST},
    {ZYDIS_MNEMONIC_BT, HOST_INSN_COMPARE, HOST_OP_BT},
    {ZYDIS_MNEMONIC_INC, HOST_INSN_RMW, HOST_OP_INC},
    {ZYDIS_MNEMONIC_DEC, HOST_INSN_RMW, HOST_OP_DEC},
    {ZYDIS_MNEMONIC_NEG, HOST_INSN_RMW, HOST_OP_NEG},
    {ZYDIS_MNEMONIC_NOT, HOST_INSN_RMW, HOST_OP_NOT},
    {ZYDIS_MNEMONIC_XCHG, HOST_INSN_RMW, HOST_OP_XCHG},
    {ZYDIS_MNEMONIC_XADD, HOST_INSN_RMW, HOST_OP_XADD},
    {ZYDIS_MNEMONIC_CMPXCHG, HOST_INSN_RMW, HOST_OP_CMPXCHG},
    {ZYDIS_MNEMONIC_BTS, HOST_INSN_RMW, HOST_OP_BTS},
    {ZYDIS_MNEMONIC_BTR, HOST_INSN_RMW, HOST_OP_BTR},
    {ZYDIS_MNEMONIC_BTC, HOST_INSN_RMW, HOST_OP_BTC},
    {ZYDIS_MNEMONIC_IMUL, HOST_INSN_RMW, HOST_OP_IMUL},
    {ZYDIS_MNEMONIC_MOVSB, HOST_INSN_STRING, HOST_OP_MOVS},
    {ZYDIS_MNEMONIC_MOVSW, HOST_INSN_STRING, HOST_OP_MOVS},
    {ZYDIS_MNEMONIC_MOVSQ, HOST_INSN_STRING, HOST_OP_MOVS},
    {ZYDIS_MNEMONIC_STOSB, HOST_INSN_STRING, HOST_OP_STOS},
    {ZYDIS_MNEMONIC_STOSW, HOST_INSN_STRING, HOST_OP_STOS},
    {ZYDIS_MNEMONIC_STOSD, HOST_INSN_STRING, HOST_OP_STOS},
    {ZYDIS_MNEMONIC_STOSQ, HOST_INSN_STRING, HOST_OP_STOS},
    {ZYDIS_MNEMONIC_LODSB, HOST_INSN_STRING, HOST_OP_LODS},
    {ZYDIS_MNEMONIC_LODSW, HOST_INSN_STRING, HOST_OP_LODS},
    {ZYDIS_MNEMONIC_LODSD, HOST_INSN_STRING, HOST_OP_LODS},
    {ZYDIS_MNEMONIC_LODSQ, HOST_INSN_STRING, HOST_OP_LODS},
    {ZYDIS_MNEMONIC_INSB, HOST_INSN_STRING, HOST_OP_INS},
    {ZYDIS_MNEMONIC_INSW, HOST_INSN_STRING, HOST_OP_INS},
    {ZYDIS_MNEMONIC_INSD, HOST_INSN_STRING, HOST_OP_INS},
    {ZYDIS_MNEMONIC_OUTSB, HOST_INSN_STRING, HOST_OP_OUTS},
    {ZYDIS_MNEMONIC_OUTSW, HOST_INSN_STRING, HOST_OP_OUTS},
    {ZYDIS_MNEMONIC_OUTSD, HOST_INSN_STRING, HOST_OP_OUTS},
    {ZYDIS_MNEMONIC_RDMSR, HOST_INSN_RDMSR, 0},
    {ZYDIS_MNEMONIC_WRMSR, HOST_INSN_WRMSR, 0},
    {ZYDIS_MNEMONIC_CLI, HOST_INSN_CLI, 0},
    {ZYDIS_MNEMONIC_STI, HOST_INSN_STI, 0},
    {ZYDIS_MNEMONIC_HLT, HOST_INSN_HLT, 0},
    {ZYDIS_MNEMONIC_IN, HOST_INSN_IN, 0},
    {ZYDIS_MNEMONIC_OUT, HOST_INSN_OUT, 0},
    {ZYDIS_MNEMONIC_INT, HOST_INSN_INT, 0},
    {ZYDIS_MNEMONIC_INT3, HOST_INSN_INT3, 0},
    {ZYDIS_MNEMONIC_UD0, HOST_INSN_UD, 0},
    {ZYDIS_MNEMONIC_UD1, HOST_INSN_UD, 0},
    {ZYDIS_MNEMONIC_UD2, HOST_INSN_UD, 0},
    {ZYDIS_MNEMONIC_RDTSC, HOST_INSN_RDTSC, 0},
    {ZYDIS_MNEMONIC_RDTSCP, HOST_INSN_RDTSC, 0},
    {ZYDIS_MNEMONIC_CPUID, HOST_INSN_CPUID, 0},
    {ZYDIS_MNEMONIC_INVLPG, HOST_INSN_INVLPG, 0},
    {ZYDIS_MNEMONIC_WBINVD, HOST_INSN_WBINVD, 0},
    {ZYDIS_MNEMONIC_INVD, HOST_INSN_WBINVD, 0},
    {ZYDIS_MNEMONIC_DIV, HOST_INSN_DIV, 0},
    {ZYDIS_MNEMONIC_IDIV, HOST_INSN_DIV, 1},
    {ZYDIS_MNEMONIC_PUSHFQ, HOST_INSN_PUSHF, 0},
    {ZYDIS_MNEMONIC_SWAPGS, HOST_INSN_SWAPGS, 0},
    {ZYDIS_MNEMONIC_SGDT, HOST_INSN_TABLE, HOST_OP_SGDT},
    {ZYDIS_MNEMONIC_SIDT, HOST_INSN_TABLE, HOST_OP_SIDT},
    {ZYDIS_MNEMONIC_SLDT, HOST_INSN_TABLE, HOST_OP_SLDT},
    {ZYDIS_MNEMONIC_STR, HOST_INSN_TABLE, HOST_OP_STR},
    {ZYDIS_MNEMONIC_SMSW, HOST_INSN_TABLE, HOST_OP_SMSW},
    {ZYDIS_MNEMONIC_LGDT, HOST_INSN_SYSTEM, 0},
    {ZYDIS_MNEMONIC_LIDT, HOST_INSN_SYSTEM, 0},
    {ZYDIS_MNEMONIC_LLDT, HOST_INSN_SYSTEM, 0},
    {ZYDIS_MNEMONIC_LTR, HOST_INSN_SYSTEM, 0},
    {ZYDIS_MNEMONIC_LMSW, HOST_INSN_SYSTEM, 0},
    {ZYDIS_MNEMONIC_CLTS, HOST_INSN_SYSTEM, 0},
    {ZYDIS_MNEMONIC_IRETQ, HOST_INSN_SYSTEM, 0},
    {ZYDIS_MNEMONIC_SYSRET, HOST_INSN_SYSTEM, 0},
    {ZYDIS_MNEMONIC_XSETBV, HOST_INSN_SYSTEM, 0},
    {ZYDIS_MNEMONIC_INVPCID, HOST_INSN_SYSTEM, 0},
    {ZYDIS_MNEMONIC_MONITOR, HOST_INSN_SYSTEM, 0},
    {ZYDIS_MNEMONIC_MWAIT, HOST_INSN_SYSTEM, 0},
};

static ZydisDecoder decoder;
static ZydisFormatter formatter;

static uint64_t segment_base(ZydisRegister segment)
{
    unsigned long base = 0;
    if (segment == ZYDIS_REGISTER_GS)
        syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
    else if (segment == ZYDIS_REGISTER_FS)
        syscall(SYS_arch_prctl, ARCH_GET_FS, &base);
    return base;
}

static uint64_t general(const struct host_trap *registers, int number)
{
    const uint64_t *slots = &registers->rax;
    return slots[number];
}

/* Number of a general register in the order of struct host_trap; -1 if it is not one. */
static int general_number(ZydisRegister reg, uint32_t *bytes, bool *high_byte)
{
    ZydisRegister full = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
    if (full < ZYDIS_REGISTER_RAX || full > ZYDIS_REGISTER_R15)
        return -1;
    *bytes = ZydisRegisterGetWidth(ZYDIS_MACHINE_MODE_LONG_64, reg) / 8;
    *high_byte = reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH;
    return (int)(full - ZYDIS_REGISTER_RAX);
}

static uint64_t effective_address(const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *operand,
                                  const struct host_trap *registers)
{
    uint64_t address = operand->mem.disp.has_displacement ? (uint64_t)operand->mem.disp.value : 0;
    uint32_t bytes;
    bool high;
    if (operand->mem.base == ZYDIS_REGISTER_RIP) {
        address += registers->rip + insn->length;
    } else {
        int base = general_number(operand->mem.base, &bytes, &high);
        int index = general_number(operand->mem.index, &bytes, &high);
        if (base >= 0)
            address += general(registers, base);
        if (index >= 0)
            address += general(registers, index) * operand->mem.scale;
    }
    if (insn->address_width == 32)
        address = (uint32_t)address;
    return address + segment_base(operand->mem.segment);
}

static bool is_vector_register(ZydisRegister reg, uint32_t *number, uint32_t *bytes)
{
    switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_XMM:
        *bytes = 16;
        break;
    case ZYDIS_REGCLASS_YMM:
        *bytes = 32;
        break;
    case ZYDIS_REGCLASS_ZMM:
        *bytes = 64;
        break;
    default:
        return false;
    }
    *number = (uint32_t)ZydisRegisterGetId(reg);
    return true;
}

static bool is_plain_move(ZydisMnemonic m)
{
    switch (m) {
    case ZYDIS_MNEMONIC_MOV:
    case ZYDIS_MNEMONIC_MOVZX:
    case ZYDIS_MNEMONIC_MOVSX:
    case ZYDIS_MNEMONIC_MOVSXD:
    case ZYDIS_MNEMONIC_MOVNTI:
        return true;
    default:
        return false;
    }
}

static bool is_vector_move(ZydisMnemonic m, bool *merges)
{
    *merges = false;
    switch (m) {
    case ZYDIS_MNEMONIC_MOVLPS:
    case ZYDIS_MNEMONIC_MOVLPD:
        *merges = true; /* a load leaves the rest of the register alone */
        return true;
    case ZYDIS_MNEMONIC_MOVD:
    case ZYDIS_MNEMONIC_MOVQ:
    case ZYDIS_MNEMONIC_MOVSS:
    case ZYDIS_MNEMONIC_MOVSD:
    case ZYDIS_MNEMONIC_MOVAPS:
    case ZYDIS_MNEMONIC_MOVAPD:
    case ZYDIS_MNEMONIC_MOVUPS:
    case ZYDIS_MNEMONIC_MOVUPD:
    case ZYDIS_MNEMONIC_MOVDQA:
    case ZYDIS_MNEMONIC_MOVDQU:
    case ZYDIS_MNEMONIC_LDDQU:
    case ZYDIS_MNEMONIC_MOVNTDQ:
    case ZYDIS_MNEMONIC_MOVNTDQA:
    case ZYDIS_MNEMONIC_MOVNTPS:
    case ZYDIS_MNEMONIC_MOVNTPD:
    case ZYDIS_MNEMONIC_VMOVD:
    case ZYDIS_MNEMONIC_VMOVQ:
    case ZYDIS_MNEMONIC_VMOVSS:
    case ZYDIS_MNEMONIC_VMOVSD:
    case ZYDIS_MNEMONIC_VMOVAPS:
    case ZYDIS_MNEMONIC_VMOVAPD:
    case ZYDIS_MNEMONIC_VMOVUPS:
    case ZYDIS_MNEMONIC_VMOVUPD:
    case ZYDIS_MNEMONIC_VMOVDQA:
    case ZYDIS_MNEMONIC_VMOVDQU:
    case ZYDIS_MNEMONIC_VLDDQU:
    case ZYDIS_MNEMONIC_VMOVNTDQ:
    case ZYDIS_MNEMONIC_VMOVNTDQA:
        return true;
    default:
        return false;
    }
}

/* A register or immediate operand into `out`. */
static void take_source(const ZydisDecodedOperand *operand, struct host_insn *out)
{
    if (operand->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        out->has_immediate = true;
        out->immediate = operand->imm.value.u;
        out->reg_size = out->size;
    } else if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER) {
        if (is_vector_register(operand->reg.value, &out->reg, &out->reg_size)) {
            out->is_vector = true;
        } else {
            int number = general_number(operand->reg.value, &out->reg_size, &out->high_byte);
            if (number < 0)
                out->kind = HOST_INSN_OTHER;
            else
                out->reg = (uint32_t)number;
        }
    }
}

static void classify_memory(const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *operands, int memory,
                            struct host_insn *out)
{
    const ZydisDecodedOperand *other = insn->operand_count_visible > 1 ? &operands[memory == 0 ? 1 : 0] : NULL;
    bool merges = false;
    out->memory_first = memory == 0;
    if (is_plain_move(insn->mnemonic) || (is_vector_move(insn->mnemonic, &merges) && insn->operand_count_visible == 2)) {
        out->kind = memory == 0 ? HOST_INSN_STORE : HOST_INSN_LOAD;
        out->sign_extend = insn->mnemonic == ZYDIS_MNEMONIC_MOVSX || insn->mnemonic == ZYDIS_MNEMONIC_MOVSXD;
        if (!is_plain_move(insn->mnemonic)) {
            out->vex = insn->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY;
            out->merges = merges;
            if (insn->encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX)
                out->kind = HOST_INSN_OTHER; /* masks */
        }
        take_source(other, out);
    } else if (out->kind == HOST_INSN_RMW) {
        if (memory != 0)
            out->kind = insn->operand_count_visible == 2 ? HOST_INSN_ALU : HOST_INSN_OTHER;
        if (memory != 0 && out->op == HOST_OP_XCHG) {
            out->kind = HOST_INSN_RMW;
            out->memory_first = true;
        }
        if (other)
            take_source(other, out);
        if (out->op == HOST_OP_IMUL && out->kind != HOST_INSN_ALU)
            out->kind = HOST_INSN_OTHER;
    } else if (out->kind == HOST_INSN_COMPARE && other) {
        take_source(other, out);
    }
}

static void classify(const ZydisDecodedInstruction *insn, const ZydisDecodedOperand *operands,
                     const struct host_trap *registers, struct host_insn *out)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (rules[i].mnemonic == insn->mnemonic) {
            out->kind = rules[i].kind;
            out->op = rules[i].op;
        }
    }
    if (insn->mnemonic == ZYDIS_MNEMONIC_RDTSCP)
        out->special = 1;
    /* movsd is both a string move and a vector move. */
    if (insn->mnemonic == ZYDIS_MNEMONIC_MOVSD && insn->operand_count_visible > 0 &&
        operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY && operands[1].type == ZYDIS_OPERAND_TYPE_MEMORY) {
        out->kind = HOST_INSN_STRING;
        out->op = HOST_OP_MOVS;
    }
    if (insn->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE | ZYDIS_ATTRIB_HAS_REPNE))
        out->rep = true;
    int memory = -1;
    for (int i = 0; i < insn->operand_count; i++) {
        const ZydisDecodedOperand *operand = &operands[i];
        if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY)
            continue;
        if (operand->mem.type != ZYDIS_MEMOP_TYPE_MEM && out->kind != HOST_INSN_INVLPG)
            continue;
        if (memory < 0 || (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)) {
            memory = i;
            out->has_memory = true;
            out->size = operand->size / 8;
            out->write = (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
            out->address = effective_address(insn, operand, registers);
        }
    }
    switch (out->kind) {
    case HOST_INSN_STRING:
        out->special = insn->address_width;
        out->size = operands[0].size / 8;
        return;
    case HOST_INSN_IN:
    case HOST_INSN_OUT: {
        const ZydisDecodedOperand *port = &operands[out->kind == HOST_INSN_IN ? 1 : 0];
        const ZydisDecodedOperand *data = &operands[out->kind == HOST_INSN_IN ? 0 : 1];
        out->size = data->size / 8;
        if (port->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
            out->has_immediate = true;
            out->special = (uint32_t)port->imm.value.u;
        }
        return;
    }
    case HOST_INSN_INT:
        out->special = (uint32_t)operands[0].imm.value.u;
        return;
    case HOST_INSN_TABLE:
        if (!out->has_memory)
            take_source(&operands[0], out);
        return;
    case HOST_INSN_DIV:
        if (!out->has_memory)
            take_source(&operands[0], out);
        return;
    default:
        break;
    }
    if (insn->mnemonic == ZYDIS_MNEMONIC_MOV && insn->operand_count_visible == 2) {
        for (int i = 0; i < 2; i++) {
            if (operands[i].type != ZYDIS_OPERAND_TYPE_REGISTER)
                continue;
            ZydisRegister reg = operands[i].reg.value;
            bool control = ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_CONTROL;
            if (control || ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_DEBUG) {
                out->kind = control ? HOST_INSN_MOV_CR : HOST_INSN_MOV_DR;
                out->special = (uint32_t)(reg - (control ? ZYDIS_REGISTER_CR0 : ZYDIS_REGISTER_DR0));
                out->write = i == 0;
                take_source(&operands[1 - i], out);
                return;
            }
        }
    }
    if (memory >= 0)
        classify_memory(insn, operands, memory, out);
    else if (out->kind == HOST_INSN_RMW || out->kind == HOST_INSN_COMPARE)
        out->kind = HOST_INSN_OTHER; /* registers only */
}

void host_decode_init(void);
void host_decode_init(void)
{
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
}

bool host_decode(const void *code, uint64_t bytes, const struct host_trap *registers, struct host_insn *out)
{
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    memset(out, 0, sizeof *out);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, bytes, &insn, operands)))
        return false;
    out->length = insn.length;
    classify(&insn, operands, registers, out);
    return true;
}

bool host_disassemble(const void *code, uint64_t bytes, uint64_t pc, char *text, uint64_t text_bytes)
{
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, bytes, &insn, operands)) &&
           ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &insn, operands, insn.operand_count_visible, text,
                                                        text_bytes, pc, ZYAN_NULL));
}
