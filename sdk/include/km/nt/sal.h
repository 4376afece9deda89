/* SPDX-License-Identifier: MIT */
/* nt/sal.h - every annotation that the declarations of this SDK carry. */
#pragma once
#include <sal.h>
#include <driverspecs.h>
