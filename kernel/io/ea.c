/* SPDX-License-Identifier: MIT */
/*
 * ea.c: extended attributes and quotas of files: NtQueryEaFile, NtSetEaFile, NtQueryQuotaInformationFile,
 * NtSetQuotaInformationFile.
 *
 * The four services are alike: a list that says what is wanted is captured and checked (the offset of a bad entry is
 * told in IoStatusBlock.Information), the request is sent with the buffer as the device's flags say, and the service
 * waits for it. The lists live in one block that is freed when the request has ended.
 */
#include <nt/io/dirinfo.h>
#include "service.h"

/* Tell the caller where its list is wrong; returns the status. */
static NTSTATUS inconsistent(IOP_SERVICE *s, NTSTATUS status, ULONG offset)
{
    IO_STATUS_BLOCK result = {.Information = offset};
    result.Status = status;
    KiCopyToMode(s->mode, s->block, &result, sizeof result);
    return status;
}

static BOOLEAN sid_fits(const SID *sid, ULONG bytes)
{
    return bytes >= (ULONG)FIELD_OFFSET(SID, SubAuthority) && RtlLengthRequiredSid(sid->SubAuthorityCount) == bytes &&
           RtlValidSid((PSID)sid);
}

NTSTATUS NTAPI IoCheckQuotaBufferValidity(PFILE_QUOTA_INFORMATION QuotaBuffer, ULONG QuotaLength, PULONG ErrorOffset)
{
    const ULONG fixed = FIELD_OFFSET(FILE_QUOTA_INFORMATION, Sid);
    if ((ULONG_PTR)QuotaBuffer % sizeof(ULONG))
        return STATUS_DATATYPE_MISALIGNMENT;
    for (ULONG at = 0;;) {
        PFILE_QUOTA_INFORMATION entry = (PVOID)((PUCHAR)QuotaBuffer + at);
        ULONG left = QuotaLength - at;
        *ErrorOffset = at;
        if (left < fixed + FIELD_OFFSET(SID, SubAuthority) || entry->SidLength > left - fixed ||
            !sid_fits(&entry->Sid, entry->SidLength))
            return STATUS_QUOTA_LIST_INCONSISTENT;
        ULONG next = entry->NextEntryOffset;
        if (next == 0)
            return (LONG)QuotaLength >= 0 ? STATUS_SUCCESS : STATUS_QUOTA_LIST_INCONSISTENT;
        if (next % sizeof(ULONG) || next < fixed + entry->SidLength || next > left)
            return STATUS_QUOTA_LIST_INCONSISTENT;
        at += next;
    }
}

/* A list of names (FILE_GET_EA_INFORMATION): where it is wrong, or ~0. */
static ULONG wrong_name(const UCHAR *list, ULONG bytes)
{
    const ULONG fixed = FIELD_OFFSET(FILE_GET_EA_INFORMATION, EaName);
    for (ULONG at = 0;;) {
        const FILE_GET_EA_INFORMATION *entry = (const void *)(list + at);
        ULONG left = bytes - at;
        if (left < fixed + 1 || fixed + entry->EaNameLength + 1u > left || entry->EaName[entry->EaNameLength])
            return at;
        if (entry->NextEntryOffset == 0)
            return ~0u;
        if (entry->NextEntryOffset != ((fixed + entry->EaNameLength + 1u + 3) & ~3u) || entry->NextEntryOffset > left)
            return at;
        at += entry->NextEntryOffset;
    }
}

/* A list of SIDs (FILE_GET_QUOTA_INFORMATION): where it is wrong, or ~0. */
static ULONG wrong_sid(const UCHAR *list, ULONG bytes)
{
    const ULONG fixed = FIELD_OFFSET(FILE_GET_QUOTA_INFORMATION, Sid);
    for (ULONG at = 0;;) {
        const FILE_GET_QUOTA_INFORMATION *entry = (const void *)(list + at);
        ULONG left = bytes - at;
        if (left < fixed + FIELD_OFFSET(SID, SubAuthority) || entry->SidLength > left - fixed ||
            !sid_fits(&entry->Sid, entry->SidLength))
            return at;
        if (entry->NextEntryOffset == 0)
            return ~0u;
        if (entry->NextEntryOffset % sizeof(ULONG) || entry->NextEntryOffset < fixed + entry->SidLength ||
            entry->NextEntryOffset > left)
            return at;
        at += entry->NextEntryOffset;
    }
}

/* Copy `bytes` of the caller's into a new block. */
static NTSTATUS capture(IOP_SERVICE *s, PVOID from, ULONG bytes, PVOID *to)
{
    PVOID block = ExAllocatePoolWithTag(NonPagedPoolNx, bytes, IOP_TAG_BUFFER);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = KiCopyFromMode(s->mode, block, from, bytes);
    if (!NT_SUCCESS(status))
        ExFreePoolWithTag(block, IOP_TAG_BUFFER);
    else
        *to = block;
    return status;
}

