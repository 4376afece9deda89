/* SPDX-License-Identifier: MIT */
/*
 * ob/find.c: what a process's handle table holds: a handle for an object, and whether closing a handle is
 * audited.
 */
#include "obi.h"

BOOLEAN NTAPI ObFindHandleForObject(PEPROCESS Process, PVOID Object, POBJECT_TYPE ObjectType,
                                    POBJECT_HANDLE_INFORMATION MatchCriteria, PHANDLE Handle)
{
    PHANDLE_TABLE table = Process->ObjectTable;
    OB_HANDLE_ENTRY entry;
    ULONG cursor = 0;
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    *Handle = NULL;
    while (table && ObEnumerateHandles(table, &cursor, &entry)) {
        ULONG attributes = entry.Attributes & OB_HANDLE_INHERIT ? OBJ_INHERIT : 0;
        BOOLEAN matches =
            (!Object || entry.Object == Object) && (!ObjectType || ObpTypeOf(entry.Object) == ObjectType);
        if (matches && MatchCriteria)
            matches = MatchCriteria->GrantedAccess == entry.GrantedAccess &&
                      (MatchCriteria->HandleAttributes & OBJ_INHERIT) == attributes;
        ObDereferenceObject(entry.Object);
        if (matches) {
            *Handle = entry.Handle;
            return TRUE;
        }
    }
    return FALSE;
}

NTSTATUS NTAPI ObQueryObjectAuditingByHandle(HANDLE Handle, PBOOLEAN GenerateOnClose)
{
    HANDLE index;
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    PHANDLE_TABLE table = ObpTableOfHandle(Handle, KernelMode, &index);
    PHANDLE_TABLE_ENTRY entry = table ? ObpLockHandle(table, index) : NULL;
    if (!entry)
        return STATUS_INVALID_HANDLE;
    ULONG64 low = entry->Low;
    ObpUnlockHandle(entry, low);
    *GenerateOnClose = (ObpEntryAttributes(low) & OB_HANDLE_AUDIT) != 0;
    return STATUS_SUCCESS;
}
