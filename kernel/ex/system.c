/* SPDX-License-Identifier: MIT */
/*
 * Small questions to the executive: time zone and timer resolution, previous mode, processor features,
 * suites, UUIDs, firmware variables. What could differ between hosts is a constant, so that a run does not
 * depend on where it runs. Reference: the pages of the same names.
 */
#include "exinit.h"
#include "exp.h"
#include "ki.h"
#include "mi.h"
#include "trap.h"
#include <nt/rtl.h>

/* ---------------------------------------------------------------- time */

LARGE_INTEGER ExpTimeZoneBias; /* the machine lives in UTC until somebody sets it */

void NTAPI ExSystemTimeToLocalTime(PLARGE_INTEGER SystemTime, PLARGE_INTEGER LocalTime)
{
    LocalTime->QuadPart = SystemTime->QuadPart - ExpTimeZoneBias.QuadPart;
}

void NTAPI ExLocalTimeToSystemTime(PLARGE_INTEGER LocalTime, PLARGE_INTEGER SystemTime)
{
    SystemTime->QuadPart = LocalTime->QuadPart + ExpTimeZoneBias.QuadPart;
}

#define RESOLUTION_COARSEST KI_TICK_100NS
#define RESOLUTION_FINEST   5000

static KSPIN_LOCK resolution_lock;
static ULONG resolution = RESOLUTION_COARSEST;
static ULONG resolution_requests;

/*
 * Timers of the machine are exact whatever the resolution, so only the bookkeeping is real: the resolution in
 * force is the finest asked for until every request was withdrawn.
 */
ULONG NTAPI ExSetTimerResolution(ULONG DesiredTime, BOOLEAN SetResolution)
{
    ULONG Current;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&resolution_lock);
    if (SetResolution) {
        ULONG Wanted = DesiredTime < RESOLUTION_FINEST     ? RESOLUTION_FINEST
                       : DesiredTime > RESOLUTION_COARSEST ? RESOLUTION_COARSEST
                                                           : DesiredTime;
        resolution_requests++;
        if (Wanted < resolution)
            resolution = Wanted;
    } else if (resolution_requests && --resolution_requests == 0) {
        resolution = RESOLUTION_COARSEST;
    }
    Current = resolution;
    KeReleaseSpinLock(&resolution_lock, Irql);
    return Current;
}

void NTAPI ExQueryTimerResolution(PULONG MaximumTime, PULONG MinimumTime, PULONG CurrentTime)
{
    *MaximumTime = RESOLUTION_COARSEST;
    *MinimumTime = RESOLUTION_FINEST;
    *CurrentTime = resolution;
}

/* ---------------------------------------------------------------- the caller, the processor, the product */

KPROCESSOR_MODE NTAPI ExGetPreviousMode(void)
{
    return KiThread()->PreviousMode;
}

BOOLEAN NTAPI ExIsProcessorFeaturePresent(ULONG ProcessorFeature)
{
    /* What every x64 processor that runs the reported version has. */
    static const ULONG64 Features =
        1ULL << PF_COMPARE_EXCHANGE_DOUBLE | 1ULL << PF_MMX_INSTRUCTIONS_AVAILABLE |
        1ULL << PF_XMMI_INSTRUCTIONS_AVAILABLE | 1ULL << PF_RDTSC_INSTRUCTION_AVAILABLE |
        1ULL << PF_PAE_ENABLED | 1ULL << PF_XMMI64_INSTRUCTIONS_AVAILABLE |
        1ULL << PF_SSE_DAZ_MODE_AVAILABLE | 1ULL << PF_NX_ENABLED | 1ULL << PF_SSE3_INSTRUCTIONS_AVAILABLE |
        1ULL << PF_COMPARE_EXCHANGE128 | 1ULL << PF_FASTFAIL_AVAILABLE |
        1ULL << PF_SSSE3_INSTRUCTIONS_AVAILABLE;

    return ProcessorFeature < 64 && (Features >> ProcessorFeature & 1);
}

BOOLEAN NTAPI ExVerifySuite(SUITE_TYPE SuiteType)
{
    return SuiteType == SingleUserTS || SuiteType == TerminalServer;
}

FIRMWARE_TYPE NTAPI ExGetFirmwareType(void)
{
    return FirmwareTypeUefi;
}

BOOLEAN NTAPI ExIsSoftBoot(void)
{
    return FALSE;
}

