/* SPDX-License-Identifier: MIT */
/*
 * ps/affinity.c: the current thread runs where a list of groups says, for a while; a token remembers where it ran.
 *
 * A token can be used again after the revert; nested calls need a token each. Pages: nf-wdm-pssetsystemmultiplegroupaffinitythread and
 * its siblings.
 */
#include "psi.h"
#include <nt/ps_services.h>

#define AFFINITY_TAG       0x6b547341 /* 'AsTk' */
#define AFFINITY_SIGNATURE 0x41667954

struct _PAFFINITY_TOKEN {
    ULONG Signature;
    BOOLEAN Filled;       /* the thread has yet to revert */
    PKTHREAD Thread;      /* while it is filled */
    KAFFINITY Previous;   /* the system affinity it had, as indexes; 0: none */
};

static PAFFINITY_TOKEN check(PAFFINITY_TOKEN token, PVOID caller)
{
    if (token->Signature != AFFINITY_SIGNATURE)
        KiBugCheckText(DRIVER_VIOLATION, (ULONG_PTR)token, 0, 0, 0, (ULONG_PTR)caller,
                       "this is no affinity token of PsAllocateAffinityToken, or it was freed");
    return token;
}

NTSTATUS NTAPI PsAllocateAffinityToken(PAFFINITY_TOKEN *AffinityToken)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    *AffinityToken = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(**AffinityToken), AFFINITY_TAG);
    if (!*AffinityToken)
        return STATUS_INSUFFICIENT_RESOURCES;
    **AffinityToken = (struct _PAFFINITY_TOKEN){.Signature = AFFINITY_SIGNATURE};
    return STATUS_SUCCESS;
}

VOID NTAPI PsFreeAffinityToken(PAFFINITY_TOKEN AffinityToken)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    PAFFINITY_TOKEN token = check(AffinityToken, __builtin_return_address(0));
    if (token->Filled)
        KiBugCheckText(DRIVER_VIOLATION, (ULONG_PTR)token, (ULONG_PTR)token->Thread, 0, 0,
                       (ULONG_PTR)__builtin_return_address(0),
                       "an affinity token was freed before its thread went back with "
                       "PsRevertToUserMultipleGroupAffinityThread");
    token->Signature = 0;
    ExFreePoolWithTag(token, AFFINITY_TAG);
}

NTSTATUS NTAPI PsSetSystemMultipleGroupAffinityThread(PGROUP_AFFINITY GroupAffinities, USHORT GroupCount,
                                                      PAFFINITY_TOKEN AffinityToken)
{
    PAFFINITY_TOKEN token = check(AffinityToken, __builtin_return_address(0));
    KAFFINITY mask = 0;
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (token->Filled)
        return STATUS_INVALID_PARAMETER;
    for (USHORT i = 0; i < GroupCount; i++) {
        const GROUP_AFFINITY *g = &GroupAffinities[i];
        KAFFINITY indexes = KiIndexesOfGroup(g->Group, g->Mask);
        if (g->Reserved[0] || g->Reserved[1] || g->Reserved[2] || !indexes)
            return STATUS_INVALID_PARAMETER;
        mask |= indexes;
    }
    if (!(mask & KiActiveProcessors))
        return STATUS_INVALID_PARAMETER; /* nobody could run the thread */
    token->Previous = KiSetSystemAffinity(mask & KiActiveProcessors);
    token->Thread = KiThread();
    token->Filled = TRUE;
    return STATUS_SUCCESS;
}

VOID NTAPI PsRevertToUserMultipleGroupAffinityThread(PAFFINITY_TOKEN AffinityToken)
{
    PAFFINITY_TOKEN token = check(AffinityToken, __builtin_return_address(0));
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (!token->Filled || token->Thread != KiThread())
        KiBugCheckText(DRIVER_VIOLATION, (ULONG_PTR)token, (ULONG_PTR)token->Thread, 0, 0,
                       (ULONG_PTR)__builtin_return_address(0),
                       "PsRevertToUserMultipleGroupAffinityThread was given a token that no successful call of "
                       "PsSetSystemMultipleGroupAffinityThread on this thread filled in");
    token->Filled = FALSE;
    KiSetSystemAffinity(token->Previous);
}
