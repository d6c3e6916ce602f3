/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/model.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/features.h"
#include "data/model_tensors.h"
#include "tests/core/lstm_world.h"
#include "tests/support/assert_near.h"
#include "tests/support/paths.h"

static char path[64], other[80];

static int name_files(void **state)
{
    (void)state;
    strcpy(path, "/tmp/test_model_masks_XXXXXX");
    int file = mkstemp(path);
    (void)snprintf(other, sizeof other, "%s.safetensors", path);
    return file < 0 ? -1 : close(file);
}

static int remove_files(void **state)
{
    (void)state;
    (void)unlink(other);
    return unlink(path);
}

static void write_masked(uint32_t masked)
{
    struct lstm_world world;
    struct data_problem problem = { "" };
    lstm_world_init(&world, 5, &lstm_world_plain);
    world.model.tables.masked = masked;
    assert_int_equal(data_model_write(path, &world.model, NULL, NULL, &problem), HB_OK);
    lstm_world_fini(&world);
}

static uint32_t masked_in(const char *file)
{
    struct data_model *model = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(data_model_read(file, &model, &problem), HB_OK);
    assert_string_equal(problem.text, "");
    uint32_t masked = data_model_weights(model)->tables.masked;
    data_model_free(model);
    return masked;
}

/* Sets the file's own word about masks; has: there is one. */
static void put_masked(int64_t value, int has)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    hid_t attribute = H5Aopen(file, "masked", H5P_DEFAULT);
    assert_true(attribute >= 0);
    if (has) {
        assert_true(H5Awrite(attribute, H5T_NATIVE_INT64, &value) >= 0);
    }
    (void)H5Aclose(attribute);
    assert_true(has || H5Adelete(file, "masked") >= 0);
    assert_true(H5Fclose(file) >= 0);
}

static void expect_refusal(const char *part)
{
    struct data_model *model = NULL;
    struct data_problem problem = { "" };
    assert_int_equal(data_model_read(path, &model, &problem), HB_ERR_FORMAT);
    assert_null(model);
    assert_non_null(strstr(problem.text, part));
}

static void masks_survive_both_kinds_of_file(void **state)
{
    (void)state;
    static const uint32_t some[] = { 0, HB_FEATURES_FEEDS, HB_FEATURES_OWN | HB_FEATURES_FEEDS,
        HB_FEATURES_ALL };
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        struct data_model *model = NULL, *back = NULL;
        struct data_problem problem = { "" };
        write_masked(some[i]);
        assert_int_equal(masked_in(path), some[i]);
        assert_int_equal(data_model_read(path, &model, &problem), HB_OK);
        assert_int_equal(data_model_tensors_write(other, model, &problem), HB_OK);
        assert_int_equal(data_model_tensors_read(other, NULL, &back, &problem), HB_OK);
        assert_int_equal(data_model_weights(back)->tables.masked, some[i]);
        assert_string_equal(data_model_digest(back), data_model_digest(model));
        data_model_free(back);
        data_model_free(model);
    }
}

/* Files of the time before masks have no word of them; feeds were not there either. */
static void a_file_without_masks_lacks_the_feeds_only(void **state)
{
    (void)state;
    assert_int_equal(masked_in(path_of_source("models/metro-day.model")), HB_FEATURES_FEEDS);
    write_masked(HB_FEATURES_FEEDS);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_int_equal(H5Aexists(file, "masked"), 0);
    assert_true(H5Fclose(file) >= 0);
}

static void a_changed_or_removed_mask_is_noticed(void **state)
{
    (void)state;
    write_masked(HB_FEATURES_OWN);
    put_masked(HB_FEATURES_OWN | HB_FEATURES_CLOCK, 1);
    expect_refusal("digest");
    write_masked(HB_FEATURES_OWN);
    put_masked(0, 0);
    expect_refusal("digest");
    write_masked(HB_FEATURES_OWN);
    put_masked(HB_FEATURES_ALL + 1, 1);
    expect_refusal("masked: found a value out of bounds");
    put_masked(-1, 1);
    expect_refusal("attribute masked: found -1: expected a size");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masks_survive_both_kinds_of_file),
        cmocka_unit_test(a_file_without_masks_lacks_the_feeds_only),
        cmocka_unit_test(a_changed_or_removed_mask_is_noticed),
    };
    return cmocka_run_group_tests_name("data/model_masks", tests, name_files, remove_files);
}
