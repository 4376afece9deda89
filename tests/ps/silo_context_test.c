/* SPDX-License-Identifier: MIT */
/* Silo contexts: slots, references, what may stand in a slot and who may take it out. */
#include <ntifs.h>
#include "jobp.h"
#include "obp.h"
#include "psp.h"
#include "harness.h"

static ULONG cleanups;
static PVOID last_cleaned;

static VOID NTAPI cleanup(PVOID context)
{
    cleanups++;
    last_cleaned = context;
}

static PVOID new_context(PESILO silo)
{
    PVOID context;
    CHECK_EQ(PsCreateSiloContext(silo, 32, NonPagedPoolNx, cleanup, &context), STATUS_SUCCESS);
    return context;
}

static ULONG new_slot(void)
{
    ULONG slot;
    CHECK_EQ(PsAllocSiloContextSlot(0, &slot), STATUS_SUCCESS);
    return slot;
}

static HANDLE new_silo(PESILO *silo)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateJobObject(&handle, JOB_OBJECT_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    CHECK_EQ(ZwSetInformationJobObject(handle, JobObjectCreateSilo, NULL, 0), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, *PsJobType, KernelMode, (PVOID *)silo, NULL), STATUS_SUCCESS);
    return handle;
}

KILN_TEST_ONCE(ps_silo_context, slots_are_few_and_each_given_once)
{
    static ULONG slots[PSP_SILO_SLOTS + 1];
    ULONG count = 0;
    CHECK_EQ(PsAllocSiloContextSlot(1, &slots[0]), STATUS_INVALID_PARAMETER); /* Reserved */
    while (NT_SUCCESS(PsAllocSiloContextSlot(0, &slots[count])))
        CHECK(++count <= PSP_SILO_SLOTS);
    CHECK(count > 32);
    CHECK_EQ(PsAllocSiloContextSlot(0, &slots[count]), STATUS_INSUFFICIENT_RESOURCES);
    for (ULONG i = 0; i < count; i++)
        for (ULONG j = 0; j < i; j++)
            CHECK(slots[i] != slots[j]);
    for (ULONG i = 0; i < count; i++)
        CHECK_EQ(PsFreeSiloContextSlot(slots[i]), STATUS_SUCCESS);
    CHECK_EQ(PsFreeSiloContextSlot(slots[0]), STATUS_INVALID_PARAMETER); /* not allocated */
    CHECK_EQ(PsFreeSiloContextSlot(INVALID_SILO_CONTEXT_SLOT), STATUS_INVALID_PARAMETER);
}

KILN_TEST_BUGCHECK(ps_silo_context, freeing_a_slot_in_use_stops_the_machine, DRIVER_VIOLATION)
{
    ULONG slot = new_slot();
    CHECK_EQ(PsInsertSiloContext(PsGetHostSilo(), slot, new_context(PsGetHostSilo())), STATUS_SUCCESS);
    PsFreeSiloContextSlot(slot);
}

