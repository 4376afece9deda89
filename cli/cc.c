/* SPDX-License-Identifier: MIT */
/*
 * kiln cc: C and C++ sources to a driver image.
 *
 * It is a front of clang-19 and lld-link-19. Each source is compiled for x86_64-pc-windows-msvc against the SDK
 * into a temporary directory, then everything is linked as a native driver whose entry point is GsDriverEntry (sdk/crt).
 * Options of the compiler go to the compiler, so that a build script written for clang needs no change; the few
 * options of Kiln's own begin with two dashes. --print shows the commands, which can be run by hand.
 *
 * -fasync-exceptions is what makes __try catch hardware faults, -fasynchronous-unwind-tables is what lets every
 * frame be unwound although -ffreestanding turns unwind tables off.
 */
#include "cli.h"
#include "cc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help_text[] =
    "usage: kiln cc [OPTION]... FILE...\n"
    "\n"
    "Compiles a Windows driver. FILEs are sources (.c .cpp .cxx .cc .s .S), objects (.obj .o) and libraries (.lib).\n"
    "\n"
    "  -o FILE              where the result goes (default: the first source's name with .sys, or .obj with -c)\n"
    "  -c                   compile only\n"
    "  -D -U -I -O -g -W -f -m -std= -include -isystem -x -Xclang -mllvm -pthread -E -S -v -w\n"
    "                       as in clang\n"
    "  -lNAME, --lib NAME   link NAME.lib as well; -LDIR says where else to look for libraries\n"
    "  --entry NAME         the entry point (default GsDriverEntry, which prepares the image and calls DriverEntry)\n"
    "  --driver-type=export, -shared\n"
    "                       an export driver: also writes an import library beside the image\n"
    "  --def FILE           module definition file\n"
    "  --san=LIST           kasan (bad addresses), ubsan (undefined behaviour), cov (coverage), with commas\n"
    "  --guard=LIST         gs (stack cookies), cf (control flow guard)\n"
    "  --dwarf, --pdb       debug information inside the image (default), or in a .pdb file beside it\n"
    "  -Xlinker WORD        passes WORD to lld-link\n"
    "  --print              show the commands; with --dry-run, only show them\n"
    "  --show-sdk           print where the headers and libraries are\n"
    "\n"
    "KILN_SDK, KILN_CLANG and KILN_LLD_LINK name another SDK, compiler and linker.\n";

/* Everything the command line asks for. */
struct request {
    struct cc_args compile_flags;
    struct cc_args link_flags;
    struct cc_args sources;
    struct cc_args link_inputs; /* objects and libraries, in the order given */
    struct cc_args library_dirs;
    const char *output;
    const char *entry;
    const char *def;
    bool compile_only, stop_early; /* -c; -E or -S */
    bool export_driver, pdb, no_debug;
    bool kasan, ubsan, coverage, guard_gs, guard_cf;
    bool print, dry_run, show_sdk;
};

static const char *extension(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');

    return dot ? dot : "";
}

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(word, *list))
            return true;
    return false;
}

/* Put `path` with another extension into a new string. */
static char *with_extension(const char *path, const char *directory, const char *ext, size_t number)
{
    const char *slash = strrchr(path, '/');
    const char *base = directory && slash ? slash + 1 : path;
    size_t stem = strlen(base) - strlen(extension(base));
    char *result;
    int length;

    if (directory && number)
        length = asprintf(&result, "%s/%.*s-%zu%s", directory, (int)stem, base, number, ext);
    else if (directory)
        length = asprintf(&result, "%s/%.*s%s", directory, (int)stem, base, ext);
    else
        length = asprintf(&result, "%.*s%s", (int)stem, base, ext);
    if (length < 0) {
        fprintf(stderr, "kiln cc: out of memory\n");
        exit(1);
    }
    return result;
}

static char *copy_of(const char *word)
{
    return with_extension(word, NULL, extension(word), 0);
}

/* Turn on the members of a comma list. `names` and `flags` go together. */
static bool parse_list(const char *option, const char *list, const char *const *names, bool *const *flags)
{
    while (*list) {
        size_t length = strcspn(list, ",");
        size_t i = 0;

        while (names[i] && (strlen(names[i]) != length || strncmp(names[i], list, length)))
            i++;
        if (!names[i]) {
            fprintf(stderr, "kiln cc: %s does not know '%.*s'; it knows", option, (int)length, list);
            for (i = 0; names[i]; i++)
                fprintf(stderr, " %s", names[i]);
            fprintf(stderr, "\n");
            return false;
        }
        *flags[i] = true;
        list += length + (list[length] == ',');
    }
    return true;
}

