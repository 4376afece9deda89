/* SPDX-License-Identifier: MIT */
/*
 * The run-time library against glibc: kiln-bench-rtl. Routines as drivers call them (the Windows calling
 * convention), and as yardstick what glibc has for the same work, in the same run. No machine is needed:
 * nothing here uses one.
 *
 * Each figure is the best of several rounds, so that a busy neighbour does not count.
 */
#define _GNU_SOURCE
#include <search.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wctype.h>

#define NT __attribute__((ms_abi))

/* The exports, by their ELF names. */
NT void *nt_memcpy(void *to, const void *from, size_t bytes);
NT void *nt_memmove(void *to, const void *from, size_t bytes);
NT void *nt_memset(void *to, int value, size_t bytes);
NT int nt_memcmp(const void *a, const void *b, size_t bytes);
NT size_t RtlCompareMemory(const void *a, const void *b, size_t bytes);

typedef struct {
    uint16_t length, maximum;
    uint16_t *buffer;
} unicode_string;
NT int32_t RtlUpcaseUnicodeString(unicode_string *to, const unicode_string *from, uint8_t allocate);
NT int32_t RtlDowncaseUnicodeString(unicode_string *to, const unicode_string *from, uint8_t allocate);
NT int32_t RtlCompareUnicodeString(const unicode_string *a, const unicode_string *b, uint8_t fold);
NT int32_t RtlUnicodeToUTF8N(char *to, uint32_t room, uint32_t *made, const uint16_t *from, uint32_t bytes);
NT int32_t RtlUTF8ToUnicodeN(uint16_t *to, uint32_t room, uint32_t *made, const char *from, uint32_t bytes);

/* Opaque here: larger than the structures are. */
typedef struct {
    uint64_t words[16];
} table;
NT void RtlInitializeGenericTableAvl(table *t, NT int (*compare)(table *, void *, void *),
                                     NT void *(*allocate)(table *, uint32_t),
                                     NT void (*release)(table *, void *), void *context);
NT void *RtlInsertElementGenericTableAvl(table *t, void *element, uint32_t bytes, uint8_t *added);
NT void *RtlLookupElementGenericTableAvl(table *t, void *element);
NT uint8_t RtlDeleteElementGenericTableAvl(table *t, void *element);
NT void RtlInitializeGenericTable(table *t, NT int (*compare)(table *, void *, void *),
                                  NT void *(*allocate)(table *, uint32_t),
                                  NT void (*release)(table *, void *), void *context);
NT void *RtlInsertElementGenericTable(table *t, void *element, uint32_t bytes, uint8_t *added);
NT void *RtlLookupElementGenericTable(table *t, void *element);
NT uint8_t RtlDeleteElementGenericTable(table *t, void *element);

#define ROUNDS   9
#define ROUND_NS 4e6
#define BYTES    (64u << 10)

static uint8_t source[BYTES + 64], apart[2048], target[BYTES + 64]; /* not at one place of two pages */

static double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* Nanoseconds of one call of `run(size)`: the best round. */
static double measure(void (*run)(size_t size, unsigned times), size_t size)
{
    unsigned times = 1;
    double best = 0;
    for (;;) {
        double from = now_ns();
        run(size, times);
        best = now_ns() - from;
        if (best > ROUND_NS)
            break;
        times *= 2;
    }
    for (int i = 0; i < ROUNDS; i++) {
        double from = now_ns();
        run(size, times);
        double spent = now_ns() - from;
        best = spent < best ? spent : best;
    }
    return best / times;
}

/* ---- memory ---- */

/* The compiler must neither know the size nor drop the call. */
#define KEEP(size) __asm__ volatile("" : "+r"(size)::"memory")
#define ROUTINE(name, call)                                                                                  \
    static void name(size_t size, unsigned times)                                                            \
    {                                                                                                        \
        while (times--) {                                                                                    \
            KEEP(size);                                                                                      \
            call;                                                                                            \
        }                                                                                                    \
    }

