/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_LSTM_IMPL_H
#define MODEL_LSTM_IMPL_H

#include "models/lstm.h"

struct model_lstm_packed {
    size_t inputs, units, features;
    float *input;          /* W_ih^T of the rows: (inputs - features) x 4 units */
    float *recurrent;      /* W_hh^T over W_ih^T of the features: (units + features) x 4 units */
    float *own;            /* W_ih^T of the features: features x 4 units */
    float *input_back;     /* W_ih of the rows: 4 units x (inputs - features) */
    float *recurrent_back; /* W_hh: 4 units x units */
    float *beside;         /* [4 units][units + features]: both of recurrent as they are packed */
    float *bias;           /* [4 units] */
};

struct model_lstm_tape {
    size_t row;         /* floats of a row of gates: 4 units, padded off the powers of 2 */
    size_t state_row;   /* of a row of states */
    float *gates;       /* [tokens][row]; sums, gates, then their derivatives */
    float *shared;      /* [rows][row] what tokens share of the sums, then of the derivatives */
    float *c;           /* [(steps + 1) * batch][units]; block 0 is the zero state */
    float *states;      /* [(steps + 1) * batch][state_row]: h before, features of a token */
    float *dc;          /* [batch][units] */
    float *own_sums;    /* [4 units][state_row] derivatives of the weights of states */
    float *packed_h, *packed_rows; /* right sides of those: states and rows */
};

/* Part of 0..n in steps of unit. */
struct model_lstm_range model_lstm_range_of(size_t n, size_t unit, struct model_lstm_part part);

#endif
