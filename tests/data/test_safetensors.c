/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/assert_near.h"
#include "tests/support/program.h"

enum { file_bytes_max = 4096 };

/* The bytes of a file: length of the header, the header, values. */
struct bytes {
    uint8_t at[file_bytes_max];
    size_t count;
};

static void make(struct bytes *file, const char *header, size_t value_count)
{
    uint64_t length = strlen(header);
    assert_true(length + value_count + 8 <= file_bytes_max);
    for (int i = 0; i < 8; i++) {
        file->at[i] = (uint8_t)(length >> (8 * i));
    }
    memcpy(file->at + 8, header, length);
    for (size_t i = 0; i < value_count; i++) {
        file->at[8 + length + i] = (uint8_t)(i * 37 + 11);
    }
    file->count = 8 + length + value_count;
}

static void refuse_bytes(const struct bytes *file, const char *sentence)
{
    struct data_safetensors *read = NULL;
    struct data_problem problem = { "" };
    uint8_t *exact = malloc(file->count + 1); /* so that a sanitizer sees a step beyond */
    assert_non_null(exact);
    memcpy(exact, file->at, file->count);
    assert_int_equal(
        data_safetensors_parse("x", exact, file->count, &read, &problem), HB_ERR_FORMAT);
    free(exact);
    assert_string_equal(problem.text, sentence);
    assert_null(read);
}

static void refuse(const char *header, size_t value_count, const char *sentence)
{
    struct bytes file;
    make(&file, header, value_count);
    refuse_bytes(&file, sentence);
}

/* The format's own example of a header, by hand. */
static void a_header_written_by_hand_is_read(void **state)
{
    (void)state;
    struct bytes file;
    struct data_safetensors *read = NULL;
    struct data_problem problem = { "" };
    make(&file, "{\"b\":{\"dtype\":\"F16\",\"shape\":[1,16],\"data_offsets\":[4,36]},"
                "\"__metadata__\":{\"format\":\"pt\"},"
                "\"a\":{\"dtype\":\"I8\",\"shape\":[2,2],\"data_offsets\":[0,4]},"
                "\"none\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[36,36]},"
                "\"one\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[36,40]}}   ", 40);
    assert_int_equal(data_safetensors_parse("x", file.at, file.count, &read, &problem), HB_OK);
    assert_int_equal(data_safetensors_count(read), 4);
    assert_string_equal(data_safetensors_at(read, 0)->name, "a");
    const struct data_safetensors_tensor *b = data_safetensors_find(read, "b");
    assert_int_equal(b->type, DATA_SAFETENSORS_F16);
    assert_int_equal(b->rank, 2);
    assert_int_equal(b->dims[1], 16);
    assert_int_equal(*(const uint8_t *)b->values, 4 * 37 + 11);
    assert_int_equal(data_safetensors_find(read, "one")->bytes, 4);
    assert_null(data_safetensors_find(read, "c"));
    assert_string_equal(data_safetensors_text(read, "format"), "pt");
    assert_null(data_safetensors_text(read, "absent"));
    data_safetensors_free(read);
}

static void lengths_of_the_header_are_bounded(void **state)
{
    (void)state;
    struct bytes file = { .count = 7 };
    refuse_bytes(&file, "x: header: found a length of 0 in a file of 7 bytes: expected at most "
                        "1048576 and what the file has");
    make(&file, "{}", 0);
    memset(file.at, 0xff, 8);
    refuse_bytes(&file, "x: header: found a length of 18446744073709551615 in a file of 10 bytes: "
                        "expected at most 1048576 and what the file has");
    make(&file, "{}", 0);
    file.at[0] = 3;
    refuse_bytes(&file, "x: header: found a length of 3 in a file of 10 bytes: expected at most "
                        "1048576 and what the file has");
    refuse("", 4, "x: header: found another beginning than {: expected a JSON object");
    refuse(" {}", 0, "x: header: found another beginning than {: expected a JSON object");
    refuse("{", 0, "x: header: found string or '}' expected near end of file: expected a JSON "
                   "object");
}

static void a_name_may_stand_once(void **state)
{
    (void)state;
    refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
           "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}", 2,
        "x: header: found duplicate object key near '\"a\"': expected a JSON object");
    char header[400], name[200];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    (void)snprintf(header, sizeof header,
        "{\"%s\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", name);
    refuse(header, 1, "x: nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn...: found a name of 199 bytes: "
                      "expected 1 to 127");
}

