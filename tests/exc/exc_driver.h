/* SPDX-License-Identifier: MIT */
/* Loading a test driver of tests/exc/drivers and calling its exported functions. */
#ifndef KILN_EXC_DRIVER_H
#define KILN_EXC_DRIVER_H

#include <ntifs.h>
#include "harness.h"
#include "host.h"
#include "ldrp.h"
#include "trap.h"

/* The module, or NULL when the driver was not built (no clang): the test then has nothing to say. */
static inline PKLDR_MODULE exc_load(const char *file)
{
    static struct ldr_error why;
    static WCHAR wide[96];
    char path[512];
    const void *data;
    uint64_t bytes;
    ULONG at = 0;
    USHORT length = 0;
    PKLDR_MODULE module;
    for (const char *c = kiln_test_driver_dir(); *c && at < 400; c++)
        path[at++] = *c;
    path[at++] = '/';
    for (const char *c = file; *c; c++) {
        path[at++] = *c;
        wide[length++] = (WCHAR)*c;
    }
    path[at] = 0;
    if (host_read_file(path, &data, &bytes))
        return NULL;
    UNICODE_STRING name = {length * sizeof(WCHAR), length * sizeof(WCHAR), wide};
    CHECK_EQ((ULONG)LdrpLoadImage(&name, path, data, bytes, 0, &module, &why), STATUS_SUCCESS);
    host_free_file(data, bytes);
    return module;
}

typedef int NTAPI EXC_FUNCTION(void);

static inline EXC_FUNCTION *exc_function(PKLDR_MODULE module, const char *name)
{
    EXC_FUNCTION *function = (EXC_FUNCTION *)LdrpGetProcedure(module, name);
    CHECK(function != NULL);
    return function;
}

#endif
