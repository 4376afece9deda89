/* SPDX-License-Identifier: MIT */
/*
 * kiln ddi: which of the documented routines there are.
 *
 * A routine is "implemented" if the kernel has its code or the SDK's headers define it (macros and inline
 * routines) or one of its static libraries does, a "stub" if drivers link with it but calling it stops the machine, and
 * "missing" otherwise. The kernel is asked, not the list: an export whose symbol is not linked into this very program
 * is a stub, whatever the ledger says. A routine is "tested" if the source of some test calls it.
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
    unsigned tested; /* of the implemented ones */
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

/* A routine that needs several exports is as good as the worst of them. */
static enum state state_of_exports(const struct ddi_entry *entry)
{
    enum state worst = IMPLEMENTED;
    char name[128];
    for (const char *at = entry->symbols; *at; at += strspn(at, ",")) {
        size_t length = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, at);
        const struct ldr_export *export = find_export(entry->module, name);
        enum state state = export && export->address ? IMPLEMENTED : export ? STUB : MISSING;
        worst = state > worst ? state : worst;
        at += length;
    }
    return worst;
}

static enum state state_of(const struct ddi_entry *entry)
{
    if (entry->place == DDI_NONE)
        return MISSING;
    return entry->place == DDI_EXPORT ? state_of_exports(entry) : IMPLEMENTED;
}

static bool is_tested(const struct ddi_entry *entry)
{
    unsigned count;
    return ddi_tests_of(entry->name, &count) != NULL;
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
        enum state state = state_of(entry);
        managers[m].counts[state]++;
        managers[m].tested += state == IMPLEMENTED && is_tested(entry);
    }
    return count;
}

static void print_row(const struct manager *manager)
{
    const unsigned *counts = manager->counts;
    unsigned total = counts[IMPLEMENTED] + counts[STUB] + counts[MISSING];
    printf("%-14s %8u %12u %8u %8u %8u%% %8u\n", manager->name, total, counts[IMPLEMENTED], counts[STUB],
           counts[MISSING], total ? counts[IMPLEMENTED] * 100 / total : 0, manager->tested);
}

static int print_coverage(void)
{
    struct manager managers[MAX_MANAGERS], all = {.name = "all"};
    unsigned count = count_managers(managers);
    printf("%-14s %8s %12s %8s %8s %9s %8s\n", "manager", "routines", "implemented", "stub", "missing", "coverage",
           "tested");
    for (unsigned m = 0; m < count; m++) {
        print_row(&managers[m]);
        all.tested += managers[m].tested;
        for (int s = 0; s < STATES; s++)
            all.counts[s] += managers[m].counts[s];
    }
    print_row(&all);
    return 0;
}

static void print_entry_json(const struct ddi_entry *entry)
{
    unsigned count;
    const struct ddi_test *tests = ddi_tests_of(entry->name, &count);
    printf("{\"name\":\"%s\",\"kind\":\"%s\",\"manager\":\"%s\",\"header\":\"%s\",\"page\":\"%s\",\"irql\":", entry->name,
           entry->kind, entry->manager, entry->header, entry->page);
    json_string(stdout, entry->irql, strlen(entry->irql));
    if (is_routine(entry)) {
        printf(",\"state\":\"%s\",\"our_irql\":\"%s\",\"declaration\":", state_names[state_of(entry)], entry->our_irql);
        json_string(stdout, entry->declaration, strlen(entry->declaration));
        printf(",\"tests\":[");
        for (unsigned i = 0; i < count; i++)
            printf("%s{\"at\":\"%s\",\"test\":\"%s\"}", i ? "," : "", tests[i].place, tests[i].test);
        printf("]");
    }
    printf("}\n");
}

static void print_line(const struct ddi_entry *entry)
{
    printf("%-12s %s", is_routine(entry) ? state_names[state_of(entry)] : entry->kind, entry->name);
    printf("  [%s", entry->manager);
    if (entry->header[0])
        printf(", %s.h", entry->header);
    if (entry->irql[0])
        printf(", IRQL %s", entry->irql);
    if (is_routine(entry))
        printf(", %s", is_tested(entry) ? "tested" : "no test");
    printf("]\n");
}

/* A declaration on several lines, broken behind commas. */
static void print_declaration(const char *text)
{
    enum { WIDTH = 96 };
    unsigned column = 0;
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, ",") + (at[strcspn(at, ",")] == ',');
        while (*at == ' ' && length)
            at++, length--;
        if (column && column + length > WIDTH) {
            printf("\n               ");
            column = 0;
        }
        column += printf("%s%.*s", column ? " " : "", (int)length, at);
        at += length;
    }
    printf("\n");
}

