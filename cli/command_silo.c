/* SPDX-License-Identifier: MIT */
/* Server silos: silo create NAME, silo terminate NAME. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#define END_TIMEOUT 10000000000ull /* 10 s */

static struct named_silo {
    struct named_silo *next;
    char name[64];
    kiln_silo *silo;
} *silos;

static struct named_silo **find_silo(const char *name)
{
    struct named_silo **at = &silos;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

static kiln_status create_silo(const char *name)
{
    kiln_silo *silo;
    kiln_status status = kiln_silo_create(&silo);
    if (is_error(status))
        return status;
    struct named_silo *made = calloc(1, sizeof *made);
    if (!made)
        abort();
    snprintf(made->name, sizeof made->name, "%s", name);
    made->silo = silo;
    made->next = silos;
    silos = made;
    return status;
}

static kiln_status end_silo(struct named_silo **at)
{
    struct named_silo *silo = *at;
    kiln_status status = kiln_silo_terminate(silo->silo, 0, END_TIMEOUT);
    if (status != 0)
        return status;
    kiln_silo_close(silo->silo);
    *at = silo->next;
    free(silo);
    return status;
}

bool run_silo(struct command_line *line)
{
    char action[16], name[64], what[100];
    if (!want_text(line, "create or terminate", action, sizeof action) ||
        !want_text(line, "a name for the silo", name, sizeof name))
        return false;
    if (line->at < line->count)
        return unexpected(&line->words[line->at]);
    struct named_silo **at = find_silo(name);
    bool create = strcmp(action, "create") == 0;
    if (!create && strcmp(action, "terminate") != 0)
        return session_fail(line->words[1].column, "silo: create or terminate, not '%s'", action);
    if (create && *at)
        return session_fail(line->words[2].column, "a silo is called '%s' already", name);
    if (!create && !*at)
        return session_fail(line->words[2].column, "no silo is called '%s'", name);
    kiln_status status = create ? create_silo(name) : end_silo(at);
    snprintf(what, sizeof what, "silo %s %s", action, name);
    record(line, what, status, 0, NULL, 0);
    return true;
}
