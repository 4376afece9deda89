/* SPDX-License-Identifier: MIT */
/* NTSTATUS values and their documented names. */
#include <ntdef.h>

#include "clientp.h"

/* The first documented name of a value (aliases follow it in the table). */
const char *KcStatusName(int32_t status)
{
    unsigned low = 0, high = KcStatusNameCount;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if ((uint32_t)KcStatusNames[middle].value < (uint32_t)status)
            low = middle + 1;
        else
            high = middle;
    }
    return low < KcStatusNameCount && KcStatusNames[low].value == status ? KcStatusNames[low].name : NULL;
}

static bool same_name(const char *full, const char *name)
{
    for (; *full && *name; full++, name++) {
        char c = *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name;
        if (*full != c)
            return false;
    }
    return *full == *name;
}

bool KcStatusValue(const char *name, int32_t *status)
{
    for (unsigned i = 0; i < KcStatusNameCount; i++) {
        const char *full = KcStatusNames[i].name;
        if (same_name(full, name) || same_name(full + sizeof "STATUS_" - 1, name)) {
            *status = KcStatusNames[i].value;
            return true;
        }
    }
    return false;
}
