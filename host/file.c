/* SPDX-License-Identifier: MIT */
/* Whole files of the host: driver images in, dumps out. */
#define _GNU_SOURCE
#include "hostp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int host_read_file(const char *path, const void **data, uint64_t *bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = 0;
    char *buffer = NULL;
    struct stat st;
    if (fstat(fd, &st) != 0) {
        error = -errno;
        goto out;
    }
    if (S_ISDIR(st.st_mode)) {
        error = -EISDIR;
        goto out;
    }
    /* One byte more than needed, so that an empty file has an address too. */
    buffer = malloc((size_t)st.st_size + 1);
    if (!buffer) {
        error = -ENOMEM;
        goto out;
    }
    uint64_t done = 0;
    while (done < (uint64_t)st.st_size) {
        ssize_t n = read(fd, buffer + done, (size_t)st.st_size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            error = -errno;
            goto out;
        }
        if (n == 0)
            break;
        done += (uint64_t)n;
    }
    *data = buffer;
    *bytes = done;
    buffer = NULL;
out:
    free(buffer);
    close(fd);
    return error;
}

void host_free_file(const void *data, uint64_t bytes)
{
    (void)bytes;
    free((void *)data);
}

int host_write_file(const char *path, const void *data, uint64_t bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return -errno;
    uint64_t done = 0;
    int error = 0;
    while (done < bytes && !error) {
        ssize_t n = write(fd, (const char *)data + done, bytes - done);
        if (n >= 0)
            done += (uint64_t)n;
        else if (errno != EINTR)
            error = -errno;
    }
    if (close(fd) != 0 && !error)
        error = -errno;
    return error;
}
