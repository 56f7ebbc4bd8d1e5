/* Transposed convolution of NHWC images. */
#ifndef KIT_TRANSPOSE_CONV_H
#define KIT_TRANSPOSE_CONV_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kit_transpose_conv_s8_params {
    int32_t batches, in_h, in_w, in_channels, out_h, out_w, out_channels;
    int32_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w;
    int32_t zero_in, zero, lo, hi;
    const int8_t *weights; /* out_channels, kernel_h, kernel_w, in_channels */
    const int32_t *bias;   /* out_channels */
    const int32_t *multiplier;
    const int8_t *shift;
};

void kit_transpose_conv_s8(const struct kit_transpose_conv_s8_params *p, const int8_t *in, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
