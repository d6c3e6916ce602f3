/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gradients of every parameter tensor against PyTorch (gradients.py, in float64). Skipped
 * without Debian's python3-torch. */
#include "tests/support/assert_near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "models/heads.h"
#include "models/lstm.h"
#include "models/memory.h"
#include "models/plain.h"
#include "models/random.h"
#include "models/softmax.h"
#include "models/vector.h"
#include "tests/support/paths.h"
#include "tests/support/program.h"

enum { named_max = 64 };

/* Arrays on their way to gradients.py. */
struct dump {
    struct {
        const char *prefix, *name;
        const void *at;
        size_t rows, columns, depth; /* depth 0: two dimensions */
        int is_word;
    } arrays[named_max];
    int count;
};

static void put(struct dump *dump, const char *prefix, const char *name, const void *at,
    size_t rows, size_t columns)
{
    assert_true(dump->count < named_max);
    dump->arrays[dump->count].prefix = prefix;
    dump->arrays[dump->count].name = name;
    dump->arrays[dump->count].at = at;
    dump->arrays[dump->count].rows = rows;
    dump->arrays[dump->count++].columns = columns;
}

static void put_words(struct dump *dump, const char *name, const uint32_t *at, size_t rows,
    size_t columns)
{
    put(dump, "", name, at, rows, columns);
    dump->arrays[dump->count - 1].is_word = 1;
}

static void write_dump(const struct dump *dump, const char *path)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < dump->count; i++) {
        fprintf(file, "%s%s|%c|%zu", dump->arrays[i].prefix, dump->arrays[i].name,
            dump->arrays[i].is_word ? 'u' : 'f', dump->arrays[i].rows);
        if (dump->arrays[i].columns > 0) {
            fprintf(file, " %zu", dump->arrays[i].columns);
        }
        if (dump->arrays[i].depth > 0) {
            fprintf(file, " %zu", dump->arrays[i].depth);
        }
        fputc('\n', file);
    }
    fputc('\n', file);
    for (int i = 0; i < dump->count; i++) {
        size_t len = dump->arrays[i].rows;
        len *= dump->arrays[i].columns > 0 ? dump->arrays[i].columns : 1;
        len *= dump->arrays[i].depth > 0 ? dump->arrays[i].depth : 1;
        assert_int_equal(fwrite(dump->arrays[i].at, 4, len, file), len);
    }
    assert_int_equal(fclose(file), 0);
}

/* Every line that gradients.py prints is a tensor (or the loss) and its relative error. */
static void compare(const struct dump *dump, int tensor_count)
{
    char *folder = program_folder(), path[512], command[2048], line[256];
    snprintf(path, sizeof path, "%s/gradients", folder);
    write_dump(dump, path);
    snprintf(command, sizeof command, "OPENBLAS_NUM_THREADS=1 /usr/bin/python3 '%s' '%s'",
        path_of_source("tests/models/gradients.py"), path);
    FILE *python = popen(command, "r");
    assert_non_null(python);
    int seen = 0, wrong = 0;
    while (fgets(line, sizeof line, python) != NULL) {
        char name[128];
        double error = 1.0;
        assert_int_equal(sscanf(line, "%127s %lf", name, &error), 2);
        print_message("%-26s %.2g\n", name, error);
        wrong += !(error <= 1e-5);
        seen++;
    }
    assert_int_equal(pclose(python), 0);
    program_remove(folder);
    free(folder);
    assert_int_equal(seen, tensor_count + 1);
    assert_int_equal(wrong, 0);
}

static const struct model_plain_shape plain_shape = { .places = 731, .embedding = 64,
    .features = 8, .units = 128, .steps = 32, .batch = 9, .threads = 2 };

struct plain_data {
    uint32_t *places, *targets;
    float *features;
};

