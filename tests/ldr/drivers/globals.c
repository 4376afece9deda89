/* SPDX-License-Identifier: MIT */
/* A driver that imports the kernel's documented variables. check returns 0, or the line that went wrong. */
#include <ntifs.h>

#define REQUIRE(x)                                                                                                     \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            return __LINE__;                                                                                           \
    } while (0)

/* As their pages, or mingw-w64's DDK, tell drivers to declare them. */
extern PULONG InitSafeBootMode;
extern PULONG NtBuildNumber;
extern PULONG IoReadOperationCount, IoWriteOperationCount;
extern PLARGE_INTEGER IoReadTransferCount, IoWriteTransferCount;
extern PUSHORT NlsOemLeadByteInfo;
extern POBJECT_TYPE *IoAdapterObjectType;
__declspec(dllimport) extern USHORT NlsAnsiCodePage, NlsOemCodePage;
__declspec(dllimport) extern PEPROCESS PsInitialSystemProcess;
__declspec(dllimport) extern BOOLEAN NlsMbCodePageTag;
__declspec(dllimport) extern LUID *SeExports; /* SE_EXPORTS begins with 23 privileges, then come SIDs */

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return STATUS_SUCCESS;
}

__declspec(dllexport) int check(void)
{
    RTL_OSVERSIONINFOW version = {sizeof version};
    PSID *sids = (PSID *)(SeExports + 23);
    REQUIRE(*InitSafeBootMode == 0);
    REQUIRE(NT_SUCCESS(RtlGetVersion(&version)) && (*NtBuildNumber & 0xFFFF) == version.dwBuildNumber);
    REQUIRE(KD_DEBUGGER_NOT_PRESENT && !KD_DEBUGGER_ENABLED);
    REQUIRE((ULONG)KeNumberProcessors == KeQueryActiveProcessorCount(NULL));
    REQUIRE((ULONG_PTR)MmHighestUserAddress < MmUserProbeAddress);
    REQUIRE(MmUserProbeAddress <= (ULONG_PTR)MmSystemRangeStart);
    REQUIRE(NlsAnsiCodePage == 1252 && NlsOemCodePage == 437 && !NlsMbCodePageTag);
    for (ULONG i = 0; i < 256; i++)
        REQUIRE(NlsOemLeadByteInfo[i] == 0);
    REQUIRE(FsRtlIsAnsiCharacterLegalFat('A', FALSE) && !FsRtlIsAnsiCharacterLegalFat('|', TRUE));
    REQUIRE(!FsRtlIsAnsiCharacterLegalFat('*', FALSE) && FsRtlIsAnsiCharacterLegalFat('*', TRUE));
    REQUIRE(*NtGlobalFlag == RtlGetNtGlobalFlags());
    REQUIRE(PsGetProcessId(PsInitialSystemProcess) == (HANDLE)4);
    REQUIRE(NT_SUCCESS(ObReferenceObjectByPointer(PsInitialSystemProcess, 0, *PsProcessType, KernelMode)));
    ObDereferenceObject(PsInitialSystemProcess);
    REQUIRE(ObReferenceObjectByPointer(PsInitialSystemProcess, 0, *PsThreadType, KernelMode) ==
            STATUS_OBJECT_TYPE_MISMATCH);
    REQUIRE(*IoAdapterObjectType && *IoDeviceObjectType && *IoAdapterObjectType != *IoDeviceObjectType);
    REQUIRE(*IoReadOperationCount <= 0x7FFFFFFF && *IoWriteOperationCount <= 0x7FFFFFFF);
    REQUIRE(IoReadTransferCount->QuadPart >= 0 && IoWriteTransferCount->QuadPart >= 0);
    REQUIRE(SeExports[21].LowPart == 23 && SeExports[21].HighPart == 0); /* SeChangeNotifyPrivilege */
    REQUIRE(RtlValidSid(sids[1]) && *RtlSubAuthoritySid(sids[1], 0) == 0);
    REQUIRE(((SID *)sids[1])->IdentifierAuthority.Value[5] == 1); /* SeWorldSid: S-1-1-0 */
    return 0;
}
