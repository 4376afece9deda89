/* SPDX-License-Identifier: MIT */
/*
 * psi.h: what the files of the process manager share.
 */
#ifndef KILN_PSI_H
#define KILN_PSI_H

#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/mm.h>
#include <nt/rtl.h>
#include <nt/ps_services.h>
#include <nt/status.h>
#include "ki.h"
#include "mi.h"
#include "trap.h"
#include "psp.h"
#include "sep.h"
#include "zw.h"
#include "ntsvc.h"

void PspInitTypes(void);
void PspDeleteThread(PVOID Object);
void PspDeleteProcess(PVOID Object);

/* Storage and identity of a thread of Process, not yet startable; referenced once. */
NTSTATUS PspAllocateThread(PEPROCESS Process, POBJECT_ATTRIBUTES Attributes, KPROCESSOR_MODE Mode,
                           PETHREAD *Thread);

/*
 * Enter a thread in its process's list and take the reference that a running thread has to itself.
 * STATUS_PROCESS_IS_TERMINATING: nothing was done.
 */
NTSTATUS PspEnterThread(PETHREAD Thread);

/* user.c: the PEB; stack (none if 0 bytes), TEB and library area of a thread; their end. PASSIVE_LEVEL. */
NTSTATUS PspCreatePeb(PEPROCESS Process);
NTSTATUS PspCreateUserRange(PETHREAD Thread, SIZE_T StackBytes);
void PspDeleteUserRange(PETHREAD Thread);

/* processinfo.c: a class of NtQueryInformationProcess that is a number or a few. Returns its bytes; 0: it is none. */
typedef union _PSP_PROCESS_NUMBER {
    ULONG Number;
    ULONG_PTR Mask;
    UCHAR Bytes[2];
    ULONG64 Times[4]; /* created, ended, kernel, user; or cycles and counter */
} PSP_PROCESS_NUMBER;
ULONG PspQueryProcessNumber(PEPROCESS Process, PROCESSINFOCLASS Class, PSP_PROCESS_NUMBER *Answer);

/* threadinfo.c: classes of threads beside priorities. Bytes 0: there is no such class to set, or to query. */
typedef union _PSP_THREAD_SETTING {
    ULONG Number;
    KAFFINITY Affinity;
    POWER_THROTTLING_THREAD_STATE Throttling;
    UNICODE_STRING Name;
} PSP_THREAD_SETTING;
ULONG PspThreadSettingBytes(THREADINFOCLASS Class);
NTSTATUS PspSetThread(PETHREAD Thread, THREADINFOCLASS Class, const PSP_THREAD_SETTING *Value, KPROCESSOR_MODE Mode);
ULONG PspQueryThreadSetting(PETHREAD Thread, THREADINFOCLASS Class, PSP_THREAD_SETTING *Answer);
NTSTATUS PspQueryThreadName(PETHREAD Thread, PVOID To, ULONG Length, PULONG ReturnLength, KPROCESSOR_MODE Mode);
void PspFreeThreadName(PETHREAD Thread);

/* The base priority of a process of a priority class; 0: there is no such class. */
KPRIORITY PspBasePriorityOfClass(UCHAR Class);

/* No thread enters the process from now on. FALSE: it was so already. */
BOOLEAN PspForbidThreads(PEPROCESS Process, NTSTATUS ExitStatus);

/* Everything an ending thread does before it stops being one. */
void PspRunDownThread(PETHREAD Thread, NTSTATUS ExitStatus);

/*
 * The thread's impersonation token *Token (referenced) must not be opened itself: make it a copy of it (referenced),
 * which the thread impersonates from now on, if it still does the other, so that what is done to the copy holds.
 */
NTSTATUS PspCopyImpersonationToken(PETHREAD Thread, PACCESS_TOKEN *Token, BOOLEAN EffectiveOnly,
                                   SECURITY_IMPERSONATION_LEVEL Level);

/* Notification, in the thread that does it, inside a critical region. */
void PspNotifyProcess(PEPROCESS Process, BOOLEAN Create, NTSTATUS *CreationStatus);
void PspNotifyThread(PETHREAD Thread, BOOLEAN Create);

/* The current thread is a new one that is not a system thread: those are told that want to be told in it. */
void PspNotifyThreadStarts(PETHREAD Thread);

#endif
