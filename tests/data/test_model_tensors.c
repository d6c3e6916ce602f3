/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/model_tensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/safetensors.h"
#include "tests/core/lstm_world.h"
#include "tests/support/assert_near.h"
#include "tests/support/program.h"

/* A random model as a file of each kind, and its tensors to spoil. */
enum { tensors_max = 64, texts_max = 16 };

struct kit {
    char *folder;
    char model_path[1024], path[1024], bad_path[1024];
    struct lstm_world world;
    struct data_model *model;
    struct data_safetensors *file;
    struct data_safetensors_tensor tensors[tensors_max];
    struct data_safetensors_pair texts[texts_max];
    size_t count, text_count;
};

static const struct data_model_card card = { .name = "odd \"one\"", .data = "invented",
    .recipe = "tests", .seed = UINT64_MAX - 5, .trained_steps = 7313 };

static void make(struct kit *kit, const struct lstm_world_shape *shape)
{
    struct data_problem problem = { "" };
    *kit = (struct kit) { .folder = program_folder() };
    (void)snprintf(kit->model_path, sizeof kit->model_path, "%s/m.h5", kit->folder);
    (void)snprintf(kit->path, sizeof kit->path, "%s/m.safetensors", kit->folder);
    (void)snprintf(kit->bad_path, sizeof kit->bad_path, "%s/bad", kit->folder);
    lstm_world_init(&kit->world, 12, shape);
    kit->world.model.stay_step_max = 61;
    for (int i = 0; i < HB_LSTM_CONFIDENCE; i++) {
        kit->world.model.confidence[1][i] = (float)i / 9.0F;
    }
    assert_int_equal(data_model_write(kit->model_path, &kit->world.model, NULL, &card, &problem),
        HB_OK);
    assert_int_equal(data_model_read(kit->model_path, &kit->model, &problem), HB_OK);
    assert_int_equal(data_model_tensors_write(kit->path, kit->model, &problem), HB_OK);
    assert_int_equal(data_safetensors_read(kit->path, &kit->file, &problem), HB_OK);
    kit->count = data_safetensors_count(kit->file);
    assert_true(kit->count < tensors_max);
    for (size_t i = 0; i < kit->count; i++) {
        kit->tensors[i] = *data_safetensors_at(kit->file, i);
    }
    static const char *const keys[] = { "harbinger_model", "name", "seed", "stay_step_max" };
    for (size_t i = 0; i < 4; i++) {
        kit->texts[kit->text_count++] = (struct data_safetensors_pair) { keys[i],
            data_safetensors_text(kit->file, keys[i]) };
    }
}

static void end(struct kit *kit)
{
    data_safetensors_free(kit->file);
    data_model_free(kit->model);
    lstm_world_fini(&kit->world);
    program_remove(kit->folder);
    free(kit->folder);
}

static struct data_safetensors_tensor *tensor(struct kit *kit, const char *name)
{
    for (size_t i = 0; i < kit->count; i++) {
        if (strcmp(kit->tensors[i].name, name) == 0) {
            return &kit->tensors[i];
        }
    }
    fail_msg("no %s", name);
    return NULL;
}

/* Writes what the kit has now and expects it to be refused. */
static void refuse(struct kit *kit, enum hb_status status, const char *sentence)
{
    struct data_problem problem = { "" };
    struct data_model *model = NULL;
    assert_int_equal(data_safetensors_write(kit->bad_path, kit->tensors, kit->count, kit->texts,
        kit->text_count, &problem), HB_OK);
    assert_int_equal(data_model_tensors_read(kit->bad_path, NULL, &model, &problem), status);
    assert_null(model);
    assert_string_equal(problem.text + strlen(kit->bad_path), sentence);
}

