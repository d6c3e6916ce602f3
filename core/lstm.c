/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/lstm_clients.h"
#include "core/units.h"

enum { batch_default = 64, silence_default = 192, stay_step_default = 96 };
enum { visits_default = 120, visits_compact = 56 };

static int32_t slot_of(const struct predictor *me, int64_t at_ns)
{
    int64_t second = at_ns / HB_NS_PER_S - (at_ns % HB_NS_PER_S < 0) + me->config.unix_epoch_s;
    int64_t slot = second / HB_TRAIL_SLOT_S - (second % HB_TRAIL_SLOT_S < 0);
    return slot > INT32_MAX / 2 ? INT32_MAX / 2 : slot < INT32_MIN / 2 ? INT32_MIN / 2
                                                                      : (int32_t)slot;
}

static struct hb_trail_now now_of(const struct predictor *me, const struct client *client,
    int32_t slot)
{
    return (struct hb_trail_now) {
        .slot = slot,
        .place = client->place,
        .is_observed = me->config.is_tracked || slot == client->seen_slot,
        .is_first = client->is_first,
        .was_observed = client->was_observed,
    };
}

/* Takes the client's next slot as over. 1: the LSTM is to step through it (its inputs are then
 * at index `to` of the batch). */
static int pass_slot(struct predictor *me, struct client *client, size_t to)
{
    struct hb_trail *trail = trail_of(client);
    struct hb_trail_now now = now_of(me, client, client->next_slot);
    uint32_t dwell = hb_trail_dwell(trail, &now);
    int is_step = dwell <= me->stay_step_max || dwell % me->stay_step_max == 0;
    if (is_step) {
        float features[HB_CANDIDATES_STEP_FEATURES];
        hb_candidates_step(&me->tables, trail, &now, features);
        memcpy(me->features + to * me->feature_count, features,
            me->feature_count * sizeof *features);
        me->places[to] = now.place;
        load_state(me, client, me->states + to * me->state_len);
    }
    hb_trail_add(trail, &now);
    client->next_slot++;
    client->is_first = 0;
    client->was_observed = now.is_observed != 0;
    return is_step;
}

/* Lets all slots of each row's client before the row's be over, together. */
static void pass_slots(struct predictor *me, const struct row *rows, size_t count)
{
    size_t stepping = 1;
    while (stepping > 0) {
        stepping = 0;
        for (uint32_t i = 0; i < count; i++) {
            struct client *client = rows[i].client;
            int is_step = 0;
            while (!is_step && client->next_slot < rows[i].slot) {
                is_step = pass_slot(me, client, stepping);
            }
            if (is_step) {
                me->stepping[stepping++] = i;
            }
        }
        hb_lstm_net_step(me->net, stepping, me->places, me->features, me->states);
        for (size_t i = 0; i < stepping; i++) {
            save_state(me, rows[me->stepping[i]].client, me->states + i * me->state_len);
        }
    }
}

/* The last slot up to which a client without news still counts as in sight. */
static int32_t sight_end(const struct predictor *me, const struct client *client)
{
    return client->seen_slot + (int32_t)me->config.silence_slots;
}

/* Its last slot in sight stays open: it may be found again within it. */
static void lose(struct predictor *me, struct client *client, int32_t slot)
{
    int32_t end = sight_end(me, client);
    struct row row = { client, slot > end ? end + 1 : slot };
    pass_slots(me, &row, 1);
    client->sight = LOST;
    client->seen_slot = slot > end ? end : slot;
}

static void begin_session(struct predictor *me, struct client *client, int32_t slot)
{
    if (client->sight == NEVER) {
        hb_trail_init(trail_of(client), me->config.visit_count);
    }
    client->next_slot = slot;
    client->is_first = 1;
    client->was_observed = 0;
    memset((unsigned char *)client + me->state_at, 0, me->record_bytes - me->state_at);
}

/* Up to the end of a lost client's last slot the grid has no gap: the session goes on. */
static void find_again(struct predictor *me, struct client *client, int32_t slot)
{
    if (slot > client->seen_slot) {
        struct row row = { client, client->seen_slot + 1 };
        pass_slots(me, &row, 1);
    }
    if (slot > client->seen_slot + 1) {
        begin_session(me, client, slot);
    }
}

static void observe(void *self, const struct hb_observation *seen)
{
    struct predictor *me = self;
    struct client *client = client_of(me, seen->client);
    int32_t slot = slot_of(me, seen->at_ns);
    if (client->sight == IN_SIGHT && slot > sight_end(me, client)) {
        lose(me, client, slot);
    }
    if (seen->place == HB_NONE) {
        if (client->sight == IN_SIGHT) {
            lose(me, client, slot > client->seen_slot ? slot : client->seen_slot);
        }
        return;
    }
    if (client->sight == NEVER || slot < client->seen_slot) {
        begin_session(me, client, slot);
    } else if (client->sight == LOST) {
        find_again(me, client, slot);
    } else {
        struct row row = { client, slot };
        pass_slots(me, &row, 1);
    }
    client->sight = IN_SIGHT;
    client->seen_slot = slot;
    client->place = seen->place > HB_TRAIL_PLACE_MAX ? HB_TRAIL_UNKNOWN : seen->place;
}

