/* SPDX-License-Identifier: MIT */
/* The I/O manager: everything under nt/io/, in dependency order. */
#ifndef KILN_NT_IO_H
#define KILN_NT_IO_H

#include <nt/io/fwd.h>
#include <nt/io/codes.h>
#include <nt/io/file.h>
#include <nt/io/irp.h>
#include <nt/io/device.h>
#include <nt/io/request.h>
#include <nt/io/object.h>
#include <nt/io/work.h>
#include <nt/io/csq.h>
#include <nt/io/remlock.h>
#include <nt/io/interrupt.h>
#include <nt/io/misc.h>

#endif
