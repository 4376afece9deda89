/* SPDX-License-Identifier: MIT */
/*
 * ps/notify.c: process, thread and image notify routines.
 *
 * Three lists of up to 64 routines, called in the order of registration at PASSIVE_LEVEL inside a critical
 * region, on the thread that does what is notified. A slot is changed under lock N; a call takes a count on
 * the slot under N and runs without it, and a removal waits until the count is zero, so that a routine never
 * runs after its removal returned (a driver may unload then).
 */
#include "psi.h"
#include "jobp.h"

#define MAX_ROUTINES 64

enum { NOTIFY_PROCESS, NOTIFY_THREAD, NOTIFY_IMAGE, NOTIFY_KINDS };

typedef struct slot {
    PVOID routine;         /* N */
    ULONG flavour;         /* N: which of the kind's forms */
    volatile LONG running; /* N to raise */
} slot;

enum { PROCESS_PLAIN, PROCESS_EX, PROCESS_EX2 };
enum { THREAD_PLAIN, THREAD_NONSYSTEM, THREAD_SUBSYSTEMS };

static slot slots[NOTIFY_KINDS][MAX_ROUTINES];
static volatile LONG used[NOTIFY_KINDS];
static KSPIN_LOCK lock; /* N */

static BOOLEAN add(ULONG kind, PVOID routine, ULONG flavour, BOOLEAN unique)
{
    BOOLEAN done = FALSE;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    for (ULONG i = 0; unique && i < MAX_ROUTINES; i++) {
        if (slots[kind][i].routine == routine && slots[kind][i].flavour == flavour)
            goto out;
    }
    for (ULONG i = 0; i < MAX_ROUTINES && !done; i++) {
        if (!slots[kind][i].routine && !slots[kind][i].running) {
            slots[kind][i].routine = routine;
            slots[kind][i].flavour = flavour;
            used[kind]++;
            done = TRUE;
        }
    }
out:
    KeReleaseSpinLock(&lock, irql);
    return done;
}

static void wait_until_idle(slot *s)
{
    LARGE_INTEGER tick = {.QuadPart = -10000};
    while (__atomic_load_n(&s->running, __ATOMIC_ACQUIRE))
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
}

static BOOLEAN remove(ULONG kind, PVOID routine, ULONG flavour, BOOLEAN any_flavour)
{
    slot *found = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    for (ULONG i = 0; i < MAX_ROUTINES && !found; i++) {
        slot *s = &slots[kind][i];
        if (s->routine == routine && (any_flavour || s->flavour == flavour)) {
            s->routine = NULL;
            used[kind]--;
            found = s;
        }
    }
    KeReleaseSpinLock(&lock, irql);
    if (found)
        wait_until_idle(found);
    return found != NULL;
}

/* Take slot `i` for a call. NULL: it is empty. */
static PVOID acquire(ULONG kind, ULONG i, ULONG *flavour)
{
    slot *s = &slots[kind][i];
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    PVOID routine = s->routine;
    *flavour = s->flavour;
    if (routine)
        s->running++;
    KeReleaseSpinLock(&lock, irql);
    return routine;
}

static void release(ULONG kind, ULONG i)
{
    __atomic_sub_fetch(&slots[kind][i].running, 1, __ATOMIC_RELEASE);
}

/* ---------------------------------------------------------------- calls */

void PspNotifyProcess(PEPROCESS Process, BOOLEAN Create, NTSTATUS *CreationStatus)
{
    if (!used[NOTIFY_PROCESS])
        return;
    PS_CREATE_NOTIFY_INFO info = {.Size = sizeof(info)};
    info.ParentProcessId = Process->InheritedFromUniqueProcessId;
    info.CreatingThreadId = PspCurrentThread()->Cid;
    info.ImageFileName = Process->ImageFullName;
    KeEnterCriticalRegion();
    for (ULONG i = 0; i < MAX_ROUTINES; i++) {
        ULONG flavour;
        PVOID routine = acquire(NOTIFY_PROCESS, i, &flavour);
        if (!routine)
            continue;
        if (flavour == PROCESS_PLAIN)
            ((PCREATE_PROCESS_NOTIFY_ROUTINE)routine)(Process->InheritedFromUniqueProcessId,
                                                      Process->UniqueProcessId, Create);
        else
            ((PCREATE_PROCESS_NOTIFY_ROUTINE_EX)routine)(Process, Process->UniqueProcessId,
                                                         Create ? &info : NULL);
        release(NOTIFY_PROCESS, i);
    }
    KeLeaveCriticalRegion();
    if (CreationStatus && !NT_SUCCESS(info.CreationStatus))
        *CreationStatus = info.CreationStatus;
}

