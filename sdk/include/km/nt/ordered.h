/* SPDX-License-Identifier: MIT */
/*
 * nt/ordered.h - reads and writes of integers with a stated order, by the names that say the width; tests of bits.
 *
 * Acquire: nothing that follows is seen to happen before the read. Release: nothing before is seen to happen after the
 * write. NoFence: one access, no order. Raw: the same, without analysis. Any IRQL. The others of the family
 * (ReadAcquire, ReadULong64NoFence ...) are in nt/intrin.h. Pages: wdm/nf-wdm-<lower-case name>.
 */
#ifndef KILN_NT_ORDERED_H
#define KILN_NT_ORDERED_H

#include <nt/intrin.h>

EXTERN_C_START

FORCEINLINE INT32 ReadInt32Acquire(_In_ INT32 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE INT32 ReadInt32NoFence(_In_ INT32 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE INT32 ReadInt32Raw(_In_ INT32 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteInt32Release(_Out_ INT32 volatile *Destination, _In_ INT32 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}
FORCEINLINE VOID WriteInt32NoFence(_Out_ INT32 volatile *Destination, _In_ INT32 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteInt32Raw(_Out_ INT32 volatile *Destination, _In_ INT32 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE UINT32 ReadUInt32Acquire(_In_ UINT32 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE UINT32 ReadUInt32NoFence(_In_ UINT32 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE UINT32 ReadUInt32Raw(_In_ UINT32 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteUInt32Release(_Out_ UINT32 volatile *Destination, _In_ UINT32 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}
FORCEINLINE VOID WriteUInt32NoFence(_Out_ UINT32 volatile *Destination, _In_ UINT32 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteUInt32Raw(_Out_ UINT32 volatile *Destination, _In_ UINT32 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}

/* What follows is not done before what was read before it. Loads keep their order on x64: the compiler is told. */
FORCEINLINE VOID BarrierAfterRead(VOID)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* The previous value of a bit; the forms that change it are not atomic. */
FORCEINLINE UCHAR _BitTest64(_In_ LONG64 const *Base, _In_ LONG64 Index)
{
    return _bittest64(Base, Index);
}
FORCEINLINE UCHAR _BitTestAndComplement64(_Inout_ LONG64 *Base, _In_ LONG64 Index)
{
    return _bittestandcomplement64(Base, Index);
}
FORCEINLINE UCHAR _BitTestAndReset64(_Inout_ LONG64 *Base, _In_ LONG64 Index)
{
    return _bittestandreset64(Base, Index);
}
FORCEINLINE UCHAR _BitTestAndSet64(_Inout_ LONG64 *Base, _In_ LONG64 Index)
{
    return _bittestandset64(Base, Index);
}

/* The fields of the number by which an ARM64 instruction names a system register: op0:op1:CRn:CRm:op2. */
#define ARM64_SYSREG(op0, op1, crn, crm, op2)                                                                \
    ((((op0) & 1) << 14) | (((op1) & 7) << 11) | (((crn) & 15) << 7) | (((crm) & 15) << 3) | ((op2) & 7))
#define ARM64_SYSREG_OP1(_Reg_) (((_Reg_) >> 11) & 7)
#define ARM64_SYSREG_CRN(_Reg_) (((_Reg_) >> 7) & 15)
#define ARM64_SYSREG_CRM(_Reg_) (((_Reg_) >> 3) & 15)
#define ARM64_SYSREG_OP2(_Reg_) ((_Reg_) & 7)

EXTERN_C_END

#endif