/* The value of an option that takes one, either joined (--def=x) or as the next word. NULL when it is missing. */
static const char *value_of(const char *option, int argc, char **argv, int *i)
{
    size_t length = strlen(option);

    if (argv[*i][length] == '=')
        return argv[*i] + length + 1;
    if (*i + 1 < argc)
        return argv[++*i];
    fprintf(stderr, "kiln cc: %s needs a value\n", option);
    return NULL;
}

static bool is_option(const char *word, const char *option)
{
    size_t length = strlen(option);

    return !strncmp(word, option, length) && (word[length] == 0 || word[length] == '=');
}

static void add_file(struct request *request, const char *word)
{
    static const char *const source[] = {".c", ".cpp", ".cxx", ".cc", ".C", ".s", ".S", NULL};

    cc_args_add(is_one_of(extension(word), source) ? &request->sources : &request->link_inputs, word);
}

/* One of Kiln's own options, which begin with two dashes. Returns false after having said what is wrong. */
static bool parse_long(struct request *request, int argc, char **argv, int *i)
{
    static const char *const san_names[] = {"kasan", "ubsan", "cov", NULL};
    static const char *const guard_names[] = {"gs", "cf", NULL};
    bool *const san_flags[] = {&request->kasan, &request->ubsan, &request->coverage};
    bool *const guard_flags[] = {&request->guard_gs, &request->guard_cf};
    const char *word = argv[*i], *value;

    if (!strcmp(word, "--print"))
        return request->print = true;
    if (!strcmp(word, "--dry-run"))
        return request->print = request->dry_run = true;
    if (!strcmp(word, "--show-sdk"))
        return request->show_sdk = true;
    if (!strcmp(word, "--pdb"))
        return request->pdb = true;
    if (!strcmp(word, "--dwarf")) {
        request->pdb = false;
        return true;
    }
    if (is_option(word, "--san"))
        return (value = value_of("--san", argc, argv, i)) && parse_list("--san", value, san_names, san_flags);
    if (is_option(word, "--guard"))
        return (value = value_of("--guard", argc, argv, i)) && parse_list("--guard", value, guard_names, guard_flags);
    if (is_option(word, "--entry"))
        return (request->entry = value_of("--entry", argc, argv, i)) != NULL;
    if (is_option(word, "--def"))
        return (request->def = value_of("--def", argc, argv, i)) != NULL;
    if (is_option(word, "--lib")) {
        if (!(value = value_of("--lib", argc, argv, i)))
            return false;
        cc_args_addf(&request->link_inputs, "%s%s", value, strcmp(extension(value), ".lib") ? ".lib" : "");
        return true;
    }
    if (is_option(word, "--driver-type")) {
        if (!(value = value_of("--driver-type", argc, argv, i)))
            return false;
        request->export_driver = !strcmp(value, "export");
        if (request->export_driver || !strcmp(value, "wdm"))
            return true;
        fprintf(stderr, "kiln cc: --driver-type is wdm or export, not '%s'\n", value);
        return false;
    }
    fprintf(stderr, "kiln cc: no option is called '%s'; kiln cc --help lists them\n", word);
    return false;
}

