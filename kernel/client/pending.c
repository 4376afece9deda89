/* SPDX-License-Identifier: MIT */
/* Weak definitions of what the I/O manager will provide, so that the rest can be run before it is linked. */
#include <nt/base.h>
#include "host.h"

#define PENDING(Name)                                                                                        \
    __attribute__((weak)) void Name(void);                                                                   \
    void Name(void)                                                                                          \
    {                                                                                                        \
        host_panic(#Name " is not linked yet");                                                              \
    }
PENDING(IoGetDeviceObjectPointer)
PENDING(IopEnumerateDevices)
PENDING(IopEnumerateDrivers)
PENDING(IopEnumerateIrps)
PENDING(IopFormatDeviceFlags)
PENDING(IopFormatName)
PENDING(IopLoadDriver)
PENDING(IopMajorFunctionName)
PENDING(IopQueryDeviceStack)
PENDING(IopShutdownSystem)
PENDING(IopUnloadDriver)
PENDING(NtCancelIoFileEx)
PENDING(NtCreateFile)
PENDING(NtDeviceIoControlFile)
PENDING(NtFlushBuffersFile)
PENDING(NtReadFile)
PENDING(NtWriteFile)
__attribute__((weak, aligned(4096))) UCHAR KiSharedUserPage[4096];
__attribute__((weak)) void IopInitSystem(ULONG Phase);
void IopInitSystem(ULONG Phase)
{
}
