/* SPDX-License-Identifier: MIT */
/*
 * ob/directory.c: object directories, the inner nodes of the namespace.
 *
 * A directory is a hash table of object headers, chained through their name info, under one spin lock (d) of
 * its own. Chains hold names of the same hash bits whatever their case: the hash is of the upper-case name,
 * and the search decides by the caller's attributes. The table doubles when it holds four names a bucket, so
 * a lookup costs the same in a directory of ten and of a hundred thousand.
 *
 * The namespace holds one reference to each object in it, and each object in it one reference to its
 * directory.
 *
 * A temporary object leaves the namespace when its last handle is closed. A lookup that found it meanwhile
 * and is about to open a handle must not lose the name under its feet: it holds the name (NameInfo.Holds,
 * guarded by d), and a removal that meets a hold only leaves a mark; whoever ends the last hold then looks
 * again.
 */
#include "obi.h"
#include "ntsvc.h"

POBJECT_DIRECTORY ObpRootDirectory, ObpDosDevicesDirectory, ObpTypeDirectory;
POBJECT_TYPE ObpDirectoryObjectType;

static inline WCHAR upcase(WCHAR c)
{
    if (c < 0x80)
        return (WCHAR)(c - ((c >= 'a' && c <= 'z') ? 0x20 : 0));
    return RtlUpcaseUnicodeChar(c);
}

ULONG ObpHashName(PCUNICODE_STRING Name)
{
    ULONG hash = 0;
    for (ULONG i = 0; i < Name->Length / sizeof(WCHAR); i++)
        hash = (hash ^ upcase(Name->Buffer[i])) * 0x01000193u;
    return hash ^ hash >> 15;
}

static BOOLEAN names_equal(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case)
{
    if (a->Length != b->Length)
        return FALSE;
    for (ULONG i = 0; i < a->Length / sizeof(WCHAR); i++) {
        WCHAR x = a->Buffer[i], y = b->Buffer[i];
        if (x != y && (!ignore_case || upcase(x) != upcase(y)))
            return FALSE;
    }
    return TRUE;
}

/* d held */
static POBJECT_HEADER find(POBJECT_DIRECTORY directory, PCUNICODE_STRING name, ULONG hash,
                           BOOLEAN ignore_case)
{
    POBJECT_HEADER header = directory->Buckets ? directory->Buckets[hash & directory->BucketMask] : NULL;
    while (header) {
        POBJECT_HEADER_NAME_INFO info = ObpNameInfo(header);
        if (info->Hash == hash && names_equal(&info->Name, name, ignore_case))
            return header;
        header = info->HashNext;
    }
    return NULL;
}

/* d held. Failing to grow is harmless. */
static void grow(POBJECT_DIRECTORY directory)
{
    ULONG buckets = (directory->BucketMask + 1) * 4;
    POBJECT_HEADER *table = ObpAllocate(buckets * sizeof(*table), OB_TAG_DIR);
    if (!table)
        return;
    for (ULONG i = 0; i <= directory->BucketMask; i++) {
        for (POBJECT_HEADER header = directory->Buckets[i], next; header; header = next) {
            POBJECT_HEADER_NAME_INFO info = ObpNameInfo(header);
            next = info->HashNext;
            info->HashNext = table[info->Hash & (buckets - 1)];
            table[info->Hash & (buckets - 1)] = header;
        }
    }
    if (directory->Buckets != directory->Inline)
        ObpFree(directory->Buckets, OB_TAG_DIR);
    directory->Buckets = table;
    directory->BucketMask = buckets - 1;
}

