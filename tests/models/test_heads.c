/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/heads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "models/memory.h"
#include "models/random.h"
#include "tests/support/assert_near.h"

/* The definition of net.h in double, one number after the other. */
enum { row_count = 70, tokens = 9, stride = 11 }; /* 70: more than one chunk */

static const struct model_net_shape shape = { .places = 13, .embedding = 5, .inputs = 3,
    .units = 6, .knots = 4, .horizon = 3, .context_count = 4, .context_size = 7, .features = 5,
    .hidden1 = 8, .hidden2 = 6, .has_vocabulary = 1 };

struct world {
    struct model_net_layout layout;
    struct model_heads_row rows[row_count];
    float contexts[row_count][4], features[row_count][5 * stride];
    double *numbers;          /* [layout.count], then h [tokens * units] */
    size_t number_count;
};

static const double *tensor(const struct world *w, const double *numbers,
    enum model_net_tensor which)
{
    return numbers + w->layout.first[which];
}

/* y = relu(W x + b); y [n], x [m]; b NULL: 0 */
static void layer(const double *weight, const double *bias, const double *x, size_t n, size_t m,
    int is_cut, double *y)
{
    for (size_t i = 0; i < n; i++) {
        double sum = bias != NULL ? bias[i] : 0.0;
        for (size_t j = 0; j < m; j++) {
            sum += weight[i * m + j] * x[j];
        }
        y[i] = is_cut && sum < 0.0 ? 0.0 : sum;
    }
}

static double share(const double *logits, size_t n, size_t of)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += exp(logits[i] - logits[of]);
    }
    return 1.0 / sum;
}

static double score_in_double(const struct world *w, const double *numbers,
    const struct model_heads_row *row, const double *k, size_t c)
{
    double f[5], u1[8], base[8], u2[6], s[2];
    for (size_t j = 0; j < 5; j++) {
        f[j] = (double)row->features[j * stride + c];
    }
    layer(tensor(w, numbers, MODEL_NET_SCORE1_CONTEXT), tensor(w, numbers, MODEL_NET_SCORE1_BIAS),
        k, 8, 7, 0, base);
    layer(tensor(w, numbers, MODEL_NET_SCORE1), base, f, 8, 5, 1, u1);
    layer(tensor(w, numbers, MODEL_NET_SCORE2), tensor(w, numbers, MODEL_NET_SCORE2_BIAS), u1, 6,
        8, 1, u2);
    layer(tensor(w, numbers, MODEL_NET_SCORE3), NULL, u2, 1, 6, 0, &s[0]);
    layer(tensor(w, numbers, MODEL_NET_SCORE_SKIP), NULL, f, 1, 5, 0, &s[1]);
    return s[0] + s[1];
}

static double word_share(const struct world *w, const double *numbers,
    const struct model_heads_row *row, const double *state)
{
    double query[5], logits[13];
    layer(tensor(w, numbers, MODEL_NET_QUERY), tensor(w, numbers, MODEL_NET_QUERY_BIAS), state, 5,
        9, 0, query);
    layer(tensor(w, numbers, MODEL_NET_EMBEDDING), tensor(w, numbers, MODEL_NET_VOCABULARY_BIAS),
        query, 13, 5, 0, logits);
    return share(logits, 13, row->target);
}

static double row_in_double(const struct world *w, const double *numbers,
    const struct model_heads_row *row)
{
    double wide[13], state[9], k[7], gate[2], scores[stride];
    const double *h = numbers + w->layout.count + row->token * 6;
    const double *lo = tensor(w, numbers, MODEL_NET_HORIZON) + row->knot * 3;
    for (size_t j = 0; j < 3; j++) {
        double e = lo[j];
        if (row->toward_next > 0.0F) {
            e += (double)row->toward_next * (lo[3 + j] - lo[j]);
        }
        wide[10 + j] = state[6 + j] = e;
    }
    for (size_t j = 0; j < 6; j++) {
        wide[j] = state[j] = h[j];
    }
    for (size_t j = 0; j < 4; j++) {
        wide[6 + j] = (double)row->context[j];
    }
    layer(tensor(w, numbers, MODEL_NET_CONTEXT), tensor(w, numbers, MODEL_NET_CONTEXT_BIAS), wide,
        7, 13, 1, k);
    layer(tensor(w, numbers, MODEL_NET_GATE), tensor(w, numbers, MODEL_NET_GATE_BIAS), k, 2, 7, 0,
        gate);
    for (size_t c = 0; c < row->candidate_count; c++) {
        scores[c] = score_in_double(w, numbers, row, k, c);
    }
    double p = 0.0;
    int has_words = w->layout.shape.has_vocabulary != 0;
    if (row->hit != MODEL_HEADS_NONE) {
        p += share(gate, 2, 0) * share(scores, row->candidate_count, row->hit);
    } else if (!has_words) {
        return -log(share(gate, 2, 1));
    }
    if (has_words && row->target != MODEL_HEADS_NONE) {
        p += share(gate, 2, 1) * word_share(w, numbers, row, state);
    }
    return p > 0.0 ? -log(p) : 0.0;
}

static double loss_in_double(const struct world *w, const double *numbers)
{
    double sum = 0.0;
    for (size_t i = 0; i < row_count; i++) {
        sum += 0.37 * row_in_double(w, numbers, &w->rows[i]);
    }
    return sum;
}

