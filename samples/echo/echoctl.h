/* SPDX-License-Identifier: MIT */
/*
 * The control codes of the echo driver, for the driver and for the programs that talk to it.
 *
 *   ECHO_BUFFERED   METHOD_BUFFERED    gives the input back
 *   ECHO_DIRECT     METHOD_OUT_DIRECT  gives the input back, straight into the caller's pages
 *   ECHO_SEND       METHOD_IN_DIRECT   takes the caller's second buffer as a message, as a write does
 *   ECHO_NEITHER    METHOD_NEITHER     gives the input back, touching both of the caller's buffers itself
 *   ECHO_DELAYED    METHOD_BUFFERED    a ULONG of milliseconds, then data: gives the data back after that time,
 *                                      from a DPC (0: from a DPC that is queued at once); can be cancelled
 *   ECHO_WORKER     METHOD_BUFFERED    gives the input back from a work item, at PASSIVE_LEVEL
 *   ECHO_STATISTICS METHOD_BUFFERED    gives an ECHO_STATISTICS
 */
#ifndef ECHOCTL_H
#define ECHOCTL_H

#define IOCTL_ECHO_BUFFERED CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_ECHO_DIRECT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)
#define IOCTL_ECHO_SEND CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_IN_DIRECT, FILE_WRITE_ACCESS)
#define IOCTL_ECHO_NEITHER CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_NEITHER, FILE_ANY_ACCESS)
#define IOCTL_ECHO_DELAYED CTL_CODE(FILE_DEVICE_UNKNOWN, 0x804, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_ECHO_WORKER CTL_CODE(FILE_DEVICE_UNKNOWN, 0x805, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_ECHO_STATISTICS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x806, METHOD_BUFFERED, FILE_READ_ACCESS)

typedef struct _ECHO_STATISTICS {
    ULONG MessagesWritten;
    ULONG MessagesRead;
    ULONG MessagesWaiting;
    ULONG RequestsCancelled;
} ECHO_STATISTICS;

#endif
