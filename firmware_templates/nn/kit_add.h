/* Sum or difference of two tensors, with broadcasting. */
#ifndef KIT_ADD_H
#define KIT_ADD_H

#include <stdint.h>

#include "kit_walk.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The reference scales both operands to twice the larger scale. The operand with the larger scale (`wide`) is
 * then multiplied by exactly 1/2, so that only the other (`narrow`) needs a multiplier: sum = base +
 * wide_factor * wide + 2 * requantized(narrow - narrow zero point) counts in half units of the reference's
 * sum, because the high word of a product with a doubled factor is the reference's doubled product. A
 * difference has a negative factor, and a negative multiplier where the narrow operand is the one subtracted.
 * Equal scales: narrow_multiplier INT32_MIN (-1), all signs turned round. */
struct kit_add_s8_params {
    struct kit_walk walk; /* operands: narrow, wide */
    int32_t narrow_base;  /* the zero point of narrow times -2^21 */
    int32_t narrow_multiplier;
    int32_t narrow_right; /* 0 … 30: one less than the right shift */
    int32_t wide_factor, base;
    int32_t multiplier;
    int32_t right; /* 0 … 30, alike */
    int32_t zero;  /* twice the output zero point plus 1 */
    int32_t lo, hi;
};

void kit_add_s8(const struct kit_add_s8_params *p, const int8_t *narrow, const int8_t *wide, int8_t *out);

struct kit_add_s16_params {
    struct kit_walk walk; /* operands: a, b */
    int32_t zero_a, multiplier_a, shift_a;
    int32_t zero_b, multiplier_b, shift_b;
    int32_t sign; /* of b: 1, or -1 for a difference */
    int32_t multiplier, shift, zero;
    int32_t lo, hi;
};

void kit_add_s16(const struct kit_add_s16_params *p, const int16_t *a, const int16_t *b, int16_t *out);

#ifdef __cplusplus
}
#endif
#endif
