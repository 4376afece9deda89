/* SPDX-License-Identifier: MIT */
/*
 * interrupt.c: connecting interrupt service routines, over the interrupt objects of ke.
 *
 * A fully specified connection names vector and IRQL. Line-based and message-based ones take them from the
 * resources that Plug and Play assigned to the device; a device without any is refused with STATUS_NOT_FOUND.
 */
#include "iomgr.h"

static NTSTATUS connect(const IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS *p, USHORT group)
{
    KI_CONNECT connect = {
        .ServiceRoutine = p->ServiceRoutine,
        .ServiceContext = p->ServiceContext,
        .SpinLock = p->SpinLock,
        .Vector = p->Vector,
        .Irql = p->Irql,
        .SynchronizeIrql = p->SynchronizeIrql,
        .Mode = p->InterruptMode,
        .ShareVector = p->ShareVector,
        .Affinity = KiIndexesOfGroup(group, p->ProcessorEnableMask & KeQueryGroupAffinity(group)),
        .Owner = p->PhysicalDeviceObject,
    };
    *p->InterruptObject = NULL;
    if (!p->ServiceRoutine || p->SynchronizeIrql < p->Irql)
        return STATUS_INVALID_PARAMETER;
    if (connect.Affinity == 0)
        return STATUS_INVALID_PARAMETER;
    return KiConnectInterrupt(&connect, p->InterruptObject);
}

NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT *InterruptObject, PKSERVICE_ROUTINE ServiceRoutine,
                                  PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector, KIRQL Irql,
                                  KIRQL SynchronizeIrql, KINTERRUPT_MODE InterruptMode, BOOLEAN ShareVector,
                                  KAFFINITY ProcessorEnableMask, BOOLEAN FloatingSave)
{
    IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS p = {
        .InterruptObject = InterruptObject,
        .ServiceRoutine = ServiceRoutine,
        .ServiceContext = ServiceContext,
        .SpinLock = SpinLock,
        .SynchronizeIrql = SynchronizeIrql,
        .FloatingSave = FloatingSave,
        .ShareVector = ShareVector,
        .Vector = Vector,
        .Irql = Irql,
        .InterruptMode = InterruptMode,
        .ProcessorEnableMask = ProcessorEnableMask,
    };
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return connect(&p, 0);
}

VOID NTAPI IoDisconnectInterrupt(PKINTERRUPT InterruptObject)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    KiDisconnectInterrupt(InterruptObject);
}

NTSTATUS NTAPI IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    switch (Parameters->Version) {
    case CONNECT_FULLY_SPECIFIED:
        return connect(&Parameters->FullySpecified, 0);
    case CONNECT_FULLY_SPECIFIED_GROUP:
        return connect(&Parameters->FullySpecified, Parameters->FullySpecified.Group);
    case CONNECT_LINE_BASED:
    case CONNECT_MESSAGE_BASED:
    case CONNECT_MESSAGE_BASED_PASSIVE:
        return STATUS_NOT_FOUND;
    default:
        Parameters->Version = CONNECT_CURRENT_VERSION;
        return STATUS_NOT_SUPPORTED;
    }
}

VOID NTAPI IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (Parameters->ConnectionContext.InterruptObject)
        KiDisconnectInterrupt(Parameters->ConnectionContext.InterruptObject);
}

VOID NTAPI IoReportInterruptActive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KiSetInterruptActive(Parameters->ConnectionContext.InterruptObject, TRUE);
}

VOID NTAPI IoReportInterruptInactive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KiSetInterruptActive(Parameters->ConnectionContext.InterruptObject, FALSE);
}
