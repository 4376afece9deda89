/* SPDX-License-Identifier: MIT */
/*
 * emulate.c: instructions that a driver may execute and a Linux process may not.
 *
 *   privileged   mov to and from CR8 (IRQL: a write raises or lowers, with delivery), CR0-CR4 and debug registers, rdmsr
 *                and wrmsr of the common registers, cli/sti, hlt, in/out, invlpg, wbinvd, the table instructions under UMIP
 *   memory       loads of KUSER_SHARED_DATA, and every access to a registered MMIO window
 *
 * An instruction is decoded by the host (Zydis) into struct host_insn and carried out on the trap's registers. Nothing is
 * changed before it is certain that the whole instruction can be carried out; a repeated string instruction proceeds
 * element by element as the processor does, so that a fault in the middle leaves the registers at the element.
 */
#include "emulatep.h"

#define DIRECTION_FLAG 0x400ULL
#define STATUS_FLAGS   0x8D5ULL

ULONG (*HalpPortRead)(USHORT port, ULONG bytes);
void (*HalpPortWrite)(USHORT port, ULONG bytes, ULONG value);

/* ---------------------------------------------------------------- registers */

static uint64_t *slot(struct host_trap *trap, ULONG reg)
{
    return &trap->rax + (reg & 15);
}

static ULONGLONG get_reg(struct host_trap *trap, const struct host_insn *insn, ULONG bytes)
{
    ULONGLONG value = *slot(trap, insn->reg) >> (insn->high_byte ? 8 : 0);
    return bytes >= 8 ? value : value & ((1ULL << (8 * bytes)) - 1);
}

static void set_reg_bytes(uint64_t *reg, ULONG bytes, bool high, ULONGLONG value)
{
    switch (bytes) {
    case 1:
        if (high)
            *reg = (*reg & ~0xFF00ULL) | (value & 0xFF) << 8;
        else
            *reg = (*reg & ~0xFFULL) | (value & 0xFF);
        break;
    case 2:
        *reg = (*reg & ~0xFFFFULL) | (value & 0xFFFF);
        break;
    case 4:
        *reg = (ULONG)value; /* clears the upper half */
        break;
    default:
        *reg = value;
        break;
    }
}

static void set_reg(struct host_trap *trap, const struct host_insn *insn, ULONG bytes, ULONGLONG value)
{
    set_reg_bytes(slot(trap, insn->reg), bytes, insn->high_byte, value);
}

static ULONGLONG extend(ULONGLONG value, ULONG bytes)
{
    if (bytes >= 8)
        return value;
    unsigned shift = 64 - 8 * bytes;
    return (ULONGLONG)((LONGLONG)(value << shift) >> shift);
}

/* ---------------------------------------------------------------- vector registers */

#define EXT_AVX_OFFSET 576
#define EXT_HEADER     512

/* Bytes of a vector register from its low end; the upper half of a ymm lies in the host's image. */
static bool vector_half(struct host_trap *trap, ULONG reg, UCHAR **low, UCHAR **high)
{
    *low = trap->xmm[reg & 15];
    *high = NULL;
    if (reg > 15)
        return false;
    if (trap->extended)
        *high = (UCHAR *)(ULONG_PTR)trap->extended + EXT_AVX_OFFSET + 16 * reg;
    return true;
}

static bool avx_image(struct host_trap *trap, bool make_valid)
{
    ULONGLONG *components = (ULONGLONG *)(ULONG_PTR)(trap->extended + EXT_HEADER);
    if (!trap->extended)
        return false;
    if (!(*components & 4) && make_valid) {
        __builtin_memset((UCHAR *)(ULONG_PTR)trap->extended + EXT_AVX_OFFSET, 0, 256);
        *components |= 4;
    }
    return (*components & 4) != 0;
}

static bool load_vector(struct host_trap *trap, const struct host_insn *insn)
{
    UCHAR bytes[32], *low, *high;
    if (insn->size > 32 || !vector_half(trap, insn->reg, &low, &high) || !ki_emulated_read(insn->address, insn->size, bytes))
        return false;
    if (insn->size == 32 && !avx_image(trap, true))
        return false;
    if (insn->merges) {
        __builtin_memcpy(low, bytes, 8);
        return true;
    }
    __builtin_memset(low, 0, 16);
    __builtin_memcpy(low, bytes, insn->size < 16 ? insn->size : 16);
    if (insn->vex && high && avx_image(trap, false)) {
        if (insn->size == 32)
            __builtin_memcpy(high, bytes + 16, 16);
        else
            __builtin_memset(high, 0, 16);
    }
    return true;
}