/* An option of the compiler or linker. Some take the next word with them. */
static bool parse_short(struct request *request, int argc, char **argv, int *i)
{
    static const char *const with_value[] = {"-D", "-U", "-I", "-include", "-isystem", "-idirafter", "-iquote",
                                             "-imacros", "-x", "-Xclang", "-mllvm", "-MF", "-MT", "-MQ", NULL};
    const char *word = argv[*i];

    if (!strncmp(word, "-o", 2)) {
        request->output = word[2] ? word + 2 : *i + 1 < argc ? argv[++*i] : NULL;
        if (!request->output)
            fprintf(stderr, "kiln cc: -o needs a file name\n");
        return request->output != NULL;
    }
    if (!strcmp(word, "-c"))
        return request->compile_only = true;
    if (!strcmp(word, "-shared"))
        return request->export_driver = true;
    if (!strcmp(word, "-Xlinker") && *i + 1 < argc) {
        cc_args_add(&request->link_flags, argv[++*i]);
        return true;
    }
    if (!strncmp(word, "-Wl,", 4)) {
        fprintf(stderr, "kiln cc: pass options to lld-link with -Xlinker, not with -Wl\n");
        return false;
    }
    if (!strncmp(word, "-l", 2) && word[2]) {
        cc_args_addf(&request->link_inputs, "%s.lib", word + 2);
        return true;
    }
    if (!strncmp(word, "-L", 2)) {
        if (!word[2] && *i + 1 >= argc) {
            fprintf(stderr, "kiln cc: -L needs a directory\n");
            return false;
        }
        cc_args_add(&request->library_dirs, word[2] ? word + 2 : argv[++*i]);
        return true;
    }
    if (!strcmp(word, "-E") || !strcmp(word, "-S") || !strcmp(word, "-fsyntax-only"))
        request->stop_early = true;
    if (!strcmp(word, "-g0"))
        request->no_debug = true;
    else if (!strncmp(word, "-g", 2))
        return true; /* debug information is always made, in the format that --pdb or --dwarf chose */
    cc_args_add(&request->compile_flags, word);
    if (is_one_of(word, with_value)) {
        if (*i + 1 >= argc) {
            fprintf(stderr, "kiln cc: %s needs a value\n", word);
            return false;
        }
        cc_args_add(&request->compile_flags, argv[++*i]);
    }
    return true;
}

static bool parse(struct request *request, int argc, char **argv)
{
    request->entry = "GsDriverEntry";
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-' || !argv[i][1])
            add_file(request, argv[i]);
        else if (!(argv[i][1] == '-' ? parse_long(request, argc, argv, &i) : parse_short(request, argc, argv, &i)))
            return false;
    }
    if (request->show_sdk)
        return true;
    if (!request->sources.count && (request->compile_only || request->stop_early || !request->link_inputs.count)) {
        fprintf(stderr, "kiln cc: no source file given; kiln cc --help tells more\n");
        return false;
    }
    if (request->output && request->sources.count > 1 && (request->compile_only || request->stop_early)) {
        fprintf(stderr, "kiln cc: -o names one file, but %zu sources are to be compiled separately\n",
                request->sources.count);
        return false;
    }
    return true;
}

/* The command that compiles one source; the object is NULL where clang chooses it. */
static void compile_command(struct cc_args *args, const struct request *request, const struct cc_toolchain *toolchain,
                            const char *source, const char *object)
{
    static const char *const cxx[] = {".cpp", ".cxx", ".cc", ".C", NULL};
    static const char *const base[] = {
        "--target=x86_64-pc-windows-msvc", "-fms-extensions", "-fms-compatibility", "-ffreestanding", "-nostdlibinc",
        "-fasync-exceptions", "-fasynchronous-unwind-tables", "-fno-strict-aliasing",
        "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", /* every caller is on the stack of a report */
        "-O2", "-Wno-unknown-pragmas", "-D_KERNEL_MODE=1", "-DWINNT=1", "-D_AMD64_=1", "-DAMD64=1", NULL};
    static const char *const kasan[] = {
        "-Xclang", "-fsanitize=kernel-address", "-Xclang", "-fsanitize-recover=kernel-address",
        "-mllvm", "-asan-instrumentation-with-call-threshold=0", "-mllvm", "-asan-stack=0",
        "-mllvm", "-asan-globals=0", NULL};

    cc_args_add(args, toolchain->clang);
    for (size_t i = 0; base[i]; i++)
        cc_args_add(args, base[i]);
    if (is_one_of(extension(source), cxx)) {
        cc_args_add(args, "-std=c++17");
        cc_args_add(args, "-fno-exceptions");
        cc_args_add(args, "-fno-rtti");
        cc_args_add(args, "-fno-threadsafe-statics");
    }
    if (!request->no_debug) {
        if (request->pdb)
            cc_args_add(args, "-g"); /* -gcodeview alone chooses the format only */
        cc_args_add(args, request->pdb ? "-gcodeview" : "-gdwarf-4");
    }
    for (size_t i = 0; request->kasan && kasan[i]; i++)
        cc_args_add(args, kasan[i]);
    if (request->ubsan) {
        cc_args_add(args, "-fsanitize=undefined");
        cc_args_add(args, "-fsanitize-trap=undefined");
    }
    if (request->coverage)
        cc_args_add(args, "-fsanitize-coverage=trace-pc-guard");
    if (request->guard_gs)
        cc_args_add(args, "-fstack-protector-strong");
    if (request->guard_cf) {
        cc_args_add(args, "-Xclang");
        cc_args_add(args, "-cfguard");
    }
    for (size_t i = 0; i < request->compile_flags.count; i++)
        cc_args_add(args, request->compile_flags.items[i]);
    if (toolchain->overlay[0]) {
        cc_args_add(args, "-ivfsoverlay");
        cc_args_add(args, toolchain->overlay);
    }
    cc_args_addf(args, "-isystem%s/km", toolchain->include);
    cc_args_addf(args, "-isystem%s/shared", toolchain->include);
    cc_args_addf(args, "-isystem%s/crt", toolchain->include);
    if (!request->stop_early)
        cc_args_add(args, "-c");
    if (object) {
        cc_args_add(args, "-o");
        cc_args_add(args, object);
    }
    cc_args_add(args, source);
}

