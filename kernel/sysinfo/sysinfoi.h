/* SPDX-License-Identifier: MIT */
/*
 * sysinfoi.h: how the answers of NtQuerySystemInformation are put together.
 *
 * An answer is written into a block of pool as large as the caller's buffer, so that no lock is held and
 * nothing half done is seen while user memory is touched. A class appends its parts; what does not fit is
 * counted all the same, so that the caller learns the length that is needed.
 */
#ifndef KILN_SYSINFOI_H
#define KILN_SYSINFOI_H

#include <ntifs.h>
#include "ki.h"
#include "mi.h"
#include "obp.h"
#include "psp.h"
#include "sysinfo.h"
#include "trap.h"

typedef struct sys_answer {
    UCHAR *data;       /* ours, zeroed */
    UCHAR *user;       /* where data will be: for pointers into it */
    ULONG room;        /* bytes of both */
    ULONG64 needed;    /* bytes appended, fitting or not */
    const VOID *input; /* of the Ex form: captured, 8 bytes with zeros behind input_bytes */
    ULONG input_bytes;
    KPROCESSOR_MODE mode;
} sys_answer;

/* The next `bytes` of the answer; NULL: they do not fit, go on all the same. */
static inline PVOID sys_append(sys_answer *answer, SIZE_T bytes)
{
    ULONG64 at = answer->needed;
    answer->needed += bytes;
    return answer->needed <= answer->room ? answer->data + at : NULL;
}

static inline void sys_append_copy(sys_answer *answer, const VOID *from, SIZE_T bytes)
{
    PVOID to = sys_append(answer, bytes);
    if (to)
        RtlCopyMemory(to, from, bytes);
}

/* What address of the answer the caller will see it at. */
static inline PVOID sys_user_pointer(const sys_answer *answer, PVOID in_data)
{
    return answer->user + ((UCHAR *)in_data - answer->data);
}

typedef NTSTATUS sys_class(sys_answer *answer);

/* machine.c */
sys_class SysBasic, SysProcessor, SysPerformance, SysTimeOfDay, SysProcessorPerformance, SysFlags,
    SysPoolTags, SysInterrupts, SysExceptions, SysKernelDebugger, SysRegistryQuota, SysCodeIntegrity,
    SysFirmwareTable, SysRelationships;
/* processes.c */
sys_class SysProcesses;
/* handles.c */
sys_class SysHandles, SysExtendedHandles, SysObjects;
/* modules.c */
sys_class SysModules, SysModulesEx;

#endif
