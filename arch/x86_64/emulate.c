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
 *
 * cli. Interrupts reach driver code by redirection only, so cli just forbids that, until sti, or until the third refused
 * redirection: popfq restores the flag on a real machine and cannot be seen here.
 */
#include "exceptp.h"
#include "ki.h"

#define DIRECTION_FLAG 0x400ULL
#define STATUS_FLAGS   0x8D5ULL

#define CR0_VALUE 0x80050033ULL
#define CR3_VALUE 0x001AD000ULL
#define CR4_VALUE 0x003506F8ULL
#define TSC_PER_100NS 300 /* 3 GHz, as host/traps.c has it */

ULONG (*HalpPortRead)(USHORT port, ULONG bytes);
void (*HalpPortWrite)(USHORT port, ULONG bytes, ULONG value);

/* ---------------------------------------------------------------- the shared user page */

UCHAR KiSharedUserPage[4096] __attribute__((aligned(4096)));

static void put32(ULONG offset, ULONG value)
{
    __builtin_memcpy(KiSharedUserPage + offset, &value, sizeof value);
}

/* Bring the page up to date before it is read: its constants once, its clocks every time. */
static void refresh_shared_page(void)
{
    if (KiSharedUserPage[0x26C] == 0) {
        static const WCHAR root[] = L"C:\\Windows";
        __builtin_memcpy(KiSharedUserPage + 0x30, root, sizeof root); /* NtSystemRoot */
        put32(0x2C, 0x86648664);   /* ImageNumberLow and High: x64 */
        put32(0x244, 0x200000);    /* LargePageMinimum */
        put32(0x260, 22621);       /* NtBuildNumber */
        put32(0x264, NtProductWinNt);
        put32(0x268, 1);           /* ProductTypeIsValid; NativeProcessorArchitecture would follow */
        KiSharedUserPage[0x26A] = 9; /* x64 */
        put32(0x270, 0);           /* NtMinorVersion */
        put32(0x2E8, (ULONG)(host_config()->ram_bytes / KILN_PAGE_SIZE)); /* NumberOfPhysicalPages */
        put32(0x300, (ULONG)host_performance_frequency());                /* QpcFrequency */
        put32(0x26C, 10);          /* NtMajorVersion: last, it says that the rest is there */
    }
    put32(0x3C0, KiProcessorCount); /* ActiveProcessorCount */
    KiUpdateSharedTime();
}

/* ---------------------------------------------------------------- windows */

#define MAX_WINDOWS 256

static struct window {
    ULONGLONG base;
    volatile ULONGLONG end; /* 0: free. Written last, cleared first: readers take no lock */
    KI_MMIO_ACCESS *access;
    void *context;
} windows[MAX_WINDOWS];
static volatile ULONG window_limit; /* slots that were ever used */
static KSPIN_LOCK window_lock;      /* changes of the table */

static void lock_windows(void)
{
    while (__atomic_exchange_n(&window_lock, 1, __ATOMIC_ACQUIRE))
        host_relax();
}

NTSTATUS KiRegisterMmioWindow(ULONGLONG base, ULONGLONG bytes, KI_MMIO_ACCESS *access, void *context)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    ULONG slot = MAX_WINDOWS;
    KIRQL irql = KiRaise(HIGH_LEVEL);
    lock_windows();
    for (ULONG i = 0; i < MAX_WINDOWS; i++) {
        if (windows[i].end == 0) {
            slot = slot == MAX_WINDOWS ? i : slot;
        } else if (base < windows[i].end && windows[i].base < base + bytes) {
            status = STATUS_CONFLICTING_ADDRESSES;
            goto out;
        }
    }
    if (slot < MAX_WINDOWS) {
        windows[slot].base = base;
        windows[slot].access = access;
        windows[slot].context = context;
        __atomic_store_n(&windows[slot].end, base + bytes, __ATOMIC_RELEASE);
        if (slot >= window_limit)
            window_limit = slot + 1;
        status = STATUS_SUCCESS;
    }
out:
    __atomic_store_n(&window_lock, 0, __ATOMIC_RELEASE);
    KiLower(irql);
    return status;
}

