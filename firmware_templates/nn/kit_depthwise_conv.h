/* Depthwise 2-D convolution of int8 tensors in NHWC order, per channel quantised. */
#ifndef KIT_DEPTHWISE_CONV_H
#define KIT_DEPTHWISE_CONV_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What `weights` and `channels` are is told at each function. */
struct kit_depthwise_conv_params {
    const KIT_CONST int8_t *weights;
    const KIT_CONST int32_t *channels;
    int8_t input_zero_point, output_zero_point, output_min, output_max;
    uint16_t batches;
    uint16_t input_height, input_width, input_channels;
    uint16_t output_height, output_width;
    uint16_t depth_multiplier;
    uint16_t kernel_height, kernel_width;
    uint16_t stride_height, stride_width;
    uint16_t dilation_height, dilation_width;
    uint16_t pad_top, pad_left;
    uint16_t run; /* pixels of a row that the kernel works on at a time, where it says so */
};

/* Any shape, stride, dilation, padding and multiplier, in portable C. weights: [kernel y][kernel x][output
 * channel]; output channel c reads input channel c / multiplier. channels: bias and scale (see kit_scale_s8);
 * the input zero point is folded into the biases. scratch: the bytes of one window. Reads a pixel's window
 * before it writes its outputs. */
void kit_depthwise_conv_s8(const KIT_CONST struct kit_depthwise_conv_params *p, const int8_t *input,
                           int8_t *output, void *scratch);

/* The same for kernels of 3x3 with no horizontal dilation and multiplier 1, on a multiple of four channels.
 * weights: [channel][kernel x][kernel y]. scratch: 12 bytes for each column under a run, of which there are
 * (run - 1) * stride_width + 3. Reads the windows of a run while it writes the run's outputs. */
void kit_depthwise_conv_s8_3x3(const struct kit_depthwise_conv_params *p, const int8_t *input, int8_t *output,
                               void *scratch);

/* The same for machines that load bytes without their signs; the biases lack 128 for each weight, and a run
 * has at most 24 pixels. */
void kit_depthwise_conv_s8_3x3_unsigned(const struct kit_depthwise_conv_params *p, const int8_t *input,
                                        int8_t *output, void *scratch);

/* The same for machines with the DSP extension, multiplier 1. `channels` are the biases, filled up with zeros
 * to a multiple of four, NULL when all are 0 (as between the two halves of a separable convolution);
 * `weights` is, for each four channels (the last filled up with zeros): for each column of the kernel, for
 * each two rows, a word with channels 0 and 1 of both rows (0, 1, 0, 1) and one with 2 and 3, for the last of
 * an odd number of rows a word with channels 0 to 3; shifts, a byte each; doubled multipliers (see
 * kit_simd.h).
 * scratch: 4 * (kernel_height / 2) + 2 * (kernel_height % 2) words a column, for the kernel_width columns of
 * the weights and the (run - 1) * stride_width + (kernel_width - 1) * dilation_width + 1 columns under a run.
 * Reads the windows of a run while it writes the run's outputs. */
void kit_depthwise_conv_s8_dsp(const struct kit_depthwise_conv_params *p, const int8_t *input, int8_t *output,
                               void *scratch);

/* The same for kernels of 3x3 with no horizontal dilation, on a multiple of four channels. */
void kit_depthwise_conv_s8_3x3_dsp(const struct kit_depthwise_conv_params *p, const int8_t *input,
                                   int8_t *output, void *scratch);

/* The same for kernels of one row that always lies inside the input, with no horizontal dilation, on a
 * multiple of four channels. */
void kit_depthwise_conv_s8_row_dsp(const struct kit_depthwise_conv_params *p, const int8_t *input,
                                   int8_t *output, void *scratch);

/* The same for machines with the vector extension, multiplier 1, at least eight channels. `weights` as in the
 * model. `channels`: for each eight channels (the last eight may overlap those before) biases, multipliers
 * and shifts (0 or negative) of channels 0, 2, 4, 6, 1, 3, 5, 7 of the eight. Reads one window a pixel and
 * writes the pixel's channels in ascending order, sixteen or eight at a time. */
void kit_depthwise_conv_s8_mve(const struct kit_depthwise_conv_params *p, const int8_t *input,
                               int8_t *output);

#ifdef __cplusplus
}
#endif
#endif
