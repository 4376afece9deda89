/* SPDX-License-Identifier: MIT */
/*
 * A driver that uses the libraries aux_klib and procgrp: every routine before and after initialisation, with
 * what its page says. It ends in a bugcheck of its own, so that AuxKlibGetBugCheckData can tell it from a
 * callback.
 */
#include <ntddk.h>
#include <aux_klib.h>
#include <procgrp.h>
#include <string.h>

#define MY_BUGCHECK 0xE2
#define EXPECT(condition)                                                                                    \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            DbgPrint("aux: line %d: not so: %s\n", __LINE__, #condition);                                    \
    } while (0)

DRIVER_INITIALIZE DriverEntry;
__declspec(dllexport) ULONG AuxDriverAnswer(VOID);

static KBUGCHECK_CALLBACK_RECORD record;

ULONG AuxDriverAnswer(VOID)
{
    return 42;
}

static VOID before_initialisation(VOID)
{
    KBUGCHECK_DATA data = {sizeof(data), 0, 0, 0, 0, 0};
    ULONG bytes = 0;
    EXPECT(AuxKlibQueryModuleInformation(&bytes, sizeof(AUX_MODULE_BASIC_INFO), NULL) == STATUS_UNSUCCESSFUL);
    EXPECT(AuxKlibGetBugCheckData(&data) == STATUS_UNSUCCESSFUL);
    EXPECT(AuxKlibEnumerateSystemFirmwareTables('ACPI', NULL, 0, &bytes) == STATUS_UNSUCCESSFUL);
    EXPECT(AuxKlibGetSystemFirmwareTable('RSMB', 0, NULL, 0, &bytes) == STATUS_UNSUCCESSFUL);
    EXPECT(AuxKlibGetImageExportDirectory((PVOID)&before_initialisation) == NULL);
}

static VOID modules(PVOID base)
{
    ULONG bytes = 0, few, found = 0;
    PAUX_MODULE_EXTENDED_INFO list;
    EXPECT(AuxKlibQueryModuleInformation(&bytes, sizeof(*list), NULL) == STATUS_SUCCESS);
    EXPECT(bytes != 0 && bytes % sizeof(*list) == 0);
    EXPECT(AuxKlibQueryModuleInformation(&bytes, 7, NULL) == STATUS_INVALID_PARAMETER);
    list = (PAUX_MODULE_EXTENDED_INFO)ExAllocatePool2(POOL_FLAG_PAGED, bytes, 'xuA ');
    if (list == NULL) {
        return;
    }
    few = bytes - 1;
    EXPECT(AuxKlibQueryModuleInformation(&few, sizeof(*list), list) == STATUS_BUFFER_TOO_SMALL);
    EXPECT(few == bytes);
    EXPECT(AuxKlibQueryModuleInformation(&bytes, sizeof(*list), list) == STATUS_SUCCESS);
    for (ULONG i = 0; i < bytes / sizeof(*list); i++) {
        if (list[i].BasicInfo.ImageBase == base) {
            found++;
            EXPECT(list[i].ImageSize != 0);
            EXPECT(strcmp((char *)list[i].FullPathName + list[i].FileNameOffset, "aux.sys") == 0);
        }
    }
    EXPECT(found == 1);
    few = sizeof(AUX_MODULE_BASIC_INFO) * (bytes / sizeof(*list));
    EXPECT(AuxKlibQueryModuleInformation(&few, sizeof(AUX_MODULE_BASIC_INFO), list) == STATUS_SUCCESS);
    ExFreePool(list);
}

static VOID exports(PUCHAR base)
{
    PIMAGE_EXPORT_DIRECTORY directory = AuxKlibGetImageExportDirectory(base);
    EXPECT(directory != NULL && directory->NumberOfNames == 1);
    if (directory != NULL) {
        const ULONG *names = (const ULONG *)(base + directory->AddressOfNames);
        EXPECT(strcmp((const char *)(base + names[0]), "AuxDriverAnswer") == 0);
    }
}

