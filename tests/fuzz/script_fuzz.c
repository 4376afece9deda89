/* SPDX-License-Identifier: MIT */
/* Fuzzes the script language: splitting, data, numbers, durations and control codes of arbitrary text. */
#include "words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void parse_word(const struct word *word)
{
    struct parse_error error;
    uint64_t number;
    uint32_t code;
    uint8_t *data;
    size_t length;
    char text[128];
    assert(word->column >= 1);
    /* A script may name any file; the fuzzer must not read devices. */
    if (!memmem(word->text, word->length, "file:", 5) && word_data(word, &data, &length, &error))
        free(data);
    word_number(word, &number, &error);
    word_duration_ns(word, &number, &error);
    word_ioctl(word, &code, &error);
    word_text(word, text, sizeof text, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *line = malloc(size + 1);
    if (!line)
        return 0;
    memcpy(line, bytes, size);
    line[size] = 0;
    const char *next = line;
    while (next) {
        struct word words[MAX_WORDS];
        struct parse_error error;
        unsigned count;
        if (!words_split(next, line, words, &count, &next, &error))
            break;
        for (unsigned i = 0; i < count; i++) {
            assert(words[i].text >= line && words[i].text + words[i].length <= line + size);
            parse_word(&words[i]);
        }
    }
    free(line);
    return 0;
}
