/* SPDX-License-Identifier: MIT */
/*
 * host.h: everything the kernel asks of the machine's host, and the few entry points the host calls.
 *
 * The kernel is a freestanding library; this header is its port contract. Two hosts implement it: host/linux
 * ("live": a pthread per virtual processor, real time) and host/sim ("deterministic": one pthread, a seeded
 * scheduler, virtual time). Both are in one binary; host_config.live chooses.
 *
 * Rules of the interface
 *   - Functions take at most six integer or pointer arguments (the kernel calls them through thunks that keep
 *     xmm6-xmm15 as the Windows ABI demands) and return integers or pointers. No variadics, no floating point.
 *   - Memory the host is given stays the caller's. Strings are UTF-8.
 *   - Errors are 0 for success or a negative errno value, except where said.
 *   - Unless a declaration says otherwise a function may be called at any IRQL on any virtual processor, does not
 *     block the processor for long, and takes no kernel lock.
 *   - Times are in 100 ns units unless the name says otherwise.
 */
#ifndef KILN_HOST_H
#define KILN_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_MAX_VPS 64

/* ---------------------------------------------------------------- configuration */

enum host_irql_checks { HOST_IRQL_STOP, HOST_IRQL_REPORT, HOST_IRQL_OFF };

/* What the machine was asked to be; filled before the kernel starts, constant afterwards. */
struct host_config {
    bool live;             /* live host; otherwise the simulator */
    bool trace;            /* record the event log (host_trace) */
    bool checked;          /* rule checks are on (the default on the simulator) */
    uint8_t irql_checks;   /* enum host_irql_checks: a checked machine's answer to a call at a wrong IRQL */
    bool allow_unresolved; /* bind unresolved imports to stubs that bugcheck when called */
    bool pass_breakpoints; /* a breakpoint nobody handles is noted and passed, as a debugger's "go" would */
    bool client_32bit;     /* the first client process is a 32-bit one */
    bool paging;           /* pageable memory really goes out (kernel/mm/paging.c) */
    const char *special_pool; /* tags whose blocks get pages of their own (kernel/mm/poolspecial.c); NULL: none */
    uint8_t safe_mode;     /* what InitSafeBootMode points to: 0 no, 1 minimal, 2 network, 3 directory services repair */
    bool plain;            /* only driver debug output goes to standard output */
    bool json;             /* reports in JSON */
    uint32_t cpus;         /* virtual processors at boot, 1..HOST_MAX_VPS */
    uint32_t max_cpus;     /* ... and with those that may be added later; host_start makes it at least cpus */
    uint32_t group_size;   /* processors a group has at most; host_start makes 0 the maximum, 64 */
    uint32_t node_size;    /* processors a NUMA node has at most; host_start makes 0 the maximum: one node */
    uint64_t ram_bytes;    /* page multiple */
    uint64_t seed;         /* of the simulator and of every kernel random number on it */
};
const struct host_config *host_config(void);

/* The command line that reproduces this run, for reports; "" when embedded. */
const char *host_command_line(void);

/* ---------------------------------------------------------------- memory */

enum host_prot { HOST_PROT_NONE = 0, HOST_PROT_R = 1, HOST_PROT_W = 2, HOST_PROT_X = 4 };

/*
 * Map `bytes` of RAM starting at physical address `phys` at address `va` (page multiples), shared, replacing what is
 * there. -ENOMEM when the host's mapping budget is used up: callers turn it into STATUS_INSUFFICIENT_RESOURCES. The
 * direct map [KILN_RAM_BASE, +ram_bytes) is mapped read-write by the host before the kernel starts.
 */
int host_map_ram(void *va, uint64_t bytes, uint64_t phys, unsigned prot);

/* Map fresh zeroed private memory (not RAM: it has no physical address) at `va`. Lazily touched. */
int host_map_anonymous(void *va, uint64_t bytes, unsigned prot);

/* Whether nothing is mapped in [va, va+bytes). */
bool host_is_free(void *va, uint64_t bytes);

/* Change the protection of mapped pages. */
int host_protect(void *va, uint64_t bytes, unsigned prot);

/* Return [va, va+bytes) to inaccessible, reserved address space. */
int host_unmap(void *va, uint64_t bytes);

