/* Elementwise operators of two tensors with broadcasting, other than sums. out may be an operand that is not
 * broadcast. */
#ifndef KIT_ELEMENTWISE_H
#define KIT_ELEMENTWISE_H

#include "kit_nn.h"
#include "kit_walk.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kit_mul_params {
    struct kit_walk walk; /* operands: a, b */
    int32_t zero_a, zero_b;
    int32_t multiplier, shift, zero;
    int32_t lo, hi;
};

void kit_mul_s8(const struct kit_mul_params *p, const int8_t *a, const int8_t *b, int8_t *out);
void kit_mul_s16(const struct kit_mul_params *p, const int16_t *a, const int16_t *b, int16_t *out);

struct kit_prelu_s8_params {
    struct kit_walk walk; /* operands: input, alpha */
    int32_t zero_in, zero_alpha;
    int32_t multiplier, shift;             /* of values from 0 on */
    int32_t alpha_multiplier, alpha_shift; /* of negative values times alpha */
    int32_t zero;
};

void kit_prelu_s8(const struct kit_prelu_s8_params *p, const int8_t *in, const int8_t *alpha, int8_t *out);

struct kit_extremum_s8_params {
    struct kit_walk walk; /* operands: a, b */
    int32_t sign;         /* 1: the greater, -1: the smaller */
};

void kit_extremum_s8(const struct kit_extremum_s8_params *p, const int8_t *a, const int8_t *b, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
