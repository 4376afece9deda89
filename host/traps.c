/* SPDX-License-Identifier: MIT */
/*
 * Hardware traps: from POSIX signals to KiTrap.
 *
 * The handler runs on the pthread's alternate stack and does as little as possible: it writes the machine state below
 * the interrupted stack pointer (256 bytes below, beyond the red zone of System V code), points rip at KiTrap and
 * returns. So the kernel treats the fault outside signal context, on the stack of the thread that faulted, with the
 * signal mask that the thread had; it may switch threads, unwind, or never come back.
 *
 * The stack may have no room: then it has overflowed, or the stack pointer is garbage. The room is probed page by page
 * (a guard page is inaccessible, whatever lies behind it) by one instruction whose fault this handler recognizes;
 * hence SA_NODEFER. Without room the state goes to the pthread's emergency stack, and the kernel is told so.
 *
 * The redirect signal interrupts driver code in the same way, to let it notice an interrupt; in any other code it does
 * nothing, because neither the kernel nor libc may be interrupted at an arbitrary point.
 */
#define _GNU_SOURCE
#include "hostp.h"
#include "layout.h"

#include <cpuid.h>
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

/* Frames that were left without returning (an unwind, a thread that ended) leave poison on the stack below. */
#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif
#ifdef ASAN
#include <sanitizer/asan_interface.h>
#define UNPOISON(low, high) __asan_unpoison_memory_region((void *)(low), (high) - (low))
#else
#define UNPOISON(low, high) ((void)0)
#endif

#define ALTERNATE_STACK_BYTES (128 * 1024) /* a frame with AMX state is 11 KB, and one probe fault may nest */
#define EMERGENCY_STACK_BYTES (512 * 1024)
#define RED_ZONE_BYTES        256
#define DISPATCH_ROOM_BYTES   (14 * 1024) /* what exception dispatch needs on the faulting stack */
#define REDIRECT_SIGNAL       SIGURG      /* its default action is to be ignored */

#define LEGACY_BYTES    512
#define AVX_END_BYTES   832
#define IMAGE_MAX_BYTES 2688 /* the AVX-512 components end at or before this (where differs between makers) */
#define XSTATE_KEPT     0xE7ULL
#define XSTATE_BEYOND_AVX 0xE0ULL
#define SW_MAGIC_OFFSET 464
#define SW_MAGIC1       0x46505853U

_Static_assert(offsetof(struct host_trap, rsp) == 32 && offsetof(struct host_trap, rip) == 128 &&
                   offsetof(struct host_trap, rflags) == 136 && offsetof(struct host_trap, mxcsr) == 144 &&
                   offsetof(struct host_trap, extended) == 176 && offsetof(struct host_trap, xmm) == 192 &&
                   sizeof(struct host_trap) == 448,
               "redirect.S and arch/x86_64/trap_entry.S know the layout");

struct thread_state {
    char *emergency_low, *emergency_top; /* NULL: not a processor */
    bool client;                         /* the pthread that booted: it also executes the client's own code */
    uint64_t declined;                   /* rip of a fault of the client's that the kernel did not want */
};
static _Thread_local struct thread_state self;

uint32_t host_xsave_mask; /* state components that the operating system enabled */
static uint64_t kept_end; /* where the last component that we keep ends in the standard format */

bool host_probe_write(void *byte);
extern const char host_probe_insn[], host_probe_failed[], host_redirect_entry[];
void host_elf_frames_init(void); /* elf_frames.c */
void host_decode_init(void);     /* decode.c */

static const int fault_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
static struct sigaction previous[NSIG];

/* The kernel does not want this fault: whoever had the signal before us shall have it. */
static void pass_on(int signal, siginfo_t *info, void *ucontext)
{
    struct sigaction *old = &previous[signal];
    if (old->sa_flags & SA_SIGINFO) {
        old->sa_sigaction(signal, info, ucontext);
    } else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN) {
        old->sa_handler(signal);
    } else {
        /* The default action, at the same instruction: return and fault again, or repeat a signal that was sent. */
        struct sigaction action = {.sa_handler = SIG_DFL};
        sigaction(signal, &action, NULL);
        if (info->si_code <= 0)
            raise(signal);
    }
}

