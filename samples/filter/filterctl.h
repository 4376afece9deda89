/* SPDX-License-Identifier: MIT */
/* The control codes of the filter driver's own device, \\.\EchoFilter. */
#ifndef FILTERCTL_H
#define FILTERCTL_H

/* What passed through the filter so far. Output: FILTER_COUNTS. */
#define IOCTL_FILTER_COUNTS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x900, METHOD_BUFFERED, FILE_READ_ACCESS)

/* Input: a ULONG. Not 0: text that is read becomes upper case. */
#define IOCTL_FILTER_UPPERCASE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x901, METHOD_BUFFERED, FILE_WRITE_ACCESS)

typedef struct _FILTER_COUNTS {
    ULONG Sent;         /* requests passed down */
    ULONG Completed;    /* of those: reads and writes that have come back */
    ULONG Failed;       /* of those: with an error */
    ULONG BytesRead;
    ULONG BytesWritten;
} FILTER_COUNTS;

#endif
