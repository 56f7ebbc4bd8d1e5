/* Average and maximum over windows of NHWC pixels. */
#ifndef KIT_POOL_H
#define KIT_POOL_H

#include "kit_fixedpoint.h"
#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Pixels outside the input do not count. */
struct kit_pool_params {
    int32_t batches, in_h, in_w, channels;
    int32_t out_h, out_w;
    int32_t window_h, window_w, stride_h, stride_w, pad_h, pad_w;
    int32_t lo, hi;
};

void kit_average_pool_s8(const KIT_CONST struct kit_pool_params *p, const int8_t *in, int8_t *out);
void kit_average_pool_s8_dsp(const struct kit_pool_params *p, const int8_t *in, int8_t *out);
void kit_max_pool_s8(const KIT_CONST struct kit_pool_params *p, const int8_t *in, int8_t *out);
void kit_max_pool_s8_dsp(const struct kit_pool_params *p, const int8_t *in, int8_t *out);
void kit_average_pool_s16(const struct kit_pool_params *p, const int16_t *in, int16_t *out);
void kit_max_pool_s16(const struct kit_pool_params *p, const int16_t *in, int16_t *out);

/* The part of a window that lies inside the input. */
struct kit_pool_taps {
    int32_t rows, columns;
    int32_t next_row; /* elements from behind the last column to the next row's first */
};

/* Calls `pixel` for each output pixel in order with the window's first element inside the input; it returns
 * the place of the next output. */
static inline void
kit_pool_walk(const KIT_CONST struct kit_pool_params *p, const void *in, void *out, int32_t element_bytes,
              void *(*pixel)(const KIT_CONST struct kit_pool_params *p, const struct kit_pool_taps *taps,
                             const void *in, void *out)) {
    const uint8_t *image = (const uint8_t *)in;
    const int32_t pixel_bytes = p->channels * element_bytes;
    int32_t b, y, x;
    for (b = 0; b < p->batches; b++, image += p->in_h * p->in_w * pixel_bytes) {
        for (y = 0; y < p->out_h; y++) {
            const int32_t top = y * p->stride_h - p->pad_h, bottom = top + p->window_h;
            const int32_t y0 = top > 0 ? top : 0, y1 = bottom < p->in_h ? bottom : p->in_h;
            for (x = 0; x < p->out_w; x++) {
                const int32_t left = x * p->stride_w - p->pad_w, right = left + p->window_w;
                const int32_t x0 = left > 0 ? left : 0, x1 = right < p->in_w ? right : p->in_w;
                struct kit_pool_taps taps;
                taps.rows = y1 - y0;
                taps.columns = x1 - x0;
                taps.next_row = (p->in_w - taps.columns) * p->channels;
                out = pixel(p, &taps, image + (y0 * p->in_w + x0) * pixel_bytes, out);
            }
        }
    }
}

/* sum / count rounded, halves away from zero. */
static inline int32_t kit_pool_average(const KIT_CONST struct kit_pool_params *p, int32_t sum,
                                       int32_t count) {
    const int32_t half = count / 2;
    return kit_clamp((sum > 0 ? sum + half : sum - half) / count, p->lo, p->hi);
}

#ifdef __cplusplus
}
#endif
#endif
