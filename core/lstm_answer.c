/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "core/lstm_kernel_body.h"
#include "core/lstm_net_impl.h"

/* The horizon embedding of a question, between knots in proportion. */
static void put_horizon(const struct hb_lstm_net *net, float horizon_s, float *e)
{
    struct hb_candidates_bracket at = hb_candidates_bracket_of(horizon_s);
    size_t size = net->shape.horizon_size;
    const float *lo = net->horizon + at.lo * size;
    for (size_t i = 0; i < size; i++) {
        e[i] = at.weight > 0.0F ? lo[i] + at.weight * (lo[size + i] - lo[i]) : lo[i];
    }
}

static float inverse_temperature(const struct hb_lstm_net *net, float horizon_s,
    enum hb_lstm_head head)
{
    struct hb_candidates_bracket at = hb_candidates_bracket_of(horizon_s);
    float lo = net->inverse_temperature[at.lo][head];
    return at.weight > 0.0F
        ? lo + at.weight * (net->inverse_temperature[at.lo + 1][head] - lo)
        : lo;
}

/* y [count][wide] = bias + x b; wide: b's columns. */
static void run_layer(struct hb_lstm_net *net, const struct hb_lstm_packed *b, const float *bias,
    const float *x, size_t lda, size_t count, float *y)
{
    for (size_t i = 0; i < count; i++) {
        net->starts[i] = bias;
    }
    hb_lstm_net_multiply_from(net, b, net->starts, x, lda, count, y, b->columns);
}

static const float *top_h(const struct hb_lstm_net *net, const float *state)
{
    return state + (net->shape.layer_count == 2 ? 2 * (size_t)net->shape.units : 0);
}

/* k = relu(context [h, context features, e]), and from it the gate and the scorer's start. */
static void run_context(struct hb_lstm_net *net, size_t count,
    const struct hb_lstm_net_question *questions)
{
    const struct hb_lstm_shape *s = &net->shape;
    size_t lda = net->context.k, wide = net->context.columns;
    for (size_t i = 0; i < count; i++) {
        float *x = net->x + i * lda;
        memcpy(x, top_h(net, questions[i].state), s->units * sizeof *x);
        if (s->context_count > 0) {
            memcpy(x + s->units, questions[i].context, s->context_count * sizeof *x);
        }
        put_horizon(net, questions[i].horizon_s, x + s->units + s->context_count);
    }
    run_layer(net, &net->context, net->context_bias, net->x, lda, count, net->k);
    net->kernels->relu(net->k, count * wide);
    run_layer(net, &net->score1_context, net->score1_bias, net->k, wide, count, net->score_init);
    run_layer(net, &net->gate, net->gate_bias, net->k, wide, count, net->gate_out);
}

static void run_vocabulary(struct hb_lstm_net *net, size_t count,
    const struct hb_lstm_net_question *questions)
{
    const struct hb_lstm_shape *s = &net->shape;
    size_t lda = s->query_size > 0 ? net->query.k : s->units;
    const float *query = net->x;
    for (size_t i = 0; i < count; i++) {
        float *x = net->x + i * lda;
        memcpy(x, top_h(net, questions[i].state), s->units * sizeof *x);
        if (s->query_size > 0) {
            put_horizon(net, questions[i].horizon_s, x + s->units);
        }
    }
    if (s->query_size > 0) {
        run_layer(net, &net->query, net->query_bias, net->x, lda, count, net->query_out);
        query = net->query_out;
        lda = net->query.columns;
    }
    run_layer(net, &net->vocabulary, net->vocabulary_bias, query, lda, count, net->logits);
}

/* One layer of the scorer: candidates are the columns, rows of weights the left side. */
static void score_layer(const struct hb_lstm_net *net, const float *weight, size_t k,
    const float *in, size_t columns, size_t rows, float *out)
{
    net->kernels->product(&(struct hb_lstm_product) { .a = weight, .b = in, .c = out, .lda = k,
        .ldc = HB_CANDIDATES_MAX, .panel = hb_lstm_panel, .row = HB_CANDIDATES_MAX,
        .rows = rows, .columns = columns, .k = k });
}

static void start_scores(float *rows, const float *start, size_t count, size_t columns)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < columns; j++) {
            rows[i * HB_CANDIDATES_MAX + j] = start[i];
        }
    }
}

/* The candidates' probabilities among themselves, in net->scores; their sum before
 * they are divided by it. */
static float run_scorer(struct hb_lstm_net *net, const struct hb_candidates_set *set,
    const float *start, float factor)
{
    const struct hb_lstm_shape *s = &net->shape;
    size_t columns = hb_lstm_round_up(set->count, hb_lstm_pad);
    const float *features = set->features[0];
    float last = net->score3.bias[0] + net->skip.bias[0];
    start_scores(net->layer1, start, s->score1_size, columns);
    score_layer(net, net->score1.weight, HB_CANDIDATES_FEATURES, features, columns,
        s->score1_size, net->layer1);
    net->kernels->relu(net->layer1, (size_t)s->score1_size * HB_CANDIDATES_MAX);
    start_scores(net->layer2, net->score2.bias, s->score2_size, columns);
    score_layer(net, net->score2.weight, s->score1_size, net->layer1, columns, s->score2_size,
        net->layer2);
    net->kernels->relu(net->layer2, (size_t)s->score2_size * HB_CANDIDATES_MAX);
    start_scores(net->scores, &last, 1, columns);
    score_layer(net, net->score3.weight, s->score2_size, net->layer2, columns, 1, net->scores);
    score_layer(net, net->skip.weight, HB_CANDIDATES_FEATURES, features, columns, 1, net->scores);
    return net->kernels->exp_sum(net->scores, set->count, factor);
}