PVOID ObpLookupDirectory(POBJECT_DIRECTORY Directory, PCUNICODE_STRING Name, BOOLEAN CaseInsensitive,
                         PBOOLEAN Hold)
{
    BOOLEAN hold = *Hold;
    *Hold = FALSE;
    /* The DosDevices view of this session: every process has the global one. */
    if (Directory == ObpRootDirectory && Name->Length == 2 * sizeof(WCHAR) && Name->Buffer[0] == '?' &&
        Name->Buffer[1] == '?' && ObpDosDevicesDirectory) {
        ObReferenceObject(ObpDosDevicesDirectory);
        return ObpDosDevicesDirectory;
    }
    ULONG hash = ObpHashName(Name);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Directory->Lock);
    POBJECT_HEADER header = find(Directory, Name, hash, CaseInsensitive);
    if (header) {
        ObReferenceObject(header->Body);
        if (hold && !ObpTypes[header->TypeIndex]->TypeInfo.ParseProcedure) {
            ObpNameInfo(header)->Holds++;
            *Hold = TRUE;
        }
    }
    KeReleaseSpinLock(&Directory->Lock, irql);
    return header ? header->Body : NULL;
}

BOOLEAN ObpInsertDirectory(POBJECT_DIRECTORY Directory, POBJECT_HEADER Header, BOOLEAN CaseInsensitive)
{
    POBJECT_HEADER_NAME_INFO info = ObpNameInfo(Header);
    info->Hash = ObpHashName(&info->Name);
    ObReferenceObject(Directory);
    ObReferenceObject(Header->Body);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Directory->Lock);
    BOOLEAN taken = find(Directory, &info->Name, info->Hash, CaseInsensitive) != NULL;
    if (!taken) {
        if (!Directory->Buckets) {
            Directory->Buckets = Directory->Inline;
            Directory->BucketMask = OB_INLINE_BUCKETS - 1;
        }
        if (Directory->Count >= 4 * (Directory->BucketMask + 1))
            grow(Directory);
        POBJECT_HEADER *bucket = &Directory->Buckets[info->Hash & Directory->BucketMask];
        info->HashNext = *bucket;
        info->Directory = Directory;
        *bucket = Header;
        Directory->Count++;
    }
    KeReleaseSpinLock(&Directory->Lock, irql);
    if (taken) {
        ObDereferenceObject(Header->Body);
        ObDereferenceObject(Directory);
    }
    return !taken;
}

/*
 * Lock the directory an object is in; NULL if it is in none. An object that left never comes back, but the
 * directory it left may be deleted at once: info.Lock keeps the pointer good until the directory is
 * referenced.
 */
static POBJECT_DIRECTORY lock_directory_of(POBJECT_HEADER_NAME_INFO info, KIRQL *irql)
{
    *irql = KeAcquireSpinLockRaiseToDpc(&info->Lock);
    POBJECT_DIRECTORY directory = info->Directory;
    if (directory)
        ObReferenceObject(directory);
    KeReleaseSpinLock(&info->Lock, *irql);
    if (directory)
        *irql = KeAcquireSpinLockRaiseToDpc(&directory->Lock);
    return directory;
}

/* d held: unlink. The namespace's two references are the caller's to drop after unlocking. */
static void unlink(POBJECT_DIRECTORY directory, POBJECT_HEADER header, POBJECT_HEADER_NAME_INFO info)
{
    POBJECT_HEADER *link = &directory->Buckets[info->Hash & directory->BucketMask];
    while (*link != header)
        link = &ObpNameInfo(*link)->HashNext;
    *link = info->HashNext;
    directory->Count--;
    KeAcquireSpinLockAtDpcLevel(&info->Lock);
    info->Directory = NULL;
    KeReleaseSpinLockFromDpcLevel(&info->Lock);
}

static void release_or_remove(POBJECT_HEADER header, BOOLEAN release)
{
    POBJECT_HEADER_NAME_INFO info = ObpNameInfo(header);
    KIRQL irql;
    if (!info)
        return;
    POBJECT_DIRECTORY directory = lock_directory_of(info, &irql);
    if (!directory)
        return;
    BOOLEAN removed = FALSE;
    BOOLEAN wanted = !release;
    if (info->Directory == directory) {
        if (release) {
            info->Holds--;
            wanted = info->RemoveWanted;
        }
        if (wanted && header->HandleCount == 0 && !(header->Flags & OB_FLAG_PERMANENT)) {
            if (info->Holds) {
                info->RemoveWanted = TRUE;
            } else {
                unlink(directory, header, info);
                removed = TRUE;
            }
        } else {
            info->RemoveWanted = FALSE;
        }
    }
    KeReleaseSpinLock(&directory->Lock, irql);
    ObDereferenceObject(directory);
    if (removed) {
        ObDereferenceObject(directory);
        ObDereferenceObject(header->Body);
    }
}

