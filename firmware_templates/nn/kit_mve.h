/* Building blocks for machines with the M-profile vector extension (Armv8.1-M), with portable twins, so that
 * the kernels run on any machine. Source: Armv8-M Architecture Reference Manual (DDI 0553), chapter C2. */
#ifndef KIT_MVE_H
#define KIT_MVE_H

#include <stdint.h>

#include "kit_fixedpoint.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define KIT_MVE 1
#include <arm_mve.h>
#else
#define KIT_MVE 0
#endif

/* How the outputs of a layer are made from its accumulators. `table` has bias, multiplier and shift of all
 * channels, one array after the other, each filled up to a multiple of eight channels; no shift is to the
 * left. */
struct kit_outputs {
    const int32_t *table;
    int32_t channels, stride; /* number of channels; of words in each of the three arrays */
    int32_t zero, min, max;
};

#if KIT_MVE
/* Requantisation with two roundings: VQRDMULH is the first. VRSHL rounds ties up, those of negative values
 * have to go down: where the value is negative and there is a shift, 1 is taken off before. */
static inline int32x4_t kit_requantize_mve(int32x4_t acc, int32x4_t multiplier, int32x4_t shift,
                                           int32_t zero) {
    const int32x4_t t = vqrdmulhq_s32(acc, multiplier);
    const int32x4_t away = vshrq_n_s32(vandq_s32(t, shift), 31);
    return vaddq_n_s32(vrshlq_s32(vqaddq_s32(t, away), shift), zero);
}

/* Every second of eight words: table[0], table[2], table[4], table[6]. */
static inline int32x4_t kit_every_second(const int32_t *table) {
    return vldrwq_gather_shifted_offset_s32(table, vidupq_n_u32(0, 2));
}
#endif

/* All outputs of one pixel: for each channel the dot product of n inputs with n weights, channel after
 * channel. */
static inline void kit_pixel_mve(const struct kit_outputs *o, const int8_t *x, const int8_t *weights,
                                 int32_t n, int8_t *output) {
    int32_t c;
#if KIT_MVE
    /* Four channels share the load of the inputs: 64 products in 9 instructions. The last four may overlap
     * those before; with less than four in all some are computed twice and not stored. */
    const int32_t to_1 = o->channels > 1 ? n : 0, to_2 = to_1 + (o->channels > 2 ? n : 0),
                  to_3 = to_2 + (o->channels > 3 ? n : 0);
    for (c = 0; c < o->channels; c += 4) {
        const int32_t last = o->channels - 4, first = c < last || last < 0 ? c : last;
        const int32_t *const table = o->table + first;
        const int8_t *in = x, *w0 = weights + first * n, *w1 = w0 + to_1, *w2 = w0 + to_2, *w3 = w0 + to_3;
        int32_t a0 = table[0], a1 = table[1], a2 = table[2], a3 = table[3], i;
        int32x4_t acc;
        for (i = n / 16; i > 0; i--) {
            const int8x16_t v = vld1q_s8(in);
            a0 = vmladavaq_s8(a0, v, vld1q_s8(w0));
            a1 = vmladavaq_s8(a1, v, vld1q_s8(w1));
            a2 = vmladavaq_s8(a2, v, vld1q_s8(w2));
            a3 = vmladavaq_s8(a3, v, vld1q_s8(w3));
            in += 16;
            w0 += 16;
            w1 += 16;
            w2 += 16;
            w3 += 16;
        }
        if (n % 16) {
            const mve_pred16_t inside = vctp8q((uint32_t)(n % 16));
            const int8x16_t v = vldrbq_z_s8(in, inside);
            a0 = vmladavaq_s8(a0, v, vldrbq_z_s8(w0, inside));
            a1 = vmladavaq_s8(a1, v, vldrbq_z_s8(w1, inside));
            a2 = vmladavaq_s8(a2, v, vldrbq_z_s8(w2, inside));
            a3 = vmladavaq_s8(a3, v, vldrbq_z_s8(w3, inside));
        }
        acc = vsetq_lane_s32(a0, vuninitializedq_s32(), 0);
        acc = vsetq_lane_s32(a1, acc, 1);
        acc = vsetq_lane_s32(a2, acc, 2);
        acc = vsetq_lane_s32(a3, acc, 3);
        acc =
            kit_requantize_mve(acc, vld1q_s32(table + o->stride), vld1q_s32(table + 2 * o->stride), o->zero);
        acc = vminq_s32(vmaxq_s32(acc, vdupq_n_s32(o->min)), vdupq_n_s32(o->max));
        vstrbq_p_s32(output + first, acc, vctp32q((uint32_t)(o->channels - first)));
    }
#else
    for (c = 0; c < o->channels; c++, weights += n) {
        const int32_t *const table = o->table + c;
        int32_t acc = table[0], i;
        for (i = 0; i < n; i++) {
            acc += x[i] * weights[i];
        }
        acc = kit_requantize(acc, table[o->stride], table[2 * o->stride]) + o->zero;
        output[c] = (int8_t)kit_clamp(acc, o->min, o->max);
    }
#endif
}

#endif
