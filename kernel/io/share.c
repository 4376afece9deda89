/* SPDX-License-Identifier: MIT */
/*
 * share.c: share access: which opens of a file exclude each other.
 *
 * A driver keeps a SHARE_ACCESS per file, under a lock of its own, and the file object remembers what the
 * open asked for. An open conflicts if it wants an access that an earlier open does not share, or does not
 * share an access that an earlier open has. Opens without read, write or delete access neither count nor
 * conflict.
 */
#include "iomgr.h"

static BOOLEAN wants_any(PFILE_OBJECT file)
{
    return file->ReadAccess || file->WriteAccess || file->DeleteAccess;
}

static void note_access(ACCESS_MASK access, PFILE_OBJECT file)
{
    file->ReadAccess = (access & (FILE_EXECUTE | FILE_READ_DATA)) != 0;
    file->WriteAccess = (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    file->DeleteAccess = (access & DELETE) != 0;
}

static void note_share(ULONG share, PFILE_OBJECT file)
{
    file->SharedRead = (share & FILE_SHARE_READ) != 0;
    file->SharedWrite = (share & FILE_SHARE_WRITE) != 0;
    file->SharedDelete = (share & FILE_SHARE_DELETE) != 0;
}

static void add(PFILE_OBJECT file, PSHARE_ACCESS s, LONG sign)
{
    s->OpenCount += sign;
    s->Readers += sign * file->ReadAccess;
    s->Writers += sign * file->WriteAccess;
    s->Deleters += sign * file->DeleteAccess;
    s->SharedRead += sign * file->SharedRead;
    s->SharedWrite += sign * file->SharedWrite;
    s->SharedDelete += sign * file->SharedDelete;
}

static BOOLEAN conflicts(PFILE_OBJECT file, PSHARE_ACCESS s)
{
    ULONG opens = s->OpenCount;
    return (file->ReadAccess && s->SharedRead < opens) || (file->WriteAccess && s->SharedWrite < opens) ||
           (file->DeleteAccess && s->SharedDelete < opens) || (s->Readers && !file->SharedRead) ||
           (s->Writers && !file->SharedWrite) || (s->Deleters && !file->SharedDelete);
}

NTSTATUS NTAPI IoCheckShareAccessEx(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                                    PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess, BOOLEAN Update,
                                    PBOOLEAN WritePermission)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    note_access(DesiredAccess, FileObject);
    if (!wants_any(FileObject))
        return STATUS_SUCCESS;
    note_share(DesiredShareAccess, FileObject);
    if (WritePermission && !*WritePermission)
        FileObject->SharedRead = TRUE; /* who may not write the file cannot keep others from reading it */
    if (conflicts(FileObject, ShareAccess))
        return STATUS_SHARING_VIOLATION;
    if (Update)
        add(FileObject, ShareAccess, 1);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoCheckShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                                  PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess, BOOLEAN Update)
{
    return IoCheckShareAccessEx(DesiredAccess, DesiredShareAccess, FileObject, ShareAccess, Update, NULL);
}

VOID NTAPI IoSetShareAccessEx(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess, PFILE_OBJECT FileObject,
                              PSHARE_ACCESS ShareAccess, PBOOLEAN WritePermission)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    RtlZeroMemory(ShareAccess, sizeof *ShareAccess);
    note_access(DesiredAccess, FileObject);
    if (!wants_any(FileObject))
        return;
    note_share(DesiredShareAccess, FileObject);
    if (WritePermission && !*WritePermission)
        FileObject->SharedRead = TRUE;
    add(FileObject, ShareAccess, 1);
}

VOID NTAPI IoSetShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess, PFILE_OBJECT FileObject,
                            PSHARE_ACCESS ShareAccess)
{
    IoSetShareAccessEx(DesiredAccess, DesiredShareAccess, FileObject, ShareAccess, NULL);
}

VOID NTAPI IoUpdateShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess)
{
    if (wants_any(FileObject))
        add(FileObject, ShareAccess, 1);
}

VOID NTAPI IoRemoveShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess)
{
    if (wants_any(FileObject))
        add(FileObject, ShareAccess, -1);
}
