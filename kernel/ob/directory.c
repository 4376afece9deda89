/* SPDX-License-Identifier: MIT */
/*
 * ob/directory.c: object directories, the inner nodes of the namespace.
 *
 * A directory is a hash table of object headers, chained through their name info, under one spin lock (d) of
 * its own. Chains hold names of the same hash bits whatever their case: the hash is of the upper-case name,
 * and the search decides by the caller's attributes. The table grows when it holds a name a bucket, so
 * a lookup costs the same in a directory of ten and of a hundred thousand.
 *
 * The namespace holds one reference to each object in it, and each object in it one reference to its
 * directory.
 *
 * A walk along a path goes from lock to lock: it locks the next directory while it holds the one in which it
 * found it, and references nothing but what it ends at. A directory found in a locked one exists; it cannot
 * be freed while its own lock is held, because its deletion takes the lock once. So the order of the locks of
 * directories is from the root down (a logon session's DosDevices directory, reached by \??, lies below the
 * root as well), and no other code holds two.
 *
 * A temporary object leaves the namespace when its last handle is closed. A lookup that found it meanwhile
 * and is about to open a handle must not lose the name under its feet: it holds the name (NameInfo.Holds,
 * guarded by d), and a removal that meets a hold only leaves a mark; whoever ends the last hold then looks
 * again.
 */
#include "obi.h"
#include "fold.h"
#include "ntsvc.h"

POBJECT_DIRECTORY ObpRootDirectory, ObpDosDevicesDirectory, ObpTypeDirectory;
POBJECT_TYPE ObpDirectoryObjectType;

/* d held */
static inline POBJECT_HEADER find(POBJECT_DIRECTORY directory, PCUNICODE_STRING name, ULONG hash,
                                  BOOLEAN ignore_case)
{
    POBJECT_HEADER header = directory->Buckets ? directory->Buckets[hash & directory->BucketMask] : NULL;
    /* The name lies before the header; in a large directory both come from memory, and should at once. */
    __builtin_prefetch((PVOID)((ULONG_PTR)header - sizeof(OBJECT_HEADER_NAME_INFO)));
    while (header) {
        POBJECT_HEADER_NAME_INFO info = ObpNameInfo(header);
        if (info->Hash == hash && ObpNamesEqual(&info->Name, name, ignore_case))
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

PVOID ObpLookupDirectory(POBJECT_DIRECTORY Directory, PCUNICODE_STRING Name, BOOLEAN CaseInsensitive)
{
    ULONG hash;
    ObpScanComponent(Name->Buffer, Name->Length / sizeof(WCHAR), &hash);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Directory->Lock);
    POBJECT_HEADER header = find(Directory, Name, hash, CaseInsensitive);
    if (header)
        ObReferenceObject(header->Body);
    KeReleaseSpinLock(&Directory->Lock, irql);
    return header ? header->Body : NULL;
}

/* ---------------------------------------------------------------- walking a path */

/* Split the first component off the rest of a name, which may begin with one backslash. FALSE: it is empty.
 */
static inline BOOLEAN next_component(PUNICODE_STRING rest, PUNICODE_STRING component, PULONG hash)
{
    if (rest->Length && rest->Buffer[0] == '\\') {
        rest->Buffer++;
        rest->Length -= sizeof(WCHAR);
    }
    USHORT bytes =
        (USHORT)(ObpScanComponent(rest->Buffer, rest->Length / sizeof(WCHAR), hash) * sizeof(WCHAR));
    component->Buffer = rest->Buffer;
    component->Length = component->MaximumLength = bytes;
    rest->Buffer += bytes / sizeof(WCHAR);
    rest->Length -= bytes;
    return bytes != 0;
}

/* The lock of `from` is handed on to `to`, which is reached from it and so comes after it in order. */
static inline void step(POBJECT_DIRECTORY from, POBJECT_DIRECTORY to)
{
    KeAcquireSpinLockAtDpcLevel(&to->Lock);
    KeReleaseSpinLockFromDpcLevel(&from->Lock);
}

static inline BOOLEAN is_dos_devices(POBJECT_DIRECTORY directory, PCUNICODE_STRING name)
{
    return __builtin_expect(directory == ObpRootDirectory, 0) && name->Length == 2 * sizeof(WCHAR) &&
           name->Buffer[0] == '?' && name->Buffer[1] == '?';
}

NTSTATUS ObpWalkDirectories(POBJECT_DIRECTORY Start, POB_WALK Walk, PVOID *Object)
{
    POBJECT_DIRECTORY directory = Start;
    POBJECT_HEADER header;
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN hold = Walk->Hold;
    ULONG hash;

    Walk->Hold = FALSE;
    Walk->Parent = NULL;
    *Object = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&directory->Lock);
    for (;;) {
        if (!next_component(&Walk->Rest, &Walk->Component, &hash)) {
            status = STATUS_OBJECT_NAME_INVALID;
            break;
        }
        if (is_dos_devices(directory, &Walk->Component)) {
            header = ObpHeader(Walk->Local ? Walk->Local : ObpDosDevicesDirectory);
        } else {
            header = find(directory, &Walk->Component, hash, Walk->IgnoreCase);
            /* What the logon session has no name for of its own, it shares with all; what it makes is its
             * own. */
            if (!header && directory == Walk->Local && (Walk->Rest.Length || !Walk->WantParent)) {
                KeReleaseSpinLockFromDpcLevel(&directory->Lock);
                directory = ObpDosDevicesDirectory;
                KeAcquireSpinLockAtDpcLevel(&directory->Lock);
                header = find(directory, &Walk->Component, hash, Walk->IgnoreCase);
            }
        }
        if (!header) {
            status = Walk->Rest.Length ? STATUS_OBJECT_PATH_NOT_FOUND : STATUS_OBJECT_NAME_NOT_FOUND;
            /* The directory is alive because it is locked; it may be on its way out all the same. */
            if (!Walk->Rest.Length && Walk->WantParent) {
                if (ObReferenceObjectSafe(directory))
                    Walk->Parent = directory;
                else
                    status = STATUS_OBJECT_PATH_NOT_FOUND;
            }
            break;
        }
        if (!Walk->Rest.Length || Walk->OneStep || ObpTypes[header->TypeIndex] != ObpDirectoryObjectType) {
            ObReferenceObject(header->Body);
            if (hold && !Walk->Rest.Length && !ObpTypes[header->TypeIndex]->TypeInfo.ParseProcedure &&
                ObpNameInfo(header)->Directory == directory) {
                ObpNameInfo(header)->Holds++;
                Walk->Hold = TRUE;
            }
            *Object = header->Body;
            break;
        }
        step(directory, (POBJECT_DIRECTORY)header->Body);
        directory = (POBJECT_DIRECTORY)header->Body;
    }
    KeReleaseSpinLock(&directory->Lock, irql);
    return status;
}