void ObpReleaseName(PVOID Object)
{
    release_or_remove(ObpHeader(Object), TRUE);
}

void ObpDeleteNameCheck(POBJECT_HEADER Header)
{
    release_or_remove(Header, FALSE);
}

BOOLEAN ObpEnumerateDirectory(POBJECT_DIRECTORY Directory, PULONG Context, PVOID *Object)
{
    ULONG index = 0;
    POBJECT_HEADER found = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Directory->Lock);
    for (ULONG i = 0; Directory->Buckets && i <= Directory->BucketMask && !found; i++) {
        for (POBJECT_HEADER header = Directory->Buckets[i]; header; header = ObpNameInfo(header)->HashNext) {
            if (index++ == *Context) {
                ObReferenceObject(header->Body);
                found = header;
                break;
            }
        }
    }
    KeReleaseSpinLock(&Directory->Lock, irql);
    if (!found)
        return FALSE;
    ++*Context;
    *Object = found->Body;
    return TRUE;
}

void ObpDeleteDirectory(PVOID Object)
{
    POBJECT_DIRECTORY directory = Object;
    if (directory->Buckets && directory->Buckets != directory->Inline)
        ObpFree(directory->Buckets, OB_TAG_DIR);
}

/* ---------------------------------------------------------------- native services */

NTSTATUS NTAPI NtCreateDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                       POBJECT_ATTRIBUTES ObjectAttributes)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PVOID directory;
    NTSTATUS status = ObpProbeHandle(DirectoryHandle, mode);
    if (!NT_SUCCESS(status))
        return status;
    status = ObCreateObject(mode, ObpDirectoryObjectType, ObjectAttributes, mode, NULL,
                            sizeof(struct _OBJECT_DIRECTORY), 0, 0, &directory);
    if (!NT_SUCCESS(status))
        return status;
    return ObpInsertAndReturn(directory, DesiredAccess, DirectoryHandle, mode);
}

NTSTATUS NTAPI NtOpenDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                     POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenAndReturn(ObpDirectoryObjectType, DirectoryHandle, DesiredAccess, ObjectAttributes);
}

/* How many of the next entries fit into `length` bytes, with their names behind them. */
static NTSTATUS count_entries(POBJECT_DIRECTORY directory, ULONG context, ULONG length, BOOLEAN single,
                              ULONG *count, ULONG *needed)
{
    PVOID object;
    *count = 0;
    *needed = sizeof(OBJECT_DIRECTORY_INFORMATION); /* the terminating, empty entry */
    while (ObpEnumerateDirectory(directory, &context, &object)) {
        ULONG bytes = sizeof(OBJECT_DIRECTORY_INFORMATION) + ObpNameInfo(ObpHeader(object))->Name.Length +
                      ObpTypeOf(object)->Name.Length + 2 * sizeof(WCHAR);
        ObDereferenceObject(object);
        if (*needed + bytes > length) {
            if (*count == 0)
                *needed += bytes;
            return *count ? STATUS_MORE_ENTRIES : STATUS_BUFFER_TOO_SMALL;
        }
        *needed += bytes;
        ++*count;
        if (single)
            return STATUS_SUCCESS;
    }
    return *count ? STATUS_SUCCESS : STATUS_NO_MORE_ENTRIES;
}

static PWCH place_string(PUNICODE_STRING to, PCUNICODE_STRING from, PWCH at, UCHAR *base, PVOID user)
{
    to->Length = from->Length;
    to->MaximumLength = (USHORT)(from->Length + sizeof(WCHAR));
    to->Buffer = (PWCH)((UCHAR *)user + ((UCHAR *)at - base));
    RtlCopyMemory(at, from->Buffer, from->Length);
    at[from->Length / sizeof(WCHAR)] = 0;
    return at + from->Length / sizeof(WCHAR) + 1;
}