/* Give the pages' memory back to the host; they read as zeros when touched next. */
int host_discard_ram(uint64_t phys, uint64_t bytes);

/* More RAM: [phys, phys+bytes), page multiples, of zeros, mapped read-write in the direct map. */
int host_add_ram(uint64_t phys, uint64_t bytes);

/* Host mappings in use and the limit; slow, for reports. */
void host_mapping_budget(uint64_t *used, uint64_t *limit);

/* ---------------------------------------------------------------- time */

/* Monotonic time since boot in 100 ns units ("interrupt time"). Virtual on the simulator. */
uint64_t host_interrupt_time(void);

/* Counter with host_performance_frequency() ticks a second; monotonic, consistent with host_interrupt_time. */
uint64_t host_performance_counter(void);
uint64_t host_performance_frequency(void);

/* NT system time at interrupt time 0 (100 ns since 1601-01-01 UTC). A constant on the simulator. */
uint64_t host_boot_system_time(void);

/*
 * Ask for the next clock interrupt at interrupt time `due` (UINT64_MAX: none needed). One clock for the machine: when
 * it is due, the host calls KiPostClock. Idempotent and cheap; any IRQL, any lock held. An interrupt that comes early
 * or twice is harmless.
 */
void host_clock_arm(uint64_t due_100ns);

/* Busy-wait that many nanoseconds of machine time (KeStallExecutionProcessor). */
void host_stall_ns(uint64_t nanoseconds);

/* ---------------------------------------------------------------- virtual processors */

/* Start virtual processor `vp` (1..): gives it a thread of control that calls KiVpEntry(vp), which never returns. */
int host_vp_start(uint32_t vp);

/* Set the GS base of the calling virtual processor to `kpcr`. First call of KiVpEntry, and of boot for processor 0. */
void host_vp_bind(uint32_t vp, void *kpcr);

/*
 * The calling virtual processor has nothing to run: wait until host_vp_kick(vp). A kick before the call is not lost.
 * May return early. Live: futex wait. Simulator: other processors run; when all are idle, virtual time jumps to the
 * armed clock. Returns false when nothing can ever wake the machine (all processors idle, no clock armed), so that
 * the caller can report a hang or end an idle machine.
 */
bool host_vp_idle(uint32_t vp);

/* Make `vp` notice its pending mask soon: wake it if idle, redirect it if it executes driver code. Signal-safe. */
void host_vp_kick(uint32_t vp);

/* In a spin loop: let others run. The simulator switches virtual processor; live executes PAUSE. */
void host_relax(void);

enum host_point {
    HOST_POINT_ENTRY,     /* an exported routine was entered */
    HOST_POINT_IRQL,      /* IRQL was lowered */
    HOST_POINT_LOCK,      /* a lock is about to be acquired */
    HOST_POINT_UNLOCK,    /* a lock was released */
    HOST_POINT_WAIT,      /* a wait is about to begin */
    HOST_POINT_INTERRUPT, /* an interrupt service begins or ended */
};

/*
 * A scheduling point: the simulator may, by its seed, switch to another virtual processor, move virtual time, or
 * return true: the kernel should then treat the running thread's quantum as expired. The kernel calls it only when
 * KPCR.SchedPoints is set (never on the live host), so the live fast path is one load and one branch.
 */
bool host_sched_point(enum host_point kind);

/* A random number for the machine (seeded on the simulator). */
uint64_t host_random(void);

/*
 * ThreadSanitizer must be told which stack runs. ke calls these around its stack switch in builds where KILN_TSAN is
 * defined; elsewhere they do nothing. `fiber` is what host_fiber_create returned, or host_fiber_current().
 */
void *host_fiber_create(void);
void *host_fiber_current(void);
void host_fiber_switch(void *fiber);
void host_fiber_destroy(void *fiber);

/* ---------------------------------------------------------------- traps */

/*
 * Register state at a trap, as the kernel sees and may change it. KiTrap runs on the faulting thread's own stack
 * (below RSP-256), outside signal context, except after a stack overflow: then on the processor's emergency stack.
 */
