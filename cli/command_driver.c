/* SPDX-License-Identifier: MIT */
/* load and unload. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

bool session_load(const char *path, const char *service)
{
    kiln_status status = kiln_load(path, service);
    if (!is_error(status)) {
        if (session.json) {
            printf("{\"command\":\"load\",\"path\":");
            json_string(stdout, path, strlen(path));
            printf(",\"status\":\"STATUS_SUCCESS\"}\n");
        } else if (!session.plain) {
            printf("load %s: STATUS_SUCCESS\n", path);
        }
    }
    session.last.valid = true;
    session.last.status = status;
    return !is_error(status);
}

bool run_load(struct command_line *line)
{
    char path[1024], service[256] = "", what[160];
    if (!want_text(line, "the path of a driver image", path, sizeof path))
        return false;
    struct word *word = next_word(line);
    if (word && word_is(word, "as")) {
        if (!want_text(line, "a service name after 'as'", service, sizeof service))
            return false;
        word = next_word(line);
    }
    if (word)
        return unexpected(word);
    kiln_status status = kiln_load(path, service[0] ? service : NULL);
    char why[1024];
    snprintf(why, sizeof why, "%s", kiln_last_error());
    snprintf(what, sizeof what, "load %.140s", path);
    record(line, what, status, 0, NULL, 0);
    if (is_error(status) && why[0] && !session.json && !session.plain)
        fprintf(stderr, "%s\n", why);
    return true;
}

bool run_unload(struct command_line *line)
{
    char service[256], what[300];
    if (!want_text(line, "a service name", service, sizeof service))
        return false;
    if (line->at < line->count)
        return unexpected(&line->words[line->at]);
    kiln_status status = kiln_unload(service);
    snprintf(what, sizeof what, "unload %s", service);
    record(line, what, status, 0, NULL, 0);
    return true;
}
