/* SPDX-License-Identifier: MIT */
/*
 * What the parts of `kiln cc` share: the tools and the SDK it found, and the command lines it builds.
 */
#ifndef KILN_CLI_CC_H
#define KILN_CLI_CC_H

#include <stdbool.h>
#include <stddef.h>

/* Where the compiler, the linker and the SDK are. Filled in once by cc_find_toolchain. */
struct cc_toolchain {
    char clang[4096];
    char lld_link[4096];
    char include[4096]; /* holds km/, shared/ and crt/ */
    char lib[4096];     /* holds ntoskrnl.lib and its siblings */
    char overlay[4096]; /* headers.yaml: makes names of headers case-insensitive; empty if there is none */
};

/* A growing, null-terminated argument vector. The strings belong to the vector. */
struct cc_args {
    char **items;
    size_t count;
    size_t room;
};

/* Append a copy of a word, or of a formatted one. Running out of memory ends the process. */
void cc_args_add(struct cc_args *args, const char *word);
__attribute__((format(printf, 2, 3))) void cc_args_addf(struct cc_args *args, const char *format, ...);
void cc_args_free(struct cc_args *args);

/*
 * Find the SDK: KILN_SDK if it is set, else the tree this kiln was built in, else ../share/kiln/sdk beside the
 * executable; and the tools: KILN_CLANG and KILN_LLD_LINK, else clang-19 and lld-link-19 on PATH.
 * Prints what is missing, and the Debian package that has it, and returns false.
 */
bool cc_find_toolchain(struct cc_toolchain *toolchain, bool need_linker);

/* Run a command and wait for it. With `print`, write the command to standard output first. Returns its exit
   status, or 127 after having said why it could not be started. */
int cc_run(const struct cc_args *args, bool print);

/* Print a command so that a shell reads it back as the same words. */
void cc_print_command(const struct cc_args *args);

#endif
