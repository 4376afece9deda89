/* SPDX-License-Identifier: MIT */
#include "rtltest.h"
#include "obp.h"

static LONG compare(const WCHAR *a, const WCHAR *b)
{
    UNICODE_STRING left, right;
    RtlInitUnicodeString(&left, a);
    RtlInitUnicodeString(&right, b);
    LONG order = RtlCompareAltitudes(&left, &right);
    CHECK_EQ(RtlCompareAltitudes(&right, &left), -(LONGLONG)order);
    return order;
}

KILN_TEST_ONCE(rtl_system, altitudes_compare_as_decimal_numbers)
{
    CHECK(compare(L"9", L"10") < 0);
    CHECK(compare(L"100.5", L"100.25") > 0);
    CHECK(compare(L"100.5", L"100.50") == 0);
    CHECK(compare(L"0100", L"100") == 0);
    CHECK(compare(L"100.", L"100") == 0);
    CHECK(compare(L"123456789012345678901", L"123456789012345678900") > 0);
    CHECK(compare(L"100", L"100.000000000000000000001") < 0);
}

KILN_TEST_ONCE(rtl_system, edition)
{
    ULONG type = 77;
    CHECK(RtlGetProductInfo(6, 1, 0, 0, &type));
    CHECK_EQ(type, PRODUCT_PROFESSIONAL);
    CHECK(RtlGetProductInfo(10, 0, 0, 0, &type));
    CHECK(!RtlGetProductInfo(5, 1, 0, 0, &type)); /* before there were product types */
    CHECK_EQ(type, PRODUCT_UNDEFINED);
    CHECK(!RtlGetProductInfo(99, 0, 0, 0, &type));
    CHECK_EQ(RtlGetNtGlobalFlags(), *NtGlobalFlag);
    CHECK(RtlIsServicePackVersionInstalled(NTDDI_WIN10));
    CHECK(!RtlIsServicePackVersionInstalled(NTDDI_WIN7)); /* another major version */
    CHECK(!RtlIsStateSeparationEnabled());
}

KILN_TEST_ONCE(rtl_system, extended_features)
{
    ULONG64 all = RtlGetEnabledExtendedFeatures((ULONG64)-1);
    CHECK_EQ(RtlGetEnabledExtendedFeatures(0), 0);
    CHECK_EQ(RtlGetEnabledExtendedFeatures(XSTATE_MASK_LEGACY), all & XSTATE_MASK_LEGACY);
}

KILN_TEST_ONCE(rtl_system, persisted_state_is_where_the_driver_says)
{
    WCHAR path[16];
    ULONG bytes = 0;
    CHECK_EQ(
        RtlGetPersistedStateLocation(L"Id", NULL, L"\\a", LocationTypeRegistry, path, sizeof(path), &bytes),
        STATUS_SUCCESS);
    CHECK(bytes == 6 && path[1] == 'a' && path[2] == 0);
    CHECK_EQ(RtlGetPersistedStateLocation(L"Id", NULL, L"\\abc", LocationTypeFileSystem, path, 4, &bytes),
             STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(bytes, 10);
    CHECK_EQ(RtlGetPersistedStateLocation(L"Id", NULL, L"\\a", LocationTypeMaximum, path, 4, &bytes),
             STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(rtl_system, an_event_trigger_has_no_subscribers)
{
    CUSTOM_SYSTEM_EVENT_TRIGGER_CONFIG config;
    CUSTOM_SYSTEM_EVENT_TRIGGER_INIT(&config, L"{6F3D1A58-0A8B-4F6E-9C0E-0D1B7A2A0001}");
    CHECK_EQ(config.Size, sizeof(config));
    CHECK_EQ(RtlRaiseCustomSystemEventTrigger(&config), STATUS_INSTANCE_NOT_AVAILABLE);
    CUSTOM_SYSTEM_EVENT_TRIGGER_INIT(&config, L"not a GUID");
    CHECK_EQ(RtlRaiseCustomSystemEventTrigger(&config), STATUS_INVALID_PARAMETER);
    config.Size = 0;
    CHECK_EQ(RtlRaiseCustomSystemEventTrigger(&config), STATUS_INVALID_PARAMETER);
}

static DRIVER_INITIALIZE nothing_to_do;
static NTSTATUS NTAPI nothing_to_do(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(driver);
    UNREFERENCED_PARAMETER(path);
    return STATUS_SUCCESS;
}

static PDEVICE_OBJECT new_device(const WCHAR *name)
{
    static PDRIVER_OBJECT driver;
    UNICODE_STRING text;
    PDEVICE_OBJECT device = NULL;
    NTSTATUS NTAPI IoCreateDriver(PUNICODE_STRING, PDRIVER_INITIALIZE);
    if (driver == NULL) {
        UNICODE_STRING driver_name = RTL_CONSTANT_STRING(L"\\Driver\\DosName");
        CHECK_EQ(IoCreateDriver(&driver_name, nothing_to_do), STATUS_SUCCESS);
        CHECK_EQ(ObReferenceObjectByName(&driver_name, OBJ_CASE_INSENSITIVE, NULL, 0, *IoDriverObjectType,
                                         KernelMode, NULL, (PVOID *)&driver),
                 STATUS_SUCCESS);
    }
    if (name != NULL) {
        RtlInitUnicodeString(&text, name);
    }
    CHECK_EQ(IoCreateDevice(driver, 0, name != NULL ? &text : NULL, FILE_DEVICE_DISK, 0, FALSE, &device),
             STATUS_SUCCESS);
    return device;
}

KILN_TEST_ONCE(rtl_system, a_volume_has_the_letter_that_leads_to_it)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\K:"),
                   target = RTL_CONSTANT_STRING(L"\\Device\\Volume7");
    UNICODE_STRING name = {0};
    PDEVICE_OBJECT volume = new_device(target.Buffer), other = new_device(L"\\Device\\Volume70"),
                   unnamed = new_device(NULL);
    CHECK_EQ(IoVolumeDeviceToDosName(volume, &name), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(IoCreateSymbolicLink(&link, &target), STATUS_SUCCESS);
    CHECK_EQ(IoVolumeDeviceToDosName(volume, &name), STATUS_SUCCESS);
    CHECK(rtl_is(&name, L"K:") && name.Buffer[2] == 0);
    ExFreePool(name.Buffer);
    CHECK_EQ(RtlVolumeDeviceToDosName(volume, &name), STATUS_SUCCESS);
    CHECK(rtl_is(&name, L"K:"));
    ExFreePool(name.Buffer);
    CHECK_EQ(IoVolumeDeviceToDosName(other, &name), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(IoVolumeDeviceToDosName(unnamed, &name), STATUS_INVALID_PARAMETER);
    CHECK_EQ(IoDeleteSymbolicLink(&link), STATUS_SUCCESS);
}