static bool store_vector(struct host_trap *trap, const struct host_insn *insn)
{
    UCHAR bytes[32] = {0}, *low, *high;
    if (insn->size > 32 || !vector_half(trap, insn->reg, &low, &high))
        return false;
    __builtin_memcpy(bytes, low, 16);
    if (insn->size == 32 && avx_image(trap, false))
        __builtin_memcpy(bytes + 16, high, 16);
    return ki_emulated_write(insn->address, insn->size, bytes);
}

/* ---------------------------------------------------------------- arithmetic */

/* Let the processor do it: the operation on registers of the same width gives result and flags. */
#define BINARY(name, type)                                                                                             \
    static ULONGLONG name##_##type(ULONG op, ULONGLONG a, ULONGLONG b, ULONGLONG *flags)                               \
    {                                                                                                                  \
        type x = (type)a, y = (type)b;                                                                                 \
        ULONGLONG f = *flags & STATUS_FLAGS;                                                                           \
        switch (op) {                                                                                                  \
        case HOST_OP_ADD: RUN("add %2, %1"); break;                                                                    \
        case HOST_OP_OR: RUN("or %2, %1"); break;                                                                      \
        case HOST_OP_ADC: RUN("adc %2, %1"); break;                                                                    \
        case HOST_OP_SBB: RUN("sbb %2, %1"); break;                                                                    \
        case HOST_OP_AND: RUN("and %2, %1"); break;                                                                    \
        case HOST_OP_SUB: RUN("sub %2, %1"); break;                                                                    \
        case HOST_OP_XOR: RUN("xor %2, %1"); break;                                                                    \
        case HOST_OP_CMP: RUN("cmp %2, %1"); break;                                                                    \
        case HOST_OP_TEST: RUN("test %2, %1"); break;                                                                  \
        case HOST_OP_INC: RUN("inc %1"); break;                                                                        \
        case HOST_OP_DEC: RUN("dec %1"); break;                                                                        \
        case HOST_OP_NEG: RUN("neg %1"); break;                                                                        \
        default: RUN("not %1"); break;                                                                                 \
        }                                                                                                              \
        *flags = (*flags & ~STATUS_FLAGS) | (f & STATUS_FLAGS);                                                        \
        return x;                                                                                                      \
    }
#define RUN(instruction)                                                                                               \
    __asm__("push %0\n popf\n " instruction "\n pushf\n pop %0" : "+r"(f), "+q"(x) : "q"(y) : "cc", "memory")

BINARY(arithmetic, UCHAR)
BINARY(arithmetic, USHORT)
BINARY(arithmetic, ULONG)
BINARY(arithmetic, ULONGLONG)
#undef RUN

static ULONGLONG arithmetic(ULONG op, ULONG bytes, ULONGLONG a, ULONGLONG b, ULONGLONG *flags)
{
    switch (bytes) {
    case 1:
        return arithmetic_UCHAR(op, a, b, flags);
    case 2:
        return arithmetic_USHORT(op, a, b, flags);
    case 4:
        return arithmetic_ULONG(op, a, b, flags);
    default:
        return arithmetic_ULONGLONG(op, a, b, flags);
    }
}

static ULONGLONG source(struct host_trap *trap, const struct host_insn *insn)
{
    return insn->has_immediate ? insn->immediate : get_reg(trap, insn, insn->size);
}

static void set_carry(struct host_trap *trap, bool carry)
{
    trap->rflags = (trap->rflags & ~1ULL) | carry;
}

/* memory = memory op source. */
static bool read_modify_write(struct host_trap *trap, const struct host_insn *insn)
{
    ULONGLONG old = 0, operand = 0, value, flags = trap->rflags, address = insn->address;
    ULONG bytes = insn->size;
    bool bit_op = insn->op >= HOST_OP_BT && insn->op <= HOST_OP_BTC, single = insn->op == HOST_OP_INC ||
                  insn->op == HOST_OP_DEC || insn->op == HOST_OP_NEG || insn->op == HOST_OP_NOT;
    if (bytes > 8)
        return false;
    if (!single)
        operand = source(trap, insn);
    if (bit_op && !insn->has_immediate) { /* a register bit number reaches beyond the operand */
        LONGLONG bit = (LONGLONG)extend(operand, bytes);
        address += (ULONGLONG)((bit >> (bytes == 8 ? 6 : bytes == 4 ? 5 : 4)) * (LONGLONG)bytes);
    }
    if (!ki_emulated_read(address, bytes, &old))
        return false;
    switch (insn->op) {
    case HOST_OP_XCHG:
        if (!ki_emulated_write(address, bytes, &operand))
            return false;
        set_reg(trap, insn, bytes, old);
        return true;
    case HOST_OP_XADD:
        value = arithmetic(HOST_OP_ADD, bytes, old, operand, &flags);
        if (!ki_emulated_write(address, bytes, &value))
            return false;
        set_reg(trap, insn, bytes, old);
        trap->rflags = flags;
        return true;
    case HOST_OP_CMPXCHG:
        arithmetic(HOST_OP_CMP, bytes, trap->rax, old, &flags);
        value = (flags & 0x40) ? operand : old;
        if (!ki_emulated_write(address, bytes, &value))
            return false;
        if (!(flags & 0x40))
            set_reg_bytes(&trap->rax, bytes, false, old);
        trap->rflags = flags;
        return true;
    case HOST_OP_BT:
    case HOST_OP_BTS:
    case HOST_OP_BTR:
    case HOST_OP_BTC: {
        ULONGLONG mask = 1ULL << (operand & (8 * bytes - 1));
        value = insn->op == HOST_OP_BTS ? old | mask : insn->op == HOST_OP_BTR ? old & ~mask : old ^ mask;
        if (insn->op != HOST_OP_BT && !ki_emulated_write(address, bytes, &value))
            return false;
        set_carry(trap, (old & mask) != 0);
        return true;
    }
    default:
        value = arithmetic(insn->op, bytes, old, operand, &flags);
        if (!ki_emulated_write(address, bytes, &value))
            return false;
        trap->rflags = flags;
        return true;
    }
}

