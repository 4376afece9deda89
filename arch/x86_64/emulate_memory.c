/* SPDX-License-Identifier: MIT */
/*
 * emulate_memory.c: what an emulated instruction reads and writes: KUSER_SHARED_DATA, MMIO windows, ordinary memory.
 *
 * The table of windows is read without a lock at any IRQL and in the middle of driver code; changes publish a window by its
 * end, which is written last and cleared first.
 */
#include "emulatep.h"

/* ---------------------------------------------------------------- the shared user page */

UCHAR KiSharedUserPage[4096] __attribute__((aligned(4096)));

static void put32(ULONG offset, ULONG value)
{
    __builtin_memcpy(KiSharedUserPage + offset, &value, sizeof value);
}

/* Bring the page up to date before it is read: its constants once, its clocks every time. */
static void refresh_shared_page(void)
{
    if (KiSharedUserPage[0x26C] == 0) {
        static const WCHAR root[] = L"C:\\Windows";
        __builtin_memcpy(KiSharedUserPage + 0x30, root, sizeof root); /* NtSystemRoot */
        put32(0x2C, 0x86648664);   /* ImageNumberLow and High: x64 */
        put32(0x244, 0x200000);    /* LargePageMinimum */
        put32(0x260, 22621);       /* NtBuildNumber */
        put32(0x264, NtProductWinNt);
        put32(0x268, 1);           /* ProductTypeIsValid; NativeProcessorArchitecture would follow */
        KiSharedUserPage[0x26A] = 9; /* x64 */
        put32(0x270, 0);           /* NtMinorVersion */
        put32(0x2E8, (ULONG)(host_config()->ram_bytes / KILN_PAGE_SIZE)); /* NumberOfPhysicalPages */
        put32(0x300, (ULONG)host_performance_frequency());                /* QpcFrequency */
        put32(0x26C, 10);          /* NtMajorVersion: last, it says that the rest is there */
    }
    put32(0x3C0, KiProcessorCount); /* ActiveProcessorCount */
    KiSharedUserPage[0x3C4] = (UCHAR)KeQueryActiveGroupCount();
    KiUpdateSharedTime();
}

/* ---------------------------------------------------------------- windows */

#define MAX_WINDOWS 256

static struct window {
    ULONGLONG base;
    volatile ULONGLONG end; /* 0: free. Written last, cleared first: readers take no lock */
    KI_MMIO_ACCESS *access;
    void *context;
} windows[MAX_WINDOWS];
static volatile ULONG window_limit; /* slots that were ever used */
static KSPIN_LOCK window_lock;      /* changes of the table */

static void lock_windows(void)
{
    while (__atomic_exchange_n(&window_lock, 1, __ATOMIC_ACQUIRE))
        host_relax();
}

NTSTATUS KiRegisterMmioWindow(ULONGLONG base, ULONGLONG bytes, KI_MMIO_ACCESS *access, void *context)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    ULONG slot = MAX_WINDOWS;
    KIRQL irql = KiRaise(HIGH_LEVEL);
    lock_windows();
    for (ULONG i = 0; i < MAX_WINDOWS; i++) {
        if (windows[i].end == 0) {
            slot = slot == MAX_WINDOWS ? i : slot;
        } else if (base < windows[i].end && windows[i].base < base + bytes) {
            status = STATUS_CONFLICTING_ADDRESSES;
            goto out;
        }
    }
    if (slot < MAX_WINDOWS) {
        windows[slot].base = base;
        windows[slot].access = access;
        windows[slot].context = context;
        __atomic_store_n(&windows[slot].end, base + bytes, __ATOMIC_RELEASE);
        if (slot >= window_limit)
            window_limit = slot + 1;
        status = STATUS_SUCCESS;
    }
out:
    __atomic_store_n(&window_lock, 0, __ATOMIC_RELEASE);
    KiLower(irql);
    return status;
}

void KiUnregisterMmioWindow(ULONGLONG base)
{
    KIRQL irql = KiRaise(HIGH_LEVEL);
    lock_windows();
    for (ULONG i = 0; i < window_limit; i++)
        if (windows[i].end != 0 && windows[i].base == base)
            __atomic_store_n(&windows[i].end, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&window_lock, 0, __ATOMIC_RELEASE);
    KiLower(irql);
}

static struct window *find_window(ULONGLONG address)
{
    for (ULONG i = 0; i < window_limit; i++)
        if (address < __atomic_load_n(&windows[i].end, __ATOMIC_ACQUIRE) && address >= windows[i].base)
            return &windows[i];
    return NULL;
}

static bool in_shared_page(ULONGLONG address)
{
    return address - KI_USER_SHARED_DATA < sizeof KiSharedUserPage;
}

bool KiIsEmulatedAddress(ULONGLONG address)
{
    return in_shared_page(address) || find_window(address) != NULL;
}

/* ---------------------------------------------------------------- memory */

bool ki_emulated_read(ULONGLONG address, ULONG bytes, void *to)
{
    if (in_shared_page(address)) {
        if (!in_shared_page(address + bytes - 1))
            return false;
        refresh_shared_page();
        __builtin_memcpy(to, KiSharedUserPage + (address - KI_USER_SHARED_DATA), bytes);
        return true;
    }
    struct window *window = find_window(address);
    if (!window)
        return KiSafeRead(to, (const void *)(ULONG_PTR)address, bytes);
    for (ULONG done = 0; done < bytes;) {
        ULONGLONG value = 0;
        ULONG part = bytes - done > 8 ? 8 : bytes - done;
        if (!window->access(window->context, address + done, part, false, &value))
            return false;
        __builtin_memcpy((UCHAR *)to + done, &value, part);
        done += part;
    }
    return true;
}

bool ki_emulated_write(ULONGLONG address, ULONG bytes, const void *from)
{
    if (in_shared_page(address))
        return false; /* read-only to drivers */
    struct window *window = find_window(address);
    if (!window)
        return NT_SUCCESS(KiGuardedCopy((void *)(ULONG_PTR)address, from, bytes));
    for (ULONG done = 0; done < bytes;) {
        ULONGLONG value = 0;
        ULONG part = bytes - done > 8 ? 8 : bytes - done;
        __builtin_memcpy(&value, (const UCHAR *)from + done, part);
        if (!window->access(window->context, address + done, part, true, &value))
            return false;
        done += part;
    }
    return true;
}
