/* SPDX-License-Identifier: MIT */
/*
 * firmware.c: the tables of the machine's firmware. There is no firmware: what is here describes the machine
 * that Kiln is, the same on every host, so that a run does not depend on where it runs.
 *
 *   RSMB  the SMBIOS structures (firmware, system, end), behind the header of GetSystemFirmwareTable's
 * RawSMBIOSData ACPI  FACP, and DSDT with nothing in it FIRM  the two ranges of option and system ROM, 128 KB
 * each, which hold zeros
 *
 * PASSIVE_LEVEL; no lock, everything is constant. Pages: aux_klib/nf-aux_klib-auxklibgetsystemfirmwaretable,
 * ...
 */
#include <nt/ex.h>
#include <nt/rtl.h>

#define PROVIDER_ACPI 0x41435049u /* 'ACPI' */
#define PROVIDER_FIRM 0x4649524Du /* 'FIRM' */
#define PROVIDER_RSMB 0x52534D42u /* 'RSMB' */

#define TABLE_FACP 0x50434146u /* the signature as it lies in memory, read as an integer */
#define TABLE_DSDT 0x54445344u
#define ROM_BYTES  0x20000u

/* SMBIOS 3.0, DMTF DSP0134: a formatted area, its strings, and a zero after the last string. */
static const UCHAR smbios[] = {
    0,
    3,
    0,
    0, /* called without method 2.0; version 3.0, no revision */
    0x55,
    0,
    0,
    0, /* bytes that follow */
    /* type 0: firmware; 24 bytes */
    0,
    24,
    0,
    0,
    1,
    2,
    0,
    0,
    3,
    0,
    8,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    8,
    0,
    0,
    0xFF,
    0xFF,
    'K',
    'i',
    'l',
    'n',
    0,
    '1',
    0,
    '0',
    '1',
    '/',
    '0',
    '1',
    '/',
    '2',
    '0',
    '2',
    '4',
    0,
    0,
    /* type 1: system; 27 bytes; wake-up by the power switch */
    1,
    27,
    1,
    0,
    1,
    2,
    0,
    0,
    'K',
    'i',
    'l',
    'n',
    ' ',
    'm',
    'a',
    'c',
    'h',
    'i',
    'n',
    'e',
    0,
    0,
    0,
    0,
    6,
    0,
    0,
    'K',
    'i',
    'l',
    'n',
    0,
    'V',
    'M',
    0,
    0,
    /* type 127: the end */
    127,
    4,
    2,
    0,
    0,
    0,
};
C_ASSERT(sizeof(smbios) == 8 + 0x55);

/* The header of every ACPI table (ACPI specification, 5.2.6). */
typedef struct _ACPI_HEADER {
    ULONG Signature;
    ULONG Length;
    UCHAR Revision;
    UCHAR Checksum; /* makes the sum of all bytes zero */
    CHAR OemId[6];
    CHAR OemTableId[8];
    ULONG OemRevision;
    CHAR CreatorId[4];
    ULONG CreatorRevision;
} ACPI_HEADER;
C_ASSERT(sizeof(ACPI_HEADER) == 36);

#define FACP_BYTES 276 /* revision 6 */

static const struct {
    ULONG signature, bytes;
    UCHAR revision;
} acpi_tables[] = {{TABLE_FACP, FACP_BYTES, 6}, {TABLE_DSDT, sizeof(ACPI_HEADER), 2}};

static const ULONG acpi_ids[] = {TABLE_FACP, TABLE_DSDT};
static const ULONG firm_ids[] = {0xC0000, 0xE0000};
static const ULONG rsmb_ids[] = {0};

/* A result of `bytes`: how many, and whether they fit. */
static NTSTATUS give(const VOID *from, ULONG bytes, PVOID to, ULONG room, PULONG returned)
{
    if (returned != NULL)
        *returned = bytes;
    if (to == NULL || room < bytes)
        return STATUS_BUFFER_TOO_SMALL;
    if (from != NULL)
        RtlCopyMemory(to, from, bytes);
    else
        RtlZeroMemory(to, bytes);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExEnumerateSystemFirmwareTables(ULONG FirmwareTableProviderSignature,
                                               PVOID FirmwareTableBuffer, ULONG BufferLength,
                                               PULONG ReturnLength)
{
    PAGED_CODE();
    switch (FirmwareTableProviderSignature) {
    case PROVIDER_ACPI:
        return give(acpi_ids, sizeof acpi_ids, FirmwareTableBuffer, BufferLength, ReturnLength);
    case PROVIDER_FIRM:
        return give(firm_ids, sizeof firm_ids, FirmwareTableBuffer, BufferLength, ReturnLength);
    case PROVIDER_RSMB:
        return give(rsmb_ids, sizeof rsmb_ids, FirmwareTableBuffer, BufferLength, ReturnLength);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

static NTSTATUS give_acpi_table(ULONG id, PVOID to, ULONG room, PULONG returned)
{
    UCHAR table[FACP_BYTES] = {0}, sum = 0;
    ACPI_HEADER *header = (ACPI_HEADER *)table;
    for (ULONG i = 0; i < RTL_NUMBER_OF(acpi_tables); i++) {
        if (acpi_tables[i].signature != id)
            continue;
        *header = (ACPI_HEADER){
            id, acpi_tables[i].bytes, acpi_tables[i].revision, 0, "KILN  ", "MACHINE ", 1, "KILN", 1};
        for (ULONG b = 0; b < header->Length; b++)
            sum = (UCHAR)(sum + table[b]);
        header->Checksum = (UCHAR)(0 - sum);
        return give(table, header->Length, to, room, returned);
    }
    return STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI ExGetSystemFirmwareTable(ULONG FirmwareTableProviderSignature, ULONG FirmwareTableID,
                                        PVOID FirmwareTableBuffer, ULONG BufferLength, PULONG ReturnLength)
{
    PAGED_CODE();
    switch (FirmwareTableProviderSignature) {
    case PROVIDER_ACPI:
        return give_acpi_table(FirmwareTableID, FirmwareTableBuffer, BufferLength, ReturnLength);
    case PROVIDER_FIRM:
        if (FirmwareTableID != firm_ids[0] && FirmwareTableID != firm_ids[1])
            return STATUS_INVALID_PARAMETER;
        return give(NULL, ROM_BYTES, FirmwareTableBuffer, BufferLength, ReturnLength);
    case PROVIDER_RSMB:
        if (FirmwareTableID != 0)
            return STATUS_INVALID_PARAMETER;
        return give(smbios, sizeof smbios, FirmwareTableBuffer, BufferLength, ReturnLength);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}
