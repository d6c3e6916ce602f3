/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands in for libFuzzer where there is none: runs the target on every file of
 * a folder, on each file cut short, and on thousands of copies with a few bytes
 * changed. Always the same inputs. With libFuzzer, link the target without this.
 *
 *   fuzz_<target> FOLDER [COPIES] */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { seed_bytes_max = 65536 };

/* xorshift64: Marsaglia, J. Stat. Softw. 8 (2003). */
static uint64_t drawn(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Changes, copies or removes a few stretches of text [size <= capacity]. */
static size_t spoil(uint8_t *text, size_t size, size_t capacity, uint64_t *state)
{
    static const char tokens[] = "|\n#-0129\"{}[],:.e+ \r\t\\\x80";
    for (uint64_t times = 1 + drawn(state) % 6; times > 0 && size > 0; times--) {
        size_t at = (size_t)(drawn(state) % size), length = (size_t)(drawn(state) % 12);
        length = length > size - at ? size - at : length;
        switch (drawn(state) % 4) {
        case 0:
            text[at] = (uint8_t)drawn(state);
            break;
        case 1:
            text[at] = (uint8_t)tokens[drawn(state) % (sizeof tokens - 1)];
            break;
        case 2:
            memmove(text + at, text + at + length, size - at - length);
            size -= length;
            break;
        default:
            if (size + length <= capacity) {
                memmove(text + at + length, text + at, size - at);
                size += length;
            }
            break;
        }
    }
    return size;
}

/* On a copy of the exact size, so that a sanitizer sees any step beyond it. */
static void try_input(const uint8_t *text, size_t size)
{
    uint8_t *exact = malloc(size == 0 ? 1 : size);
    if (exact == NULL) {
        exit(1);
    }
    memcpy(exact, text, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static void run_seed(const char *path, uint64_t copies, uint64_t *state)
{
    static uint8_t seed[seed_bytes_max], copy[seed_bytes_max];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    size_t size = fread(seed, 1, sizeof seed, file);
    (void)fclose(file); /* it was only read */
    try_input(seed, size);
    for (size_t cut = 0; cut < size; cut += 1 + size / 200) {
        try_input(seed, cut);
    }
    for (uint64_t i = 0; i < copies; i++) {
        memcpy(copy, seed, size);
        try_input(copy, spoil(copy, size, sizeof copy, state));
    }
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FOLDER [COPIES]\n", argv[0]);
        return 2;
    }
    uint64_t copies = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000;
    uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
    struct dirent **entries = NULL;
    int count = scandir(argv[1], &entries, is_file, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name);
        run_seed(path, copies, &state);
        free(entries[i]);
    }
    free(entries);
    printf("%d seeds, %llu changed copies each\n", count, (unsigned long long)copies);
    if (fuzz_accepted != NULL) {
        printf("%lu accepted\n", fuzz_accepted());
    }
    return count > 0 && (fuzz_accepted == NULL || fuzz_accepted() > 0) ? 0 : 1;
}
