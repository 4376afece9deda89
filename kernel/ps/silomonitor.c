/* SPDX-License-Identifier: MIT */
/*
 * ps/silomonitor.c: how silos begin and end, and the monitors that are told of server silos.
 *
 *      PspCreateSilo       a job gets storage for contexts
 *      PspStartServerSilo  the monitors' create routines run, in the order of registration; one that fails undoes it
 *      PspEndSilo          asked for, or the last process left, or nobody can use it any more: queued, once
 *      end_routine         on a worker: processes ended; when none is left
 *      finish              the monitors' terminate routines run, the latest first; contexts are taken out
 *
 * A monitor is told of the end of exactly those silos whose creation it accepted (or of which it had no create
 * routine to be asked by), once each; PsUnregisterSiloMonitor tells it of the end of those that still are.
 *
 * Lock: S, the gate, a resource held exclusively while a monitor is told anything, so that creation, start, end and
 * unregistration exclude each other. Like the loader's lock it is held while drivers run: they may call back into
 * these routines, and must not wait for another thread that does. The order of monitors is walked by number, because
 * a routine may unregister its own monitor. Pages: nf-ntddk-psregistersilomonitor and its siblings.
 */
#include "psi.h"
#include "jobp.h"

#define MONITOR_TAG 0x6e4d6953 /* 'SiMn' */

enum { END_NOT_ASKED, END_QUEUED, END_WAITING, END_FINISHING }; /* PSP_SILO.EndState */

struct _PSILO_MONITOR {
    LIST_ENTRY Entry; /* S */
    ULONG64 Order;    /* constant */
    ULONG Slot;       /* constant */
    BOOLEAN Host, Existing;
    BOOLEAN Started; /* S */
    SILO_MONITOR_CREATE_CALLBACK *Create;
    SILO_MONITOR_TERMINATE_CALLBACK *Terminate;
};

static ERESOURCE gate;                                        /* S */
static LIST_ENTRY monitors = {&monitors, &monitors};          /* S: in the order of registration */
static LIST_ENTRY server_silos = {&server_silos, &server_silos}; /* S: in the order of creation */

void PspInitSilos(void)
{
    ExInitializeResourceLite(&gate);
}

static void enter_gate(void)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&gate, TRUE);
}

static void leave_gate(void)
{
    ExReleaseResourceLite(&gate);
    KeLeaveCriticalRegion();
}

/* ---------------------------------------------------------------- telling; the gate is held */

/* The monitor after (before) number `order`; NULL: none. */
static PSILO_MONITOR next_monitor(ULONG64 order, BOOLEAN backwards)
{
    PLIST_ENTRY entry = backwards ? monitors.Blink : monitors.Flink;
    for (; entry != &monitors; entry = backwards ? entry->Blink : entry->Flink) {
        PSILO_MONITOR monitor = CONTAINING_RECORD(entry, struct _PSILO_MONITOR, Entry);
        if (backwards ? monitor->Order < order : monitor->Order > order)
            return monitor;
    }
    return NULL;
}

static BOOLEAN is_registered(PSILO_MONITOR monitor)
{
    for (PLIST_ENTRY entry = monitors.Flink; entry != &monitors; entry = entry->Flink) {
        if (CONTAINING_RECORD(entry, struct _PSILO_MONITOR, Entry) == monitor)
            return TRUE;
    }
    return FALSE;
}

static NTSTATUS tell_creation(PSILO_MONITOR monitor, PESILO silo)
{
    ULONG slot = monitor->Slot;
    NTSTATUS status = STATUS_SUCCESS;
    PspSiloStorage(silo)->Monitored[slot] = TRUE;
    if (monitor->Create)
        status = monitor->Create(silo);
    if (!NT_SUCCESS(status))
        PspSiloStorage(silo)->Monitored[slot] = FALSE;
    return status;
}

static void tell_end(PSILO_MONITOR monitor, PESILO silo)
{
    PPSP_SILO storage = PspSiloStorage(silo);
    if (!storage->Monitored[monitor->Slot])
        return;
    storage->Monitored[monitor->Slot] = FALSE; /* before the call: the routine may unregister */
    monitor->Terminate(silo);
}

/* Tell `silo`'s end to the monitors before number `order`, the latest first. */
static void tell_end_to_all(PESILO silo, ULONG64 order)
{
    for (PSILO_MONITOR monitor; (monitor = next_monitor(order, TRUE)) != NULL;) {
        order = monitor->Order;
        tell_end(monitor, silo);
    }
}

/* Tell one monitor of the end of all it was told of, the latest first, and of the host's last. */
static void tell_all_ends(PSILO_MONITOR monitor)
{
    PLIST_ENTRY entry = server_silos.Blink;
    while (entry != &server_silos) {
        PESILO silo = CONTAINING_RECORD(entry, PSP_SILO, ServerEntry)->Job;
        entry = entry->Blink; /* entries leave the list in finish only, which waits for the gate */
        tell_end(monitor, silo);
    }
    tell_end(monitor, NULL);
}

