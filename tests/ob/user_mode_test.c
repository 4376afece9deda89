/* SPDX-License-Identifier: MIT */
/*
 * The services as user mode calls them: pointers are probed and captured, handles are the process's own,
 * access is checked. And: what is opened and closed leaves nothing behind.
 */
#include <ntifs.h>
#include "ntsvc.h"
#include "mi.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "harness.h"
#include "user_page.h"

KILN_TEST(ob_user, pointers_must_be_user_pointers)
{
    user_page *user = enter_user_mode();
    HANDLE in_kernel;
    UNICODE_STRING kernel_name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\x");
    CHECK_EQ(NtCreateEvent(&in_kernel, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE),
             STATUS_ACCESS_VIOLATION);
    CHECK_EQ(NtCreateEvent((PHANDLE)8, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE),
             STATUS_ACCESS_VIOLATION);
    CHECK_EQ(NtCreateEvent((PHANDLE)((UCHAR *)user + 1), EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE),
             STATUS_DATATYPE_MISALIGNMENT);
    InitializeObjectAttributes(&user->attributes, &kernel_name, 0, NULL, NULL);
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_ALL_ACCESS, &user->attributes, NotificationEvent, FALSE),
             STATUS_ACCESS_VIOLATION);
    name_it(user, L"\\BaseNamedObjects\\x");
    user->name.Buffer = (PWCH)0x10;
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_ALL_ACCESS, &user->attributes, NotificationEvent, FALSE),
             STATUS_ACCESS_VIOLATION);
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK((LONG_PTR)user->handle > 0);
    CHECK_EQ(NtSetEvent(user->handle, &user->state), STATUS_SUCCESS);
    LONG kernel_state;
    CHECK_EQ(NtSetEvent(user->handle, &kernel_state), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(NtClose(user->handle), STATUS_SUCCESS);
    CHECK_EQ(NtClose(user->handle), STATUS_INVALID_HANDLE);
    leave_user_mode(user);
}

KILN_TEST(ob_user, kernel_handles_cannot_be_asked_for_or_used)
{
    HANDLE kernel;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateEvent(&kernel, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
    user_page *user = enter_user_mode();
    CHECK_EQ(NtSetEvent(kernel, NULL), STATUS_INVALID_HANDLE);
    CHECK_EQ(NtClose(kernel), STATUS_INVALID_HANDLE);
    InitializeObjectAttributes(&user->attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_ALL_ACCESS, &user->attributes, NotificationEvent, FALSE),
             STATUS_SUCCESS);
    CHECK((LONG_PTR)user->handle > 0);
    /* A Zw routine called meanwhile is kernel mode, and leaves the mode as it was. */
    CHECK_EQ(ZwSetEvent(kernel, NULL), STATUS_SUCCESS);
    CHECK_EQ(ExGetPreviousMode(), UserMode);
    CHECK_EQ(NtClose(user->handle), STATUS_SUCCESS);
    leave_user_mode(user);
    ZwClose(kernel);
}

KILN_TEST(ob_user, access_is_granted_by_the_descriptor_and_needed_by_the_services)
{
    user_page *user = enter_user_mode();
    /* Ordinary directories let everybody look and nobody create. */
    CHECK_EQ(NtOpenDirectoryObject(&user->handle, DIRECTORY_QUERY, name_it(user, L"\\objecttypes")),
             STATUS_SUCCESS);
    CHECK_EQ(NtQueryDirectoryObject(user->handle, user->buffer, sizeof(user->buffer), TRUE, TRUE,
                                    &user->context, &user->length),
             STATUS_SUCCESS);
    CHECK_EQ(NtClose(user->handle), STATUS_SUCCESS);
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_QUERY_STATE, name_it(user, L"\\BaseNamedObjects\\mine"),
                           NotificationEvent, FALSE),
             STATUS_SUCCESS);
    CHECK_EQ(NtSetEvent(user->handle, NULL), STATUS_ACCESS_DENIED);
    CHECK_EQ(NtClose(user->handle), STATUS_SUCCESS);
    /* Permanence is a privilege that the client does not have. */
    name_it(user, L"\\BaseNamedObjects\\mine");
    user->attributes.Attributes |= OBJ_PERMANENT;
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_ALL_ACCESS, &user->attributes, NotificationEvent, FALSE),
             STATUS_PRIVILEGE_NOT_HELD);
    leave_user_mode(user);
}

/* ---------------------------------------------------------------- nothing is left behind */

