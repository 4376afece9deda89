/* SPDX-License-Identifier: MIT */
/* What `kiln run` and `kiln shell` share: options, boot, and the end of a machine that bugchecked. */
#include "cli.h"
#include "output.h"
#include "session.h"

#include "hostp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_DRIVERS 64

static void help(const char *verb, FILE *out)
{
    bool run = !strcmp(verb, "run");
    fprintf(out,
            "usage: kiln %s [options] [DRIVER.sys ...]%s\n"
            "\n"
            "  DRIVER.sys         load and start these drivers first, in order\n",
            verb, run ? " [--script FILE | -c COMMANDS]" : "");
    if (run)
        fprintf(out, "  --script FILE      then run this script (- is standard input); see docs/scripting.md\n"
                     "  -c COMMANDS        then run these commands, separated by ; or newlines\n"
                     "                     without either: let the machine go idle, unload, exit\n");
    fprintf(out,
            "  --seed N           seed of the simulator (default 0): the same seed gives the same run\n"
            "  --cpus N           virtual processors (default 1)\n"
            "  --max-cpus N       ... and with those that 'processor add' may add\n"
            "  --group-size N     processors in a processor group (default 64)\n"
            "  --node-size N      processors in a NUMA node (default 64)\n"
            "  --ram SIZE         bytes of RAM, k m g allowed (default 256m)\n"
            "  --live             real time and a pthread per processor instead of the simulator\n"
            "  --log FILE         write the event log\n"
            "  --coverage FILE    write which lines of drivers built with --san=cov ran (LCOV tracefile)\n"
            "  --allow-unresolved load drivers whose imports are missing; calling one bugchecks\n"
            "  --pass-breakpoints note breakpoints of drivers and go on, as with a debugger attached\n"
            "  --unchecked        leave the rule checks out (they are on in the simulator, off with --live)\n"
            "  --checked          make the rule checks with --live as well\n"
            "  --client-32bit     the client is a 32-bit process to drivers: IoIs32bitProcess, addresses below 4 GB\n"
            "  --special-pool TAGS  guard pages for pool of these tags (T1,T2 or all; under:TAGS for underruns)\n"
            "  --paging           pageable code, data and pool really are paged out and in; see docs/paging.md\n"
            "  --irql-checks=MODE a driver's call at an IRQL that the routine does not allow: stop (the default), report\n"
            "                     (and fail at the end), or off\n"
            "  --safe-mode=MODE   start in safe mode: minimal, network or repair; drivers see it in InitSafeBootMode\n"
            "  --timeout SECONDS  stop and report a run that takes longer than that in real time\n"
            "  --plain            print only what drivers print with DbgPrint\n"
            "  --json             print one JSON object a line\n"
            "\n"
            "exit status: 0 all well; 1 a driver failed to load or start, or an expectation failed; 2 usage; 3 bugcheck\n");
}

static int usage(const char *verb, const char *what, const char *which)
{
    fprintf(stderr, "kiln %s: %s%s%s\n", verb, what, which ? ": " : "", which ? which : "");
    fprintf(stderr, "kiln %s --help shows the options\n", verb);
    return 2 + 1;
}

static bool parse_irql_checks(const char *text, enum kiln_irql_checks *mode)
{
    static const char *const names[] = {[KILN_IRQL_STOP] = "stop", [KILN_IRQL_REPORT] = "report", [KILN_IRQL_OFF] = "off"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strcmp(text, names[i])) {
            *mode = i;
            return true;
        }
    }
    return false;
}

static bool parse_safe_mode(const char *text, enum kiln_safe_mode *mode)
{
    static const char *const names[] = {[KILN_SAFE_MINIMAL] = "minimal", [KILN_SAFE_NETWORK] = "network",
                                        [KILN_SAFE_REPAIR] = "repair"};
    for (unsigned i = KILN_SAFE_MINIMAL; i < sizeof names / sizeof *names; i++) {
        if (!strcmp(text, names[i])) {
            *mode = i;
            return true;
        }
    }
    return false;
}

static const char *coverage_path;

/* The machine ends, by itself or in a bugcheck. */
void machine_end(int status)
{
    (void)status;
    int error = coverage_path ? kiln_write_coverage(coverage_path) : 0;
    if (error)
        fprintf(stderr, "kiln: %s: %s\n", coverage_path, strerror(-error));
    coverage_path = NULL;
}