KILN_TEST_ONCE(ps_silo_context, is_cleaned_up_with_its_last_reference)
{
    PVOID context = new_context(PsGetHostSilo()), paged;
    PsReferenceSiloContext(context);
    PsDereferenceSiloContext(context);
    CHECK_EQ(cleanups, 0);
    PsDereferenceSiloContext(context);
    CHECK_EQ(cleanups, 1);
    CHECK(last_cleaned == context);
    CHECK_EQ(PsCreateSiloContext(PsGetHostSilo(), 8, NonPagedPool, NULL, &paged), STATUS_INVALID_PARAMETER);
    CHECK_EQ(PsCreateSiloContext(PsGetHostSilo(), MAXULONG, PagedPool, NULL, &paged), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(PsCreateSiloContext(PsGetHostSilo(), 8, PagedPool, NULL, &paged), STATUS_SUCCESS);
    PsDereferenceSiloContext(paged); /* no cleanup routine: none is called */
    CHECK_EQ(cleanups, 1);
}

KILN_TEST_BUGCHECK(ps_silo_context, what_is_no_context_stops_the_machine, DRIVER_VIOLATION)
{
    static UCHAR something[128];
    PsReferenceSiloContext(something + 64);
}

KILN_TEST_ONCE(ps_silo_context, an_insertion_takes_a_reference_and_an_empty_slot)
{
    PESILO host = PsGetHostSilo(), silo;
    HANDLE handle = new_silo(&silo);
    PVOID context = new_context(silo), other = new_context(silo), foreign = new_context(host), got = context;
    ULONG slot = new_slot();
    CHECK_EQ(PsGetSiloContext(silo, slot, &got), STATUS_NOT_FOUND);
    CHECK(got == NULL);
    CHECK_EQ(PsGetSiloContext(silo, slot + 1, &got), STATUS_INVALID_PARAMETER); /* no such slot */
    CHECK_EQ(PsInsertSiloContext(silo, slot, foreign), STATUS_INVALID_PARAMETER); /* made for another silo */
    CHECK_EQ(PsInsertSiloContext(silo, slot, context), STATUS_SUCCESS);
    PsDereferenceSiloContext(context);
    CHECK_EQ(cleanups, 0);
    CHECK_EQ(PsInsertSiloContext(silo, slot, other), STATUS_NOT_SUPPORTED); /* not empty */
    CHECK_EQ(PsGetSiloContext(silo, slot, &got), STATUS_SUCCESS);
    CHECK(got == context);
    PsDereferenceSiloContext(got);
    CHECK_EQ(PsGetSiloContext(host, slot, &got), STATUS_NOT_FOUND); /* another silo's slot */
    CHECK_EQ(PsRemoveSiloContext(silo, slot, &got), STATUS_SUCCESS);
    CHECK(got == context);
    CHECK_EQ(cleanups, 0); /* its reference is the caller's now */
    PsDereferenceSiloContext(got);
    CHECK_EQ(cleanups, 1);
    CHECK_EQ(PsRemoveSiloContext(silo, slot, NULL), STATUS_NOT_FOUND);
    PsDereferenceSiloContext(other);
    PsDereferenceSiloContext(foreign);
    CHECK_EQ(PsFreeSiloContextSlot(slot), STATUS_SUCCESS);
    ObDereferenceObject(silo);
    ZwClose(handle);
}

KILN_TEST_ONCE(ps_silo_context, a_replacement_gives_the_old_one_back)
{
    PESILO host = PsGetHostSilo();
    PVOID first = new_context(host), second = new_context(host), third = new_context(host), old = first;
    ULONG slot = new_slot();
    CHECK_EQ(PsReplaceSiloContext(host, slot, first, &old), STATUS_SUCCESS);
    CHECK(old == NULL); /* the slot was empty */
    CHECK_EQ(PsReplaceSiloContext(host, slot, second, &old), STATUS_SUCCESS);
    CHECK(old == first);
    PsDereferenceSiloContext(old);
    PsDereferenceSiloContext(first);
    CHECK_EQ(cleanups, 1);
    PsDereferenceSiloContext(second);
    CHECK_EQ(PsReplaceSiloContext(host, slot, third, NULL), STATUS_SUCCESS); /* dropped, since nobody wants it */
    CHECK_EQ(cleanups, 2);
    CHECK_EQ(PsRemoveSiloContext(host, slot, NULL), STATUS_SUCCESS);
    PsDereferenceSiloContext(third);
    CHECK_EQ(cleanups, 3);
    CHECK_EQ(PsFreeSiloContextSlot(slot), STATUS_SUCCESS);
}

KILN_TEST(ps_silo_context, a_permanent_one_stays_as_long_as_the_silo_is_referenced)
{
    PESILO silo;
    HANDLE handle = new_silo(&silo);
    PVOID context = new_context(silo), other = new_context(silo), got;
    LARGE_INTEGER later = {.QuadPart = -1000000};
    ULONG slot = new_slot(), second = new_slot();
    CHECK_EQ(PsMakeSiloContextPermanent(silo, slot), STATUS_INVALID_PARAMETER); /* nothing in it */
    CHECK_EQ(PsMakeSiloContextPermanent(silo, second + 1), STATUS_NOT_FOUND);   /* not allocated */
    CHECK_EQ(PsGetPermanentSiloContext(silo, slot, &got), STATUS_NOT_FOUND);
    CHECK_EQ(PsInsertSiloContext(silo, slot, context), STATUS_SUCCESS);
    CHECK_EQ(PsGetPermanentSiloContext(silo, slot, &got), STATUS_NOT_SUPPORTED);
    CHECK_EQ(PsMakeSiloContextPermanent(silo, slot), STATUS_SUCCESS);
    CHECK_EQ(PsGetPermanentSiloContext(silo, slot, &got), STATUS_SUCCESS);
    CHECK(got == context);
    CHECK_EQ(PsReplaceSiloContext(silo, slot, other, NULL), STATUS_NOT_SUPPORTED);
    CHECK_EQ(PsRemoveSiloContext(silo, slot, NULL), STATUS_NOT_SUPPORTED);
    CHECK_EQ(PsInsertPermanentSiloContext(silo, slot, other), STATUS_NOT_SUPPORTED);
    CHECK_EQ(PsInsertPermanentSiloContext(silo, second, other), STATUS_SUCCESS);
    CHECK_EQ(PsGetPermanentSiloContext(silo, second, &got), STATUS_SUCCESS);
    PsDereferenceSiloContext(context);
    PsDereferenceSiloContext(other);
    ZwClose(handle); /* the silo ends */
    KeDelayExecutionThread(KernelMode, FALSE, &later);
    CHECK_EQ(PsGetPermanentSiloContext(silo, slot, &got), STATUS_SUCCESS);
    CHECK(got == context);
    CHECK_EQ(cleanups, 0);
    ObDereferenceObject(silo);
    CHECK_EQ(cleanups, 2);
    CHECK_EQ(PsFreeSiloContextSlot(slot), STATUS_SUCCESS);
    CHECK_EQ(PsFreeSiloContextSlot(second), STATUS_SUCCESS);
}

KILN_TEST(ps_silo_context, the_end_of_a_silo_empties_its_slots_for_good)
{
    PESILO silo;
    HANDLE handle = new_silo(&silo);
    PVOID context = new_context(silo), got;
    LARGE_INTEGER later = {.QuadPart = -1000000};
    ULONG slot = new_slot();
    CHECK_EQ(PsInsertSiloContext(silo, slot, context), STATUS_SUCCESS);
    CHECK_EQ(ZwTerminateJobObject(handle, 0), STATUS_SUCCESS);
    KeDelayExecutionThread(KernelMode, FALSE, &later);
    CHECK_EQ(PsGetSiloContext(silo, slot, &got), STATUS_NOT_FOUND);
    CHECK_EQ(PsInsertSiloContext(silo, slot, context), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(cleanups, 0);
    PsDereferenceSiloContext(context);
    CHECK_EQ(cleanups, 1);
    CHECK_EQ(PsFreeSiloContextSlot(slot), STATUS_SUCCESS);
    ObDereferenceObject(silo);
    ZwClose(handle);
}

KILN_TEST_ONCE(ps_silo_context, are_used_at_dispatch_level)
{
    PESILO host = PsGetHostSilo();
    PVOID context = new_context(host), got;
    ULONG slot = new_slot();
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    CHECK_EQ(PsInsertSiloContext(host, slot, context), STATUS_SUCCESS);
    CHECK_EQ(PsGetSiloContext(host, slot, &got), STATUS_SUCCESS);
    PsReferenceSiloContext(got);
    PsDereferenceSiloContext(got);
    PsDereferenceSiloContext(got);
    CHECK_EQ(PsRemoveSiloContext(host, slot, NULL), STATUS_SUCCESS);
    KeLowerIrql(irql);
    PsDereferenceSiloContext(context);
    CHECK_EQ(PsFreeSiloContextSlot(slot), STATUS_SUCCESS);
}
