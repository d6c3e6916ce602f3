/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layout, little-endian: magic[8], version u32, client count u32, digest of the
 * places [32]; version 2: bytes of a record u32, digest of the model [32], 0 where there are no
 * records; a client: handle [32], observation count u32, of each at_ns i64 and place u32, oldest
 * first, record; seal [32] = keyed BLAKE2b-256 of all before it. */
#include "sim/serve/book_impl.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/lstm.h"

static const uint8_t magic[8] = { 'H', 'B', 'S', 'E', 'R', 'V', 'E', '\n' };
enum {
    version = 2,
    head_bytes_1 = 8 + 4 + 4 + 32,
    head_bytes = head_bytes_1 + 4 + 32,
    seal_bytes = 32,
    seen_bytes = 12,
    row_bytes_min = SIM_BOOK_HANDLE_BYTES + 4,
    row_bytes_max = row_bytes_min + seen_bytes * SIM_BOOK_RECENT
};

static uint8_t *put(uint8_t *at, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        *at++ = (uint8_t)(value >> (8 * i));
    }
    return at;
}

static uint64_t taken(const uint8_t **at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value |= (uint64_t)*(*at)++ << (8 * i);
    }
    return value;
}

static void seal_of(const struct sim_book *book, const uint8_t *bytes, size_t count,
    uint8_t seal[seal_bytes])
{
    hb_identity_blake2b((struct hb_identity_text) { book->seal_key, sizeof book->seal_key },
        (struct hb_identity_text) { bytes, count }, seal, seal_bytes);
}

/* Of an LSTM's clients; 0: there are none, or their model is not known. */
static size_t record_bytes_of(const struct sim_book *book)
{
    return book->config.model_digest == NULL ? 0 : hb_lstm_record_bytes(book->config.predictor);
}

/* Of what records mean: model, and size, which settings decide. */
static uint8_t *put_model(uint8_t *at, const struct sim_book *book)
{
    size_t record_bytes = record_bytes_of(book);
    at = put(at, record_bytes, 4);
    memset(at, 0, 32);
    if (record_bytes > 0) {
        hb_identity_blake2b((struct hb_identity_text) { NULL, 0 },
            (struct hb_identity_text) { book->config.model_digest,
                strlen(book->config.model_digest) }, at, 32);
    }
    return at + 32;
}

static uint8_t *put_row(uint8_t *at, const struct sim_book *book, uint32_t client)
{
    const struct sim_book_row *row = &book->rows[client];
    memcpy(at, row->handle, sizeof row->handle);
    at = put(at + sizeof row->handle, row->recent_count, 4);
    for (uint32_t i = 0; i < row->recent_count; i++) {
        uint32_t index = (row->next + SIM_BOOK_RECENT - row->recent_count + i) % SIM_BOOK_RECENT;
        at = put(at, (uint64_t)row->recent[index].at_ns, 8);
        at = put(at, row->recent[index].place, 4);
    }
    size_t record_bytes = record_bytes_of(book);
    if (record_bytes > 0) {
        hb_lstm_record_save(book->config.predictor, client, at);
    }
    return at + record_bytes;
}

static uint8_t *put_all(uint8_t *at, const struct sim_book *book)
{
    memcpy(at, magic, sizeof magic);
    at = put(at + sizeof magic, version, 4);
    at = put(at, hb_identity_count(book->identity), 4);
    sim_nearest_digest(book->config.places, at);
    at = put_model(at + 32, book);
    for (uint32_t i = 0; i < book->config.client_capacity; i++) {
        if (book->rows[i].is_used) {
            at = put_row(at, book, i);
        }
    }
    return at;
}

enum hb_status sim_book_save(struct sim_book *book, uint8_t **bytes, size_t *count)
{
    int failed = pthread_mutex_lock(&book->lock);
    assert(failed == 0);
    size_t capacity = head_bytes + seal_bytes
        + (size_t)hb_identity_count(book->identity) * (row_bytes_max + record_bytes_of(book));
    uint8_t *all = malloc(capacity);
    size_t length = all == NULL ? 0 : (size_t)(put_all(all, book) - all);
    failed = pthread_mutex_unlock(&book->lock);
    assert(failed == 0);
    if (all == NULL) {
        return HB_ERR_MEMORY;
    }
    assert(length + seal_bytes <= capacity);
    seal_of(book, all, length, all + length);
    *bytes = all;
    *count = length + seal_bytes;
    return HB_OK;
}

/* One observation of a snapshot on its way to the predictor. */
struct replayed {
    struct sim_book_recent seen;
    uint32_t client, order;
};

