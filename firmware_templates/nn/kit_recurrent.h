/* Layers with a state that lives from one call to the next. */
#ifndef KIT_RECURRENT_H
#define KIT_RECURRENT_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kit_svdf_params {
    int32_t batches, inputs, units, rank, memory;
    int32_t zero_in, zero_state, zero;
    const int8_t *feature_weights; /* units * rank, inputs */
    const int32_t *bias;           /* units */
    int32_t feature_multiplier, feature_shift, multiplier, shift;
};

struct kit_svdf_s8_params {
    struct kit_svdf_params common;
    const int8_t *time_weights; /* units * rank, memory */
};

struct kit_svdf_s16_params {
    struct kit_svdf_params common;
    const int16_t *time_weights; /* units * rank, memory */
};

/* state: batches, units * rank, memory; the newest value last. */
void kit_svdf_s8(const struct kit_svdf_s8_params *p, const int8_t *in, int8_t *out, int8_t *state);
void kit_svdf_s16(const struct kit_svdf_s16_params *p, const int8_t *in, int8_t *out, int16_t *state);

struct kit_lstm_gate {
    const int8_t *input_weights;     /* state, inputs */
    const int8_t *recurrent_weights; /* state, state */
    const int32_t *bias;             /* state; the input's zero point is folded in */
    const int32_t *recurrent_bias;   /* state; what the zero point of the hidden state adds */
    int32_t input_multiplier, input_shift, recurrent_multiplier, recurrent_shift; /* -> 2^-12 */
};

struct kit_lstm_s8_params {
    int32_t batches, steps, inputs, state;
    int32_t in_batch, in_step, out_batch, out_step; /* strides */
    struct kit_lstm_gate input, forget, cell, output;
    int32_t forget_multiplier, forget_shift; /* forget gate * cell state -> cell state */
    int32_t input_multiplier, input_shift;   /* input gate * cell gate -> cell state */
    int32_t output_multiplier, output_shift; /* tanh * output gate -> hidden state */
    int32_t zero;                            /* of the hidden state */
    int32_t cell_clip;                       /* 0: none */
    int32_t tanh_multiplier, tanh_shift;     /* cell state -> input of the table of tanh */
    const uint16_t *sigmoid;                 /* 256: 65536 / (1 + exp(-i / 24)) */
};

/* One call runs all time steps. hidden and cell: batches, state. */
void kit_lstm_s8(const struct kit_lstm_s8_params *p, const int8_t *in, int8_t *out, int8_t *hidden,
                 int16_t *cell);

#ifdef __cplusplus
}
#endif
#endif
