/* SPDX-License-Identifier: MIT */
/*
 * ldri.h: what the files of the loader share.
 */
#ifndef KILN_LDRI_H
#define KILN_LDRI_H

#include "ldrp.h"

#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/mm.h>
#include <nt/ps.h>
#include <nt/rtl.h>

#define LDR_TAG 0x7264644c /* "Lddr" */

/* ---- text.c: ASCII and counted strings ---- */

ULONG LdrpLength(const char *Text);
BOOLEAN LdrpEqual(const char *A, const char *B);
BOOLEAN LdrpEqualNoCase(const char *A, const char *B);
/* Cuts at `Bytes` - 1 and terminates. */
void LdrpCopyText(char *To, ULONG Bytes, const char *From);
/* ASCII of a counted string; '?' for other characters. */
void LdrpNarrow(char *To, ULONG Bytes, PCUNICODE_STRING From);

/* ---- table.c: which image contains an address ---- */

NTSTATUS LdrpTableInsert(PKLDR_MODULE Module); /* L; STATUS_INSUFFICIENT_RESOURCES: too many images */
void LdrpTableRemove(PKLDR_MODULE Module);     /* L; remembers it as unloaded */

/* ---- bind.c ---- */

void LdrpFreeThunks(PKLDR_MODULE Module);
/* Fill the import slots of a mapped, still writable module; loads what it imports from. L. */
NTSTATUS LdrpBindImports(PKLDR_MODULE Module, ULONG Flags, struct ldr_error *Why);

/* ---- irql.c ---- */

/* What a driver gets for an export: LdrpExportAddress, or on a checked machine the thunk before it. Any IRQL. */
PVOID LdrpCheckedAddress(const struct ldr_export *Export);

/* ---- guard.c ---- */

/* Security cookie and control-flow-guard pointers of a mapped, still writable module. */
NTSTATUS LdrpInitializeSecurity(PKLDR_MODULE Module, struct ldr_error *Why);

/* ---- protect.c ---- */

NTSTATUS LdrpProtectSections(PKLDR_MODULE Module, struct ldr_error *Why);

/* ---- variable.c ---- */

void LdrpInitVariables(void); /* what was asked of the machine becomes its exported variables; before any driver */

/* ---- loader.c ---- */

void LdrpLockModules(void); /* take L; PASSIVE_LEVEL; may be nested */
void LdrpUnlockModules(void);
PKLDR_MODULE LdrpFindModule(const char *BaseName); /* L */
/* Load the export driver an import names, from beside its importer. Referenced for the importer. L. */
NTSTATUS LdrpLoadDependency(PKLDR_MODULE Importer, const char *BaseName, ULONG Flags, PKLDR_MODULE *Module,
                            struct ldr_error *Why);

#endif