/* File, lock, IRP and buffer of a request: the caller's, or (write) a checked copy of ours, which nobody can change any
 * more. `list` (optional) lives as long as the request. On failure nothing is held, and it is freed. */
static NTSTATUS prepare(IOP_SERVICE *s, HANDLE handle, ACCESS_MASK access, PVOID list, PVOID buffer, ULONG length,
                        BOOLEAN write, PIRP *irp)
{
    NTSTATUS status = IopBeginService(s, handle, access, NULL);
    BOOLEAN begun = FALSE;
    if (NT_SUCCESS(status))
        status = IopLockService(s);
    if (status == STATUS_SUCCESS) {
        begun = TRUE;
        KPROCESSOR_MODE mode = s->mode;
        *irp = IopMakeServiceIrp(s);
        s->mode = write ? KernelMode : mode;
        status = *irp ? IopSetServiceBuffers(s, *irp, buffer, length, write) : STATUS_INSUFFICIENT_RESOURCES;
        s->mode = mode;
    }
    if (status == STATUS_SUCCESS) {
        (*irp)->Tail.Overlay.AuxiliaryBuffer = list;
        return STATUS_SUCCESS;
    }
    if (begun && *irp)
        IopAbandonIrp(*irp);
    if (list)
        ExFreePoolWithTag(list, IOP_TAG_BUFFER);
    return begun ? IopRefuseService(s, status) : status;
}

NTSTATUS NTAPI NtQueryEaFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                             BOOLEAN ReturnSingleEntry, PVOID EaList, ULONG EaListLength, PULONG EaIndex,
                             BOOLEAN RestartScan)
{
    IOP_SERVICE s = {.block = IoStatusBlock, .mode = ExGetPreviousMode()};
    NTSTATUS status = STATUS_SUCCESS;
    PVOID list = NULL;
    ULONG index = 0;
    PIRP irp;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (s.mode == UserMode)
        status = KiProbeForWrite(Buffer, Length, 4);
    if (NT_SUCCESS(status) && EaIndex)
        status = KiCopyFromMode(s.mode, &index, EaIndex, sizeof index);
    if (NT_SUCCESS(status) && EaList && EaListLength) {
        status = capture(&s, EaList, EaListLength, &list);
        ULONG wrong = NT_SUCCESS(status) ? wrong_name(list, EaListLength) : ~0u;
        if (wrong != ~0u) {
            ExFreePoolWithTag(list, IOP_TAG_BUFFER);
            return inconsistent(&s, STATUS_EA_LIST_INCONSISTENT, wrong);
        }
    }
    if (NT_SUCCESS(status))
        status = prepare(&s, FileHandle, FILE_READ_EA, list, Buffer, Length, FALSE, &irp);
    if (status != STATUS_SUCCESS)
        return status;
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    sp->MajorFunction = IRP_MJ_QUERY_EA;
    sp->Flags = (RestartScan ? SL_RESTART_SCAN : 0) | (ReturnSingleEntry ? SL_RETURN_SINGLE_ENTRY : 0) |
                (EaIndex && !list ? SL_INDEX_SPECIFIED : 0);
    sp->Parameters.QueryEa.Length = Length;
    sp->Parameters.QueryEa.EaList = list;
    sp->Parameters.QueryEa.EaListLength = list ? EaListLength : 0;
    sp->Parameters.QueryEa.EaIndex = index;
    return IopCallService(&s, irp, Buffer, Length, FALSE);
}

/* The two set services: capture, check, send. */
static NTSTATUS set_list(HANDLE handle, PIO_STATUS_BLOCK block, PVOID buffer, ULONG length, UCHAR major)
{
    IOP_SERVICE s = {.block = block, .mode = ExGetPreviousMode()};
    BOOLEAN ea = major == IRP_MJ_SET_EA;
    PVOID list;
    ULONG offset;
    PIRP irp;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    NTSTATUS status = capture(&s, buffer, length, &list);
    if (!NT_SUCCESS(status))
        return status;
    status = ea ? IoCheckEaBufferValidity(list, length, &offset) : IoCheckQuotaBufferValidity(list, length, &offset);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(list, IOP_TAG_BUFFER);
        return inconsistent(&s, status, offset);
    }
    status = prepare(&s, handle, ea ? FILE_WRITE_EA : FILE_WRITE_DATA, list, list, length, TRUE, &irp);
    if (status != STATUS_SUCCESS)
        return status;
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    sp->MajorFunction = major;
    sp->Parameters.SetEa.Length = length; /* SetQuota's is at the same place */
    return IopCallService(&s, irp, NULL, 0, TRUE);
}

NTSTATUS NTAPI NtSetEaFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length)
{
    return set_list(FileHandle, IoStatusBlock, Buffer, Length, IRP_MJ_SET_EA);
}