/* Add a library by its name if the SDK has it: an SDK without one of them can still link drivers that need none. */
static void add_sdk_library(struct cc_args *args, const struct cc_toolchain *toolchain, const char *name)
{
    char path[8192];

    snprintf(path, sizeof path, "%s/%s.lib", toolchain->lib, name);
    if (access(path, R_OK) == 0)
        cc_args_add(args, path);
}

/* Libraries of the WDK whose routines ntoskrnl.lib has; one that the SDK has all the same is linked. */
static bool is_part_of_ntoskrnl(const char *name)
{
    static const char *const parts[] = {"csq.lib", "wdmsec.lib", "ntstrsafe.lib", "iointex.lib", "procgrp.lib",
                                        "rtlver.lib", "libcntpr.lib", "bufferoverflowk.lib", "aux_klib.lib",
                                        "bufferoverflowfastfailk.lib", "wdm.lib", "runtmchk.lib", NULL};

    for (size_t i = 0; parts[i]; i++)
        if (!strcasecmp(name, parts[i]))
            return true;
    return false;
}

static void link_command(struct cc_args *args, const struct request *request, const struct cc_toolchain *toolchain,
                         const struct cc_args *objects, const char *output)
{
    static const char *const sdk_libraries[] = {"kilncrt", "ntoskrnl", "hal", "wmilib", "clfs", NULL};
    char path[8192];

    cc_args_add(args, toolchain->lld_link);
    cc_args_add(args, "/nologo");
    cc_args_add(args, "/driver");
    cc_args_add(args, "/subsystem:native");
    cc_args_add(args, "/machine:x64");
    cc_args_add(args, "/nodefaultlib");
    cc_args_add(args, "/release"); /* a checksum in the header */
    cc_args_add(args, "/Brepro");  /* the same input gives the same image */
    cc_args_add(args, "/section:INIT,ERD");
    cc_args_addf(args, "/entry:%s", request->entry);
    cc_args_addf(args, "/out:%s", output);
    if (request->guard_cf)
        cc_args_add(args, "/guard:cf");
    if (request->pdb) {
        char *pdb = with_extension(output, NULL, ".pdb", 0);

        cc_args_add(args, "/debug");
        cc_args_addf(args, "/pdb:%s", pdb);
        free(pdb);
    } else if (!request->no_debug) {
        cc_args_add(args, "/debug:dwarf");
    }
    if (request->export_driver) {
        char *implib = with_extension(output, NULL, ".lib", 0);

        cc_args_addf(args, "/implib:%s", implib);
        free(implib);
    }
    if (request->def)
        cc_args_addf(args, "/def:%s", request->def);
    for (size_t i = 0; i < request->library_dirs.count; i++)
        cc_args_addf(args, "/libpath:%s", request->library_dirs.items[i]);
    cc_args_addf(args, "/libpath:%s", toolchain->lib);
    for (size_t i = 0; i < objects->count; i++)
        cc_args_add(args, objects->items[i]);
    for (size_t i = 0; i < request->link_inputs.count; i++) {
        const char *input = request->link_inputs.items[i];

        snprintf(path, sizeof path, "%s/%s", toolchain->lib, input);
        if (!is_part_of_ntoskrnl(input) || access(path, R_OK) == 0)
            cc_args_add(args, input);
    }
    for (size_t i = 0; sdk_libraries[i]; i++)
        add_sdk_library(args, toolchain, sdk_libraries[i]);
    for (size_t i = 0; i < request->link_flags.count; i++)
        cc_args_add(args, request->link_flags.items[i]);
}

