/* SPDX-License-Identifier: MIT */
/* inttypes.h - integers of known size. */
#pragma once
#include <stdint.h>
