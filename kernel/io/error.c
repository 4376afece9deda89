/* SPDX-License-Identifier: MIT */
/*
 * error.c: error log entries and hard errors.
 *
 * A log entry is handed over at up to DISPATCH_LEVEL and written later by a system worker, which may ask for
 * names. The system event log of this machine is the kernel's message stream. A hard error has nobody to ask:
 * it is answered as if the user had cancelled, so the request fails with the status it had.
 */
#include "iomgr.h"

#define IOP_TAG_LOG 0x724c6f49u /* "IoLr" */

typedef struct _IOP_LOG_ENTRY {
    LIST_ENTRY ListEntry; /* log_lock */
    PVOID object;         /* referenced */
    ULONG size;           /* of the packet */
    IO_ERROR_LOG_PACKET packet;
} IOP_LOG_ENTRY;

static KSPIN_LOCK log_lock;
static LIST_ENTRY log_entries = {&log_entries, &log_entries}; /* log_lock */
static WORK_QUEUE_ITEM log_work;
static BOOLEAN log_queued; /* log_lock */

PVOID NTAPI IoAllocateErrorLogEntry(PVOID IoObject, UCHAR EntrySize)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (!IoObject || EntrySize < sizeof(IO_ERROR_LOG_PACKET) - sizeof(ULONG) ||
        EntrySize > ERROR_LOG_MAXIMUM_SIZE)
        return NULL;
    SIZE_T bytes = sizeof(IOP_LOG_ENTRY) + EntrySize;
    IOP_LOG_ENTRY *entry =
        MiAllocatePool(NonPagedPoolNx, bytes, IOP_TAG_LOG, TRUE, __builtin_return_address(0));
    if (!entry)
        return NULL;
    ObReferenceObject(IoObject);
    entry->object = IoObject;
    entry->size = EntrySize;
    return &entry->packet;
}

static void release(IOP_LOG_ENTRY *entry)
{
    ObDereferenceObject(entry->object);
    ExFreePoolWithTag(entry, IOP_TAG_LOG);
}

VOID NTAPI IoFreeErrorLogEntry(PVOID ElEntry)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    release(CONTAINING_RECORD(ElEntry, IOP_LOG_ENTRY, packet));
}

static void write_entry(IOP_LOG_ENTRY *entry)
{
    char object[128], line[512];
    IOP_TEXT text = {line, sizeof line, 0};
    PIO_ERROR_LOG_PACKET p = &entry->packet;
    IopFormatName(entry->object, object, sizeof object);
    IopAppend(&text, "error log: %s: code 0x%08x, unique 0x%x, status 0x%08x, %s, sequence %u, retries %u",
              object, (ULONG)p->ErrorCode, p->UniqueErrorValue, (ULONG)p->FinalStatus,
              IopMajorFunctionName(p->MajorFunctionCode), p->SequenceNumber, (ULONG)p->RetryCount);
    ULONG words = p->DumpDataSize / sizeof(ULONG);
    if (FIELD_OFFSET(IO_ERROR_LOG_PACKET, DumpData) + p->DumpDataSize <= entry->size)
        for (ULONG i = 0; i < words; i++)
            IopAppend(&text, "%s%08x", i ? " " : ", data ", p->DumpData[i]);
    ULONG at = p->StringOffset;
    for (ULONG i = 0; i < p->NumberOfStrings; i++) {
        PWCH string = (PWCH)((UCHAR *)p + at);
        USHORT length = 0;
        while (at + length + sizeof(WCHAR) <= entry->size && string[length / sizeof(WCHAR)])
            length += sizeof(WCHAR);
        if (at + length + sizeof(WCHAR) > entry->size)
            break;
        UNICODE_STRING u = {length, length, string};
        char ascii[128];
        IopAscii(&u, ascii, sizeof ascii);
        IopAppend(&text, ", \"%s\"", ascii);
        at += length + sizeof(WCHAR);
    }
    IopReport("%s", line);
}

static VOID NTAPI write_entries(PVOID context)
{
    for (;;) {
        KIRQL irql;
        KeAcquireSpinLock(&log_lock, &irql);
        IOP_LOG_ENTRY *entry = NULL;
        if (IsListEmpty(&log_entries))
            log_queued = FALSE;
        else
            entry = CONTAINING_RECORD(RemoveHeadList(&log_entries), IOP_LOG_ENTRY, ListEntry);
        KeReleaseSpinLock(&log_lock, irql);
        if (!entry)
            return;
        write_entry(entry);
        release(entry);
    }
}

VOID NTAPI IoWriteErrorLogEntry(PVOID ElEntry)
{
    KIRQL irql;
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    IOP_LOG_ENTRY *entry = CONTAINING_RECORD(ElEntry, IOP_LOG_ENTRY, packet);
    KeAcquireSpinLock(&log_lock, &irql);
    InsertTailList(&log_entries, &entry->ListEntry);
    BOOLEAN queue = !log_queued;
    log_queued = TRUE;
    KeReleaseSpinLock(&log_lock, irql);
    if (queue) {
        ExInitializeWorkItem(&log_work, write_entries, NULL);
        ExQueueWorkItem(&log_work, DelayedWorkQueue);
    }
}

/* ---------------------------------------------------------------- hard errors */

BOOLEAN NTAPI IoSetThreadHardErrorMode(BOOLEAN EnableHardErrors)
{
    PETHREAD thread = PspCurrentThread();
    BOOLEAN was = !thread->HardErrorsOff;
    thread->HardErrorsOff = !EnableHardErrors;
    return was;
}

VOID NTAPI IoRaiseHardError(PIRP Irp, PVPB Vpb, PDEVICE_OBJECT RealDeviceObject)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (!PspCurrentThread()->HardErrorsOff) {
        char name[128];
        IopFormatName(RealDeviceObject, name, sizeof name);
        IopReport("hard error 0x%08x on device %s: nobody to ask, the request fails",
                  (ULONG)Irp->IoStatus.Status, name);
    }
    IofCompleteRequest(Irp, IO_DISK_INCREMENT);
}

BOOLEAN NTAPI IoRaiseInformationalHardError(NTSTATUS ErrorStatus, PUNICODE_STRING String, PKTHREAD Thread)
{
    char text[128] = "";
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if ((Thread ? CONTAINING_RECORD(Thread, ETHREAD, Tcb) : PspCurrentThread())->HardErrorsOff)
        return FALSE;
    if (String)
        IopAscii(String, text, sizeof text);
    IopReport("informational hard error 0x%08x %s", (ULONG)ErrorStatus, text);
    return TRUE;
}

VOID NTAPI IoSetHardErrorOrVerifyDevice(PIRP Irp, PDEVICE_OBJECT DeviceObject)
{
    if (Irp->Tail.Overlay.Thread)
        Irp->Tail.Overlay.Thread->DeviceToVerify = DeviceObject;
}

PDEVICE_OBJECT NTAPI IoGetDeviceToVerify(PETHREAD Thread)
{
    return Thread->DeviceToVerify;
}

VOID NTAPI IoSetDeviceToVerify(PETHREAD Thread, PDEVICE_OBJECT DeviceObject)
{
    Thread->DeviceToVerify = DeviceObject;
}
