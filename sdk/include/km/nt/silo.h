/* SPDX-License-Identifier: MIT */
/*
 * Silos: isolated groups of processes (server silos are containers), contexts that drivers attach to them, and
 * monitors that are told when they come and go. Machines without containers have the host silo only.
 * Pages: nf-ntddk-psregistersilomonitor and its siblings.
 */
#ifndef KILN_NT_SILO_H
#define KILN_NT_SILO_H

#include <nt/ps.h>
#include <nt/ex.h>

EXTERN_C_START

typedef struct _EJOB *PESILO;
typedef struct _EJOB *PEJOB;
typedef struct _PSILO_MONITOR *PSILO_MONITOR;

#define INVALID_SILO_CONTEXT_SLOT ((ULONG)-1)
#define SILO_MONITOR_REGISTRATION_VERSION (1)

_Function_class_(SILO_MONITOR_CREATE_CALLBACK) _IRQL_requires_max_(PASSIVE_LEVEL)
typedef NTSTATUS NTAPI SILO_MONITOR_CREATE_CALLBACK(_In_ PESILO Silo);
_Function_class_(SILO_MONITOR_TERMINATE_CALLBACK) _IRQL_requires_max_(PASSIVE_LEVEL)
typedef VOID NTAPI SILO_MONITOR_TERMINATE_CALLBACK(_In_ PESILO Silo);
_Function_class_(SILO_CONTEXT_CLEANUP_CALLBACK) _IRQL_requires_max_(DISPATCH_LEVEL)
typedef VOID NTAPI SILO_CONTEXT_CLEANUP_CALLBACK(_In_ PVOID SiloContext);

typedef struct _SILO_MONITOR_REGISTRATION {
    UCHAR Version;
    BOOLEAN MonitorHost;
    BOOLEAN MonitorExistingSilos;
    UCHAR Reserved[5];
    union {
        PUNICODE_STRING DriverObjectName;
        PUNICODE_STRING ComponentName;
    };
    SILO_MONITOR_CREATE_CALLBACK *CreateCallback;
    SILO_MONITOR_TERMINATE_CALLBACK *TerminateCallback;
} SILO_MONITOR_REGISTRATION, *PSILO_MONITOR_REGISTRATION;

NT_ASSERT_SIZE(SILO_MONITOR_REGISTRATION, 0x20);

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsRegisterSiloMonitor(_In_ PSILO_MONITOR_REGISTRATION Registration,
                                                 _Outptr_ PSILO_MONITOR *ReturnedMonitor);
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI NTSTATUS NTAPI PsStartSiloMonitor(_In_ PSILO_MONITOR Monitor);
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID NTAPI PsUnregisterSiloMonitor(_In_ PSILO_MONITOR Monitor);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI ULONG NTAPI PsGetSiloMonitorContextSlot(_In_ PSILO_MONITOR Monitor);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsAllocSiloContextSlot(_In_ ULONG_PTR Reserved, _Out_ ULONG *ReturnedContextSlot);
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI NTSTATUS NTAPI PsFreeSiloContextSlot(_In_ ULONG ContextSlot);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsCreateSiloContext(_In_ PESILO Silo, _In_ ULONG Size, _In_ POOL_TYPE PoolType,
                                               _In_opt_ SILO_CONTEXT_CLEANUP_CALLBACK *ContextCleanupCallback,
                                               _Outptr_result_bytebuffer_(Size) PVOID *ReturnedSiloContext);
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID NTAPI PsReferenceSiloContext(_In_ PVOID SiloContext);
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID NTAPI PsDereferenceSiloContext(_In_ PVOID SiloContext);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsInsertSiloContext(_In_ PESILO Silo, _In_ ULONG ContextSlot,
                                               _In_ PVOID SiloContext);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsReplaceSiloContext(_In_ PESILO Silo, _In_ ULONG ContextSlot,
                                                _In_ PVOID NewSiloContext,
                                                _Outptr_opt_ PVOID *OldSiloContext);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsInsertPermanentSiloContext(_In_ PESILO Silo, _In_ ULONG ContextSlot,
                                                        _In_ PVOID SiloContext);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsMakeSiloContextPermanent(_In_ PESILO Silo, _In_ ULONG ContextSlot);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsGetSiloContext(_In_ PESILO Silo, _In_ ULONG ContextSlot,
                                            _Outptr_ PVOID *ReturnedSiloContext);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsGetPermanentSiloContext(_In_ PESILO Silo, _In_ ULONG ContextSlot,
                                                     _Outptr_ PVOID *ReturnedSiloContext);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsRemoveSiloContext(_In_ PESILO Silo, _In_ ULONG ContextSlot,
                                               _Outptr_opt_ PVOID *RemovedSiloContext);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PESILO NTAPI PsAttachSiloToCurrentThread(_In_opt_ PESILO Silo);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI PsDetachSiloFromCurrentThread(_In_opt_ PESILO PreviousSilo);
/* NULL for the host silo. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PESILO NTAPI PsGetCurrentSilo(VOID);
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PESILO NTAPI PsGetCurrentServerSilo(VOID);
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PESILO NTAPI PsGetHostSilo(VOID);
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PESILO NTAPI PsGetEffectiveServerSilo(_In_ PESILO Silo);
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI PESILO NTAPI PsGetParentSilo(_In_opt_ PEJOB Job);
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PESILO NTAPI PsGetThreadServerSilo(_In_ PETHREAD Thread);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsGetJobSilo(_In_ PEJOB Job, _Outptr_ PESILO *Silo);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI PsGetJobServerSilo(_In_opt_ PEJOB Job,
                                              _Outptr_result_maybenull_ PESILO *ServerSilo);
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI GUID * NTAPI PsGetSiloContainerId(_In_opt_ PESILO Silo);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI ULONG NTAPI PsGetServerSiloActiveConsoleId(_In_opt_ PESILO Silo);
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN NTAPI PsIsHostSilo(_In_opt_ PESILO Silo);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI PsTerminateServerSilo(_In_ PESILO ServerSilo, _In_ NTSTATUS ExitStatus);

EXTERN_C_END

#endif

