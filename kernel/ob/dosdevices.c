/* SPDX-License-Identifier: MIT */
/*
 * ob/dosdevices.c: what \?? and \DosDevices mean to whom.
 *
 * Threads of the system account see the global directory, \GLOBAL??. Every other logon session has a
 * directory of its own, \Sessions\0\DosDevices\HHHHHHHH-LLLLLLLL (its authentication id), made when the first
 * name is put into it. Names are created there, looked for there first, and then in the global directory
 * (directory.c does both). windows-driver-docs-pr/kernel/local-and-global-ms-dos-device-names.md
 *
 * The sessions that have a directory form a list under one lock (v), which only grows; a machine has few. The
 * directories are permanent.
 */
#include "obi.h"

#define SYSTEM_LOGON 0x3e7

typedef struct session {
    struct session *next; /* v */
    LUID id;
    POBJECT_DIRECTORY directory; /* referenced */
} session;

static KSPIN_LOCK lock;   /* v: inside no other */
static session *sessions; /* v */

static session *find_session(LUID id)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    session *at = sessions;
    while (at && (at->id.LowPart != id.LowPart || at->id.HighPart != id.HighPart))
        at = at->next;
    KeReleaseSpinLock(&lock, irql);
    return at;
}

/* The logon session of the current thread; of its process, although it impersonates. */
static LUID current_logon(BOOLEAN of_process)
{
    SECURITY_SUBJECT_CONTEXT subject;
    LUID id = {SYSTEM_LOGON, 0};
    SeCaptureSubjectContext(&subject);
    PACCESS_TOKEN token = subject.ClientToken && !of_process ? subject.ClientToken : subject.PrimaryToken;
    if (token)
        SeQueryAuthenticationIdToken(token, &id);
    SeReleaseSubjectContext(&subject);
    return id;
}

static session *make_session(LUID id)
{
    static const WCHAR prefix[] = L"\\Sessions\\0\\DosDevices\\";
    WCHAR text[sizeof(prefix) / sizeof(WCHAR) + 17];
    UNICODE_STRING name = {.Buffer = text, .MaximumLength = sizeof(text)};
    ULONG at = sizeof(prefix) / sizeof(WCHAR) - 1;
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    session *new = ObpAllocate(sizeof(*new), OB_TAG_DIR);
    if (!new)
        return NULL;
    RtlCopyMemory(text, prefix, sizeof(prefix));
    for (LONG shift = 60; shift >= 0; shift -= 4) {
        ULONGLONG value = (ULONGLONG)(ULONG)id.HighPart << 32 | id.LowPart;
        if (shift == 28)
            text[at++] = '-';
        text[at++] = L"0123456789abcdef"[value >> shift & 15];
    }
    name.Length = (USHORT)(at * sizeof(WCHAR));
    InitializeObjectAttributes(&attributes, &name, OBJ_PERMANENT | OBJ_OPENIF | OBJ_KERNEL_HANDLE, NULL,
                               SePublicOpenSd);
    NTSTATUS status = ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes);
    if (NT_SUCCESS(status)) {
        status = ObReferenceObjectByHandle(handle, 0, ObpDirectoryObjectType, KernelMode,
                                           (PVOID *)&new->directory, NULL);
        ZwClose(handle);
    }
    if (!NT_SUCCESS(status)) {
        ObpFree(new, OB_TAG_DIR);
        return NULL;
    }
    new->id = id;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    session *other = sessions;
    while (other && other->directory != new->directory)
        other = other->next;
    if (!other) {
        new->next = sessions;
        __atomic_store_n(&sessions, new, __ATOMIC_RELEASE);
    }
    KeReleaseSpinLock(&lock, irql);
    if (!other)
        return new;
    ObDereferenceObject(new->directory);
    ObpFree(new, OB_TAG_DIR);
    return other;
}

POBJECT_DIRECTORY ObpLocalDosDevices(PCUNICODE_STRING Name, ULONG Attributes, BOOLEAN Create)
{
    if (__builtin_expect(Name->Length < 3 * sizeof(WCHAR) || Name->Buffer[1] != '?' || Name->Buffer[2] != '?',
                         1))
        return NULL;
    if (Name->Length > 3 * sizeof(WCHAR) && Name->Buffer[3] != '\\')
        return NULL;
    if (!Create && !__atomic_load_n(&sessions, __ATOMIC_ACQUIRE))
        return NULL;
    LUID id = current_logon((Attributes & OBJ_IGNORE_IMPERSONATED_DEVICEMAP) != 0);
    if (id.LowPart == SYSTEM_LOGON && id.HighPart == 0)
        return NULL;
    session *own = find_session(id);
    if (!own && Create)
        own = make_session(id);
    if (!own)
        return NULL;
    ObReferenceObject(own->directory);
    return own->directory;
}

NTSTATUS NTAPI ObIsDosDeviceLocallyMapped(ULONG Index, PUCHAR DosDeviceState)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    WCHAR text[] = {L'@' + (WCHAR)Index, L':'};
    UNICODE_STRING drive = {sizeof(text), sizeof(text), text};
    if (Index < 1 || Index > 26)
        return STATUS_INVALID_PARAMETER;
    session *own = find_session(current_logon(FALSE));
    PVOID link = own ? ObpLookupDirectory(own->directory, &drive, TRUE) : NULL;
    *DosDeviceState = link != NULL;
    if (link)
        ObDereferenceObject(link);
    return STATUS_SUCCESS;
}

void ObpInitDosDevices(void)
{
    static const PCWSTR names[] = {L"\\Sessions", L"\\Sessions\\0", L"\\Sessions\\0\\DosDevices"};
    for (ULONG i = 0; i < RTL_NUMBER_OF(names); i++) {
        NTSTATUS status = ObCreatePermanentDirectory(names[i]);
        if (!NT_SUCCESS(status))
            KeBugCheckEx(OBJECT1_INITIALIZATION_FAILED, (ULONG_PTR)status, 1, 0, 0);
    }
}