/* Call the thread routines of the flavours in the mask. */
static void notify_thread(PETHREAD thread, BOOLEAN create, ULONG flavours)
{
    if (!used[NOTIFY_THREAD])
        return;
    KeEnterCriticalRegion();
    for (ULONG i = 0; i < MAX_ROUTINES; i++) {
        ULONG flavour;
        PVOID routine = acquire(NOTIFY_THREAD, i, &flavour);
        if (!routine)
            continue;
        if (flavours & 1u << flavour)
            ((PCREATE_THREAD_NOTIFY_ROUTINE)routine)(thread->Cid.UniqueProcess, thread->Cid.UniqueThread,
                                                     create);
        release(NOTIFY_THREAD, i);
    }
    KeLeaveCriticalRegion();
}

#define IN_CREATOR (1u << THREAD_PLAIN | 1u << THREAD_SUBSYSTEMS)
#define IN_THREAD  (1u << THREAD_NONSYSTEM)

void PspNotifyThread(PETHREAD Thread, BOOLEAN Create)
{
    if (Create)
        Thread->Notified = TRUE;
    if (Thread->Notified)
        notify_thread(Thread, Create, Create || Thread->SystemThread ? IN_CREATOR : IN_CREATOR | IN_THREAD);
}

void PspNotifyThreadStarts(PETHREAD Thread)
{
    if (Thread->Notified)
        notify_thread(Thread, TRUE, IN_THREAD);
}

void PsCallImageNotifyRoutines(PUNICODE_STRING FullImageName, HANDLE ProcessId, PIMAGE_INFO ImageInfo)
{
    if (!used[NOTIFY_IMAGE])
        return;
    KeEnterCriticalRegion();
    for (ULONG i = 0; i < MAX_ROUTINES; i++) {
        ULONG flavour;
        PVOID routine = acquire(NOTIFY_IMAGE, i, &flavour);
        if (!routine)
            continue;
        ((PLOAD_IMAGE_NOTIFY_ROUTINE)routine)(FullImageName, ProcessId, ImageInfo);
        release(NOTIFY_IMAGE, i);
    }
    KeLeaveCriticalRegion();
}

ULONG PspRemoveNotifyRoutinesInImage(PVOID Begin, PVOID End,
                                     void (*Describe)(const char *What, PVOID Routine))
{
    static const char *const removers[NOTIFY_KINDS] = {"PsSetCreateProcessNotifyRoutine(..., TRUE)",
                                                       "PsRemoveCreateThreadNotifyRoutine",
                                                       "PsRemoveLoadImageNotifyRoutine"};
    ULONG count = 0;
    for (ULONG kind = 0; kind < NOTIFY_KINDS; kind++) {
        for (ULONG i = 0; i < MAX_ROUTINES; i++) {
            PVOID routine = slots[kind][i].routine;
            if (routine < Begin || routine >= End || !remove(kind, routine, slots[kind][i].flavour, FALSE))
                continue;
            if (Describe)
                Describe(removers[kind], routine);
            count++;
        }
    }
    count += PspRemoveSiloMonitorsInImage(Begin, End, Describe);
    return count + ObpRemoveCallbacksInImage(Begin, End, Describe);
}

/* ---------------------------------------------------------------- registration */

PVOID NTAPI RtlImageNtHeader(PVOID Base);

#define DLL_CHARACTERISTICS 0x5E /* of the NT headers of a 64-bit image */
#define FORCE_INTEGRITY     0x0080

