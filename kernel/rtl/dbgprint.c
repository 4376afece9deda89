/* SPDX-License-Identifier: MIT */
/*
 * DbgPrint and its kin. A message of a component is printed when the component's filter mask, or'ed with the system-wide
 * one, has the message's level. A level of 0..31 means the bit 1 << level; larger values are the mask itself.
 *
 * The documented defaults: the system-wide mask is 1 (DPFLTR_ERROR_LEVEL), all component masks are 0 - so DbgPrint,
 * whose level is DPFLTR_INFO_LEVEL of the DEFAULT component, prints nothing on a machine nobody configured. On Kiln the
 * machine is the debugger, and a developer who writes DbgPrint wants to read it: the DEFAULT component's mask starts
 * with everything up to INFO set.
 *
 * Any IRQL <= DIRQL: the text is formatted on the stack of the caller, in at most 512 bytes as documented, and handed to
 * the host in one piece. Masks are plain words; a race changes which messages appear, not their text.
 */
#include <nt/base.h>
#include <nt/dbg.h>
#include <nt/ex.h>
#include <nt/ke.h>
#include <nt/status.h>

#include "host.h"
#include "rtlp.h"

#define DBG_BUFFER_BYTES   512
#define COMPONENT_COUNT    256
#define COMPONENT_DEFAULT  101 /* DPFLTR_DEFAULT_ID */
#define LEVEL_INFO         3

static volatile ULONG system_mask = 1;
static volatile ULONG component_mask[COMPONENT_COUNT] = {
    [COMPONENT_DEFAULT] = 0xF,
};

static ULONG level_mask(ULONG level)
{
    return level < 32 ? 1u << level : level;
}

static BOOLEAN is_enabled(ULONG component, ULONG level)
{
    /* Components that are not known share the DEFAULT filter, as documented for out-of-range ids. */
    if (component >= COMPONENT_COUNT)
        component = COMPONENT_DEFAULT;
    return ((system_mask | component_mask[component]) & level_mask(level)) != 0;
}

NTSTATUS NTAPI DbgQueryDebugFilterState(ULONG ComponentId, ULONG Level)
{
    return is_enabled(ComponentId, Level) ? STATUS_SUCCESS + 1 : STATUS_SUCCESS;
}

NTSTATUS NTAPI DbgSetDebugFilterState(ULONG ComponentId, ULONG Level, BOOLEAN State)
{
    volatile ULONG *mask;
    if (ComponentId == ~0u)
        mask = &system_mask; /* DPFLTR_ENDOFTABLE_ID's neighbour: the system-wide mask */
    else if (ComponentId < COMPONENT_COUNT)
        mask = &component_mask[ComponentId];
    else
        return STATUS_INVALID_PARAMETER_1;
    if (State)
        __atomic_fetch_or(mask, level_mask(Level), __ATOMIC_RELAXED);
    else
        __atomic_fetch_and(mask, ~level_mask(Level), __ATOMIC_RELAXED);
    return STATUS_SUCCESS;
}

/* Called with every message that is printed, if a driver asked for it. */
static PDEBUG_PRINT_CALLBACK volatile print_callback;

static NTSTATUS print(const char *prefix, ULONG component, ULONG level, const char *format,
                      __builtin_ms_va_list arguments)
{
    char buffer[DBG_BUFFER_BYTES];
    SIZE_T length = 0;
    for (; prefix[length] && length < sizeof buffer - 1; length++)
        buffer[length] = prefix[length];
    length += RtlpFormatUtf8(buffer + length, sizeof buffer - length, format, arguments);
    if (length > sizeof buffer - 1)
        length = sizeof buffer - 1;
    host_console_write(HOST_STREAM_DEBUG, buffer, length);

    PDEBUG_PRINT_CALLBACK callback = print_callback;
    if (callback != NULL) {
        STRING text = {(USHORT)length, (USHORT)sizeof buffer, buffer};
        callback(&text, component, level);
    }
    return STATUS_SUCCESS;
}

ULONG NTAPI vDbgPrintExWithPrefix(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format,
                                  __builtin_ms_va_list Arguments)
{
    if (!is_enabled(ComponentId, Level))
        return STATUS_SUCCESS;
    return (ULONG)print(Prefix, ComponentId, Level, Format, Arguments);
}

ULONG NTAPI vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, __builtin_ms_va_list Arguments)
{
    return vDbgPrintExWithPrefix("", ComponentId, Level, Format, Arguments);
}

ULONG NTAPI DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...)
{
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, Format);
    ULONG status = vDbgPrintExWithPrefix("", ComponentId, Level, Format, arguments);
    __builtin_ms_va_end(arguments);
    return status;
}

ULONG NTAPI DbgPrint(PCSTR Format, ...)
{
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, Format);
    ULONG status = vDbgPrintExWithPrefix("", COMPONENT_DEFAULT, LEVEL_INFO, Format, arguments);
    __builtin_ms_va_end(arguments);
    return status;
}

/* As DbgPrint; would report a control-C typed in the debugger, of which there is none. */
ULONG NTAPI DbgPrintReturnControlC(PCCH Format, ...)
{
    __builtin_ms_va_list arguments;
    __builtin_ms_va_start(arguments, Format);
    ULONG status = vDbgPrintExWithPrefix("", COMPONENT_DEFAULT, LEVEL_INFO, Format, arguments);
    __builtin_ms_va_end(arguments);
    return status;
}

/* One callback at a time. It may be called at any IRQL. */
NTSTATUS NTAPI DbgSetDebugPrintCallback(PDEBUG_PRINT_CALLBACK DebugPrintCallback, BOOLEAN Enable)
{
    PDEBUG_PRINT_CALLBACK expected = Enable ? NULL : DebugPrintCallback;
    PDEBUG_PRINT_CALLBACK wanted = Enable ? DebugPrintCallback : NULL;
    if (!__atomic_compare_exchange_n(&print_callback, &expected, wanted, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return Enable ? STATUS_UNSUCCESSFUL : STATUS_NOT_FOUND;
    return STATUS_SUCCESS;
}

/* Nobody is there to answer: an empty line. */
ULONG NTAPI DbgPrompt(PCCH Prompt, PCH Response, ULONG Length)
{
    host_console_write(HOST_STREAM_DEBUG, Prompt, RtlpStrlen(Prompt));
    host_console_write(HOST_STREAM_DEBUG, "\n", 1);
    if (Length != 0)
        Response[0] = 0;
    return 0;
}
