/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/model.h"

#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/core/lstm_world.h"
#include "tests/support/assert_near.h"

/* Each test works on BAD, a fresh copy of a whole model file in a folder of its own. */
#define WHOLE "whole.h5"
#define BAD "bad.h5"
enum { places = 203, moves = 300 };

static struct {
    char folder[64];
    struct lstm_world world;
    struct data_model_card card;
    double lat[places], lon[places];
    uint32_t slots[places], hours[places][24], totals[places][4];
    uint32_t first[places + 1], to[moves], counts[moves][4];
} kit;

static void fill_counts(void)
{
    for (uint32_t i = 0; i < places; i++) {
        kit.lat[i] = 39.9 + 0.01 * i;
        kit.lon[i] = 116.3 - 0.01 * i;
        kit.slots[i] = 7 * i;
        kit.hours[i][i % 24] = i;
        kit.totals[i][i % 4] = 2 * i;
        kit.first[i + 1] = kit.first[i] + (i % 3 == 0 && kit.first[i] + 4 <= moves ? 4 : 0);
    }
    for (uint32_t i = 0; i < kit.first[places]; i++) {
        kit.to[i] = i * 31 % places;
        kit.counts[i][i % 4] = i;
    }
    kit.world.model.tables.everybody = (struct hb_candidates_counts) { .row_count = places,
        .slot_counts = kit.slots, .hour_counts = kit.hours[0], .move_totals = kit.totals[0],
        .move_first = kit.first, .move_places = kit.to, .move_counts = kit.counts[0] };
}

static int make_whole(void **state)
{
    (void)state;
    strcpy(kit.folder, "/tmp/test_model_XXXXXX");
    if (mkdtemp(kit.folder) == NULL || chdir(kit.folder) != 0) {
        return -1;
    }
    lstm_world_init(&kit.world, 12, &lstm_world_full);
    fill_counts();
    kit.card = (struct data_model_card) { .name = "odd one", .data = "invented", .split = "none",
        .metrics = "Acc@1 .731", .recipe = "tests", .seed = UINT64_MAX - 5,
        .trained_steps = 7313 };
    struct data_model_geography where = { kit.lat, kit.lon };
    struct data_problem problem = { "" };
    enum hb_status status
        = data_model_write(WHOLE, &kit.world.model, &where, &kit.card, &problem);
    return status == HB_OK ? 0 : -1;
}

static int remove_whole(void **state)
{
    (void)state;
    lstm_world_fini(&kit.world);
    return unlink(WHOLE) != 0 || chdir("/") != 0 ? -1 : rmdir(kit.folder);
}

static char *bytes_of(const char *path, size_t *count)
{
    struct stat there;
    assert_int_equal(stat(path, &there), 0);
    char *bytes = malloc((size_t)there.st_size);
    FILE *in = fopen(path, "rb");
    assert_non_null(bytes);
    assert_non_null(in);
    *count = fread(bytes, 1, (size_t)there.st_size, in);
    (void)fclose(in);
    return bytes;
}

