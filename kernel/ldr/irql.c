/* SPDX-License-Identifier: MIT */
/*
 * The IRQL of a driver's calls.
 *
 * On a checked machine an import is bound to a thunk (generated: tools/irql.py) that compares the IRQL with the range
 * which the routine's annotation gives, and jumps on with every register as it was; MmGetSystemRoutineAddress gives the
 * same thunk. A call outside the range comes here, before the routine runs. Unchecked machines bind to the routines
 * themselves and pay nothing. Rules that depend on arguments (paged pool, a wait's time-out) are the routines' own.
 *
 * Driver Verifier's compliance rules name the families; their numbers are the first parameter of the bugcheck.
 */
#include "ldri.h"

#include "ki.h"
#include "trap.h"
#include "../rtl/rtlp.h"

#define CALL_SITES 256

/* Calls outside their range, and the places that were reported (report mode: each once). */
static volatile LONG violations;
static PVOID volatile call_sites[CALL_SITES];

static const struct ldr_irql_range *find_range(const char *name)
{
    uint32_t low = 0, high = LdrpIrqlRangeCount;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *a = name, *b = LdrpIrqlRanges[middle].name;
        while (*a && *a == *b)
            a++, b++;
        if (*a == *b)
            return &LdrpIrqlRanges[middle];
        if ((UCHAR)*a < (UCHAR)*b)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

PVOID LdrpCheckedAddress(const struct ldr_export *Export)
{
    PVOID address = LdrpExportAddress(Export);
    const struct host_config *config = host_config();
    if (!address || !config->checked || config->irql_checks == HOST_IRQL_OFF || Export->kind != LDR_EXPORT_FUNC)
        return address;
    const struct ldr_irql_range *range = find_range(Export->name);
    return range ? (PVOID)(ULONG_PTR)range->thunk : address;
}

LONG LdrIrqlViolations(void)
{
    return violations;
}

static const char *level_name(ULONG level)
{
    static const char *const names[] = {"PASSIVE_LEVEL", "APC_LEVEL", "DISPATCH_LEVEL"};
    return level < RTL_NUMBER_OF(names) ? names[level] : level == HIGH_LEVEL ? "HIGH_LEVEL" : "device level";
}

static BOOLEAN begins(const char *name, const char *with)
{
    while (*with && *name == *with)
        name++, with++;
    return !*with;
}

/* The number of the compliance rule that names the routine's family and level: "Bug check 0xC4", 0x20002 to 0x20024. */
static ULONG rule_number(const struct ldr_irql_range *range)
{
    static const struct {
        const char *prefix;
        USHORT passive, apc, dispatch;
    } rules[] = {
        {"KeSetEvent", 0x16, 0x16, 0x16}, {"KeReleaseSpinLock", 0x15, 0x15, 0x15}, {"ExAllocatePool", 0x04, 0x04, 0x04},
        {"Zw", 0x1F, 0x24, 0x25}, {"Nt", 0x1F, 0x24, 0x25}, {"Ob", 0x1B, 0x02, 0x25}, {"Ps", 0x1C, 0x24, 0x25},
        {"Rtl", 0x1E, 0x24, 0x25}, {"Io", 0x23, 0x09, 0x22}, {"Ex", 0x08, 0x06, 0x25}, {"Ke", 0x23, 0x0F, 0x11},
        {"Mm", 0x23, 0x19, 0x25}};
    if (range->low)
        return 0x20003; /* IrqlDispatch */
    for (ULONG i = 0; i < RTL_NUMBER_OF(rules); i++) {
        if (begins(range->name, rules[i].prefix))
            return 0x20000 + (range->high == PASSIVE_LEVEL ? rules[i].passive
                              : range->high == APC_LEVEL   ? rules[i].apc
                                                           : rules[i].dispatch);
    }
    return range->high == PASSIVE_LEVEL ? 0x20023 : 0x20024;
}

static void NTAPI print(char *text, SIZE_T bytes, const char *format, ...)
{
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, format);
    RtlpFormatUtf8(text, bytes, format, arguments);
    __builtin_ms_va_end(arguments);
}

static void describe(const struct ldr_irql_range *range, KIRQL irql, PVOID caller, char *text, SIZE_T bytes)
{
    char place[320], allowed[64];
    const char *advice = irql < range->low ? "raise the IRQL first, or call the form of the routine that raises it"
                         : range->high >= DISPATCH_LEVEL
                             ? "queue a DPC (IoRequestDpc, KeInsertQueueDpc) and call it there"
                             : "release the spin lock, or lower the IRQL, before the call; from a DPC or a completion routine "
                               "queue a work item (IoQueueWorkItem)";
    if (range->low == range->high)
        print(allowed, sizeof allowed, "%s only", level_name(range->low));
    else
        print(allowed, sizeof allowed, "%s %s", range->low ? ">=" : range->high ? "<=" : "",
              level_name(range->low ? range->low : range->high));
    KiDescribeReturn((ULONG_PTR)caller, place, sizeof place);
    print(text, bytes, "%s called %s at IRQL %u (%s); it may be called at %s. What to do: %s", place, range->name, irql,
          level_name(irql), allowed, advice);
}

/* Whether the place is new; with more places than the table holds each is reported. */
static BOOLEAN is_new_place(PVOID caller)
{
    for (ULONG i = 0; i < CALL_SITES; i++) {
        if (call_sites[i] == caller)
            return FALSE;
        if (!call_sites[i])
            return InterlockedCompareExchangePointer((PVOID volatile *)&call_sites[i], caller, NULL) != caller;
    }
    return TRUE;
}

/*
 * From LdrpIrqlViolationEntry: routine number Index is called from Caller at an IRQL outside its range. Returns, to go on
 * with the call, only in report mode and for callers that are no drivers.
 */
NTAPI void LdrpIrqlViolation(ULONG Index, PVOID Caller)
{
    const struct ldr_irql_range *range = &LdrpIrqlRanges[Index];
    KIRQL irql = KeGetCurrentIrql();
    static char text[1024];
    if (KiBugCheckActive || !LdrIsDriverCode((ULONG_PTR)Caller))
        return;
    InterlockedIncrement(&violations);
    if (host_config()->irql_checks == HOST_IRQL_STOP) {
        describe(range, irql, Caller, text, sizeof text);
        KiBugCheckText(DRIVER_VERIFIER_DETECTED_VIOLATION, rule_number(range), (ULONG_PTR)text, (ULONG_PTR)Caller, irql,
                       (ULONG_PTR)Caller, text);
    }
    if (is_new_place(Caller)) {
        char line[1088], report[1024];
        describe(range, irql, Caller, report, sizeof report);
        print(line, sizeof line, "*** IRQL: %s\n", report);
        host_console_write(HOST_STREAM_REPORT, line, LdrpLength(line));
    }
}