/* Is there room for [low, high), every page of it? */
static bool have_room(uint64_t low, uint64_t high)
{
    for (uint64_t page = high & ~0xFFFULL;; page -= 4096) {
        if (!host_probe_write((void *)(page > low ? page : low)))
            return false;
        if (page <= low)
            return true;
    }
}

static uint64_t image_bytes(const unsigned char *fpu)
{
    uint64_t components;
    uint32_t magic;
    memcpy(&magic, fpu + SW_MAGIC_OFFSET, sizeof magic);
    if (magic != SW_MAGIC1)
        return LEGACY_BYTES + 64;
    memcpy(&components, fpu + LEGACY_BYTES, sizeof components);
    if (components & XSTATE_BEYOND_AVX)
        return kept_end;
    return kept_end < AVX_END_BYTES ? kept_end : AVX_END_BYTES;
}

/* Write the state of `uc` as a host_trap ending at or below `top`. */
static struct host_trap *write_trap(uint64_t top, const ucontext_t *uc)
{
    const greg_t *regs = uc->uc_mcontext.gregs;
    const unsigned char *fpu = (const unsigned char *)uc->uc_mcontext.fpregs;
    uint64_t bytes = image_bytes(fpu);
    unsigned char *image = (unsigned char *)((top - bytes) & ~63ULL);
    struct host_trap *trap = (struct host_trap *)(image - sizeof *trap);
    memcpy(image, fpu, bytes);
    uint64_t header[8] = {3};
    if (bytes > LEGACY_BYTES + 64) {
        memcpy(header, fpu + LEGACY_BYTES, sizeof header[0]);
        header[0] &= XSTATE_KEPT;
    }
    memcpy(image + LEGACY_BYTES, header, sizeof header);
    trap->rax = (uint64_t)regs[REG_RAX];
    trap->rcx = (uint64_t)regs[REG_RCX];
    trap->rdx = (uint64_t)regs[REG_RDX];
    trap->rbx = (uint64_t)regs[REG_RBX];
    trap->rsp = (uint64_t)regs[REG_RSP];
    trap->rbp = (uint64_t)regs[REG_RBP];
    trap->rsi = (uint64_t)regs[REG_RSI];
    trap->rdi = (uint64_t)regs[REG_RDI];
    trap->r8 = (uint64_t)regs[REG_R8];
    trap->r9 = (uint64_t)regs[REG_R9];
    trap->r10 = (uint64_t)regs[REG_R10];
    trap->r11 = (uint64_t)regs[REG_R11];
    trap->r12 = (uint64_t)regs[REG_R12];
    trap->r13 = (uint64_t)regs[REG_R13];
    trap->r14 = (uint64_t)regs[REG_R14];
    trap->r15 = (uint64_t)regs[REG_R15];
    trap->rip = (uint64_t)regs[REG_RIP];
    trap->rflags = (uint64_t)regs[REG_EFL];
    trap->extended = (uint64_t)image;
    trap->reserved = 0;
    memcpy(&trap->mxcsr, image + 24, sizeof trap->mxcsr);
    if (header[0] & 2)
        memcpy(trap->xmm, image + 160, sizeof trap->xmm);
    else
        memset(trap->xmm, 0, sizeof trap->xmm); /* the component is in its initial state */
    return trap;
}

/* On return from the signal continue at `entry`(trap) with a clean control state. */
static void continue_at(ucontext_t *uc, const void *entry, struct host_trap *trap)
{
    greg_t *regs = uc->uc_mcontext.gregs;
    regs[REG_RIP] = (greg_t)(uintptr_t)entry;
    regs[REG_RDI] = (greg_t)(uintptr_t)trap;
    regs[REG_RSP] = (greg_t)((uintptr_t)trap - 8);
    regs[REG_RBP] = 0;
    regs[REG_EFL] &= ~(greg_t)0x50500; /* AC, RF, DF, TF */
    uc->uc_mcontext.fpregs->mxcsr = 0x1F80;
    uc->uc_mcontext.fpregs->cwd = 0x37F;
    uc->uc_mcontext.fpregs->swd &= (uint16_t)~0x80FF;
}

/*
 * On the simulator rdtsc traps (PR_SET_TSC): drivers read virtual time. Host code that asks the time (the vdso) gets a
 * counter of its own, because it must not move the machine's time.
 */
#define TSC_PER_100NS 300 /* 3 GHz */

