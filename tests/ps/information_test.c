/* SPDX-License-Identifier: MIT */
/*
 * Information about threads and processes by handle; tokens and impersonation.
 */
#include <ntifs.h>
#include <nt/ps_services.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "harness.h"

KILN_TEST(ps_information, priorities_are_set_within_their_range)
{
    KPRIORITY old = KeQueryPriorityThread(KeGetCurrentThread()), priority = 12;
    CHECK_EQ(ZwSetInformationThread(NtCurrentThread(), ThreadPriority, &priority, 4), STATUS_SUCCESS);
    CHECK_EQ(KeQueryPriorityThread(KeGetCurrentThread()), 12);
    priority = 0;
    CHECK_EQ(ZwSetInformationThread(NtCurrentThread(), ThreadPriority, &priority, 4),
             STATUS_INVALID_PARAMETER);
    priority = 32;
    CHECK_EQ(ZwSetInformationThread(NtCurrentThread(), ThreadPriority, &priority, 4),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwSetInformationThread(NtCurrentThread(), ThreadPriority, &priority, 8),
             STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ZwSetInformationThread(NtCurrentThread(), ThreadTimes, &priority, 4), STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwSetInformationThread(NtCurrentProcess(), ThreadPriority, &old, 4),
             STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ZwSetInformationThread(NtCurrentThread(), ThreadPriority, &old, 4), STATUS_SUCCESS);
}

KILN_TEST(ps_information, page_priority_is_kept)
{
    ULONG priority = 2, got = 0;
    CHECK_EQ(ZwQueryInformationThread(NtCurrentThread(), ThreadPagePriority, &got, 4, NULL), STATUS_SUCCESS);
    CHECK_EQ(got, 5);
    CHECK_EQ(ZwSetInformationThread(NtCurrentThread(), ThreadPagePriority, &priority, 4), STATUS_SUCCESS);
    CHECK_EQ(ZwQueryInformationThread(NtCurrentThread(), ThreadPagePriority, &got, 4, NULL), STATUS_SUCCESS);
    CHECK_EQ(got, 2);
    priority = 6;
    CHECK_EQ(ZwSetInformationThread(NtCurrentThread(), ThreadPagePriority, &priority, 4),
             STATUS_INVALID_PARAMETER);
}

KILN_TEST(ps_information, a_process_tells_its_ids)
{
    ULONG64 basic[6];
    ULONG length = 0;
    CHECK_EQ(
        ZwQueryInformationProcess(NtCurrentProcess(), ProcessBasicInformation, basic, sizeof(basic), &length),
        STATUS_SUCCESS);
    CHECK_EQ(length, sizeof(basic));
    CHECK_EQ((NTSTATUS)basic[0], STATUS_PENDING);
    CHECK_EQ(basic[4], PsGetCurrentProcessId());
    CHECK_EQ(basic[5], 4);
    CHECK_EQ(ZwQueryInformationProcess(NtCurrentProcess(), ProcessBasicInformation, basic, 8, NULL),
             STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ZwQueryInformationProcess(NtCurrentProcess(), (PROCESSINFOCLASS)1000, basic, 8, NULL),
             STATUS_INVALID_INFO_CLASS);
}

KILN_TEST(ps_token, a_thread_has_a_token_only_while_it_impersonates)
{
    HANDLE handle;
    BOOLEAN copy, effective;
    SECURITY_IMPERSONATION_LEVEL level;
    PETHREAD self = PsGetCurrentThread();
    LUID tcb = {SE_TCB_PRIVILEGE, 0};
    CHECK_EQ(ZwOpenThreadTokenEx(NtCurrentThread(), 8, TRUE, OBJ_KERNEL_HANDLE, &handle), STATUS_NO_TOKEN);
    CHECK_EQ(PsReferenceImpersonationToken(self, &copy, &effective, &level), NULL);
    CHECK(!SeSinglePrivilegeCheck(tcb, UserMode));

    PACCESS_TOKEN system = PsReferencePrimaryToken(PsInitialSystemProcess);
    CHECK_EQ(PsImpersonateClient(self, system, TRUE, FALSE, SecurityImpersonation), STATUS_SUCCESS);
    CHECK(SeSinglePrivilegeCheck(tcb, UserMode));
    CHECK_EQ(PsReferenceImpersonationToken(self, &copy, &effective, &level), system);
    CHECK(copy && !effective && level == SecurityImpersonation);
    PsDereferenceImpersonationToken(system);
    CHECK_EQ(ZwOpenThreadTokenEx(NtCurrentThread(), 8, TRUE, OBJ_KERNEL_HANDLE, &handle), STATUS_SUCCESS);
    ZwClose(handle);
    PsRevertToSelf();
    CHECK(!SeSinglePrivilegeCheck(tcb, UserMode));

    CHECK_EQ(PsImpersonateClient(self, system, TRUE, FALSE, SecurityIdentification), STATUS_SUCCESS);
    CHECK(!SeSinglePrivilegeCheck(tcb, UserMode));
    PsRevertToSelf();
    PsDereferencePrimaryToken(system);
    CHECK_EQ(ZwOpenProcessTokenEx(NtCurrentProcess(), 8, OBJ_KERNEL_HANDLE, &handle), STATUS_SUCCESS);
    ZwClose(handle);
}
