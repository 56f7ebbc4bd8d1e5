/* Convolutions and fully connected layers with int16 activations, int8 weights and 64-bit sums. */
#ifndef KIT_CONV_S16_H
#define KIT_CONV_S16_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* sum * multiplier / 2^right rounded, halves up: the reference's rescaling of 64-bit sums. */
static inline int32_t kit_requantize_wide(int64_t sum, int32_t multiplier, int32_t right) {
    return (int32_t)((sum * multiplier + ((int64_t)1 << (right - 1))) >> right);
}

struct kit_conv_s16_params {
    int32_t batches, in_h, in_w, in_channels, out_h, out_w, out_channels;
    int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_h, pad_w;
    int32_t filter_channels; /* of one filter; in_channels unless the convolution is grouped; 1: depthwise */
    int32_t filter_channel_step, filter_tap_step, filter_step; /* strides of the weights */
    int32_t lo, hi;
    const int8_t *weights;
    const int64_t *bias;       /* out_channels */
    const int16_t *multiplier; /* the upper 16 bits of the usual one, rounded */
    const int8_t *right;       /* 1 … 46 */
};

void kit_conv_s16(const struct kit_conv_s16_params *p, const int16_t *in, int16_t *out);

#ifdef __cplusplus
}
#endif
#endif
