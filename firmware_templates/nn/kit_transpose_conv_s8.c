#include "kit_transpose_conv.h"

#include "kit_fixedpoint.h"

/* The window seen from one output row or column: tap `tap` meets input `at`, tap + stride meets at - 1, and
 * so on. */
struct taps {
    int32_t tap, at;
};

static struct taps meet(int32_t out, int32_t pad, int32_t stride, int32_t size) {
    struct taps t;
    t.tap = (out + pad) % stride;
    t.at = (out + pad) / stride;
    for (; t.at >= size; t.at--) {
        t.tap += stride;
    }
    return t;
}

void kit_transpose_conv_s8(const struct kit_transpose_conv_s8_params *p, const int8_t *in, int8_t *out) {
    int32_t b, y, x, o, ky, kx, iy, ix, c;
    for (b = 0; b < p->batches; b++, in += p->in_h * p->in_w * p->in_channels) {
        for (y = 0; y < p->out_h; y++) {
            const struct taps ty = meet(y, p->pad_h, p->stride_h, p->in_h);
            for (x = 0; x < p->out_w; x++) {
                const struct taps tx = meet(x, p->pad_w, p->stride_w, p->in_w);
                for (o = 0; o < p->out_channels; o++) {
                    const int8_t *filter = p->weights + o * p->kernel_h * p->kernel_w * p->in_channels;
                    int32_t sum = p->bias[o], result;
                    for (ky = ty.tap, iy = ty.at; ky < p->kernel_h && iy >= 0; ky += p->stride_h, iy--) {
                        for (kx = tx.tap, ix = tx.at; kx < p->kernel_w && ix >= 0; kx += p->stride_w, ix--) {
                            const int8_t *w = filter + (ky * p->kernel_w + kx) * p->in_channels;
                            const int8_t *pixel = in + (iy * p->in_w + ix) * p->in_channels;
                            for (c = 0; c < p->in_channels; c++) {
                                sum += w[c] * (pixel[c] - p->zero_in);
                            }
                        }
                    }
                    result = kit_requantize(sum, p->multiplier[o], p->shift[o]) + p->zero;
                    *out++ = (int8_t)kit_clamp(result, p->lo, p->hi);
                }
            }
        }
    }
}