static volatile size_t sink;
ROUTINE(our_memcpy, nt_memcpy(target, source, size))
ROUTINE(its_memcpy, memcpy(target, source, size))
ROUTINE(our_memmove, nt_memmove(target + 16, target, size))
ROUTINE(its_memmove, memmove(target + 16, target, size))
ROUTINE(our_memset, nt_memset(target, 0x5A, size))
ROUTINE(its_memset, memset(target, 0x5A, size))
ROUTINE(our_memcmp, sink += (size_t)nt_memcmp(target, source, size))
ROUTINE(its_memcmp, sink += (size_t)memcmp(target, source, size))
ROUTINE(our_compare, sink += RtlCompareMemory(target, source, size))

static void memory(void)
{
    static const struct {
        const char *name;
        void (*ours)(size_t, unsigned), (*its)(size_t, unsigned);
    } rows[] = {{"memcpy", our_memcpy, its_memcpy},
                {"memmove, overlapping", our_memmove, its_memmove},
                {"memset", our_memset, its_memset},
                {"memcmp, equal", our_memcmp, its_memcmp},
                {"RtlCompareMemory, equal", our_compare, its_memcmp}};
    static const size_t sizes[] = {16, 32, 64, 128, 256, 512, 1024, 4096, 16384, 65536};
    printf("%-26s %8s %10s %10s %7s\n", "memory", "bytes", "Kiln ns", "glibc ns", "ratio");
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            memset(source, 7, sizeof source);
            memset(apart, 7, sizeof apart);
            memset(target, 7, sizeof target);
            double ours = measure(rows[r].ours, sizes[s]), its = measure(rows[r].its, sizes[s]);
            printf("%-26s %8zu %10.2f %10.2f %7.2f\n", rows[r].name, sizes[s], ours, its, ours / its);
        }
    }
}

/* ---- text ---- */

#define UNITS 16000u
static uint16_t text[UNITS], folded[UNITS];
static char utf8[UNITS * 3];
static uint32_t utf8_bytes;

static void upcase(size_t size, unsigned times)
{
    while (times--) {
        unicode_string to = {0, sizeof folded, folded}, from = {(uint16_t)size, (uint16_t)size, text};
        RtlUpcaseUnicodeString(&to, &from, 0);
    }
}
static void downcase(size_t size, unsigned times)
{
    while (times--) {
        unicode_string to = {0, sizeof folded, folded}, from = {(uint16_t)size, (uint16_t)size, text};
        RtlDowncaseUnicodeString(&to, &from, 0);
    }
}
static void compare(size_t size, unsigned times)
{
    while (times--) {
        unicode_string a = {(uint16_t)size, (uint16_t)size, text},
                       b = {(uint16_t)size, (uint16_t)size, folded};
        sink += (size_t)RtlCompareUnicodeString(&a, &b, 1);
    }
}
static void to_utf8(size_t size, unsigned times)
{
    while (times--)
        RtlUnicodeToUTF8N(utf8, sizeof utf8, &utf8_bytes, text, (uint32_t)size);
}
static void from_utf8(size_t size, unsigned times)
{
    uint32_t made;
    (void)size;
    while (times--)
        RtlUTF8ToUnicodeN(folded, sizeof folded, &made, utf8, utf8_bytes);
}
static void its_upcase(size_t size, unsigned times)
{
    while (times--) {
        for (size_t i = 0; i < size / 2; i++)
            folded[i] = (uint16_t)towupper(text[i]);
        __asm__ volatile("" ::: "memory");
    }
}