/* ---------------------------------------------------------------- monitors */

NTSTATUS NTAPI PsRegisterSiloMonitor(PSILO_MONITOR_REGISTRATION Registration, PSILO_MONITOR *ReturnedMonitor)
{
    static ULONG64 orders;
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    *ReturnedMonitor = NULL;
    if (Registration->Version != SILO_MONITOR_REGISTRATION_VERSION || !Registration->ComponentName ||
        !Registration->TerminateCallback)
        return STATUS_INVALID_PARAMETER;
    if (PsGetCurrentServerSilo())
        return STATUS_PRIVILEGE_NOT_HELD;
    PSILO_MONITOR monitor = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*monitor), MONITOR_TAG);
    if (!monitor)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(monitor, sizeof(*monitor));
    if (!PspAllocateSiloSlot(&monitor->Slot)) {
        ExFreePoolWithTag(monitor, MONITOR_TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    monitor->Host = Registration->MonitorHost;
    monitor->Existing = Registration->MonitorExistingSilos;
    monitor->Create = Registration->CreateCallback;
    monitor->Terminate = Registration->TerminateCallback;
    enter_gate();
    monitor->Order = ++orders;
    InsertTailList(&monitors, &monitor->Entry);
    leave_gate();
    *ReturnedMonitor = monitor;
    return STATUS_SUCCESS;
}

ULONG NTAPI PsGetSiloMonitorContextSlot(PSILO_MONITOR Monitor)
{
    return Monitor->Slot;
}

/* Tell a monitor that starts of what is there. */
static NTSTATUS tell_existing(PSILO_MONITOR monitor)
{
    NTSTATUS status = monitor->Host ? tell_creation(monitor, NULL) : STATUS_SUCCESS;
    for (PLIST_ENTRY entry = server_silos.Flink; NT_SUCCESS(status) && entry != &server_silos;
         entry = entry->Flink) {
        PPSP_SILO silo = CONTAINING_RECORD(entry, PSP_SILO, ServerEntry);
        if (!is_registered(monitor))
            return STATUS_REQUEST_ABORTED;
        if (silo->State == SERVERSILO_STARTED && !silo->Monitored[monitor->Slot])
            status = tell_creation(monitor, silo->Job);
    }
    return status;
}

NTSTATUS NTAPI PsStartSiloMonitor(PSILO_MONITOR Monitor)
{
    NTSTATUS status = STATUS_SUCCESS;
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    enter_gate();
    if (Monitor->Started) {
        status = STATUS_REQUEST_ABORTED;
    } else if (!Monitor->Existing && !IsListEmpty(&server_silos)) {
        status = STATUS_NOT_SUPPORTED;
    } else {
        Monitor->Started = TRUE;
        status = tell_existing(Monitor);
        if (!NT_SUCCESS(status) && is_registered(Monitor)) {
            tell_all_ends(Monitor);
            Monitor->Started = FALSE;
        }
        if (!NT_SUCCESS(status))
            status = STATUS_REQUEST_ABORTED;
    }
    leave_gate();
    return status;
}

VOID NTAPI PsUnregisterSiloMonitor(PSILO_MONITOR Monitor)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    enter_gate();
    RemoveEntryList(&Monitor->Entry);
    tell_all_ends(Monitor);
    leave_gate();
    PspDrainSiloSlot(Monitor->Slot);
    ExFreePoolWithTag(Monitor, MONITOR_TAG);
}

ULONG PspRemoveSiloMonitorsInImage(PVOID Begin, PVOID End, void (*Describe)(const char *What, PVOID Routine))
{
    ULONG count = 0;
    enter_gate();
    for (PSILO_MONITOR monitor = next_monitor(0, FALSE); monitor;) {
        ULONG64 order = monitor->Order;
        PVOID routine = (PVOID)monitor->Terminate;
        if (routine >= Begin && routine < End) {
            /* It leaks, with its slot: the code that its contexts need is gone. */
            RemoveEntryList(&monitor->Entry);
            if (Describe)
                Describe("PsUnregisterSiloMonitor", routine);
            count++;
        }
        monitor = next_monitor(order, FALSE);
    }
    leave_gate();
    return count;
}

/* ---------------------------------------------------------------- beginning */

