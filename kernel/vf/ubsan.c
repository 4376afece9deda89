/* SPDX-License-Identifier: MIT */
/*
 * What a trap of `kiln cc --san=ubsan` means. The compiler ends a failed check with `ud1 disp8(%eax), %eax`, and the
 * displacement is the number of the check.
 */
#include <ntddk.h>

#include "host.h"
#include "vfp.h"

static const char *const checks[] = {
    "undefined behaviour: an addition of signed integers overflows",
    "undefined behaviour: code that was declared unreachable is reached",
    "undefined behaviour: a control flow integrity check failed",
    "undefined behaviour: a division overflows or divides by zero",
    "undefined behaviour: an object has another type than its use says",
    "undefined behaviour: a floating point value does not fit the type it is converted to",
    "undefined behaviour: a function is called through a pointer of another type",
    "an implicit conversion changes the value of an integer",
    "undefined behaviour: a builtin got an argument it does not take (zero for count of leading or trailing zeros)",
    "undefined behaviour: an object is cast to a class it is not of",
    "undefined behaviour: a bool or enumeration holds a value that its type has not",
    "undefined behaviour: a function that returns a value ends without one",
    "undefined behaviour: a multiplication of signed integers overflows",
    "undefined behaviour: the negation of an integer overflows",
    "a null pointer is passed where the declaration says nonnull",
    "a null pointer is returned where the declaration says nonnull",
    "undefined behaviour: a null pointer is passed for a nonnull argument",
    "undefined behaviour: a null pointer is returned from a nonnull function",
    "undefined behaviour: an array index is out of bounds",
    "undefined behaviour: pointer arithmetic overflows",
    "undefined behaviour: a shift by a negative or too large count, or of a negative value",
    "undefined behaviour: a subtraction of signed integers overflows",
    "undefined behaviour: a null or misaligned pointer is used, or one to an object that is too small",
    "undefined behaviour: an alignment that was assumed does not hold",
    "undefined behaviour: a variable length array has no positive length",
};

const char *vf_undefined_behaviour(const void *address)
{
    const UCHAR *code = address;
    if (!host_can_read(code, 5) || code[0] != 0x67 || code[1] != 0x0F || code[2] != 0xB9 || code[3] != 0x40 ||
        code[4] >= RTL_NUMBER_OF(checks))
        return NULL;
    return checks[code[4]];
}
