/* SPDX-License-Identifier: MIT */
/*
 * Loops over the object manager: handles in tables of 10 to a million, and names of five components in directories of 10 to
 * 100,000. Tables and trees are made once for each size and kept until another is asked for.
 *
 * "one" uses the same handle or name every time: what the routine itself costs. "any" goes through many of them in a
 * scattered order: what it costs with the cache misses that a large table brings.
 */
#include <ntifs.h>

#include "bench.h"

#define TAG 'bonB'

NTSYSAPI NTSTATUS NTAPI ObReferenceObjectByName(PUNICODE_STRING name, ULONG attributes, PACCESS_STATE state,
                                                ACCESS_MASK access, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                                                PVOID context, PVOID *object);
NTSYSAPI NTSTATUS NTAPI ZwOpenEvent(PHANDLE handle, ACCESS_MASK access, POBJECT_ATTRIBUTES attributes);

struct bench_loop {
    const char *name;
    NTSTATUS (*run)(ULONG n);
};

static ULONG64 counted_tsc;

/* ---------------------------------------------------------------- a table of handles to one event */

static HANDLE *handles;
static ULONG handle_count;
static PVOID event;

static void close_handles(void)
{
    while (handle_count)
        ZwClose(handles[--handle_count]);
    if (handles)
        ExFreePoolWithTag(handles, TAG);
    handles = NULL;
    if (event)
        ObDereferenceObject(event);
    event = NULL;
}

static NTSTATUS open_handles(ULONG count)
{
    OBJECT_ATTRIBUTES attributes;
    NTSTATUS status;
    if (handle_count == count)
        return STATUS_SUCCESS;
    close_handles();
    handles = ExAllocatePool2(POOL_FLAG_NON_PAGED, count * sizeof(HANDLE), TAG);
    if (!handles)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    status = ZwCreateEvent(&handles[0], EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
    if (!NT_SUCCESS(status))
        return status;
    handle_count = 1;
    status = ObReferenceObjectByHandle(handles[0], 0, *ExEventObjectType, KernelMode, &event, NULL);
    while (NT_SUCCESS(status) && handle_count < count) {
        status = ObOpenObjectByPointer(event, OBJ_KERNEL_HANDLE, NULL, EVENT_ALL_ACCESS, *ExEventObjectType,
                                       KernelMode, &handles[handle_count]);
        if (NT_SUCCESS(status))
            handle_count++;
    }
    return status;
}

static NTSTATUS reference_one(ULONG count, ULONG n)
{
    PVOID object;
    NTSTATUS status = open_handles(count);
    if (!NT_SUCCESS(status))
        return status;
    HANDLE handle = handles[count / 2];
    ULONG64 from = __rdtsc();
    for (ULONG i = 0; i < n; i++)
        if (NT_SUCCESS(ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, *ExEventObjectType, KernelMode, &object,
                                                 NULL)))
            ObDereferenceObject(object);
    counted_tsc = __rdtsc() - from;
    return STATUS_SUCCESS;
}

static NTSTATUS reference_any(ULONG count, ULONG n)
{
    PVOID object;
    ULONG at = 0;
    NTSTATUS status = open_handles(count);
    if (!NT_SUCCESS(status))
        return status;
    ULONG64 from = __rdtsc();
    for (ULONG i = 0; i < n; i++) {
        if (NT_SUCCESS(ObReferenceObjectByHandle(handles[at], EVENT_MODIFY_STATE, *ExEventObjectType, KernelMode,
                                                 &object, NULL)))
            ObDereferenceObject(object);
        at += 611953; /* prime, so that every handle gets its turn */
        at %= count;
    }
    counted_tsc = __rdtsc() - from;
    return STATUS_SUCCESS;
}

static NTSTATUS open_close(ULONG count, ULONG n)
{
    HANDLE handle;
    NTSTATUS status = open_handles(count);
    if (!NT_SUCCESS(status))
        return status;
    ULONG64 from = __rdtsc();
    for (ULONG i = 0; i < n; i++)
        if (NT_SUCCESS(ObOpenObjectByPointer(event, OBJ_KERNEL_HANDLE, NULL, EVENT_ALL_ACCESS, *ExEventObjectType,
                                             KernelMode, &handle)))
            ZwClose(handle);
    counted_tsc = __rdtsc() - from;
    return STATUS_SUCCESS;
}

