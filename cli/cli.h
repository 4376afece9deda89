/* SPDX-License-Identifier: MIT */
/*
 * The kiln command: one file a verb, each a function of the words after `kiln`. A verb returns the exit status:
 * 0 all well, 1 failure, 2 usage, 3 bugcheck (through kiln_options.on_exit).
 */
#ifndef KILN_CLI_CLI_H
#define KILN_CLI_CLI_H

#include <kiln/kiln.h>

int kiln_cmd_cc(int argc, char **argv);
int kiln_cmd_run(int argc, char **argv);
int kiln_cmd_shell(int argc, char **argv);
int kiln_cmd_inspect(int argc, char **argv);
int kiln_cmd_ddi(int argc, char **argv);

/* The options that run and shell share. */
struct machine_options {
    struct kiln_options kiln;
    const char **drivers;  /* images named on the command line */
    unsigned driver_count;
    const char *script;    /* --script */
    const char *commands;  /* -c */
    unsigned timeout_s;    /* --timeout: real seconds */
};

/* Parse them. Returns 0, or the exit status plus one after having printed why (or the help). */
int machine_options_parse(int argc, char **argv, const char *verb, struct machine_options *options);

/* Boot, say why if it fails. */
bool machine_boot(struct machine_options *options);

/* What the end of a machine asks for (kiln_options.on_exit); run and shell call it at a normal end too. */
void machine_end(int status);

/* Run `fn` on the client's fixed stack, where addresses repeat from run to run. */
void machine_call(void (*fn)(void *), void *argument);

#endif
