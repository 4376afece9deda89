/* SPDX-License-Identifier: MIT */
/*
 * processor.c: processors, groups and nodes. A machine has one group and one NUMA node; all its processors are started
 * during boot. Also the callbacks that processors, machine checks and bounds faults have, and the cache routines.
 */
#include "kep.h"
#include "mi.h"

KIPCR KiPcrs[HOST_MAX_VPS];
ULONG KiProcessorCount = 1;
KAFFINITY KiActiveProcessors = 1;

volatile CCHAR KeNumberProcessors = 1;

#define GROUP_OK(Group) ((Group) == 0 || (Group) == ALL_PROCESSOR_GROUPS)

/* ---------------------------------------------------------------- numbers */

#undef KeGetCurrentProcessorNumber
ULONG NTAPI KeGetCurrentProcessorNumber(VOID)
{
    return KiProcessorNumber();
}

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    ULONG number = KiProcessorNumber();
    if (ProcNumber)
        *ProcNumber = (PROCESSOR_NUMBER){.Number = (UCHAR)number};
    return number;
}

ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcNumber->Group != 0 || ProcNumber->Reserved != 0 || ProcNumber->Number >= KiProcessorCount)
        return INVALID_PROCESSOR_INDEX;
    return ProcNumber->Number;
}

NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcIndex >= KiProcessorCount)
        return STATUS_INVALID_PARAMETER;
    *ProcNumber = (PROCESSOR_NUMBER){.Number = (UCHAR)ProcIndex};
    return STATUS_SUCCESS;
}

USHORT NTAPI KeGetCurrentNodeNumber(VOID)
{
    return 0;
}

ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors)
{
    if (ActiveProcessors)
        *ActiveProcessors = KiActiveProcessors;
    return KiProcessorCount;
}

ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    return GROUP_OK(GroupNumber) ? KiProcessorCount : 0;
}

ULONG NTAPI KeQueryMaximumProcessorCount(VOID)
{
    return host_config()->cpus;
}

ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    return GROUP_OK(GroupNumber) ? host_config()->cpus : 0;
}

USHORT NTAPI KeQueryActiveGroupCount(VOID)
{
    return 1;
}

USHORT NTAPI KeQueryMaximumGroupCount(VOID)
{
    return 1;
}

KAFFINITY NTAPI KeQueryActiveProcessors(VOID)
{
    return KiActiveProcessors;
}

KAFFINITY NTAPI KeQueryGroupAffinity(USHORT GroupNumber)
{
    return GroupNumber == 0 ? KiActiveProcessors : 0;
}

VOID NTAPI KeQueryNodeActiveAffinity(USHORT NodeNumber, PGROUP_AFFINITY Affinity, PUSHORT Count)
{
    BOOLEAN exists = NodeNumber == 0;
    if (Affinity)
        *Affinity = (GROUP_AFFINITY){.Mask = exists ? KiActiveProcessors : 0};
    if (Count)
        *Count = exists ? (USHORT)KiProcessorCount : 0;
}

NTSTATUS NTAPI KeQueryNodeActiveAffinity2(USHORT NodeNumber, PGROUP_AFFINITY GroupAffinities, USHORT GroupAffinitiesCount,
                                          PUSHORT GroupAffinitiesRequired)
{
    if (NodeNumber != 0)
        return STATUS_INVALID_PARAMETER;
    *GroupAffinitiesRequired = 1;
    if (GroupAffinitiesCount < 1)
        return STATUS_BUFFER_TOO_SMALL;
    GroupAffinities[0] = (GROUP_AFFINITY){.Mask = KiActiveProcessors};
    return STATUS_SUCCESS;
}

ULONG NTAPI KeQueryNodeActiveProcessorCount(USHORT NodeNumber)
{
    return NodeNumber == 0 ? KiProcessorCount : 0;
}

USHORT NTAPI KeQueryNodeMaximumProcessorCount(USHORT NodeNumber)
{
    return NodeNumber == 0 ? (USHORT)host_config()->cpus : 0;
}

USHORT NTAPI KeQueryHighestNodeNumber(VOID)
{
    return 0;
}

/* ---------------------------------------------------------------- relationships */

typedef SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX TOPOLOGY;

#define PROCESSOR_BYTES (FIELD_OFFSET(TOPOLOGY, Processor) + sizeof(PROCESSOR_RELATIONSHIP))
#define NODE_BYTES      (FIELD_OFFSET(TOPOLOGY, NumaNode) + sizeof(NUMA_NODE_RELATIONSHIP))
#define GROUP_BYTES     (FIELD_OFFSET(TOPOLOGY, Group) + sizeof(GROUP_RELATIONSHIP))

