/* SPDX-License-Identifier: MIT */
/*
 * The lists of memory: pool by tag, blocks of a tag, what unloaded drivers left in the pool, what RAM and addresses are
 * used for, and the ranges of a process. Rows are made one at a time: no lock is held while one is printed.
 */
#include <ntifs.h>

#include "crt.h"
#include "host.h"
#include "ki.h"
#include "ldrp.h"
#include "listp.h"
#include "mi.h"
#include "psp.h"
#include "trap.h"

/* ---------------------------------------------------------------- pool */

static NTSTATUS list_blocks(const char *argument, struct rows *rows)
{
    ULONG64 at = 0;
    MI_POOL_BLOCK block;
    while (MiEnumeratePool(&at, &block)) {
        char tag[5], caller[400] = "";
        MiFormatTag(block.Tag, tag);
        if (nt_strcmp(argument, tag) != 0)
            continue;
        if (block.Caller)
            KiDescribeReturn((ULONG_PTR)block.Caller, caller, sizeof caller);
        EMIT(rows, text("tag", tag), hex("block", (uint64_t)block.Va), number("bytes", block.Bytes),
             text("type", block.PoolType == PagedPool ? "paged" : "nonpaged"), text("allocated by", caller));
    }
    return STATUS_SUCCESS;
}

NTSTATUS KcListPool(const char *argument, struct rows *rows)
{
    MI_POOL_TAG account;
    ULONG cursor = 0;
    if (argument)
        return list_blocks(argument, rows);
    while (MiEnumeratePoolTags(&cursor, &account)) {
        char tag[5];
        MiFormatTag(account.Tag, tag);
        EMIT(rows, text("tag", tag), number("nonpaged allocs", account.Allocations[0]),
             number("frees", account.Frees[0]), number("bytes", account.Bytes[0]),
             number("paged allocs", account.Allocations[1]), number("frees ", account.Frees[1]),
             number("bytes ", account.Bytes[1]));
    }
    return STATUS_SUCCESS;
}

/* The driver that was unloaded and had the address. */
static bool find_unloaded(ULONG_PTR address, struct ldr_unloaded *unloaded)
{
    if (LdrFindModuleByAddress((PVOID)address))
        return false;
    for (ULONG i = 0; LdrUnloadedModule(i, unloaded); i++)
        if (address >= unloaded->Base && address < unloaded->End)
            return true;
    return false;
}

