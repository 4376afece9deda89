/* SPDX-License-Identifier: MIT */
/*
 * Layout witnesses: compile-time checks that a public structure has exactly the size and the offsets it has on
 * x64 Windows. They stand next to the structure, in the driver build and in the kernel build alike, so a wrong
 * layout never compiles. KM_BEGIN_DECLS/KM_END_DECLS give declarations C linkage for C++ drivers.
 */
#ifndef KILN_NT_LAYOUT_H
#define KILN_NT_LAYOUT_H

#ifdef __cplusplus
#define KM_BEGIN_DECLS extern "C" {
#define KM_END_DECLS }
#define KM_LAYOUT_CHECK(expression, text) static_assert(expression, text)
#else
#define KM_BEGIN_DECLS
#define KM_END_DECLS
#define KM_LAYOUT_CHECK(expression, text) _Static_assert(expression, text)
#endif

#define KM_LAYOUT_SIZE(type, size) KM_LAYOUT_CHECK(sizeof(type) == (size), "size of " #type)
#define KM_LAYOUT_OFFSET(type, field, offset) \
    KM_LAYOUT_CHECK(__builtin_offsetof(type, field) == (offset), "offset of " #type "." #field)

#endif
