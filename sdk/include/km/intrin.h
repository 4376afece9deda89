/* SPDX-License-Identifier: MIT */
/* intrin.h - compiler intrinsics. */
#pragma once
#include <nt/intrin.h>
