/* SPDX-License-Identifier: MIT */
/* The kiln command: find the verb and call it. */
#include "cli.h"

#include <stdio.h>
#include <string.h>

static int kiln_cmd_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("kiln %s\n", kiln_version());
    return 0;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} verbs[] = {
    {"cc", kiln_cmd_cc, "compile a driver from source"},
    {"run", kiln_cmd_run, "load drivers, run a script against them, unload"},
    {"shell", kiln_cmd_shell, "the same commands, typed by hand"},
    {"inspect", kiln_cmd_inspect, "show what is in a driver image and whether it will load"},
    {"ddi", kiln_cmd_ddi, "show which documented routines there are"},
    {"version", kiln_cmd_version, "print the version"},
};

static int usage(FILE *out)
{
    fprintf(out, "Kiln runs Windows kernel-mode drivers in a Linux process.\n\nusage: kiln VERB ...\n\n");
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        fprintf(out, "  kiln %-8s %s\n", verbs[i].name, verbs[i].help);
    fprintf(out, "\nkiln VERB --help tells more.\n");
    return out == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr);
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return usage(stdout);
    if (!strcmp(argv[1], "--version"))
        return kiln_cmd_version(0, NULL);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(argv[1], verbs[i].name))
            return verbs[i].run(argc - 1, argv + 1);
    fprintf(stderr, "kiln: no verb is called '%s'; kiln help lists them\n", argv[1]);
    return 2;
}