BOOLEAN ObpInsertDirectory(POBJECT_DIRECTORY Directory, POBJECT_HEADER Header, BOOLEAN CaseInsensitive)
{
    POBJECT_HEADER_NAME_INFO info = ObpNameInfo(Header);
    ObpScanComponent(info->Name.Buffer, info->Name.Length / sizeof(WCHAR), &info->Hash);
    ObReferenceObjectWithTag(Directory, OB_TAG_NAMESPACE);
    ObReferenceObjectWithTag(Header->Body, OB_TAG_NAMESPACE);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Directory->Lock);
    BOOLEAN taken = find(Directory, &info->Name, info->Hash, CaseInsensitive) != NULL;
    if (!taken) {
        if (!Directory->Buckets) {
            Directory->Buckets = Directory->Inline;
            Directory->BucketMask = OB_INLINE_BUCKETS - 1;
        }
        if (Directory->Count > Directory->BucketMask)
            grow(Directory);
        POBJECT_HEADER *bucket = &Directory->Buckets[info->Hash & Directory->BucketMask];
        info->HashNext = *bucket;
        info->Directory = Directory;
        *bucket = Header;
        Directory->Count++;
        Directory->ListBucket = Directory->ListBefore = 0;
    }
    KeReleaseSpinLock(&Directory->Lock, irql);
    if (taken) {
        ObDereferenceObjectWithTag(Header->Body, OB_TAG_NAMESPACE);
        ObDereferenceObjectWithTag(Directory, OB_TAG_NAMESPACE);
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
    directory->ListBucket = directory->ListBefore = 0;
    KeAcquireSpinLockAtDpcLevel(&info->Lock);
    info->Directory = NULL;
    KeReleaseSpinLockFromDpcLevel(&info->Lock);
}

/* d held: take a temporary object without handles out, unless its name is held. TRUE: it left. */
static BOOLEAN remove_if_unused(POBJECT_DIRECTORY directory, POBJECT_HEADER header,
                                POBJECT_HEADER_NAME_INFO info)
{
    if (header->HandleCount != 0 || header->Flags & OB_FLAG_PERMANENT) {
        info->RemoveWanted = FALSE;
        return FALSE;
    }
    if (info->Holds) {
        info->RemoveWanted = TRUE;
        return FALSE;
    }
    unlink(directory, header, info);
    return TRUE;
}

void ObpReleaseName(PVOID Object)
{
    POBJECT_HEADER header = ObpHeader(Object);
    POBJECT_HEADER_NAME_INFO info = ObpNameInfo(header);
    /* It stays in its directory, and so the directory stays, until the hold ends. */
    POBJECT_DIRECTORY directory = info->Directory;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&directory->Lock);
    info->Holds--;
    BOOLEAN removed = info->RemoveWanted && remove_if_unused(directory, header, info);
    KeReleaseSpinLock(&directory->Lock, irql);
    if (removed) {
        ObDereferenceObjectWithTag(directory, OB_TAG_NAMESPACE);
        ObDereferenceObjectWithTag(Object, OB_TAG_NAMESPACE);
    }
}

void ObpDeleteNameCheck(POBJECT_HEADER Header)
{
    POBJECT_HEADER_NAME_INFO info = ObpNameInfo(Header);
    KIRQL irql;
    if (!info)
        return;
    POBJECT_DIRECTORY directory = lock_directory_of(info, &irql);
    if (!directory)
        return;
    BOOLEAN removed = info->Directory == directory && remove_if_unused(directory, Header, info);
    KeReleaseSpinLock(&directory->Lock, irql);
    ObDereferenceObject(directory);
    if (removed) {
        ObDereferenceObjectWithTag(directory, OB_TAG_NAMESPACE);
        ObDereferenceObjectWithTag(Header->Body, OB_TAG_NAMESPACE);
    }
}

BOOLEAN ObpEnumerateDirectory(POBJECT_DIRECTORY Directory, PULONG Context, PVOID *Object)
{
    POBJECT_HEADER found = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Directory->Lock);
    /* Where the last listing was, if nothing came or went since: listing all is not to be quadratic. */
    BOOLEAN resume = *Context >= Directory->ListBefore;
    ULONG index = resume ? Directory->ListBefore : 0;
    for (ULONG i = resume ? Directory->ListBucket : 0;
         Directory->Buckets && i <= Directory->BucketMask && !found; i++) {
        Directory->ListBucket = i;
        Directory->ListBefore = index;
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
    /* A walk that found the directory empty may still hold its lock. */
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&directory->Lock);
    KeReleaseSpinLock(&directory->Lock, irql);
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