NTSTATUS PspCreateSilo(PEJOB Job)
{
    NTSTATUS status = STATUS_SUCCESS;
    PPSP_SILO silo = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*silo), PSP_JOB_TAG);
    if (!silo)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(silo, sizeof(*silo));
    silo->Job = Job;
    silo->State = SERVERSILO_INITING;
    ExUuidCreate(&silo->ContainerId);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    if (Job->Silo)
        status = STATUS_CONTAINER_ASSIGNED;
    else if (Job->TotalProcesses)
        status = STATUS_NOT_SUPPORTED; /* a process cannot change its silo while it runs */
    else
        __atomic_store_n(&Job->Silo, silo, __ATOMIC_RELEASE);
    KeReleaseSpinLock(&PspJobLock, irql);
    if (!NT_SUCCESS(status))
        ExFreePoolWithTag(silo, PSP_JOB_TAG);
    return status;
}

NTSTATUS PspStartServerSilo(PEJOB Job, PKEVENT DeleteEvent)
{
    PPSP_SILO silo = __atomic_load_n(&Job->Silo, __ATOMIC_ACQUIRE);
    NTSTATUS status = STATUS_SUCCESS;
    PSILO_MONITOR monitor = NULL;
    ULONG64 order = 0;
    if (!silo)
        return STATUS_JOB_NO_CONTAINER;
    enter_gate();
    if (silo->Server)
        status = STATUS_CONTAINER_ASSIGNED;
    else if (KI_PEEK(silo->EndState) != END_NOT_ASKED)
        status = STATUS_PROCESS_IS_TERMINATING;
    else if (PspServerSiloOfJob(Job->ParentJob))
        status = STATUS_NOT_SUPPORTED; /* server silos do not nest */
    if (!NT_SUCCESS(status)) {
        leave_gate();
        return status;
    }
    silo->Server = TRUE;
    ObReferenceObject(Job); /* until it leaves the list */
    InsertTailList(&server_silos, &silo->ServerEntry);
    while (NT_SUCCESS(status) && (monitor = next_monitor(order, FALSE)) != NULL) {
        order = monitor->Order;
        if (monitor->Started)
            status = tell_creation(monitor, Job);
    }
    if (NT_SUCCESS(status)) {
        silo->DeleteEvent = DeleteEvent;
        silo->State = SERVERSILO_STARTED;
    } else {
        tell_end_to_all(Job, order);
        RemoveEntryList(&silo->ServerEntry);
        silo->Server = FALSE;
    }
    leave_gate();
    if (!NT_SUCCESS(status))
        ObDereferenceObject(Job);
    return status;
}

/* ---------------------------------------------------------------- end */

/* No process is in the silo, and none can come any more. */
static void finish(PEJOB job)
{
    PPSP_SILO silo = job->Silo;
    enter_gate();
    BOOLEAN server = silo->Server;
    if (server) {
        silo->State = SERVERSILO_TERMINATING;
        tell_end_to_all(job, MAXULONG64);
        RemoveEntryList(&silo->ServerEntry);
    }
    silo->State = SERVERSILO_TERMINATED;
    leave_gate();
    PspCloseSiloContexts(job, FALSE);
    if (silo->DeleteEvent) {
        KeSetEvent(silo->DeleteEvent, IO_NO_INCREMENT, FALSE);
        ObDereferenceObject(silo->DeleteEvent);
        silo->DeleteEvent = NULL;
    }
    if (server)
        ObDereferenceObject(job);
}

/* Runs once when the end was asked for, and again when the last process has left if there were any. */
static VOID NTAPI end_routine(PVOID context)
{
    PEJOB job = context;
    PPSP_SILO silo = job->Silo;
    enter_gate();
    silo->State = SERVERSILO_SHUTTING_DOWN;
    leave_gate();
    PspTerminateJob(job, silo->ExitStatus);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    silo->EndState = job->ActiveProcesses ? END_WAITING : END_FINISHING;
    BOOLEAN wait = silo->EndState == END_WAITING;
    KeReleaseSpinLock(&PspJobLock, irql);
    if (wait)
        return; /* the reference goes on to the next run */
    finish(job);
    ObDereferenceObject(job);
}

void PspEndSilo(PEJOB Job, NTSTATUS ExitStatus)
{
    PPSP_SILO silo = Job->Silo;
    BOOLEAN queue = FALSE;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    if (silo->EndState == END_NOT_ASKED) {
        silo->ExitStatus = ExitStatus;
        Job->Ending = TRUE;
        ObReferenceObject(Job);
        queue = TRUE;
    } else if (silo->EndState == END_WAITING && Job->ActiveProcesses == 0) {
        queue = TRUE;
    }
    if (queue) {
        silo->EndState = END_QUEUED;
        ExInitializeWorkItem(&silo->EndItem, end_routine, Job);
    }
    KeReleaseSpinLock(&PspJobLock, irql);
    if (queue)
        ExQueueWorkItem(&silo->EndItem, DelayedWorkQueue);
}

VOID NTAPI PsTerminateServerSilo(PESILO ServerSilo, NTSTATUS ExitStatus)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (ServerSilo) /* the host does not end */
        PspEndSilo(ServerSilo, ExitStatus);
}
