/* SPDX-License-Identifier: MIT */
/* Private to the emulation files. */
#ifndef KILN_EMULATEP_H
#define KILN_EMULATEP_H

#include "exceptp.h"
#include "ki.h"

/* One access of an emulated instruction, wherever the address leads. False: it faults; nothing was done. */
bool ki_emulated_read(ULONGLONG address, ULONG bytes, void *to);
bool ki_emulated_write(ULONGLONG address, ULONG bytes, const void *from);

/* mov to or from a control or debug register; *reg is the general register. False: not emulated. */
bool ki_control_register(const struct host_insn *insn, uint64_t *reg);
bool ki_debug_register(const struct host_insn *insn, uint64_t *reg);

bool ki_read_msr(ULONG msr, ULONGLONG *value);
bool ki_write_msr(ULONG msr, ULONGLONG value);
void ki_set_interrupts(bool on);
USHORT ki_machine_status(void); /* what smsw stores */

#endif
