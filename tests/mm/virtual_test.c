/* SPDX-License-Identifier: MIT */
/* Virtual memory services of user processes. */
#include <ntifs.h>
#include "mi.h"
#include "psp.h"
#include "harness.h"

#define SELF ((HANDLE)(LONG_PTR)-1)

KILN_TEST_ONCE(mm_virtual, reserve_commit_decommit_release)
{
    PVOID Base = NULL, At;
    SIZE_T Bytes = 0x30001;

    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &Base, 0, &Bytes, MEM_RESERVE, PAGE_READWRITE), STATUS_SUCCESS);
    CHECK_EQ(Bytes, 0x31000);
    CHECK_EQ((ULONG_PTR)Base & 0xFFFF, 0);
    CHECK((ULONG_PTR)Base < MmUserProbeAddress);
    CHECK_EQ(MiClassifyAddress(Base, NULL), MiAddressUserUnmapped);
    At = (UCHAR *)Base + 0x1010;
    Bytes = 0x1000;
    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &At, 0, &Bytes, MEM_COMMIT, PAGE_READWRITE), STATUS_SUCCESS);
    CHECK_EQ(At, (UCHAR *)Base + 0x1000);
    CHECK_EQ(Bytes, 0x2000);
    CHECK_EQ(((UCHAR *)Base)[0x1234], 0);
    ((UCHAR *)Base)[0x2FFF] = 7;
    Bytes = 0x1000;
    CHECK_EQ(ZwFreeVirtualMemory(SELF, &At, &Bytes, MEM_DECOMMIT), STATUS_SUCCESS);
    CHECK_EQ(((UCHAR *)Base)[0x2FFF], 7);
    Bytes = 0;
    CHECK_EQ(ZwFreeVirtualMemory(SELF, &Base, &Bytes, MEM_RELEASE), STATUS_SUCCESS);
    CHECK_EQ(Bytes, 0x31000);
    Bytes = 0;
    CHECK_EQ(ZwFreeVirtualMemory(SELF, &Base, &Bytes, MEM_RELEASE), STATUS_MEMORY_NOT_ALLOCATED);
}

KILN_TEST_ONCE(mm_virtual, bad_arguments_are_refused)
{
    PVOID Base = NULL;
    SIZE_T Bytes = 0;

    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &Base, 0, &Bytes, MEM_COMMIT, PAGE_READWRITE),
             STATUS_INVALID_PARAMETER_4);
    Bytes = 0x1000;
    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &Base, 0, &Bytes, MEM_COMMIT, 0x1234),
             STATUS_INVALID_PAGE_PROTECTION);
    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &Base, 0, &Bytes, 0, PAGE_READWRITE), STATUS_INVALID_PARAMETER_5);
    Base = (PVOID)(KILN_USER_BASE + 0x5000000);
    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &Base, 0, &Bytes, MEM_COMMIT, PAGE_READWRITE),
             STATUS_CONFLICTING_ADDRESSES);
    CHECK_EQ(ZwFreeVirtualMemory(SELF, &Base, &Bytes, 0x77), STATUS_INVALID_PARAMETER_4);
}

KILN_TEST_ONCE(mm_virtual, two_reservations_cannot_share_addresses)
{
    PVOID First = NULL, Second;
    SIZE_T Bytes = 0x20000, Zero = 0;

    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &First, 0, &Bytes, MEM_RESERVE, PAGE_NOACCESS), STATUS_SUCCESS);
    Second = (UCHAR *)First + 0x10000;
    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &Second, 0, &Bytes, MEM_RESERVE, PAGE_NOACCESS),
             STATUS_CONFLICTING_ADDRESSES);
    CHECK_EQ(ZwFreeVirtualMemory(SELF, &First, &Zero, MEM_RELEASE), STATUS_SUCCESS);
    Bytes = 0x10000;
    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &Second, 0, &Bytes, MEM_RESERVE, PAGE_NOACCESS), STATUS_SUCCESS);
    Zero = 0;
    CHECK_EQ(ZwFreeVirtualMemory(SELF, &Second, &Zero, MEM_RELEASE), STATUS_SUCCESS);
}

KILN_TEST_ONCE(mm_virtual, secured_memory_cannot_be_freed_or_made_less_accessible)
{
    PVOID Base = NULL;
    SIZE_T Bytes = 0x2000, Zero = 0;

    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &Base, 0, &Bytes, MEM_COMMIT, PAGE_READWRITE), STATUS_SUCCESS);
    HANDLE Secure = MmSecureVirtualMemory(Base, 0x1000, PAGE_READWRITE);
    CHECK(Secure != NULL);
    CHECK(!NT_SUCCESS(ZwFreeVirtualMemory(SELF, &Base, &Zero, MEM_RELEASE)));
    ((UCHAR *)Base)[0] = 1;
    MmUnsecureVirtualMemory(Secure);
    CHECK_EQ(MmSecureVirtualMemory((UCHAR *)Base + 0x3000, 0x1000, PAGE_READONLY), NULL);
    CHECK_EQ(ZwFreeVirtualMemory(SELF, &Base, &Zero, MEM_RELEASE), STATUS_SUCCESS);
}

KILN_TEST_ONCE(mm_virtual, many_allocations_get_their_own_addresses)
{
    PVOID Blocks[100];

    for (int i = 0; i < 100; i++) {
        CHECK_EQ(MiAllocateUser(PsGetCurrentProcess(), (i % 7 + 1) * PAGE_SIZE, PAGE_READWRITE, &Blocks[i]),
                 STATUS_SUCCESS);
        *(int *)Blocks[i] = i;
    }
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(*(int *)Blocks[i], i);
        CHECK_EQ(MiFreeUser(PsGetCurrentProcess(), Blocks[i]), STATUS_SUCCESS);
    }
}
