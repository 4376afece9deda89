/* SPDX-License-Identifier: MIT */
/*
 * Copies of handles: ZwDuplicateObject with every option, inheritance, handles that are protected.
 * nf-ntifs-zwduplicateobject, nf-ntifs-ntclose, object-handles.md
 */
#include <ntifs.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "harness.h"
#include "user_page.h"

static HANDLE new_event(ULONG flags, ACCESS_MASK access)
{
    HANDLE handle = NULL;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, flags, NULL, NULL);
    CHECK_EQ(ZwCreateEvent(&handle, access, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
    return handle;
}

static NTSTATUS copy(HANDLE from, PHANDLE to, ACCESS_MASK access, ULONG attributes, ULONG options)
{
    return ZwDuplicateObject(NtCurrentProcess(), from, NtCurrentProcess(), to, access, attributes, options);
}

static OBJECT_HANDLE_INFORMATION about(HANDLE handle)
{
    OBJECT_HANDLE_INFORMATION info = {0};
    PVOID object;
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, &info), STATUS_SUCCESS);
    ObDereferenceObject(object);
    return info;
}

/* A child of ours, with a handle table. */
static PEPROCESS new_process(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"other.exe");
    PEPROCESS process = NULL;
    CHECK_EQ(PspCreateProcess(PsGetCurrentProcess(), &name, TRUE, &process), STATUS_SUCCESS);
    return process;
}

static void end_process(PEPROCESS process)
{
    PspExitProcess(process, 0);
    ObDereferenceObject(process);
}

KILN_TEST(ob_duplicate, attributes_and_access_are_the_callers_unless_the_same_are_asked_for)
{
    HANDLE handle = new_event(OBJ_INHERIT, EVENT_QUERY_STATE | EVENT_MODIFY_STATE), other;
    CHECK_EQ(copy(handle, &other, EVENT_QUERY_STATE, 0, 0), STATUS_SUCCESS);
    CHECK_EQ(about(other).GrantedAccess, EVENT_QUERY_STATE);
    CHECK_EQ(about(other).HandleAttributes, 0);
    ZwClose(other);
    CHECK_EQ(copy(handle, &other, 0, 0, DUPLICATE_SAME_ACCESS), STATUS_SUCCESS);
    CHECK_EQ(about(other).GrantedAccess, EVENT_QUERY_STATE | EVENT_MODIFY_STATE);
    CHECK_EQ(about(other).HandleAttributes, 0);
    ZwClose(other);
    CHECK_EQ(copy(handle, &other, GENERIC_READ, 0, DUPLICATE_SAME_ATTRIBUTES), STATUS_SUCCESS);
    CHECK_EQ(about(other).HandleAttributes, OBJ_INHERIT);
    CHECK_EQ(about(other).GrantedAccess, EVENT_QUERY_STATE | READ_CONTROL);
    ZwClose(other);
    CHECK_EQ(copy(handle, &other, MAXIMUM_ALLOWED, OBJ_INHERIT, 0), STATUS_SUCCESS);
    CHECK_EQ(about(other).GrantedAccess, EVENT_QUERY_STATE | EVENT_MODIFY_STATE);
    CHECK_EQ(about(other).HandleAttributes, OBJ_INHERIT);
    ZwClose(other);
    ZwClose(handle);
}

KILN_TEST(ob_duplicate, a_copy_may_be_protected_from_closing)
{
    HANDLE handle = new_event(0, EVENT_ALL_ACCESS), other, third;
    OBJECT_HANDLE_FLAG_INFORMATION flags = {FALSE, FALSE};
    CHECK_EQ(copy(handle, &other, 0, OBJ_PROTECT_CLOSE, DUPLICATE_SAME_ACCESS), STATUS_SUCCESS);
    CHECK_EQ(ObCloseHandle(other, UserMode), STATUS_HANDLE_NOT_CLOSABLE);
    CHECK_EQ(copy(other, &third, 0, 0, DUPLICATE_SAME_ACCESS | DUPLICATE_SAME_ATTRIBUTES), STATUS_SUCCESS);
    CHECK_EQ(ObCloseHandle(third, UserMode), STATUS_HANDLE_NOT_CLOSABLE);
    CHECK_EQ(ZwSetInformationObject(other, ObjectHandleFlagInformation, &flags, sizeof(flags)),
             STATUS_SUCCESS);
    CHECK_EQ(ZwSetInformationObject(third, ObjectHandleFlagInformation, &flags, sizeof(flags)),
             STATUS_SUCCESS);
    CHECK_EQ(ZwClose(third), STATUS_SUCCESS);
    CHECK_EQ(ZwClose(other), STATUS_SUCCESS);
    ZwClose(handle);
}