static void one_of_everything(void)
{
    UNICODE_STRING directory_name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\d"),
                   inner = RTL_CONSTANT_STRING(L"e"),
                   link_name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\l"),
                   through = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\l\\e"),
                   missing = RTL_CONSTANT_STRING(L"\\x\\y");
    OBJECT_ATTRIBUTES attributes;
    HANDLE directory, event, link, again, copy;
    UCHAR buffer[256];
    ULONG needed;
    InitializeObjectAttributes(&attributes, &directory_name, OBJ_KERNEL_HANDLE, NULL, SePublicOpenSd);
    CHECK_EQ(ZwCreateDirectoryObject(&directory, DIRECTORY_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, &inner, OBJ_KERNEL_HANDLE, directory, NULL);
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ZwCreateEvent(&again, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
             STATUS_OBJECT_NAME_COLLISION);
    InitializeObjectAttributes(&attributes, &link_name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateSymbolicLinkObject(&link, SYMBOLIC_LINK_ALL_ACCESS, &attributes, &directory_name),
             STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, &through, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwOpenEvent(&again, EVENT_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    CHECK_EQ(
        ZwDuplicateObject(NtCurrentProcess(), again, NtCurrentProcess(), &copy, 0, 0, DUPLICATE_SAME_ACCESS),
        STATUS_SUCCESS);
    CHECK_EQ(ZwQueryObject(copy, ObjectNameInformation, buffer, sizeof(buffer), &needed), STATUS_SUCCESS);
    CHECK_EQ(ZwSetSecurityObject(copy, DACL_SECURITY_INFORMATION, SePublicDefaultSd), STATUS_SUCCESS);
    CHECK_EQ(ZwQuerySecurityObject(copy, DACL_SECURITY_INFORMATION, buffer, sizeof(buffer), &needed),
             STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, &missing, 0, NULL, SePublicOpenSd);
    HANDLE none;
    CHECK_EQ(ZwOpenEvent(&none, EVENT_ALL_ACCESS, &attributes), STATUS_OBJECT_PATH_NOT_FOUND);
    ZwClose(copy);
    ZwClose(again);
    ZwClose(link);
    ZwClose(event);
    ZwClose(directory);
}

KILN_TEST(ob_leak, opening_and_closing_leaves_the_pool_as_it_was)
{
    MI_MEMORY_USAGE before, after;
    one_of_everything();
    MiQueryUsage(&before);
    for (int i = 0; i < 50; i++)
        one_of_everything();
    MiQueryUsage(&after);
    CHECK_EQ(after.PoolBytes[0], before.PoolBytes[0]);
    CHECK_EQ(after.PoolBytes[1], before.PoolBytes[1]);
}

static VOID NTAPI short_thread(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
}

KILN_TEST(ps_leak, threads_and_processes_leave_the_pool_as_it_was)
{
    MI_MEMORY_USAGE before, after = {0};
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"short.exe");
    LARGE_INTEGER tick = {.QuadPart = -20000};
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < 8; i++) {
            HANDLE handle;
            CHECK_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, short_thread, NULL),
                     STATUS_SUCCESS);
            CHECK_EQ(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_SUCCESS);
            ZwClose(handle);
        }
        PEPROCESS process;
        CHECK_EQ(PspCreateProcess(PsGetCurrentProcess(), &name, TRUE, &process), STATUS_SUCCESS);
        PspExitProcess(process, 0);
        ObDereferenceObject(process);
        for (int i = 0; i < 4; i++)
            KeDelayExecutionThread(KernelMode, FALSE, &tick);
        if (round == 2)
            MiQueryUsage(&before);
    }
    for (int i = 0; i < 200; i++) {
        MiQueryUsage(&after);
        if (after.PoolBytes[0] <= before.PoolBytes[0])
            break;
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
    }
    CHECK(after.PoolBytes[0] <= before.PoolBytes[0]);
}

KILN_TEST(ob_trace, the_checked_machine_knows_which_tag_holds_an_object)
{
    HANDLE event;
    PVOID object;
    OB_TRACE_ENTRY entries[8];
    if (!ObpTraceEnabled)
        return;
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandleWithTag(event, 0, NULL, KernelMode, 0x41414141, &object, NULL),
             STATUS_SUCCESS);
    ObReferenceObjectWithTag(object, 0x42424242);
    ObReferenceObjectWithTag(object, 0x42424242);
    ObDereferenceObjectWithTag(object, 0x42424242);
    LONGLONG held[2] = {0, 0};
    ULONG count = ObpQueryReferenceTrace(object, entries, 8);
    CHECK(count >= 2 && count <= 8);
    for (ULONG i = 0; i < count; i++) {
        if (entries[i].Tag == 0x41414141)
            held[0] = entries[i].References - entries[i].Dereferences;
        if (entries[i].Tag == 0x42424242)
            held[1] = entries[i].References - entries[i].Dereferences;
    }
    CHECK_EQ(held[0], 1);
    CHECK_EQ(held[1], 1);
    ObDereferenceObjectWithTag(object, 0x42424242);
    ObDereferenceObjectWithTag(object, 0x41414141);
    ZwClose(event);
}