/* register = register op memory, or a comparison of the two. */
static bool with_memory(struct host_trap *trap, const struct host_insn *insn)
{
    ULONGLONG memory = 0, flags = trap->rflags, a, b, value;
    if (insn->op == HOST_OP_BT)
        return read_modify_write(trap, insn);
    if (insn->size > 8 || insn->op == HOST_OP_IMUL || !ki_emulated_read(insn->address, insn->size, &memory))
        return false;
    a = insn->memory_first ? memory : source(trap, insn);
    b = insn->memory_first ? source(trap, insn) : memory;
    value = arithmetic(insn->op, insn->size, a, b, &flags);
    if (insn->kind == HOST_INSN_ALU)
        set_reg(trap, insn, insn->size, value);
    trap->rflags = flags;
    return true;
}

/* ---------------------------------------------------------------- strings */

static ULONG port_read(USHORT port, ULONG bytes)
{
    return HalpPortRead ? HalpPortRead(port, bytes) : 0xFFFFFFFF;
}

static void port_write(USHORT port, ULONG bytes, ULONG value)
{
    if (HalpPortWrite)
        HalpPortWrite(port, bytes, value);
}

/* One element. False: it faults, and the registers are still before it. */
static bool string_element(struct host_trap *trap, const struct host_insn *insn, LONGLONG step)
{
    ULONGLONG value = 0;
    ULONG bytes = insn->size;
    switch (insn->op) {
    case HOST_OP_MOVS:
        if (!ki_emulated_read(trap->rsi, bytes, &value) || !ki_emulated_write(trap->rdi, bytes, &value))
            return false;
        trap->rsi += (ULONGLONG)step;
        trap->rdi += (ULONGLONG)step;
        return true;
    case HOST_OP_STOS:
        if (!ki_emulated_write(trap->rdi, bytes, &trap->rax))
            return false;
        trap->rdi += (ULONGLONG)step;
        return true;
    case HOST_OP_LODS:
        if (!ki_emulated_read(trap->rsi, bytes, &value))
            return false;
        set_reg_bytes(&trap->rax, bytes, false, value);
        trap->rsi += (ULONGLONG)step;
        return true;
    case HOST_OP_INS:
        value = port_read((USHORT)trap->rdx, bytes);
        if (!ki_emulated_write(trap->rdi, bytes, &value))
            return false;
        trap->rdi += (ULONGLONG)step;
        return true;
    case HOST_OP_OUTS:
        if (!ki_emulated_read(trap->rsi, bytes, &value))
            return false;
        port_write((USHORT)trap->rdx, bytes, (ULONG)value);
        trap->rsi += (ULONGLONG)step;
        return true;
    default:
        return false;
    }
}

static bool string(struct host_trap *trap, const struct host_insn *insn)
{
    LONGLONG step = trap->rflags & DIRECTION_FLAG ? -(LONGLONG)insn->size : (LONGLONG)insn->size;
    if (insn->special != 64)
        return false;
    if (!insn->rep)
        return string_element(trap, insn, step);
    while (trap->rcx != 0) {
        if (!string_element(trap, insn, step))
            return false;
        trap->rcx--;
    }
    return true;
}

