/* SPDX-License-Identifier: MIT */
/*
 * Safe references, deferred dereferences with a tag, timers opened by name, questions asked by user mode.
 * nf-wdm-obreferenceobjectsafe, nf-wdm-obdereferenceobjectdeferdeletewithtag, nf-ntifs-ntqueryobject
 */
#include <ntifs.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "harness.h"
#include "user_page.h"

static POBJECT_TYPE type;
static volatile LONG deleted;
static BOOLEAN safe_while_deleted = TRUE;

static void being_deleted(PVOID object)
{
    /* Its last reference is gone: nobody gets a new one. */
    safe_while_deleted = ObReferenceObjectSafe(object);
    InterlockedIncrement(&deleted);
}

static PVOID new_object(void)
{
    PVOID object = NULL;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Short");
    OBJECT_TYPE_INITIALIZER info = {.Length = sizeof(info),
                                    .PoolType = NonPagedPoolNx,
                                    .WaitObjectFlagOffset = OB_NOT_WAITABLE,
                                    .DeleteProcedure = being_deleted};
    if (!type)
        CHECK_EQ(ObpCreateObjectType(&name, &info, NULL, &type), STATUS_SUCCESS);
    CHECK_EQ(ObCreateObject(KernelMode, type, NULL, KernelMode, NULL, 32, 0, 0, &object), STATUS_SUCCESS);
    return object;
}

KILN_TEST(ob_reference, a_safe_reference_is_refused_once_deletion_has_begun)
{
    PVOID object = new_object();
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK(ObReferenceObjectSafe(object));
    KeLowerIrql(irql);
    CHECK_EQ(ObDereferenceObject(object), 1);
    CHECK_EQ(deleted, 0);
    ObDereferenceObject(object);
    CHECK_EQ(deleted, 1);
    CHECK(!safe_while_deleted);
}

KILN_TEST(ob_reference, a_deferred_dereference_with_a_tag_leaves_the_deletion_to_a_worker)
{
    PVOID object = new_object();
    LARGE_INTEGER tick = {.QuadPart = -10000};
    ObReferenceObjectWithTag(object, 'rfeD');
    ObDereferenceObjectDeferDeleteWithTag(object, 'rfeD');
    CHECK_EQ(ObpHeader(object)->PointerCount, 1);
    ObReferenceObjectWithTag(object, 'rfeD');
    ObDereferenceObject(object);
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ObDereferenceObjectDeferDeleteWithTag(object, 'rfeD');
    CHECK_EQ(deleted, 0);
    KeLowerIrql(irql);
    for (int i = 0; i < 100 && !deleted; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
    CHECK_EQ(deleted, 1);
}

KILN_TEST(ob_timer, a_named_timer_is_opened_by_its_name_with_the_access_asked_for)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\clock");
    OBJECT_ATTRIBUTES attributes;
    HANDLE timer, again;
    LARGE_INTEGER due = {.QuadPart = -10000};
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwOpenTimer(&again, TIMER_ALL_ACCESS, &attributes), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(ZwCreateTimer(&timer, TIMER_ALL_ACCESS, &attributes, NotificationTimer), STATUS_SUCCESS);
    CHECK_EQ(ZwOpenTimer(&again, TIMER_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    CHECK_EQ(ZwSetTimer(again, &due, NULL, NULL, FALSE, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(timer, FALSE, NULL), STATUS_SUCCESS);
    ZwClose(again);
    ZwClose(timer);
}

KILN_TEST(ob_query, user_mode_learns_access_counts_and_type_of_its_handle)
{
    user_page *user = enter_user_mode();
    PUBLIC_OBJECT_BASIC_INFORMATION *basic = (PVOID)user->buffer;
    PUBLIC_OBJECT_TYPE_INFORMATION *about = (PVOID)user->buffer;
    ULONG in_kernel;
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_QUERY_STATE, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(NtQueryObject(user->handle, ObjectBasicInformation, basic, sizeof(*basic), &user->length),
             STATUS_SUCCESS);
    CHECK_EQ(user->length, sizeof(*basic));
    CHECK_EQ(basic->GrantedAccess, EVENT_QUERY_STATE);
    CHECK_EQ(basic->HandleCount, 1);
    CHECK_EQ(NtQueryObject(user->handle, ObjectTypeInformation, about, sizeof(user->buffer), &user->length),
             STATUS_SUCCESS);
    CHECK((UCHAR *)about->TypeName.Buffer > user->buffer &&
          (UCHAR *)about->TypeName.Buffer < user->buffer + sizeof(user->buffer));
    CHECK_EQ(NtQueryObject(user->handle, ObjectBasicInformation, basic, 1, &user->length),
             STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(NtQueryObject(user->handle, ObjectBasicInformation, basic, sizeof(*basic), &in_kernel),
             STATUS_ACCESS_VIOLATION);
    CHECK_EQ(NtQueryObject((HANDLE)0x7ffc, ObjectBasicInformation, basic, sizeof(*basic), NULL),
             STATUS_INVALID_HANDLE);
    CHECK_EQ(NtQueryObject(user->handle, (OBJECT_INFORMATION_CLASS)77, basic, sizeof(*basic), NULL),
             STATUS_INVALID_INFO_CLASS);
    NtClose(user->handle);
    leave_user_mode(user);
}