NTSTATUS KcListLeaks(const char *argument, struct rows *rows)
{
    static struct ldr_unloaded unloaded; /* one client */
    static struct host_symbol symbol;
    ULONG64 at = 0;
    MI_POOL_BLOCK block;
    while (MiEnumeratePool(&at, &block)) {
        ULONG_PTR call = (ULONG_PTR)block.Caller - 1;
        char tag[5], where[700];
        if (!block.Caller || !find_unloaded(call, &unloaded) || (argument && nt_strcmp(argument, unloaded.Name) != 0))
            continue;
        MiFormatTag(block.Tag, tag);
        if (host_symbolize(unloaded.HostPath, call - unloaded.Base, &symbol))
            nt__snprintf(where, sizeof where, "%s (%s:%u)", symbol.function, symbol.file, symbol.line);
        else
            nt__snprintf(where, sizeof where, "+0x%I64x", (ULONG64)(call - unloaded.Base));
        EMIT(rows, text("driver", unloaded.Name), text("tag", tag), hex("block", (uint64_t)block.Va),
             number("bytes", block.Bytes), text("type", block.PoolType == PagedPool ? "paged" : "nonpaged"),
             text("allocated in", where));
    }
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- memory */

static void row(struct rows *rows, const char *what, uint64_t pages, uint64_t limit, const char *note)
{
    EMIT(rows, text("what", what), number("count", pages), number("of", limit), text("note", note));
}

static void list_ranges(struct rows *rows)
{
    PPHYSICAL_MEMORY_RANGE ranges = MmGetPhysicalMemoryRanges();
    for (ULONG i = 0; ranges && ranges[i].NumberOfBytes.QuadPart; i++) {
        char note[64];
        ULONG64 begin = (ULONG64)ranges[i].BaseAddress.QuadPart, bytes = (ULONG64)ranges[i].NumberOfBytes.QuadPart;
        nt__snprintf(note, sizeof note, "0x%I64x-0x%I64x", begin, begin + bytes - 1);
        row(rows, "RAM range, pages", bytes >> PAGE_SHIFT, 0, note);
    }
    if (ranges)
        ExFreePool(ranges);
}

static NTSTATUS list_usage(struct rows *rows)
{
    static const char *const uses[MiPageUseCount] = {
        [MiPageFree] = "pages free",
        [MiPageReserved] = "pages reserved",
        [MiPagePoolSmall] = "pages of small pool blocks",
        [MiPagePoolLarge] = "pages of large pool blocks",
        [MiPageStack] = "pages of kernel stacks",
        [MiPageImage] = "pages of images",
        [MiPageContiguous] = "pages of contiguous memory",
        [MiPageMdl] = "pages of MDLs",
        [MiPageUser] = "pages of user memory",
        [MiPageSystem] = "pages of tables",
        [MiPageGuard] = "guard pages",
        [MiPageSection] = "pages of sections",
        [MiPageSpecial] = "pages of special pool",
    };
    MI_MEMORY_USAGE usage;
    MI_PAGING paging;
    uint64_t used, limit;
    MiQueryUsage(&usage);
    MiQueryPaging(&paging);
    host_mapping_budget(&used, &limit);
    list_ranges(rows);
    for (ULONG i = 0; i < MiPageUseCount; i++)
        if (uses[i] && usage.PagesByUse[i])
            row(rows, uses[i], usage.PagesByUse[i], usage.TotalPages, "");
    row(rows, "pages committed", usage.TotalPages - usage.FreePages, usage.TotalPages, "there is no paging file");
    row(rows, "nonpaged pool bytes", usage.PoolBytes[0], 0, "");
    row(rows, "paged pool bytes", usage.PoolBytes[1], 0, "");
    if (paging.On) {
        row(rows, "pageable pages out", paging.Out, paging.Pageable, "");
        row(rows, "pages that went out", paging.WentOut, 0, "since boot");
        row(rows, "pages that came in", paging.CameIn, 0, "since boot");
    }
    row(rows, "system PTEs", usage.SystemPtesUsed, usage.SystemPtes, "");
    row(rows, "host mappings charged", usage.HostMappings, usage.HostMappingLimit, "an upper bound; then calls fail");
    row(rows, "host mappings used", used, limit, "of the Linux process; sysctl vm.max_map_count");
    return STATUS_SUCCESS;
}

static NTSTATUS list_process_ranges(PEPROCESS process, struct rows *rows)
{
    static MI_RANGE_INFO range; /* one client */
    PVOID cursor = NULL;
    while (MiEnumerateUserRanges(process, &cursor, &range)) {
        const char *kind = range.SectionKind ? range.SectionKind : range.Mdl ? "MDL" : "private";
        char protection[16];
        nt__snprintf(protection, sizeof protection, "0x%x", range.Protection);
        EMIT(rows, hex("address", (uint64_t)range.Begin), number("pages", range.Bytes >> PAGE_SHIFT),
             number("committed", range.CommittedBytes >> PAGE_SHIFT), text("kind", kind), text("protection", protection),
             text("section", range.Name));
    }
    return STATUS_SUCCESS;
}

/* Without an argument the machine, with one the ranges of the process of that name. */
NTSTATUS KcListMemory(const char *argument, struct rows *rows)
{
    if (!argument)
        return list_usage(rows);
    PEPROCESS process = NULL;
    while (PspEnumerateProcesses(&process)) {
        if (nt_strcmp((const char *)process->ImageFileName, argument) != 0)
            continue;
        NTSTATUS status = list_process_ranges(process, rows);
        ObDereferenceObject(process);
        return status;
    }
    return STATUS_NOT_FOUND;
}
