/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/features.h"
#include "core/lstm_tensor.h"
#include "data/model.h"
#include "data/model_onnx.h"
#include "data/model_tensors.h"
#include "sim/cli/cli.h"

static const char help[]
    = "usage: harbinger model MODEL\n"
      "       harbinger model export MODEL -o FILE.safetensors|FILE.onnx\n"
      "       harbinger model import FILE.safetensors [--like MODEL] -o MODEL\n\n"
      "Shows a trained model's card; writes it for other programs; takes it back.\n"
      "  FILE.safetensors  weights under PyTorch's names and in its layout, the tables of places,\n"
      "                    the card as metadata: back and forth gives the same bytes\n"
      "  FILE.onnx         the network between features and probabilities, operator set 13\n"
      "  --like MODEL      where tables, temperatures and card come from if FILE has only weights\n"
      "  -o FILE           replaces FILE; it appears when it is whole\n";

struct request {
    const char *in, *out, *like;
};

/* 0, or 2 after a complaint. */
static int parse(int argc, char **argv, struct request *request)
{
    for (int i = 0; i < argc; i++) {
        int has_value = i + 1 < argc;
        if (strcmp(argv[i], "-o") == 0 && has_value) {
            request->out = argv[++i];
        } else if (strcmp(argv[i], "--like") == 0 && has_value) {
            request->like = argv[++i];
        } else if (argv[i][0] != '-' && request->in == NULL) {
            request->in = argv[i];
        } else {
            fprintf(stderr, "harbinger model: %s: expected no such argument; see --help\n",
                argv[i]);
            return 2;
        }
    }
    if (request->in == NULL || request->out == NULL) {
        fprintf(stderr, "harbinger model: found no %s: expected one; see --help\n",
            request->in == NULL ? "file to read" : "-o FILE");
        return 2;
    }
    return 0;
}

static int has_end(const char *path, const char *end)
{
    size_t length = strlen(path), wanted = strlen(end);
    return length > wanted && strcmp(path + length - wanted, end) == 0;
}

static enum hb_status run_export(const struct request *request, struct data_problem *problem)
{
    struct data_model *model = NULL;
    enum hb_status status = data_model_read(request->in, &model, problem);
    if (status == HB_OK) {
        status = has_end(request->out, ".onnx")
            ? data_model_onnx_write(request->out, model, problem)
            : data_model_tensors_write(request->out, model, problem);
    }
    data_model_free(model);
    return status;
}

static enum hb_status run_import(const struct request *request, struct data_problem *problem)
{
    struct data_model *like = NULL, *model = NULL;
    enum hb_status status = HB_OK;
    if (request->like != NULL) {
        status = data_model_read(request->like, &like, problem);
    }
    if (status == HB_OK) {
        status = data_model_tensors_read(request->in, like, &model, problem);
    }
    if (status == HB_OK) {
        status = data_model_write(request->out, data_model_weights(model),
            data_model_geography(model), data_model_card(model), problem);
    }
    data_model_free(model);
    data_model_free(like);
    return status;
}

static uint64_t weight_count(const struct hb_lstm_model *model)
{
    struct hb_lstm_tensor tensors[HB_LSTM_TENSORS_MAX];
    uint32_t count = hb_lstm_tensors(&model->shape, tensors);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const float *at;
        memcpy(&at, (const char *)model + tensors[i].offset, sizeof at);
        sum += at != NULL ? hb_lstm_tensor_len(&tensors[i]) : 0;
    }
    return sum;
}

static enum hb_status show(const char *path, struct data_problem *problem)
{
    struct data_model *model = NULL;
    enum hb_status status = data_model_read(path, &model, problem);
    if (status != HB_OK) {
        return status;
    }
    const struct data_model_card *card = data_model_card(model);
    const struct hb_lstm_model *weights = data_model_weights(model);
    const struct hb_lstm_shape *s = &weights->shape;
    char masked[HB_FEATURES_TEXT_BYTES];
#define X(name, text) printf("%-12s %s\n", #name, card->name);
    DATA_MODEL_CARD_LIST(X)
#undef X
    printf("%-12s %" PRIu64 ", %" PRId64 " steps\n", "seed", card->seed, card->trained_steps);
    printf("%-12s %u places, %u of them learned; %u layers of %u units, embedding %u; %" PRIu64
           " weights\n", "network", weights->tables.place_count, s->vocabulary_count,
        s->layer_count, s->units, s->embedding, weight_count(weights));
    printf("%-12s candidates %s, vocabulary %s\n", "heads", s->score1_size > 0 ? "yes" : "no",
        weights->vocabulary.bias != NULL ? "yes" : "no");
    hb_features_text(weights->tables.masked, masked, sizeof masked);
    printf("%-12s %s\n", "without", masked[0] != '\0' ? masked : "nothing masked");
    printf("%-12s %s\n", "digest", data_model_digest(model));
    data_model_free(model);
    return HB_OK;
}

int cli_model(int argc, char **argv)
{
    struct request request = { .in = NULL };
    struct data_problem problem = { "" };
    enum hb_status status;
    int is_export = argc > 1 && strcmp(argv[1], "export") == 0;
    int is_import = argc > 1 && strcmp(argv[1], "import") == 0;
    if (argc >= 2 && strcmp(argv[argc - 1], "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    if ((is_export || is_import) && parse(argc - 2, argv + 2, &request) != 0) {
        return 2;
    }
    if (is_export && !has_end(request.out, ".safetensors") && !has_end(request.out, ".onnx")) {
        fprintf(stderr, "harbinger model export: -o %s: expected a name that ends in "
                        ".safetensors or .onnx\n", request.out);
        return 2;
    }
    if (!is_export && !is_import && (argc != 2 || argv[1][0] == '-')) {
        fputs(help, stderr);
        return 2;
    }
    status = is_export ? run_export(&request, &problem)
        : is_import    ? run_import(&request, &problem)
                       : show(argv[1], &problem);
    if (status != HB_OK) {
        fprintf(stderr, "%s\n", problem.text[0] != '\0' ? problem.text : hb_status_text(status));
        return 1;
    }
    return 0;
}
