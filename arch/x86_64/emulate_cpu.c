/* SPDX-License-Identifier: MIT */
/*
 * emulate_cpu.c: the privileged registers of a virtual processor, as drivers see them.
 *
 * cli. Interrupts reach driver code by redirection only, so cli just forbids that, until sti, or until the third refused
 * redirection: popfq restores the flag on a real machine and cannot be seen here.
 */
#include "emulatep.h"

#define CR0_VALUE 0x80050033ULL
#define CR3_VALUE 0x001AD000ULL
#define CR4_VALUE 0x003506F8ULL
#define TSC_PER_100NS 300 /* 3 GHz, as host/traps.c has it */

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

void ki_set_interrupts(bool on)
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

bool ki_control_register(const struct host_insn *insn, uint64_t *reg)
{
    ULONGLONG value = 0;
    struct processor_state *own = state();
    if (insn->write) {
        value = *reg;
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
    *reg = value;
    return true;
}

bool ki_debug_register(const struct host_insn *insn, uint64_t *reg)
{
    ULONGLONG *own = &state()->dr[insn->special & 7];
    if (insn->write)
        *own = *reg;
    else
        *reg = *own;
    return true;
}

static ULONGLONG time_stamp(void)
{
    return host_interrupt_time() * TSC_PER_100NS;
}

bool ki_read_msr(ULONG msr, ULONGLONG *value)
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

bool ki_write_msr(ULONG msr, ULONGLONG value)
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

USHORT ki_machine_status(void)
{
    return (USHORT)state()->cr0;
}
