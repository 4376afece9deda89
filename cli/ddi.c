/* SPDX-License-Identifier: MIT */
/*
 * kiln ddi: which of the documented routines there are.
 *
 * A routine is "implemented" if the kernel has its code or the SDK's headers define it (macros and inline
 * routines), a "stub" if drivers link with it but calling it stops the machine, and "missing" otherwise. The
 * kernel is asked, not the list: an export whose symbol is not linked into this very program is a stub,
 * whatever the ledger says.
 */
#include "ddi.h"
#include "cli.h"
#include "output.h"

#include "ledger.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum state { IMPLEMENTED, STUB, MISSING, STATES };
static const char *const state_names[STATES] = {"implemented", "stub", "missing"};

#define MAX_MANAGERS 64

struct manager {
    const char *name;
    unsigned counts[STATES];
};

static bool is_routine(const struct ddi_entry *entry)
{
    return !strcmp(entry->kind, "function");
}

/* The kernel image of a ledger module: its name without the extension. */
static const struct ldr_export *find_export(const char *module, const char *name)
{
    for (uint32_t i = 0; i < LdrpExportModuleCount; i++) {
        size_t length = strcspn(LdrpExportModules[i].image, ".");
        if (strlen(module) == length && !strncasecmp(LdrpExportModules[i].image, module, length))
            return LdrpFindKernelExport(&LdrpExportModules[i], name);
    }
    return NULL;
}

static enum state state_of(const struct ddi_entry *entry)
{
    if (entry->place == DDI_NONE)
        return MISSING;
    if (entry->place != DDI_EXPORT)
        return IMPLEMENTED;
    const struct ldr_export *export = find_export(entry->module, entry->name);
    return export && export->address ? IMPLEMENTED : export ? STUB : MISSING;
}

static unsigned count_managers(struct manager *managers)
{
    unsigned count = 0;
    for (unsigned i = 0; i < ddi_entry_count; i++) {
        const struct ddi_entry *entry = &ddi_entries[i];
        if (!is_routine(entry))
            continue;
        unsigned m = 0;
        while (m < count && strcmp(managers[m].name, entry->manager))
            m++;
        if (m == MAX_MANAGERS)
            continue;
        if (m == count)
            managers[count++] = (struct manager){.name = entry->manager};
        managers[m].counts[state_of(entry)]++;
    }
    return count;
}

static void print_row(const char *name, const unsigned *counts)
{
    unsigned total = counts[IMPLEMENTED] + counts[STUB] + counts[MISSING];
    printf("%-14s %8u %12u %8u %8u %8u%%\n", name, total, counts[IMPLEMENTED], counts[STUB], counts[MISSING],
           total ? counts[IMPLEMENTED] * 100 / total : 0);
}

static int print_coverage(void)
{
    struct manager managers[MAX_MANAGERS];
    unsigned count = count_managers(managers), sum[STATES] = {0};
    printf("%-14s %8s %12s %8s %8s %9s\n", "manager", "routines", "implemented", "stub", "missing",
           "coverage");
    for (unsigned m = 0; m < count; m++) {
        print_row(managers[m].name, managers[m].counts);
        for (int s = 0; s < STATES; s++)
            sum[s] += managers[m].counts[s];
    }
    print_row("all", sum);
    return 0;
}

static void print_entry_json(const struct ddi_entry *entry)
{
    printf("{\"name\":\"%s\",\"kind\":\"%s\",\"manager\":\"%s\",\"header\":\"%s\",\"irql\":", entry->name,
           entry->kind, entry->manager, entry->header);
    json_string(stdout, entry->irql, strlen(entry->irql));
    if (is_routine(entry))
        printf(",\"state\":\"%s\"", state_names[state_of(entry)]);
    printf("}\n");
}

static void print_entry(const struct ddi_entry *entry)
{
    printf("%-12s %s", is_routine(entry) ? state_names[state_of(entry)] : entry->kind, entry->name);
    printf("  [%s", entry->manager);
    if (entry->header[0])
        printf(", %s.h", entry->header);
    if (entry->irql[0])
        printf(", IRQL %s", entry->irql);
    if (entry->place == DDI_INLINE || entry->place == DDI_EXPORT_OR_INLINE)
        printf(", in the header");
    else if (entry->place == DDI_EXPORT)
        printf(", exported by %s", entry->module);
    printf("]\n");
}

/* Entries of a name (exact, else as a part of it) or of a manager. Returns how many. */
static unsigned print_matching(const char *name, const char *manager, bool json)
{
    unsigned found = 0;
    bool exact = false;
    for (unsigned i = 0; name && i < ddi_entry_count; i++)
        exact = exact || !strcasecmp(ddi_entries[i].name, name);
    for (unsigned i = 0; i < ddi_entry_count; i++) {
        const struct ddi_entry *entry = &ddi_entries[i];
        if (manager && (strcasecmp(entry->manager, manager) || !is_routine(entry)))
            continue;
        if (name && (exact ? strcasecmp(entry->name, name) != 0 : !strcasestr(entry->name, name)))
            continue;
        found++;
        if (json)
            print_entry_json(entry);
        else
            print_entry(entry);
    }
    return found;
}

/* An export that the guide does not document, such as a C-runtime routine. */
static bool print_undocumented(const char *name)
{
    for (uint32_t i = 0; i < LdrpExportModuleCount; i++) {
        const struct ldr_export *export = LdrpFindKernelExport(&LdrpExportModules[i], name);
        if (!export)
            continue;
        printf("%-12s %s  [exported by %s, not in the documented interface]\n",
               state_names[export->address ? IMPLEMENTED : STUB], export->name, LdrpExportModules[i].image);
        return true;
    }
    return false;
}

static int usage(FILE *out)
{
    fprintf(out, "usage: kiln ddi [--json] [NAME | --manager MANAGER]\n\n"
                 "Without arguments: for each manager, how many of the documented routines are implemented, "
                 "stubs (they\n"
                 "link, and stop the machine when called) and missing. With a name, or a part of one, or a "
                 "manager: the\n"
                 "routines one a line, their state first. --json prints one object a line.\n");
    return out == stdout ? 0 : 2;
}

int kiln_cmd_ddi(int argc, char **argv)
{
    const char *name = NULL, *manager = NULL;
    bool json = false;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return usage(stdout);
        if (!strcmp(argv[i], "--json"))
            json = true;
        else if (!strcmp(argv[i], "--manager") && i + 1 < argc)
            manager = argv[++i];
        else if (argv[i][0] == '-' || name)
            return usage(stderr);
        else
            name = argv[i];
    }
    if (!name && !manager && !json)
        return print_coverage();
    if (print_matching(name, manager, json) || (name && print_undocumented(name)))
        return 0;
    fprintf(stderr, "kiln ddi: nothing is called '%s'\n", name ? name : manager);
    return 1;
}
