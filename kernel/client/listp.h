/* SPDX-License-Identifier: MIT */
/* What the files that make lists share: rows of named fields. See list.c. */
#ifndef KILN_LISTP_H
#define KILN_LISTP_H

#include "client.h"

#define NAME_BYTES 256

struct rows {
    kc_row_fn *row;
    void *context;
};

static inline struct kc_field text(const char *name, const char *value)
{
    return (struct kc_field){.name = name, .kind = KC_TEXT, .text = value};
}

static inline struct kc_field number(const char *name, uint64_t value)
{
    return (struct kc_field){.name = name, .kind = KC_NUMBER, .number = value};
}

static inline struct kc_field hex(const char *name, uint64_t value)
{
    return (struct kc_field){.name = name, .kind = KC_HEX, .number = value};
}

#define EMIT(rows, ...)                                                                                      \
    (rows)->row((rows)->context, (const struct kc_field[]){__VA_ARGS__},                                     \
                sizeof((const struct kc_field[]){__VA_ARGS__}) / sizeof(struct kc_field))

/* A counted string as UTF-8, cut to the buffer, always terminated. */
void KcToUtf8(PCUNICODE_STRING string, char *buffer, ULONG bytes);

/* "driver.sys+0x1234" or the kernel's function of a code address, as far as it is known. */
void KcDescribeCode(PVOID address, char *buffer, size_t bytes);

/* list_thread.c */
NTSTATUS KcListThreads(const char *argument, struct rows *rows);
NTSTATUS KcListProcesses(const char *argument, struct rows *rows);

/* Reference a named object; `argument` is UTF-8. Links are followed. */
NTSTATUS KcReferenceName(const char *argument, POBJECT_TYPE type, PVOID *object);

/* list_ob.c */
NTSTATUS KcListHandles(const char *argument, struct rows *rows);
NTSTATUS KcListObjects(const char *argument, struct rows *rows);
NTSTATUS KcListReferences(const char *argument, struct rows *rows);

/* silo.c */
NTSTATUS KcListJobs(const char *argument, struct rows *rows);
/* list_memory.c */
NTSTATUS KcListPool(const char *argument, struct rows *rows);
NTSTATUS KcListLeaks(const char *argument, struct rows *rows);
NTSTATUS KcListMemory(const char *argument, struct rows *rows);

/* list_ke.c */
NTSTATUS KcListTimers(const char *argument, struct rows *rows);
NTSTATUS KcListDpcs(const char *argument, struct rows *rows);
NTSTATUS KcListProcessors(const char *argument, struct rows *rows);

#endif
