/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/dataset_file.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/assert_near.h"
#include "tests/support/program.h"

/* Each test works on a fresh, whole file. */
enum { clients = 3, slots = 50, places = 5 };

static struct {
    char *folder;
    char path[1024];
} kit;

static int make(void **state)
{
    (void)state;
    struct model_dataset *dataset = NULL;
    struct data_problem problem = { "" };
    struct model_dataset_origin origin = { .source = "a town", .split = "75/12/13", .seed = 5 };
    struct model_dataset_sizes sizes
        = { .slot_count = clients * slots, .client_count = clients, .place_count = places };
    kit.folder = program_folder();
    (void)snprintf(kit.path, sizeof kit.path, "%s/town.ds", kit.folder);
    assert_int_equal(model_dataset_create(&sizes, &dataset), HB_OK);
    for (uint32_t i = 0; i < clients * slots; i++) {
        dataset->slot[i] = (int32_t)(1000 + i % slots);
        dataset->place[i] = i * 7 % places;
        dataset->flags[i] = (uint8_t)(1 | (i % slots == 0 ? MODEL_SLOT_FIRST : 0));
        dataset->part[i] = (uint8_t)(i % slots * 3 / slots);
        dataset->first[i / slots + 1] = i + 1;
    }
    for (uint32_t i = 0; i < places; i++) {
        dataset->lat_deg[i] = 47.1 + 0.004 * i;
        dataset->lon_deg[i] = 8.3;
    }
    assert_int_equal(model_dataset_finish(dataset, 2.2), HB_OK);
    assert_int_equal(model_dataset_write(kit.path, dataset, &origin, &problem), HB_OK);
    model_dataset_free(dataset);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    program_remove(kit.folder);
    free(kit.folder);
    return 0;
}

static void expect(enum hb_status status, const char *sentence)
{
    struct model_dataset *dataset = NULL;
    struct model_dataset_origin origin;
    struct data_problem problem = { "" };
    assert_int_equal(model_dataset_read(kit.path, &dataset, &origin, &problem), status);
    assert_null(dataset);
    assert_int_equal(strncmp(problem.text, kit.path, strlen(kit.path)), 0);
    assert_string_equal(problem.text + strlen(kit.path), sentence);
}

static hid_t edit(void)
{
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t file = H5Fopen(kit.path, H5F_ACC_RDWR, H5P_DEFAULT);
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

/* A dataset of so many values of which none is stored: a few hundred bytes on disk. */
static void blow_up(const char *name, hid_t type, hsize_t length)
{
    hid_t file = edit(), list = H5Pcreate(H5P_DATASET_CREATE);
    hsize_t chunk = 1024;
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    (void)H5Pset_chunk(list, 1, &chunk);
    (void)H5Pset_deflate(list, 9);
    hid_t space = H5Screate_simple(1, &length, NULL);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(dataset >= 0);
    (void)H5Dclose(dataset);
    (void)H5Sclose(space);
    (void)H5Pclose(list);
    assert_true(H5Fclose(file) >= 0);
}

static void poke(const char *name, hsize_t at, hid_t type, const void *value)
{
    hid_t file = edit(), dataset = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = H5Dget_space(dataset), one = H5Screate(H5S_SCALAR);
    assert_true(H5Sselect_elements(space, H5S_SELECT_SET, 1, &at) >= 0);
    assert_true(H5Dwrite(dataset, type, one, space, H5P_DEFAULT, value) >= 0);
    (void)H5Sclose(one);
    (void)H5Sclose(space);
    (void)H5Dclose(dataset);
    assert_true(H5Fclose(file) >= 0);
}

static void a_future_version_is_refused(void **state)
{
    (void)state;
    char sentence[128];
    put_integer("version", 99);
    (void)snprintf(sentence, sizeof sentence, ": version 99: expected %d; a newer program wrote it",
        MODEL_DATASET_VERSION);
    expect(HB_ERR_VERSION, sentence);
    put_integer("version", 0);
    (void)snprintf(sentence, sizeof sentence, ": version 0: expected %d", MODEL_DATASET_VERSION);
    expect(HB_ERR_VERSION, sentence);
}

static void a_foreign_file_is_refused(void **state)
{
    (void)state;
    hid_t file = edit();
    assert_true(H5Adelete(file, "format") >= 0);
    assert_true(H5Fclose(file) >= 0);
    expect(HB_ERR_FORMAT, ": attribute format: expected a data set of harbinger dataset");
    program_write(kit.folder, "town.ds", "client,time\n");
    expect(HB_ERR_FORMAT, ": found no HDF5 signature: expected an HDF5 file");
}

/* 2^40 slots, every array of them: no memory is taken for what is not there. */
static void a_bomb_takes_no_memory(void **state)
{
    (void)state;
    hsize_t length = UINT64_C(1) << 40;
    blow_up("/slots/slot", H5T_STD_I32LE, length);
    expect(HB_ERR_FORMAT, ": /slots/slot: found 4398046511104 bytes of values: expected at most "
                          "what 0 stored bytes can hold");
    blow_up("/slots/place", H5T_STD_U32LE, length);
    blow_up("/slots/flags", H5T_STD_U8LE, length);
    blow_up("/slots/part", H5T_STD_U8LE, length);
    struct model_dataset *dataset = NULL;
    struct model_dataset_origin origin;
    struct data_problem problem = { "" };
    assert_int_equal(
        model_dataset_read(kit.path, &dataset, &origin, &problem), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, "/slots/slot: found "));
}

