/* SPDX-License-Identifier: MIT */
/* Callback objects. */
#include "exsupport.h"

static int calls[3], sequence;
static PVOID last1, last2;

static void NTAPI callback(PVOID Context, PVOID Argument1, PVOID Argument2)
{
    calls[(ULONG_PTR)Context] = ++sequence;
    last1 = Argument1;
    last2 = Argument2;
}

static PCALLBACK_OBJECT create(PCWSTR Name, BOOLEAN Create, BOOLEAN Multiple, NTSTATUS *Status)
{
    UNICODE_STRING String;
    OBJECT_ATTRIBUTES Attributes;
    PCALLBACK_OBJECT Object = NULL;

    RtlInitUnicodeString(&String, Name);
    InitializeObjectAttributes(&Attributes, &String, OBJ_CASE_INSENSITIVE, NULL, NULL);
    *Status = ExCreateCallback(&Object, &Attributes, Create, Multiple);
    return Object;
}

KILN_TEST(ex_callback, routines_are_called_in_the_order_of_registration)
{
    NTSTATUS Status;
    KIRQL Irql;
    PCALLBACK_OBJECT Object = create(L"\\Callback\\KilnTest", TRUE, TRUE, &Status);

    CHECK_EQ(Status, STATUS_SUCCESS);
    PVOID First = ExRegisterCallback(Object, callback, (PVOID)0);
    PVOID Second = ExRegisterCallback(Object, callback, (PVOID)1);
    CHECK(First != NULL && Second != NULL);
    ExNotifyCallback(Object, (PVOID)11, (PVOID)22);
    CHECK_EQ(calls[0], 1);
    CHECK_EQ(calls[1], 2);
    CHECK_EQ(last1, (PVOID)11);
    CHECK_EQ(last2, (PVOID)22);
    ExUnregisterCallback(First);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    ExNotifyCallback(Object, NULL, NULL);
    KeLowerIrql(Irql);
    CHECK_EQ(calls[0], 1);
    CHECK_EQ(calls[1], 3);
    ExUnregisterCallback(Second);
    ExNotifyCallback(Object, NULL, NULL);
    CHECK_EQ(sequence, 3);
    ObDereferenceObject(Object);
}

KILN_TEST_ONCE(ex_callback, a_second_registration_needs_permission)
{
    NTSTATUS Status;
    PCALLBACK_OBJECT Object = create(L"\\Callback\\KilnSingle", TRUE, FALSE, &Status);

    CHECK_EQ(Status, STATUS_SUCCESS);
    PVOID First = ExRegisterCallback(Object, callback, NULL);
    CHECK(First != NULL);
    CHECK_EQ(ExRegisterCallback(Object, callback, NULL), NULL);
    ExUnregisterCallback(First);
    ObDereferenceObject(Object);
}

KILN_TEST_ONCE(ex_callback, names_are_opened_or_created)
{
    NTSTATUS Status;

    CHECK(create(L"\\Callback\\KilnNobody", FALSE, TRUE, &Status) == NULL);
    CHECK(!NT_SUCCESS(Status));
    PCALLBACK_OBJECT Power = create(L"\\Callback\\PowerState", FALSE, TRUE, &Status);
    CHECK_EQ(Status, STATUS_SUCCESS);
    PCALLBACK_OBJECT Again = create(L"\\Callback\\PowerState", TRUE, TRUE, &Status);
    CHECK_EQ(Status, STATUS_SUCCESS);
    CHECK_EQ(Power, Again);
    ObDereferenceObject(Power);
    ObDereferenceObject(Again);
}
