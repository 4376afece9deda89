/* SPDX-License-Identifier: MIT */
#include <nt/base.h>
__attribute__((weak, aligned(4096))) UCHAR KiSharedUserPage[4096];