static int run_or_print(const struct request *request, struct cc_args *args)
{
    int status = 0;

    if (request->dry_run)
        cc_print_command(args);
    else
        status = cc_run(args, request->print);
    cc_args_free(args);
    return status;
}

/* Compile each source; the objects to link are appended to `objects`. */
static int compile_all(const struct request *request, const struct cc_toolchain *toolchain, const char *directory,
                       struct cc_args *objects)
{
    int worst = 0;

    for (size_t i = 0; i < request->sources.count; i++) {
        const char *source = request->sources.items[i];
        struct cc_args args = {0};
        char *object = NULL;
        int status;

        if (directory)
            object = with_extension(source, directory, ".obj", i + 1);
        else if (request->output)
            object = copy_of(request->output);
        else if (request->compile_only && !request->stop_early)
            object = with_extension(source, ".", ".obj", 0);
        compile_command(&args, request, toolchain, source, object);
        status = run_or_print(request, &args);
        if (status > worst)
            worst = status;
        if (object && directory)
            cc_args_add(objects, object);
        free(object);
    }
    return worst;
}

static int link_all(const struct request *request, const struct cc_toolchain *toolchain, const struct cc_args *objects)
{
    const char *first = request->sources.count ? request->sources.items[0] : request->link_inputs.items[0];
    char *output = request->output ? copy_of(request->output) : with_extension(first, ".", ".sys", 0);
    struct cc_args args = {0};
    char library[8192];
    int status;

    snprintf(library, sizeof library, "%s/ntoskrnl.lib", toolchain->lib);
    if (access(library, R_OK) < 0)
        fprintf(stderr, "kiln cc: %s: %s; build Kiln first, so that routines of the kernel can be imported\n", library,
                strerror(errno));
    link_command(&args, request, toolchain, objects, output);
    status = run_or_print(request, &args);
    free(output);
    return status;
}

/* The whole of an ordinary run: compile into a temporary directory, link, clean up. */
static int compile_and_link(const struct request *request, const struct cc_toolchain *toolchain)
{
    const char *tmp = getenv("TMPDIR");
    struct cc_args objects = {0};
    char directory[4096];
    int status;

    snprintf(directory, sizeof directory, "%s/kiln-cc-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (request->dry_run) {
        memcpy(directory + strlen(directory) - 6, "OBJECT", 6);
    } else if (!mkdtemp(directory)) {
        fprintf(stderr, "kiln cc: %s cannot be made: %s\n", directory, strerror(errno));
        return 1;
    }
    status = compile_all(request, toolchain, directory, &objects);
    if (!status)
        status = link_all(request, toolchain, &objects);
    if (!request->dry_run) {
        for (size_t i = 0; i < objects.count; i++)
            unlink(objects.items[i]);
        rmdir(directory);
    }
    cc_args_free(&objects);
    return status;
}

int kiln_cmd_cc(int argc, char **argv)
{
    struct cc_toolchain toolchain;
    struct request request = {0};
    int status = 2;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            fputs(help_text, stdout);
            return 0;
        }
    }
    if (parse(&request, argc, argv)) {
        bool link = !request.compile_only && !request.stop_early;

        status = 1;
        if (cc_find_toolchain(&toolchain, link)) {
            if (request.show_sdk) {
                printf("include %s\nlib %s\n", toolchain.include, toolchain.lib);
                status = 0;
            } else if (link) {
                status = compile_and_link(&request, &toolchain) ? 1 : 0;
            } else {
                status = compile_all(&request, &toolchain, NULL, NULL) ? 1 : 0;
            }
        }
    }
    cc_args_free(&request.compile_flags);
    cc_args_free(&request.link_flags);
    cc_args_free(&request.sources);
    cc_args_free(&request.link_inputs);
    cc_args_free(&request.library_dirs);
    return status;
}
