/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/names.h"

#include <stdlib.h>
#include <string.h>

enum { names_max = 1 << 28 };

struct data_names {
    char **texts; /* [len] */
    uint32_t *slots; /* [slot_count] numbers, DATA_NAMES_NONE: empty; a power of two */
    uint32_t len, capacity, slot_count;
};

/* FNV-1a, 64 bits. */
static uint64_t hash(const char *text)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *text != '\0'; text++) {
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return h ^ h >> 32;
}

/* The slot that holds a text or is free for it. */
static uint32_t slot_of(const struct data_names *names, const char *text)
{
    uint32_t mask = names->slot_count - 1;
    uint32_t slot = (uint32_t)hash(text) & mask;
    while (names->slots[slot] != DATA_NAMES_NONE
        && strcmp(names->texts[names->slots[slot]], text) != 0) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

static enum hb_status grow(struct data_names *names)
{
    uint32_t capacity = names->capacity == 0 ? 64 : names->capacity * 2;
    char **texts = realloc(names->texts, capacity * sizeof *texts);
    if (texts == NULL) {
        return HB_ERR_MEMORY;
    }
    names->texts = texts;
    uint32_t *slots = malloc(2 * (size_t)capacity * sizeof *slots);
    if (slots == NULL) {
        return HB_ERR_MEMORY;
    }
    free(names->slots);
    names->slots = slots;
    names->capacity = capacity;
    names->slot_count = 2 * capacity;
    for (uint32_t i = 0; i < names->slot_count; i++) {
        slots[i] = DATA_NAMES_NONE;
    }
    for (uint32_t i = 0; i < names->len; i++) {
        slots[slot_of(names, texts[i])] = i;
    }
    return HB_OK;
}

enum hb_status data_names_create(struct data_names **out)
{
    struct data_names *names = calloc(1, sizeof *names);
    if (names == NULL) {
        return HB_ERR_MEMORY;
    }
    enum hb_status status = grow(names);
    if (status != HB_OK) {
        data_names_free(names);
        return status;
    }
    *out = names;
    return HB_OK;
}

void data_names_free(struct data_names *names)
{
    if (names == NULL) {
        return;
    }
    for (uint32_t i = 0; i < names->len; i++) {
        free(names->texts[i]);
    }
    free(names->slots);
    free(names->texts);
    free(names);
}

uint32_t data_names_len(const struct data_names *names)
{
    return names->len;
}

enum hb_status data_names_add(struct data_names *names, const char *text, uint32_t *out)
{
    uint32_t slot = slot_of(names, text);
    if (names->slots[slot] != DATA_NAMES_NONE) {
        *out = names->slots[slot];
        return HB_OK;
    }
    if (names->len == names_max) {
        return HB_ERR_FULL;
    }
    if (names->len == names->capacity) {
        enum hb_status status = grow(names);
        if (status != HB_OK) {
            return status;
        }
        slot = slot_of(names, text);
    }
    char *copy = strdup(text);
    if (copy == NULL) {
        return HB_ERR_MEMORY;
    }
    names->texts[names->len] = copy;
    names->slots[slot] = names->len;
    *out = names->len++;
    return HB_OK;
}

uint32_t data_names_find(const struct data_names *names, const char *text)
{
    return names->slots[slot_of(names, text)];
}
