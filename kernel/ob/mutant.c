/* SPDX-License-Identifier: MIT */
/*
 * ob/mutant.c: mutex objects as the native services see them ("mutant": one that a dying owner abandons
 * rather than bugchecks over).
 */
#include "obi.h"
#include "ntsvc.h"

NTSTATUS NTAPI NtCreateMutant(PHANDLE MutantHandle, ACCESS_MASK DesiredAccess,
                              POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN InitialOwner)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PKMUTANT mutant;
    NTSTATUS status = ObpProbeHandle(MutantHandle, mode);
    if (!NT_SUCCESS(status))
        return status;
    status = ObCreateObject(mode, ExpMutantObjectType, ObjectAttributes, mode, NULL, sizeof(*mutant), 0, 0,
                            (PVOID *)&mutant);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeMutant(mutant, InitialOwner);
    return ObpInsertAndReturn(mutant, DesiredAccess, MutantHandle, mode);
}

/* A mutant whose last reference goes while a thread owns it leaves the thread's list. */
void ObpDeleteMutant(PVOID Object)
{
    PKMUTANT mutant = Object;
    if (mutant->OwnerThread)
        KeReleaseMutant(mutant, MUTANT_INCREMENT, TRUE, FALSE);
}

NTSTATUS NTAPI NtOpenMutant(PHANDLE MutantHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenAndReturn(ExpMutantObjectType, MutantHandle, DesiredAccess, ObjectAttributes);
}

typedef struct release_call {
    PKMUTANT mutant;
    LONG previous;
} release_call;

static void do_release(void *context)
{
    release_call *call = context;
    call->previous = KeReleaseMutant(call->mutant, MUTANT_INCREMENT, FALSE, FALSE);
}

NTSTATUS NTAPI NtReleaseMutant(HANDLE MutantHandle, PLONG PreviousCount)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    release_call call = {0};
    NTSTATUS status;
    if (PreviousCount && mode == UserMode) {
        status = KiProbeForWrite(PreviousCount, sizeof(LONG), sizeof(LONG));
        if (!NT_SUCCESS(status))
            return status;
    }
    status =
        ObReferenceObjectByHandle(MutantHandle, 0, ExpMutantObjectType, mode, (PVOID *)&call.mutant, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = KeTryCall(do_release, &call); /* not the owner: STATUS_MUTANT_NOT_OWNED */
    ObDereferenceObject(call.mutant);
    if (NT_SUCCESS(status) && PreviousCount)
        status = KiCopyToMode(mode, PreviousCount, &call.previous, sizeof(LONG));
    return status;
}

NTSTATUS NTAPI NtQueryMutant(HANDLE MutantHandle, MUTANT_INFORMATION_CLASS Class, PVOID Information,
                             ULONG Length, PULONG ReturnLength)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PKMUTANT mutant;
    NTSTATUS status = ObReferenceObjectByHandle(MutantHandle, MUTANT_QUERY_STATE, ExpMutantObjectType, mode,
                                                (PVOID *)&mutant, NULL);
    if (!NT_SUCCESS(status))
        return status;
    MUTANT_BASIC_INFORMATION info = {KeReadStateMutant(mutant), mutant->OwnerThread == KiThread(),
                                     mutant->Abandoned};
    ObDereferenceObject(mutant);
    return ObpReturnInformation(Class, &info, sizeof(info), Information, Length, ReturnLength, mode);
}

NTSTATUS NTAPI ZwCreateMutant(PHANDLE MutantHandle, ACCESS_MASK DesiredAccess,
                              POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN InitialOwner)
{
    KI_ZW(NtCreateMutant(MutantHandle, DesiredAccess, ObjectAttributes, InitialOwner));
}

NTSTATUS NTAPI ZwOpenMutant(PHANDLE MutantHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes)
{
    KI_ZW(NtOpenMutant(MutantHandle, DesiredAccess, ObjectAttributes));
}

NTSTATUS NTAPI ZwReleaseMutant(HANDLE MutantHandle, PLONG PreviousCount)
{
    KI_ZW(NtReleaseMutant(MutantHandle, PreviousCount));
}

NTSTATUS NTAPI ZwQueryMutant(HANDLE MutantHandle, MUTANT_INFORMATION_CLASS Class, PVOID Information,
                             ULONG Length, PULONG ReturnLength)
{
    KI_ZW(NtQueryMutant(MutantHandle, Class, Information, Length, ReturnLength));
}
