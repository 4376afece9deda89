/* SPDX-License-Identifier: MIT */
/*
 * The run-time side of `kiln cc --san=kasan`: every load and store of an instrumented driver asks here first.
 *
 * There is no shadow memory: the memory manager knows what every page and pool block is. An access is illegal when it
 * touches pool that is free, or runs past the bytes that were asked for a pool block, or begins before a block. What is no
 * pool is left to the processor. The report is Windows' own: KASAN_ILLEGAL_ACCESS with address, size, caller, and the
 * sub-code and direction that KASAN's page documents (0x86 right redzone of pool, 0x87 freed pool).
 *
 * Any IRQL: MiClassifyAddress is lock-free.
 */
#include <ntddk.h>

#include "layout.h"
#include "mi.h"

#define CODE_POOL_RIGHT 0x86
#define CODE_POOL_FREED 0x87
#define WRITE_BIT       0x100

static void check(PVOID address, SIZE_T size, BOOLEAN write, PVOID caller)
{
    MI_ADDRESS info;
    ULONG64 code = 0;
    if (size == 0 || (ULONG64)(ULONG_PTR)address - KILN_RAM_BASE >= KILN_RAM_MAX)
        return;
    switch (MiClassifyAddress(address, &info)) {
    case MiAddressPool:
        if ((PUCHAR)address + size > (PUCHAR)info.Begin + info.Bytes)
            code = CODE_POOL_RIGHT;
        break;
    case MiAddressPoolFree:
        code = CODE_POOL_FREED;
        break;
    default:
        return;
    }
    if (code)
        KeBugCheckEx(KASAN_ILLEGAL_ACCESS, (ULONG_PTR)address, size, (ULONG_PTR)caller,
                     code | (write ? WRITE_BIT : 0));
}

#define ACCESS(Size)                                                                                         \
    VOID NTAPI nt___asan_load##Size##_noabort(PVOID Address);                                                   \
    VOID NTAPI nt___asan_store##Size##_noabort(PVOID Address);                                                  \
    VOID NTAPI nt___asan_load##Size##_noabort(PVOID Address)                                                    \
    {                                                                                                        \
        check(Address, Size, FALSE, __builtin_return_address(0));                                            \
    }                                                                                                        \
    VOID NTAPI nt___asan_store##Size##_noabort(PVOID Address)                                                   \
    {                                                                                                        \
        check(Address, Size, TRUE, __builtin_return_address(0));                                             \
    }

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

VOID NTAPI nt___asan_loadN_noabort(PVOID Address, SIZE_T Size);
VOID NTAPI nt___asan_storeN_noabort(PVOID Address, SIZE_T Size);
VOID NTAPI nt___asan_handle_no_return(VOID);

VOID NTAPI nt___asan_loadN_noabort(PVOID Address, SIZE_T Size)
{
    check(Address, Size, FALSE, __builtin_return_address(0));
}

VOID NTAPI nt___asan_storeN_noabort(PVOID Address, SIZE_T Size)
{
    check(Address, Size, TRUE, __builtin_return_address(0));
}

/* Stack redzones are not instrumented, so there is nothing to unpoison. */
VOID NTAPI nt___asan_handle_no_return(VOID)
{
}

/* Block operations of instrumented drivers. */
PVOID NTAPI nt___asan_memcpy(PVOID To, const VOID *From, SIZE_T Size);
PVOID NTAPI nt___asan_memmove(PVOID To, const VOID *From, SIZE_T Size);
PVOID NTAPI nt___asan_memset(PVOID To, int Value, SIZE_T Size);

PVOID NTAPI nt___asan_memcpy(PVOID To, const VOID *From, SIZE_T Size)
{
    check((PVOID)From, Size, FALSE, __builtin_return_address(0));
    check(To, Size, TRUE, __builtin_return_address(0));
    RtlMoveMemory(To, From, Size);
    return To;
}

PVOID NTAPI nt___asan_memmove(PVOID To, const VOID *From, SIZE_T Size)
{
    check((PVOID)From, Size, FALSE, __builtin_return_address(0));
    check(To, Size, TRUE, __builtin_return_address(0));
    RtlMoveMemory(To, From, Size);
    return To;
}

PVOID NTAPI nt___asan_memset(PVOID To, int Value, SIZE_T Size)
{
    check(To, Size, TRUE, __builtin_return_address(0));
    RtlFillMemory(To, Size, Value);
    return To;
}
