/* SPDX-License-Identifier: MIT */
#define LEAKY_FAILS
#include "leaky.c"
