/* SPDX-License-Identifier: MIT */
/*
 * A driver unit test in plain C: boot a machine, load the driver, call it, check, shut down.
 *
 *      echo_test PATH/TO/echo.sys [SEED]
 *
 * It runs on the simulator: a failing seed is repeated by giving it again.
 */
#include <kiln/kiln.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned failures;

static void check(bool ok, const char *what)
{
    printf("%s: %s\n", ok ? "ok" : "FAILED", what);
    failures += !ok;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: echo_test PATH/TO/echo.sys [SEED]\n");
        return 2;
    }
    struct kiln_options options = {
        .size = sizeof options,
        .cpus = 2,
        .seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 0,
    };
    if (kiln_boot(&options) != 0 || kiln_load(argv[1], NULL) != 0) {
        fprintf(stderr, "cannot start: %s\n", kiln_last_error());
        return 1;
    }

    kiln_file echo;
    check(kiln_open("\\\\.\\Echo", KILN_READ | KILN_WRITE, KILN_OVERLAPPED, &echo) == 0, "the device opens");

    /* A read waits for data: it is pending until somebody writes. */
    char buffer[64] = "";
    uint64_t information = 0;
    kiln_request *read;
    check(kiln_read_async(echo, buffer, sizeof buffer, 0, &read) == 0x103, "a read without data is pending");
    check(!kiln_is_done(read), "... and stays so");
    check(kiln_write(echo, "hello", 5, 0, &information) == 0 && information == 5, "a write takes all bytes");
    check(kiln_wait(read, KILN_FOREVER, &information) == 0 && information == 5, "the read completes");
    check(!memcmp(buffer, "hello", 5), "... with what was written");
    kiln_finish(read);

    /* A pending read can be cancelled. */
    check(kiln_read_async(echo, buffer, sizeof buffer, 0, &read) == 0x103, "another read is pending");
    check(kiln_cancel(read) == 0, "it can be cancelled");
    check(kiln_wait(read, KILN_FOREVER, NULL) == (kiln_status)0xC0000120, "... and ends with STATUS_CANCELLED");
    kiln_finish(read);

    check(kiln_close(echo) == 0, "the device closes");
    check(kiln_unload("echo") == 0, "the driver unloads");
    check(kiln_shutdown() == 0, "nothing is left behind");
    return failures != 0;
}
