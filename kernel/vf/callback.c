/* SPDX-License-Identifier: MIT */
/*
 * callback.c: bugcheck callbacks of drivers, and the blocks they add to a dump.
 *
 * A record is the driver's memory; while it is registered it is on one of two lists. The lists are guarded by a spin lock
 * taken at HIGH_LEVEL, because registration is allowed at any IRQL; during a bugcheck they are walked without it.
 *
 * When the machine stops: reason callbacks that describe data (triage, secondary, add pages), then the plain callbacks,
 * then the dump I/O callbacks, newest registration first. A callback that has more data is called again. Each runs protected: a callback that faults is named and skipped.
 */
#include "vfp.h"

static KSPIN_LOCK lock;
static LIST_ENTRY plain_list = {&plain_list, &plain_list};
static LIST_ENTRY reason_list = {&reason_list, &reason_list};

static KIRQL acquire(void)
{
    KIRQL irql = KiRaise(HIGH_LEVEL);
    while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
        host_relax();
    return irql;
}

static void release(KIRQL irql)
{
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
    KiLower(irql);
}

static void insert(LIST_ENTRY *list, LIST_ENTRY *entry)
{
    entry->Flink = list->Flink;
    entry->Blink = list;
    list->Flink->Blink = entry;
    list->Flink = entry;
}

static void remove(LIST_ENTRY *entry)
{
    entry->Blink->Flink = entry->Flink;
    entry->Flink->Blink = entry->Blink;
}

static ULONG_PTR plain_checksum(const KBUGCHECK_CALLBACK_RECORD *record)
{
    return (ULONG_PTR)record->CallbackRoutine + (ULONG_PTR)record->Buffer + record->Length +
           (ULONG_PTR)record->Component;
}

static ULONG_PTR reason_checksum(const KBUGCHECK_REASON_CALLBACK_RECORD *record)
{
    return (ULONG_PTR)record->CallbackRoutine + (ULONG_PTR)record->Reason + (ULONG_PTR)record->Component;
}

BOOLEAN NTAPI KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord,
                                         PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine, PVOID Buffer, ULONG Length,
                                         PUCHAR Component)
{
    BOOLEAN done = FALSE;
    KIRQL irql = acquire();
    if (CallbackRecord->State == BufferEmpty) {
        CallbackRecord->CallbackRoutine = CallbackRoutine;
        CallbackRecord->Buffer = Buffer;
        CallbackRecord->Length = Length;
        CallbackRecord->Component = Component;
        CallbackRecord->Checksum = plain_checksum(CallbackRecord);
        CallbackRecord->State = BufferInserted;
        insert(&plain_list, &CallbackRecord->Entry);
        done = TRUE;
    }
    release(irql);
    return done;
}

BOOLEAN NTAPI KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord)
{
    BOOLEAN done = FALSE;
    KIRQL irql = acquire();
    if (CallbackRecord->State == BufferInserted) {
        CallbackRecord->State = BufferEmpty;
        remove(&CallbackRecord->Entry);
        done = TRUE;
    }
    release(irql);
    return done;
}

BOOLEAN NTAPI KeRegisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord,
                                               PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine,
                                               KBUGCHECK_CALLBACK_REASON Reason, PUCHAR Component)
{
    BOOLEAN done = FALSE;
    KIRQL irql = acquire();
    if (CallbackRecord->State == BufferEmpty && Reason > KbCallbackReserved1 && Reason < KbCallbackReserved2) {
        CallbackRecord->CallbackRoutine = CallbackRoutine;
        CallbackRecord->Component = Component;
        CallbackRecord->Reason = Reason;
        CallbackRecord->Checksum = reason_checksum(CallbackRecord);
        CallbackRecord->State = BufferInserted;
        insert(&reason_list, &CallbackRecord->Entry);
        done = TRUE;
    }
    release(irql);
    return done;
}

BOOLEAN NTAPI KeDeregisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord)
{
    BOOLEAN done = FALSE;
    KIRQL irql = acquire();
    if (CallbackRecord->State == BufferInserted) {
        CallbackRecord->State = BufferEmpty;
        remove(&CallbackRecord->Entry);
        done = TRUE;
    }
    release(irql);
    return done;
}