static void put_relation(UCHAR *At, LOGICAL_PROCESSOR_RELATIONSHIP Type, ULONG Bytes, KAFFINITY Mask)
{
    TOPOLOGY *entry = (TOPOLOGY *)At;
    RtlZeroMemory(entry, Bytes);
    entry->Relationship = Type;
    entry->Size = Bytes;
    switch (Type) {
    case RelationGroup:
        entry->Group.MaximumGroupCount = entry->Group.ActiveGroupCount = 1;
        entry->Group.GroupInfo[0].MaximumProcessorCount = (UCHAR)host_config()->cpus;
        entry->Group.GroupInfo[0].ActiveProcessorCount = (UCHAR)KiProcessorCount;
        entry->Group.GroupInfo[0].ActiveProcessorMask = Mask;
        break;
    case RelationNumaNode:
        entry->NumaNode.GroupMask.Mask = Mask;
        break;
    default:
        entry->Processor.GroupCount = 1;
        entry->Processor.GroupMask[0].Mask = Mask;
        break;
    }
}

/* Every processor is a core of its own; one package, one node, one group. */
NTSTATUS NTAPI KeQueryLogicalProcessorRelationship(PPROCESSOR_NUMBER ProcessorNumber,
                                                   LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType,
                                                   PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information, PULONG Length)
{
    KAFFINITY wanted = KiActiveProcessors;
    if (ProcessorNumber) {
        ULONG index = KeGetProcessorIndexFromNumber(ProcessorNumber);
        if (index == INVALID_PROCESSOR_INDEX)
            return STATUS_INVALID_PARAMETER;
        wanted = AFFINITY_MASK(index);
    }
    BOOLEAN all = RelationshipType == RelationAll;
    BOOLEAN cores = all || RelationshipType == RelationProcessorCore;
    BOOLEAN package = all || RelationshipType == RelationProcessorPackage;
    BOOLEAN node = all || RelationshipType == RelationNumaNode;
    BOOLEAN group = all || RelationshipType == RelationGroup;
    if (!cores && !package && !node && !group && RelationshipType != RelationCache)
        return STATUS_INVALID_PARAMETER;
    ULONG needed = (cores ? (ULONG)__builtin_popcountll(wanted) * PROCESSOR_BYTES : 0) +
                   (package ? PROCESSOR_BYTES : 0) + (node ? NODE_BYTES : 0) + (group ? GROUP_BYTES : 0);
    ULONG given = *Length;
    *Length = needed;
    if (given < needed || !Information)
        return STATUS_INFO_LENGTH_MISMATCH;
    UCHAR *at = (UCHAR *)Information;
    for (ULONG i = 0; cores && i < KiProcessorCount; i++)
        if (wanted & AFFINITY_MASK(i)) {
            put_relation(at, RelationProcessorCore, PROCESSOR_BYTES, AFFINITY_MASK(i));
            at += PROCESSOR_BYTES;
        }
    if (node) {
        put_relation(at, RelationNumaNode, NODE_BYTES, KiActiveProcessors);
        at += NODE_BYTES;
    }
    if (package) {
        put_relation(at, RelationProcessorPackage, PROCESSOR_BYTES, KiActiveProcessors);
        at += PROCESSOR_BYTES;
    }
    if (group)
        put_relation(at, RelationGroup, GROUP_BYTES, KiActiveProcessors);
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- callbacks */

typedef struct _CALLBACK_ENTRY {
    LIST_ENTRY Link;
    PVOID Routine, Context;
} CALLBACK_ENTRY;

static LIST_ENTRY processor_callbacks, nmi_callbacks, bound_callbacks;
static KSPIN_LOCK callback_lock;

void KepInitCallbacks(void)
{
    InitializeListHead(&processor_callbacks);
    InitializeListHead(&nmi_callbacks);
    InitializeListHead(&bound_callbacks);
}

static CALLBACK_ENTRY *add_callback(LIST_ENTRY *List, PVOID Routine, PVOID Context, PVOID Caller)
{
    CALLBACK_ENTRY *entry = MiAllocatePool(NonPagedPoolNx, sizeof *entry, 'bCeK', TRUE, Caller);
    if (!entry)
        return NULL;
    entry->Routine = Routine;
    entry->Context = Context;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&callback_lock);
    InsertTailList(List, &entry->Link);
    KeReleaseSpinLock(&callback_lock, irql);
    return entry;
}

