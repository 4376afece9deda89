/* SPDX-License-Identifier: MIT */
/*
 * MS-DOS device names: the global directory of the system account, and the one of a logon session that
 * shadows it. windows-driver-docs-pr/kernel/local-and-global-ms-dos-device-names.md
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/rtl.h>
#include <nt/status.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "zw.h"
#include "harness.h"

/* The test's thread belongs to the client's logon session; the system process to the system's. */
static NTSTATUS create_link(BOOLEAN as_system, PCWSTR name, PCWSTR target, PHANDLE handle)
{
    UNICODE_STRING string, to;
    OBJECT_ATTRIBUTES attributes;
    KAPC_STATE apc;
    RtlInitUnicodeString(&string, name);
    RtlInitUnicodeString(&to, target);
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (as_system)
        KeStackAttachProcess(&PsInitialSystemProcess->Pcb, &apc);
    NTSTATUS status = ZwCreateSymbolicLinkObject(handle, SYMBOLIC_LINK_ALL_ACCESS, &attributes, &to);
    if (as_system)
        KeUnstackDetachProcess(&apc);
    return status;
}

/* The first character of the target of the link of that name, 0 if there is none. */
static WCHAR target_of(BOOLEAN as_system, PCWSTR name)
{
    WCHAR buffer[32] = {0};
    UNICODE_STRING string, to = {0, sizeof(buffer), buffer};
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    KAPC_STATE apc;
    RtlInitUnicodeString(&string, name);
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (as_system)
        KeStackAttachProcess(&PsInitialSystemProcess->Pcb, &apc);
    NTSTATUS status = ZwOpenSymbolicLinkObject(&handle, GENERIC_READ, &attributes);
    if (as_system)
        KeUnstackDetachProcess(&apc);
    if (!NT_SUCCESS(status))
        return 0;
    CHECK_EQ(ZwQuerySymbolicLinkObject(handle, &to, NULL), STATUS_SUCCESS);
    ZwClose(handle);
    return buffer[0];
}

KILN_TEST(ob_dosdevices, the_systems_names_are_seen_by_all_under_every_spelling)
{
    HANDLE link;
    CHECK_EQ(create_link(TRUE, L"\\DosDevices\\KilnTest", L"1", &link), STATUS_SUCCESS);
    for (int system = 0; system < 2; system++) {
        CHECK_EQ(target_of(system, L"\\??\\KilnTest"), '1');
        CHECK_EQ(target_of(system, L"\\DosDevices\\KilnTest"), '1');
        CHECK_EQ(target_of(system, L"\\GLOBAL??\\KilnTest"), '1');
        CHECK_EQ(target_of(system, L"\\DosDevices\\Global\\KilnTest"), '1');
    }
    ZwClose(link);
}

KILN_TEST(ob_dosdevices, a_logon_sessions_names_are_its_own)
{
    HANDLE link;
    CHECK_EQ(create_link(FALSE, L"\\DosDevices\\KilnMine", L"1", &link), STATUS_SUCCESS);
    CHECK_EQ(target_of(FALSE, L"\\??\\KilnMine"), '1');
    CHECK_EQ(target_of(TRUE, L"\\??\\KilnMine"), 0);
    CHECK_EQ(target_of(FALSE, L"\\GLOBAL??\\KilnMine"), 0);
    ZwClose(link);
    CHECK_EQ(target_of(FALSE, L"\\??\\KilnMine"), 0);
}

KILN_TEST(ob_dosdevices, a_local_name_shadows_a_global_one)
{
    HANDLE local, global;
    CHECK_EQ(create_link(TRUE, L"\\??\\KilnBoth", L"1", &global), STATUS_SUCCESS);
    CHECK_EQ(target_of(FALSE, L"\\??\\KilnBoth"), '1');
    CHECK_EQ(create_link(FALSE, L"\\??\\KilnBoth", L"2", &local), STATUS_SUCCESS);
    CHECK_EQ(target_of(FALSE, L"\\??\\KilnBoth"), '2');
    CHECK_EQ(target_of(FALSE, L"\\DosDevices\\Global\\KilnBoth"), '1');
    CHECK_EQ(target_of(TRUE, L"\\??\\KilnBoth"), '1');
    ZwClose(local);
    CHECK_EQ(target_of(FALSE, L"\\??\\KilnBoth"), '1');
    ZwClose(global);
}

KILN_TEST(ob_dosdevices, global_is_where_a_session_makes_a_name_for_all)
{
    HANDLE link;
    CHECK_EQ(create_link(FALSE, L"\\DosDevices\\Global\\KilnAll", L"1", &link), STATUS_SUCCESS);
    CHECK_EQ(target_of(TRUE, L"\\??\\KilnAll"), '1');
    CHECK_EQ(create_link(FALSE, L"\\??\\Global\\KilnAll", L"2", &link), STATUS_OBJECT_NAME_COLLISION);
    ZwClose(link);
}

KILN_TEST(ob_dosdevices, an_impersonating_thread_has_its_clients_names)
{
    HANDLE link;
    KAPC_STATE apc;
    CHECK_EQ(create_link(FALSE, L"\\??\\KilnClient", L"1", &link), STATUS_SUCCESS);
    PACCESS_TOKEN client = PsReferencePrimaryToken(PsGetCurrentProcess());
    KeStackAttachProcess(&PsInitialSystemProcess->Pcb, &apc);
    CHECK_EQ(target_of(FALSE, L"\\??\\KilnClient"), 0);
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), client, FALSE, FALSE, SecurityImpersonation),
             STATUS_SUCCESS);
    CHECK_EQ(target_of(FALSE, L"\\??\\KilnClient"), '1');
    PsRevertToSelf();
    KeUnstackDetachProcess(&apc);
    PsDereferencePrimaryToken(client);
    ZwClose(link);
}
