/* SPDX-License-Identifier: MIT */
/* What the client asks of the memory manager. */
#include <ntifs.h>

#include "clientp.h"
#include "ki.h"
#include "mi.h"

int32_t KcsPageOut(uint64_t *pages)
{
    MI_PAGING paging;
    KiThread()->PreviousMode = KernelMode;
    KiDeliverPending();
    MiQueryPaging(&paging);
    *pages = MiTrimPages(TRUE);
    return paging.On ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
}