/* Sorted places into the answer; what is left over is elsewhere. */
static void write_top(const struct hb_lstm_top *top, const uint32_t *places, float factor,
    struct hb_prediction *out)
{
    float sum = 0.0F;
    out->guess_count = 0;
    for (uint32_t i = 0; i < top->count; i++) {
        float confidence = top->value[i] * factor;
        uint32_t place = places[top->index[i]];
        if (place != HB_NONE && confidence > 0.0F) {
            out->guesses[out->guess_count++]
                = (struct hb_guess) { .place = place, .confidence = confidence };
            sum += confidence;
        }
    }
    out->elsewhere = sum < 1.0F ? 1.0F - sum : 0.0F;
}

static void write_dense(const float *p, const uint32_t *places, size_t count, float factor,
    float *dense)
{
    for (size_t i = 0; dense != NULL && i < count; i++) {
        if (places[i] != HB_NONE) {
            dense[places[i]] += p[i] * factor;
        }
    }
}

/* Probabilities of the mixture: those of candidates are added to the vocabulary's; candidates that
 * the vocabulary does not have stand beside it. */
static void mix(struct hb_lstm_net *net, const struct hb_candidates_set *set, float *p,
    float share, struct hb_prediction *out, float *dense)
{
    size_t words = net->shape.vocabulary_count;
    struct hb_lstm_top top, both = { .count = 0 };
    uint32_t places[2 * HB_GUESS_MAX + HB_CANDIDATES_MAX], count = 0;
    float extra[HB_CANDIDATES_MAX];
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t token = hb_lstm_net_token(net, set->places[i]);
        if (token < words) {
            p[token] += net->scores[i] * share;
        } else {
            extra[count] = net->scores[i] * share;
            places[count++] = set->places[i];
        }
    }
    write_dense(p, net->places, words, 1.0F, dense);
    write_dense(extra, places, count, 1.0F, dense);
    net->kernels->top(p, words, &top);
    uint32_t extras = count;
    for (uint32_t i = 0; i < top.count; i++) {
        places[count] = net->places[top.index[i]];
        if (top.value[i] > body_top_floor(&both)) {
            body_top_put(&both, count, top.value[i]);
        }
        count++;
    }
    for (uint32_t i = 0; i < extras; i++) {
        if (extra[i] > body_top_floor(&both)) {
            body_top_put(&both, i, extra[i]);
        }
    }
    write_top(&both, places, 1.0F, out);
}

static void finish(struct hb_lstm_net *net, const struct hb_lstm_net_question *question, size_t i,
    struct hb_prediction *out, float *dense)
{
    float horizon_s = question->horizon_s, sum = 0.0F, chance = 0.0F;
    const struct hb_candidates_set *set = net->has_candidates ? question->candidates : NULL;
    float *p = net->has_vocabulary ? net->logits + i * net->vocabulary.columns : NULL;
    uint32_t words = net->shape.vocabulary_count;
    struct hb_lstm_top top;
    *out = (struct hb_prediction) { .horizon_s = horizon_s, .elsewhere = 1.0F };
    if (set != NULL && set->count > 0) {
        const float *gate = net->gate_out + i * hb_lstm_pad;
        float t = inverse_temperature(net, horizon_s, HB_LSTM_GATE);
        chance = hb_lstm_math_logistic((gate[0] - gate[1]) * t);
        sum = run_scorer(net, set, net->score_init + i * net->score1_context.columns,
            inverse_temperature(net, horizon_s, HB_LSTM_CANDIDATES));
    }
    if (p == NULL && sum > 0.0F) {
        net->kernels->top(net->scores, set->count, &top);
        write_dense(net->scores, set->places, set->count, chance / sum, dense);
        write_top(&top, set->places, chance / sum, out);
        return;
    }
    if (p == NULL) {
        return;
    }
    float total = net->kernels->exp_sum(p, words,
        inverse_temperature(net, horizon_s, HB_LSTM_VOCABULARY));
    if (sum > 0.0F) {
        net->kernels->scale(p, words, (1.0F - chance) / total);
        mix(net, set, p, chance / sum, out, dense);
        return;
    }
    net->kernels->top(p, words, &top);
    write_dense(p, net->places, words, 1.0F / total, dense);
    write_top(&top, net->places, 1.0F / total, out);
}

void hb_lstm_net_answer(struct hb_lstm_net *net, size_t count,
    const struct hb_lstm_net_question *questions, struct hb_prediction *out, float *dense)
{
    uint32_t before = hb_lstm_flush_on();
    size_t wide = net->tables.place_count;
    for (size_t i = 0; dense != NULL && i < count * wide; i++) {
        dense[i] = 0.0F;
    }
    for (size_t first = 0; first < count; first += net->answer_max) {
        size_t rows = count - first < net->answer_max ? count - first : net->answer_max;
        if (net->has_candidates) {
            run_context(net, rows, questions + first);
        }
        if (net->has_vocabulary) {
            run_vocabulary(net, rows, questions + first);
        }
        for (size_t i = 0; i < rows; i++) {
            float *spread = dense == NULL ? NULL : dense + (first + i) * wide;
            finish(net, &questions[first + i], i, &out[first + i], spread);
            if (net->has_confidence) {
                hb_lstm_confidence_put(net, &out[first + i], spread);
            }
        }
    }
    hb_lstm_flush_restore(before);
}