struct host_trap {
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rip, rflags;
    uint32_t mxcsr;
    uint32_t vector;         /* x86 exception number (0 #DE, 1 #DB, 3 #BP, 6 #UD, 13 #GP, 14 #PF, ...) */
    uint64_t error_code;     /* of the processor, where it has one */
    uint64_t fault_address;  /* of a #PF */
    uint32_t address_valid;  /* fault_address is known */
    uint32_t stack_overflow; /* running on the emergency stack; rsp is the exhausted stack */
    uint64_t extended;       /* the host's image of the state that is not here (x87, upper vector halves); 0: none */
    uint64_t reserved;
    uint8_t xmm[16][16];
} __attribute__((aligned(16)));

/* Resume execution with the (possibly changed) state of `trap`. */
__attribute__((noreturn)) void host_trap_resume(const struct host_trap *trap);

/* Top of the calling processor's emergency stack, on which crash reports are written. NULL: not a processor. */
void *host_emergency_stack(void);

/* ---------------------------------------------------------------- instruction decoding */

enum host_insn_kind {
    HOST_INSN_OTHER,
    HOST_INSN_LOAD,    /* memory -> register (mov, movzx, movsx, vector moves of `size` bytes) */
    HOST_INSN_STORE,   /* register or immediate -> memory */
    HOST_INSN_RMW,     /* memory = memory `op` source (add, or, inc, xchg, cmpxchg, bts ...) */
    HOST_INSN_ALU,     /* register = register `op` memory */
    HOST_INSN_COMPARE, /* cmp, test or bt with memory; memory_first says in which order */
    HOST_INSN_STRING,  /* movs, stos, lods, ins, outs: `op` */
    HOST_INSN_MOV_CR,
    HOST_INSN_MOV_DR,
    HOST_INSN_RDMSR,
    HOST_INSN_WRMSR,
    HOST_INSN_CLI,
    HOST_INSN_STI,
    HOST_INSN_HLT,
    HOST_INSN_IN,
    HOST_INSN_OUT,
    HOST_INSN_INT,
    HOST_INSN_INT3,
    HOST_INSN_UD,
    HOST_INSN_RDTSC, /* also rdtscp: special is 1 */
    HOST_INSN_CPUID,
    HOST_INSN_INVLPG,
    HOST_INSN_WBINVD, /* also invd */
    HOST_INSN_DIV,
    HOST_INSN_PUSHF,
    HOST_INSN_SWAPGS,
    HOST_INSN_TABLE,  /* sgdt, sidt, sldt, str, smsw: `op` */
    HOST_INSN_SYSTEM, /* any other instruction that user mode may not execute */
};

enum host_insn_op {
    HOST_OP_NONE,
    HOST_OP_ADD,
    HOST_OP_OR,
    HOST_OP_ADC,
    HOST_OP_SBB,
    HOST_OP_AND,
    HOST_OP_SUB,
    HOST_OP_XOR,
    HOST_OP_CMP,
    HOST_OP_TEST,
    HOST_OP_INC,
    HOST_OP_DEC,
    HOST_OP_NEG,
    HOST_OP_NOT,
    HOST_OP_XCHG,
    HOST_OP_XADD,
    HOST_OP_CMPXCHG,
    HOST_OP_BT,
    HOST_OP_BTS,
    HOST_OP_BTR,
    HOST_OP_BTC,
    HOST_OP_IMUL,
    HOST_OP_MOVS,
    HOST_OP_STOS,
    HOST_OP_LODS,
    HOST_OP_INS,
    HOST_OP_OUTS,
    HOST_OP_SGDT,
    HOST_OP_SIDT,
    HOST_OP_SLDT,
    HOST_OP_STR,
    HOST_OP_SMSW,
};

struct host_insn {
    uint32_t length;   /* bytes */
    uint32_t kind;     /* enum host_insn_kind */
    uint32_t op;       /* enum host_insn_op */
    uint32_t size;     /* bytes of the memory operand, or of the port */
    uint32_t reg;      /* general register 0..15 (rax, rcx, rdx, rbx, rsp, ...) or vector register number */
    uint32_t reg_size; /* bytes of the register operand */
    bool is_vector, sign_extend, high_byte, write, has_immediate, has_memory, rep, memory_first, vex, merges;
    uint32_t special; /* control register, interrupt vector, immediate port (has_immediate), address size of strings */
    uint64_t immediate;
    uint64_t address; /* effective address of the memory operand, from the given registers */
};