static NTSTATUS create_close(ULONG count, ULONG n)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    NTSTATUS status = open_handles(count);
    if (!NT_SUCCESS(status))
        return status;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    ULONG64 from = __rdtsc();
    for (ULONG i = 0; i < n; i++)
        if (NT_SUCCESS(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE)))
            ZwClose(handle);
    counted_tsc = __rdtsc() - from;
    return STATUS_SUCCESS;
}

static NTSTATUS reference_one_10(ULONG n) { return reference_one(10, n); }
static NTSTATUS reference_one_10k(ULONG n) { return reference_one(10000, n); }
static NTSTATUS reference_one_1m(ULONG n) { return reference_one(1000000, n); }
static NTSTATUS reference_any_10(ULONG n) { return reference_any(10, n); }
static NTSTATUS reference_any_10k(ULONG n) { return reference_any(10000, n); }
static NTSTATUS reference_any_1m(ULONG n) { return reference_any(1000000, n); }
static NTSTATUS open_close_10(ULONG n) { return open_close(10, n); }
static NTSTATUS open_close_10k(ULONG n) { return open_close(10000, n); }
static NTSTATUS open_close_1m(ULONG n) { return open_close(1000000, n); }
static NTSTATUS create_close_10(ULONG n) { return create_close(10, n); }
static NTSTATUS create_close_10k(ULONG n) { return create_close(10000, n); }
static NTSTATUS create_close_1m(ULONG n) { return create_close(1000000, n); }

/* ---------------------------------------------------------------- a tree of directories */

/*
 * \KilnBench00000\KilnBench00000\KilnBench00000\KilnBench00000\KilnBenchNNNNN: the four directories hold `width` entries
 * each (events, but for the one that leads on).
 */
#define DEPTH    5
#define NAME_LEN 15 /* with its backslash */

static HANDLE *entries;
static ULONG entry_count, tree_width;
static WCHAR path[DEPTH * NAME_LEN + 1];

/* Component `level` of path becomes \KilnBenchNNNNN; the name ends after it. */
static UNICODE_STRING set_component(ULONG level, ULONG number)
{
    static const WCHAR prefix[] = L"\\KilnBench";
    UNICODE_STRING name;
    WCHAR *at = path + level * NAME_LEN;
    for (ULONG i = 0; i < 10; i++)
        at[i] = prefix[i];
    for (ULONG i = NAME_LEN; i-- > 10; number /= 10)
        at[i] = (WCHAR)('0' + number % 10);
    name.Buffer = path;
    name.Length = name.MaximumLength = (USHORT)((level + 1) * NAME_LEN * sizeof(WCHAR));
    return name;
}

static void remove_tree(void)
{
    while (entry_count)
        ZwClose(entries[--entry_count]);
    if (entries)
        ExFreePoolWithTag(entries, TAG);
    entries = NULL;
    tree_width = 0;
}

static NTSTATUS make_entry(ULONG level, ULONG number, BOOLEAN directory)
{
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name = set_component(level, number);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    NTSTATUS status = directory ? ZwCreateDirectoryObject(&entries[entry_count], DIRECTORY_ALL_ACCESS, &attributes)
                                : ZwCreateEvent(&entries[entry_count], EVENT_ALL_ACCESS, &attributes,
                                                NotificationEvent, FALSE);
    if (NT_SUCCESS(status))
        entry_count++;
    return status;
}

static NTSTATUS make_tree(ULONG width)
{
    NTSTATUS status;
    if (tree_width == width)
        return STATUS_SUCCESS;
    close_handles();
    remove_tree();
    entries = ExAllocatePool2(POOL_FLAG_NON_PAGED, (DEPTH * width + 1) * sizeof(HANDLE), TAG);
    if (!entries)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = make_entry(0, 0, TRUE);
    for (ULONG level = 1; level < DEPTH && NT_SUCCESS(status); level++) {
        status = make_entry(level, 0, level + 1 < DEPTH);
        for (ULONG i = 1; i < width && NT_SUCCESS(status); i++)
            status = make_entry(level, i, FALSE);
        set_component(level, 0);
    }
    tree_width = width;
    return status;
}

