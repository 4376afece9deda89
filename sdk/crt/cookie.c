/* SPDX-License-Identifier: MIT */
/*
 * cookie.c - stack protection: the check at the end of a protected function, and the entry point that
 * prepares it.
 *
 * A protected function stores the cookie, exclusive-ored with its stack pointer, behind its locals and hands
 * it to
 * __security_check_cookie before it returns. A wrong cookie, or one whose upper 16 bits are not zero, stops
 * the machine at once: a stack that was overwritten may not be used to report anything else.
 *
 * GsDriverEntry is the image's entry point: cookie, C++ and sanitizer constructors (.CRT$XC*), then the
 * driver's DriverEntry.
 */
#include <nt/base.h>
#include <nt/intrin.h>
#include <nt/rtl_list.h>

EXTERN_C_START

#define DEFAULT_SECURITY_COOKIE 0x00002B992DDFA232ULL

extern ULONG_PTR __security_cookie;
extern ULONG_PTR __security_cookie_complement;

/* 48 random bits of what differs from load to load, unless the loader gave the cookie a value already. */
VOID __security_init_cookie(VOID)
{
    ULONG_PTR cookie = __security_cookie;
    if (cookie == DEFAULT_SECURITY_COOKIE || cookie == 0) {
        cookie = __rdtsc() ^ (ULONG_PTR)&__security_cookie ^ ((ULONG_PTR)&cookie << 7);
        cookie &= 0x0000FFFFFFFFFFFFULL;
        if (cookie == DEFAULT_SECURITY_COOKIE || cookie == 0) {
            cookie = DEFAULT_SECURITY_COOKIE + 1;
        }
        __security_cookie = cookie;
    }
    __security_cookie_complement = ~cookie;
}

DECLSPEC_NORETURN VOID __report_gsfailure(ULONG_PTR StackCookie)
{
    UNREFERENCED_PARAMETER(StackCookie);
    __fastfail(FAST_FAIL_STACK_COOKIE_CHECK_FAILURE);
}

DECLSPEC_NORETURN VOID __report_rangecheckfailure(VOID)
{
    __fastfail(FAST_FAIL_RANGE_CHECK_FAILURE);
}

typedef VOID (*CONSTRUCTOR)(VOID);
__attribute__((section(".CRT$XCA"), used)) static const CONSTRUCTOR first_constructor = NULL;
__attribute__((section(".CRT$XCZ"), used)) static const CONSTRUCTOR last_constructor = NULL;

static VOID run_constructors(VOID)
{
    const CONSTRUCTOR *volatile first = &first_constructor;
    const CONSTRUCTOR *volatile last = &last_constructor;
    for (const CONSTRUCTOR *constructor = first + 1; constructor < last; constructor++) {
        if (*constructor != NULL) {
            (*constructor)();
        }
    }
}

NTSTATUS NTAPI DriverEntry(struct _DRIVER_OBJECT *DriverObject, PUNICODE_STRING RegistryPath);

NTSTATUS NTAPI GsDriverEntry(struct _DRIVER_OBJECT *DriverObject, PUNICODE_STRING RegistryPath)
{
    __security_init_cookie();
    run_constructors();
    return DriverEntry(DriverObject, RegistryPath);
}

EXTERN_C_END