static void entries_have_three_members_of_their_form(void **state)
{
    (void)state;
    refuse("{\"a\":7}", 0, "x: a: found another form: expected {dtype, shape, data_offsets}");
    refuse("{\"a\":{\"dtype\":\"F33\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
        "x: a: found dtype \"F33\": expected one like F32 or I64");
    refuse("{\"a\":{\"dtype\":5,\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
        "x: a: found dtype \"\": expected one like F32 or I64");
    refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4,
        "x: a: found a shape with no whole number >= 0 at 0: expected lengths");
    refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4,
        "x: a: found a shape with no whole number >= 0 at 0: expected lengths");
    refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4,
        "x: a: found a shape of 9 dimensions: expected an array of at most 8");
    refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4,
        "x: a: found no pair of whole numbers as data_offsets: expected begin and end");
    refuse("{\"__metadata__\":{\"k\":1}}", 0,
        "x: __metadata__: k: found no text: expected one");
}

static void values_are_where_they_can_be(void **state)
{
    (void)state;
    refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7,
        "x: a: found data_offsets 0, 8: expected them within 0, 7");
    refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}", 8,
        "x: a: found data_offsets -8, 0: expected them within 0, 8");
    refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8,
        "x: a: found data_offsets 8, 0: expected them within 0, 8");
    refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8,
        "x: a: found 8 bytes: expected 12 for its dtype and shape");
    /* 2^31 x 2^31 x 4 bytes wrap round to 0 in 64 bits */
    refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483648,2147483648],"
           "\"data_offsets\":[0,0]}}", 0,
        "x: a: found 0 bytes: expected 18446744073709551615 for its dtype and shape");
    refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
           "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[3,7]}}", 7,
        "x: b: found its values at 3, over those of another: expected them at 4");
    refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
           "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[5,9]}}", 9,
        "x: b: found its values at 5, after a hole: expected them at 4");
    refuse("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 9,
        "x: found 5 bytes after the last tensor: expected none");
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    char *folder = program_folder(), path[1024];
    float weights[6] = { 0.1F, -2.5F, 1e-40F, 7e30F, -0.0F, 3.0F };
    int64_t counts[2] = { -731, INT64_MAX };
    struct data_safetensors_tensor tensors[] = {
        { .name = "w", .type = DATA_SAFETENSORS_F32, .rank = 2, .dims = { 2, 3 },
            .values = weights },
        { .name = "n", .type = DATA_SAFETENSORS_I64, .rank = 1, .dims = { 2 }, .values = counts },
    };
    struct data_safetensors_pair text = { "who", "a \"quoted\" \xc3\xa9" }, bad = { "k", "\xff" };
    struct data_safetensors *read = NULL;
    struct data_problem problem = { "" };
    (void)snprintf(path, sizeof path, "%s/t.safetensors", folder);
    assert_int_equal(data_safetensors_write(path, tensors, 2, &bad, 1, &problem), HB_ERR_RANGE);
    assert_int_equal(program_entry_count(folder), 0);
    assert_int_equal(data_safetensors_write(path, tensors, 2, &text, 1, &problem), HB_OK);
    assert_int_equal(program_entry_count(folder), 1);
    assert_int_equal(data_safetensors_read(path, &read, &problem), HB_OK);
    const struct data_safetensors_tensor *w = data_safetensors_find(read, "w");
    const struct data_safetensors_tensor *n = data_safetensors_at(read, 0);
    assert_string_equal(n->name, "n"); /* wide ones first */
    assert_memory_equal(n->values, counts, sizeof counts);
    assert_memory_equal(w->values, weights, sizeof weights);
    assert_int_equal(w->dims[0] * 10 + w->dims[1], 23);
    assert_string_equal(data_safetensors_text(read, "who"), text.text);
    data_safetensors_free(read);
    memcpy(tensors[1].name, "w", 2);
    assert_int_equal(data_safetensors_write(path, tensors, 2, &text, 1, &problem), HB_ERR_RANGE);
    assert_int_equal(data_safetensors_read(folder, &read, &problem), HB_ERR_FORMAT);
    assert_non_null(strstr(problem.text, "found a folder"));
    program_remove(folder);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_written_by_hand_is_read),
        cmocka_unit_test(lengths_of_the_header_are_bounded),
        cmocka_unit_test(a_name_may_stand_once),
        cmocka_unit_test(entries_have_three_members_of_their_form),
        cmocka_unit_test(values_are_where_they_can_be),
        cmocka_unit_test(what_is_written_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