/* Few places come often; some targets do not count. */
static void make_plain_data(const struct model_plain_shape *s, struct plain_data *data)
{
    size_t tokens = (size_t)s->steps * s->batch;
    data->places = malloc(tokens * sizeof *data->places);
    data->targets = malloc(tokens * sizeof *data->targets);
    data->features = model_memory_floats(tokens * s->features);
    assert_non_null(data->places);
    assert_non_null(data->targets);
    for (size_t i = 0; i < tokens; i++) {
        double unit = model_random_unit(11, i);
        data->places[i] = (uint32_t)(unit * unit * unit * s->places);
        data->targets[i] = i % 13 == 5 ? MODEL_SOFTMAX_IGNORE
                                       : model_random_below(12, i, s->places);
    }
    for (size_t i = 0; i < tokens * s->features; i++) {
        data->features[i] = (float)model_random_normal(13, i);
    }
}

static void free_plain_data(struct plain_data *data)
{
    free(data->features);
    free(data->targets);
    free(data->places);
}

static void the_plain_model_has_the_gradients_of_pytorch(void **state)
{
    (void)state;
    const struct model_plain_shape *s = &plain_shape;
    const struct {
        const char *name;
        size_t rows, columns;
    } tensors[] = { { "embedding.weight", s->places, s->embedding },
        { "lstm.weight_ih_l0", 4 * s->units, s->embedding + s->features },
        { "lstm.weight_hh_l0", 4 * s->units, s->units }, { "lstm.bias_ih_l0", 1, 4 * s->units },
        { "out.weight", s->places, s->units }, { "out.bias", 1, s->places } };
    struct plain_data data;
    struct model_plain *plain;
    struct dump dump = { .count = 0 };
    make_plain_data(s, &data);
    assert_int_equal(model_plain_create(s, 5, &plain), HB_OK);
    struct model_plain_batch batch = { data.places, data.features, data.targets };
    float loss = (float)model_plain_step(plain, &batch, 0.0F);
    for (int i = 0; i < MODEL_PLAIN_TENSOR_COUNT; i++) {
        enum model_plain_tensor tensor = (enum model_plain_tensor)i;
        assert_int_equal(model_plain_len(plain, tensor), tensors[i].rows * tensors[i].columns);
        put(&dump, "", tensors[i].name, model_plain_numbers(plain, tensor), tensors[i].rows,
            tensors[i].columns);
        put(&dump, "d ", tensors[i].name, model_plain_gradient(plain, tensor), tensors[i].rows,
            tensors[i].columns);
    }
    put(&dump, "", "loss", &loss, 1, 0);
    put_words(&dump, "places", data.places, s->steps, s->batch);
    put_words(&dump, "targets", data.targets, s->steps, s->batch);
    put(&dump, "", "features", data.features, s->steps, s->batch);
    dump.arrays[dump.count - 1].depth = s->features;
    compare(&dump, MODEL_PLAIN_TENSOR_COUNT);
    model_plain_free(plain);
    free_plain_data(&data);
}

/* Several steps of Adam too; one thread and two. */
static void the_plain_model_has_the_same_bits_on_two_threads(void **state)
{
    (void)state;
    struct plain_data data;
    struct model_plain *plain[2];
    double losses[2] = { 0.0, 0.0 };
    make_plain_data(&plain_shape, &data);
    struct model_plain_batch batch = { data.places, data.features, data.targets };
    for (uint32_t i = 0; i < 2; i++) {
        struct model_plain_shape shape = plain_shape;
        shape.threads = i + 1;
        assert_int_equal(model_plain_create(&shape, 5, &plain[i]), HB_OK);
        double first = model_plain_step(plain[i], &batch, 3e-3F);
        for (int step = 0; step < 5; step++) {
            losses[i] = model_plain_step(plain[i], &batch, 3e-3F);
        }
        assert_true(losses[i] < first);
    }
    assert_memory_equal(&losses[0], &losses[1], sizeof losses[0]);
    for (int i = 0; i < MODEL_PLAIN_TENSOR_COUNT; i++) {
        enum model_plain_tensor tensor = (enum model_plain_tensor)i;
        assert_memory_equal(model_plain_numbers(plain[0], tensor),
            model_plain_numbers(plain[1], tensor),
            model_plain_len(plain[0], tensor) * sizeof(float));
    }
    model_plain_free(plain[1]);
    model_plain_free(plain[0]);
    free_plain_data(&data);
}

enum { row_count = 90, steps = 21, batch = 5, tokens = steps * batch, stride = 96 };