void KiUnregisterMmioWindow(ULONGLONG base)
{
    KIRQL irql = KiRaise(HIGH_LEVEL);
    lock_windows();
    for (ULONG i = 0; i < window_limit; i++)
        if (windows[i].end != 0 && windows[i].base == base)
            __atomic_store_n(&windows[i].end, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&window_lock, 0, __ATOMIC_RELEASE);
    KiLower(irql);
}

static struct window *find_window(ULONGLONG address)
{
    for (ULONG i = 0; i < window_limit; i++)
        if (address < __atomic_load_n(&windows[i].end, __ATOMIC_ACQUIRE) && address >= windows[i].base)
            return &windows[i];
    return NULL;
}

static bool in_shared_page(ULONGLONG address)
{
    return address - KI_USER_SHARED_DATA < sizeof KiSharedUserPage;
}

bool KiIsEmulatedAddress(ULONGLONG address)
{
    return in_shared_page(address) || find_window(address) != NULL;
}

/* ---------------------------------------------------------------- memory */

/* One access of an emulated instruction, wherever the address leads. False: it faults; nothing was done. */
static bool read_memory(ULONGLONG address, ULONG bytes, void *to)
{
    if (in_shared_page(address)) {
        if (!in_shared_page(address + bytes - 1))
            return false;
        refresh_shared_page();
        __builtin_memcpy(to, KiSharedUserPage + (address - KI_USER_SHARED_DATA), bytes);
        return true;
    }
    struct window *window = find_window(address);
    if (!window)
        return KiSafeRead(to, (const void *)(ULONG_PTR)address, bytes);
    for (ULONG done = 0; done < bytes;) {
        ULONGLONG value = 0;
        ULONG part = bytes - done > 8 ? 8 : bytes - done;
        if (!window->access(window->context, address + done, part, false, &value))
            return false;
        __builtin_memcpy((UCHAR *)to + done, &value, part);
        done += part;
    }
    return true;
}

static bool write_memory(ULONGLONG address, ULONG bytes, const void *from)
{
    if (in_shared_page(address))
        return false; /* read-only to drivers */
    struct window *window = find_window(address);
    if (!window)
        return NT_SUCCESS(KiGuardedCopy((void *)(ULONG_PTR)address, from, bytes));
    for (ULONG done = 0; done < bytes;) {
        ULONGLONG value = 0;
        ULONG part = bytes - done > 8 ? 8 : bytes - done;
        __builtin_memcpy(&value, (const UCHAR *)from + done, part);
        if (!window->access(window->context, address + done, part, true, &value))
            return false;
        done += part;
    }
    return true;
}

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
    if (insn->size > 32 || !vector_half(trap, insn->reg, &low, &high) || !read_memory(insn->address, insn->size, bytes))
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
    return write_memory(insn->address, insn->size, bytes);
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
    if (!read_memory(address, bytes, &old))
        return false;
    switch (insn->op) {
    case HOST_OP_XCHG:
        if (!write_memory(address, bytes, &operand))
            return false;
        set_reg(trap, insn, bytes, old);
        return true;
    case HOST_OP_XADD:
        value = arithmetic(HOST_OP_ADD, bytes, old, operand, &flags);
        if (!write_memory(address, bytes, &value))
            return false;
        set_reg(trap, insn, bytes, old);
        trap->rflags = flags;
        return true;
    case HOST_OP_CMPXCHG:
        arithmetic(HOST_OP_CMP, bytes, trap->rax, old, &flags);
        value = (flags & 0x40) ? operand : old;
        if (!write_memory(address, bytes, &value))
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
        if (insn->op != HOST_OP_BT && !write_memory(address, bytes, &value))
            return false;
        set_carry(trap, (old & mask) != 0);
        return true;
    }
    default:
        value = arithmetic(insn->op, bytes, old, operand, &flags);
        if (!write_memory(address, bytes, &value))
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
    if (insn->size > 8 || insn->op == HOST_OP_IMUL || !read_memory(insn->address, insn->size, &memory))
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
        if (!read_memory(trap->rsi, bytes, &value) || !write_memory(trap->rdi, bytes, &value))
            return false;
        trap->rsi += (ULONGLONG)step;
        trap->rdi += (ULONGLONG)step;
        return true;
    case HOST_OP_STOS:
        if (!write_memory(trap->rdi, bytes, &trap->rax))
            return false;
        trap->rdi += (ULONGLONG)step;
        return true;
    case HOST_OP_LODS:
        if (!read_memory(trap->rsi, bytes, &value))
            return false;
        set_reg_bytes(&trap->rax, bytes, false, value);
        trap->rsi += (ULONGLONG)step;
        return true;
    case HOST_OP_INS:
        value = port_read((USHORT)trap->rdx, bytes);
        if (!write_memory(trap->rdi, bytes, &value))
            return false;
        trap->rdi += (ULONGLONG)step;
        return true;
    case HOST_OP_OUTS:
        if (!read_memory(trap->rsi, bytes, &value))
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