/* The current slot, provisionally: states [count] as if it were over. */
static void step_on(struct predictor *me, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct client *client = me->rows[i].client;
        struct hb_trail_now now = now_of(me, client, me->rows[i].slot);
        float features[HB_CANDIDATES_STEP_FEATURES];
        hb_candidates_step(&me->tables, trail_of(client), &now, features);
        memcpy(me->features + i * me->feature_count, features,
            me->feature_count * sizeof *features);
        me->places[i] = now.place;
        load_state(me, client, me->states + i * me->state_len);
    }
    hb_lstm_net_step(me->net, count, me->places, me->features, me->states);
}

static void look_around(struct predictor *me, const struct hb_question *questions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t at = me->row_of[i];
        float *context = me->contexts + i * HB_CANDIDATES_CONTEXT;
        struct hb_lstm_net_question *question = &me->questions[i];
        *question = (struct hb_lstm_net_question) { .state = me->states + at * me->state_len,
            .context = context, .horizon_s = questions[i].horizon_s };
        if (me->candidates == NULL) {
            continue;
        }
        if (i == 0 || at != me->row_of[i - 1]) {
            struct client *client = me->rows[at].client;
            struct hb_trail_now now = now_of(me, client, me->rows[at].slot);
            hb_candidates_look(me->candidates, trail_of(client), &now, NULL);
        }
        hb_candidates_context(me->candidates, context);
        hb_candidates_collect(me->candidates, questions[i].horizon_s, &me->sets[i]);
        question->candidates = &me->sets[i];
    }
}

static int is_answerable(const struct predictor *me, const struct client *client, int32_t slot)
{
    return client->sight == IN_SIGHT && slot <= sight_end(me, client);
}

/* Questions first .. end of a batch, answerable all, over at most batch_max rows; a client that
 * is asked about at two slots ends the batch. Returns how many there are. */
static size_t gather(struct predictor *me, const struct hb_question *questions, size_t count,
    size_t *row_count)
{
    size_t taken = 0;
    *row_count = 0;
    for (; taken < count && taken < me->config.batch_max; taken++) {
        struct client *client = client_of(me, questions[taken].client);
        int32_t slot = slot_of(me, questions[taken].at_ns);
        if (!is_answerable(me, client, slot)) {
            break;
        }
        slot = slot < client->seen_slot ? client->seen_slot : slot;
        slot = slot < client->next_slot ? client->next_slot : slot;
        uint32_t at = 0;
        while (at < *row_count && me->rows[at].client != client) {
            at++;
        }
        if (at < *row_count && me->rows[at].slot != slot) {
            break;
        }
        if (at == *row_count) {
            me->rows[(*row_count)++] = (struct row) { client, slot };
        }
        me->row_of[taken] = at;
    }
    return taken;
}

static void predict(void *self, const struct hb_question *questions, size_t count,
    struct hb_prediction *out)
{
    struct predictor *me = self;
    for (size_t first = 0; first < count;) {
        size_t rows, taken = gather(me, questions + first, count - first, &rows);
        if (taken == 0) {
            out[first] = (struct hb_prediction) { .horizon_s = questions[first].horizon_s,
                .elsewhere = 1.0F };
            first++;
            continue;
        }
        pass_slots(me, me->rows, rows);
        step_on(me, rows);
        look_around(me, questions + first, taken);
        hb_lstm_net_answer(me->net, taken, me->questions, out + first, NULL);
        first += taken;
    }
}

static void forget(void *self, uint32_t index)
{
    struct predictor *me = self;
    memset(client_of(me, index), 0, me->record_bytes);
}

static size_t batch_bytes(const struct predictor *me)
{
    size_t one = sizeof *me->rows + sizeof *me->row_of + sizeof *me->stepping
        + sizeof *me->places + sizeof *me->questions
        + (me->feature_count + me->state_len + HB_CANDIDATES_CONTEXT) * sizeof(float);
    return me->config.batch_max * (one + (me->candidates != NULL ? sizeof *me->sets : 0));
}

static size_t bytes(const void *self)
{
    const struct predictor *me = self;
    size_t clients = me->peer != NULL ? 0 : me->config.client_capacity;
    return sizeof *me + clients * me->record_bytes + batch_bytes(me)
        + hb_lstm_net_bytes(me->net)
        + (me->candidates != NULL ? hb_candidates_bytes(me->candidates) : 0);
}

static void free_self(void *self)
{
    struct predictor *me = self;
    void *blocks[] = { me->questions, me->sets, me->contexts, me->states, me->features,
        me->places, me->stepping, me->row_of, me->rows, me->peer != NULL ? NULL : me->records };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        free(blocks[i]);
    }
    hb_candidates_free(me->candidates);
    hb_lstm_net_free(me->net);
    free(me);
}

static size_t state_offset(uint32_t visit_count)
{
    return sizeof(struct client) + hb_trail_bytes(visit_count);
}

