/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/spoiled_results.h"

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/assert_near.h"
#include "tests/support/synthetic_results.h"

static const char *const whole_path = "whole.h5";
static char folder[] = "spoiled-XXXXXX"; /* other tests spoil files of these names too */

int spoiled_make_whole(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL || chdir(folder) != 0) {
        return -1;
    }
    const struct synthetic how = {
        .path = whole_path, .replication_count = 1, .memory_bytes = 1 << 24
    };
    synthetic_results(&how, NULL);
    return 0;
}

int spoiled_remove_whole(void **state)
{
    (void)state;
    return unlink(whole_path) != 0 || chdir("..") != 0 ? -1 : rmdir(folder);
}

int spoiled_prepare(void **state)
{
    (void)state;
    char part[4096];
    FILE *in = fopen(whole_path, "rb"), *out = fopen(SPOILED_PATH, "wb");
    if (in == NULL || out == NULL) {
        return -1;
    }
    size_t count;
    while ((count = fread(part, 1, sizeof part, in)) > 0) {
        (void)fwrite(part, 1, count, out);
    }
    (void)fclose(in);
    return fclose(out);
}

int spoiled_clean(void **state)
{
    (void)state;
    return unlink(SPOILED_PATH);
}

static enum hb_status see(void *context, const void *row)
{
    (void)context;
    (void)row;
    return HB_OK;
}

enum hb_status spoiled_read_all(struct data_problem *problem)
{
    struct data_result_file *file;
    enum hb_status status = data_results_open(SPOILED_PATH, &file, problem);
    if (status != HB_OK) {
        return status;
    }
    for (int t = 0; t < DATA_TABLE_COUNT && status == HB_OK; t++) {
        status = data_results_each(file, (enum data_results_table)t, see, NULL, problem);
    }
    if (status == HB_OK) {
        status = data_results_verify(file, problem);
    }
    data_results_close(file);
    return status;
}

void spoiled_expect(enum hb_status status, const char *sentence)
{
    struct data_problem problem = { "" };
    assert_int_equal(spoiled_read_all(&problem), status);
    assert_string_equal(problem.text, sentence);
}

int64_t spoiled_edit(void)
{
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t file = H5Fopen(SPOILED_PATH, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

void spoiled_finish(int64_t file)
{
    assert_true(H5Fclose(file) >= 0);
}

void spoiled_drop(const char *name)
{
    hid_t file = spoiled_edit();
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    spoiled_finish(file);
}

void spoiled_replace(const char *name, int64_t type, struct spoiled_shape shape)
{
    hsize_t dims[2] = { shape.dims[0], shape.dims[1] };
    hid_t file = spoiled_edit(), space = H5Screate_simple(shape.rank, dims, NULL);
    hid_t list = H5Pcreate(H5P_DATASET_CREATE);
    if (shape.chunk > 0) {
        hsize_t chunks[2] = { shape.chunk, 1 };
        assert_true(H5Pset_chunk(list, shape.rank, chunks) >= 0);
    }
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    assert_true(dataset >= 0);
    (void)H5Dclose(dataset);
    (void)H5Pclose(list);
    (void)H5Sclose(space);
    spoiled_finish(file);
}

void spoiled_poke(const char *name, uint64_t row, int64_t type, const void *value)
{
    hsize_t at = row, one = 1;
    hid_t file = spoiled_edit(), dataset = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t space = H5Dget_space(dataset), stored = H5Dget_type(dataset);
    hid_t memory = H5Screate_simple(1, &one, NULL);
    assert_true(H5Sselect_hyperslab(space, H5S_SELECT_SET, &at, NULL, &one, NULL) >= 0);
    assert_true(
        H5Dwrite(dataset, type < 0 ? stored : type, memory, space, H5P_DEFAULT, value) >= 0);
    (void)H5Sclose(memory);
    (void)H5Tclose(stored);
    (void)H5Sclose(space);
    (void)H5Dclose(dataset);
    spoiled_finish(file);
}

void spoiled_put_integer(const char *name, int64_t value)
{
    hid_t file = spoiled_edit(), group = H5Gopen2(file, "/manifest", H5P_DEFAULT);
    assert_true(H5Adelete(group, name) >= 0);
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t attribute = H5Acreate2(group, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, H5T_NATIVE_INT64, &value) >= 0);
    (void)H5Aclose(attribute);
    (void)H5Sclose(space);
    (void)H5Gclose(group);
    spoiled_finish(file);
}

void spoiled_put_text(const char *name, const char *text)
{
    hid_t file = spoiled_edit(), group = H5Gopen2(file, "/manifest", H5P_DEFAULT);
    (void)H5Adelete(group, name);
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    (void)H5Tset_size(type, strlen(text));
    (void)H5Tset_strpad(type, H5T_STR_NULLPAD);
    hid_t attribute = H5Acreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Awrite(attribute, type, text) >= 0);
    (void)H5Aclose(attribute);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Gclose(group);
    spoiled_finish(file);
}
