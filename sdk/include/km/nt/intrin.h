/* SPDX-License-Identifier: MIT */
/*
 * nt/intrin.h - the compiler intrinsics that Windows drivers use by name (what <intrin.h> gives).
 *
 * clang for PE knows many of them itself; those need only a declaration.  The others, and all of them for gcc
 * and for ELF builds, are inline functions made of atomic builtins and single instructions.  None needs SSE,
 * so the kernel can use them with -mgeneral-regs-only.  Everything interlocked is a full barrier, as on
 * Windows.
 */
#ifndef KILN_NT_INTRIN_H
#define KILN_NT_INTRIN_H

#include <nt/base.h>

#if defined(__clang__) && defined(_MSC_VER)
#define KILN_BUILTIN_INTRINSICS 1
#else
#define KILN_BUILTIN_INTRINSICS 0
#endif

EXTERN_C_START

#if KILN_BUILTIN_INTRINSICS

/* ---- clang for PE: the compiler's own ---- */

char _InterlockedAnd8(char volatile *, char);
short _InterlockedAnd16(short volatile *, short);
LONG _InterlockedAnd(LONG volatile *, LONG);
LONG64 _InterlockedAnd64(LONG64 volatile *, LONG64);
char _InterlockedOr8(char volatile *, char);
short _InterlockedOr16(short volatile *, short);
LONG _InterlockedOr(LONG volatile *, LONG);
LONG64 _InterlockedOr64(LONG64 volatile *, LONG64);
char _InterlockedXor8(char volatile *, char);
short _InterlockedXor16(short volatile *, short);
LONG _InterlockedXor(LONG volatile *, LONG);
LONG64 _InterlockedXor64(LONG64 volatile *, LONG64);
char _InterlockedExchange8(char volatile *, char);
short _InterlockedExchange16(short volatile *, short);
LONG _InterlockedExchange(LONG volatile *, LONG);
LONG64 _InterlockedExchange64(LONG64 volatile *, LONG64);
char _InterlockedExchangeAdd8(char volatile *, char);
short _InterlockedExchangeAdd16(short volatile *, short);
LONG _InterlockedExchangeAdd(LONG volatile *, LONG);
LONG64 _InterlockedExchangeAdd64(LONG64 volatile *, LONG64);
char _InterlockedCompareExchange8(char volatile *, char, char);
short _InterlockedCompareExchange16(short volatile *, short, short);
LONG _InterlockedCompareExchange(LONG volatile *, LONG, LONG);
LONG64 _InterlockedCompareExchange64(LONG64 volatile *, LONG64, LONG64);
short _InterlockedIncrement16(short volatile *);
LONG _InterlockedIncrement(LONG volatile *);
LONG64 _InterlockedIncrement64(LONG64 volatile *);
short _InterlockedDecrement16(short volatile *);
LONG _InterlockedDecrement(LONG volatile *);
LONG64 _InterlockedDecrement64(LONG64 volatile *);
void *_InterlockedExchangePointer(void *volatile *, void *);
void *_InterlockedCompareExchangePointer(void *volatile *, void *, void *);
unsigned char _interlockedbittestandset(LONG volatile *, LONG);
unsigned char _interlockedbittestandset64(LONG64 volatile *, LONG64);
unsigned char _interlockedbittestandreset(LONG volatile *, LONG);
unsigned char _interlockedbittestandreset64(LONG64 volatile *, LONG64);
unsigned char _bittest(LONG const *, LONG);
unsigned char _bittest64(LONG64 const *, LONG64);
unsigned char _bittestandset(LONG *, LONG);
unsigned char _bittestandset64(LONG64 *, LONG64);
unsigned char _bittestandreset(LONG *, LONG);
unsigned char _bittestandreset64(LONG64 *, LONG64);
unsigned char _bittestandcomplement(LONG *, LONG);
unsigned char _bittestandcomplement64(LONG64 *, LONG64);
unsigned char _BitScanForward(ULONG *, ULONG);
unsigned char _BitScanForward64(ULONG *, ULONG64);
unsigned char _BitScanReverse(ULONG *, ULONG);
unsigned char _BitScanReverse64(ULONG *, ULONG64);
unsigned char _rotl8(unsigned char, unsigned char);
unsigned char _rotr8(unsigned char, unsigned char);
unsigned short _rotl16(unsigned short, unsigned char);
unsigned short _rotr16(unsigned short, unsigned char);
unsigned int _rotl(unsigned int, int);
unsigned int _rotr(unsigned int, int);
ULONG _lrotl(ULONG, int);
ULONG _lrotr(ULONG, int);
ULONG64 _rotl64(ULONG64, int);
ULONG64 _rotr64(ULONG64, int);
unsigned short __lzcnt16(unsigned short);
unsigned int __lzcnt(unsigned int);
ULONG64 __lzcnt64(ULONG64);
unsigned short __popcnt16(unsigned short);
unsigned int __popcnt(unsigned int);
ULONG64 __popcnt64(ULONG64);
void __debugbreak(void);
DECLSPEC_NORETURN void __fastfail(unsigned int);
void __int2c(void);
void __ud2(void);
void *_ReturnAddress(void);
void *_AddressOfReturnAddress(void);
void _ReadWriteBarrier(void);
void _ReadBarrier(void);
void _WriteBarrier(void);
void __faststorefence(void);
void _mm_pause(void);
void _mm_mfence(void);
void _mm_lfence(void);
void _mm_sfence(void);
void _mm_clflush(void const *);
void __stosb(unsigned char *, unsigned char, SIZE_T);
ULONG64 __umulh(ULONG64, ULONG64);
LONG64 __mulh(LONG64, LONG64);
ULONG64 _umul128(ULONG64, ULONG64, ULONG64 *);
LONG64 _mul128(LONG64, LONG64, LONG64 *);
LONG64 __emul(int, int);
ULONG64 __emulu(unsigned int, unsigned int);
ULONG64 __shiftleft128(ULONG64, ULONG64, unsigned char);
ULONG64 __shiftright128(ULONG64, ULONG64, unsigned char);
ULONG64 __rdtsc(void);
unsigned char __readgsbyte(ULONG);
unsigned short __readgsword(ULONG);
ULONG __readgsdword(ULONG);
ULONG64 __readgsqword(ULONG);
void __cpuid(int[4], int);
void __cpuidex(int[4], int, int);
ULONG64 _xgetbv(unsigned int);

#else

/* ---- gcc, and everything for ELF ---- */