static NTSTATUS look_up(ULONG width, BOOLEAN any, ULONG attributes, ULONG n)
{
    PVOID object;
    ULONG number = 0;
    NTSTATUS status = make_tree(width);
    UNICODE_STRING name = set_component(DEPTH - 1, 0);
    ULONG64 from = __rdtsc();
    for (ULONG i = 0; i < n && NT_SUCCESS(status); i++) {
        status = ObReferenceObjectByName(&name, attributes, NULL, 0, *ExEventObjectType, KernelMode, NULL, &object);
        if (NT_SUCCESS(status))
            ObDereferenceObject(object);
        if (any) {
            number = (number + 7919) % width;
            set_component(DEPTH - 1, number);
        }
    }
    counted_tsc = __rdtsc() - from;
    return status;
}

static NTSTATUS open_by_name(ULONG width, ULONG n)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    NTSTATUS status = make_tree(width);
    UNICODE_STRING name = set_component(DEPTH - 1, 0);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    ULONG64 from = __rdtsc();
    for (ULONG i = 0; i < n && NT_SUCCESS(status); i++) {
        status = ZwOpenEvent(&handle, EVENT_ALL_ACCESS, &attributes);
        if (NT_SUCCESS(status))
            ZwClose(handle);
    }
    counted_tsc = __rdtsc() - from;
    return status;
}

static NTSTATUS look_up_10(ULONG n) { return look_up(10, FALSE, OBJ_CASE_INSENSITIVE, n); }
static NTSTATUS look_up_10_exact(ULONG n) { return look_up(10, FALSE, 0, n); }
static NTSTATUS look_up_1k(ULONG n) { return look_up(1000, FALSE, OBJ_CASE_INSENSITIVE, n); }
static NTSTATUS look_up_100k(ULONG n) { return look_up(100000, FALSE, OBJ_CASE_INSENSITIVE, n); }
static NTSTATUS look_up_any_10(ULONG n) { return look_up(10, TRUE, OBJ_CASE_INSENSITIVE, n); }
static NTSTATUS look_up_any_1k(ULONG n) { return look_up(1000, TRUE, OBJ_CASE_INSENSITIVE, n); }
static NTSTATUS look_up_any_100k(ULONG n) { return look_up(100000, TRUE, OBJ_CASE_INSENSITIVE, n); }
static NTSTATUS open_by_name_10(ULONG n) { return open_by_name(10, n); }
static NTSTATUS open_by_name_100k(ULONG n) { return open_by_name(100000, n); }

static const struct bench_loop loops[] = {
    {"handle reference, one of 10", reference_one_10},
    {"handle reference, any of 10", reference_any_10},
    {"handle open + close, 10 open", open_close_10},
    {"handle create + close, 10 open", create_close_10},
    {"handle reference, one of 10k", reference_one_10k},
    {"handle reference, any of 10k", reference_any_10k},
    {"handle open + close, 10k open", open_close_10k},
    {"handle create + close, 10k open", create_close_10k},
    {"handle reference, one of 1M", reference_one_1m},
    {"handle reference, any of 1M", reference_any_1m},
    {"handle open + close, 1M open", open_close_1m},
    {"handle create + close, 1M open", create_close_1m},
    {"name lookup, depth 5, one of 10", look_up_10},
    {"name lookup, depth 5, one of 10, exact", look_up_10_exact},
    {"name lookup, depth 5, any of 10", look_up_any_10},
    {"name open + close, depth 5, of 10", open_by_name_10},
    {"name lookup, depth 5, one of 1k", look_up_1k},
    {"name lookup, depth 5, any of 1k", look_up_any_1k},
    {"name lookup, depth 5, one of 100k", look_up_100k},
    {"name lookup, depth 5, any of 100k", look_up_any_100k},
    {"name open + close, depth 5, of 100k", open_by_name_100k},
};

static void loops_end(void)
{
    close_handles();
    remove_tree();
}

#include "loops.h"
