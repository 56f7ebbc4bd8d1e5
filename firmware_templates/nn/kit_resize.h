/* Bilinear interpolation of NHWC images. */
#ifndef KIT_RESIZE_H
#define KIT_RESIZE_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Positions are in 1/1024 of an input pixel: index * step + start. */
struct kit_resize_bilinear_s8_params {
    int32_t batches, in_h, in_w, channels, out_h, out_w;
    int32_t step_y, start_y, step_x, start_x;
};

void kit_resize_bilinear_s8(const struct kit_resize_bilinear_s8_params *p, const int8_t *in, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
