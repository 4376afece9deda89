/* SPDX-License-Identifier: MIT */
/* memory.h - the older name of string.h. */
#pragma once
#include <string.h>
