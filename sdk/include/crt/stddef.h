/* SPDX-License-Identifier: MIT */
/* stddef.h - size_t, ptrdiff_t, wchar_t, NULL, offsetof. */
#ifndef KILN_CRT_STDDEF_H
#define KILN_CRT_STDDEF_H
#include <crtdefs.h>
#ifndef offsetof
#define offsetof(type, member) __builtin_offsetof(type, member)
#endif
#ifdef __cplusplus
namespace std
{
typedef decltype(nullptr) nullptr_t;
}
#else
typedef struct {
    long long kiln_max_align_ll __attribute__((aligned(__alignof__(long long))));
    void *kiln_max_align_p __attribute__((aligned(16)));
} max_align_t;
#endif
#endif