NTSTATUS NTAPI KeAddTriageDumpDataBlock(PKTRIAGE_DUMP_DATA_ARRAY KtriageDumpDataArray, PVOID Address, SIZE_T Size)
{
    PKTRIAGE_DUMP_DATA_ARRAY array = KtriageDumpDataArray;
    if (Size == 0 || !Address)
        return STATUS_INVALID_PARAMETER;
    if (array->NumBlocksUsed >= array->NumBlocksTotal)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (array->MaxDataSize != 0 && (Size > array->MaxDataSize || array->DataSize > array->MaxDataSize - Size))
        return STATUS_BUFFER_OVERFLOW;
    array->Blocks[array->NumBlocksUsed].Address = Address;
    array->Blocks[array->NumBlocksUsed].Size = Size;
    array->NumBlocksUsed++;
    array->DataSize += (ULONG)Size;
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- running them */

#define SECONDARY_BYTES 4096
#define CALLS_AT_MOST   10000 /* of one callback that always wants to be called again */
static UCHAR secondary_buffer[SECONDARY_BYTES];
static UCHAR triage_buffer[FIELD_OFFSET(KTRIAGE_DUMP_DATA_ARRAY, Blocks) + 16 * sizeof(KADDRESS_RANGE)];

static void run_plain(void *argument)
{
    KBUGCHECK_CALLBACK_RECORD *record = argument;
    if (record->State != BufferInserted || record->Checksum != plain_checksum(record))
        return;
    record->State = BufferStarted;
    record->CallbackRoutine(record->Buffer, record->Length);
    record->State = BufferFinished;
}

static void run_reason(void *argument)
{
    KBUGCHECK_REASON_CALLBACK_RECORD *record = argument;
    if (record->State != BufferInserted || record->Checksum != reason_checksum(record))
        return;
    record->State = BufferStarted;
    switch (record->Reason) {
    case KbCallbackSecondaryDumpData:
    case KbCallbackSecondaryMultiPartDumpData: {
        KBUGCHECK_SECONDARY_DUMP_DATA_EX data;
        ULONG bytes = record->Reason == KbCallbackSecondaryDumpData ? sizeof(KBUGCHECK_SECONDARY_DUMP_DATA) : sizeof data;
        __builtin_memset(&data, 0, sizeof data);
        data.InBuffer = secondary_buffer;
        data.InBufferLength = data.MaximumAllowed = SECONDARY_BYTES;
        data.DumpType = DUMP_TYPE_TRIAGE;
        data.BugCheckCode = vf_crash.code;
        data.BugCheckParameter1 = vf_crash.parameter[0];
        data.BugCheckParameter2 = vf_crash.parameter[1];
        data.BugCheckParameter3 = vf_crash.parameter[2];
        data.BugCheckParameter4 = vf_crash.parameter[3];
        for (ULONG calls = 0; calls < CALLS_AT_MOST; calls++) {
            data.Flags = 0;
            data.OutBuffer = NULL;
            data.OutBufferLength = 0;
            record->CallbackRoutine(record->Reason, record, &data, bytes);
            if (bytes != sizeof data || !(data.Flags & KB_SECONDARY_DATA_FLAG_ADDITIONAL_DATA))
                break;
        }
        break;
    }
    case KbCallbackAddPages: {
        KBUGCHECK_ADD_PAGES pages;
        __builtin_memset(&pages, 0, sizeof pages);
        pages.BugCheckCode = vf_crash.code;
        for (ULONG calls = 0; calls < CALLS_AT_MOST; calls++) {
            pages.Flags = 0;
            record->CallbackRoutine(record->Reason, record, &pages, sizeof pages);
            if (!(pages.Flags & KB_ADD_PAGES_FLAG_ADDITIONAL_RANGES_EXIST))
                break;
        }
        break;
    }
    case KbCallbackRemovePages: {
        KBUGCHECK_REMOVE_PAGES pages;
        __builtin_memset(&pages, 0, sizeof pages);
        pages.BugCheckCode = vf_crash.code;
        for (ULONG calls = 0; calls < CALLS_AT_MOST; calls++) {
            pages.Flags = 0;
            record->CallbackRoutine(record->Reason, record, &pages, sizeof pages);
            if (!(pages.Flags & KB_REMOVE_PAGES_FLAG_ADDITIONAL_RANGES_EXIST))
                break;
        }
        break;
    }
    case KbCallbackTriageDumpData: {
        KBUGCHECK_TRIAGE_DUMP_DATA data;
        __builtin_memset(&data, 0, sizeof data);
        data.DataArray = (PKTRIAGE_DUMP_DATA_ARRAY)triage_buffer;
        KeInitializeTriageDumpDataArray(data.DataArray, sizeof triage_buffer);
        data.Flags = KB_TRIAGE_DUMP_DATA_FLAG_BUGCHECK_ACTIVE;
        data.MaxVirtMemSize = SECONDARY_BYTES;
        data.BugCheckCode = vf_crash.code;
        data.BugCheckParameter1 = vf_crash.parameter[0];
        data.BugCheckParameter2 = vf_crash.parameter[1];
        data.BugCheckParameter3 = vf_crash.parameter[2];
        data.BugCheckParameter4 = vf_crash.parameter[3];
        record->CallbackRoutine(record->Reason, record, &data, sizeof data);
        break;
    }
    case KbCallbackDumpIo: {
        KBUGCHECK_DUMP_IO io;
        __builtin_memset(&io, 0, sizeof io);
        io.Offset = ~0ULL;
        io.Type = KbDumpIoComplete; /* no dump is written through drivers */
        record->CallbackRoutine(record->Reason, record, &io, sizeof io);
        break;
    }
    default:
        break;
    }
    record->State = BufferFinished;
}

/* Call run for every record of the list; the links may be damaged. */
static void walk(LIST_ENTRY *list, void (*run)(void *), bool dump_io)
{
    ULONGLONG at = (ULONG_PTR)list->Flink;
    for (unsigned i = 0; i < 1000 && at != (ULONG_PTR)list; i++) {
        ULONGLONG next;
        if (!KiSafeRead64(at, &next))
            return;
        KBUGCHECK_REASON_CALLBACK_RECORD *record = (KBUGCHECK_REASON_CALLBACK_RECORD *)(ULONG_PTR)at;
        if (list == &plain_list || (record->Reason == KbCallbackDumpIo) == dump_io)
            vf_protected(run, record, "a bugcheck callback");
        at = next;
    }
}

void vf_run_callbacks(void)
{
    walk(&reason_list, run_reason, false);
    walk(&plain_list, run_plain, false);
    walk(&reason_list, run_reason, true);
}
