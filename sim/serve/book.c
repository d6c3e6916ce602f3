/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "sim/serve/book_impl.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/units.h"

static const double ahead_max_s = 300.0;           /* clocks of honest senders differ by less */
static const double behind_max_s = 400.0 * 86400.0; /* what a year of history may be sent as */

static void derive(const uint8_t salt[HB_IDENTITY_KEY_BYTES], const char *label,
    uint8_t key[HB_IDENTITY_KEY_BYTES])
{
    hb_identity_blake2b((struct hb_identity_text) { salt, HB_IDENTITY_KEY_BYTES },
        (struct hb_identity_text) { label, strlen(label) }, key, HB_IDENTITY_KEY_BYTES);
}

enum hb_status sim_book_create(const struct sim_book_config *config, struct sim_book **out)
{
    struct sim_book *book = calloc(1, sizeof *book);
    if (book == NULL) {
        return HB_ERR_MEMORY;
    }
    book->config = *config;
    derive(config->salt, "handle", book->key);
    derive(config->salt, "snapshot", book->seal_key);
    struct hb_identity_config identity = { .client_capacity = config->client_capacity,
        .epoch_s = config->epoch_s,
        .grace_s = config->grace_s };
    memcpy(identity.salt, config->salt, sizeof identity.salt);
    enum hb_status status = hb_identity_create(&identity, &book->identity);
    explicit_bzero(&identity, sizeof identity);
    explicit_bzero(book->config.salt, sizeof book->config.salt);
    if (status == HB_OK) {
        book->rows = calloc(config->client_capacity, sizeof *book->rows);
        status = book->rows == NULL ? HB_ERR_MEMORY : HB_OK;
    }
    if (status != HB_OK) {
        hb_identity_free(book->identity);
        free(book);
        return status;
    }
    int failed = pthread_mutex_init(&book->lock, NULL);
    assert(failed == 0);
    *out = book;
    return HB_OK;
}

void sim_book_free(struct sim_book *book)
{
    if (book != NULL) {
        hb_identity_free(book->identity);
        free(book->rows);
        (void)pthread_mutex_destroy(&book->lock); /* nobody holds it any more */
        explicit_bzero(book, sizeof *book);
        free(book);
    }
}

static void lock(struct sim_book *book, int64_t now_ns)
{
    int failed = pthread_mutex_lock(&book->lock);
    assert(failed == 0);
    book->now_ns = now_ns > book->now_ns ? now_ns : book->now_ns;
}

static void unlock(struct sim_book *book)
{
    int failed = pthread_mutex_unlock(&book->lock);
    assert(failed == 0);
}

static void erase(struct sim_book *book, uint32_t client)
{
    hb_predictor_forget(book->config.predictor, client);
    explicit_bzero(&book->rows[client], sizeof book->rows[client]);
    book->erased_count++;
}

enum hb_status sim_book_admit(struct sim_book *book, const uint8_t *handle, int has_consent,
    uint32_t *client)
{
    uint32_t found = HB_NONE;
    enum hb_status status = hb_identity_admit(book->identity, book->now_ns, handle,
        SIM_BOOK_HANDLE_BYTES, has_consent, &found);
    if (status == HB_ERR_DENIED && found != HB_NONE) {
        erase(book, found);
    }
    if (status != HB_OK) {
        return status;
    }
    struct sim_book_row *row = &book->rows[found];
    if (!row->is_used) {
        *row = (struct sim_book_row) { .is_used = true };
        memcpy(row->handle, handle, sizeof row->handle);
    }
    *client = found;
    return HB_OK;
}

static const struct sim_book_recent *latest(const struct sim_book_row *row)
{
    return row->recent_count == 0
        ? NULL
        : &row->recent[(row->next + SIM_BOOK_RECENT - 1) % SIM_BOOK_RECENT];
}

void sim_book_row_note(struct sim_book_row *row, struct sim_book_recent seen)
{
    row->recent[row->next] = seen;
    row->next = (row->next + 1) % SIM_BOOK_RECENT;
    row->recent_count += row->recent_count < SIM_BOOK_RECENT;
}

/* Where the observation is, before anything is stored. */
static enum hb_status locate(const struct sim_book *book, const struct sim_body_observe *seen,
    struct sim_book_seen *out)
{
    out->place = seen->place;
    out->distance_km = 0.0;
    if (seen->has_point) {
        out->place = sim_nearest_place(book->config.places, seen->at, &out->distance_km);
        return out->distance_km <= book->config.place_km ? HB_OK : HB_ERR_RANGE;
    }
    return seen->place == HB_NONE || seen->place < book->config.place_count ? HB_OK
                                                                            : HB_ERR_RANGE;
}

