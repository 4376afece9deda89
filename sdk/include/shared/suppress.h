/* SPDX-License-Identifier: MIT */
/* suppress.h - names of PREfast warnings for use in #pragma warning; nothing for other compilers. */
#pragma once