/* sgdt and its kin, which trap where the processor has UMIP. */
static bool tables(struct host_trap *trap, const struct host_insn *insn)
{
    ULONGLONG value = insn->op == HOST_OP_SMSW ? ki_machine_status() : insn->op == HOST_OP_STR ? 0x40 : 0;
    if (insn->op == HOST_OP_SGDT || insn->op == HOST_OP_SIDT) {
        struct {
            USHORT limit;
            ULONGLONG base;
        } __attribute__((packed)) table = {insn->op == HOST_OP_SGDT ? 0x57 : 0xFFF, 0};
        return ki_emulated_write(insn->address, sizeof table, &table);
    }
    if (insn->has_memory)
        return ki_emulated_write(insn->address, 2, &value);
    set_reg(trap, insn, insn->reg_size, value);
    return true;
}

static bool io_port(struct host_trap *trap, const struct host_insn *insn)
{
    USHORT port = insn->has_immediate ? (USHORT)insn->special : (USHORT)trap->rdx;
    if (insn->kind == HOST_INSN_IN)
        set_reg_bytes(&trap->rax, insn->size, false, port_read(port, insn->size));
    else
        port_write(port, insn->size, (ULONG)trap->rax);
    return true;
}

/* ---------------------------------------------------------------- instructions */

static bool carry_out(struct host_trap *trap, const struct host_insn *insn)
{
    ULONGLONG value = 0;
    switch (insn->kind) {
    case HOST_INSN_LOAD:
        if (insn->is_vector)
            return load_vector(trap, insn);
        if (!ki_emulated_read(insn->address, insn->size, &value))
            return false;
        set_reg(trap, insn, insn->reg_size, insn->sign_extend ? extend(value, insn->size) : value);
        return true;
    case HOST_INSN_STORE:
        if (insn->is_vector)
            return store_vector(trap, insn);
        value = source(trap, insn);
        return ki_emulated_write(insn->address, insn->size, &value);
    case HOST_INSN_RMW:
        return read_modify_write(trap, insn);
    case HOST_INSN_ALU:
    case HOST_INSN_COMPARE:
        return with_memory(trap, insn);
    case HOST_INSN_STRING:
        return string(trap, insn);
    case HOST_INSN_MOV_CR:
        return ki_control_register(insn, slot(trap, insn->reg));
    case HOST_INSN_MOV_DR:
        return ki_debug_register(insn, slot(trap, insn->reg));
    case HOST_INSN_RDMSR:
        if (!ki_read_msr((ULONG)trap->rcx, &value))
            return false;
        trap->rax = (ULONG)value;
        trap->rdx = value >> 32;
        return true;
    case HOST_INSN_WRMSR:
        return ki_write_msr((ULONG)trap->rcx, (ULONG)trap->rax | trap->rdx << 32);
    case HOST_INSN_CLI:
    case HOST_INSN_STI:
        ki_set_interrupts(insn->kind == HOST_INSN_STI);
        return true;
    case HOST_INSN_HLT:
        host_relax();
        KiDeliverPending();
        return true;
    case HOST_INSN_IN:
    case HOST_INSN_OUT:
        return io_port(trap, insn);
    case HOST_INSN_INVLPG:
    case HOST_INSN_WBINVD:
        return true; /* memory is coherent */
    case HOST_INSN_TABLE:
        return tables(trap, insn);
    default:
        return false;
    }
}

static bool is_privileged(ULONG kind)
{
    switch (kind) {
    case HOST_INSN_MOV_CR:
    case HOST_INSN_MOV_DR:
    case HOST_INSN_RDMSR:
    case HOST_INSN_WRMSR:
    case HOST_INSN_CLI:
    case HOST_INSN_STI:
    case HOST_INSN_HLT:
    case HOST_INSN_IN:
    case HOST_INSN_OUT:
    case HOST_INSN_INVLPG:
    case HOST_INSN_WBINVD:
    case HOST_INSN_SWAPGS:
    case HOST_INSN_TABLE:
    case HOST_INSN_SYSTEM:
        return true;
    default:
        return false;
    }
}

enum ki_emulation KiEmulate(struct host_trap *trap)
{
    UCHAR code[16];
    struct host_insn insn;
    ULONG have = 0;
    while (have < 15 && KiSafeRead(code + have, (const void *)(ULONG_PTR)(trap->rip + have), 1))
        have++;
    if (have == 0 || !host_decode(code, have, trap, &insn))
        return KI_NOT_EMULATED;
    /* A #GP of an ordinary instruction is a bad address; of a string instruction only port I/O traps this way. */
    bool memory_kind = insn.kind <= HOST_INSN_STRING;
    if (trap->vector != 14 && memory_kind &&
        !(insn.kind == HOST_INSN_STRING && (insn.op == HOST_OP_INS || insn.op == HOST_OP_OUTS)))
        return KI_NOT_EMULATED;
    ULONGLONG rip = trap->rip;
    trap->rip += insn.length;
    if (carry_out(trap, &insn))
        return KI_EMULATED;
    trap->rip = rip;
    return is_privileged(insn.kind) ? KI_PRIVILEGED : KI_NOT_EMULATED;
}
