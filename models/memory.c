/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/memory.h"

#include "core/lstm_vector.h"

float *model_memory_untouched(size_t count)
{
    return hb_lstm_memory_untouched(count, sizeof(float));
}

float *model_memory_floats(size_t count)
{
    return hb_lstm_memory(count, sizeof(float));
}
