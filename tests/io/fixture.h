/* SPDX-License-Identifier: MIT */
/*
 * A driver for the tests of the I/O manager, made with IoCreateDriver: its dispatch routine counts and logs
 * requests, and calls a test's handler where there is one; otherwise it completes with success.
 */
#ifndef KILN_TEST_IO_FIXTURE_H
#define KILN_TEST_IO_FIXTURE_H

#include <ntifs.h>
#include "harness.h"
#include "iop.h"
#include "ki.h"
#include "mi.h"
#include "obp.h"

#define IOCTL_TEST_BUFFERED   CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_TEST_IN_DIRECT  CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_IN_DIRECT, FILE_ANY_ACCESS)
#define IOCTL_TEST_OUT_DIRECT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)
#define IOCTL_TEST_NEITHER    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_NEITHER, FILE_ANY_ACCESS)
#define IOCTL_TEST_READ       CTL_CODE(FILE_DEVICE_UNKNOWN, 0x804, METHOD_BUFFERED, FILE_READ_ACCESS)
#define IOCTL_TEST_WRITE      CTL_CODE(FILE_DEVICE_UNKNOWN, 0x805, METHOD_BUFFERED, FILE_WRITE_ACCESS)

struct io_fixture {
    PDRIVER_OBJECT driver;
    PDRIVER_DISPATCH handler[IRP_MJ_MAXIMUM_FUNCTION + 1];
    ULONG count[IRP_MJ_MAXIMUM_FUNCTION + 1];
    UCHAR log[64]; /* major functions in order */
    ULONG logged;
    PIRP pended;       /* what io_pend keeps */
    PFILE_OBJECT file; /* of the last create */
};
extern struct io_fixture io;

/* The driver \Driver\IoTest; once a test. */
PDRIVER_OBJECT io_driver(void);

/* A ready device of it; name NULL: unnamed. Fails the test if it cannot be made. */
PDEVICE_OBJECT io_device(PCWSTR name, ULONG flags);

/* Complete with status and information. For handlers: `return io_complete(...)`. */
NTSTATUS io_complete(PIRP irp, NTSTATUS status, ULONG_PTR information);

/* Handlers */
DRIVER_DISPATCH io_pend;            /* mark pending, keep in io.pended */
DRIVER_DISPATCH io_pend_cancelable; /* the same with a cancel routine that completes it */
DRIVER_DISPATCH io_echo;            /* buffered control: output = input */

/* Open by name; kernel handle. */
NTSTATUS io_open(PCWSTR name, ACCESS_MASK access, ULONG options, HANDLE *handle);
HANDLE io_must_open(PCWSTR name, ULONG options);

/* Pages of the client's user slice, zeroed; the user-mode half of a test runs between io_user and io_kernel.
 */
PVOID io_user_pages(SIZE_T bytes);
void io_enter_user(void);
void io_leave_user(void);

#define NAME(Text) ((UNICODE_STRING)RTL_CONSTANT_STRING(Text))

#endif