static enum hb_status identify(struct sim_book *book, const struct sim_body_observe *seen,
    uint32_t *client)
{
    if (seen->device_bytes > 0) {
        uint8_t handle[SIM_BOOK_HANDLE_BYTES];
        hb_identity_blake2b((struct hb_identity_text) { book->key, sizeof book->key },
            (struct hb_identity_text) { seen->device, seen->device_bytes }, handle,
            sizeof handle);
        return sim_book_admit(book, handle, seen->has_consent, client);
    }
    enum hb_status status = hb_identity_find(book->identity, book->now_ns, &seen->id, client);
    if (status == HB_OK && !seen->has_consent) {
        erase(book, *client);
        (void)hb_identity_forget(book->identity, *client); /* it was found a line above */
        status = HB_ERR_DENIED;
    }
    return status;
}

static enum hb_status observe(struct sim_book *book, const struct sim_body_observe *seen,
    struct sim_book_seen *out)
{
    int64_t at_ns = isnan(seen->at_unix_s) ? book->now_ns : hb_units_ns(seen->at_unix_s);
    double age_s = hb_units_s(book->now_ns - at_ns);
    bool is_timely = age_s <= behind_max_s && age_s >= -ahead_max_s;
    uint32_t client = HB_NONE;
    enum hb_status status = HB_OK;
    if (seen->has_consent) {
        status = is_timely ? locate(book, seen, out) : HB_ERR_EXISTS;
    }
    if (status == HB_OK) {
        status = identify(book, seen, &client);
    }
    if (status != HB_OK) {
        return status;
    }
    struct sim_book_row *row = &book->rows[client];
    const struct sim_book_recent *last = latest(row);
    if (last != NULL && at_ns < last->at_ns) {
        return HB_ERR_EXISTS;
    }
    if (!sim_rate_take(&row->rate, &book->config.rate, book->now_ns)) {
        return HB_ERR_STATE;
    }
    sim_book_row_note(row, (struct sim_book_recent) { at_ns, out->place });
    hb_predictor_observe(book->config.predictor, &(struct hb_observation) { .at_ns = at_ns,
        .client = client,
        .place = out->place,
        .context = seen->context });
    return hb_identity_id(book->identity, book->now_ns, client, &out->id);
}

enum hb_status sim_book_observe(struct sim_book *book, int64_t now_ns,
    const struct sim_body_observe *seen, struct sim_book_seen *out)
{
    struct sim_book_seen found = { .place = HB_NONE };
    lock(book, now_ns);
    enum hb_status status = observe(book, seen, &found);
    unlock(book);
    if (status == HB_OK) {
        *out = found;
    }
    return status;
}

/* What is beyond the k best is elsewhere. */
static void cut(struct hb_prediction *prediction, uint32_t guess_max)
{
    while (prediction->guess_count > guess_max) {
        prediction->elsewhere += prediction->guesses[--prediction->guess_count].confidence;
    }
}

void sim_book_predict(struct sim_book *book, int64_t now_ns,
    struct sim_book_question *const *questions, size_t count)
{
    assert(count <= SIM_BOOK_BATCH_MAX);
    struct hb_question known[SIM_BOOK_BATCH_MAX];
    struct hb_prediction answers[SIM_BOOK_BATCH_MAX];
    size_t known_count = 0;
    lock(book, now_ns);
    for (size_t i = 0; i < count; i++) {
        struct sim_book_question *question = questions[i];
        uint32_t client = HB_NONE;
        question->status
            = hb_identity_find(book->identity, book->now_ns, &question->asked.id, &client);
        if (question->status == HB_OK) {
            const struct sim_book_recent *last = latest(&book->rows[client]);
            bool is_ahead = last != NULL && last->at_ns > book->now_ns;
            known[known_count++] = (struct hb_question) { .client = client,
                .at_ns = is_ahead ? last->at_ns : book->now_ns,
                .horizon_s = (float)question->asked.timeframe_s };
        }
    }
    if (known_count > 0) {
        hb_predict_location(book->config.predictor, known, known_count, answers);
    }
    unlock(book);
    for (size_t i = 0, j = 0; i < count; i++) {
        if (questions[i]->status == HB_OK) {
            questions[i]->answer = answers[j++];
            cut(&questions[i]->answer, questions[i]->asked.guess_max);
        }
    }
}

enum hb_status sim_book_forget(struct sim_book *book, int64_t now_ns,
    const struct hb_client_id *id)
{
    uint32_t client = HB_NONE;
    lock(book, now_ns);
    enum hb_status status = hb_identity_find(book->identity, book->now_ns, id, &client);
    if (status == HB_OK) {
        erase(book, client);
        status = hb_identity_forget(book->identity, client);
    }
    unlock(book);
    return status;
}

struct sim_book_size sim_book_size(struct sim_book *book)
{
    lock(book, 0);
    struct sim_book_size size = { .client_count = hb_identity_count(book->identity),
        .predictor_bytes = hb_predictor_bytes(book->config.predictor),
        .erased_count = book->erased_count };
    unlock(book);
    return size;
}