static NTSTATUS remove_callback(LIST_ENTRY *List, PVOID Handle)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&callback_lock);
    BOOLEAN found = FALSE;
    for (LIST_ENTRY *link = List->Flink; link != List && !found; link = link->Flink)
        if (CONTAINING_RECORD(link, CALLBACK_ENTRY, Link) == Handle) {
            RemoveEntryList(link);
            found = TRUE;
        }
    KeReleaseSpinLock(&callback_lock, irql);
    if (!found)
        return STATUS_INVALID_HANDLE;
    ExFreePoolWithTag(Handle, 'bCeK');
    return STATUS_SUCCESS;
}

/* Processors are never added to a running machine; a caller may ask to be told about the existing ones. */
PVOID NTAPI KeRegisterProcessorChangeCallback(PPROCESSOR_CALLBACK_FUNCTION CallbackFunction, PVOID CallbackContext,
                                              ULONG Flags)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    CALLBACK_ENTRY *entry = add_callback(&processor_callbacks, (PVOID)(ULONG_PTR)CallbackFunction, CallbackContext,
                                         __builtin_return_address(0));
    if (!entry || !(Flags & KE_PROCESSOR_CHANGE_ADD_EXISTING))
        return entry;
    for (ULONG phase = 0; phase < 2; phase++)
        for (ULONG i = 0; i < KiProcessorCount; i++) {
            KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT context = {
                .State = phase == 0 ? KeProcessorAddStartNotify : KeProcessorAddCompleteNotify,
                .NtNumber = i,
                .Status = STATUS_SUCCESS,
                .ProcNumber = {.Number = (UCHAR)i},
            };
            NTSTATUS status = STATUS_SUCCESS;
            CallbackFunction(CallbackContext, &context, &status);
            if (phase == 0 && !NT_SUCCESS(status)) {
                /* The ones that were told of the start are told of the failure. */
                for (ULONG j = 0; j <= i; j++) {
                    context.State = KeProcessorAddFailureNotify;
                    context.NtNumber = j;
                    context.ProcNumber.Number = (UCHAR)j;
                    context.Status = status;
                    NTSTATUS ignored = STATUS_SUCCESS;
                    CallbackFunction(CallbackContext, &context, &ignored);
                }
                remove_callback(&processor_callbacks, entry);
                return NULL;
            }
        }
    return entry;
}

VOID NTAPI KeDeregisterProcessorChangeCallback(PVOID CallbackHandle)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (CallbackHandle)
        remove_callback(&processor_callbacks, CallbackHandle);
}

PVOID NTAPI KeRegisterNmiCallback(PNMI_CALLBACK CallbackRoutine, PVOID Context)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return add_callback(&nmi_callbacks, (PVOID)(ULONG_PTR)CallbackRoutine, Context, __builtin_return_address(0));
}

NTSTATUS NTAPI KeDeregisterNmiCallback(PVOID Handle)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return remove_callback(&nmi_callbacks, Handle);
}

PVOID NTAPI KeRegisterBoundCallback(PBOUND_CALLBACK CallbackRoutine)
{
    return add_callback(&bound_callbacks, (PVOID)(ULONG_PTR)CallbackRoutine, NULL, __builtin_return_address(0));
}

NTSTATUS NTAPI KeDeregisterBoundCallback(PVOID Handle)
{
    return remove_callback(&bound_callbacks, Handle);
}

/* A device model raises a nonmaskable interrupt: every callback is asked; FALSE if none handled it. At HIGH_LEVEL. */
BOOLEAN KiRaiseNmi(void)
{
    BOOLEAN handled = FALSE;
    for (LIST_ENTRY *link = nmi_callbacks.Flink; link != &nmi_callbacks; link = link->Flink) {
        CALLBACK_ENTRY *entry = CONTAINING_RECORD(link, CALLBACK_ENTRY, Link);
        handled |= ((PNMI_CALLBACK)(ULONG_PTR)entry->Routine)(entry->Context, handled);
    }
    return handled;
}

/* ---------------------------------------------------------------- caches and counters */

BOOLEAN NTAPI KeInvalidateAllCaches(VOID)
{
    __sync_synchronize();
    return TRUE;
}

VOID NTAPI KeInvalidateRangeAllCaches(PVOID BaseAddress, ULONG Length)
{
    __sync_synchronize();
}

VOID NTAPI KeFlushWriteBuffer(VOID)
{
    __sync_synchronize();
}

ULONG NTAPI KeGetRecommendedSharedDataAlignment(VOID)
{
    return SYSTEM_CACHE_ALIGNMENT_SIZE;
}

NTSTATUS NTAPI KeSetHardwareCounterConfiguration(PHARDWARE_COUNTER CounterArray, ULONG Count)
{
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS NTAPI KeQueryHardwareCounterConfiguration(PHARDWARE_COUNTER CounterArray, ULONG MaximumCount, PULONG Count)
{
    *Count = 0;
    return STATUS_SUCCESS;
}
