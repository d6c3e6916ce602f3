/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a training run stands, on disk: taken up by the same run alone, and whole or not at all. */
#include "models/train.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/h5.h"
#include "tests/models/town.h"
#include "tests/support/assert_near.h"
#include "tests/support/program.h"

static char *folder, path[1024], other_path[1024];

static int make_folder(void **state)
{
    (void)state;
    folder = program_folder();
    (void)snprintf(path, sizeof path, "%s/c", folder);
    (void)snprintf(other_path, sizeof other_path, "%s/other", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    program_remove(folder);
    free(folder);
    return 0;
}

/* Stopped in the middle of the second epoch. */
static void a_resumed_run_gives_the_same_bytes(void **state)
{
    (void)state;
    struct data_problem problem = { "" };
    struct town_run whole, cut, resumed, other;
    town_begin(&whole, town_config(1));
    town_begin(&cut, town_config(1));
    town_begin(&resumed, town_config(2));
    town_go_on(&whole, UINT64_MAX);
    uint64_t stop = model_trainer_state(whole.trainer).steps / 2;
    town_go_on(&cut, stop);
    assert_int_equal(model_trainer_save(cut.trainer, path, &problem), HB_OK);
    assert_int_equal(model_trainer_resume(resumed.trainer, path, &problem), HB_OK);
    assert_int_equal(model_trainer_state(resumed.trainer).step, stop);
    town_go_on(&resumed, UINT64_MAX);
    town_assert_same(&whole, &resumed);
    struct model_train_config config = town_config(1);
    config.seed++;
    town_begin(&other, config);
    assert_int_equal(model_trainer_resume(other.trainer, path, &problem), HB_ERR_STATE);
    assert_non_null(strstr(problem.text, path));
    town_end(&other);
    town_end(&resumed);
    town_end(&cut);
    town_end(&whole);
}

/* A checkpoint in the second epoch under `path`, as bytes. */
static uint8_t *make_checkpoint(size_t *count)
{
    struct town_run run;
    struct data_problem problem = { "" };
    town_begin(&run, town_config(1));
    town_go_on(&run, model_trainer_state(run.trainer).steps / 2);
    assert_int_equal(model_trainer_save(run.trainer, path, &problem), HB_OK);
    town_end(&run);
    FILE *in = fopen(path, "rb");
    uint8_t *bytes = malloc(1 << 20);
    assert_non_null(in);
    assert_non_null(bytes);
    *count = fread(bytes, 1, 1 << 20, in);
    assert_int_equal(fclose(in), 0);
    assert_in_range(*count, 1000, (1 << 20) - 1);
    return bytes;
}

static void write_other(const uint8_t *bytes, size_t count)
{
    FILE *out = fopen(other_path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    assert_int_equal(fclose(out), 0);
}

/* However it came to be cut: refused in a sentence, and the run stands where it stood. */
static void a_checkpoint_cut_anywhere_is_refused(void **state)
{
    (void)state;
    size_t count;
    uint8_t *bytes = make_checkpoint(&count);
    struct town_run run, fresh;
    town_begin(&run, town_config(1));
    town_begin(&fresh, town_config(1));
    for (size_t cut = 0; cut < count; cut += 1 + count / 80) {
        struct data_problem problem = { "" };
        write_other(bytes, cut);
        assert_int_not_equal(model_trainer_resume(run.trainer, other_path, &problem), HB_OK);
        assert_non_null(strstr(problem.text, other_path));
        assert_int_equal(model_trainer_state(run.trainer).step, 0);
    }
    town_assert_same(&run, &fresh);
    town_end(&fresh);
    town_end(&run);
    free(bytes);
}

/* Refused, or it meant nothing: then what is taken up is what was saved, to the last byte. */
static void no_flipped_byte_goes_unnoticed(void **state)
{
    (void)state;
    size_t count;
    uint8_t *bytes = make_checkpoint(&count);
    struct town_run run;
    int refused = 0, taken = 0;
    town_begin(&run, town_config(1));
    for (size_t at = 5; at < count; at += 1 + count / 100) {
        struct data_problem problem = { "" };
        bytes[at] ^= 0x10;
        write_other(bytes, count);
        bytes[at] ^= 0x10;
        if (model_trainer_resume(run.trainer, other_path, &problem) == HB_OK) {
            assert_int_equal(model_trainer_save(run.trainer, other_path, &problem), HB_OK);
            assert_true(program_is_same_file(path, other_path));
            taken++;
            town_end(&run);
            town_begin(&run, town_config(1));
        } else {
            assert_int_equal(model_trainer_state(run.trainer).step, 0);
            refused++;
        }
    }
    town_end(&run);
    print_message("%d refused, %d in bytes that mean nothing\n", refused, taken);
    assert_true(refused > taken);
    free(bytes);
}

/* The same movement between places that lie elsewhere has other features. */
static void another_data_set_or_version_is_refused(void **state)
{
    (void)state;
    size_t count;
    struct town_run run;
    struct data_problem problem = { "" };
    struct data_h5 *file = NULL;
    free(make_checkpoint(&count));
    town_begin_at(&run, town_config(1), 1);
    assert_int_equal(model_trainer_resume(run.trainer, path, &problem), HB_ERR_STATE);
    town_end(&run);
    run = (struct town_run) { .dataset = town_dataset() };
    run.dataset->lat_deg[3] += 0.001;
    struct model_train_config config = town_config(1);
    assert_int_equal(model_counts_create(run.dataset, 0, &run.counts), HB_OK);
    assert_int_equal(model_trainer_create(&config, run.dataset, run.counts, &run.trainer), HB_OK);
    assert_int_equal(model_trainer_resume(run.trainer, path, &problem), HB_ERR_STATE);
    assert_non_null(strstr(problem.text, "of another run"));
    assert_int_equal(data_h5_create(other_path, &file, &problem), HB_OK);
    assert_int_equal(data_h5_text_write(file, "/recipe", "version=3 seed=731", &problem), HB_OK);
    assert_int_equal(data_h5_commit(file, &problem), HB_OK);
    assert_int_equal(model_trainer_resume(run.trainer, other_path, &problem), HB_ERR_STATE);
    assert_non_null(strstr(problem.text, "version=3"));
    assert_int_equal(model_trainer_state(run.trainer).step, 0);
    town_end(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resumed_run_gives_the_same_bytes),
        cmocka_unit_test(a_checkpoint_cut_anywhere_is_refused),
        cmocka_unit_test(no_flipped_byte_goes_unnoticed),
        cmocka_unit_test(another_data_set_or_version_is_refused),
    };
    return cmocka_run_group_tests_name("models/checkpoint", tests, make_folder, remove_folder);
}