/* SIDs of a query: the list, and behind it, at a ULONG boundary, the SID to start with. */
static NTSTATUS capture_sids(IOP_SERVICE *s, PVOID list, ULONG bytes, PSID start, PVOID *block, PSID *captured_start)
{
    ULONG start_bytes = 0, room = (bytes + 3) & ~3u;
    SID head;
    NTSTATUS status;
    *block = NULL;
    *captured_start = NULL;
    if (!bytes && start) {
        status = KiCopyFromMode(s->mode, &head, start, FIELD_OFFSET(SID, SubAuthority));
        if (!NT_SUCCESS(status))
            return status;
        if (head.SubAuthorityCount > SID_MAX_SUB_AUTHORITIES)
            return STATUS_INVALID_SID;
        start_bytes = RtlLengthRequiredSid(head.SubAuthorityCount);
    }
    if (!(room + start_bytes))
        return STATUS_SUCCESS;
    PUCHAR all = ExAllocatePoolWithTag(NonPagedPoolNx, room + start_bytes, IOP_TAG_BUFFER);
    if (!all)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = KiCopyFromMode(s->mode, all, bytes ? list : start, bytes ? bytes : start_bytes);
    if (NT_SUCCESS(status) && start_bytes && !sid_fits((SID *)all, start_bytes))
        status = STATUS_INVALID_SID;
    ULONG wrong = NT_SUCCESS(status) && bytes ? wrong_sid(all, bytes) : ~0u;
    if (wrong != ~0u)
        status = inconsistent(s, STATUS_QUOTA_LIST_INCONSISTENT, wrong);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(all, IOP_TAG_BUFFER);
        return status;
    }
    *block = all;
    *captured_start = start_bytes ? (PSID)all : NULL;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtQueryQuotaInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                                           ULONG Length, BOOLEAN ReturnSingleEntry, PVOID SidList,
                                           ULONG SidListLength, PSID StartSid, BOOLEAN RestartScan)
{
    IOP_SERVICE s = {.block = IoStatusBlock, .mode = ExGetPreviousMode()};
    NTSTATUS status = STATUS_SUCCESS;
    PVOID block;
    PSID start;
    PIRP irp;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (s.mode == UserMode)
        status = KiProbeForWrite(Buffer, Length, 4);
    if (!SidList)
        SidListLength = 0;
    if (NT_SUCCESS(status))
        status = capture_sids(&s, SidList, SidListLength, StartSid, &block, &start);
    if (NT_SUCCESS(status))
        status = prepare(&s, FileHandle, 0, block, Buffer, Length, FALSE, &irp);
    if (status != STATUS_SUCCESS)
        return status;
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    sp->MajorFunction = IRP_MJ_QUERY_QUOTA;
    sp->Flags = (RestartScan ? SL_RESTART_SCAN : 0) | (ReturnSingleEntry ? SL_RETURN_SINGLE_ENTRY : 0) |
                (start ? SL_INDEX_SPECIFIED : 0);
    sp->Parameters.QueryQuota.Length = Length;
    sp->Parameters.QueryQuota.StartSid = start;
    sp->Parameters.QueryQuota.SidList = SidListLength ? block : NULL;
    sp->Parameters.QueryQuota.SidListLength = SidListLength;
    return IopCallService(&s, irp, Buffer, Length, FALSE);
}

NTSTATUS NTAPI NtSetQuotaInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length)
{
    return set_list(FileHandle, IoStatusBlock, Buffer, Length, IRP_MJ_SET_QUOTA);
}

NTSTATUS NTAPI ZwQueryEaFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                             BOOLEAN ReturnSingleEntry, PVOID EaList, ULONG EaListLength, PULONG EaIndex,
                             BOOLEAN RestartScan)
{
    KI_ZW(NtQueryEaFile(FileHandle, IoStatusBlock, Buffer, Length, ReturnSingleEntry, EaList, EaListLength, EaIndex,
                        RestartScan));
}

NTSTATUS NTAPI ZwSetEaFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length)
{
    KI_ZW(NtSetEaFile(FileHandle, IoStatusBlock, Buffer, Length));
}

NTSTATUS NTAPI ZwQueryQuotaInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                                           ULONG Length, BOOLEAN ReturnSingleEntry, PVOID SidList,
                                           ULONG SidListLength, PSID StartSid, BOOLEAN RestartScan)
{
    KI_ZW(NtQueryQuotaInformationFile(FileHandle, IoStatusBlock, Buffer, Length, ReturnSingleEntry, SidList,
                                      SidListLength, StartSid, RestartScan));
}

NTSTATUS NTAPI ZwSetQuotaInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length)
{
    KI_ZW(NtSetQuotaInformationFile(FileHandle, IoStatusBlock, Buffer, Length));
}
