/* SPDX-License-Identifier: MIT */
/* initguid.h - from here on, DEFINE_GUID defines.  Include it before the header with the GUIDs. */
#ifndef INITGUID
#define INITGUID
#endif
#include <guiddef.h>