/* ---------------------------------------------------------------- processor registers */

static struct processor_state {
    ULONGLONG cr0, cr4, kernel_gs, dr[8];
    bool used;
    volatile UCHAR interrupts_off, refused;
} states[HOST_MAX_VPS];

static struct processor_state *state(void)
{
    struct processor_state *own = &states[KiProcessorNumber() % HOST_MAX_VPS];
    if (!own->used) {
        own->used = true;
        own->cr0 = CR0_VALUE;
        own->cr4 = CR4_VALUE;
        own->dr[6] = 0xFFFF0FF0;
        own->dr[7] = 0x400;
    }
    return own;
}

bool KiInterruptsOff(void)
{
    struct processor_state *own = &states[KiProcessorNumber() % HOST_MAX_VPS];
    if (!own->interrupts_off)
        return false;
    if (++own->refused >= 3)
        own->interrupts_off = own->refused = 0;
    return true;
}

static void set_interrupts(bool on)
{
    struct processor_state *own = state();
    own->refused = 0;
    own->interrupts_off = !on;
    if (on)
        KiDeliverPending();
}

static void write_cr8(ULONGLONG level)
{
    if (level > KiIrql())
        KfRaiseIrql((KIRQL)level);
    else
        KeLowerIrql((KIRQL)level);
}

static bool control_register(struct host_trap *trap, const struct host_insn *insn)
{
    ULONGLONG value = 0;
    struct processor_state *own = state();
    if (insn->write) {
        value = *slot(trap, insn->reg);
        switch (insn->special) {
        case 0:
            own->cr0 = value;
            return true;
        case 2:
        case 3:
            return true; /* the address space is one */
        case 4:
            own->cr4 = value;
            return true;
        case 8:
            if (value > HIGH_LEVEL)
                return false;
            /* Delivery may go on on another stack and come back later: rip must be right already. */
            write_cr8(value);
            return true;
        default:
            return false;
        }
    }
    switch (insn->special) {
    case 0:
        value = own->cr0;
        break;
    case 2:
        value = 0;
        break;
    case 3:
        value = CR3_VALUE;
        break;
    case 4:
        value = own->cr4;
        break;
    case 8:
        value = KiIrql();
        break;
    default:
        return false;
    }
    *slot(trap, insn->reg) = value;
    return true;
}

static bool debug_register(struct host_trap *trap, const struct host_insn *insn)
{
    ULONGLONG *own = &state()->dr[insn->special & 7];
    if (insn->write)
        *own = *slot(trap, insn->reg);
    else
        *slot(trap, insn->reg) = *own;
    return true;
}

static ULONGLONG time_stamp(void)
{
    return host_interrupt_time() * TSC_PER_100NS;
}