FORCEINLINE char _InterlockedAnd8(char volatile *Target, char Value)
{
    return __atomic_fetch_and(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE char _InterlockedOr8(char volatile *Target, char Value)
{
    return __atomic_fetch_or(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE char _InterlockedXor8(char volatile *Target, char Value)
{
    return __atomic_fetch_xor(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE char _InterlockedExchangeAdd8(char volatile *Target, char Value)
{
    return __atomic_fetch_add(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE char _InterlockedExchange8(char volatile *Target, char Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE char _InterlockedCompareExchange8(char volatile *Target, char Value, char Comparand)
{
    __atomic_compare_exchange_n(Target, &Comparand, Value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Comparand;
}
FORCEINLINE short _InterlockedAnd16(short volatile *Target, short Value)
{
    return __atomic_fetch_and(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedOr16(short volatile *Target, short Value)
{
    return __atomic_fetch_or(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedXor16(short volatile *Target, short Value)
{
    return __atomic_fetch_xor(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedExchangeAdd16(short volatile *Target, short Value)
{
    return __atomic_fetch_add(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedExchange16(short volatile *Target, short Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedCompareExchange16(short volatile *Target, short Value, short Comparand)
{
    __atomic_compare_exchange_n(Target, &Comparand, Value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Comparand;
}
FORCEINLINE LONG _InterlockedAnd(LONG volatile *Target, LONG Value)
{
    return __atomic_fetch_and(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedOr(LONG volatile *Target, LONG Value)
{
    return __atomic_fetch_or(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedXor(LONG volatile *Target, LONG Value)
{
    return __atomic_fetch_xor(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedExchangeAdd(LONG volatile *Target, LONG Value)
{
    return __atomic_fetch_add(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedExchange(LONG volatile *Target, LONG Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedCompareExchange(LONG volatile *Target, LONG Value, LONG Comparand)
{
    __atomic_compare_exchange_n(Target, &Comparand, Value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Comparand;
}
FORCEINLINE LONG64 _InterlockedAnd64(LONG64 volatile *Target, LONG64 Value)
{
    return __atomic_fetch_and(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG64 _InterlockedOr64(LONG64 volatile *Target, LONG64 Value)
{
    return __atomic_fetch_or(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG64 _InterlockedXor64(LONG64 volatile *Target, LONG64 Value)
{
    return __atomic_fetch_xor(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG64 _InterlockedExchangeAdd64(LONG64 volatile *Target, LONG64 Value)
{
    return __atomic_fetch_add(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG64 _InterlockedExchange64(LONG64 volatile *Target, LONG64 Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG64 _InterlockedCompareExchange64(LONG64 volatile *Target, LONG64 Value, LONG64 Comparand)
{
    __atomic_compare_exchange_n(Target, &Comparand, Value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Comparand;
}
FORCEINLINE short _InterlockedIncrement16(short volatile *Target)
{
    return __atomic_add_fetch(Target, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE short _InterlockedDecrement16(short volatile *Target)
{
    return __atomic_sub_fetch(Target, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedIncrement(LONG volatile *Target)
{
    return __atomic_add_fetch(Target, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG _InterlockedDecrement(LONG volatile *Target)
{
    return __atomic_sub_fetch(Target, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG64 _InterlockedIncrement64(LONG64 volatile *Target)
{
    return __atomic_add_fetch(Target, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE LONG64 _InterlockedDecrement64(LONG64 volatile *Target)
{
    return __atomic_sub_fetch(Target, 1, __ATOMIC_SEQ_CST);
}
FORCEINLINE void *_InterlockedExchangePointer(void *volatile *Target, void *Value)
{
    return __atomic_exchange_n(Target, Value, __ATOMIC_SEQ_CST);
}
FORCEINLINE void *_InterlockedCompareExchangePointer(void *volatile *Target, void *Value, void *Comparand)
{
    __atomic_compare_exchange_n(Target, &Comparand, Value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return Comparand;
}

FORCEINLINE unsigned char _interlockedbittestandset(LONG volatile *Base, LONG Offset)
{
    unsigned char old;
    __asm__ __volatile__("lock btsl %2, %1" : "=@ccc"(old), "+m"(*Base) : "r"(Offset) : "memory", "cc");
    return old;
}
FORCEINLINE unsigned char _interlockedbittestandset64(LONG64 volatile *Base, LONG64 Offset)
{
    unsigned char old;
    __asm__ __volatile__("lock btsq %2, %1" : "=@ccc"(old), "+m"(*Base) : "r"(Offset) : "memory", "cc");
    return old;
}
FORCEINLINE unsigned char _interlockedbittestandreset(LONG volatile *Base, LONG Offset)
{
    unsigned char old;
    __asm__ __volatile__("lock btrl %2, %1" : "=@ccc"(old), "+m"(*Base) : "r"(Offset) : "memory", "cc");
    return old;
}
FORCEINLINE unsigned char _interlockedbittestandreset64(LONG64 volatile *Base, LONG64 Offset)
{
    unsigned char old;
    __asm__ __volatile__("lock btrq %2, %1" : "=@ccc"(old), "+m"(*Base) : "r"(Offset) : "memory", "cc");
    return old;
}
FORCEINLINE unsigned char _bittest(LONG const *Base, LONG Offset)
{
    return (unsigned char)(((ULONG)Base[Offset >> 5] >> (Offset & 31)) & 1);
}
FORCEINLINE unsigned char _bittestandset(LONG *Base, LONG Offset)
{
    LONG *word = &Base[Offset >> 5];
    ULONG bit = (ULONG)1 << (Offset & 31);
    unsigned char old = ((ULONG)*word & bit) != 0;
    *word = (LONG)((ULONG)*word | bit);
    return old;
}
FORCEINLINE unsigned char _bittestandreset(LONG *Base, LONG Offset)
{
    LONG *word = &Base[Offset >> 5];
    ULONG bit = (ULONG)1 << (Offset & 31);
    unsigned char old = ((ULONG)*word & bit) != 0;
    *word = (LONG)((ULONG)*word & ~bit);
    return old;
}
FORCEINLINE unsigned char _bittestandcomplement(LONG *Base, LONG Offset)
{
    LONG *word = &Base[Offset >> 5];
    ULONG bit = (ULONG)1 << (Offset & 31);
    unsigned char old = ((ULONG)*word & bit) != 0;
    *word = (LONG)((ULONG)*word ^ bit);
    return old;
}
FORCEINLINE unsigned char _bittest64(LONG64 const *Base, LONG64 Offset)
{
    return (unsigned char)(((ULONG64)Base[Offset >> 6] >> (Offset & 63)) & 1);
}
FORCEINLINE unsigned char _bittestandset64(LONG64 *Base, LONG64 Offset)
{
    LONG64 *word = &Base[Offset >> 6];
    ULONG64 bit = (ULONG64)1 << (Offset & 63);
    unsigned char old = ((ULONG64)*word & bit) != 0;
    *word = (LONG64)((ULONG64)*word | bit);
    return old;
}
FORCEINLINE unsigned char _bittestandreset64(LONG64 *Base, LONG64 Offset)
{
    LONG64 *word = &Base[Offset >> 6];
    ULONG64 bit = (ULONG64)1 << (Offset & 63);
    unsigned char old = ((ULONG64)*word & bit) != 0;
    *word = (LONG64)((ULONG64)*word & ~bit);
    return old;
}
FORCEINLINE unsigned char _bittestandcomplement64(LONG64 *Base, LONG64 Offset)
{
    LONG64 *word = &Base[Offset >> 6];
    ULONG64 bit = (ULONG64)1 << (Offset & 63);
    unsigned char old = ((ULONG64)*word & bit) != 0;
    *word = (LONG64)((ULONG64)*word ^ bit);
    return old;
}
FORCEINLINE unsigned char _BitScanForward(ULONG *Index, ULONG Mask)
{
    if (Mask == 0) {
        return 0;
    }
    *Index = (ULONG)__builtin_ctz((unsigned int)Mask);
    return 1;
}
FORCEINLINE unsigned char _BitScanForward64(ULONG *Index, ULONG64 Mask)
{
    if (Mask == 0) {
        return 0;
    }
    *Index = (ULONG)__builtin_ctzll(Mask);
    return 1;
}
FORCEINLINE unsigned char _BitScanReverse(ULONG *Index, ULONG Mask)
{
    if (Mask == 0) {
        return 0;
    }
    *Index = (ULONG)(31 - __builtin_clz((unsigned int)Mask));
    return 1;
}
FORCEINLINE unsigned char _BitScanReverse64(ULONG *Index, ULONG64 Mask)
{
    if (Mask == 0) {
        return 0;
    }
    *Index = (ULONG)(63 - __builtin_clzll(Mask));
    return 1;
}

FORCEINLINE unsigned char _rotl8(unsigned char Value, unsigned char Shift)
{
    return (unsigned char)((Value << (Shift & 7)) | (Value >> (-Shift & 7)));
}
FORCEINLINE unsigned char _rotr8(unsigned char Value, unsigned char Shift)
{
    return (unsigned char)((Value >> (Shift & 7)) | (Value << (-Shift & 7)));
}
FORCEINLINE unsigned short _rotl16(unsigned short Value, unsigned char Shift)
{
    return (unsigned short)((Value << (Shift & 15)) | (Value >> (-Shift & 15)));
}
FORCEINLINE unsigned short _rotr16(unsigned short Value, unsigned char Shift)
{
    return (unsigned short)((Value >> (Shift & 15)) | (Value << (-Shift & 15)));
}
FORCEINLINE unsigned int _rotl(unsigned int Value, int Shift)
{
    return (unsigned int)((Value << (Shift & 31)) | (Value >> (-Shift & 31)));
}
FORCEINLINE unsigned int _rotr(unsigned int Value, int Shift)
{
    return (unsigned int)((Value >> (Shift & 31)) | (Value << (-Shift & 31)));
}
FORCEINLINE ULONG64 _rotl64(ULONG64 Value, int Shift)
{
    return (ULONG64)((Value << (Shift & 63)) | (Value >> (-Shift & 63)));
}
FORCEINLINE ULONG64 _rotr64(ULONG64 Value, int Shift)
{
    return (ULONG64)((Value >> (Shift & 63)) | (Value << (-Shift & 63)));
}
FORCEINLINE ULONG _lrotl(ULONG Value, int Shift)
{
    return (Value << (Shift & 31)) | (Value >> (-Shift & 31));
}
FORCEINLINE ULONG _lrotr(ULONG Value, int Shift)
{
    return (Value >> (Shift & 31)) | (Value << (-Shift & 31));
}
FORCEINLINE unsigned int __lzcnt(unsigned int Value)
{
    return Value == 0 ? 32 : (unsigned int)__builtin_clz(Value);
}
FORCEINLINE unsigned short __lzcnt16(unsigned short Value)
{
    return (unsigned short)(Value == 0 ? 16 : __builtin_clz(Value) - 16);
}
FORCEINLINE ULONG64 __lzcnt64(ULONG64 Value)
{
    return Value == 0 ? 64 : (ULONG64)__builtin_clzll(Value);
}
/* Counted by halves, so that no run-time library is needed. */
FORCEINLINE ULONG64 __popcnt64(ULONG64 Value)
{
    Value = Value - ((Value >> 1) & 0x5555555555555555ULL);
    Value = (Value & 0x3333333333333333ULL) + ((Value >> 2) & 0x3333333333333333ULL);
    Value = (Value + (Value >> 4)) & 0x0F0F0F0F0F0F0F0FULL;
    return (Value * 0x0101010101010101ULL) >> 56;
}
FORCEINLINE unsigned int __popcnt(unsigned int Value)
{
    return (unsigned int)__popcnt64(Value);
}
FORCEINLINE unsigned short __popcnt16(unsigned short Value)
{
    return (unsigned short)__popcnt64(Value);
}
FORCEINLINE void __debugbreak(void)
{
    __asm__ __volatile__("int3" : : : "memory");
}
FORCEINLINE DECLSPEC_NORETURN void __fastfail(unsigned int Code)
{
    __asm__ __volatile__("int $0x29" : : "c"(Code) : "memory");
    __builtin_unreachable();
}
FORCEINLINE void __int2c(void)
{
    __asm__ __volatile__("int $0x2c" : : : "memory");
}
FORCEINLINE void __ud2(void)
{
    __asm__ __volatile__("ud2" : : : "memory");
}
#define _ReturnAddress()          __builtin_return_address(0)
#define _AddressOfReturnAddress() ((void *)((char *)__builtin_frame_address(0) + 8))
#define _ReadWriteBarrier()       __asm__ __volatile__("" : : : "memory")
#define _ReadBarrier()            __asm__ __volatile__("" : : : "memory")
#define _WriteBarrier()           __asm__ __volatile__("" : : : "memory")
FORCEINLINE void __faststorefence(void)
{
    __asm__ __volatile__("lock orl $0, -16(%%rsp)" : : : "memory", "cc");
}
#define _mm_pause()               __asm__ __volatile__("pause" : : : "memory")
#define _mm_mfence()              __asm__ __volatile__("mfence" : : : "memory")
#define _mm_lfence()              __asm__ __volatile__("lfence" : : : "memory")
#define _mm_sfence()              __asm__ __volatile__("sfence" : : : "memory")
#define _mm_clflush(p)            __asm__ __volatile__("clflush %0" : : "m"(*(const char *)(p)) : "memory")
FORCEINLINE void __stosb(unsigned char *Destination, unsigned char Data, SIZE_T Count)
{
    __asm__ __volatile__("rep stosb" : "+D"(Destination), "+c"(Count) : "a"(Data) : "memory");
}
FORCEINLINE ULONG64 __umulh(ULONG64 a, ULONG64 b)
{
    return (ULONG64)(((unsigned __int128)a * b) >> 64);
}
FORCEINLINE LONG64 __mulh(LONG64 a, LONG64 b)
{
    return (LONG64)(((__int128)a * b) >> 64);
}
FORCEINLINE ULONG64 _umul128(ULONG64 a, ULONG64 b, ULONG64 *High)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    *High = (ULONG64)(product >> 64);
    return (ULONG64)product;
}
FORCEINLINE LONG64 _mul128(LONG64 a, LONG64 b, LONG64 *High)
{
    __int128 product = (__int128)a * b;
    *High = (LONG64)(product >> 64);
    return (LONG64)product;
}
FORCEINLINE LONG64 __emul(int a, int b)
{
    return (LONG64)a * b;
}
FORCEINLINE ULONG64 __emulu(unsigned int a, unsigned int b)
{
    return (ULONG64)a * b;
}
FORCEINLINE ULONG64 __shiftleft128(ULONG64 Low, ULONG64 High, unsigned char Shift)
{
    Shift &= 63;
    return Shift == 0 ? High : (High << Shift) | (Low >> (64 - Shift));
}
FORCEINLINE ULONG64 __shiftright128(ULONG64 Low, ULONG64 High, unsigned char Shift)
{
    Shift &= 63;
    return Shift == 0 ? Low : (Low >> Shift) | (High << (64 - Shift));
}
FORCEINLINE ULONG64 __rdtsc(void)
{
    ULONG low, high;
    __asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high));
    return ((ULONG64)high << 32) | low;
}
FORCEINLINE unsigned char __readgsbyte(ULONG Offset)
{
    unsigned char value;
    __asm__ __volatile__("movb %%gs:(%1), %0" : "=q"(value) : "r"((ULONG64)Offset) : "memory");
    return value;
}
FORCEINLINE unsigned short __readgsword(ULONG Offset)
{
    unsigned short value;
    __asm__ __volatile__("movw %%gs:(%1), %0" : "=r"(value) : "r"((ULONG64)Offset) : "memory");
    return value;
}
FORCEINLINE ULONG __readgsdword(ULONG Offset)
{
    ULONG value;
    __asm__ __volatile__("movl %%gs:(%1), %0" : "=r"(value) : "r"((ULONG64)Offset) : "memory");
    return value;
}
FORCEINLINE ULONG64 __readgsqword(ULONG Offset)
{
    ULONG64 value;
    __asm__ __volatile__("movq %%gs:(%1), %0" : "=r"(value) : "r"((ULONG64)Offset) : "memory");
    return value;
}
#ifndef __cpuid
FORCEINLINE void __cpuidex(int Info[4], int Function, int Sub)
{
    __asm__ __volatile__("cpuid"
                         : "=a"(Info[0]), "=b"(Info[1]), "=c"(Info[2]), "=d"(Info[3])
                         : "a"(Function), "c"(Sub));
}
FORCEINLINE void __cpuid(int Info[4], int Function)
{
    __cpuidex(Info, Function, 0);
}
#endif
#define _xgetbv(index)       kiln_xgetbv(index)
FORCEINLINE ULONG64 kiln_xgetbv(unsigned int Index)
{
    ULONG low, high;
    __asm__ __volatile__("xgetbv" : "=a"(low), "=d"(high) : "c"(Index));
    return ((ULONG64)high << 32) | low;
}
#define __assume(expression) ((expression) ? (void)0 : __builtin_unreachable())
#define __noop(...)          ((void)0)

#endif

/* ---- all compilers ---- */

FORCEINLINE void __writegsbyte(ULONG Offset, unsigned char Value)
{
    __asm__ __volatile__("movb %0, %%gs:(%1)" : : "q"(Value), "r"((ULONG64)Offset) : "memory");
}
FORCEINLINE void __addgsbyte(ULONG Offset, unsigned char Value)
{
    __asm__ __volatile__("addb %0, %%gs:(%1)" : : "q"(Value), "r"((ULONG64)Offset) : "memory", "cc");
}
FORCEINLINE void __incgsbyte(ULONG Offset)
{
    __asm__ __volatile__("incb %%gs:(%0)" : : "r"((ULONG64)Offset) : "memory", "cc");
}
FORCEINLINE void __writegsword(ULONG Offset, unsigned short Value)
{
    __asm__ __volatile__("movw %0, %%gs:(%1)" : : "r"(Value), "r"((ULONG64)Offset) : "memory");
}
FORCEINLINE void __addgsword(ULONG Offset, unsigned short Value)
{
    __asm__ __volatile__("addw %0, %%gs:(%1)" : : "r"(Value), "r"((ULONG64)Offset) : "memory", "cc");
}
FORCEINLINE void __incgsword(ULONG Offset)
{
    __asm__ __volatile__("incw %%gs:(%0)" : : "r"((ULONG64)Offset) : "memory", "cc");
}
FORCEINLINE void __writegsdword(ULONG Offset, ULONG Value)
{
    __asm__ __volatile__("movl %0, %%gs:(%1)" : : "r"(Value), "r"((ULONG64)Offset) : "memory");
}
FORCEINLINE void __addgsdword(ULONG Offset, ULONG Value)
{
    __asm__ __volatile__("addl %0, %%gs:(%1)" : : "r"(Value), "r"((ULONG64)Offset) : "memory", "cc");
}
FORCEINLINE void __incgsdword(ULONG Offset)
{
    __asm__ __volatile__("incl %%gs:(%0)" : : "r"((ULONG64)Offset) : "memory", "cc");
}
FORCEINLINE void __writegsqword(ULONG Offset, ULONG64 Value)
{
    __asm__ __volatile__("movq %0, %%gs:(%1)" : : "r"(Value), "r"((ULONG64)Offset) : "memory");
}
FORCEINLINE void __addgsqword(ULONG Offset, ULONG64 Value)
{
    __asm__ __volatile__("addq %0, %%gs:(%1)" : : "r"(Value), "r"((ULONG64)Offset) : "memory", "cc");
}
FORCEINLINE void __incgsqword(ULONG Offset)
{
    __asm__ __volatile__("incq %%gs:(%0)" : : "r"((ULONG64)Offset) : "memory", "cc");
}
FORCEINLINE void __movsb(unsigned char *Destination, unsigned char const *Source, SIZE_T Count)
{
    __asm__ __volatile__("rep movsb" : "+D"(Destination), "+S"(Source), "+c"(Count) : : "memory");
}
FORCEINLINE void __movsw(unsigned short *Destination, unsigned short const *Source, SIZE_T Count)
{
    __asm__ __volatile__("rep movsw" : "+D"(Destination), "+S"(Source), "+c"(Count) : : "memory");
}
FORCEINLINE void __stosw(unsigned short *Destination, unsigned short Data, SIZE_T Count)
{
    __asm__ __volatile__("rep stosw" : "+D"(Destination), "+c"(Count) : "a"(Data) : "memory");
}
FORCEINLINE void __movsd(ULONG *Destination, ULONG const *Source, SIZE_T Count)
{
    __asm__ __volatile__("rep movsl" : "+D"(Destination), "+S"(Source), "+c"(Count) : : "memory");
}
FORCEINLINE void __stosd(ULONG *Destination, ULONG Data, SIZE_T Count)
{
    __asm__ __volatile__("rep stosl" : "+D"(Destination), "+c"(Count) : "a"(Data) : "memory");
}
FORCEINLINE void __movsq(ULONG64 *Destination, ULONG64 const *Source, SIZE_T Count)
{
    __asm__ __volatile__("rep movsq" : "+D"(Destination), "+S"(Source), "+c"(Count) : : "memory");
}
FORCEINLINE void __stosq(ULONG64 *Destination, ULONG64 Data, SIZE_T Count)
{
    __asm__ __volatile__("rep stosq" : "+D"(Destination), "+c"(Count) : "a"(Data) : "memory");
}
FORCEINLINE unsigned char __inbyte(unsigned short Port)
{
    unsigned char value;
    __asm__ __volatile__("inb %w1, %b0" : "=a"(value) : "Nd"(Port) : "memory");
    return value;
}
FORCEINLINE void __outbyte(unsigned short Port, unsigned char Data)
{
    __asm__ __volatile__("outb %b0, %w1" : : "a"(Data), "Nd"(Port) : "memory");
}
FORCEINLINE void __inbytestring(unsigned short Port, unsigned char *Buffer, ULONG Count)
{
    ULONG64 n = Count;
    __asm__ __volatile__("rep insb" : "+D"(Buffer), "+c"(n) : "d"(Port) : "memory");
}
FORCEINLINE void __outbytestring(unsigned short Port, unsigned char const *Buffer, ULONG Count)
{
    ULONG64 n = Count;
    __asm__ __volatile__("rep outsb" : "+S"(Buffer), "+c"(n) : "d"(Port) : "memory");
}
FORCEINLINE unsigned short __inword(unsigned short Port)
{
    unsigned short value;
    __asm__ __volatile__("inw %w1, %w0" : "=a"(value) : "Nd"(Port) : "memory");
    return value;
}
FORCEINLINE void __outword(unsigned short Port, unsigned short Data)
{
    __asm__ __volatile__("outw %w0, %w1" : : "a"(Data), "Nd"(Port) : "memory");
}
FORCEINLINE void __inwordstring(unsigned short Port, unsigned short *Buffer, ULONG Count)
{
    ULONG64 n = Count;
    __asm__ __volatile__("rep insw" : "+D"(Buffer), "+c"(n) : "d"(Port) : "memory");
}
FORCEINLINE void __outwordstring(unsigned short Port, unsigned short const *Buffer, ULONG Count)
{
    ULONG64 n = Count;
    __asm__ __volatile__("rep outsw" : "+S"(Buffer), "+c"(n) : "d"(Port) : "memory");
}
FORCEINLINE ULONG __indword(unsigned short Port)
{
    ULONG value;
    __asm__ __volatile__("inl %w1, %k0" : "=a"(value) : "Nd"(Port) : "memory");
    return value;
}
FORCEINLINE void __outdword(unsigned short Port, ULONG Data)
{
    __asm__ __volatile__("outl %k0, %w1" : : "a"(Data), "Nd"(Port) : "memory");
}
FORCEINLINE void __indwordstring(unsigned short Port, ULONG *Buffer, ULONG Count)
{
    ULONG64 n = Count;
    __asm__ __volatile__("rep insl" : "+D"(Buffer), "+c"(n) : "d"(Port) : "memory");
}
FORCEINLINE void __outdwordstring(unsigned short Port, ULONG const *Buffer, ULONG Count)
{
    ULONG64 n = Count;
    __asm__ __volatile__("rep outsl" : "+S"(Buffer), "+c"(n) : "d"(Port) : "memory");
}
FORCEINLINE ULONG64 __readcr0(void)
{
    ULONG64 value;
    __asm__ __volatile__("movq %%cr0, %0" : "=r"(value) : : "memory");
    return value;
}
FORCEINLINE void __writecr0(ULONG64 Value)
{
    __asm__ __volatile__("movq %0, %%cr0" : : "r"(Value) : "memory");
}
FORCEINLINE ULONG64 __readcr2(void)
{
    ULONG64 value;
    __asm__ __volatile__("movq %%cr2, %0" : "=r"(value) : : "memory");
    return value;
}
FORCEINLINE ULONG64 __readcr3(void)
{
    ULONG64 value;
    __asm__ __volatile__("movq %%cr3, %0" : "=r"(value) : : "memory");
    return value;
}
FORCEINLINE void __writecr3(ULONG64 Value)
{
    __asm__ __volatile__("movq %0, %%cr3" : : "r"(Value) : "memory");
}
FORCEINLINE ULONG64 __readcr4(void)
{
    ULONG64 value;
    __asm__ __volatile__("movq %%cr4, %0" : "=r"(value) : : "memory");
    return value;
}
FORCEINLINE void __writecr4(ULONG64 Value)
{
    __asm__ __volatile__("movq %0, %%cr4" : : "r"(Value) : "memory");
}
FORCEINLINE ULONG64 __readcr8(void)
{
    ULONG64 value;
    __asm__ __volatile__("movq %%cr8, %0" : "=r"(value) : : "memory");
    return value;
}
FORCEINLINE void __writecr8(ULONG64 Value)
{
    __asm__ __volatile__("movq %0, %%cr8" : : "r"(Value) : "memory");
}
FORCEINLINE ULONG64 __readmsr(ULONG Register)
{
    ULONG low, high;
    __asm__ __volatile__("rdmsr" : "=a"(low), "=d"(high) : "c"(Register));
    return ((ULONG64)high << 32) | low;
}
FORCEINLINE void __writemsr(ULONG Register, ULONG64 Value)
{
    __asm__ __volatile__("wrmsr" : : "c"(Register), "a"((ULONG)Value), "d"((ULONG)(Value >> 32)) : "memory");
}
FORCEINLINE ULONG64 __readpmc(ULONG Counter)
{
    ULONG low, high;
    __asm__ __volatile__("rdpmc" : "=a"(low), "=d"(high) : "c"(Counter));
    return ((ULONG64)high << 32) | low;
}
FORCEINLINE ULONG64 __rdtscp(unsigned int *Aux)
{
    ULONG low, high;
    __asm__ __volatile__("rdtscp" : "=a"(low), "=d"(high), "=c"(*Aux));
    return ((ULONG64)high << 32) | low;
}
FORCEINLINE ULONG64 __readeflags(void)
{
    ULONG64 flags;
    __asm__ __volatile__("pushfq\n\tpopq %0" : "=r"(flags) : : "memory");
    return flags;
}
FORCEINLINE void __writeeflags(ULONG64 Flags)
{
    __asm__ __volatile__("pushq %0\n\tpopfq" : : "r"(Flags) : "memory", "cc");
}
FORCEINLINE void _disable(void)
{
    __asm__ __volatile__("cli" : : : "memory");
}
FORCEINLINE void _enable(void)
{
    __asm__ __volatile__("sti" : : : "memory");
}
FORCEINLINE void __halt(void)
{
    __asm__ __volatile__("hlt" : : : "memory");
}
FORCEINLINE void __nop(void)
{
    __asm__ __volatile__("nop");
}
FORCEINLINE void __wbinvd(void)
{
    __asm__ __volatile__("wbinvd" : : : "memory");
}
FORCEINLINE void __invlpg(void *Address)
{
    __asm__ __volatile__("invlpg (%0)" : : "r"(Address) : "memory");
}
FORCEINLINE void __sidt(void *Destination)
{
    __asm__ __volatile__("sidt (%0)" : : "r"(Destination) : "memory");
}
FORCEINLINE void __lidt(void *Source)
{
    __asm__ __volatile__("lidt (%0)" : : "r"(Source) : "memory");
}
FORCEINLINE void _sgdt(void *Destination)
{
    __asm__ __volatile__("sgdt (%0)" : : "r"(Destination) : "memory");
}
FORCEINLINE ULONG64 __readdr(unsigned int Register)
{
    ULONG64 value = 0;
    switch (Register) {
    case 0:
        __asm__ __volatile__("movq %%dr0, %0" : "=r"(value));
        break;
    case 1:
        __asm__ __volatile__("movq %%dr1, %0" : "=r"(value));
        break;
    case 2:
        __asm__ __volatile__("movq %%dr2, %0" : "=r"(value));
        break;
    case 3:
        __asm__ __volatile__("movq %%dr3, %0" : "=r"(value));
        break;
    case 6:
        __asm__ __volatile__("movq %%dr6, %0" : "=r"(value));
        break;
    case 7:
        __asm__ __volatile__("movq %%dr7, %0" : "=r"(value));
        break;
    }
    return value;
}
FORCEINLINE void __writedr(unsigned int Register, ULONG64 Value)
{
    switch (Register) {
    case 0:
        __asm__ __volatile__("movq %0, %%dr0" : : "r"(Value));
        break;
    case 1:
        __asm__ __volatile__("movq %0, %%dr1" : : "r"(Value));
        break;
    case 2:
        __asm__ __volatile__("movq %0, %%dr2" : : "r"(Value));
        break;
    case 3:
        __asm__ __volatile__("movq %0, %%dr3" : : "r"(Value));
        break;
    case 6:
        __asm__ __volatile__("movq %0, %%dr6" : : "r"(Value));
        break;
    case 7:
        __asm__ __volatile__("movq %0, %%dr7" : : "r"(Value));
        break;
    }
}
FORCEINLINE unsigned short _byteswap_ushort(unsigned short Value)
{
    return __builtin_bswap16(Value);
}
FORCEINLINE ULONG _byteswap_ulong(ULONG Value)
{
    return (ULONG)__builtin_bswap32((unsigned int)Value);
}
FORCEINLINE ULONG64 _byteswap_uint64(ULONG64 Value)
{
    return __builtin_bswap64(Value);
}
FORCEINLINE LONG _InterlockedAdd(LONG volatile *Addend, LONG Value)
{
    return _InterlockedExchangeAdd(Addend, Value) + Value;
}
FORCEINLINE LONG64 _InterlockedAdd64(LONG64 volatile *Addend, LONG64 Value)
{
    return _InterlockedExchangeAdd64(Addend, Value) + Value;
}
FORCEINLINE LONG _InterlockedAddLargeStatistic(LONG64 volatile *Addend, LONG Value)
{
    _InterlockedExchangeAdd64(Addend, Value);
    return Value;
}
/* 1 when the 16 bytes at Destination were those of ComparandResult; those found are left there. 16-byte
 * aligned. */
FORCEINLINE unsigned char kiln_compare_exchange_128(LONG64 volatile *Destination, LONG64 ExchangeHigh,
                                                    LONG64 ExchangeLow, LONG64 *ComparandResult)
{
    unsigned char done;
    __asm__ __volatile__("lock cmpxchg16b %1"
                         : "=@ccz"(done), "+m"(*(volatile M128A *)Destination), "+a"(ComparandResult[0]),
                           "+d"(ComparandResult[1])
                         : "b"(ExchangeLow), "c"(ExchangeHigh)
                         : "memory");
    return done;
}
FORCEINLINE ULONG64 _udiv128(ULONG64 High, ULONG64 Low, ULONG64 Divisor, ULONG64 *Remainder)
{
    __asm__("divq %4" : "=a"(Low), "=d"(*Remainder) : "a"(Low), "d"(High), "r"(Divisor) : "cc");
    return Low;
}
FORCEINLINE ULONG64 __getcallerseflags(void)
{
    return __readeflags();
}

/* ---- the names that wdm.h gives them ---- */

#define InterlockedAnd                           _InterlockedAnd
#define InterlockedAnd8                          _InterlockedAnd8
#define InterlockedAnd16                         _InterlockedAnd16
#define InterlockedAnd64                         _InterlockedAnd64
#define InterlockedOr                            _InterlockedOr
#define InterlockedOr8                           _InterlockedOr8
#define InterlockedOr16                          _InterlockedOr16
#define InterlockedOr64                          _InterlockedOr64
#define InterlockedXor                           _InterlockedXor
#define InterlockedXor8                          _InterlockedXor8
#define InterlockedXor16                         _InterlockedXor16
#define InterlockedXor64                         _InterlockedXor64
#define InterlockedIncrement                     _InterlockedIncrement
#define InterlockedIncrement16                   _InterlockedIncrement16
#define InterlockedIncrement64                   _InterlockedIncrement64
#define InterlockedDecrement                     _InterlockedDecrement
#define InterlockedDecrement16                   _InterlockedDecrement16
#define InterlockedDecrement64                   _InterlockedDecrement64
#define InterlockedAdd                           _InterlockedAdd
#define InterlockedAdd64                         _InterlockedAdd64
#define InterlockedExchange                      _InterlockedExchange
#define InterlockedExchange8                     _InterlockedExchange8
#define InterlockedExchange16                    _InterlockedExchange16
#define InterlockedExchange64                    _InterlockedExchange64
#define InterlockedExchangeAdd                   _InterlockedExchangeAdd
#define InterlockedExchangeAdd64                 _InterlockedExchangeAdd64
#define InterlockedCompareExchange               _InterlockedCompareExchange
#define InterlockedCompareExchange16             _InterlockedCompareExchange16
#define InterlockedCompareExchange64             _InterlockedCompareExchange64
#define _InterlockedCompareExchange128           kiln_compare_exchange_128
#define InterlockedCompareExchange128            kiln_compare_exchange_128
#define InterlockedAddLargeStatistic             _InterlockedAddLargeStatistic
#define InterlockedExchangePointer               _InterlockedExchangePointer
#define InterlockedCompareExchangePointer        _InterlockedCompareExchangePointer
#define InterlockedBitTestAndSet                 _interlockedbittestandset
#define InterlockedBitTestAndReset               _interlockedbittestandreset
#define InterlockedBitTestAndSet64               _interlockedbittestandset64
#define InterlockedBitTestAndReset64             _interlockedbittestandreset64
#define BitTest                                  _bittest
#define BitTest64                                _bittest64
#define BitTestAndSet                            _bittestandset
#define BitTestAndSet64                          _bittestandset64
#define BitTestAndReset                          _bittestandreset
#define BitTestAndReset64                        _bittestandreset64
#define BitTestAndComplement                     _bittestandcomplement
#define BitTestAndComplement64                   _bittestandcomplement64
#define BitScanForward                           _BitScanForward
#define BitScanForward64                         _BitScanForward64
#define BitScanReverse                           _BitScanReverse
#define BitScanReverse64                         _BitScanReverse64
#define RotateLeft8                              _rotl8
#define RotateLeft16                             _rotl16
#define RotateLeft32                             _rotl
#define RotateLeft64                             _rotl64
#define RotateRight8                             _rotr8
#define RotateRight16                            _rotr16
#define RotateRight32                            _rotr
#define RotateRight64                            _rotr64
#define PopulationCount64                        __popcnt64
#define Multiply128                              _mul128
#define UnsignedMultiply128                      _umul128
#define MultiplyHigh                             __mulh
#define UnsignedMultiplyHigh                     __umulh
#define ShiftLeft128                             __shiftleft128
#define ShiftRight128                            __shiftright128
#define FastFence                                __faststorefence
#define LoadFence                                _mm_lfence
#define MemoryFence                              _mm_mfence
#define StoreFence                               _mm_sfence
#define ReadTimeStampCounter                     __rdtsc
#define ReadMsr                                  __readmsr
#define WriteMsr                                 __writemsr
#define CpuIdEx                                  __cpuidex
#define CpuId                                    __cpuid
#define DbgRaiseAssertionFailure                 __int2c
#define CacheLineFlush(Address)                  _mm_clflush(Address)
#define InterlockedIncrementAcquire              _InterlockedIncrement
#define InterlockedIncrementAcquire64            _InterlockedIncrement64
#define InterlockedIncrement64Acquire            _InterlockedIncrement64
#define InterlockedIncrementRelease              _InterlockedIncrement
#define InterlockedIncrementRelease64            _InterlockedIncrement64
#define InterlockedIncrement64Release            _InterlockedIncrement64
#define InterlockedIncrementNoFence              _InterlockedIncrement
#define InterlockedIncrementNoFence64            _InterlockedIncrement64
#define InterlockedIncrement64NoFence            _InterlockedIncrement64
#define InterlockedDecrementAcquire              _InterlockedDecrement
#define InterlockedDecrementAcquire64            _InterlockedDecrement64
#define InterlockedDecrement64Acquire            _InterlockedDecrement64
#define InterlockedDecrementRelease              _InterlockedDecrement
#define InterlockedDecrementRelease64            _InterlockedDecrement64
#define InterlockedDecrement64Release            _InterlockedDecrement64
#define InterlockedDecrementNoFence              _InterlockedDecrement
#define InterlockedDecrementNoFence64            _InterlockedDecrement64
#define InterlockedDecrement64NoFence            _InterlockedDecrement64
#define InterlockedAndAcquire                    _InterlockedAnd
#define InterlockedAndAcquire64                  _InterlockedAnd64
#define InterlockedAnd64Acquire                  _InterlockedAnd64
#define InterlockedAndRelease                    _InterlockedAnd
#define InterlockedAndRelease64                  _InterlockedAnd64
#define InterlockedAnd64Release                  _InterlockedAnd64
#define InterlockedAndNoFence                    _InterlockedAnd
#define InterlockedAndNoFence64                  _InterlockedAnd64
#define InterlockedAnd64NoFence                  _InterlockedAnd64
#define InterlockedOrAcquire                     _InterlockedOr
#define InterlockedOrAcquire64                   _InterlockedOr64
#define InterlockedOr64Acquire                   _InterlockedOr64
#define InterlockedOrRelease                     _InterlockedOr
#define InterlockedOrRelease64                   _InterlockedOr64
#define InterlockedOr64Release                   _InterlockedOr64
#define InterlockedOrNoFence                     _InterlockedOr
#define InterlockedOrNoFence64                   _InterlockedOr64
#define InterlockedOr64NoFence                   _InterlockedOr64
#define InterlockedXorAcquire                    _InterlockedXor
#define InterlockedXorAcquire64                  _InterlockedXor64
#define InterlockedXor64Acquire                  _InterlockedXor64
#define InterlockedXorRelease                    _InterlockedXor
#define InterlockedXorRelease64                  _InterlockedXor64
#define InterlockedXor64Release                  _InterlockedXor64
#define InterlockedXorNoFence                    _InterlockedXor
#define InterlockedXorNoFence64                  _InterlockedXor64
#define InterlockedXor64NoFence                  _InterlockedXor64
#define InterlockedAddAcquire                    _InterlockedAdd
#define InterlockedAddAcquire64                  _InterlockedAdd64
#define InterlockedAdd64Acquire                  _InterlockedAdd64
#define InterlockedAddRelease                    _InterlockedAdd
#define InterlockedAddRelease64                  _InterlockedAdd64
#define InterlockedAdd64Release                  _InterlockedAdd64
#define InterlockedAddNoFence                    _InterlockedAdd
#define InterlockedAddNoFence64                  _InterlockedAdd64
#define InterlockedAdd64NoFence                  _InterlockedAdd64
#define InterlockedExchangeAcquire               _InterlockedExchange
#define InterlockedExchangeAcquire64             _InterlockedExchange64
#define InterlockedExchange64Acquire             _InterlockedExchange64
#define InterlockedExchangeRelease               _InterlockedExchange
#define InterlockedExchangeRelease64             _InterlockedExchange64
#define InterlockedExchange64Release             _InterlockedExchange64
#define InterlockedExchangeNoFence               _InterlockedExchange
#define InterlockedExchangeNoFence64             _InterlockedExchange64
#define InterlockedExchange64NoFence             _InterlockedExchange64
#define InterlockedExchangeAddAcquire            _InterlockedExchangeAdd
#define InterlockedExchangeAddAcquire64          _InterlockedExchangeAdd64
#define InterlockedExchangeAdd64Acquire          _InterlockedExchangeAdd64
#define InterlockedExchangeAddRelease            _InterlockedExchangeAdd
#define InterlockedExchangeAddRelease64          _InterlockedExchangeAdd64
#define InterlockedExchangeAdd64Release          _InterlockedExchangeAdd64
#define InterlockedExchangeAddNoFence            _InterlockedExchangeAdd
#define InterlockedExchangeAddNoFence64          _InterlockedExchangeAdd64
#define InterlockedExchangeAdd64NoFence          _InterlockedExchangeAdd64
#define InterlockedCompareExchangeAcquire        _InterlockedCompareExchange
#define InterlockedCompareExchangeAcquire64      _InterlockedCompareExchange64
#define InterlockedCompareExchange64Acquire      _InterlockedCompareExchange64
#define InterlockedCompareExchangeRelease        _InterlockedCompareExchange
#define InterlockedCompareExchangeRelease64      _InterlockedCompareExchange64
#define InterlockedCompareExchange64Release      _InterlockedCompareExchange64
#define InterlockedCompareExchangeNoFence        _InterlockedCompareExchange
#define InterlockedCompareExchangeNoFence64      _InterlockedCompareExchange64
#define InterlockedCompareExchange64NoFence      _InterlockedCompareExchange64
#define InterlockedExchangePointerAcquire        _InterlockedExchangePointer
#define InterlockedCompareExchangePointerAcquire _InterlockedCompareExchangePointer
#define InterlockedExchangePointerRelease        _InterlockedExchangePointer
#define InterlockedCompareExchangePointerRelease _InterlockedCompareExchangePointer
#define InterlockedExchangePointerNoFence        _InterlockedExchangePointer
#define InterlockedCompareExchangePointerNoFence _InterlockedCompareExchangePointer
#define InterlockedIncrementSizeT(a)             ((SIZE_T)_InterlockedIncrement64((LONG64 volatile *)(a)))
#define InterlockedDecrementSizeT(a)             ((SIZE_T)_InterlockedDecrement64((LONG64 volatile *)(a)))
#define InterlockedExchangeAddSizeT(a, b)                                                                    \
    ((SIZE_T)_InterlockedExchangeAdd64((LONG64 volatile *)(a), (LONG64)(b)))

#define YieldProcessor            _mm_pause
#define MemoryBarrier()           __faststorefence()
#define PreFetchCacheLine(l, a)   __builtin_prefetch((const void *)(a))
#define PrefetchForWrite(p)       __builtin_prefetch((const void *)(p), 1)
#define PF_TEMPORAL_LEVEL_1       3
#define PF_TEMPORAL_LEVEL_2       2
#define PF_TEMPORAL_LEVEL_3       1
#define PF_NON_TEMPORAL_LEVEL_ALL 0

/* Loads and stores with an order. x64 loads acquire and stores release already; the compiler is what is held
 * back. */
FORCEINLINE CHAR Read8Acquire(CHAR const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE CHAR Read8NoFence(CHAR const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID Write8NoFence(CHAR volatile *Destination, CHAR Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE CHAR Read8Raw(CHAR const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID Write8Raw(CHAR volatile *Destination, CHAR Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID Write8Release(CHAR volatile *Destination, CHAR Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}
FORCEINLINE SHORT Read16Acquire(SHORT const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE SHORT Read16NoFence(SHORT const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID Write16NoFence(SHORT volatile *Destination, SHORT Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE SHORT Read16Raw(SHORT const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID Write16Raw(SHORT volatile *Destination, SHORT Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID Write16Release(SHORT volatile *Destination, SHORT Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}
FORCEINLINE LONG ReadAcquire(LONG const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE LONG ReadNoFence(LONG const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteNoFence(LONG volatile *Destination, LONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE LONG ReadRaw(LONG const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteRaw(LONG volatile *Destination, LONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteRelease(LONG volatile *Destination, LONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}
FORCEINLINE LONG64 Read64Acquire(LONG64 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE LONG64 Read64NoFence(LONG64 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID Write64NoFence(LONG64 volatile *Destination, LONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE LONG64 Read64Raw(LONG64 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID Write64Raw(LONG64 volatile *Destination, LONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID Write64Release(LONG64 volatile *Destination, LONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}
FORCEINLINE UCHAR ReadUCharAcquire(UCHAR const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE UCHAR ReadUCharNoFence(UCHAR const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteUCharNoFence(UCHAR volatile *Destination, UCHAR Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE UCHAR ReadUCharRaw(UCHAR const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteUCharRaw(UCHAR volatile *Destination, UCHAR Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteUCharRelease(UCHAR volatile *Destination, UCHAR Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}
FORCEINLINE USHORT ReadUShortAcquire(USHORT const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE USHORT ReadUShortNoFence(USHORT const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteUShortNoFence(USHORT volatile *Destination, USHORT Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE USHORT ReadUShortRaw(USHORT const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteUShortRaw(USHORT volatile *Destination, USHORT Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteUShortRelease(USHORT volatile *Destination, USHORT Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}
FORCEINLINE ULONG ReadULongAcquire(ULONG const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE ULONG ReadULongNoFence(ULONG const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteULongNoFence(ULONG volatile *Destination, ULONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE ULONG ReadULongRaw(ULONG const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteULongRaw(ULONG volatile *Destination, ULONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteULongRelease(ULONG volatile *Destination, ULONG Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}
FORCEINLINE ULONG64 ReadULong64Acquire(ULONG64 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE ULONG64 ReadULong64NoFence(ULONG64 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteULong64NoFence(ULONG64 volatile *Destination, ULONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE ULONG64 ReadULong64Raw(ULONG64 const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteULong64Raw(ULONG64 volatile *Destination, ULONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteULong64Release(ULONG64 volatile *Destination, ULONG64 Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}
FORCEINLINE BOOLEAN ReadBooleanAcquire(BOOLEAN const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE BOOLEAN ReadBooleanNoFence(BOOLEAN const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteBooleanNoFence(BOOLEAN volatile *Destination, BOOLEAN Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE BOOLEAN ReadBooleanRaw(BOOLEAN const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteBooleanRaw(BOOLEAN volatile *Destination, BOOLEAN Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteBooleanRelease(BOOLEAN volatile *Destination, BOOLEAN Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}
FORCEINLINE HANDLE ReadHandleAcquire(HANDLE const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE HANDLE ReadHandleNoFence(HANDLE const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteHandleNoFence(HANDLE volatile *Destination, HANDLE Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE HANDLE ReadHandleRaw(HANDLE const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteHandleRaw(HANDLE volatile *Destination, HANDLE Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WriteHandleRelease(HANDLE volatile *Destination, HANDLE Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}
FORCEINLINE PVOID ReadPointerAcquire(PVOID const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_ACQUIRE);
}
FORCEINLINE PVOID ReadPointerNoFence(PVOID const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WritePointerNoFence(PVOID volatile *Destination, PVOID Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE PVOID ReadPointerRaw(PVOID const volatile *Source)
{
    return __atomic_load_n(Source, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WritePointerRaw(PVOID volatile *Destination, PVOID Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELAXED);
}
FORCEINLINE VOID WritePointerRelease(PVOID volatile *Destination, PVOID Value)
{
    __atomic_store_n(Destination, Value, __ATOMIC_RELEASE);
}

EXTERN_C_END

#endif
