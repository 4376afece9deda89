/* SPDX-License-Identifier: MIT */
/* kiln shell: the script commands, typed by hand, with line editing, history and completion. */
#include "cli.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <editline/readline.h>

struct shell {
    struct machine_options options;
    int status;
};

static char *complete_command(const char *text, int state)
{
    static unsigned index;
    const char *name;
    if (state == 0)
        index = 0;
    while ((name = session_complete_command(index++)))
        if (!strncmp(name, text, strlen(text)))
            return strdup(name);
    return NULL;
}

static char *complete_name(const char *text, int state)
{
    static unsigned index;
    const char *name;
    if (state == 0)
        index = 0;
    while ((name = session_complete_name(index++)))
        if (!strncmp(name, text, strlen(text)))
            return strdup(name);
    return NULL;
}

static char **complete(const char *text, int start, int end)
{
    (void)end;
    if (start == 0)
        return rl_completion_matches(text, complete_command);
    char **names = rl_completion_matches(text, complete_name);
    /* NULL lets the library complete file names, which load wants. */
    return names;
}

static char *history_path(void)
{
    const char *home = getenv("HOME");
    char *path = NULL;
    if (home && asprintf(&path, "%s/.kiln_history", home) < 0)
        path = NULL;
    return path;
}

static void read_commands(void)
{
    bool terminal = isatty(0);
    char *history = terminal ? history_path() : NULL;
    rl_readline_name = "kiln";
    rl_attempted_completion_function = complete;
    using_history();
    if (history)
        read_history(history);
    for (unsigned line = 1; !session.quit; line++) {
        fflush(stdout);
        char *text = NULL;
        size_t room = 0;
        if (terminal) {
            text = readline("kiln> ");
        } else if (getline(&text, &room, stdin) < 0) {
            free(text);
            text = NULL;
        }
        if (!text)
            break;
        if (terminal && *text)
            add_history(text);
        session_line(text, line);
        free(text);
    }
    if (terminal && !session.quit)
        putchar('\n');
    if (history)
        write_history(history);
    free(history);
}

static void run_shell(void *argument)
{
    struct shell *shell = argument;
    if (!machine_boot(&shell->options)) {
        shell->status = 1;
        return;
    }
    session.source = "shell";
    session.interactive = true;
    for (unsigned i = 0; i < shell->options.driver_count; i++)
        if (!session_load(shell->options.drivers[i], NULL))
            fprintf(stderr, "%s did not start: %s\n", shell->options.drivers[i], kiln_last_error());
    session.last.valid = false;
    if (isatty(0))
        printf("Kiln %s, %s. help lists the commands.\n", kiln_version(),
               shell->options.kiln.live ? "live" : "simulated");
    read_commands();
    session_close();
    machine_end(0);
}

int kiln_cmd_shell(int argc, char **argv)
{
    static struct shell shell;
    int stop = machine_options_parse(argc, argv, "shell", &shell.options);
    if (stop)
        return stop - 1;
    if (shell.options.script || shell.options.commands) {
        fprintf(stderr, "kiln shell: --script and -c belong to kiln run\n");
        return 2;
    }
    machine_call(run_shell, &shell);
    fflush(stdout);
    return shell.status;
}