/* Decode the instruction at `code` (at most `bytes` readable). False if it is not an instruction. */
bool host_decode(const void *code, uint64_t bytes, const struct host_trap *registers, struct host_insn *out);

/* Text of the instruction at `code`, as if it lay at `pc`. False if it is not an instruction. */
bool host_disassemble(const void *code, uint64_t bytes, uint64_t pc, char *text, uint64_t text_bytes);

/* ---------------------------------------------------------------- frames and symbols */

/* The .eh_frame_hdr and text range of the ELF object that contains `pc`. Lock-free after boot. */
struct host_elf_frames {
    const void *eh_frame_hdr;
    uint64_t eh_frame_hdr_bytes;
    uint64_t text_begin, text_end;
};
bool host_find_elf_frames(uint64_t pc, struct host_elf_frames *out);

/*
 * Name the function, file and line of an address. For a PE image give the image file's host path and the RVA; for ELF
 * code path is NULL and the address is absolute. Slow (may start a symbolizer); reports only. False: unknown.
 */
struct host_symbol {
    char function[256];
    char file[512];
    uint32_t line;
    uint32_t column;
};
bool host_symbolize(const char *image_path, uint64_t rva_or_pc, struct host_symbol *out);

/* True if `bytes` at `address` can be read without a fault (asks the operating system; slow; reports only). */
bool host_can_read(const void *address, uint64_t bytes);

/* ---------------------------------------------------------------- console, event log, end */

enum host_stream {
    HOST_STREAM_DEBUG,  /* DbgPrint of drivers: standard output */
    HOST_STREAM_KERNEL, /* messages of Kiln itself: standard error */
    HOST_STREAM_REPORT, /* bugcheck, hang and leak reports: standard error */
};
void host_console_write(enum host_stream stream, const char *text, uint64_t bytes);

/* Append one event (a line without its newline) to the event log; a no-op unless host_config()->trace. */
void host_trace(const char *line, uint64_t bytes);

/* End the machine: control returns to whoever booted it with `status` (3 after a bugcheck). */
__attribute__((noreturn)) void host_exit(int status);

/* Kiln itself is broken: print and abort. */
__attribute__((noreturn)) void host_panic(const char *message);

/* ---------------------------------------------------------------- files of the host (images, hives, dumps) */

/* Read a whole host file into memory the host owns until host_free_file. PASSIVE_LEVEL. */
int host_read_file(const char *path, const void **data, uint64_t *bytes);
void host_free_file(const void *data, uint64_t bytes);
int host_write_file(const char *path, const void *data, uint64_t bytes);

/* ---------------------------------------------------------------- entry points: the host calls, the kernel defines */

/*
 * Boot: called on the booting pthread, on its own stack, after the host mapped RAM. Initialises every manager, starts
 * the other processors, and returns with the calling pthread adopted as processor 0 running the client thread at
 * PASSIVE_LEVEL. Returns 0 or a failing NTSTATUS. Defined by ke/init.c.
 */
int32_t KiBootMachine(void);

/* First code of virtual processor `vp` (1..) on a host-given stack (its idle thread's); never returns. */
void KiVpEntry(uint32_t vp);

/* A hardware fault in code of a virtual processor, on the faulting stack. Defined by arch/x86_64. */
__attribute__((noreturn)) void KiTrap(struct host_trap *trap);

/*
 * The client's own code touched a user address that is not accessible: may it go on? On the client's stack, outside
 * signal context. False: the fault is the client's own affair.
 */
bool KiClientFault(struct host_trap *trap);

/* Does the kernel own a fault at `pc`? Signal context; lock-free. */
bool KiTrapIsOurs(uint64_t pc);

/* Is `pc` inside a driver image, so that a redirect is allowed? Signal context; lock-free. */
bool KiIsDriverCode(uint64_t pc);

/* Does the calling processor execute code of a user thread, on its user stack? Reads only; any context after boot. */
bool KiInUserCode(void);

/* An interrupt redirected a thread that was executing driver code; all registers are saved around this call. */
void KiRedirected(void);

/* The armed clock is due: post CLOCK_LEVEL to processor 0 and kick it. Any host thread; signal-safe; lock-free. */
void KiPostClock(void);

#endif
