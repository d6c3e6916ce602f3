/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_PART_H
#define DATA_PART_H

#include <stdio.h>

#include "data/problem.h"

/* A file that is being written: NAME.part-PID-K beside NAME, under its own name only when whole
 * and on the disk. Every file that the program leaves for a user to read goes through here. The
 * writer holds a lock (flock) on its part; a part without one is what a killed writer left, and
 * goes when the same name is written again. Two writers of one name do not meet: the later
 * commit stays. */
struct data_part;

enum data_part_access {
    DATA_PART_PUBLIC, /* as the umask allows */
    DATA_PART_PRIVATE /* the owner's alone */
};

/* HB_ERR_IO (also if path is there and no regular file), HB_ERR_MEMORY. */
enum hb_status data_part_create(const char *path, enum data_part_access access,
    struct data_part **out, struct data_problem *problem);

/* Where it grows, for writers that want a name. */
const char *data_part_path(const struct data_part *part);
/* The same as a stream, which is the part's. NULL: no memory. */
FILE *data_part_stream(struct data_part *part);
/* 0, or -1 with errno. */
int data_part_write(struct data_part *part, const void *bytes, size_t count);

/* To the disk, then to its name, replacing what was there. Whatever happens the part is freed;
 * on failure nothing is left of it. HB_ERR_IO. */
enum hb_status data_part_commit(struct data_part *part, struct data_problem *problem);
/* What killed writers of a name have left beside it goes. */
void data_part_sweep(const char *path);
/* Given up: nothing is left of it. */
void data_part_free(struct data_part *part);

#endif
