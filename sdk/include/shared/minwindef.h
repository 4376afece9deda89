/* SPDX-License-Identifier: MIT */
/* minwindef.h - the part of windef.h without windows. */
#pragma once
#include <windef.h>
