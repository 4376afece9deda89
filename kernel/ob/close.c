/* SPDX-License-Identifier: MIT */
/*
 * ob/close.c: handles end, are copied, and are marked.
 *
 * A close takes the entry out of its table first, so that no second close can find it, and only then tells
 * the type. Closing what is not a handle, or one that is protected, is a bug when kernel mode does it: the
 * checked machine stops with INVALID_KERNEL_HANDLE and names the caller; the unchecked one returns the
 * status, as a user-mode caller gets it.
 */
#include "obi.h"
#include "ntsvc.h"

/* Give back the references that the entry held in advance. The handle's own is left for the caller to drop.
 */
static POBJECT_HEADER take_out(PHANDLE_TABLE table, PHANDLE_TABLE_ENTRY entry, HANDLE handle)
{
    ULONG64 low = entry->Low;
    POBJECT_HEADER header = ObpHeader(ObpEntryPointer(low));
    ULONG cached = ObpEntryCached(low);
    ObpRemoveHandle(table, entry, handle);
    if (cached)
        __atomic_sub_fetch(&header->PointerCount, cached, __ATOMIC_RELAXED);
    return header;
}

static NTSTATUS bad_close(HANDLE handle, KPROCESSOR_MODE mode, BOOLEAN protected, PVOID caller)
{
    if (mode == KernelMode && ObpChecked && handle) {
        KiBugCheckText(
            INVALID_KERNEL_HANDLE, (ULONG_PTR)handle, protected ? 0 : 1, 0, 0, (ULONGLONG)(ULONG_PTR)caller,
            protected
                ? "ZwClose was called for a handle that is protected from being closed."
                : "ZwClose was called for a value that is not an open handle of the kernel or of the current "
                  "process: closed twice, never opened, or a handle of another process.");
    }
    return protected ? STATUS_HANDLE_NOT_CLOSABLE : STATUS_INVALID_HANDLE;
}

static NTSTATUS close_handle(HANDLE handle, KPROCESSOR_MODE mode, PVOID caller)
{
    HANDLE index;
    PHANDLE_TABLE table = ObpTableOfHandle(handle, mode, &index);
    if (!table) {
        if (handle == NtCurrentProcess() || handle == NtCurrentThread())
            return STATUS_SUCCESS;
        return bad_close(handle, mode, FALSE, caller);
    }
    PHANDLE_TABLE_ENTRY entry = ObpLockHandle(table, index);
    if (!entry)
        return bad_close(handle, mode, FALSE, caller);
    ULONG64 low = entry->Low;
    POBJECT_TYPE type = ObpTypeOf(ObpEntryPointer(low));
    if (ObpEntryAttributes(low) & OB_HANDLE_PROTECT) {
        ObpUnlockHandle(entry, low);
        return bad_close(handle, mode, TRUE, caller);
    }
    if (type->TypeInfo.OkayToCloseProcedure) {
        /* Ask without the lock; whoever closes the handle meanwhile wins. */
        PVOID object = ObpEntryPointer(low);
        ObReferenceObject(object);
        ObpUnlockHandle(entry, low);
        BOOLEAN okay = type->TypeInfo.OkayToCloseProcedure(ObpTableProcess(table), object, handle, mode);
        entry = okay ? ObpLockHandle(table, index) : NULL;
        if (entry && ObpEntryPointer(entry->Low) != object) {
            ObpUnlockHandle(entry, entry->Low);
            entry = NULL;
        }
        ObDereferenceObject(object);
        if (!okay)
            return bad_close(handle, mode, TRUE, caller);
        if (!entry)
            return STATUS_INVALID_HANDLE;
    }
    POBJECT_HEADER header = take_out(table, entry, index);
    ObpDecrementHandleCount(header, ObpTableProcess(table));
    ObDereferenceObjectWithTag(header->Body, OB_TAG_HANDLE);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObCloseHandle(HANDLE Handle, KPROCESSOR_MODE PreviousMode)
{
    return close_handle(Handle, PreviousMode, __builtin_return_address(0));
}

NTSTATUS NTAPI NtClose(HANDLE Handle)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return close_handle(Handle, ObpPreviousMode(), __builtin_return_address(0));
}

NTSTATUS NTAPI ZwClose(HANDLE Handle)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KI_ZW(close_handle(Handle, KernelMode, __builtin_return_address(0)));
}

void ObKillProcess(PEPROCESS Process)
{
    PHANDLE_TABLE table = Process->ObjectTable;
    ULONG cursor = 0;
    OB_HANDLE_ENTRY info;
    if (!table)
        return;
    while (ObEnumerateHandles(table, &cursor, &info)) {
        ObDereferenceObject(info.Object);
        PHANDLE_TABLE_ENTRY entry = ObpLockHandle(table, info.Handle);
        if (!entry)
            continue;
        POBJECT_HEADER header = take_out(table, entry, info.Handle);
        ObpDecrementHandleCount(header, Process);
        ObDereferenceObjectWithTag(header->Body, OB_TAG_HANDLE);
    }
}

