/* SPDX-License-Identifier: Apache-2.0 */
#include "core/features.h"

#include <string.h>

static const char *const names[HB_FEATURES_COUNT] = {
#define X(NAME, name) #name,
    HB_FEATURES_LIST(X)
#undef X
};

enum {
    b0 = 1, b1 = 1 << 1, b2 = 1 << 2, b3 = 1 << 3, b4 = 1 << 4, b5 = 1 << 5, b6 = 1 << 6,
    b7 = 1 << 7, b8 = 1 << 8, b9 = 1 << 9, b10 = 1 << 10, b11 = 1 << 11, b12 = 1 << 12,
    b13 = 1 << 13, b14 = 1 << 14, b15 = 1 << 15, b16 = 1 << 16, b17 = 1 << 17, b18 = 1 << 18,
    b19 = 1 << 19
};

static const struct hb_features_hidden owned[HB_FEATURES_COUNT] = {
    [HB_FEATURES_INDEX_CLOCK] = { b0 | b1 | b2, b0 | b1 | b2, b6 | b16 | b18 },
    [HB_FEATURES_INDEX_DWELL] = { b3, b3, 0 },
    [HB_FEATURES_INDEX_MOVE] = { b4 | b5 | b6 | b8, b4 | b5 | b6, b11 | b12 | b13 },
    [HB_FEATURES_INDEX_OBSERVED] = { b7, b7 | b10, 0 },
    [HB_FEATURES_INDEX_SESSION] = { b9, 0, 0 },
    [HB_FEATURES_INDEX_OWN] = { 0, b8 | b9 | b11,
        b1 | b2 | b3 | b4 | b5 | b6 | b14 | b15 | b17 | b18 },
    [HB_FEATURES_INDEX_POPULATION] = { 0, 0, b7 | b8 | b9 | b16 | b17 },
    [HB_FEATURES_INDEX_DISTANCE] = { 0, 0, b10 | b11 | b19 },
};

enum hb_status hb_features_parse(const char *text, uint32_t *masked, const char **wrong)
{
    uint32_t bits = 0;
    for (const char *at = text;;) {
        size_t length = strcspn(at, ",");
        uint32_t i = 0;
        while (i < HB_FEATURES_COUNT
            && (strlen(names[i]) != length || memcmp(names[i], at, length) != 0)) {
            i++;
        }
        if (i == HB_FEATURES_COUNT) {
            *wrong = at;
            return HB_ERR_NOT_FOUND;
        }
        bits |= UINT32_C(1) << i;
        if (at[length] == '\0') {
            *masked = bits;
            return HB_OK;
        }
        at += length + 1;
    }
}

void hb_features_text(uint32_t masked, char *text, size_t bytes)
{
    size_t used = 0;
    if (bytes == 0) {
        return;
    }
    for (uint32_t i = 0; i < HB_FEATURES_COUNT; i++) {
        const char *parts[2] = { used > 0 ? "," : "", names[i] };
        for (int part = 0; (masked >> i & 1) != 0 && part < 2; part++) {
            size_t left = bytes - 1 - used, length = strlen(parts[part]);
            length = length < left ? length : left;
            memcpy(text + used, parts[part], length);
            used += length;
        }
    }
    text[used] = '\0';
}

struct hb_features_hidden hb_features_hidden(uint32_t masked)
{
    struct hb_features_hidden hidden = { 0, 0, 0 };
    for (uint32_t i = 0; i < HB_FEATURES_COUNT; i++) {
        if ((masked >> i & 1) != 0) {
            hidden.step |= owned[i].step;
            hidden.context |= owned[i].context;
            hidden.candidate |= owned[i].candidate;
        }
    }
    return hidden;
}
