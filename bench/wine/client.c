/* SPDX-License-Identifier: MIT */
/*
 * The other side of the comparison: a Windows program that starts the benchmark driver as a service and measures what
 * kiln-bench measures, with the same names. Prints "name<TAB>nanoseconds" lines. Built with mingw-w64, run under Wine.
 */
#include <windows.h>
#include <winioctl.h>
#include <stdio.h>
#include <string.h>

#include "../driver/bench.h"

static HANDLE file;
static char in[4096], out[4096];

static double now_ns(void)
{
    LARGE_INTEGER counter, frequency;
    QueryPerformanceCounter(&counter);
    QueryPerformanceFrequency(&frequency);
    return (double)counter.QuadPart * 1e9 / (double)frequency.QuadPart;
}

/* Nanoseconds a time stamp counter tick. */
static double tsc_ns(void)
{
    static double ratio;
    if (ratio == 0) {
        double from = now_ns();
        unsigned long long ticks = __builtin_ia32_rdtsc();
        while (now_ns() - from < 50e6)
            ;
        ratio = (now_ns() - from) / (double)(__builtin_ia32_rdtsc() - ticks);
    }
    return ratio;
}

/* Names that need the length of their buffers and their code. */
static const struct {
    const char *name;
    DWORD code, bytes;
} trips[] = {
    {"IOCTL buffered 64 B", IOCTL_BENCH_BUFFERED, 64},
    {"IOCTL buffered 4 KiB", IOCTL_BENCH_BUFFERED, 4096},
    {"IOCTL direct 4 KiB", IOCTL_BENCH_OUT_DIRECT, 4096},
    {"IOCTL neither 4 KiB", IOCTL_BENCH_NEITHER, 4096},
    {"IOCTL completed by work item", IOCTL_BENCH_WORK, 64},
};

/* DPCs do not run there, and a million timers, exceptions raised in a driver and system threads made
 * and joined by the thousand are more than it survives. */
static const char *const skipped[] = {"DPC", "timer set + cancel, 1k", "timer set + cancel, 1M", "ExRaiseStatus",
                                      "ObReference", "create + join"};

static int skip(const char *name)
{
    for (size_t i = 0; i < sizeof skipped / sizeof *skipped; i++)
        if (!strncmp(name, skipped[i], strlen(skipped[i])))
            return 1;
    return 0;
}

static void print(const char *name, double ns)
{
    printf("%s\t%.1f\n", name, ns);
    fflush(stdout);
}

static void measure_trip(const char *name, DWORD code, DWORD bytes)
{
    DWORD got;
    double best = 0;
    for (int round = 0; round < 3; round++) {
        double from = now_ns();
        const int n = 2000;
        for (int i = 0; i < n; i++)
            if (!DeviceIoControl(file, code, in, bytes, out, bytes, &got, NULL))
                return;
        double ns = (now_ns() - from) / n;
        if (round == 0 || ns < best)
            best = ns;
    }
    print(name, best);
}

static void measure_inner(unsigned index)
{
    struct bench_run run = {0};
    DWORD got;
    unsigned n = 1;
    double best = 0;
    run.index = index;
    for (int round = 0; round < 3;) {
        run.index = index;
        run.iterations = n;
        if (!DeviceIoControl(file, IOCTL_BENCH_RUN, &run, sizeof run, &run, sizeof run, &got, NULL))
            return;
        if ((double)run.elapsed_tsc * tsc_ns() < 10e6 && n < 1u << 20) {
            n *= 4;
            continue;
        }
        double ns = (double)run.elapsed_tsc * tsc_ns() / n;
        if (!strncmp(run.name, "event ping-pong", 15))
            ns /= 2;
        if (round++ == 0 || ns < best)
            best = ns;
    }
    print(run.name, best);
}

int main(int argc, char **argv)
{
    char path[MAX_PATH];
    SERVICE_STATUS status;
    if (argc != 2 || !GetFullPathNameA(argv[1], sizeof path, path, NULL))
        return 2;
    SC_HANDLE manager = OpenSCManagerA(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service = CreateServiceA(manager, "KilnBench", "KilnBench", SERVICE_ALL_ACCESS, SERVICE_KERNEL_DRIVER,
                                       SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, path, NULL, NULL, NULL, NULL, NULL);
    if (!service)
        service = OpenServiceA(manager, "KilnBench", SERVICE_ALL_ACCESS);
    /* Right after the first boot of a prefix the service database is still locked. */
    for (int tries = 0; service && tries < 60 && !StartServiceA(service, 0, NULL) &&
                        GetLastError() == ERROR_SERVICE_DATABASE_LOCKED;
         tries++)
        Sleep(500);
    if (!service || (!StartServiceA(service, 0, NULL) && GetLastError() != ERROR_SERVICE_ALREADY_RUNNING)) {
        fprintf(stderr, "the driver did not start: error %lu\n", GetLastError());
        return 1;
    }
    file = CreateFileA("\\\\.\\KilnBench", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        fprintf(stderr, "the device did not open: error %lu\n", GetLastError());
        return 1;
    }
    for (size_t i = 0; i < sizeof trips / sizeof *trips; i++)
        measure_trip(trips[i].name, trips[i].code, trips[i].bytes);
    double from = now_ns();
    DWORD got;
    for (int i = 0; i < 2000; i++)
        ReadFile(file, out, sizeof out, &got, NULL);
    print("read 4 KiB", (now_ns() - from) / 2000);
    from = now_ns();
    for (int i = 0; i < 2000; i++)
        CloseHandle(CreateFileA("\\\\.\\KilnBench", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL));
    print("open + close", (now_ns() - from) / 2000);
    for (unsigned index = 0;; index++) {
        struct bench_run run = {0};
        run.index = index;
        run.iterations = 0;
        if (!DeviceIoControl(file, IOCTL_BENCH_RUN, &run, sizeof run, &run, sizeof run, &got, NULL))
            break;
        if (!skip(run.name))
            measure_inner(index);
    }
    CloseHandle(file);
    ControlService(service, SERVICE_CONTROL_STOP, &status);
    DeleteService(service);
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
    return 0;
}