static char *join_command_line(int argc, char **argv, const char *verb)
{
    size_t bytes = 64;
    for (int i = 0; i < argc; i++)
        bytes += strlen(argv[i]) * 4 + 4;
    char *line = malloc(bytes), *at = line;
    if (!line)
        return NULL;
    at += sprintf(at, "kiln %s", verb);
    for (int i = 1; i < argc; i++) {
        bool plain = argv[i][0] && strspn(argv[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                                   "-_./=,:+@%") == strlen(argv[i]);
        *at++ = ' ';
        if (!plain)
            *at++ = '\'';
        for (const char *p = argv[i]; *p; p++)
            if (*p == '\'')
                at += sprintf(at, "'\\''");
            else
                *at++ = *p;
        if (!plain)
            *at++ = '\'';
    }
    *at = 0;
    return line;
}

int machine_options_parse(int argc, char **argv, const char *verb, struct machine_options *options)
{
    static const char *drivers[MAX_DRIVERS];
    struct parse_error error;
    *options = (struct machine_options){.kiln = {.size = sizeof options->kiln}, .drivers = drivers};
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i], *value = NULL;
        static const char *const valued[] = {"--script", "-c", "--seed", "--cpus", "--max-cpus", "--group-size",
                                             "--node-size", "--ram", "--log", "--timeout", "--coverage", "--irql-checks",
                                             "--special-pool", "--safe-mode"};
        uint64_t number = 0;
        for (size_t v = 0; v < sizeof valued / sizeof *valued; v++) {
            size_t n = strlen(valued[v]);
            if (!strcmp(option, valued[v])) {
                if (i + 1 == argc)
                    return usage(verb, "a value is missing after", option);
                option = valued[v];
                value = argv[++i];
            } else if (!strncmp(option, valued[v], n) && option[n] == '=' && n > 2) {
                value = option + n + 1;
                option = valued[v];
            }
            if (value)
                break;
        }
        struct word word = {.text = value, .length = value ? strlen(value) : 0, .column = 1};
        if (value && strcmp(option, "--script") && strcmp(option, "-c") && strcmp(option, "--log") &&
            strcmp(option, "--coverage") && strcmp(option, "--irql-checks") && strcmp(option, "--special-pool") &&
            strcmp(option, "--safe-mode") && !word_number(&word, &number, &error))
            return usage(verb, error.message, option);
        if (!strcmp(option, "--help") || !strcmp(option, "-h")) {
            help(verb, stdout);
            return 1;
        } else if (!strcmp(option, "--script")) {
            options->script = value;
        } else if (!strcmp(option, "-c")) {
            options->commands = value;
        } else if (!strcmp(option, "--seed")) {
            options->kiln.seed = number;
        } else if (!strcmp(option, "--cpus")) {
            if (number < 1 || number > HOST_MAX_VPS)
                return usage(verb, "between 1 and 64 processors", value);
            options->kiln.cpus = (unsigned)number;
        } else if (!strcmp(option, "--max-cpus") || !strcmp(option, "--group-size") || !strcmp(option, "--node-size")) {
            if (number < 1 || number > HOST_MAX_VPS)
                return usage(verb, "between 1 and 64 processors", value);
            *(option[2] == 'm'   ? &options->kiln.max_cpus
              : option[2] == 'g' ? &options->kiln.group_size
                                 : &options->kiln.node_size) = (unsigned)number;
        } else if (!strcmp(option, "--ram")) {
            options->kiln.ram_bytes = number;
        } else if (!strcmp(option, "--log")) {
            options->kiln.event_log = value;
        } else if (!strcmp(option, "--irql-checks")) {
            if (!parse_irql_checks(value, &options->kiln.irql_checks))
                return usage(verb, "--irql-checks is stop, report or off", value);
        } else if (!strcmp(option, "--safe-mode")) {
            if (!parse_safe_mode(value, &options->kiln.safe_mode))
                return usage(verb, "--safe-mode is minimal, network or repair", value);
        } else if (!strcmp(option, "--timeout")) {
            options->timeout_s = (unsigned)number;
        } else if (!strcmp(option, "--coverage")) {
            coverage_path = value;
            options->kiln.on_exit = machine_end;
        } else if (!strcmp(option, "--live")) {
            options->kiln.live = true;
        } else if (!strcmp(option, "--allow-unresolved")) {
            options->kiln.allow_unresolved = true;
        } else if (!strcmp(option, "--pass-breakpoints")) {
            options->kiln.pass_breakpoints = true;
        } else if (!strcmp(option, "--unchecked")) {
            options->kiln.unchecked = true;
        } else if (!strcmp(option, "--checked")) {
            options->kiln.checked = true;
        } else if (!strcmp(option, "--client-32bit")) {
            options->kiln.client_32bit = true;
        } else if (!strcmp(option, "--special-pool")) {
            options->kiln.special_pool = value;
        } else if (!strcmp(option, "--paging")) {
            options->kiln.paging = true;
        } else if (!strcmp(option, "--plain")) {
            options->kiln.plain = session.plain = true;
        } else if (!strcmp(option, "--json")) {
            options->kiln.json = session.json = true;
        } else if (option[0] == '-') {
            return usage(verb, "unknown option", option);
        } else if (options->driver_count == MAX_DRIVERS) {
            return usage(verb, "more than 64 drivers", NULL);
        } else {
            drivers[options->driver_count++] = option;
        }
    }
    if (options->script && options->commands)
        return usage(verb, "--script and -c exclude each other", NULL);
    options->kiln.command_line = join_command_line(argc, argv, verb);
    options->kiln.on_output = session_output;
    return 0;
}

bool machine_boot(struct machine_options *options)
{
    kiln_status status = kiln_boot(&options->kiln);
    if (status == 0)
        return true;
    char name[64];
    fprintf(stderr, "kiln: the machine did not boot: %s%s%s\n", status_text(status, name, sizeof name),
            *kiln_last_error() ? ": " : "", kiln_last_error());
    return false;
}

void machine_call(void (*fn)(void *), void *argument)
{
    host_call_on_client_stack(fn, argument);
}
