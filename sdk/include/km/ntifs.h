/* SPDX-License-Identifier: MIT */
/* ntifs.h - what a file system or filter driver includes. */
#ifndef KILN_NTIFS_H
#define KILN_NTIFS_H
#define _NTIFS_
#define _NTIFS_INCLUDED_

#include <ntddk.h>
#include <nt/io/dirinfo.h>
#include <nt/sefs.h>

#endif
