/* SPDX-License-Identifier: MIT */
/*
 * loadconfig.c - the load configuration of a driver, and the data it points to: the security cookie and the
 * pointers through which control flow guard checks and dispatches indirect calls.
 *
 * The loader finds _load_config_used through the image's data directory, gives the cookie a random value and
 * replaces the guard pointers by routines of the kernel. An image that is loaded by something else runs with
 * the defaults here: the well-known cookie, which GsDriverEntry replaces, and guards that let everything
 * pass. The linker defines the __guard_* symbols (zero without /guard:cf). Image layout: PE format, load
 * configuration directory, 64-bit.
 */
#include <nt/base.h>

#define DEFAULT_SECURITY_COOKIE 0x00002B992DDFA232ULL

EXTERN_C_START

ULONG_PTR __security_cookie = DEFAULT_SECURITY_COOKIE;
ULONG_PTR __security_cookie_complement = ~DEFAULT_SECURITY_COOKIE;

void _guard_check_icall_nop(void);
void _guard_dispatch_icall_nop(void);

#define GUARD_POINTER __attribute__((section(".00cfg"), used))
GUARD_POINTER void (*const __guard_check_icall_fptr)(void) = _guard_check_icall_nop;
GUARD_POINTER void (*const __guard_dispatch_icall_fptr)(void) = _guard_dispatch_icall_nop;
GUARD_POINTER void (*const __guard_xfg_check_icall_fptr)(void) = _guard_check_icall_nop;
GUARD_POINTER void (*const __guard_xfg_dispatch_icall_fptr)(void) = _guard_dispatch_icall_nop;
GUARD_POINTER void (*const __guard_xfg_table_dispatch_icall_fptr)(void) = _guard_dispatch_icall_nop;

extern void *__guard_fids_table[];
extern char __guard_fids_count[];
extern char __guard_flags[];
extern void *__guard_iat_table[];
extern char __guard_iat_count[];
extern void *__guard_longjmp_table[];
extern char __guard_longjmp_count[];
extern void *__guard_eh_cont_table[];
extern char __guard_eh_cont_count[];

typedef struct _KILN_LOAD_CONFIG {
    ULONG Size;
    ULONG TimeDateStamp;
    USHORT MajorVersion;
    USHORT MinorVersion;
    ULONG GlobalFlagsClear;
    ULONG GlobalFlagsSet;
    ULONG CriticalSectionDefaultTimeout;
    ULONGLONG DeCommitFreeBlockThreshold;
    ULONGLONG DeCommitTotalFreeThreshold;
    ULONGLONG LockPrefixTable;
    ULONGLONG MaximumAllocationSize;
    ULONGLONG VirtualMemoryThreshold;
    ULONGLONG ProcessAffinityMask;
    ULONG ProcessHeapFlags;
    USHORT CSDVersion;
    USHORT DependentLoadFlags;
    ULONGLONG EditList;
    const void *SecurityCookie;
    ULONGLONG SEHandlerTable;
    ULONGLONG SEHandlerCount;
    const void *GuardCFCheckFunctionPointer;
    const void *GuardCFDispatchFunctionPointer;
    const void *GuardCFFunctionTable;
    const void *GuardCFFunctionCount;
    const void
        *GuardFlags; /* an absolute symbol of 32 bits, and the first word of CodeIntegrity, which is zero */
    ULONGLONG CodeIntegrityCatalog;
    const void *GuardAddressTakenIatEntryTable;
    const void *GuardAddressTakenIatEntryCount;
    const void *GuardLongJumpTargetTable;
    const void *GuardLongJumpTargetCount;
    ULONGLONG DynamicValueRelocTable;
    ULONGLONG CHPEMetadataPointer;
    ULONGLONG GuardRFFailureRoutine;
    ULONGLONG GuardRFFailureRoutineFunctionPointer;
    ULONG DynamicValueRelocTableOffset;
    USHORT DynamicValueRelocTableSection;
    USHORT Reserved2;
    ULONGLONG GuardRFVerifyStackPointerFunctionPointer;
    ULONG HotPatchTableOffset;
    ULONG Reserved3;
    ULONGLONG EnclaveConfigurationPointer;
    ULONGLONG VolatileMetadataPointer;
    const void *GuardEHContinuationTable;
    const void *GuardEHContinuationCount;
    const void *GuardXFGCheckFunctionPointer;
    const void *GuardXFGDispatchFunctionPointer;
    const void *GuardXFGTableDispatchFunctionPointer;
    ULONGLONG CastGuardOsDeterminedFailureMode;
    ULONGLONG GuardMemcpyFunctionPointer;
} KILN_LOAD_CONFIG;

NT_ASSERT_OFFSET(KILN_LOAD_CONFIG, SecurityCookie, 0x58);
NT_ASSERT_OFFSET(KILN_LOAD_CONFIG, GuardCFCheckFunctionPointer, 0x70);
NT_ASSERT_OFFSET(KILN_LOAD_CONFIG, GuardFlags, 0x90);
NT_ASSERT_OFFSET(KILN_LOAD_CONFIG, GuardEHContinuationTable, 0x108);
NT_ASSERT_SIZE(KILN_LOAD_CONFIG, 0x140);

const KILN_LOAD_CONFIG _load_config_used __attribute__((used)) = {
    .Size = sizeof(KILN_LOAD_CONFIG),
    .SecurityCookie = &__security_cookie,
    .GuardCFCheckFunctionPointer = &__guard_check_icall_fptr,
    .GuardCFDispatchFunctionPointer = &__guard_dispatch_icall_fptr,
    .GuardCFFunctionTable = &__guard_fids_table,
    .GuardCFFunctionCount = &__guard_fids_count,
    .GuardFlags = &__guard_flags,
    .GuardAddressTakenIatEntryTable = &__guard_iat_table,
    .GuardAddressTakenIatEntryCount = &__guard_iat_count,
    .GuardLongJumpTargetTable = &__guard_longjmp_table,
    .GuardLongJumpTargetCount = &__guard_longjmp_count,
    .GuardEHContinuationTable = &__guard_eh_cont_table,
    .GuardEHContinuationCount = &__guard_eh_cont_count,
    .GuardXFGCheckFunctionPointer = &__guard_xfg_check_icall_fptr,
    .GuardXFGDispatchFunctionPointer = &__guard_xfg_dispatch_icall_fptr,
    .GuardXFGTableDispatchFunctionPointer = &__guard_xfg_table_dispatch_icall_fptr,
};

EXTERN_C_END
