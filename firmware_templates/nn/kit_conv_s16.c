#include "kit_conv_s16.h"

#include "kit_fixedpoint.h"

/* One output of the window whose first tap lies at row y, column x (maybe outside the input). */
static int64_t sum_of(const struct kit_conv_s16_params *p, const int16_t *in, const int8_t *filter, int32_t y,
                      int32_t x) {
    int64_t sum = 0;
    int32_t ky, kx, c;
    for (ky = 0; ky < p->kernel_h; ky++, y += p->dilation_h) {
        int32_t column = x;
        for (kx = 0; kx < p->kernel_w; kx++, column += p->dilation_w, filter += p->filter_tap_step) {
            if (y >= 0 && y < p->in_h && column >= 0 && column < p->in_w) {
                const int16_t *pixel = in + (y * p->in_w + column) * p->in_channels;
                const int8_t *w = filter;
                for (c = 0; c < p->filter_channels; c++, w += p->filter_channel_step) {
                    sum += pixel[c] * *w;
                }
            }
        }
    }
    return sum;
}

void kit_conv_s16(const struct kit_conv_s16_params *p, const int16_t *in, int16_t *out) {
    const int32_t group =
        p->out_channels / (p->in_channels / p->filter_channels); /* outputs that share inputs */
    int32_t b, y, x, o, c, g;
    for (b = 0; b < p->batches; b++, in += p->in_h * p->in_w * p->in_channels) {
        for (y = 0; y < p->out_h; y++) {
            for (x = 0; x < p->out_w; x++) {
                const int32_t top = y * p->stride_h - p->pad_h, left = x * p->stride_w - p->pad_w;
                for (o = 0, c = 0; o < p->out_channels; c += p->filter_channels) {
                    for (g = 0; g < group; g++, o++) {
                        const int64_t sum =
                            p->bias[o] + sum_of(p, in + c, p->weights + o * p->filter_step, top, left);
                        const int32_t result = kit_requantize_wide(sum, p->multiplier[o], p->right[o]);
                        *out++ = (int16_t)kit_clamp(result, p->lo, p->hi);
                    }
                }
            }
        }
    }
}
