/* SPDX-License-Identifier: MIT */
/* misc.c - exports that are inline in the headers as well, and what a failed assertion does. */
#include <nt/rtl.h>
#include "rtlp.h"

/* Says which one and breaks; without a debugger the break is a bug check. */
NTSYSAPI VOID NTAPI RtlAssert(PVOID VoidFailedAssertion, PVOID VoidFileName, ULONG LineNumber,
                              PSTR MutableMessage)
{
    DbgPrint("\n*** Assertion failed: %s%s\n***   Source File: %s, line %lu\n",
             MutableMessage != NULL ? MutableMessage : "", (PCSTR)VoidFailedAssertion, (PCSTR)VoidFileName,
             LineNumber);
    DbgBreakPoint();
}

#undef RtlEqualLuid

NTSYSAPI BOOLEAN NTAPI RtlEqualLuid(PLUID Luid1, PLUID Luid2)
{
    return (BOOLEAN)(Luid1->LowPart == Luid2->LowPart && Luid1->HighPart == Luid2->HighPart);
}