static void every_shape_comes_back_bit_by_bit(void **state)
{
    (void)state;
    const struct lstm_world_shape *const shapes[]
        = { &lstm_world_plain, &lstm_world_full, &lstm_world_sparse, &lstm_world_deep };
    for (size_t i = 0; i < 4; i++) {
        struct kit kit;
        struct data_model *back = NULL;
        struct data_problem problem = { "" };
        make(&kit, shapes[i]);
        assert_int_equal(data_model_tensors_read(kit.path, NULL, &back, &problem), HB_OK);
        assert_string_equal(data_model_digest(back), data_model_digest(kit.model));
        assert_int_equal(data_model_weights(back)->stay_step_max, 61);
        assert_true(data_model_card(back)->seed == card.seed);
        assert_int_equal(data_model_write(kit.bad_path, data_model_weights(back),
            data_model_geography(back), data_model_card(back), &problem), HB_OK);
        assert_true(program_is_same_file(kit.bad_path, kit.model_path));
        data_model_free(back);
        end(&kit);
    }
}

/* PyTorch's names, shapes and gate order: what torch.nn.LSTM(30, 32) has. */
static void names_and_shapes_are_pytorchs(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t rows, columns;
    } wanted[] = { { "embedding.weight", 102, 20 }, { "lstm.weight_ih_l0", 128, 30 },
        { "lstm.weight_hh_l0", 128, 32 }, { "lstm.bias_ih_l0", 128, 0 },
        { "lstm.bias_hh_l0", 128, 0 }, { "context.weight", 29, 51 }, { "gate.bias", 2, 0 } };
    struct kit kit;
    make(&kit, &lstm_world_full);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct data_safetensors_tensor *found = tensor(&kit, wanted[i].name);
        assert_int_equal(found->type, DATA_SAFETENSORS_F32);
        assert_int_equal(found->dims[0], wanted[i].rows);
        assert_int_equal(found->rank == 2 ? found->dims[1] : 0, wanted[i].columns);
    }
    end(&kit);
}

static void weights_alone_need_a_model_to_be_like(void **state)
{
    (void)state;
    struct kit kit;
    struct data_problem problem = { "" };
    struct data_model *back = NULL;
    make(&kit, &lstm_world_full);
    size_t kept = 0;
    for (size_t i = 0; i < kit.count; i++) {
        if (strncmp(kit.tensors[i].name, "places.", 7) != 0
            && strncmp(kit.tensors[i].name, "moves.", 6) != 0
            && strncmp(kit.tensors[i].name, "inverse", 7) != 0
            && strcmp(kit.tensors[i].name, "confidence") != 0) {
            kit.tensors[kept++] = kit.tensors[i];
        }
    }
    kit.count = kept;
    kit.text_count = 0;
    refuse(&kit, HB_ERR_NOT_FOUND, ": places.east_km: found nothing: expected the tables of "
                                   "places, or a model to take them from (--like)");
    assert_int_equal(data_model_tensors_read(kit.bad_path, kit.model, &back, &problem), HB_OK);
    assert_string_equal(data_model_digest(back), data_model_digest(kit.model));
    data_model_free(back);
    back = NULL;
    struct kit other;
    make(&other, &lstm_world_plain);
    assert_int_equal(
        data_model_tensors_read(kit.bad_path, other.model, &back, &problem), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, "embedding.weight: found 102 rows: expected 138 as in "));
    end(&other);
    end(&kit);
}

static void what_does_not_fit_is_refused_by_name(void **state)
{
    (void)state;
    struct kit kit;
    make(&kit, &lstm_world_full);
    struct data_safetensors_tensor *bias = tensor(&kit, "gate.bias"), good = *bias;
    int64_t wide[2] = { 1, 2 };
    bias->type = DATA_SAFETENSORS_I64;
    bias->values = wide;
    refuse(&kit, HB_ERR_FORMAT, ": gate.bias: found I64: expected F32");
    *bias = good;
    bias->dims[0] = 1;
    refuse(&kit, HB_ERR_FORMAT, ": gate.bias: found length 1 in dimension 0: expected 2");
    *bias = good;
    bias->rank = 2;
    bias->dims[1] = 1;
    refuse(&kit, HB_ERR_FORMAT, ": gate.bias: found 2 dimensions: expected 1");
    *bias = good;
    float nan[2] = { 0.5F, NAN };
    bias->values = nan;
    refuse(&kit, HB_ERR_FORMAT, ": gate.bias: found nan at 1: expected finite numbers");
    *bias = good;
    memcpy(bias->name, "gate.boas", 10);
    refuse(&kit, HB_ERR_FORMAT, ": gate.boas: found a tensor that is no part of this network: "
                                "expected only its own");
    *bias = good;
    memcpy(tensor(&kit, "lstm.weight_hh_l0")->name, "x", 2);
    refuse(&kit, HB_ERR_FORMAT, ": found tensors of which units is out of bounds or absent: "
                                "expected those of this network (core/lstm.h)");
    end(&kit);
}

