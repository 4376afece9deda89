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

int32_t KiBootMachine(void)
{
    KepInitProcessor(0);
    host_vp_bind(0, &KiPcrs[0]);
    KiTracing = host_config()->trace;
    KepInitScheduler();
    KepInitTimers();
    KepInitClock();
    KepInitCallbacks();
    KepInitChangeCallbacks();
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
    KepStartProcessors();
    ExInitSystem(1);
    IopInitSystem(0);
    LdrInitSystem();
    IopInitSystem(1);

    static WCHAR client_name[] = L"kiln";
    UNICODE_STRING name = {.Length = sizeof client_name - sizeof(WCHAR),
                           .MaximumLength = sizeof client_name,
                           .Buffer = client_name};
    PEPROCESS process;
    return PspCreateClientProcess(&name, host_config()->client_32bit ? PspUserSlice32 : PspUserSlice, &process);
}
