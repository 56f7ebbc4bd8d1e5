/* Fully connected layers of int8 tensors: rows of inputs times a matrix of weights. (The portable form is
 * kit_conv_s8, a 1x1 convolution.) */
#ifndef KIT_FULLY_CONNECTED_H
#define KIT_FULLY_CONNECTED_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kit_fully_connected_params {
    const KIT_CONST int8_t *weights;
    const KIT_CONST int32_t *table; /* what it is is told at each function */
    int8_t input_zero_point, output_zero_point, output_min, output_max;
    uint16_t rows;
    uint16_t inputs; /* of a row */
    uint16_t outputs;
    uint16_t one_scale; /* kit_fully_connected_s8_mve: one multiplier and shift for all channels */
};

struct kit_fully_connected_dsp_params {
    const KIT_CONST int8_t *weights;
    int32_t doubled; /* twice the multiplier of all channels (see kit_simd.h), 0 when each has its own */
    int8_t input_zero_point, output_zero_point, output_min, output_max;
    uint16_t rows;
    uint16_t inputs; /* of a row */
    uint16_t outputs;
    uint16_t shift; /* n - 1 of all channels, n the right shift */
};

/* For machines with the DSP extension. `weights` is the stream of kit_dot_dsp.h, filled up to whole blocks,
 * with multipliers and shifts only where each channel has its own; `inputs` is a multiple of four. Reads a
 * row while it writes the row's outputs in ascending order, four at a time. */
void kit_fully_connected_s8_dsp(const struct kit_fully_connected_dsp_params *p, const int8_t *input,
                                int8_t *output);

/* For machines of 8 bits, which multiply no more at once. `weights` as in the model; `table`: of each output
 * its bias, with the input zero point folded in, and its scale (see kit_scale_s8). Two products are added
 * before they are widened: of the weights 2 k and 2 k + 1 of an output not both are -128. Reads a row while
 * it writes the row's outputs. */
void kit_fully_connected_s8_narrow(const KIT_CONST struct kit_fully_connected_params *p, const int8_t *input,
                                   int8_t *output);

/* For machines with the vector extension. `weights` as in the model, filled up with zeros to a multiple of
 * four outputs, `table` that of kit_mve.h with the input zero point folded into the biases. Reads a row while
 * it writes the row's outputs. */
void kit_fully_connected_s8_mve(const struct kit_fully_connected_params *p, const int8_t *input,
                                int8_t *output);

#ifdef __cplusplus
}
#endif
#endif
