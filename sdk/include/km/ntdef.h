/* SPDX-License-Identifier: MIT */
/* ntdef.h - the basic types. */
#pragma once
#include <nt/base.h>
