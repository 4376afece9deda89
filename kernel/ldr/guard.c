/* SPDX-License-Identifier: MIT */
/*
 * What the compiler's security features ask of a loader: a random stack cookie, and the routines behind the
 * control-flow-guard pointers. Kiln does not enforce CFG: checks return, dispatches jump. These tiny routines
 * are entered from driver code with any registers live, so they are written in assembler and touch none.
 */
#include "ldri.h"

#include "host.h"

#define DEFAULT_COOKIE 0x00002B992DDFA232ull /* what an image has in it until somebody chooses one */

__asm__(".text\n"
        ".globl LdrpGuardCheck\n"
        ".type LdrpGuardCheck, @function\n"
        "LdrpGuardCheck:\n"
        ".cfi_startproc\n"
        "    ret\n"
        ".cfi_endproc\n"
        ".size LdrpGuardCheck, . - LdrpGuardCheck\n"
        ".globl LdrpGuardDispatch\n"
        ".type LdrpGuardDispatch, @function\n"
        "LdrpGuardDispatch:\n"
        ".cfi_startproc\n"
        "    jmp *%rax\n"
        ".cfi_endproc\n"
        ".size LdrpGuardDispatch, . - LdrpGuardDispatch\n");
extern const char LdrpGuardCheck[], LdrpGuardDispatch[];

static void set_pointer(PKLDR_MODULE module, uint32_t rva, const void *value)
{
    if (rva)
        __builtin_memcpy(module->Image.mapped + rva, &value, sizeof value);
}

NTSTATUS LdrpInitializeSecurity(PKLDR_MODULE Module, struct ldr_error *Why)
{
    struct pe_load_config config;
    NTSTATUS status = pe_load_config(&Module->Image, &config, Why);
    if (!NT_SUCCESS(status))
        return status;
    if (config.cookie) {
        ULONG64 cookie;
        __builtin_memcpy(&cookie, Module->Image.mapped + config.cookie, sizeof cookie);
        if (cookie == 0 || cookie == DEFAULT_COOKIE) {
            do /* the upper 16 bits stay zero, so that no string function copies a whole cookie */
                cookie = host_random() & 0x0000ffffffffffffull;
            while (cookie == 0 || cookie == DEFAULT_COOKIE);
            __builtin_memcpy(Module->Image.mapped + config.cookie, &cookie, sizeof cookie);
        }
    }
    set_pointer(Module, config.guard_check, LdrpGuardCheck);
    set_pointer(Module, config.guard_dispatch, LdrpGuardDispatch);
    set_pointer(Module, config.xfg_check, LdrpGuardCheck);
    set_pointer(Module, config.xfg_dispatch, LdrpGuardDispatch);
    set_pointer(Module, config.xfg_table_dispatch, LdrpGuardDispatch);
    return STATUS_SUCCESS;
}
