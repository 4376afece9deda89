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

/* The return addresses of the caller and of its caller; null where the stack cannot be walked. */
NTSYSAPI VOID NTAPI RtlGetCallersAddress(PVOID *CallersAddress, PVOID *CallersCaller)
{
    PVOID frames[2] = {NULL, NULL};
    RtlCaptureStackBackTrace(1, RTL_NUMBER_OF(frames), frames, NULL);
    *CallersAddress = frames[0];
    *CallersCaller = frames[1];
}

/* The redirection map is empty, as without state separation: state is where the driver puts it by default. */
NTSYSAPI NTSTATUS NTAPI RtlGetPersistedStateLocation(PCWSTR SourceID, PCWSTR CustomValue, PCWSTR DefaultPath,
                                                     STATE_LOCATION_TYPE StateLocationType, PWCHAR TargetPath,
                                                     ULONG BufferLengthIn, PULONG BufferLengthOut)
{
    ULONG bytes;
    UNREFERENCED_PARAMETER(CustomValue);
    if (SourceID == NULL || StateLocationType >= LocationTypeMaximum ||
        (TargetPath == NULL && BufferLengthIn != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (DefaultPath == NULL) {
        return STATUS_NOT_FOUND;
    }
    bytes = (ULONG)((RtlpWcslen(DefaultPath) + 1) * sizeof(WCHAR));
    if (BufferLengthOut != NULL) {
        *BufferLengthOut = bytes;
    }
    if (BufferLengthIn < bytes) {
        return STATUS_BUFFER_OVERFLOW;
    }
    RtlCopyMemory(TargetPath, DefaultPath, bytes);
    return STATUS_SUCCESS;
}
