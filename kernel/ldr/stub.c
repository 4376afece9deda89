/* SPDX-License-Identifier: MIT */
/*
 * What happens when a driver calls a routine that Kiln does not implement: the machine stops and says which.
 */
#include "ldrp.h"
#include "trap.h"

#define DRIVER_CALLED_MISSING_ROUTINE 0x4B494C4E /* "KILN": no Windows bugcheck fits */

static char *append(char *to, char *end, const char *text)
{
    while (*text && to < end)
        *to++ = *text++;
    *to = 0;
    return to;
}

DECLSPEC_NORETURN void LdrpStubCalled(const char *Name, PVOID Caller)
{
    char text[320], *at = text, *end = text + sizeof text - 1;
    PKLDR_MODULE module = LdrFindModuleByAddress(Caller);
    at = append(at, end, module ? module->Name : "the kernel");
    at = append(at, end, " called ");
    at = append(at, end, Name);
    at = append(at, end,
                ", which Kiln does not implement. `kiln ddi` lists what it has; a driver can ask with "
                "MmGetSystemRoutineAddress, which returns NULL for this routine");
    KiBugCheckText(DRIVER_CALLED_MISSING_ROUTINE, (ULONG_PTR)Name, (ULONG_PTR)Caller, 0, 0, (ULONG_PTR)Caller,
                   text);
}
