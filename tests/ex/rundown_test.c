/* SPDX-License-Identifier: MIT */
/* Rundown protection, plain and cache-aware. */
#include "exsupport.h"

#define TAG 0x6E776452U /* "Rdwn" */

static EX_RUNDOWN_REF plain;
static PEX_RUNDOWN_REF_CACHE_AWARE aware;
static LONG done, used_after;

KILN_TEST_ONCE(ex_rundown, acquire_fails_after_rundown_until_reinitialised)
{
    ExInitializeRundownProtection(&plain);
    CHECK(ExAcquireRundownProtection(&plain));
    CHECK(ExAcquireRundownProtectionEx(&plain, 3));
    ExReleaseRundownProtectionEx(&plain, 4);
    ExWaitForRundownProtectionRelease(&plain);
    CHECK(!ExAcquireRundownProtection(&plain));
    ExWaitForRundownProtectionRelease(&plain);
    ExRundownCompleted(&plain);
    CHECK(!ExAcquireRundownProtection(&plain));
    ExReInitializeRundownProtection(&plain);
    CHECK(ExAcquireRundownProtection(&plain));
    ExReleaseRundownProtection(&plain);
}

static void NTAPI user(PVOID Context)
{
    BOOLEAN Aware = Context != NULL;
    KIRQL Irql;

    for (;;) {
        /* Code of the kernel's own build is preempted only where it lowers IRQL. */
        KeRaiseIrql(DISPATCH_LEVEL, &Irql);
        KeLowerIrql(Irql);
        if (!(Aware ? ExAcquireRundownProtectionCacheAware(aware) : ExAcquireRundownProtection(&plain)))
            break;
        if (done)
            InterlockedIncrement(&used_after);
        if (Aware)
            ExReleaseRundownProtectionCacheAware(aware);
        else
            ExReleaseRundownProtection(&plain);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void run_down(BOOLEAN Aware)
{
    PVOID Threads[3];

    for (int i = 0; i < 3; i++)
        Threads[i] = start_thread(user, Aware ? &plain : NULL);
    sleep_ms(2);
    if (Aware)
        ExWaitForRundownProtectionReleaseCacheAware(aware);
    else
        ExWaitForRundownProtectionRelease(&plain);
    done = 1;
    for (int i = 0; i < 3; i++)
        join_thread(Threads[i]);
    CHECK_EQ(used_after, 0);
}

KILN_TEST(ex_rundown, nobody_uses_the_object_after_the_wait)
{
    ExInitializeRundownProtection(&plain);
    run_down(FALSE);
}

KILN_TEST(ex_rundown, nobody_uses_the_object_after_the_wait_cache_aware)
{
    aware = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, TAG);
    CHECK(aware != NULL);
    run_down(TRUE);
    ExReInitializeRundownProtectionCacheAware(aware);
    CHECK(ExAcquireRundownProtectionCacheAwareEx(aware, 2));
    ExReleaseRundownProtectionCacheAwareEx(aware, 2);
    ExRundownCompletedCacheAware(aware);
    CHECK(!ExAcquireRundownProtectionCacheAware(aware));
    ExFreeCacheAwareRundownProtection(aware);
}

static KEVENT held;

static void NTAPI holder(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    CHECK(ExAcquireRundownProtection(&plain));
    KeSetEvent(&held, 0, FALSE);
    sleep_ms(50);
    done = 1;
    ExReleaseRundownProtection(&plain);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(ex_rundown, the_wait_lasts_until_the_last_release)
{
    ExInitializeRundownProtection(&plain);
    KeInitializeEvent(&held, NotificationEvent, FALSE);
    PVOID Thread = start_thread(holder, NULL);
    KeWaitForSingleObject(&held, Executive, KernelMode, FALSE, NULL);
    ExWaitForRundownProtectionRelease(&plain);
    CHECK_EQ(done, 1);
    join_thread(Thread);
}
