/* 2-D convolution of int8 tensors in NHWC order, per output channel quantised. A fully connected layer is the
 * 1x1 convolution of `batches` pixels. */
#ifndef KIT_CONV_H
#define KIT_CONV_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What `weights` and `channels` are is told at each function. */
struct kit_conv_params {
    const KIT_CONST int8_t *weights;
    const KIT_CONST int32_t *channels;
    int8_t input_zero_point, output_zero_point, output_min, output_max;
    uint16_t batches;
    uint16_t groups;
    uint16_t input_height, input_width;
    uint16_t filter_channels; /* input channels of one group */
    uint16_t output_height, output_width;
    uint16_t group_outputs; /* output channels of one group */
    uint16_t kernel_height, kernel_width;
    uint16_t stride_height, stride_width;
    uint16_t dilation_height, dilation_width;
    uint16_t pad_top, pad_left;
    uint16_t one_scale; /* kit_conv_s8 and _mve: one multiplier and shift for all channels */
};

/* Whether every pixel that a 1x1 kernel asks for lies inside the input; padding may be behind it only. */
static inline int kit_conv_inside(const KIT_CONST struct kit_conv_params *p) {
    return p->pad_top == 0 && p->pad_left == 0 &&
           (p->output_height - 1) * p->stride_height < p->input_height &&
           (p->output_width - 1) * p->stride_width < p->input_width;
}

/* Whether a 1x1 kernel reads each pixel of the input once, in order, so that rows and images need not be told
 * apart. */
static inline int kit_conv_pointwise(const KIT_CONST struct kit_conv_params *p) {
    return p->kernel_height * p->kernel_width == 1 && kit_conv_inside(p) &&
           p->input_height == p->output_height && p->input_width == p->output_width;
}

/* Any shape, stride, dilation, padding and number of groups, in portable C.
 * weights: for each group, beginning at a word, blocks of four output channels, [kernel y][kernel x][filter
 * channel][4], then the channels that are left over one by one, [kernel y][kernel x][filter channel].
 * channels: in the same order, of each block four biases, with the input zero point folded in, and four
 * scales (see kit_scale_s8), of each channel left over its bias and its scale; with `one_scale`, for one
 * group only, four equal scales and then the biases. scratch: the bytes of one group's window, in one group
 * those of two windows that start at words; not used for a 1x1 kernel without padding. In one group works on
 * two pixels at a time: reads their windows before it writes their outputs, 1x1 without padding while it
 * writes them; in groups works on one, and reads its window while it writes its outputs. */
void kit_conv_s8(const KIT_CONST struct kit_conv_params *p, const int8_t *input, int8_t *output,
                 void *scratch);

/* The same for machines that load bytes without their signs. `weights` have 128 added: for each group blocks
 * of four output channels (the last filled up), [inputs of a window][4], the inputs filled up with zeros to a
 * multiple of four. `channels`: for each group biases
 * of whole blocks, which lack 128 for each weight, and the scales of its channels, or one with `one_scale`.
 * scratch: of
 * windows of whole words, the bytes of three, of two for a 1x1 kernel without padding on whole words; not
 * used for one pixel of these. That one is read while its outputs are written, so is a group; else two
 * pixels' windows are read before their outputs are written. */
void kit_conv_s8_unsigned(const struct kit_conv_params *p, const int8_t *input, int8_t *output,
                          void *scratch);

/* The same in one group for machines with the DSP extension. `weights` is the stream of kit_dot_dsp.h, where
 * each row of the kernel (width times channels) is filled up to a multiple of four inputs; `channels` is not
 * used. scratch: four bytes for each of these inputs, and, but for a 1x1 kernel on whole words, two bytes for
 * each of one row. Reads two pixels' windows before it writes their outputs. */
void kit_conv_s8_dsp(const struct kit_conv_params *p, const int8_t *input, int8_t *output, void *scratch);

/* The same for a 1x1 kernel on whole words, without padding and stride: for models with no other
 * convolutions.
 */
void kit_conv_s8_1x1_dsp(const struct kit_conv_params *p, const int8_t *input, int8_t *output, void *scratch);

/* The same in one group for machines with the vector extension. weights: blocks of four channels (the last
 * filled up with zeros): for each sixteen inputs of a window (the last filled up too) those of one channel
 * after the other. `channels` is the table of kit_mve.h with the input zero point folded into the biases.
 * scratch: the bytes of two windows. Reads two pixels' windows before it writes their outputs. */
void kit_conv_s8_mve(const struct kit_conv_params *p, const int8_t *input, int8_t *output, void *scratch);

#ifdef __cplusplus
}
#endif
#endif
