/* SPDX-License-Identifier: MIT */
/* vadefs.h - variable arguments, under the name of the compiler header. */
#pragma once
#include <stdarg.h>