/* ---------------------------------------------------------------- copies */

NTSTATUS ObInheritHandles(PHANDLE_TABLE Table, PEPROCESS Parent, PEPROCESS Child)
{
    ULONG cursor = 0;
    OB_HANDLE_ENTRY info;
    NTSTATUS status = STATUS_SUCCESS;
    while (NT_SUCCESS(status) && ObEnumerateHandles(Parent->ObjectTable, &cursor, &info)) {
        if (info.Attributes & OB_HANDLE_INHERIT) {
            POBJECT_HEADER header = ObpHeader(info.Object);
            ACCESS_MASK access = info.GrantedAccess;
            status = ObpIncrementHandleCount(ObInheritHandle, header, Child, 0, KernelMode, &access);
            if (NT_SUCCESS(status)) {
                ObReferenceObjectWithTag(info.Object, OB_TAG_HANDLE);
                if (!ObpInsertHandle(Table, header, info.Attributes, access)) {
                    ObpDecrementHandleCount(header, Child);
                    ObDereferenceObjectWithTag(info.Object, OB_TAG_HANDLE);
                    status = STATUS_INSUFFICIENT_RESOURCES;
                }
            }
        }
        ObDereferenceObject(info.Object);
    }
    return status;
}

/* The process a handle names, referenced. */
static NTSTATUS reference_process(HANDLE handle, KPROCESSOR_MODE mode, PEPROCESS *process)
{
    return ObReferenceObjectByHandle(handle, PROCESS_DUP_HANDLE, PspProcessType, mode, (PVOID *)process,
                                     NULL);
}

/* The table and index of a handle value as a process sees it. */
static PHANDLE_TABLE table_in(PEPROCESS process, HANDLE handle, KPROCESSOR_MODE mode, HANDLE *index)
{
    if (mode == KernelMode && ObIsKernelHandle(handle))
        return ObpTableOfHandle(handle, mode, index);
    if ((LONG_PTR)handle < 4 || (ULONG_PTR)handle > 0x7fffffff)
        return NULL;
    *index = handle;
    return process->ObjectTable;
}

static NTSTATUS duplicate(PEPROCESS source, HANDLE handle, PEPROCESS target, PHANDLE new_handle,
                          ACCESS_MASK desired, ULONG attributes, ULONG options, KPROCESSOR_MODE mode)
{
    HANDLE index;
    ACCESS_MASK access;
    ULONG bits = 0;
    POBJECT_HEADER header;
    OB_CALL_LIST calls = {.Count = 0};
    BOOLEAN pseudo = handle == NtCurrentProcess() || handle == NtCurrentThread();

    if (pseudo) {
        PVOID self;
        NTSTATUS status = ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &self, NULL);
        if (!NT_SUCCESS(status))
            return status;
        header = ObpHeader(self);
        access = ObpTypes[header->TypeIndex]->TypeInfo.GenericMapping.GenericAll;
    } else {
        PHANDLE_TABLE table = table_in(source, handle, mode, &index);
        header = table ? ObpReferenceHandle(table, index, &access, &bits) : NULL;
        if (!header)
            return STATUS_INVALID_HANDLE;
        if (ObpTraceEnabled)
            ObpTraceReference(header->Body, OB_DEFAULT_TAG, 1, __builtin_return_address(0));
    }
    PVOID object = header->Body;
    POBJECT_TYPE type = ObpTypes[header->TypeIndex];
    BOOLEAN kernel = (attributes & OBJ_KERNEL_HANDLE) && mode == KernelMode;
    PEPROCESS owner = kernel ? PsInitialSystemProcess : target;
    NTSTATUS status = STATUS_SUCCESS;

    if (!(options & DUPLICATE_SAME_ACCESS)) {
        ACCESS_MASK wanted = desired & MAXIMUM_ALLOWED ? access : desired;
        RtlMapGenericMask(&wanted, &type->TypeInfo.GenericMapping);
        if (wanted & ~access && mode != KernelMode) {
            ACCESS_STATE state;
            AUX_ACCESS_DATA aux;
            status = SeCreateAccessState(&state, &aux, wanted, &type->TypeInfo.GenericMapping);
            if (NT_SUCCESS(status)) {
                ObpCheckObjectAccess(object, &state, mode, &status);
                SeDeleteAccessState(&state);
            }
        }
        access = wanted;
    }
    if (!(options & DUPLICATE_SAME_ATTRIBUTES))
        bits = (attributes & OBJ_INHERIT ? OB_HANDLE_INHERIT : 0) |
               (attributes & OBJ_PROTECT_CLOSE ? OB_HANDLE_PROTECT : 0);
    if (NT_SUCCESS(status) && type->CallbackCount)
        status = ObpCallPreOperation(OB_OPERATION_HANDLE_DUPLICATE, object, kernel, source, target, &access,
                                     &calls);
    if (NT_SUCCESS(status))
        status = ObpIncrementHandleCount(ObDuplicateHandle, header, owner, attributes & OBJ_EXCLUSIVE, mode,
                                         &access);
    if (NT_SUCCESS(status)) {
        PHANDLE_TABLE to = kernel ? ObpKernelHandleTable : target->ObjectTable;
        ObReferenceObjectWithTag(object, OB_TAG_HANDLE);
        HANDLE value = to ? ObpInsertHandle(to, header, bits, access) : NULL;
        if (value) {
            *new_handle = kernel ? (HANDLE)((ULONG_PTR)value | OB_KERNEL_HANDLE_BIT) : value;
        } else {
            ObpDecrementHandleCount(header, owner);
            ObDereferenceObjectWithTag(object, OB_TAG_HANDLE);
            status = to ? STATUS_INSUFFICIENT_RESOURCES : STATUS_PROCESS_IS_TERMINATING;
        }
    }
    if (calls.Count)
        ObpCallPostOperation(OB_OPERATION_HANDLE_DUPLICATE, object, kernel, status, access, &calls);
    ObDereferenceObject(object);
    return status;
}

