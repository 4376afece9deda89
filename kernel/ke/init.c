/* SPDX-License-Identifier: MIT */
/*
 * init.c: the start of the machine.
 *
 * The host maps RAM and calls KiBootMachine on the booting pthread, which is processor 0 from then on. Its code becomes
 * the boot thread first, so that everything that looks at the current thread works; then the managers start in the
 * order of their dependencies, in two phases where they depend on each other; then the other processors start; at last
 * the boot thread becomes the client thread of the first user process.
 */
#include "kep.h"
#include "exp.h"
#include "mi.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "iop.h"
#include "ldrp.h"

static volatile ULONG processors_ready;

static void initialize_processor(ULONG Number)
{
    PKIPCR pcr = &KiPcrs[Number];
    PKPRCB prcb = &pcr->Prcb;
    pcr->Self = pcr;
    pcr->UsedSelf = pcr;
    pcr->CurrentPrcb = prcb;
    pcr->MajorVersion = pcr->MinorVersion = 1;
    pcr->ObsoleteNumber = (UCHAR)Number;
    pcr->StallScaleFactor = 1;
    pcr->SchedPoints = !host_config()->live;
    pcr->Irql = PASSIVE_LEVEL;
    prcb->MxCsr = 0x1f80;
    prcb->Number = Number;
    prcb->LegacyNumber = (UCHAR)Number;
    prcb->SetMember = AFFINITY_MASK(Number);
    KepInitDpcs(prcb);
}

void KiVpEntry(uint32_t Vp)
{
    PKIPCR pcr = &KiPcrs[Vp];
    host_vp_bind(Vp, pcr);
    pcr->Irql = DISPATCH_LEVEL;
    KepInitIdleThread(&pcr->Prcb, NULL);
    PKTHREAD idle = pcr->Prcb.IdleThread;
    idle->StackBase = (PVOID)~(ULONG_PTR)0;
    idle->HostStack = TRUE;
    idle->Fiber = host_fiber_current();
    idle->State = KiRunning;
    pcr->Prcb.CurrentThread = idle;
    pcr->Prcb.SwitchTime = KepCycles(pcr);
    __atomic_store_n(&pcr->Prcb.Started, TRUE, __ATOMIC_RELEASE);
    __atomic_fetch_add(&processors_ready, 1, __ATOMIC_ACQ_REL);
    /* The booting processor makes it active when all have arrived. */
    while (!(__atomic_load_n(&KiActiveProcessors, __ATOMIC_ACQUIRE) & pcr->Prcb.SetMember))
        host_relax();
    KiLower(PASSIVE_LEVEL);
    KepIdleLoop();
}

static void start_processors(void)
{
    ULONG count = host_config()->cpus;
    ULONG started = 1;
    for (; started < count; started++) {
        initialize_processor(started);
        if (host_vp_start(started) != 0)
            break; /* fewer than asked for: the machine is what could be started */
    }
    while (__atomic_load_n(&processors_ready, __ATOMIC_ACQUIRE) != started - 1)
        host_relax();
    KIRQL irql = KiLockDispatcher();
    KeNumberProcessors = (CCHAR)started;
    KiProcessorCount = started;
    for (ULONG i = 1; i < started; i++)
        KepIdleSummary |= AFFINITY_MASK(i);
    KiUnlockDispatcher(irql);
    /* They run only now: a processor that is alone takes the dispatcher lock without writing it. */
    __atomic_store_n(&KiActiveProcessors, started == 64 ? ~(KAFFINITY)0 : AFFINITY_MASK(started) - 1, __ATOMIC_RELEASE);
    for (ULONG i = 0; i < started; i++)
        KepStartDpcThread(&KiPcrs[i].Prcb);
}

int32_t KiBootMachine(void)
{
    initialize_processor(0);
    host_vp_bind(0, &KiPcrs[0]);
    KiTracing = host_config()->trace;
    KepInitScheduler();
    KepInitTimers();
    KepInitClock();
    KepInitCallbacks();
    KepInitBootThread();
    __atomic_store_n(&KiPcrs[0].Prcb.Started, TRUE, __ATOMIC_RELEASE);

    MiInitSystem(0);
    PVOID idle_stack = MmCreateKernelStack(FALSE);
    if (!idle_stack)
        return STATUS_INSUFFICIENT_RESOURCES;
    KepInitIdleThread(&KiPcrs[0].Prcb, idle_stack);
    KepStartReaper();

    ExInitSystem(0);
    ObInitSystem(0);
    SeInitSystem(0);
    PsInitSystem(0);
    ObInitSystem(1);
    SeInitSystem(1);
    PsInitSystem(1);
    KiSetSystemProcess(&PsInitialSystemProcess->Pcb);
    MiInitSystem(1);
    start_processors();
    ExInitSystem(1);
    IopInitSystem(0);
    LdrInitSystem();
    IopInitSystem(1);

    static WCHAR client_name[] = L"kiln";
    UNICODE_STRING name = {.Length = sizeof client_name - sizeof(WCHAR),
                           .MaximumLength = sizeof client_name,
                           .Buffer = client_name};
    PEPROCESS process;
    return PspCreateClientProcess(&name, &process);
}