static const struct model_net_shape net_shape = { .places = 211, .embedding = 64, .inputs = 10,
    .units = 128, .knots = 4, .horizon = 16, .context_count = 12, .context_size = 64,
    .features = 20, .hidden1 = 48, .hidden2 = 24, .has_vocabulary = 1 };

struct mixture {
    struct model_net_layout layout;
    float *numbers, *gradient, *x, *dx, *dh, *inputs, *candidates;
    float contexts[row_count][12], toward[row_count], loss;
    uint32_t places[tokens], counts[row_count], hits[row_count], answers[row_count];
    uint32_t of_token[row_count], knots[row_count];
    struct model_heads_row rows[row_count];
};

static void make_mixture(struct mixture *m)
{
    size_t width = net_shape.embedding + net_shape.inputs;
    model_net_layout_init(&m->layout, &net_shape);
    m->numbers = model_memory_floats(m->layout.count);
    m->gradient = model_memory_floats(m->layout.count);
    m->x = model_memory_floats(tokens * width);
    m->dx = model_memory_floats(tokens * width);
    m->dh = model_memory_floats(tokens * net_shape.units);
    m->inputs = model_memory_floats(tokens * net_shape.inputs);
    m->candidates = model_memory_floats(row_count * net_shape.features * stride);
    model_net_start(&m->layout, 7, m->numbers);
    float *words = m->numbers + m->layout.first[MODEL_NET_VOCABULARY_BIAS];
    for (size_t i = 0; i < net_shape.places; i++) {
        words[i] = (float)model_random_normal(23, i);
    }
    for (size_t i = 0; i < tokens; i++) {
        float *x = m->x + i * width, *inputs = m->inputs + i * net_shape.inputs;
        m->places[i] = model_random_below(20, i, net_shape.places + 1); /* some unknown */
        memcpy(x, m->numbers + m->places[i] * net_shape.embedding,
            net_shape.embedding * sizeof *x);
        for (size_t j = 0; j < net_shape.inputs; j++) {
            inputs[j] = (float)model_random_normal(21, i * net_shape.inputs + j);
            x[net_shape.embedding + j] = inputs[j];
        }
    }
    for (size_t i = 0; i < row_count * net_shape.features * stride; i++) {
        m->candidates[i] = (float)model_random_normal(22, i);
    }
}

static void make_questions(struct mixture *m)
{
    for (uint32_t i = 0; i < row_count; i++) {
        for (uint32_t j = 0; j < 12; j++) {
            m->contexts[i][j] = (float)model_random_normal(24, i * 12 + j);
        }
        m->counts[i] = 1 + model_random_below(25, i, stride);
        m->hits[i] = i % 4 == 0 ? MODEL_HEADS_NONE : model_random_below(26, i, m->counts[i]);
        m->answers[i] = i % 7 == 0 ? MODEL_HEADS_NONE
                                   : model_random_below(27, i, net_shape.places);
        m->of_token[i] = model_random_below(28, i, tokens);
        m->knots[i] = i % 3;
        m->toward[i] = i % 2 == 0 ? 0.0F : 0.37F;
        m->rows[i] = (struct model_heads_row) { .context = m->contexts[i],
            .features = m->candidates + i * net_shape.features * stride,
            .candidate_count = m->counts[i], .hit = m->hits[i], .target = m->answers[i],
            .token = m->of_token[i], .knot = m->knots[i], .toward_next = m->toward[i] };
    }
}