static void strings(void)
{
    static const struct {
        const char *name;
        uint16_t first;
    } kinds[] = {{"ASCII", 'a'}, {"Cyrillic", 0x430}, {"Han", 0x4E00}};
    printf("\n%-26s %10s %12s\n", "text, 32,000 bytes", "GB/s", "towupper");
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (size_t i = 0; i < UNITS; i++)
            text[i] = (uint16_t)(kinds[k].first + i % 26);
        size_t size = sizeof text;
        double yard = (double)size / measure(its_upcase, size);
        printf("upcase, %-18s %10.2f %12.2f\n", kinds[k].name, (double)size / measure(upcase, size), yard);
        printf("downcase, %-16s %10.2f\n", kinds[k].name, (double)size / measure(downcase, size));
        upcase(size, 1);
        printf("compare, %-17s %10.2f\n", kinds[k].name, (double)size / measure(compare, size));
        printf("to UTF-8, %-16s %10.2f\n", kinds[k].name, (double)size / measure(to_utf8, size));
        printf("from UTF-8, %-14s %10.2f\n", kinds[k].name, (double)size / measure(from_utf8, size));
    }
}

/* ---- trees ---- */

#define KEYS 10000u
static uint64_t keys[KEYS];

NT static int order(table *t, void *a, void *b)
{
    uint64_t x = *(uint64_t *)a, y = *(uint64_t *)b;
    (void)t;
    return x < y ? 0 : x > y ? 1 : 2; /* GenericLessThan, GenericGreaterThan, GenericEqual */
}
NT static void *allocate(table *t, uint32_t bytes)
{
    (void)t;
    return malloc(bytes);
}
NT static void release(table *t, void *block)
{
    (void)t;
    free(block);
}
static int its_order(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Insert all keys, look each up four times, delete all. */
#define TREE(name, Initialize, Insert, Lookup, Delete)                                                       \
    static void name(size_t size, unsigned times)                                                            \
    {                                                                                                        \
        while (times--) {                                                                                    \
            table t;                                                                                         \
            Initialize(&t, order, allocate, release, NULL);                                                  \
            for (size_t i = 0; i < size; i++)                                                                \
                Insert(&t, &keys[i], sizeof keys[i], NULL);                                                  \
            for (size_t i = 0; i < 4 * size; i++)                                                            \
                sink += (size_t)Lookup(&t, &keys[i * 7 % size]);                                             \
            for (size_t i = 0; i < size; i++)                                                                \
                Delete(&t, &keys[i]);                                                                        \
        }                                                                                                    \
    }
TREE(avl, RtlInitializeGenericTableAvl, RtlInsertElementGenericTableAvl, RtlLookupElementGenericTableAvl,
     RtlDeleteElementGenericTableAvl)
TREE(splay, RtlInitializeGenericTable, RtlInsertElementGenericTable, RtlLookupElementGenericTable,
     RtlDeleteElementGenericTable)

static void its_tree(size_t size, unsigned times)
{
    while (times--) {
        void *root = NULL;
        for (size_t i = 0; i < size; i++) { /* a copy of the element, as the tables make one */
            uint64_t *copy = malloc(sizeof *copy);
            *copy = keys[i];
            tsearch(copy, &root, its_order);
        }
        for (size_t i = 0; i < 4 * size; i++)
            sink += (size_t)tfind(&keys[i * 7 % size], &root, its_order);
        for (size_t i = 0; i < size; i++) {
            uint64_t *copy = *(uint64_t **)tfind(&keys[i], &root, its_order);
            tdelete(&keys[i], &root, its_order);
            free(copy);
        }
    }
}

static void trees(void)
{
    for (size_t i = 0; i < KEYS; i++)
        keys[i] = i * 0x9E3779B97F4A7C15u;
    double yard = measure(its_tree, KEYS) / (6 * KEYS);
    printf("\n%-26s %10s %7s   (tsearch: %.1f ns)\n", "tree of 10,000", "ns each", "ratio", yard);
    double ours = measure(avl, KEYS) / (6 * KEYS);
    printf("%-26s %10.1f %7.2f\n", "generic table, AVL", ours, ours / yard);
    ours = measure(splay, KEYS) / (6 * KEYS);
    printf("%-26s %10.1f %7.2f\n", "generic table, splay", ours, ours / yard);
}

int main(void)
{
    memory();
    strings();
    trees();
    return 0;
}