/* Does the image that the routine lies in demand that its integrity be checked? Code that is in none need
 * not. */
static BOOLEAN has_integrity(PVOID routine)
{
    PVOID base;
    if (!RtlPcToFileHeader(routine, &base))
        return TRUE;
    PUCHAR headers = RtlImageNtHeader(base);
    return headers && (*(USHORT *)(headers + DLL_CHARACTERISTICS) & FORCE_INTEGRITY);
}

static NTSTATUS set_process_routine(PVOID routine, ULONG flavour, BOOLEAN remove_it)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (remove_it)
        return remove(NOTIFY_PROCESS, routine, flavour, FALSE) ? STATUS_SUCCESS : STATUS_PROCEDURE_NOT_FOUND;
    if (flavour != PROCESS_PLAIN && !has_integrity(routine))
        return STATUS_ACCESS_DENIED;
    return add(NOTIFY_PROCESS, routine, flavour, TRUE) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE NotifyRoutine, BOOLEAN Remove)
{
    return set_process_routine((PVOID)NotifyRoutine, PROCESS_PLAIN, Remove);
}

NTSTATUS NTAPI PsSetCreateProcessNotifyRoutineEx(PCREATE_PROCESS_NOTIFY_ROUTINE_EX NotifyRoutine,
                                                 BOOLEAN Remove)
{
    return set_process_routine((PVOID)NotifyRoutine, PROCESS_EX, Remove);
}

NTSTATUS NTAPI PsSetCreateProcessNotifyRoutineEx2(PSCREATEPROCESSNOTIFYTYPE NotifyType,
                                                  PVOID NotifyInformation, BOOLEAN Remove)
{
    if (NotifyType != PsCreateProcessNotifySubsystems)
        return STATUS_INVALID_PARAMETER;
    return set_process_routine(NotifyInformation, PROCESS_EX2, Remove);
}

NTSTATUS NTAPI PsSetCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE NotifyRoutine)
{
    return add(NOTIFY_THREAD, (PVOID)NotifyRoutine, THREAD_PLAIN, FALSE) ? STATUS_SUCCESS
                                                                         : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI PsSetCreateThreadNotifyRoutineEx(PSCREATETHREADNOTIFYTYPE NotifyType, PVOID NotifyInformation)
{
    if (NotifyType != PsCreateThreadNotifyNonSystem && NotifyType != PsCreateThreadNotifySubsystems)
        return STATUS_INVALID_PARAMETER;
    ULONG flavour = NotifyType == PsCreateThreadNotifyNonSystem ? THREAD_NONSYSTEM : THREAD_SUBSYSTEMS;
    return add(NOTIFY_THREAD, NotifyInformation, flavour, FALSE) ? STATUS_SUCCESS
                                                                 : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI PsRemoveCreateThreadNotifyRoutine(PCREATE_THREAD_NOTIFY_ROUTINE NotifyRoutine)
{
    return remove(NOTIFY_THREAD, (PVOID)NotifyRoutine, 0, TRUE) ? STATUS_SUCCESS : STATUS_PROCEDURE_NOT_FOUND;
}

NTSTATUS NTAPI PsSetLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE NotifyRoutine)
{
    return add(NOTIFY_IMAGE, (PVOID)NotifyRoutine, 0, FALSE) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI PsSetLoadImageNotifyRoutineEx(PLOAD_IMAGE_NOTIFY_ROUTINE NotifyRoutine, ULONG_PTR Flags)
{
    if (Flags & ~(ULONG_PTR)PS_IMAGE_NOTIFY_CONFLICTING_ARCHITECTURE)
        return STATUS_INVALID_PARAMETER_2;
    return PsSetLoadImageNotifyRoutine(NotifyRoutine);
}

NTSTATUS NTAPI PsRemoveLoadImageNotifyRoutine(PLOAD_IMAGE_NOTIFY_ROUTINE NotifyRoutine)
{
    return remove(NOTIFY_IMAGE, (PVOID)NotifyRoutine, 0, TRUE) ? STATUS_SUCCESS : STATUS_PROCEDURE_NOT_FOUND;
}