static size_t record_size(size_t state_offset_bytes, size_t state_len, int is_compact)
{
    size_t state = state_len * (is_compact ? sizeof(uint16_t) : sizeof(float));
    return hb_lstm_round_up(state_offset_bytes + state, sizeof(uint64_t));
}

static uint32_t visits_of(const struct hb_lstm_config *config)
{
    uint32_t usual = config->is_compact ? visits_compact : visits_default;
    return config->visit_count == 0 ? usual : config->visit_count;
}

size_t hb_lstm_client_bytes(const struct hb_lstm_model *model, const struct hb_lstm_config *config)
{
    size_t state_len = 2 * (size_t)model->shape.units * model->shape.layer_count;
    return record_size(state_offset(visits_of(config)), state_len, config->is_compact);
}

static enum hb_status take_memory(struct predictor *me)
{
    size_t batch = me->config.batch_max;
    me->records = me->peer != NULL
        ? me->peer->records
        : calloc(me->config.client_capacity, me->record_bytes); /* touched when used */
    me->rows = hb_lstm_memory(batch, sizeof *me->rows);
    me->row_of = hb_lstm_memory(batch, sizeof *me->row_of);
    me->stepping = hb_lstm_memory(batch, sizeof *me->stepping);
    me->places = hb_lstm_memory(batch, sizeof *me->places);
    me->features = hb_lstm_memory(batch * HB_LSTM_FEATURES_MAX, sizeof(float));
    me->states = hb_lstm_memory(batch * me->state_len, sizeof(float));
    me->contexts = hb_lstm_memory(batch * HB_CANDIDATES_CONTEXT, sizeof(float));
    me->questions = hb_lstm_memory(batch, sizeof *me->questions);
    me->sets = me->candidates != NULL ? hb_lstm_memory(batch, sizeof *me->sets) : NULL;
    int is_whole = me->records != NULL && me->rows != NULL && me->row_of != NULL
        && me->stepping != NULL && me->places != NULL && me->features != NULL
        && me->states != NULL && me->contexts != NULL && me->questions != NULL
        && (me->candidates == NULL || me->sets != NULL);
    return is_whole ? HB_OK : HB_ERR_MEMORY;
}

static enum hb_status make_parts(struct predictor *me, const struct hb_lstm_model *model)
{
    struct hb_lstm_net_config config
        = { .batch_max = me->config.batch_max, .is_int8 = me->config.is_int8,
            .peer = me->peer != NULL ? me->peer->net : NULL };
    enum hb_status status = hb_lstm_net_create(model, &config, &me->net);
    if (status == HB_OK && model->shape.score1_size > 0) {
        status = hb_candidates_create(&model->tables, me->config.visit_count, &me->candidates);
    }
    if (status != HB_OK) {
        return status;
    }
    me->state_len = hb_lstm_net_state_len(me->net);
    me->state_at = state_offset(me->config.visit_count);
    me->record_bytes = record_size(me->state_at, me->state_len, me->config.is_compact);
    return take_memory(me);
}

const struct hb_predictor_kind hb_lstm_kind
    = { "lstm", observe, predict, forget, bytes, free_self };

enum hb_status hb_lstm_create(const struct hb_lstm_model *model,
    const struct hb_lstm_config *config, struct hb_predictor **out)
{
    if (config->client_capacity == 0 || config->batch_max > 4096
        || config->visit_count > HB_TRAIL_VISITS_MAX || config->silence_slots > 1U << 16) {
        return HB_ERR_RANGE;
    }
    if (model->shape.feature_count > HB_CANDIDATES_STEP_FEATURES
        || model->shape.context_count > HB_CANDIDATES_CONTEXT) {
        return HB_ERR_UNSUPPORTED;
    }
    const struct predictor *peer
        = config->peer != NULL ? hb_predictor_self(config->peer, &hb_lstm_kind) : NULL;
    int is_like = peer == NULL
        || (peer->config.client_capacity == config->client_capacity
            && peer->config.visit_count == visits_of(config)
            && peer->config.is_compact == config->is_compact);
    if ((config->peer != NULL && peer == NULL) || !is_like) {
        return HB_ERR_RANGE;
    }
    struct predictor *me = calloc(1, sizeof *me);
    if (me == NULL) {
        return HB_ERR_MEMORY;
    }
    me->peer = peer;
    me->config = *config;
    me->config.visit_count = visits_of(config);
    me->config.batch_max = config->batch_max == 0 ? batch_default : config->batch_max;
    me->config.silence_slots
        = config->silence_slots == 0 ? silence_default : config->silence_slots;
    me->tables = model->tables;
    me->kernels = hb_lstm_kernels_of(HB_LSTM_BEST);
    me->feature_count = model->shape.feature_count;
    me->context_count = model->shape.context_count;
    me->stay_step_max = model->stay_step_max == 0 ? stay_step_default : model->stay_step_max;
    enum hb_status status = make_parts(me, model);
    if (status == HB_OK) {
        status = hb_predictor_create(&hb_lstm_kind, me, out);
    }
    if (status != HB_OK) {
        free_self(me);
    }
    return status;
}