static void places_beyond_all_bounds_are_refused(void **state)
{
    (void)state;
    blow_up("/places/lat_deg", H5T_IEEE_F64LE, UINT64_C(1) << 40);
    expect(HB_ERR_FORMAT, ": /places/lat_deg: found 8796093022208 bytes of values: expected at "
                          "most what 0 stored bytes can hold");
}

static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    uint32_t place = places;
    double nan = 0.0 / 0.0;
    uint64_t first = 7;
    poke("/slots/place", 31, H5T_NATIVE_UINT32, &place);
    expect(HB_ERR_FORMAT, ": /slots: expected places, parts and flags in range");
    place = 1;
    poke("/slots/place", 31, H5T_NATIVE_UINT32, &place);
    poke("/clients/first", 0, H5T_NATIVE_UINT64, &first);
    expect(HB_ERR_FORMAT, ": /clients/first: expected rising indices from 0 to the slots");
    poke("/places/lat_deg", 2, H5T_NATIVE_DOUBLE, &nan);
    expect(HB_ERR_FORMAT, ": /places: expected degrees, and clocks within a day of UTC");
}

/* Every byte turned: refused, or read as a sound data set; never worse. */
static void no_flipped_byte_does_harm(void **state)
{
    (void)state;
    static char bytes[1 << 16];
    FILE *in = fopen(kit.path, "rb");
    assert_non_null(in);
    size_t count = fread(bytes, 1, sizeof bytes, in);
    (void)fclose(in);
    assert_true(count < sizeof bytes);
    int refused = 0;
    for (size_t i = 0; i < count; i++) {
        struct model_dataset *dataset = NULL;
        struct model_dataset_origin origin;
        struct data_problem problem = { "" };
        bytes[i] = (char)(bytes[i] ^ 0x24);
        FILE *out = fopen(kit.path, "wb");
        assert_non_null(out);
        assert_int_equal(fwrite(bytes, 1, count, out), count);
        assert_int_equal(fclose(out), 0);
        bytes[i] = (char)(bytes[i] ^ 0x24);
        enum hb_status status = model_dataset_read(kit.path, &dataset, &origin, &problem);
        assert_int_equal(status == HB_OK, problem.text[0] == '\0');
        refused += status != HB_OK;
        model_dataset_free(status == HB_OK ? dataset : NULL);
    }
    print_message("%d of %zu flipped bytes refused\n", refused, count);
    assert_true(refused > (int)count / 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clean)
    const struct CMUnitTest tests[] = {
        TEST(a_future_version_is_refused),
        TEST(a_foreign_file_is_refused),
        TEST(a_bomb_takes_no_memory),
        TEST(places_beyond_all_bounds_are_refused),
        TEST(values_out_of_range_are_refused),
        TEST(no_flipped_byte_does_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
