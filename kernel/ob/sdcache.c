/* SPDX-License-Identifier: MIT */
/*
 * ob/sdcache.c: security descriptors that many objects share.
 *
 * A logged descriptor is a copy of a self-relative one, counted, found again by its bytes: logging the same
 * bytes twice gives the same copy. Who logs with a bias of n owns n references and gives each back.
 *
 * Lock: s, over the buckets and the counts; nothing is called under it. <= DISPATCH_LEVEL.
 */
#include "obi.h"

#define BUCKETS 64

typedef struct shared_descriptor {
    struct shared_descriptor *next; /* s */
    ULONG hash;
    ULONG bytes;
    LONGLONG references; /* s */
    UCHAR descriptor[] __attribute__((aligned(16)));
} shared_descriptor;

static KSPIN_LOCK lock;                     /* s */
static shared_descriptor *buckets[BUCKETS]; /* s */

static ULONG hash_of(const UCHAR *from, ULONG bytes)
{
    ULONG hash = 2166136261u;
    for (ULONG i = 0; i < bytes; i++)
        hash = (hash ^ from[i]) * 16777619u;
    return hash ^ hash >> 16;
}

/* s held */
static shared_descriptor *find(const void *descriptor, ULONG bytes, ULONG hash)
{
    shared_descriptor *at = buckets[hash % BUCKETS];
    while (at && (at->hash != hash || at->bytes != bytes ||
                  RtlCompareMemory(at->descriptor, descriptor, bytes) != bytes))
        at = at->next;
    return at;
}

NTSTATUS NTAPI ObLogSecurityDescriptor(PSECURITY_DESCRIPTOR InputSecurityDescriptor,
                                       PSECURITY_DESCRIPTOR *OutputSecurityDescriptor, ULONG RefBias)
{
    PISECURITY_DESCRIPTOR_RELATIVE input = InputSecurityDescriptor;
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    *OutputSecurityDescriptor = NULL;
    if (!(input->Control & SE_SELF_RELATIVE) || !RefBias)
        return STATUS_INVALID_PARAMETER;
    ULONG bytes = RtlLengthSecurityDescriptor(input);
    ULONG hash = hash_of((UCHAR *)input, bytes);
    shared_descriptor *new = ObpAllocate(sizeof(*new) + bytes, OB_TAG_SECURITY);
    if (!new)
        return STATUS_INSUFFICIENT_RESOURCES;
    new->hash = hash;
    new->bytes = bytes;
    RtlCopyMemory(new->descriptor, input, bytes);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    shared_descriptor *found = find(new->descriptor, bytes, hash);
    if (!found) {
        new->next = buckets[hash % BUCKETS];
        buckets[hash % BUCKETS] = found = new;
        new = NULL;
    }
    found->references += RefBias;
    KeReleaseSpinLock(&lock, irql);
    if (new)
        ObpFree(new, OB_TAG_SECURITY);
    *OutputSecurityDescriptor = found->descriptor;
    return STATUS_SUCCESS;
}

static shared_descriptor *shared(PSECURITY_DESCRIPTOR descriptor)
{
    return CONTAINING_RECORD(descriptor, shared_descriptor, descriptor);
}

VOID NTAPI ObReferenceSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Count)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    shared(SecurityDescriptor)->references += Count;
    KeReleaseSpinLock(&lock, irql);
}

VOID NTAPI ObDereferenceSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Count)
{
    shared_descriptor *from = shared(SecurityDescriptor);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    from->references -= Count;
    LONGLONG left = from->references;
    if (left <= 0) {
        shared_descriptor **link = &buckets[from->hash % BUCKETS];
        while (*link != from)
            link = &(*link)->next;
        *link = from->next;
    }
    KeReleaseSpinLock(&lock, irql);
    if (left < 0)
        KiBugCheckText(
            REFERENCE_BY_POINTER, 0, (ULONG_PTR)SecurityDescriptor, (ULONG_PTR)left, 0,
            (ULONGLONG)(ULONG_PTR)__builtin_return_address(0),
            "ObDereferenceSecurityDescriptor gave back more references to a security descriptor than were "
            "taken by ObLogSecurityDescriptor and ObReferenceSecurityDescriptor.");
    if (left == 0)
        ObpFree(from, OB_TAG_SECURITY);
}
