/* SPDX-License-Identifier: MIT */
/*
 * The echo driver: what its sources share.
 *
 *   echo.c      DriverEntry, unload, create, cleanup, close
 *   message.c   read, write: messages, and reads that wait for one in a cancel-safe queue
 *   control.c   device control: the four ways a buffer reaches a driver
 *   delay.c     requests that wait for a time in a cancel-safe queue, completed by a timer's DPC; work items
 *
 * Everything the driver knows is in the device extension below. There are no global variables: a second device
 * would work beside the first.
 */
#ifndef ECHO_H
#define ECHO_H

#include <ntddk.h>
#include "echoctl.h"

#define ECHO_TAG 'ohcE'
#define ECHO_MAX_MESSAGE 65536  /* bytes in one message */
#define ECHO_MAX_WAITING 256    /* messages nobody has read yet */

/* A message that was written and not yet read. */
typedef struct _ECHO_MESSAGE {
    LIST_ENTRY Link;
    ULONG Length;
    UCHAR Data[1];
} ECHO_MESSAGE, *PECHO_MESSAGE;

typedef struct _ECHO_DEVICE {
    PDEVICE_OBJECT DeviceObject;

    /* Guards the three lists and the counts. DISPATCH_LEVEL; nothing else is acquired under it. */
    KSPIN_LOCK Lock;

    /* Messages without a reader, and readers without a message: never both. */
    LIST_ENTRY Messages;
    LIST_ENTRY Reads;
    IO_CSQ ReadQueue;

    /* Requests waiting for a time, soonest first. */
    LIST_ENTRY Delays;
    IO_CSQ DelayQueue;
    KTIMER Timer;
    KDPC TimerDpc;

    ECHO_STATISTICS Statistics;
} ECHO_DEVICE, *PECHO_DEVICE;

/* What a queue is asked for (the PeekContext of IoCsqRemoveNextIrp). Both members at once never make sense. */
typedef struct _ECHO_MATCH {
    PFILE_OBJECT FileObject; /* requests of this file */
    LONGLONG DueBy;          /* requests due at this system time or earlier */
} ECHO_MATCH, *PECHO_MATCH;

/* Finish a request: status, information, completion. Returns the status, so that dispatch routines can return it. */
NTSTATUS EchoComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information);

/* message.c */
VOID EchoInitializeMessages(PECHO_DEVICE Device);
VOID EchoDiscardMessages(PECHO_DEVICE Device);
VOID EchoCancelReads(PECHO_DEVICE Device, PFILE_OBJECT FileObject);
NTSTATUS EchoSend(PECHO_DEVICE Device, const VOID *Data, ULONG Length);
DRIVER_DISPATCH EchoRead;
DRIVER_DISPATCH EchoWrite;

/* control.c */
DRIVER_DISPATCH EchoDeviceControl;

/* delay.c */
VOID EchoInitializeDelays(PECHO_DEVICE Device);
VOID EchoStopDelays(PECHO_DEVICE Device);
VOID EchoCancelDelays(PECHO_DEVICE Device, PFILE_OBJECT FileObject);
NTSTATUS EchoDelay(PECHO_DEVICE Device, PIRP Irp);
NTSTATUS EchoWork(PECHO_DEVICE Device, PIRP Irp);

#endif