static void write_bytes(const char *bytes, size_t count)
{
    FILE *out = fopen(BAD, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    assert_int_equal(fclose(out), 0);
}

static int prepare(void **state)
{
    (void)state;
    size_t count;
    char *bytes = bytes_of(WHOLE, &count);
    write_bytes(bytes, count);
    free(bytes);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    return unlink(BAD);
}

static void expect(enum hb_status status, const char *sentence)
{
    struct data_model *model = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(data_model_read(BAD, &model, &problem), status);
    assert_string_equal(problem.text, sentence);
    assert_null(model);
}

static hid_t edit(void)
{
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t file = H5Fopen(BAD, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

static void put_integer(const char *name, int64_t value)
{
    hid_t file = edit(), attribute = H5Aopen_by_name(file, "/", name, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, H5T_NATIVE_INT64, &value) >= 0);
    (void)H5Aclose(attribute);
    assert_true(H5Fclose(file) >= 0);
}

static void poke(const char *name, uint64_t at, hid_t type, const void *value)
{
    hid_t file = edit(), dataset = H5Dopen2(file, name, H5P_DEFAULT);
    assert_true(dataset >= 0);
    hid_t space = H5Dget_space(dataset), one = H5Screate(H5S_SCALAR);
    hsize_t dims[2] = { 1, 1 }, where[2] = { at, 0 };
    int rank = H5Sget_simple_extent_dims(space, dims, NULL);
    if (rank == 2) {
        where[0] = at / dims[1];
        where[1] = at % dims[1];
    }
    assert_true(H5Sselect_elements(space, H5S_SELECT_SET, 1, where) >= 0);
    assert_true(H5Dwrite(dataset, type, one, space, H5P_DEFAULT, value) >= 0);
    (void)H5Sclose(one);
    (void)H5Sclose(space);
    (void)H5Dclose(dataset);
    assert_true(H5Fclose(file) >= 0);
}

static void drop(const char *name)
{
    hid_t file = edit();
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    assert_true(H5Fclose(file) >= 0);
}

static void replace(const char *name, hid_t type, hsize_t rows, hsize_t columns)
{
    drop(name);
    hsize_t dims[2] = { rows, columns };
    hid_t file = edit(), space = H5Screate_simple(columns == 0 ? 1 : 2, dims, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(dataset >= 0);
    (void)H5Dclose(dataset);
    (void)H5Sclose(space);
    assert_true(H5Fclose(file) >= 0);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct data_model *model;
    struct data_problem problem = { "" };
    assert_int_equal(data_model_read(BAD, &model, &problem), HB_OK);
    const struct hb_lstm_model *got = data_model_weights(model), *want = &kit.world.model;
    assert_memory_equal(&got->shape, &want->shape, sizeof got->shape);
    struct hb_lstm_tensor tensors[HB_LSTM_TENSORS_MAX];
    uint32_t count = hb_lstm_tensors(&want->shape, tensors);
    for (uint32_t i = 0; i < count; i++) {
        const float *a, *b;
        memcpy(&a, (const char *)got + tensors[i].offset, sizeof a);
        memcpy(&b, (const char *)want + tensors[i].offset, sizeof b);
        assert_int_equal(a == NULL, b == NULL);
        if (a != NULL) {
            assert_memory_equal(a, b, hb_lstm_tensor_len(&tensors[i]) * sizeof *a);
        }
    }
    assert_memory_equal(got->tokens, want->tokens, places * sizeof *got->tokens);
    assert_memory_equal(got->inverse_temperature, want->inverse_temperature,
        sizeof got->inverse_temperature);
    assert_memory_equal(got->confidence, want->confidence, sizeof got->confidence);
    assert_memory_equal(got->tables.near_places, want->tables.near_places,
        want->tables.near_first[places] * sizeof(uint32_t));
    assert_memory_equal(got->tables.everybody.move_counts, kit.counts,
        kit.first[places] * sizeof kit.counts[0]);
    assert_null(got->tables.clock_slots);
    const struct data_model_card *card = data_model_card(model);
    assert_string_equal(card->metrics, "Acc@1 .731");
    assert_string_equal(card->calibration, "");
    assert_true(card->seed == UINT64_MAX - 5);
    assert_int_equal(card->trained_steps, 7313);
    assert_memory_equal(data_model_geography(model)->lat_deg, kit.lat, sizeof kit.lat);
    assert_int_equal(strlen(data_model_digest(model)), 32);
    data_model_free(model);
}

static void the_same_model_gives_the_same_bytes(void **state)
{
    (void)state;
    struct data_model *model;
    struct data_problem problem = { "" };
    assert_int_equal(data_model_read(WHOLE, &model, &problem), HB_OK);
    assert_int_equal(data_model_write(BAD, data_model_weights(model),
        data_model_geography(model), data_model_card(model), &problem), HB_OK);
    size_t a_count, b_count;
    char *a = bytes_of(WHOLE, &a_count), *b = bytes_of(BAD, &b_count);
    assert_int_equal(a_count, b_count);
    assert_memory_equal(a, b, a_count);
    free(a);
    free(b);
    data_model_free(model);
}

static void a_plain_model_needs_no_tables(void **state)
{
    (void)state;
    struct lstm_world world;
    lstm_world_init(&world, 2, &lstm_world_plain);
    world.model.tables.near_first = world.model.tables.near_places = NULL;
    struct data_problem problem = { "" };
    struct data_model *model;
    assert_int_equal(data_model_write(BAD, &world.model, NULL, NULL, &problem), HB_OK);
    assert_int_equal(data_model_read(BAD, &model, &problem), HB_OK);
    struct hb_predictor *predictor;
    assert_int_equal(hb_lstm_create(data_model_weights(model),
        &(struct hb_lstm_config) { .client_capacity = 2 }, &predictor), HB_OK);
    hb_predictor_free(predictor);
    data_model_free(model);
    lstm_world_fini(&world);
}

static void an_unsound_model_is_not_written(void **state)
{
    (void)state;
    struct hb_lstm_model model = kit.world.model;
    struct data_problem problem = { "" };
    model.embedding = NULL;
    assert_int_equal(data_model_write("new.h5", &model, NULL, NULL, &problem), HB_ERR_RANGE);
    assert_string_equal(problem.text, "new.h5: embedding.weight: found a value out of bounds: "
                                      "expected a sound model");
    assert_int_equal(access("new.h5", F_OK), -1);
    assert_int_equal(data_model_write("nowhere/new.h5", &kit.world.model, NULL, NULL, &problem),
        HB_ERR_IO);
}

static void a_missing_and_a_foreign_file_are_refused(void **state)
{
    (void)state;
    struct data_problem problem = { "" };
    assert_int_equal(data_model_read("absent.h5", &(struct data_model *) { NULL }, &problem),
        HB_ERR_NOT_FOUND);
    assert_string_equal(problem.text, "absent.h5: cannot be opened: No such file or directory");
    write_bytes("not a model at all\n", 19);
    expect(HB_ERR_FORMAT, "bad.h5: found no HDF5 signature: expected an HDF5 file");
}

static void a_truncated_file_is_refused(void **state)
{
    (void)state;
    size_t count;
    char *bytes = bytes_of(WHOLE, &count);
    write_bytes(bytes, count / 2);
    expect(HB_ERR_FORMAT, "bad.h5: found a damaged or truncated HDF5 file: expected a whole one");
    free(bytes);
}

static void another_kind_of_hdf5_file_is_refused(void **state)
{
    (void)state;
    hid_t file = edit();
    assert_true(H5Adelete(file, "format") >= 0);
    assert_true(H5Fclose(file) >= 0);
    expect(HB_ERR_FORMAT, "bad.h5: /: found no attribute 'format': expected 'harbinger model'");
}

static void a_future_version_is_refused(void **state)
{
    (void)state;
    put_integer("version", 2);
    expect(HB_ERR_VERSION,
        "bad.h5: / attribute version: found 2: expected 1; a newer program wrote it");
}

static void sizes_out_of_bounds_are_refused(void **state)
{
    (void)state;
    put_integer("units", 4096);
    expect(HB_ERR_FORMAT, "bad.h5: / attribute units: found a size out of bounds: expected that of "
                          "a network");
    put_integer("units", -32);
    expect(HB_ERR_FORMAT, "bad.h5: / attribute units: found -32: expected a size");
    put_integer("units", 32);
    put_integer("place_count", 1 << 21);
    expect(HB_ERR_FORMAT,
        "bad.h5: / attribute place_count: found 2097152: expected 1 to 1048575");
    put_integer("place_count", places);
    put_integer("move_count", UINT32_MAX);
    expect(HB_ERR_FORMAT,
        "bad.h5: / attribute move_count: found 4294967295: expected at most 134217728");
}

static void a_tensor_of_another_shape_is_refused(void **state)
{
    (void)state;
    replace("/weights/score2.weight", H5T_IEEE_F32LE, 12, 23);
    expect(HB_ERR_FORMAT,
        "bad.h5: /weights/score2.weight: found length 12 in dimension 0: expected 11");
}

static void an_oversized_tensor_takes_no_memory(void **state)
{
    (void)state;
    replace("/weights/embedding.weight", H5T_IEEE_F32LE, UINT64_C(1) << 40, 20);
    expect(HB_ERR_FORMAT, "bad.h5: /weights/embedding.weight: found length 1099511627776 "
                          "in dimension 0: expected 102");
}

static void a_tensor_of_another_type_is_refused(void **state)
{
    (void)state;
    replace("/weights/gate.bias", H5T_STD_I64LE, 2, 0);
    expect(HB_ERR_FORMAT, "bad.h5: /weights/gate.bias: found int64: expected float32");
}

static void a_missing_tensor_is_named(void **state)
{
    (void)state;
    drop("/weights/lstm.weight_hh_l0");
    expect(HB_ERR_NOT_FOUND,
        "bad.h5: /weights/lstm.weight_hh_l0: found nothing: expected a dataset");
}

static void a_number_that_is_none_is_named(void **state)
{
    (void)state;
    float bad = NAN;
    poke("/weights/query.weight", 731, H5T_NATIVE_FLOAT, &bad);
    expect(HB_ERR_FORMAT,
        "bad.h5: /weights/query.weight: found nan at 731: expected finite numbers");
    bad = -INFINITY;
    poke("/weights/query.weight", 731, H5T_NATIVE_FLOAT, &bad);
    expect(HB_ERR_FORMAT,
        "bad.h5: /weights/query.weight: found an infinity at 731: expected finite numbers");
}

static void a_changed_weight_is_noticed(void **state)
{
    (void)state;
    float other = 0.25F;
    char sentence[200];
    struct data_model *model;
    assert_int_equal(data_model_read(WHOLE, &model, NULL), HB_OK);
    (void)snprintf(sentence, sizeof sentence, ": expected %s", data_model_digest(model));
    data_model_free(model);
    poke("/weights/lstm.bias_hh_l0", 5, H5T_NATIVE_FLOAT, &other);
    struct data_problem problem = { "" };
    assert_int_equal(data_model_read(BAD, &model, &problem), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, "bad.h5: / attribute digest: found "));
    assert_string_equal(problem.text + strlen(problem.text) - strlen(sentence), sentence);
}

static void rows_that_lead_outside_are_refused(void **state)
{
    (void)state;
    uint32_t bad = 100000;
    poke("/moves/move_first", places, H5T_NATIVE_UINT32, &bad);
    char sentence[200];
    (void)snprintf(sentence, sizeof sentence,
        "bad.h5: /moves/move_first: found a last value of 100000: expected %u",
        kit.first[places]);
    expect(HB_ERR_FORMAT, sentence);
    poke("/moves/move_first", places, H5T_NATIVE_UINT32, &kit.first[places]);
    poke("/moves/move_places", 3, H5T_NATIVE_UINT32, &bad);
    expect(HB_ERR_FORMAT,
        "bad.h5: /moves/move_first: found a value out of bounds: expected a sound model");
}

/* Every 97th byte turned: refused or (where it means nothing) read; never worse. */
static void no_flipped_byte_does_harm(void **state)
{
    (void)state;
    size_t count;
    char *bytes = bytes_of(WHOLE, &count);
    int refused = 0, tried = 0;
    for (size_t i = 0; i < count; i += 97, tried++) {
        bytes[i] = (char)(bytes[i] ^ 0x24);
        write_bytes(bytes, count);
        bytes[i] = (char)(bytes[i] ^ 0x24);
        struct data_model *model = NULL;
        struct data_problem problem = { "" };
        enum hb_status status = data_model_read(BAD, &model, &problem);
        refused += status != HB_OK;
        assert_int_equal(status == HB_OK, problem.text[0] == '\0');
        data_model_free(model);
    }
    print_message("%d of %d flipped bytes refused\n", refused, tried);
    assert_true(refused > tried / 2);
    free(bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read),
        TEST(the_same_model_gives_the_same_bytes),
        TEST(a_plain_model_needs_no_tables),
        TEST(an_unsound_model_is_not_written),
        TEST(a_missing_and_a_foreign_file_are_refused),
        TEST(a_truncated_file_is_refused),
        TEST(another_kind_of_hdf5_file_is_refused),
        TEST(a_future_version_is_refused),
        TEST(sizes_out_of_bounds_are_refused),
        TEST(a_tensor_of_another_shape_is_refused),
        TEST(an_oversized_tensor_takes_no_memory),
        TEST(a_tensor_of_another_type_is_refused),
        TEST(a_missing_tensor_is_named),
        TEST(a_number_that_is_none_is_named),
        TEST(a_changed_weight_is_noticed),
        TEST(rows_that_lead_outside_are_refused),
        TEST(no_flipped_byte_does_harm),
    };
    return cmocka_run_group_tests(tests, make_whole, remove_whole);
}