static void run_mixture(struct mixture *m)
{
    const size_t *first = m->layout.first;
    size_t width = net_shape.embedding + net_shape.inputs;
    struct model_lstm_shape shape = { steps, batch, width, net_shape.units, 0 };
    struct model_lstm_input input = { .rows = m->x, .row_count = tokens };
    struct model_lstm_weights from = { m->numbers + first[MODEL_NET_LSTM_INPUT],
        m->numbers + first[MODEL_NET_LSTM_RECURRENT], m->numbers + first[MODEL_NET_LSTM_BIAS] };
    struct model_lstm_weights to = { m->gradient + first[MODEL_NET_LSTM_INPUT],
        m->gradient + first[MODEL_NET_LSTM_RECURRENT], m->gradient + first[MODEL_NET_LSTM_BIAS] };
    struct model_lstm_packed *lstm;
    struct model_lstm_tape *tape;
    struct model_heads_packed *heads;
    struct model_heads_work *work;
    assert_int_equal(model_lstm_packed_create(&shape, &lstm), HB_OK);
    assert_int_equal(model_lstm_tape_create(&shape, &tape), HB_OK);
    assert_int_equal(model_heads_packed_create(&m->layout, &heads), HB_OK);
    assert_int_equal(model_heads_work_create(&m->layout, stride, &work), HB_OK);
    model_lstm_packed_update(lstm, &from);
    model_heads_packed_update(heads, m->numbers);
    const float *states = model_lstm_forward(lstm, &shape, &input, tape);
    float *h = model_memory_floats(tokens * net_shape.units);
    for (size_t i = 0; i < tokens; i++) {
        memcpy(h + i * net_shape.units, states + i * model_lstm_state_row(&shape),
            net_shape.units * sizeof *h);
    }
    struct model_heads_config config = { .candidates_max = stride, .stride = stride,
        .weight = 1.0F / (float)row_count };
    m->loss = (float)model_heads_loss(heads, &config, m->rows, row_count, h, work, m->gradient,
        m->dh);
    model_lstm_backward(lstm, &shape, &input, tape, m->dh, &to, m->dx);
    for (size_t i = 0; i < tokens; i++) {
        model_vector_add(m->gradient + m->places[i] * net_shape.embedding, m->dx + i * width,
            net_shape.embedding);
    }
    free(h);
    model_heads_work_free(work);
    model_heads_packed_free(heads);
    model_lstm_tape_free(tape);
    model_lstm_packed_free(lstm);
}

static void the_mixture_has_the_gradients_of_pytorch(void **state)
{
    (void)state;
    struct mixture *m = calloc(1, sizeof *m);
    struct dump dump = { .count = 0 };
    assert_non_null(m);
    make_mixture(m);
    make_questions(m);
    run_mixture(m);
    for (int i = 0; i < MODEL_NET_TENSOR_COUNT; i++) {
        enum model_net_tensor tensor = (enum model_net_tensor)i;
        const char *name = model_net_tensor_name(tensor);
        size_t first = m->layout.first[i], n = m->layout.rows[i], k = m->layout.columns[i];
        put(&dump, "", name, m->numbers + first, n, k);
        put(&dump, "d ", name, m->gradient + first, n, k);
    }
    put(&dump, "", "loss", &m->loss, 1, 0);
    put_words(&dump, "places", m->places, steps, batch);
    put(&dump, "", "features", m->inputs, steps, batch);
    dump.arrays[dump.count - 1].depth = net_shape.inputs;
    put(&dump, "", "context", m->contexts, row_count, 12);
    put(&dump, "", "candidates", m->candidates, row_count, net_shape.features);
    dump.arrays[dump.count - 1].depth = stride;
    put(&dump, "", "toward", m->toward, row_count, 0);
    put_words(&dump, "counts", m->counts, row_count, 0);
    put_words(&dump, "hits", m->hits, row_count, 0);
    put_words(&dump, "answers", m->answers, row_count, 0);
    put_words(&dump, "tokens", m->of_token, row_count, 0);
    put_words(&dump, "knots", m->knots, row_count, 0);
    compare(&dump, MODEL_NET_TENSOR_COUNT);
    float *blocks[] = { m->numbers, m->gradient, m->x, m->dx, m->dh, m->inputs, m->candidates };
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        free(blocks[i]);
    }
    free(m);
}

static int has_torch(void)
{
    int status = system("/usr/bin/python3 -c 'import numpy, torch' >/dev/null 2>&1");
    return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(void)
{
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(the_plain_model_has_the_same_bits_on_two_threads),
    };
    const struct CMUnitTest beside[] = {
        cmocka_unit_test(the_plain_model_has_the_gradients_of_pytorch),
        cmocka_unit_test(the_mixture_has_the_gradients_of_pytorch),
    };
    int failed = cmocka_run_group_tests(alone, NULL, NULL);
    if (!has_torch()) {
        printf("skipped: comparison with PyTorch, no python3-torch\n");
        return failed != 0 ? failed : 77;
    }
    return failed + cmocka_run_group_tests(beside, NULL, NULL);
}
