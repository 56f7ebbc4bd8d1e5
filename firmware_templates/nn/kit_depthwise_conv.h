/* Depthwise 2-D convolution of int8 tensors in NHWC order, per channel quantised. */
#ifndef KIT_DEPTHWISE_CONV_H
#define KIT_DEPTHWISE_CONV_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* weights: [kernel y][kernel x][output channel]; output channel c reads input channel c / multiplier.
 * channels: bias, multiplier and shift of each output channel, three words a channel. */
struct kit_depthwise_conv_params {
    const int8_t *weights;
    const int32_t *channels;
    int8_t input_zero_point, output_zero_point, output_min, output_max;
    uint16_t batches;
    uint16_t input_height, input_width, input_channels;
    uint16_t output_height, output_width;
    uint16_t depth_multiplier;
    uint16_t kernel_height, kernel_width;
    uint16_t stride_height, stride_width;
    uint16_t dilation_height, dilation_width;
    uint16_t pad_top, pad_left;
};

/* Any shape, stride, dilation, padding and multiplier, in portable C. Reads one window a pixel and writes the
 * pixel's channels in ascending order, while it still reads that window. */
void kit_depthwise_conv_s8(const struct kit_depthwise_conv_params *p, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif
#endif