static bool emulate_rdtsc(greg_t *regs)
{
    static uint64_t host_counter;
    const unsigned char *code = (const unsigned char *)(uintptr_t)regs[REG_RIP];
    bool rdtscp = code[0] == 0x0F && code[1] == 0x01 && code[2] == 0xF9;
    if (!rdtscp && !(code[0] == 0x0F && code[1] == 0x31))
        return false;
    uint64_t value = KiIsDriverCode((uint64_t)regs[REG_RIP]) ? host_interrupt_time() * TSC_PER_100NS : host_counter++;
    regs[REG_RAX] = (greg_t)(uint32_t)value;
    regs[REG_RDX] = (greg_t)(value >> 32);
    if (rdtscp)
        regs[REG_RCX] = 0;
    regs[REG_RIP] += rdtscp ? 3 : 2;
    return true;
}

static bool on_emergency_stack(uint64_t sp)
{
    return sp > (uint64_t)self.emergency_low && sp <= (uint64_t)self.emergency_top;
}

/*
 * The client's own code may touch memory that the machine pages in (a view of a section, memory that was trimmed). What
 * the kernel declines faults once more, and then belongs to whoever had the signal before us.
 */
static bool clients_page_fault(const greg_t *regs, const siginfo_t *info)
{
    if (regs[REG_TRAPNO] != 14 || info->si_code <= 0 || info->si_code == SI_KERNEL)
        return false;
    if (!KILN_IS_USER_ADDRESS((uint64_t)regs[REG_CR2]))
        return false;
    bool again = self.declined == (uint64_t)regs[REG_RIP];
    self.declined = 0;
    return !again;
}

__attribute__((noreturn)) void host_trap_load(const struct host_trap *trap);

/* The frames between here and the trap, which was written on the same stack, end without returning. */
#ifdef __clang__
__attribute__((disable_sanitizer_instrumentation))
#endif
void host_trap_resume(const struct host_trap *trap)
{
    UNPOISON((uint64_t)(uintptr_t)__builtin_frame_address(0), (uint64_t)(uintptr_t)trap);
    host_trap_load(trap);
}

/* Continued at like KiTrap: on the client's stack. */
static void client_fault(struct host_trap *trap)
{
    bool client = !KiInUserCode();
    if (client)
        __atomic_store_n(&host_client_outside, false, __ATOMIC_RELAXED);
    if (!KiClientFault(trap))
        self.declined = trap->rip;
    if (client)
        __atomic_store_n(&host_client_outside, true, __ATOMIC_RELAXED);
    host_trap_resume(trap);
}

static void on_fault(int signal, siginfo_t *info, void *argument)
{
    int saved_errno = errno;
    ucontext_t *uc = argument;
    greg_t *regs = uc->uc_mcontext.gregs;
    uint64_t pc = (uint64_t)regs[REG_RIP], sp = (uint64_t)regs[REG_RSP];
    if (pc == (uint64_t)(uintptr_t)host_probe_insn) {
        regs[REG_RIP] = (greg_t)(uintptr_t)host_probe_failed;
        return;
    }
    if (regs[REG_TRAPNO] == 13 && !host_config()->live && info->si_code > 0 && emulate_rdtsc(regs))
        return;
    bool outside = (self.client && host_client_outside) || (self.emergency_top && KiTrapIsOurs(pc) && KiInUserCode());
    bool clients = outside && !KiIsDriverCode(pc);
    bool clients_page = clients && clients_page_fault(regs, info);
    if (!self.emergency_top || info->si_code <= 0 || (clients && !clients_page) || !KiTrapIsOurs(pc)) {
        pass_on(signal, info, argument);
        errno = saved_errno;
        return;
    }
    uint64_t top = sp - RED_ZONE_BYTES;
    uint64_t low = top - IMAGE_MAX_BYTES - sizeof(struct host_trap) - DISPATCH_ROOM_BYTES;
    bool overflow = sp < 0x10000 || !have_room(low, top);
    if (overflow && on_emergency_stack(sp)) {
        static const char message[] = "kiln: the crash report itself ran out of stack\n";
        if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
            _exit(3);
        _exit(3);
    }
    if (overflow)
        top = (uint64_t)self.emergency_top;
    UNPOISON(overflow ? (uint64_t)self.emergency_low : low, top);
    struct host_trap *trap = write_trap(top, uc);
    trap->vector = (uint32_t)regs[REG_TRAPNO];
    trap->error_code = (uint64_t)regs[REG_ERR];
    trap->address_valid = trap->vector == 14 && info->si_code != SI_KERNEL;
    trap->fault_address = trap->address_valid ? (uint64_t)regs[REG_CR2] : 0;
    trap->stack_overflow = overflow;
    continue_at(uc, clients_page ? (const void *)client_fault : (const void *)KiTrap, trap);
    errno = saved_errno;
}