/* A random (version 4) UUID; on the simulator it follows from the seed. */
NTSTATUS NTAPI ExUuidCreate(UUID *Uuid)
{
    ULONG64 Bits[2];

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    Bits[0] = host_random();
    Bits[1] = host_random();
    __builtin_memcpy(Uuid, Bits, sizeof(*Uuid));
    Uuid->Data3 = (USHORT)((Uuid->Data3 & 0x0FFF) | 0x4000);
    Uuid->Data4[0] = (UCHAR)((Uuid->Data4[0] & 0x3F) | 0x80);
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- firmware variables */

#define VARIABLE_TAG          0x72615646U /* "FVar" */
#define VARIABLE_MAX          32768
#define VARIABLE_NON_VOLATILE 0x1
#define VARIABLE_BOOT_SERVICE 0x2
#define VARIABLE_RUNTIME      0x4
#define VARIABLE_APPEND       0x40
#define VARIABLE_ATTRIBUTES   0x7F

typedef struct _FIRMWARE_VARIABLE {
    LIST_ENTRY Link;
    GUID Vendor;
    ULONG Attributes;
    ULONG Bytes;
    UNICODE_STRING Name;
    UCHAR *Value;
} FIRMWARE_VARIABLE;

static LIST_ENTRY variables = {&variables, &variables};
static FAST_MUTEX variables_mutex;

void ExpInitSystemServices(void)
{
    ExInitializeFastMutex(&variables_mutex);
}

static FIRMWARE_VARIABLE *find_variable(PUNICODE_STRING Name, LPGUID Vendor)
{
    for (PLIST_ENTRY Link = variables.Flink; Link != &variables; Link = Link->Flink) {
        FIRMWARE_VARIABLE *Variable = CONTAINING_RECORD(Link, FIRMWARE_VARIABLE, Link);
        if (__builtin_memcmp(&Variable->Vendor, Vendor, sizeof(*Vendor)) == 0 &&
            RtlEqualUnicodeString(&Variable->Name, Name, FALSE))
            return Variable;
    }
    return NULL;
}

NTSTATUS NTAPI ExGetFirmwareEnvironmentVariable(PUNICODE_STRING VariableName, LPGUID VendorGuid, PVOID Value,
                                                PULONG ValueLength, PULONG Attributes)
{
    NTSTATUS Status = STATUS_SUCCESS;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (VariableName == NULL || VendorGuid == NULL || ValueLength == NULL || VariableName->Length == 0)
        return STATUS_INVALID_PARAMETER;
    ExAcquireFastMutex(&variables_mutex);
    FIRMWARE_VARIABLE *Variable = find_variable(VariableName, VendorGuid);
    if (Variable == NULL) {
        Status = STATUS_VARIABLE_NOT_FOUND;
    } else {
        if (Value == NULL || *ValueLength < Variable->Bytes)
            Status = STATUS_BUFFER_TOO_SMALL;
        else
            __builtin_memcpy(Value, Variable->Value, Variable->Bytes);
        *ValueLength = Variable->Bytes;
        if (Attributes)
            *Attributes = Variable->Attributes;
    }
    ExReleaseFastMutex(&variables_mutex);
    return Status;
}

static void free_variable(FIRMWARE_VARIABLE *Variable)
{
    RemoveEntryList(&Variable->Link);
    ExFreePoolWithTag(Variable, VARIABLE_TAG);
}

NTSTATUS NTAPI ExSetFirmwareEnvironmentVariable(PUNICODE_STRING VariableName, LPGUID VendorGuid, PVOID Value,
                                                ULONG ValueLength, ULONG Attributes)
{
    NTSTATUS Status = STATUS_SUCCESS;
    FIRMWARE_VARIABLE *New = NULL;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (VariableName == NULL || VendorGuid == NULL || VariableName->Length == 0 ||
        ValueLength > VARIABLE_MAX || (Attributes & ~(ULONG)VARIABLE_ATTRIBUTES) ||
        (ValueLength && Value == NULL))
        return STATUS_INVALID_PARAMETER;
    ExAcquireFastMutex(&variables_mutex);
    FIRMWARE_VARIABLE *Old = find_variable(VariableName, VendorGuid);
    ULONG Keep = Old && (Attributes & VARIABLE_APPEND) ? Old->Bytes : 0;
    if (ValueLength) {
        New = MiAllocatePool(NonPagedPoolNx, sizeof(*New) + VariableName->Length + Keep + ValueLength,
                             VARIABLE_TAG, TRUE, NULL);
        if (New == NULL) {
            Status = STATUS_INSUFFICIENT_RESOURCES;
        } else {
            New->Vendor = *VendorGuid;
            New->Attributes = Attributes & ~(ULONG)VARIABLE_APPEND;
            New->Bytes = Keep + ValueLength;
            New->Name.Buffer = (PWCH)(New + 1);
            New->Name.Length = New->Name.MaximumLength = VariableName->Length;
            __builtin_memcpy(New->Name.Buffer, VariableName->Buffer, VariableName->Length);
            New->Value = (UCHAR *)(New + 1) + VariableName->Length;
            if (Keep)
                __builtin_memcpy(New->Value, Old->Value, Keep);
            __builtin_memcpy(New->Value + Keep, Value, ValueLength);
            InsertTailList(&variables, &New->Link);
        }
    } else if (Old == NULL) {
        Status = STATUS_VARIABLE_NOT_FOUND;
    }
    /* No value and no append deletes. */
    if (NT_SUCCESS(Status) && Old && !(ValueLength == 0 && (Attributes & VARIABLE_APPEND)))
        free_variable(Old);
    ExReleaseFastMutex(&variables_mutex);
    return Status;
}

/* ---------------------------------------------------------------- address translation services */

/* They let a device ask the IOMMU for translations; this machine has no IOMMU, and no device can. */
NTSTATUS NTAPI ExInitializeDeviceAts(PDEVICE_OBJECT PhysicalDeviceObject, ULONG Flags)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (PhysicalDeviceObject == NULL)
        return STATUS_INVALID_PARAMETER_1;
    if (Flags != 0)
        return STATUS_INVALID_PARAMETER_2;
    return STATUS_NOT_SUPPORTED;
}
