/* SPDX-License-Identifier: MIT */
/*
 * Processes, threads, jobs and silos: identity, system threads, notifications, tokens' process side.
 * Processes and threads are opaque; they are referenced objects of PsProcessType and PsThreadType.
 */
#ifndef KILN_NT_PS_H
#define KILN_NT_PS_H

#include <nt/ke.h>
#include <nt/se.h>
#include <nt/ob.h>
#include <nt/io/fwd.h>

EXTERN_C_START

/* The process object of the system process. */
extern NTKERNELAPI PEPROCESS PsInitialSystemProcess;

/* ---- access rights ---- */

#define PROCESS_TERMINATE (0x0001)
#define PROCESS_CREATE_THREAD (0x0002)
#define PROCESS_SET_SESSIONID (0x0004)
#define PROCESS_VM_OPERATION (0x0008)
#define PROCESS_VM_READ (0x0010)
#define PROCESS_VM_WRITE (0x0020)
#define PROCESS_DUP_HANDLE (0x0040)
#define PROCESS_CREATE_PROCESS (0x0080)
#define PROCESS_SET_QUOTA (0x0100)
#define PROCESS_SET_INFORMATION (0x0200)
#define PROCESS_QUERY_INFORMATION (0x0400)
#define PROCESS_SUSPEND_RESUME (0x0800)
#define PROCESS_QUERY_LIMITED_INFORMATION (0x1000)
#define PROCESS_SET_LIMITED_INFORMATION (0x2000)
#define PROCESS_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xFFFF)

#define THREAD_TERMINATE (0x0001)
#define THREAD_SUSPEND_RESUME (0x0002)
#define THREAD_ALERT (0x0004)
#define THREAD_GET_CONTEXT (0x0008)
#define THREAD_SET_CONTEXT (0x0010)
#define THREAD_SET_INFORMATION (0x0020)
#define THREAD_QUERY_INFORMATION (0x0040)
#define THREAD_SET_THREAD_TOKEN (0x0080)
#define THREAD_IMPERSONATE (0x0100)
#define THREAD_DIRECT_IMPERSONATION (0x0200)
#define THREAD_SET_LIMITED_INFORMATION (0x0400)
#define THREAD_QUERY_LIMITED_INFORMATION (0x0800)
#define THREAD_RESUME (0x1000)
#define THREAD_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xFFFF)

/* ---- system threads ---- */

_Function_class_(KSTART_ROUTINE) _IRQL_requires_same_ typedef VOID NTAPI KSTART_ROUTINE(_In_ PVOID StartContext);
typedef KSTART_ROUTINE *PKSTART_ROUTINE;

/* ---- notifications ---- */

typedef struct _PS_CREATE_NOTIFY_INFO {
    SIZE_T Size;
    union {
        ULONG Flags;
        struct {
            ULONG FileOpenNameAvailable : 1;
            ULONG IsSubsystemProcess : 1;
            ULONG Reserved : 30;
        };
    };
    HANDLE ParentProcessId;
    CLIENT_ID CreatingThreadId;
    struct _FILE_OBJECT *FileObject;
    PCUNICODE_STRING ImageFileName;
    PCUNICODE_STRING CommandLine;
    NTSTATUS CreationStatus;
} PS_CREATE_NOTIFY_INFO, *PPS_CREATE_NOTIFY_INFO;

typedef VOID(NTAPI *PCREATE_PROCESS_NOTIFY_ROUTINE)(_In_ HANDLE ParentId, _In_ HANDLE ProcessId, _In_ BOOLEAN Create);
typedef VOID(NTAPI *PCREATE_PROCESS_NOTIFY_ROUTINE_EX)(_Inout_ PEPROCESS Process, _In_ HANDLE ProcessId,
                                                       _Inout_opt_ PPS_CREATE_NOTIFY_INFO CreateInfo);
typedef VOID(NTAPI *PCREATE_THREAD_NOTIFY_ROUTINE)(_In_ HANDLE ProcessId, _In_ HANDLE ThreadId, _In_ BOOLEAN Create);

typedef enum _PSCREATEPROCESSNOTIFYTYPE {
    PsCreateProcessNotifySubsystems = 0
} PSCREATEPROCESSNOTIFYTYPE;

typedef enum _PSCREATETHREADNOTIFYTYPE {
    PsCreateThreadNotifyNonSystem = 0,
    PsCreateThreadNotifySubsystems = 1
} PSCREATETHREADNOTIFYTYPE;

#define IMAGE_ADDRESSING_MODE_32BIT 3

typedef struct _IMAGE_INFO {
    union {
        ULONG Properties;
        struct {
            ULONG ImageAddressingMode : 8;
            ULONG SystemModeImage : 1;
            ULONG ImageMappedToAllPids : 1;
            ULONG ExtendedInfoPresent : 1;
            ULONG MachineTypeMismatch : 1;
            ULONG ImageSignatureLevel : 4;
            ULONG ImageSignatureType : 3;
            ULONG ImagePartialMap : 1;
            ULONG Reserved : 12;
        };
    };
    PVOID ImageBase;
    ULONG ImageSelector;
    SIZE_T ImageSize;
    ULONG ImageSectionNumber;
} IMAGE_INFO, *PIMAGE_INFO;

