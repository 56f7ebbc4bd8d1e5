/* From fixed-point values to the model's int8 input: one multiplication, one rounding. */
#ifndef KIT_AFFINE_H
#define KIT_AFFINE_H

#include "kit_fixedpoint.h"

/* Value i becomes floor((values[i] * multipliers[j] + biases[j]) / 2^shifts[j]), limited to int8, with
 * j = i mod count. The bias holds the zero point, the offset and the half that makes the floor a rounding.
 * |multiplier| <= 2^30, |bias| < 2^62. */
struct kit_affine {
    uint32_t count;
    const int32_t *multipliers;
    const int64_t *biases;
    const uint8_t *shifts;
};

static inline int8_t kit_affine_s8(const struct kit_affine *affine, uint32_t j, int32_t value) {
    const int64_t y = ((int64_t)value * affine->multipliers[j] + affine->biases[j]) >> affine->shifts[j];
    return (int8_t)(y < INT8_MIN ? INT8_MIN : (y > INT8_MAX ? INT8_MAX : y));
}

/* n values, the first of which is number `first`. */
static inline void kit_affine_run(const struct kit_affine *affine, uint32_t first, const int32_t *values,
                                  uint32_t n, int8_t *out) {
    uint32_t i, j = first % affine->count;
    for (i = 0; i < n; i++) {
        out[i] = kit_affine_s8(affine, j, values[i]);
        j = j + 1u == affine->count ? 0 : j + 1u;
    }
}

#endif
