/* SPDX-License-Identifier: MIT */
/*
 * workitem.c: I/O work items: executive work items that hold their driver.
 *
 * While an item is queued or its routine runs, the object it belongs to (device or driver object) is
 * referenced, so the driver's image cannot go away under the routine. `queued` goes back to 0 just before the
 * routine is called: from then on the routine may queue the item again or free it.
 */
#include "iomgr.h"

#define IOP_TAG_WORK 0x49576f49u /* "IoWI" */

typedef struct _IO_WORKITEM {
    WORK_QUEUE_ITEM item;
    PVOID routine; /* PIO_WORKITEM_ROUTINE or PIO_WORKITEM_ROUTINE_EX */
    PVOID object;  /* device or driver object */
    PVOID context;
    volatile LONG queued;
    BOOLEAN extended;
} IO_WORKITEM;

static VOID NTAPI run(PVOID parameter)
{
    PIO_WORKITEM work = parameter;
    PVOID object = work->object, context = work->context, routine = work->routine;
    BOOLEAN extended = work->extended;
    __atomic_store_n(&work->queued, 0, __ATOMIC_SEQ_CST);
    if (extended)
        ((PIO_WORKITEM_ROUTINE_EX)routine)(object, context, work);
    else
        ((PIO_WORKITEM_ROUTINE)routine)(object, context);
    if (KiIrql() != PASSIVE_LEVEL)
        KiBugCheckText(IRQL_UNEXPECTED_VALUE, KiIrql(), PASSIVE_LEVEL, (ULONG_PTR)routine, 0,
                       (ULONG_PTR)routine, "A work item's routine returned with IRQL raised.");
    ObDereferenceObject(object);
}

VOID NTAPI IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    RtlZeroMemory(IoWorkItem, sizeof *IoWorkItem);
    IoWorkItem->object = IoObject;
    ExInitializeWorkItem(&IoWorkItem->item, run, IoWorkItem);
}

static void require_idle(PIO_WORKITEM work, const char *text, PVOID caller)
{
    if (work->queued)
        KiBugCheckText(WORKER_INVALID, 0, (ULONG_PTR)work, (ULONG_PTR)work->routine, 0, (ULONG_PTR)caller,
                       text);
}

VOID NTAPI IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    require_idle(IoWorkItem, "IoUninitializeWorkItem was called for a work item that is queued.",
                 __builtin_return_address(0));
}

PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    PIO_WORKITEM work =
        MiAllocatePool(NonPagedPoolNx, sizeof *work, IOP_TAG_WORK, TRUE, __builtin_return_address(0));
    if (work)
        IoInitializeWorkItem(DeviceObject, work);
    return work;
}

VOID NTAPI IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    require_idle(IoWorkItem,
                 "IoFreeWorkItem was called for a work item that is queued. Free it in its routine, or after "
                 "the routine has run.",
                 __builtin_return_address(0));
    ExFreePoolWithTag(IoWorkItem, IOP_TAG_WORK);
}

ULONG NTAPI IoSizeofWorkItem(VOID)
{
    return sizeof(IO_WORKITEM);
}

static BOOLEAN queue(PIO_WORKITEM work, PVOID routine, WORK_QUEUE_TYPE type, PVOID context, BOOLEAN extended)
{
    if (InterlockedCompareExchange(&work->queued, 1, 0) != 0)
        return FALSE;
    work->routine = routine;
    work->context = context;
    work->extended = extended;
    ObReferenceObject(work->object);
    ExQueueWorkItem(&work->item, type);
    return TRUE;
}

static const char queued_twice[] =
    "A work item was queued that is queued already. An item can be queued again from the "
    "moment its routine is called; use one item a piece of work, or IoTryQueueWorkItem.";

VOID NTAPI IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine,
                           WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (!queue(IoWorkItem, (PVOID)WorkerRoutine, QueueType, Context, FALSE))
        require_idle(IoWorkItem, queued_twice, __builtin_return_address(0));
}

VOID NTAPI IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                             WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (!queue(IoWorkItem, (PVOID)WorkerRoutine, QueueType, Context, TRUE))
        require_idle(IoWorkItem, queued_twice, __builtin_return_address(0));
}

BOOLEAN NTAPI IoTryQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                                 WORK_QUEUE_TYPE QueueType, PVOID Context)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return queue(IoWorkItem, (PVOID)WorkerRoutine, QueueType, Context, TRUE);
}
