/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/assert_near.h"

#include <stdlib.h>
#include <string.h>

#include "models/lstm.h"
#include "models/memory.h"
#include "models/softmax.h"
#include "models/vector.h"

/* A whole next-place model: odd sizes on purpose. */
enum { steps = 5, batch = 3, inputs = 7, units = 19, places = 41, tokens = steps * batch };
enum {
    at_input = 0,
    at_recurrent = at_input + 4 * units * inputs,
    at_bias = at_recurrent + 4 * units * units,
    at_out = at_bias + 4 * units,
    at_out_bias = at_out + places * units,
    at_x = at_out_bias + places,
    number_count = at_x + tokens * inputs
};

static const float weight = 1.0F / 13.0F;

static void fill(double *numbers, uint32_t *targets)
{
    unsigned seed = 731;
    for (int i = 0; i < number_count; i++) {
        seed = seed * 1664525U + 1013904223U;
        numbers[i] = ((double)(seed >> 8) * 0x1p-24 - 0.5) * (i < at_x ? 0.9 : 3.1);
    }
    for (int i = 0; i < tokens; i++) {
        targets[i] = (uint32_t)(i * 17) % places;
    }
    targets[4] = MODEL_SOFTMAX_IGNORE;
}

static double logistic(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static double dot(const double *a, const double *b, int n)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Oracle: the textbook equations in double, one token after the other. */
static void step_in_double(const double *p, const double *x, double *h, double *c)
{
    double gate[4][units];
    for (int k = 0; k < 4; k++) {
        for (int u = 0; u < units; u++) {
            int row = k * units + u;
            double sum = p[at_bias + row] + dot(p + at_input + row * inputs, x, inputs)
                + dot(p + at_recurrent + row * units, h, units);
            gate[k][u] = k == 2 ? tanh(sum) : logistic(sum);
        }
    }
    for (int u = 0; u < units; u++) {
        c[u] = gate[1][u] * c[u] + gate[0][u] * gate[2][u];
        h[u] = gate[3][u] * tanh(c[u]);
    }
}

static double loss_in_double(const double *p, const uint32_t *targets)
{
    double loss = 0.0;
    for (int b = 0; b < batch; b++) {
        double h[units] = { 0.0 }, c[units] = { 0.0 };
        for (int t = 0; t < steps; t++) {
            int token = t * batch + b;
            step_in_double(p, p + at_x + token * inputs, h, c);
            if (targets[token] == MODEL_SOFTMAX_IGNORE) {
                continue;
            }
            double sum = 0.0, at_target = 0.0;
            for (int v = 0; v < places; v++) {
                double logit = p[at_out_bias + v] + dot(p + at_out + v * units, h, units);
                sum += exp(logit);
                at_target = v == (int)targets[token] ? logit : at_target;
            }
            loss += (double)weight * (log(sum) - at_target);
        }
    }
    return loss;
}

static double loss_and_gradient(const double *numbers, const uint32_t *targets, float *gradient)
{
    float *p = model_memory_floats(number_count), *dh = model_memory_floats(tokens * units);
    for (int i = 0; i < number_count; i++) {
        p[i] = (float)numbers[i];
    }
    struct model_lstm_weights lstm = { p + at_input, p + at_recurrent, p + at_bias };
    struct model_lstm_weights dlstm = { gradient + at_input, gradient + at_recurrent,
        gradient + at_bias };
    struct model_softmax_weights head = { p + at_out, p + at_out_bias };
    struct model_softmax_weights dhead = { gradient + at_out, gradient + at_out_bias };
    struct model_lstm_shape shape = { steps, batch, inputs, units, 0 };
    struct model_lstm_input input = { .rows = p + at_x, .row_count = tokens };
    struct model_lstm_packed *packed;
    struct model_lstm_tape *tape;
    struct model_softmax_packed *packed_head;
    struct model_softmax_work *work;
    assert_int_equal(model_lstm_packed_create(&shape, &packed), HB_OK);
    assert_int_equal(model_lstm_tape_create(&shape, &tape), HB_OK);
    assert_int_equal(model_softmax_packed_create(places, units, &packed_head), HB_OK);
    assert_int_equal(model_softmax_work_create(places, units, &work), HB_OK);
    model_lstm_packed_update(packed, &lstm);
    model_softmax_packed_update(packed_head, &head);
    const float *h = model_lstm_forward(packed, &shape, &input, tape);
    double loss = model_softmax_loss(packed_head, h, model_lstm_state_row(&shape), targets, tokens,
        weight, work, &dhead, dh);
    model_lstm_backward(packed, &shape, &input, tape, dh, &dlstm, gradient + at_x);
    model_softmax_work_free(work);
    model_softmax_packed_free(packed_head);
    model_lstm_tape_free(tape);
    model_lstm_packed_free(packed);
    free(dh);
    free(p);
    return loss;
}

/* Relative error of a whole tensor: |got - want| / |want| in the 2-norm. */
static void assert_tensor(const char *name, const double *numbers, const float *gradient,
    const uint32_t *targets, int from, int to)
{
    double moved[number_count], wrong = 0.0, size = 0.0;
    memcpy(moved, numbers, sizeof moved);
    for (int i = from; i < to; i++) {
        moved[i] = numbers[i] + 1e-5;
        double up = loss_in_double(moved, targets);
        moved[i] = numbers[i] - 1e-5;
        double slope = (up - loss_in_double(moved, targets)) / 2e-5;
        moved[i] = numbers[i];
        wrong += ((double)gradient[i] - slope) * ((double)gradient[i] - slope);
        size += slope * slope;
    }
    if (!(sqrt(wrong / size) <= 1e-5)) {
        fail_msg("%s: relative error %g", name, sqrt(wrong / size));
    }
}

static void gradient_equals_central_differences_in_double(void **state)
{
    (void)state;
    double numbers[number_count];
    uint32_t targets[tokens];
    float *gradient = model_memory_floats(number_count);
    fill(numbers, targets);
    for (int i = 0; i < number_count; i++) {
        numbers[i] = (double)(float)numbers[i];
    }
    double loss = loss_and_gradient(numbers, targets, gradient);
    assert_near(loss, loss_in_double(numbers, targets), 1e-6);
    assert_tensor("weight_ih", numbers, gradient, targets, at_input, at_recurrent);
    assert_tensor("weight_hh", numbers, gradient, targets, at_recurrent, at_bias);
    assert_tensor("bias", numbers, gradient, targets, at_bias, at_out);
    assert_tensor("out.weight", numbers, gradient, targets, at_out, at_out_bias);
    assert_tensor("out.bias", numbers, gradient, targets, at_out_bias, at_x);
    assert_tensor("x", numbers, gradient, targets, at_x, number_count);
    free(gradient);
}

/* Sums of gates far beyond where they saturate, each beside each. Oracle: libm in double. */
static void a_cell_is_right_at_the_ends(void **state)
{
    (void)state;
    static const float ends[] = { -1e6F, -90.0F, -44.0F, -20.0F, -0.3F, 0.0F, 0.7F, 20.0F, 44.0F,
        90.0F, 1e6F };
    enum { count = sizeof ends / sizeof ends[0] };
    for (size_t n = 0; n < (size_t)count * count * count * count; n++) {
        float pre[] = { ends[n % count], ends[n / count % count],
            ends[n / (count * count) % count], ends[n / (count * count * count)] };
        double i = logistic((double)pre[0]), f = logistic((double)pre[1]);
        double g = tanh((double)pre[2]), o = logistic((double)pre[3]);
        float before = 0.41F, c, h;
        model_vector_cell(pre, &before, 1, &c, &h);
        double want = f * (double)before + i * g;
        assert_near((double)c, want, 3e-7);
        assert_near((double)h, o * tanh(want), 3e-7);
        assert_near((double)pre[0], i, 3e-7);
        assert_near((double)pre[1], f, 3e-7);
        assert_near((double)pre[2], g, 3e-7);
        assert_near((double)pre[3], o, 3e-7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_equals_central_differences_in_double),
        cmocka_unit_test(a_cell_is_right_at_the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
