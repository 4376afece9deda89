/* SPDX-License-Identifier: MIT */
/* specstrings.h - the older name of the annotation headers. */
#pragma once
#include <sal.h>
#include <driverspecs.h>