static void tables_and_texts_are_not_trusted(void **state)
{
    (void)state;
    struct kit kit;
    make(&kit, &lstm_world_full);
    struct data_safetensors_tensor *token = tensor(&kit, "places.token");
    struct data_safetensors_tensor *first = tensor(&kit, "places.near_first"), good = *token;
    int64_t values[204] = { [5] = -1 };
    token->values = values;
    refuse(&kit, HB_ERR_FORMAT, ": places.token: found -1 at 5: expected 0 to 4294967295");
    *token = good;
    int64_t rows[204];
    good = *first;
    memcpy(rows, first->values, sizeof rows);
    rows[203]++;
    first->values = rows;
    char sentence[200];
    (void)snprintf(sentence, sizeof sentence,
        ": /places/near_first: found a last value of %d: expected %d", (int)rows[203],
        (int)rows[203] - 1);
    refuse(&kit, HB_ERR_FORMAT, sentence);
    *first = good;
    kit.texts[0].text = "2";
    refuse(&kit, HB_ERR_VERSION, ": metadata harbinger_model: found 2: expected at most 1; a newer "
                                 "program wrote it");
    kit.texts[0].text = "-1";
    refuse(&kit, HB_ERR_FORMAT, ": metadata harbinger_model: found \"-1\": expected a whole number "
                                ">= 0 that is not too large");
    end(&kit);
}

/* Every bit of the header and every 61st byte of the values turned, and every 97th length:
 * refused, or read as a sound model. */
static void no_spoiled_byte_does_harm(void **state)
{
    (void)state;
    struct kit kit;
    make(&kit, &lstm_world_plain);
    static uint8_t bytes[1 << 20];
    FILE *in = fopen(kit.path, "rb");
    assert_non_null(in);
    size_t count = fread(bytes, 1, sizeof bytes, in);
    (void)fclose(in);
    struct data_problem problem;
    int refused = 0, tried = 0;
    size_t header = 8 + bytes[0] + 256u * bytes[1];
    for (size_t i = 0; i < count; i += i < header ? 1 : 61, tried++) {
        struct data_model *model = NULL;
        problem.text[0] = '\0';
        bytes[i] ^= (uint8_t)(1u << (i % 8));
        enum hb_status status
            = data_model_tensors_parse("x", bytes, count, NULL, &model, &problem);
        bytes[i] ^= (uint8_t)(1u << (i % 8));
        assert_int_equal(status == HB_OK, problem.text[0] == '\0');
        refused += status != HB_OK;
        data_model_free(model);
    }
    for (size_t i = 0; i < count; i += 97) {
        struct data_model *model = NULL;
        uint8_t *exact = malloc(i + 1);
        assert_non_null(exact);
        memcpy(exact, bytes, i);
        assert_int_equal(
            data_model_tensors_parse("x", exact, i, NULL, &model, &problem), HB_ERR_FORMAT);
        free(exact);
    }
    print_message("%d of %d spoiled bytes refused\n", refused, tried);
    assert_true(refused > 500);
    end(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_comes_back_bit_by_bit),
        cmocka_unit_test(names_and_shapes_are_pytorchs),
        cmocka_unit_test(weights_alone_need_a_model_to_be_like),
        cmocka_unit_test(what_does_not_fit_is_refused_by_name),
        cmocka_unit_test(tables_and_texts_are_not_trusted),
        cmocka_unit_test(no_spoiled_byte_does_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
