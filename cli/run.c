/* SPDX-License-Identifier: MIT */
/* kiln run: load drivers, run a script, unload, judge. */
#include "cli.h"
#include "session.h"

#include "hostp.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

struct run {
    struct machine_options options;
    char *script; /* text */
    int status;
};

static char *read_script(const char *path)
{
    FILE *file = strcmp(path, "-") ? fopen(path, "r") : stdin;
    char *text = NULL;
    size_t length = 0, room = 0;
    if (!file) {
        fprintf(stderr, "kiln run: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    for (;;) {
        if (length + 4096 + 1 > room) {
            room = room * 2 + 8192;
            char *grown = realloc(text, room);
            if (!grown)
                break;
            text = grown;
        }
        size_t n = fread(text + length, 1, 4096, file);
        if (n == 0)
            break;
        length += n;
    }
    if (file != stdin)
        fclose(file);
    if (!text)
        return NULL;
    if (memchr(text, 0, length)) {
        fprintf(stderr, "kiln run: %s: not a text file\n", path);
        free(text);
        return NULL;
    }
    text[length] = 0;
    return text;
}

static bool load_drivers(const struct machine_options *options)
{
    for (unsigned i = 0; i < options->driver_count; i++) {
        if (session_load(options->drivers[i], NULL))
            continue;
        const char *name = kiln_status_name(session.last.status);
        fflush(stdout);
        fprintf(stderr, "kiln run: %s did not start: %s (0x%08X)%s%s\n", options->drivers[i], name ? name : "status",
                (unsigned)session.last.status, *kiln_last_error() ? ": " : "", kiln_last_error());
        session.failures++;
        return false;
    }
    return true;
}

static void run_machine(void *argument)
{
    struct run *run = argument;
    if (!machine_boot(&run->options)) {
        run->status = 1;
        return;
    }
    session.source = run->options.script ? run->options.script : "command line";
    if (load_drivers(&run->options)) {
        session.last.valid = false;
        if (run->script)
            session_text(run->script);
        else if (run->options.commands)
            session_text(run->options.commands);
        else
            kiln_run_until_idle(10000000000ull);
    }
    session_settle();
    session_close();
    if (kiln_irql_violations()) {
        fprintf(stderr, "kiln run: %u call%s at an IRQL that the routine does not allow\n", kiln_irql_violations(),
                kiln_irql_violations() == 1 ? "" : "s");
        session.failures++;
    }
    machine_end(0);
    run->status = session.failures ? 1 : 0;
    if (session.failures && !run->options.kiln.live && !session.plain)
        fprintf(stderr, "kiln: failed with seed %llu; repeat with: %s\n", (unsigned long long)run->options.kiln.seed,
                run->options.kiln.command_line);
}

static void time_is_up(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)info;
    kiln_give_up((uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP]);
}

int kiln_cmd_run(int argc, char **argv)
{
    static struct run run;
    int stop = machine_options_parse(argc, argv, "run", &run.options);
    if (stop)
        return stop - 1;
    if (run.options.driver_count == 0 && !run.options.script && !run.options.commands) {
        fprintf(stderr, "kiln run: nothing to run: name a driver image, --script FILE or -c COMMANDS\n");
        return 2;
    }
    if (run.options.script) {
        run.script = read_script(run.options.script);
        if (!run.script)
            return 2;
    }
    if (run.options.timeout_s) {
        struct sigaction action = {.sa_sigaction = time_is_up, .sa_flags = SA_SIGINFO | SA_ONSTACK};
        sigaction(SIGALRM, &action, NULL);
        alarm(run.options.timeout_s);
    }
    machine_call(run_machine, &run);
    fflush(stdout);
    return run.status;
}
