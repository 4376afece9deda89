/* SPDX-License-Identifier: MIT */
/* Private to kernel/vf: bugchecks and crash reports. */
#ifndef KILN_VFP_H
#define KILN_VFP_H

#include "exceptp.h"
#include "ki.h"

/* What the reference says about a bugcheck code. NULL strings: nothing to say. */
struct vf_bug_text {
    ULONG code;
    const char *meaning;      /* one sentence */
    const char *parameter[4]; /* what each parameter is */
    const char *advice;       /* what to do */
};

struct vf_bug_name {
    unsigned code;
    const char *name;
};
extern const struct vf_bug_name vf_bug_names[]; /* sorted; generated */
extern const unsigned vf_bug_name_count;

const struct vf_bug_text *vf_find_bug_text(ULONG code); /* NULL: not in the table */
const char *vf_bug_name(ULONG code);                    /* NULL: not documented */
const char *vf_fast_fail_name(ULONG code);
const char *vf_exception_name(ULONG code); /* NULL: unknown */

/* The crash being reported. One per machine; filled by the processor that stops it. */
#define VF_MAX_FRAMES 48

struct vf_crash {
    ULONG code;
    ULONG_PTR parameter[4];
    CONTEXT context;
    EXCEPTION_RECORD record;
    bool has_record;
    ULONGLONG driver_pc; /* in the driver to blame; 0: unknown */
    const char *text;    /* explanation of whoever stopped the machine; may be NULL */
    KIRQL irql;          /* before the stop raised it */
    ULONG processor;
    PKTHREAD thread;
    ULONGLONG frames[VF_MAX_FRAMES];
    ULONG repeats[VF_MAX_FRAMES]; /* further frames with the same address: recursion */
    ULONG frame_count;
};
extern struct vf_crash vf_crash;

/* Run the steps of the report, each protected against its own faults. */
void vf_report(void);

/* Text and JSON output. Conversions are RtlpFormat's. */
void NTAPI vf_say(const char *format, ...);
void NTAPI vf_print(char *text, SIZE_T bytes, const char *format, ...);
void vf_report_irps(void);
void vf_report_json(void);

/*
 * Run step(argument); a fault or bugcheck in it ends the step only. Returns false then, having said so.
 * Used by the processor that writes the report.
 */
bool vf_protected(void (*step)(void *), void *argument, const char *what);

/* Bugcheck callbacks of drivers, in the documented order. */
void vf_run_callbacks(void);

/* Where an address is. */
struct vf_place {
    char module[64];     /* "echo.sys", "kiln" for the kernel, "" unknown */
    char function[256];  /* "" unknown */
    char file[512];      /* "" unknown */
    ULONG line;
    ULONGLONG module_base, offset; /* offset: from the module's base */
    bool driver;         /* in a PE image */
    bool unloaded;
};
void vf_locate(ULONGLONG pc, bool is_return_address, struct vf_place *place);
void vf_describe(const struct vf_place *place, char *text, SIZE_T bytes);

/* Fill the frames of vf_crash from its context. */
void vf_walk(void *unused);

/* Is frame `i` a return address (and not where an instruction was interrupted)? */
bool vf_is_return(ULONG i);

/* The frame of the driver to blame: the one that was named, or the first driver on the stack. */
bool vf_find_driver(ULONGLONG *pc, bool *returned);

/* The meaning of a trap that --san=ubsan put at the address; NULL if it is none. */
const char *vf_undefined_behaviour(const void *address);

#endif
