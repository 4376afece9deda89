/* SPDX-License-Identifier: MIT */
/*
 * affinity.c: the processors a thread may run on.
 *
 * A thread has a user affinity, which it began with, and sometimes a system affinity that a driver set for a
 * while. Both are masks of processor indexes inside; drivers give and get masks relative to a group: group 0
 * by the older routines. A set that is wrong (a group or processor that cannot exist, none that is active)
 * changes nothing. Lock: D.
 */
#include "kep.h"

KAFFINITY KiSetAffinityThread(PKTHREAD Thread, KAFFINITY Affinity)
{
    KIRQL irql = KiLockDispatcher();
    KAFFINITY old = Thread->UserAffinity;
    Thread->UserAffinity = Affinity;
    if (!Thread->SystemAffinityActive)
        KepSetAffinity(Thread, Affinity);
    KiUnlockDispatcher(irql);
    return old;
}

/* Returns the previous system affinity, 0 if there was none. 0 for `Affinity`: back to the user affinity. */
KAFFINITY KiSetSystemAffinity(KAFFINITY Affinity)
{
    PKTHREAD thread = KiThread();
    KIRQL irql = KiLockDispatcher();
    KAFFINITY old = thread->SystemAffinityActive ? thread->Affinity : 0;
    thread->SystemAffinityActive = Affinity != 0;
    KepSetAffinity(thread, Affinity ? Affinity : thread->UserAffinity);
    KiUnlockDispatcher(irql);
    return old;
}

/* The active indexes that a mask of a group names; 0: the set is not valid. */
static KAFFINITY valid_indexes(USHORT Group, KAFFINITY Mask)
{
    return KiIndexesOfGroup(Group, Mask) & KiActiveProcessors;
}

/* The page says nothing of a set without an active processor; running on would be on a processor the caller
 * did not name. */
VOID NTAPI KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KAFFINITY indexes = KiIndexesOfGroup(0, Affinity & KeQueryGroupAffinity(0));
    if (indexes == 0)
        KiBugCheckText(INVALID_AFFINITY_SET, (ULONG_PTR)Affinity, (ULONG_PTR)KeQueryGroupAffinity(0), 0, 0,
                       (ULONG_PTR)__builtin_return_address(0),
                       "An affinity mask without any active processor was set; see KeQueryActiveProcessors.");
    KiSetSystemAffinity(indexes);
}

KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KAFFINITY indexes = valid_indexes(0, Affinity);
    return indexes == 0 ? 0 : KiGroupOfIndexes(0, KiSetSystemAffinity(indexes));
}

VOID NTAPI KeRevertToUserAffinityThread(VOID)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KiSetSystemAffinity(0);
}

VOID NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KAFFINITY indexes = valid_indexes(0, Affinity);
    if (Affinity == 0 || indexes != 0)
        KiSetSystemAffinity(indexes);
}

VOID NTAPI KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity, PGROUP_AFFINITY PreviousAffinity)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KAFFINITY indexes = valid_indexes(Affinity->Group, Affinity->Mask);
    GROUP_AFFINITY previous = {0};
    if (indexes != 0) {
        KAFFINITY old = KiSetSystemAffinity(indexes);
        if (old != 0) {
            previous.Group = KiNumberOfIndex((ULONG)__builtin_ctzll(old)).Group;
            previous.Mask = KiGroupOfIndexes(previous.Group, old);
        }
    }
    if (PreviousAffinity)
        *PreviousAffinity = previous;
}

VOID NTAPI KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KAFFINITY indexes = valid_indexes(PreviousAffinity->Group, PreviousAffinity->Mask);
    if (!KiThread()->SystemAffinityActive || (PreviousAffinity->Mask != 0 && indexes == 0))
        return;
    KiSetSystemAffinity(PreviousAffinity->Mask == 0 ? 0 : indexes);
}