NTSTATUS NTAPI NtDuplicateObject(HANDLE SourceProcessHandle, HANDLE SourceHandle, HANDLE TargetProcessHandle,
                                 PHANDLE TargetHandle, ACCESS_MASK DesiredAccess, ULONG HandleAttributes,
                                 ULONG Options)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PEPROCESS source, target = NULL;
    HANDLE handle = NULL;

    if (TargetHandle && mode == UserMode) {
        NTSTATUS probed = KiProbeForWrite(TargetHandle, sizeof(HANDLE), sizeof(HANDLE));
        if (!NT_SUCCESS(probed))
            return probed;
    }
    NTSTATUS status = reference_process(SourceProcessHandle, mode, &source);
    if (!NT_SUCCESS(status))
        return status;
    if (TargetProcessHandle && TargetHandle) {
        status = reference_process(TargetProcessHandle, mode, &target);
        if (NT_SUCCESS(status))
            status = duplicate(source, SourceHandle, target, &handle, DesiredAccess, HandleAttributes,
                               Options, mode);
    } else if (!(Options & DUPLICATE_CLOSE_SOURCE)) {
        status = STATUS_INVALID_PARAMETER;
    }
    /* The source is closed whatever became of the copy. */
    if (Options & DUPLICATE_CLOSE_SOURCE) {
        KAPC_STATE apc;
        KeStackAttachProcess(&source->Pcb, &apc);
        NTSTATUS closed = close_handle(SourceHandle, mode, __builtin_return_address(0));
        KeUnstackDetachProcess(&apc);
        if (NT_SUCCESS(status) && !NT_SUCCESS(closed) && !handle)
            status = closed;
    }
    if (NT_SUCCESS(status) && handle) {
        NTSTATUS copied = KiCopyToMode(mode, TargetHandle, &handle, sizeof(handle));
        if (!NT_SUCCESS(copied)) {
            /* Nobody will know its value. */
            KAPC_STATE apc;
            KeStackAttachProcess(&target->Pcb, &apc);
            close_handle(handle, KernelMode, NULL);
            KeUnstackDetachProcess(&apc);
            status = copied;
        }
    }
    if (target)
        ObDereferenceObject(target);
    ObDereferenceObject(source);
    return status;
}

NTSTATUS NTAPI ZwDuplicateObject(HANDLE SourceProcessHandle, HANDLE SourceHandle, HANDLE TargetProcessHandle,
                                 PHANDLE TargetHandle, ACCESS_MASK DesiredAccess, ULONG HandleAttributes,
                                 ULONG Options)
{
    KI_ZW(NtDuplicateObject(SourceProcessHandle, SourceHandle, TargetProcessHandle, TargetHandle,
                            DesiredAccess, HandleAttributes, Options));
}

/* ---------------------------------------------------------------- flags of a handle */

NTSTATUS NTAPI ObSetHandleAttributes(HANDLE Handle, POBJECT_HANDLE_FLAG_INFORMATION Flags,
                                     KPROCESSOR_MODE PreviousMode)
{
    HANDLE index;
    PHANDLE_TABLE table = ObpTableOfHandle(Handle, PreviousMode, &index);
    PHANDLE_TABLE_ENTRY entry = table ? ObpLockHandle(table, index) : NULL;
    if (!entry)
        return STATUS_INVALID_HANDLE;
    ULONG64 low = entry->Low;
    ULONG bits = ObpEntryAttributes(low) & ~(ULONG)(OB_HANDLE_INHERIT | OB_HANDLE_PROTECT);
    bits |= (Flags->Inherit ? OB_HANDLE_INHERIT : 0) | (Flags->ProtectFromClose ? OB_HANDLE_PROTECT : 0);
    low = (low & ~(0xfULL << OB_ENTRY_ATTR_SHIFT)) | (ULONG64)bits << OB_ENTRY_ATTR_SHIFT;
    ObpUnlockHandle(entry, low);
    return STATUS_SUCCESS;
}