static bool read_msr(ULONG msr, ULONGLONG *value)
{
    switch (msr) {
    case 0x10: *value = time_stamp(); return true;                  /* IA32_TIME_STAMP_COUNTER */
    case 0x1B: *value = 0xFEE00800 | (KiProcessorNumber() == 0 ? 0x100 : 0); return true; /* IA32_APIC_BASE */
    case 0x3A: *value = 1; return true;                             /* IA32_FEATURE_CONTROL: locked, VMX off */
    case 0x8B: *value = 0x0000000100000000ULL; return true;         /* IA32_BIOS_SIGN_ID */
    case 0xE7: case 0xE8: *value = time_stamp(); return true;       /* MPERF, APERF */
    case 0xFE: *value = 0x508; return true;                         /* IA32_MTRRCAP */
    case 0x174: *value = 0; return true;                            /* IA32_SYSENTER_CS */
    case 0x175: case 0x176: *value = 0; return true;
    case 0x179: *value = 0; return true;                            /* IA32_MCG_CAP: no banks */
    case 0x17A: *value = 0; return true;
    case 0x19C: *value = 0x88000000; return true;                   /* IA32_THERM_STATUS: valid, cool */
    case 0x1A0: *value = 0x850089; return true;                     /* IA32_MISC_ENABLE */
    case 0x1D9: *value = 0; return true;                            /* IA32_DEBUGCTL */
    case 0x277: *value = 0x0007010600070106ULL; return true;        /* IA32_PAT */
    case 0xC0000080: *value = 0xD01; return true;                   /* EFER: SCE, LME, LMA, NXE */
    case 0xC0000081: *value = 0x0023001000000000ULL; return true;   /* STAR */
    case 0xC0000082: case 0xC0000083: *value = 0; return true;      /* LSTAR, CSTAR: no such entry here */
    case 0xC0000084: *value = 0x4700; return true;                  /* FMASK */
    case 0xC0000100: *value = 0; return true;                       /* FS base */
    case 0xC0000101: *value = (ULONG_PTR)KiPcr(); return true;      /* GS base */
    case 0xC0000102: *value = state()->kernel_gs; return true;
    case 0xC0000103: *value = KiProcessorNumber(); return true;     /* TSC_AUX */
    default: return false;
    }
}

static bool write_msr(ULONG msr, ULONGLONG value)
{
    switch (msr) {
    case 0x8B:
    case 0x1A0:
    case 0x1D9:
        return true; /* accepted, without effect */
    case 0xC0000102:
        state()->kernel_gs = value;
        return true;
    default:
        return false;
    }
}

/* sgdt and its kin, which trap where the processor has UMIP. */
static bool tables(struct host_trap *trap, const struct host_insn *insn)
{
    ULONGLONG value = insn->op == HOST_OP_SMSW ? state()->cr0 & 0xFFFF : insn->op == HOST_OP_STR ? 0x40 : 0;
    if (insn->op == HOST_OP_SGDT || insn->op == HOST_OP_SIDT) {
        struct {
            USHORT limit;
            ULONGLONG base;
        } __attribute__((packed)) table = {insn->op == HOST_OP_SGDT ? 0x57 : 0xFFF, 0};
        return write_memory(insn->address, sizeof table, &table);
    }
    if (insn->has_memory)
        return write_memory(insn->address, 2, &value);
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
        if (!read_memory(insn->address, insn->size, &value))
            return false;
        set_reg(trap, insn, insn->reg_size, insn->sign_extend ? extend(value, insn->size) : value);
        return true;
    case HOST_INSN_STORE:
        if (insn->is_vector)
            return store_vector(trap, insn);
        value = source(trap, insn);
        return write_memory(insn->address, insn->size, &value);
    case HOST_INSN_RMW:
        return read_modify_write(trap, insn);
    case HOST_INSN_ALU:
    case HOST_INSN_COMPARE:
        return with_memory(trap, insn);
    case HOST_INSN_STRING:
        return string(trap, insn);
    case HOST_INSN_MOV_CR:
        return control_register(trap, insn);
    case HOST_INSN_MOV_DR:
        return debug_register(trap, insn);
    case HOST_INSN_RDMSR:
        if (!read_msr((ULONG)trap->rcx, &value))
            return false;
        trap->rax = (ULONG)value;
        trap->rdx = value >> 32;
        return true;
    case HOST_INSN_WRMSR:
        return write_msr((ULONG)trap->rcx, (ULONG)trap->rax | trap->rdx << 32);
    case HOST_INSN_CLI:
    case HOST_INSN_STI:
        set_interrupts(insn->kind == HOST_INSN_STI);
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