static VOID firmware(VOID)
{
    static UCHAR table[0x20000];
    ULONG ids[8], bytes = 0, i;
    UCHAR sum = 0;
    EXPECT(AuxKlibEnumerateSystemFirmwareTables('ACPI', NULL, 0, &bytes) == STATUS_BUFFER_TOO_SMALL);
    EXPECT(bytes >= sizeof(ULONG) && bytes <= sizeof(ids));
    EXPECT(AuxKlibEnumerateSystemFirmwareTables('ACPI', ids, sizeof(ids), &bytes) == STATUS_SUCCESS);
    EXPECT(ids[0] == 'PCAF');
    EXPECT(AuxKlibEnumerateSystemFirmwareTables('none', ids, sizeof(ids), &bytes) ==
           STATUS_INVALID_PARAMETER);
    EXPECT(AuxKlibGetSystemFirmwareTable('ACPI', 'PCAF', NULL, 0, &bytes) == STATUS_BUFFER_TOO_SMALL);
    EXPECT(AuxKlibGetSystemFirmwareTable('ACPI', 'PCAF', table, sizeof(table), &bytes) == STATUS_SUCCESS);
    EXPECT(RtlEqualMemory(table, "FACP", 4) && *(ULONG *)(table + 4) == bytes);
    for (i = 0; i < bytes; i++) {
        sum = (UCHAR)(sum + table[i]);
    }
    EXPECT(sum == 0);
    EXPECT(AuxKlibGetSystemFirmwareTable('ACPI', 'enon', table, sizeof(table), &bytes) ==
           STATUS_INVALID_PARAMETER);

    EXPECT(AuxKlibEnumerateSystemFirmwareTables('RSMB', ids, sizeof(ids), &bytes) == STATUS_SUCCESS);
    EXPECT(bytes == sizeof(ULONG) && ids[0] == 0);
    EXPECT(AuxKlibGetSystemFirmwareTable('RSMB', 0, table, sizeof(table), &bytes) == STATUS_SUCCESS);
    EXPECT(*(ULONG *)(table + 4) + 8 == bytes);      /* the structures behind the header */
    for (i = 8; i < bytes && table[i] != 127; i++) { /* structure after structure, to the last */
        for (i += table[i + 1]; table[i] != 0 || table[i + 1] != 0; i++) {
        }
        i++;
    }
    EXPECT(i + 6 == bytes);

    EXPECT(AuxKlibEnumerateSystemFirmwareTables('FIRM', ids, sizeof(ids), &bytes) == STATUS_SUCCESS);
    EXPECT(bytes == 8 && ids[0] == 0xC0000 && ids[1] == 0xE0000);
    EXPECT(AuxKlibGetSystemFirmwareTable('FIRM', 0xE0000, table, sizeof(table), &bytes) == STATUS_SUCCESS);
    EXPECT(bytes == sizeof(table));
    EXPECT(AuxKlibGetSystemFirmwareTable('FIRM', 0xE0000, table, 100, &bytes) == STATUS_BUFFER_TOO_SMALL);
}

static VOID processors(VOID)
{
    PROCESSOR_NUMBER number;
    WdmlibProcgrpInitialize();
    EXPECT(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS) >= 1);
    KeGetCurrentProcessorNumberEx(&number);
    EXPECT(number.Group < KeQueryActiveGroupCount());
}

static VOID NTAPI on_bugcheck(PVOID buffer, ULONG length)
{
    KBUGCHECK_DATA data = {sizeof(data) - 1, 0, 0, 0, 0, 0};
    UNREFERENCED_PARAMETER(buffer);
    UNREFERENCED_PARAMETER(length);
    EXPECT(AuxKlibGetBugCheckData(&data) == STATUS_INFO_LENGTH_MISMATCH);
    data.BugCheckDataSize = sizeof(data);
    EXPECT(AuxKlibGetBugCheckData(&data) == STATUS_SUCCESS);
    DbgPrint("aux: stopped by %x (%Ix %Ix %Ix %Ix)\n", data.BugCheckCode, data.Parameter1, data.Parameter2,
             data.Parameter3, data.Parameter4);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    before_initialisation();
    EXPECT(AuxKlibInitialize() == STATUS_SUCCESS);
    modules(DriverObject->DriverStart);
    exports((PUCHAR)DriverObject->DriverStart);
    firmware();
    processors();
    KeInitializeCallbackRecord(&record);
    EXPECT(KeRegisterBugCheckCallback(&record, on_bugcheck, NULL, 0, (PUCHAR) "aux"));
    DbgPrint("aux: done\n");
    KeBugCheckEx(MY_BUGCHECK, 1, 2, 3, 4);
}