typedef struct _IMAGE_INFO_EX {
    SIZE_T Size;
    IMAGE_INFO ImageInfo;
    struct _FILE_OBJECT *FileObject;
} IMAGE_INFO_EX, *PIMAGE_INFO_EX;

/* IRQL: PASSIVE_LEVEL, after the image is mapped and before its entry point runs. */
typedef VOID(NTAPI *PLOAD_IMAGE_NOTIFY_ROUTINE)(_In_opt_ PUNICODE_STRING FullImageName, _In_ HANDLE ProcessId,
                                                _In_ PIMAGE_INFO ImageInfo);

#define PS_IMAGE_NOTIFY_CONFLICTING_ARCHITECTURE 0x1

/* At most 64 routines of each kind. STATUS_INSUFFICIENT_RESOURCES; removing one that is not set: STATUS_PROCEDURE_NOT_FOUND. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS NTAPI
PsSetLoadImageNotifyRoutine(_In_ PLOAD_IMAGE_NOTIFY_ROUTINE NotifyRoutine);
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS NTAPI
PsSetLoadImageNotifyRoutineEx(_In_ PLOAD_IMAGE_NOTIFY_ROUTINE NotifyRoutine, _In_ ULONG_PTR Flags);
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI NTSTATUS NTAPI
PsRemoveLoadImageNotifyRoutine(_In_ PLOAD_IMAGE_NOTIFY_ROUTINE NotifyRoutine);

NT_ASSERT_SIZE(PS_CREATE_NOTIFY_INFO, 0x48);
NT_ASSERT_SIZE(IMAGE_INFO, 0x28);
NT_ASSERT_SIZE(IMAGE_INFO_EX, 0x38);

/* ---- current process and thread, and their identity ---- */

_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PEPROCESS NTAPI PsGetCurrentProcess(VOID);
#define IoGetCurrentProcess() PsGetCurrentProcess()

/* The current thread stands in the processor control region. */
FORCEINLINE PETHREAD PsGetCurrentThread(VOID)
{
    return (PETHREAD)KeGetCurrentThread();
}

_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI HANDLE NTAPI PsGetCurrentProcessId(VOID);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI HANDLE NTAPI PsGetCurrentThreadId(VOID);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI PVOID NTAPI PsGetCurrentThreadTeb(VOID);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI HANDLE NTAPI PsGetProcessId(_In_ PEPROCESS Process);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI HANDLE NTAPI PsGetThreadId(_In_ PETHREAD Thread);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI HANDLE NTAPI PsGetThreadProcessId(_In_ PETHREAD Thread);
NTKERNELAPI PEPROCESS NTAPI PsGetThreadProcess(_In_ PETHREAD Thread);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI LONGLONG NTAPI PsGetProcessCreateTimeQuadPart(_In_ PEPROCESS Process);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI ULONGLONG NTAPI PsGetProcessStartKey(_In_ PEPROCESS Process);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsGetProcessExitStatus(_In_ PEPROCESS Process);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI LONGLONG NTAPI PsGetThreadCreateTime(_In_ PETHREAD Thread);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsGetThreadExitStatus(_In_ PETHREAD Thread);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI ULONG_PTR NTAPI PsGetThreadProperty(_In_ PETHREAD Thread, _In_ ULONG_PTR Key, _In_ ULONG Flags);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI PsIsSystemThread(_In_ PETHREAD Thread);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI ULONGLONG NTAPI PsQueryTotalCycleTimeProcess(_In_ PEPROCESS Process, _Out_ PULONG64 CycleTimeStamp);

/* References are the caller's to give back with ObDereferenceObject. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_
NTKERNELAPI NTSTATUS NTAPI PsLookupProcessByProcessId(_In_ HANDLE ProcessId, _Outptr_ PEPROCESS *Process);
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_
NTKERNELAPI NTSTATUS NTAPI PsLookupThreadByThreadId(_In_ HANDLE ThreadId, _Outptr_ PETHREAD *Thread);

/* TRUE for a checked build; fills in what the caller asks for. Superseded by RtlGetVersion. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI BOOLEAN NTAPI PsGetVersion(_Out_opt_ PULONG MajorVersion, _Out_opt_ PULONG MinorVersion,
                                       _Out_opt_ PULONG BuildNumber, _Out_opt_ PUNICODE_STRING CSDVersion);

/* ---- system threads ---- */

/* Starts StartRoutine in a new thread of ProcessHandle (NULL: the system process). nf-wdm-pscreatesystemthread */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_
NTKERNELAPI NTSTATUS NTAPI PsCreateSystemThread(_Out_ PHANDLE ThreadHandle, _In_ ULONG DesiredAccess,
                                                _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                                _In_opt_ HANDLE ProcessHandle, _Out_opt_ PCLIENT_ID ClientId,
                                                _In_ PKSTART_ROUTINE StartRoutine, _In_opt_ PVOID StartContext);

/* Ends the calling system thread; does not return. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI NTSTATUS NTAPI PsTerminateSystemThread(_In_ NTSTATUS ExitStatus);

EXTERN_C_END

#endif