NTSTATUS NTAPI NtQueryDirectoryObject(HANDLE DirectoryHandle, PVOID Buffer, ULONG Length,
                                      BOOLEAN ReturnSingleEntry, BOOLEAN RestartScan, PULONG Context,
                                      PULONG ReturnLength)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    POBJECT_DIRECTORY directory;
    ULONG context = 0, count, needed;
    POBJECT_DIRECTORY_INFORMATION info = NULL;
    NTSTATUS status;

    if (mode == UserMode) {
        status = KiProbeForWrite(Buffer, Length, sizeof(WCHAR));
        if (!NT_SUCCESS(status))
            return status;
    }
    status = KiCopyFromMode(mode, &context, Context, sizeof(context));
    if (!NT_SUCCESS(status))
        return status;
    if (RestartScan)
        context = 0;
    status = ObReferenceObjectByHandle(DirectoryHandle, DIRECTORY_QUERY, ObpDirectoryObjectType, mode,
                                       (PVOID *)&directory, NULL);
    if (!NT_SUCCESS(status))
        return status;

    NTSTATUS result = count_entries(directory, context, Length, ReturnSingleEntry, &count, &needed);
    if (NT_SUCCESS(result) && result != STATUS_NO_MORE_ENTRIES) {
        info = ObpAllocate(needed, OB_TAG_DIR);
        if (!info) {
            result = STATUS_INSUFFICIENT_RESOURCES;
            goto out;
        }
        PWCH text = (PWCH)(info + count + 1);
        UCHAR *end = (UCHAR *)info + needed;
        for (ULONG i = 0; i < count; i++) {
            PVOID object;
            if (!ObpEnumerateDirectory(directory, &context, &object))
                break;
            PUNICODE_STRING name = &ObpNameInfo(ObpHeader(object))->Name, type = &ObpTypeOf(object)->Name;
            /* The directory may have changed since it was measured: what does not fit is left for the next
             * call. */
            if ((UCHAR *)text + name->Length + type->Length + 2 * sizeof(WCHAR) > end) {
                ObDereferenceObject(object);
                context--;
                result = STATUS_MORE_ENTRIES;
                break;
            }
            text = place_string(&info[i].Name, name, text, (UCHAR *)info, Buffer);
            text = place_string(&info[i].TypeName, type, text, (UCHAR *)info, Buffer);
            ObDereferenceObject(object);
        }
        status = KiCopyToMode(mode, Buffer, info, needed);
        if (NT_SUCCESS(status))
            status = KiCopyToMode(mode, Context, &context, sizeof(context));
        if (!NT_SUCCESS(status))
            result = status;
    }
    if (ReturnLength) {
        status = KiCopyToMode(mode, ReturnLength, &needed, sizeof(needed));
        if (!NT_SUCCESS(status))
            result = status;
    }
out:
    if (info)
        ObpFree(info, OB_TAG_DIR);
    ObDereferenceObject(directory);
    return result;
}

NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                       POBJECT_ATTRIBUTES ObjectAttributes)
{
    KI_ZW(NtCreateDirectoryObject(DirectoryHandle, DesiredAccess, ObjectAttributes));
}

NTSTATUS NTAPI ZwOpenDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                     POBJECT_ATTRIBUTES ObjectAttributes)
{
    KI_ZW(NtOpenDirectoryObject(DirectoryHandle, DesiredAccess, ObjectAttributes));
}

NTSTATUS NTAPI ZwQueryDirectoryObject(HANDLE DirectoryHandle, PVOID Buffer, ULONG Length,
                                      BOOLEAN ReturnSingleEntry, BOOLEAN RestartScan, PULONG Context,
                                      PULONG ReturnLength)
{
    KI_ZW(NtQueryDirectoryObject(DirectoryHandle, Buffer, Length, ReturnSingleEntry, RestartScan, Context,
                                 ReturnLength));
}