static int by_time(const void *a, const void *b)
{
    const struct replayed *x = a, *y = b;
    if (x->seen.at_ns != y->seen.at_ns) {
        return x->seen.at_ns < y->seen.at_ns ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

static enum hb_status damaged(struct data_problem *problem, const char *what)
{
    return data_problem_set(problem, HB_ERR_FORMAT,
        "snapshot: found %s: expected a whole one, sealed with this salt (to start without it, "
        "move it away)", what);
}

/* What a snapshot says of itself. */
struct head {
    uint32_t client_count;
    size_t bytes, record_bytes;
    bool has_records; /* which are this predictor's */
};

static enum hb_status check_head(const struct sim_book *book, const uint8_t *bytes, size_t count,
    struct head *head, struct data_problem *problem)
{
    uint8_t seal[seal_bytes], places[32], model[4 + 32];
    const uint8_t *at = bytes + sizeof magic;
    if (count < head_bytes_1 + seal_bytes || memcmp(bytes, magic, sizeof magic) != 0) {
        return damaged(problem, "another kind of file, or a part of one");
    }
    uint64_t found = taken(&at, 4);
    if (found != version && found != 1) {
        return data_problem_set(problem, HB_ERR_VERSION,
            "snapshot: found version %u: expected 1 or %d", (unsigned)found, version);
    }
    seal_of(book, bytes, count - seal_bytes, seal);
    if (memcmp(seal, bytes + count - seal_bytes, seal_bytes) != 0) {
        return damaged(problem, "damage, or another salt's seal");
    }
    *head = (struct head) { .client_count = (uint32_t)taken(&at, 4),
        .bytes = found == 1 ? head_bytes_1 : head_bytes };
    if (head->client_count > book->config.client_capacity) {
        return data_problem_set(problem, HB_ERR_FULL,
            "snapshot: found more clients than %u: raise --clients",
            book->config.client_capacity);
    }
    sim_nearest_digest(book->config.places, places);
    if (memcmp(places, at, sizeof places) != 0) {
        return data_problem_set(problem, HB_ERR_RANGE,
            "snapshot: found other places: expected those of the place table in use");
    }
    at += sizeof places;
    if (found == version) {
        if (count < head_bytes + seal_bytes) {
            return damaged(problem, "a head that is cut off");
        }
        (void)put_model(model, book);
        head->has_records = record_bytes_of(book) > 0 && memcmp(model, at, sizeof model) == 0;
        head->record_bytes = (size_t)taken(&at, 4);
    }
    return HB_OK;
}

/* A client's observations; at: where they begin, then behind them. */
static enum hb_status take_recent(const struct sim_book *book, const uint8_t **at,
    const uint8_t *end, uint32_t client, struct replayed *out, size_t *count)
{
    uint32_t recent = (uint32_t)taken(at, 4);
    if (recent > SIM_BOOK_RECENT || end - *at < (ptrdiff_t)recent * seen_bytes) {
        return HB_ERR_FORMAT;
    }
    for (uint32_t j = 0; j < recent; j++, ++*count) {
        struct replayed *seen = &out[*count];
        seen->seen.at_ns = (int64_t)taken(at, 8);
        seen->seen.place = (uint32_t)taken(at, 4);
        seen->client = client;
        if (seen->seen.place >= book->config.place_count && seen->seen.place != HB_NONE) {
            return HB_ERR_FORMAT;
        }
    }
    return HB_OK;
}

/* Everything after the head; the seal holds, so a fault here is our own writer's,
 * refused all the same. */
static enum hb_status take_rows(struct sim_book *book, const uint8_t *at, const uint8_t *end,
    const struct head *head, struct replayed *out, size_t *out_count)
{
    size_t count = 0;
    for (uint32_t i = 0; i < head->client_count; i++) {
        uint32_t client = HB_NONE;
        size_t taken_count = 0;
        if (end - at < row_bytes_min) {
            return HB_ERR_FORMAT;
        }
        const uint8_t *handle = at;
        at += SIM_BOOK_HANDLE_BYTES;
        enum hb_status status = sim_book_admit(book, handle, 1, &client);
        if (status == HB_OK) {
            status = take_recent(book, &at, end, client, &out[count], &taken_count);
        }
        if (status != HB_OK) {
            return status;
        }
        count += taken_count;
        if ((size_t)(end - at) < head->record_bytes) {
            return HB_ERR_FORMAT;
        }
        if (head->has_records
            && hb_lstm_record_load(book->config.predictor, client, at) != HB_OK) {
            return HB_ERR_FORMAT;
        }
        at += head->record_bytes;
    }
    for (size_t i = 0; i < count; i++) {
        out[i].order = (uint32_t)i;
    }
    *out_count = count;
    return at == end ? HB_OK : HB_ERR_FORMAT;
}

static void replay(struct sim_book *book, struct replayed *all, size_t count, bool has_records)
{
    qsort(all, count, sizeof *all, by_time);
    for (size_t i = 0; i < count; i++) {
        sim_book_row_note(&book->rows[all[i].client], all[i].seen);
        if (!has_records) {
            hb_predictor_observe(book->config.predictor,
                &(struct hb_observation) { .at_ns = all[i].seen.at_ns,
                    .client = all[i].client,
                    .place = all[i].seen.place,
                    .context = { NAN, NAN, NAN, NAN, NAN, NAN } });
        }
    }
}

enum hb_status sim_book_load(struct sim_book *book, int64_t now_ns, const uint8_t *bytes,
    size_t count, struct data_problem *problem)
{
    struct head head = { 0 };
    assert(hb_identity_count(book->identity) == 0);
    enum hb_status status = check_head(book, bytes, count, &head, problem);
    if (status != HB_OK) {
        return status;
    }
    struct replayed *all = calloc((size_t)head.client_count * SIM_BOOK_RECENT + 1, sizeof *all);
    if (all == NULL) {
        return data_problem_set(problem, HB_ERR_MEMORY, "snapshot: out of memory");
    }
    size_t seen_count = 0;
    book->now_ns = now_ns;
    status = take_rows(book, bytes + head.bytes, bytes + count - seal_bytes, &head, all,
        &seen_count);
    if (status == HB_OK) {
        replay(book, all, seen_count, head.has_records);
    }
    free(all);
    return status == HB_OK ? HB_OK : damaged(problem, "rows that do not add up");
}