static void on_redirect(int signal, siginfo_t *info, void *argument)
{
    (void)signal;
    (void)info;
    int saved_errno = errno;
    ucontext_t *uc = argument;
    uint64_t sp = (uint64_t)uc->uc_mcontext.gregs[REG_RSP];
    if (self.emergency_top && KiIsDriverCode((uint64_t)uc->uc_mcontext.gregs[REG_RIP])) {
        uint64_t top = sp - RED_ZONE_BYTES;
        uint64_t low = top - IMAGE_MAX_BYTES - sizeof(struct host_trap) - DISPATCH_ROOM_BYTES;
        if (have_room(low, top)) {
            UNPOISON(low, top);
            struct host_trap *trap = write_trap(top, uc);
            trap->vector = UINT32_MAX;
            trap->error_code = trap->fault_address = 0;
            trap->address_valid = trap->stack_overflow = 0;
            continue_at(uc, host_redirect_entry, trap);
        }
    }
    errno = saved_errno;
}

int host_traps_install(void)
{
    static bool installed;
    if (installed)
        return 0;
    installed = true;
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return -ENOTSUP;
    __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    host_xsave_mask = a;
    kept_end = LEGACY_BYTES + 64;
    for (unsigned component = 2; component < 8; component++) {
        if (!(XSTATE_KEPT & host_xsave_mask & (1u << component)))
            continue;
        __cpuid_count(0xD, component, a, b, c, d);
        if (a + b > kept_end)
            kept_end = a + b;
    }
    if (kept_end > IMAGE_MAX_BYTES)
        return -ENOTSUP;
    host_elf_frames_init();
    host_decode_init();
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof fault_signals / sizeof fault_signals[0]; i++)
        if (sigaction(fault_signals[i], &action, &previous[fault_signals[i]]) != 0)
            return -errno;
    action.sa_sigaction = on_redirect;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    if (sigaction(REDIRECT_SIGNAL, &action, &previous[REDIRECT_SIGNAL]) != 0)
        return -errno;
    return 0;
}

int host_traps_thread_init(void)
{
    if (self.emergency_top)
        return 0;
    size_t bytes = 4096 + ALTERNATE_STACK_BYTES + 4096 + EMERGENCY_STACK_BYTES;
    char *base = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return -errno;
    char *alternate = base + 4096, *emergency = alternate + ALTERNATE_STACK_BYTES + 4096;
    if (mprotect(alternate, ALTERNATE_STACK_BYTES, PROT_READ | PROT_WRITE) != 0 ||
        mprotect(emergency, EMERGENCY_STACK_BYTES, PROT_READ | PROT_WRITE) != 0)
        return -errno;
    stack_t stack = {.ss_sp = alternate, .ss_size = ALTERNATE_STACK_BYTES};
    if (sigaltstack(&stack, NULL) != 0)
        return -errno;
    static bool booted;
    self.client = !booted;
    booted = true;
    if (!host_config()->live)
        prctl(PR_SET_TSC, PR_TSC_SIGSEGV); /* refused here and there: drivers then read the real counter */
    self.emergency_low = emergency;
    self.emergency_top = emergency + EMERGENCY_STACK_BYTES;
    return 0;
}

void *host_emergency_stack(void)
{
    return self.emergency_top;
}

void host_traps_redirect(pthread_t thread)
{
    pthread_kill(thread, REDIRECT_SIGNAL);
}

bool host_can_read(const void *address, uint64_t bytes)
{
    unsigned char buffer[256];
    const unsigned char *from = address;
    while (bytes > 0) {
        uint64_t step = bytes < sizeof buffer ? bytes : sizeof buffer;
        struct iovec local = {buffer, step}, remote = {(void *)from, step};
        if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != (ssize_t)step)
            return false;
        from += step;
        bytes -= step;
    }
    return true;
}