static void print_place(const struct ddi_entry *entry)
{
    if (entry->place == DDI_INLINE)
        printf("  defined by   the header\n");
    else if (entry->place == DDI_EXPORT_OR_INLINE)
        printf("  defined by   the header, and exported by %s\n", entry->module);
    else if (entry->place == DDI_LIBRARY)
        printf("  defined by   %s.lib, which the driver links\n", entry->module);
    else if (entry->place == DDI_EXPORT && strcmp(entry->symbols, entry->name))
        printf("  exported by  %s, as %s\n", entry->module, entry->symbols);
    else if (entry->place == DDI_EXPORT)
        printf("  exported by  %s\n", entry->module);
}

static void print_entry(const struct ddi_entry *entry)
{
    unsigned count;
    const struct ddi_test *tests = ddi_tests_of(entry->name, &count);
    if (!is_routine(entry)) {
        print_line(entry);
        return;
    }
    printf("%s: %s, %s\n", entry->name, entry->manager, state_names[state_of(entry)]);
    if (entry->declaration[0]) {
        printf("  declaration  ");
        print_declaration(entry->declaration);
        printf("               sdk/include/%s\n", entry->declared_at);
    }
    if (entry->header[0])
        printf("  header       %s.h\n", entry->header);
    if (entry->library[0])
        printf("  library      %s\n", entry->library);
    print_place(entry);
    printf("  IRQL         documented: %s; declared here: %s\n", entry->irql[0] ? entry->irql : "not said",
           entry->our_irql[0] ? entry->our_irql : "not said");
    if (entry->page[0])
        printf("  page         %s\n", entry->page);
    for (unsigned i = 0; i < count; i++)
        printf("  %-12s %s  %s\n", i ? "" : "tests", tests[i].place, tests[i].test);
    if (!count)
        printf("  tests        none\n");
}

struct choice {
    const char *name, *manager;
    bool json, untested;
};

static bool is_chosen(const struct ddi_entry *entry, const struct choice *choice, bool exact)
{
    if ((choice->manager || choice->untested) && !is_routine(entry))
        return false;
    if (choice->manager && strcasecmp(entry->manager, choice->manager))
        return false;
    if (choice->untested && (state_of(entry) != IMPLEMENTED || is_tested(entry)))
        return false;
    return !choice->name || (exact ? !strcasecmp(entry->name, choice->name) : !!strcasestr(entry->name, choice->name));
}

/* Entries of a name (exact, else as a part of it) or of a manager. Returns how many. */
static unsigned print_matching(const struct choice *choice)
{
    unsigned found = 0;
    bool exact = false;
    for (unsigned i = 0; choice->name && i < ddi_entry_count; i++)
        exact = exact || !strcasecmp(ddi_entries[i].name, choice->name);
    for (unsigned i = 0; i < ddi_entry_count; i++) {
        const struct ddi_entry *entry = &ddi_entries[i];
        if (!is_chosen(entry, choice, exact))
            continue;
        found++;
        if (choice->json)
            print_entry_json(entry);
        else if (exact)
            print_entry(entry);
        else
            print_line(entry);
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
    fprintf(out, "usage: kiln ddi [--json] [--untested] [NAME | --manager MANAGER]\n\n"
                 "Without arguments: for each manager, how many of the documented routines are implemented, stubs (they\n"
                 "link, and stop the machine when called) and missing, and how many of the implemented ones a test calls.\n"
                 "With a name: its declaration, state, IRQL, documentation page and tests. With a part of a name, or a\n"
                 "manager: the routines one a line, their state first. --untested: implemented routines that no test\n"
                 "calls. --json prints one object a line.\n");
    return out == stdout ? 0 : 2;
}

int kiln_cmd_ddi(int argc, char **argv)
{
    struct choice choice = {0};
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
            return usage(stdout);
        if (!strcmp(argv[i], "--json"))
            choice.json = true;
        else if (!strcmp(argv[i], "--untested"))
            choice.untested = true;
        else if (!strcmp(argv[i], "--manager") && i + 1 < argc)
            choice.manager = argv[++i];
        else if (argv[i][0] == '-' || choice.name)
            return usage(stderr);
        else
            choice.name = argv[i];
    }
    if (!ddi_tests_load() && choice.untested) {
        fprintf(stderr, "kiln ddi: the list of tests is neither in " KILN_BUILD_ROOT "/cli/ddi-tests.tsv nor in "
                        "../share/kiln beside the executable; build Kiln\n");
        return 1;
    }
    if (!choice.name && !choice.manager && !choice.json && !choice.untested)
        return print_coverage();
    if (print_matching(&choice) || choice.untested || (choice.name && print_undocumented(choice.name)))
        return 0;
    fprintf(stderr, "kiln ddi: nothing is called '%s'\n", choice.name ? choice.name : choice.manager);
    return 1;
}