KILN_TEST(ob_duplicate, the_source_is_closed_although_the_copy_failed)
{
    HANDLE handle = new_event(0, EVENT_ALL_ACCESS), other = NULL;
    PVOID object;
    CHECK_EQ(ZwDuplicateObject(NtCurrentProcess(), handle, handle, &other, 0, 0,
                               DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE),
             STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_INVALID_HANDLE);
    CHECK_EQ(other, NULL);
}

KILN_TEST(ob_duplicate, without_a_target_the_source_is_closed_and_nothing_else_allowed)
{
    HANDLE handle = new_event(0, EVENT_ALL_ACCESS), other;
    PVOID object;
    CHECK_EQ(ZwDuplicateObject(NtCurrentProcess(), handle, NULL, NULL, 0, 0, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwDuplicateObject(NtCurrentProcess(), handle, NULL, &other, 0, 0, DUPLICATE_SAME_ACCESS),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwDuplicateObject(NtCurrentProcess(), handle, NULL, NULL, 0, 0, DUPLICATE_CLOSE_SOURCE),
             STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_INVALID_HANDLE);
}

KILN_TEST(ob_duplicate, source_and_target_are_evaluated_in_their_processes)
{
    PEPROCESS process = new_process();
    HANDLE theirs, back, in_them, handle = new_event(0, EVENT_ALL_ACCESS);
    PVOID object, same;
    CHECK_EQ(ObOpenObjectByPointer(process, OBJ_KERNEL_HANDLE, NULL, PROCESS_DUP_HANDLE, *PsProcessType,
                                   KernelMode, &theirs),
             STATUS_SUCCESS);
    ULONG before = ObQueryHandleCount(process->ObjectTable);
    CHECK_EQ(ZwDuplicateObject(NtCurrentProcess(), handle, theirs, &in_them, 0, 0, DUPLICATE_SAME_ACCESS),
             STATUS_SUCCESS);
    CHECK_EQ(ObQueryHandleCount(process->ObjectTable), before + 1);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(ZwClose(handle), STATUS_SUCCESS);
    CHECK_EQ(ZwDuplicateObject(theirs, in_them, NtCurrentProcess(), &back, 0, 0,
                               DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE),
             STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(back, 0, NULL, KernelMode, &same, NULL), STATUS_SUCCESS);
    CHECK_EQ(same, object);
    CHECK_EQ(ObQueryHandleCount(process->ObjectTable), before);
    ObDereferenceObject(same);
    ObDereferenceObject(object);
    ZwClose(back);
    end_process(process);
    ZwClose(theirs);
}

KILN_TEST(ob_duplicate, the_processes_must_have_been_opened_for_it)
{
    PEPROCESS process = new_process();
    user_page *user = enter_user_mode();
    HANDLE event, theirs;
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    event = user->handle;
    CHECK_EQ(ObOpenObjectByPointer(process, 0, NULL, PROCESS_QUERY_INFORMATION, *PsProcessType, KernelMode,
                                   &theirs),
             STATUS_SUCCESS);
    CHECK_EQ(NtDuplicateObject(NtCurrentProcess(), event, theirs, &user->handle, 0, 0, DUPLICATE_SAME_ACCESS),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(NtDuplicateObject(theirs, event, NtCurrentProcess(), &user->handle, 0, 0, DUPLICATE_SAME_ACCESS),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(NtDuplicateObject(event, event, NtCurrentProcess(), &user->handle, 0, 0, DUPLICATE_SAME_ACCESS),
             STATUS_OBJECT_TYPE_MISMATCH);
    HANDLE mine;
    CHECK_EQ(
        NtDuplicateObject(NtCurrentProcess(), event, NtCurrentProcess(), &mine, 0, 0, DUPLICATE_SAME_ACCESS),
        STATUS_ACCESS_VIOLATION);
    NtClose(theirs);
    NtClose(event);
    leave_user_mode(user);
    end_process(process);
}

KILN_TEST(ob_duplicate, user_mode_cannot_widen_what_the_descriptor_denies)
{
    user_page *user = enter_user_mode();
    HANDLE handle;
    UCHAR *nobody = (UCHAR *)(user + 1);
    /* An empty list denies all but what the owner of an object always may. */
    SECURITY_DESCRIPTOR *sd = (SECURITY_DESCRIPTOR *)nobody;
    PACL acl = (PACL)(nobody + 64);
    KiThread()->PreviousMode = KernelMode;
    RtlCreateSecurityDescriptor(sd, SECURITY_DESCRIPTOR_REVISION);
    RtlCreateAcl(acl, sizeof(ACL), ACL_REVISION);
    RtlSetDaclSecurityDescriptor(sd, TRUE, acl, FALSE);
    KiThread()->PreviousMode = UserMode;
    name_it(user, L"\\BaseNamedObjects\\shut");
    user->attributes.SecurityDescriptor = sd;
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_QUERY_STATE, &user->attributes, NotificationEvent, FALSE),
             STATUS_SUCCESS);
    handle = user->handle;
    CHECK_EQ(NtDuplicateObject(NtCurrentProcess(), handle, NtCurrentProcess(), &user->handle,
                               EVENT_MODIFY_STATE, 0, 0),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(NtDuplicateObject(NtCurrentProcess(), handle, NtCurrentProcess(), &user->handle,
                               EVENT_QUERY_STATE, 0, 0),
             STATUS_SUCCESS);
    NtClose(user->handle);
    NtClose(handle);
    leave_user_mode(user);
}

KILN_TEST(ob_duplicate, pseudo_handles_become_real_ones)
{
    HANDLE real;
    PVOID object;
    CHECK_EQ(copy(NtCurrentProcess(), &real, 0, 0, DUPLICATE_SAME_ACCESS), STATUS_SUCCESS);
    CHECK((LONG_PTR)real > 0);
    CHECK_EQ(ObReferenceObjectByHandle(real, 0, *PsProcessType, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(object, PsGetCurrentProcess());
    ObDereferenceObject(object);
    ZwClose(real);
    CHECK_EQ(copy(NtCurrentThread(), &real, 0, OBJ_KERNEL_HANDLE, DUPLICATE_SAME_ACCESS), STATUS_SUCCESS);
    CHECK(ObIsKernelHandle(real));
    CHECK_EQ(ObReferenceObjectByHandle(real, 0, *PsThreadType, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(object, PsGetCurrentThread());
    ObDereferenceObject(object);
    ZwClose(real);
    CHECK_EQ(ZwClose(NtCurrentProcess()), STATUS_SUCCESS);
    CHECK_EQ(ZwClose(NtCurrentThread()), STATUS_SUCCESS);
}

KILN_TEST(ob_inherit, children_receive_the_handles_marked_so)
{
    HANDLE yes = new_event(OBJ_INHERIT, EVENT_QUERY_STATE), no = new_event(0, EVENT_ALL_ACCESS), found;
    PVOID inherited, kept;
    CHECK_EQ(ObReferenceObjectByHandle(yes, 0, NULL, KernelMode, &inherited, NULL), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(no, 0, NULL, KernelMode, &kept, NULL), STATUS_SUCCESS);
    PEPROCESS child = new_process();
    OBJECT_HANDLE_INFORMATION as = {OBJ_INHERIT, EVENT_QUERY_STATE};
    CHECK(ObFindHandleForObject(child, inherited, NULL, &as, &found));
    CHECK(!ObFindHandleForObject(child, kept, NULL, NULL, &found));
    end_process(child);
    ZwClose(yes);
    ZwClose(no);
    ObDereferenceObject(inherited);
    ObDereferenceObject(kept);
}

KILN_TEST(ob_find, a_handle_is_found_by_object_type_and_access)
{
    HANDLE first = new_event(0, EVENT_QUERY_STATE), found;
    PVOID event;
    PEPROCESS me = PsGetCurrentProcess();
    OBJECT_HANDLE_INFORMATION as = {0, EVENT_QUERY_STATE};
    CHECK_EQ(ObReferenceObjectByHandle(first, 0, NULL, KernelMode, &event, NULL), STATUS_SUCCESS);
    CHECK(ObFindHandleForObject(me, event, *ExEventObjectType, NULL, &found));
    CHECK_EQ(found, first);
    CHECK(ObFindHandleForObject(me, event, NULL, &as, &found));
    CHECK(!ObFindHandleForObject(me, event, *ExSemaphoreObjectType, NULL, &found));
    CHECK_EQ(found, NULL);
    as.GrantedAccess = EVENT_ALL_ACCESS;
    CHECK(!ObFindHandleForObject(me, event, NULL, &as, &found));
    ZwClose(first);
    CHECK(!ObFindHandleForObject(me, event, NULL, NULL, &found));
    ObDereferenceObject(event);
}

KILN_TEST(ob_find, no_handle_asks_for_an_audit_of_its_close)
{
    HANDLE handle = new_event(OBJ_KERNEL_HANDLE, EVENT_ALL_ACCESS);
    BOOLEAN audited = TRUE;
    CHECK_EQ(ObQueryObjectAuditingByHandle(handle, &audited), STATUS_SUCCESS);
    CHECK(!audited);
    ZwClose(handle);
    CHECK_EQ(ObQueryObjectAuditingByHandle(handle, &audited), STATUS_INVALID_HANDLE);
}
