/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef DATA_H5_FILE_H
#define DATA_H5_FILE_H

/* Shared by h5.c, h5_write.c and h5_read.c only. HDF5's handles are int64_t. */
#include "data/h5.h"
#include "data/part.h"

struct data_h5 {
    char *path;
    struct data_part *part; /* of a file being written; NULL: opened for reading */
    int64_t id;
    uint64_t file_bytes; /* of a file that is read */
};

/* Once a process: no messages by HDF5 itself, no plug-ins from the file's wishes. */
void data_h5_start(void);

/* The dataset at path, or -1 with *status and the sentence. */
int64_t data_h5_dataset(const struct data_h5 *file, const char *path,
    struct data_problem *problem, enum hb_status *status);
/* A type of text of that many bytes (at least 1), NUL-padded UTF-8. */
int64_t data_h5_text_type(size_t bytes);
/* A text attribute of an open object; 0 or -1. */
int data_h5_attribute_put(int64_t object, const char *name, const char *text);
/* HB_ERR_IO and its sentence, with errno's reason. */
enum hb_status data_h5_failed(const struct data_h5 *file, const char *path,
    struct data_problem *problem);

#endif
