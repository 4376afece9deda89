/* SPDX-License-Identifier: MIT */
/* Drivers that are images: start, use, stop, and what they leave behind. */
#include "fixture.h"
#include "ldrp.h"

static NTSTATUS load(const char *file, PCUNICODE_STRING service, char *why)
{
    char path[512];
    ULONG at = 0;
    for (const char *c = kiln_test_driver_dir(); *c && at < 400; c++)
        path[at++] = *c;
    path[at++] = '/';
    for (const char *c = file; *c; c++)
        path[at++] = *c;
    path[at] = 0;
    return IopLoadDriver(service, path, NULL, 0, NULL, why);
}

static BOOLEAN exists(PCWSTR name)
{
    UNICODE_STRING string;
    PVOID object;
    RtlInitUnicodeString(&string, name);
    if (!NT_SUCCESS(
            ObReferenceObjectByName(&string, OBJ_CASE_INSENSITIVE, NULL, 0, NULL, KernelMode, NULL, &object)))
        return FALSE;
    ObDereferenceObject(object);
    return TRUE;
}

static BOOLEAN image_is_loaded(PCWSTR name)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, name);
    return LdrFindModuleByName(&string) != NULL;
}

KILN_TEST(io_image, a_driver_finds_the_io_manager_as_documented)
{
    UNICODE_STRING service = NAME(L"conform");
    char why[IOP_WHY_BYTES];
    ULONG leaks = IopLeakCount;
    CHECK_EQ(load("io_conform.sys", &service, why), STATUS_SUCCESS);
    CHECK(exists(L"\\Driver\\conform"));
    CHECK_EQ(load("io_conform.sys", &service, why), STATUS_IMAGE_ALREADY_LOADED);
    UNICODE_STRING name = NAME(L"\\Driver\\conform"), image;
    PDRIVER_OBJECT driver;
    CHECK_EQ(
        ObReferenceObjectByName(&name, 0, NULL, 0, *IoDriverObjectType, KernelMode, NULL, (PVOID *)&driver),
        STATUS_SUCCESS);
    CHECK_EQ(IoQueryFullDriverPath(driver, &image), STATUS_SUCCESS);
    UNICODE_STRING expected = NAME(L"\\SystemRoot\\System32\\drivers\\io_conform.sys");
    CHECK(RtlEqualUnicodeString(&image, &expected, TRUE));
    ExFreePool(image.Buffer);
    ObDereferenceObject(driver);
    HANDLE handle = io_must_open(L"\\Device\\IoConform", 0);
    CHECK_EQ(IopUnloadDriver(&service, why), STATUS_SUCCESS); /* pending: the device is open */
    CHECK(image_is_loaded(L"io_conform.sys"));
    ZwClose(handle);
    LARGE_INTEGER delay = {.QuadPart = -100000};
    for (int i = 0; i < 100 && image_is_loaded(L"io_conform.sys"); i++)
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
    CHECK(!image_is_loaded(L"io_conform.sys"));
    CHECK(!exists(L"\\Driver\\conform"));
    CHECK_EQ(IopLeakCount, leaks);
    CHECK_EQ(load("io_conform.sys", &service, why), STATUS_SUCCESS); /* as if nothing had been */
    CHECK_EQ(IopUnloadDriver(&service, why), STATUS_SUCCESS);
    CHECK(!image_is_loaded(L"io_conform.sys"));
}

KILN_TEST_ONCE(io_image, a_driver_that_cannot_be_read_is_not_found)
{
    UNICODE_STRING service = NAME(L"nothing");
    char why[IOP_WHY_BYTES];
    CHECK_EQ(load("nothing.sys", &service, why), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(why[0] != 0);
}

KILN_TEST_ONCE(io_image, what_an_unloaded_driver_forgot_is_counted)
{
    UNICODE_STRING service = NAME(L"leaky");
    char why[IOP_WHY_BYTES];
    ULONG leaks = IopLeakCount;
    CHECK_EQ(load("io_leaky.sys", &service, why), STATUS_SUCCESS);
    CHECK_EQ(IopUnloadDriver(&service, why), STATUS_SUCCESS);
    CHECK_EQ(IopLeakCount - leaks, 4);   /* device, link, pool block, work item */
    CHECK(exists(L"\\Device\\IoLeaky")); /* as on Windows: its name stays taken, its code mapped */
    CHECK(image_is_loaded(L"io_leaky.sys"));
}

KILN_TEST_ONCE(io_image, a_failed_driver_entry_is_cleaned_up_and_named)
{
    UNICODE_STRING service = NAME(L"failing");
    char why[IOP_WHY_BYTES];
    ULONG leaks = IopLeakCount;
    CHECK_EQ(load("io_failing.sys", &service, why), STATUS_DEVICE_CONFIGURATION_ERROR);
    CHECK(RtlCompareMemory(why, "DriverEntry of failing", 22) == 22);
    CHECK_EQ(IopLeakCount - leaks, 4);
    CHECK(!exists(L"\\Device\\IoLeaky"));
    CHECK(!exists(L"\\Driver\\failing"));
    CHECK(!image_is_loaded(L"io_failing.sys"));
}

KILN_TEST_ONCE(io_image, services_are_loaded_by_registry_path)
{
    UNICODE_STRING name = NAME(L"conform");
    UNICODE_STRING path = NAME(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\conform");
    char host[512];
    ULONG at = 0;
    CHECK_EQ(ZwLoadDriver(&path), STATUS_OBJECT_NAME_NOT_FOUND);
    for (const char *c = kiln_test_driver_dir(); *c && at < 400; c++)
        host[at++] = *c;
    RtlCopyMemory(host + at, "/io_conform.sys", 16);
    CHECK_EQ(IopRegisterService(&name, host), STATUS_SUCCESS);
    CHECK_EQ(ZwLoadDriver(&path), STATUS_SUCCESS);
    CHECK_EQ(ZwLoadDriver(&path), STATUS_IMAGE_ALREADY_LOADED);
    CHECK_EQ(ZwUnloadDriver(&path), STATUS_SUCCESS);
    CHECK(!exists(L"\\Driver\\conform"));
}
