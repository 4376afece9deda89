/* SPDX-License-Identifier: MIT */
/* The other commands: time, lists, help; and the table of them all. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

bool run_sleep(struct command_line *line)
{
    struct parse_error error;
    struct word *word;
    uint64_t nanoseconds;
    if (!want_value(line, "a time", &word))
        return false;
    if (!word_duration_ns(word, &nanoseconds, &error))
        return parse_failed(&error);
    kiln_sleep(nanoseconds);
    return true;
}

bool run_idle(struct command_line *line)
{
    struct parse_error error;
    uint64_t limit = 10000000000ull;
    struct word *word = next_word(line);
    if (word && !word_duration_ns(word, &limit, &error))
        return parse_failed(&error);
    if (!kiln_run_until_idle(limit) && !session.plain && !session.json)
        printf("idle: the machine is still busy\n");
    return true;
}

bool run_list(struct command_line *line)
{
    char kind[32], argument[512] = "";
    snprintf(kind, sizeof kind, "%.*s", (int)line->words[0].length, line->words[0].text);
    if (line->at < line->count && !want_text(line, "", argument, sizeof argument))
        return false;
    struct table table = {0};
    kiln_status status = kiln_list(kind, argument[0] ? argument : NULL, table_row, &table);
    if (is_error(status)) {
        char name[64];
        table_free(&table);
        return session_fail(line->words[0].column, "%s %s: %s", kind, argument, status_text(status, name, sizeof name));
    }
    if (session.json)
        table_print_json(&table, kind, stdout);
    else if (!session.plain)
        table_print(&table, stdout);
    table_free(&table);
    return true;
}

/* processor add */
bool run_processor(struct command_line *line)
{
    char action[16], name[64];
    unsigned index;
    if (!want_text(line, "add", action, sizeof action))
        return false;
    if (strcmp(action, "add") != 0)
        return session_fail(line->words[1].column, "processor: add is all that can be done, not '%s'", action);
    kiln_status status = kiln_add_processor(&index);
    snprintf(name, sizeof name, "processor %u", index);
    record(line, name, status, 0, NULL, 0);
    session.last.information = index; /* no count of bytes, which record would print */
    return true;
}

bool run_deadlocks(struct command_line *line)
{
    unsigned count = kiln_report_deadlocks();
    if (count != 0)
        return session_fail(line->words[0].column, "%u deadlock%s", count, count == 1 ? "" : "s");
    if (!session.plain && !session.json)
        printf("no deadlocks\n");
    return true;
}

bool run_nmi(struct command_line *line)
{
    (void)line;
    kiln_nmi();
    return true;
}

bool run_version(struct command_line *line)
{
    (void)line;
    printf("kiln %s\n", kiln_version());
    return true;
}

bool run_quit(struct command_line *line)
{
    (void)line;
    session.quit = true;
    return true;
}

static bool show_usage(const struct command *command)
{
    printf("%s %s\n    %s\n", command->name, command->usage, command->help);
    return true;
}

bool run_help(struct command_line *line)
{
    char name[32] = "";
    if (line->at < line->count && !want_text(line, "", name, sizeof name))
        return false;
    for (const struct command *c = commands; c->name; c++)
        if (!name[0])
            printf("  %-10s %s\n", c->name, c->help);
        else if (!strcmp(c->name, name))
            return show_usage(c);
    if (name[0])
        return session_fail(line->words[1].column, "no command is called '%s'", name);
    printf("help COMMAND shows how it is written; docs/scripting.md tells all.\n");
    return true;
}

const struct command commands[] = {
    {"load", "PATH [as SERVICE]", "load a driver image and start it", run_load},
    {"unload", "SERVICE", "stop a driver and unload it", run_unload},
    {"open", "NAME [as FILE] [read|write|readwrite|noaccess] [async] [create]", "open a device", run_open},
    {"close", "FILE", "close a file", run_close},
    {"read", "FILE BYTES [at OFFSET] [async] [as REQUEST]", "read", run_read},
    {"write", "FILE DATA [at OFFSET] [async] [as REQUEST]", "write", run_write},
    {"ioctl", "FILE CODE [in DATA] [out BYTES] [async] [as REQUEST]", "send a device control request", run_ioctl},
    {"flush", "FILE", "flush a file's buffers", run_flush},
    {"wait", "REQUEST [timeout TIME]", "wait for an asynchronous request", run_wait},
    {"cancel", "REQUEST", "cancel an asynchronous request", run_cancel},
    {"sleep", "TIME", "let the machine run for that long", run_sleep},
    {"idle", "[LIMIT]", "let the machine run until nothing is left to do", run_idle},
    {"expect", "[status STATUS] [information N] [data DATA] [output TEXT]", "check the last operation", run_expect},
    {"print", "WORD|status|information|data|hex|time ...", "print text or the last result", run_print},
    {"drivers", "", "list the drivers", run_list},
    {"devices", "", "list the device objects", run_list},
    {"devstack", "DEVICE", "show the devices attached above and below a device", run_list},
    {"objdir", "[PATH]", "list an object directory", run_list},
    {"handles", "[PROCESS]", "list the open handles, and who made them", run_list},
    {"objects", "[PATH|:TYPE]", "show the tree of named objects, or all objects of a type", run_list},
    {"references", "PATH|ADDRESS", "show who took references to an object and who gave them back", run_list},
    {"processes", "", "list the processes", run_list},
    {"threads", "[PROCESS]", "list the threads and what each waits for, since when", run_list},
    {"irps", "", "list the IRPs in flight", run_list},
    {"pool", "[TAG]", "show pool use by tag, or the blocks of a tag and who allocated them", run_list},
    {"leaks", "[DRIVER]", "list the pool blocks that unloaded drivers left behind", run_list},
    {"memory", "[PROCESS]", "show what memory and host mappings are used for, or a process's ranges", run_list},
    {"pageout", "", "page out all that may go (kiln run --paging)", run_pageout},
    {"modules", "", "list the loaded images", run_list},
    {"jobs", "", "list the jobs and silos, with their limits and members", run_list},
    {"silo", "create|terminate NAME", "make a server silo, or end it: drivers' silo monitors are told", run_silo},
    {"timers", "", "list the timers that are set: when due, period, DPC routine, driver", run_list},
    {"dpcs", "", "list the DPC queues, and what runs and waits in them", run_list},
    {"processors", "", "list the processors, and what each does", run_list},
    {"processor", "add", "add a processor to the running machine (see --max-cpus)", run_processor},
    {"deadlocks", "", "report threads that wait for each other; fails if there are some", run_deadlocks},
    {"nmi", "", "raise a nonmaskable interrupt", run_nmi},
    {"version", "", "print Kiln's version", run_version},
    {"help", "[COMMAND]", "show the commands, or one", run_help},
    {"quit", "", "end", run_quit},
    {NULL, NULL, NULL, NULL},
};
