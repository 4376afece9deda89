/* SPDX-License-Identifier: MIT */
/* kernelspecs.h - kernel annotations under their current name. */
#pragma once
#include <sal.h>
#include <driverspecs.h>