static void make_rows(struct world *w)
{
    for (uint32_t i = 0; i < row_count; i++) {
        for (size_t j = 0; j < 4; j++) {
            w->contexts[i][j] = (float)model_random_normal(101, i * 4 + j);
        }
        for (size_t j = 0; j < 5 * stride; j++) {
            w->features[i][j] = (float)model_random_normal(102, i * 100 + j);
        }
        uint32_t count = i % stride;
        int is_exact = i % 3 == 0;
        w->rows[i] = (struct model_heads_row) { .context = w->contexts[i],
            .features = w->features[i],
            .candidate_count = count,
            .hit = count > 1 && i % 4 != 0 ? i % count : MODEL_HEADS_NONE,
            .target = i % 5 == 0 ? MODEL_HEADS_NONE : i % 13,
            .token = i % tokens,
            .knot = is_exact ? i % 4 : i % 3,
            .toward_next = is_exact ? 0.0F : 0.31F };
    }
}

static void make_world(struct world *w, uint32_t has_vocabulary)
{
    struct model_net_shape wanted = shape;
    wanted.has_vocabulary = has_vocabulary;
    model_net_layout_init(&w->layout, &wanted);
    w->number_count = w->layout.count + tokens * shape.units;
    w->numbers = calloc(w->number_count, sizeof *w->numbers);
    assert_non_null(w->numbers);
    for (size_t i = 0; i < w->number_count; i++) {
        w->numbers[i] = (double)(float)(0.6 * model_random_normal(100, i));
    }
    make_rows(w);
}

static double loss_and_gradient(const struct world *w, float dropout, float *gradient)
{
    struct model_heads_packed *packed = NULL;
    struct model_heads_work *work = NULL;
    float *numbers = model_memory_floats(w->number_count);
    for (size_t i = 0; i < w->number_count; i++) {
        numbers[i] = (float)w->numbers[i];
    }
    assert_int_equal(model_heads_packed_create(&w->layout, &packed), HB_OK);
    assert_int_equal(model_heads_work_create(&w->layout, stride, &work), HB_OK);
    model_heads_packed_update(packed, numbers);
    struct model_heads_config config
        = { .candidates_max = stride, .stride = stride, .weight = 0.37F, .dropout = dropout,
              .stream = 5 };
    double loss = model_heads_loss(packed, &config, w->rows, row_count,
        numbers + w->layout.count, work, gradient, gradient + w->layout.count);
    model_heads_work_free(work);
    model_heads_packed_free(packed);
    free(numbers);
    return loss;
}

/* Relative error of a whole tensor in the 2-norm. */
static void assert_tensor(struct world *w, const char *name, const float *gradient, size_t from,
    size_t len)
{
    double wrong = 0.0, size = 0.0;
    for (size_t i = from; i < from + len; i++) {
        double kept = w->numbers[i];
        w->numbers[i] = kept + 1e-6;
        double up = loss_in_double(w, w->numbers);
        w->numbers[i] = kept - 1e-6;
        double slope = (up - loss_in_double(w, w->numbers)) / 2e-6;
        w->numbers[i] = kept;
        wrong += ((double)gradient[i] - slope) * ((double)gradient[i] - slope);
        size += slope * slope;
    }
    if (!(sqrt(wrong) <= 1e-5 * sqrt(size))) {
        fail_msg("%s: relative error %g of %g", name, sqrt(wrong / size), sqrt(size));
    }
}

static void check_gradient(uint32_t has_vocabulary)
{
    struct world w;
    make_world(&w, has_vocabulary);
    float *gradient = model_memory_floats(w.number_count);
    assert_near(loss_and_gradient(&w, 0.0F, gradient), loss_in_double(&w, w.numbers), 1e-4);
    for (int i = 0; i < MODEL_NET_TENSOR_COUNT; i++) {
        enum model_net_tensor which = (enum model_net_tensor)i;
        int is_trunk = which == MODEL_NET_LSTM_INPUT || which == MODEL_NET_LSTM_RECURRENT
            || which == MODEL_NET_LSTM_BIAS || (which == MODEL_NET_EMBEDDING && !has_vocabulary);
        if (!is_trunk) {
            assert_tensor(&w, model_net_tensor_name(which), gradient, w.layout.first[which],
                model_net_len(&w.layout, which));
        }
    }
    assert_tensor(&w, "h", gradient, w.layout.count, tokens * shape.units);
    free(gradient);
    free(w.numbers);
}

static void gradient_of_the_mixture_equals_central_differences(void **state)
{
    (void)state;
    check_gradient(1);
}

static void gradient_without_a_vocabulary_equals_central_differences(void **state)
{
    (void)state;
    check_gradient(0);
}

/* With dropout the loss is another function, but of one stream always the same
 * one: its slope along a direction is the gradient's product with it. */
static void gradient_with_dropout_is_that_of_the_same_mask(void **state)
{
    (void)state;
    struct world w;
    make_world(&w, 1);
    float *gradient = model_memory_floats(w.number_count);
    float *unused = model_memory_floats(w.number_count);
    (void)loss_and_gradient(&w, 0.25F, gradient);
    size_t from = w.layout.first[MODEL_NET_SCORE1];
    size_t len = model_net_len(&w.layout, MODEL_NET_SCORE1);
    double norm = 0.0, step = 1e-2;
    for (size_t i = from; i < from + len; i++) {
        norm += (double)gradient[i] * (double)gradient[i];
    }
    norm = sqrt(norm);
    double at[2];
    for (int side = 0; side < 2; side++) {
        for (size_t i = from; i < from + len; i++) {
            w.numbers[i] += (side == 0 ? 1.0 : -2.0) * step * (double)gradient[i] / norm;
        }
        at[side] = loss_and_gradient(&w, 0.25F, unused);
    }
    assert_near((at[0] - at[1]) / (2.0 * step) / norm, 1.0, 5e-3);
    free(unused);
    free(gradient);
    free(w.numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_of_the_mixture_equals_central_differences),
        cmocka_unit_test(gradient_without_a_vocabulary_equals_central_differences),
        cmocka_unit_test(gradient_with_dropout_is_that_of_the_same_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
