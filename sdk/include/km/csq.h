/* SPDX-License-Identifier: MIT */
/* csq.h - cancel-safe queues, for drivers that include them by this name. */
#ifndef KILN_CSQ_H
#define KILN_CSQ_H

#include <nt/io/csq.h>

#endif
