/* Sums, means and maxima over any dimensions. */
#ifndef KIT_REDUCE_H
#define KIT_REDUCE_H

#include "kit_nn.h"
#include "kit_walk.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kit_mean_params {
    struct kit_walk kept, reduced; /* operand: input */
    int32_t zero_sum;              /* zero point of the input times the number of elements reduced */
    int32_t multiplier, shift;     /* a mean's contains 1 / that number */
    int32_t zero;
};

void kit_mean_s8(const struct kit_mean_params *p, const int8_t *in, int8_t *out);
void kit_mean_s16(const struct kit_mean_params *p, const int16_t *in, int16_t *out);

struct kit_reduce_max_s8_params {
    struct kit_walk kept, reduced;
};

void kit_reduce_max_s8(const struct kit_reduce_max_s8_params *p, const int8_t *in, int8_t *out);

struct kit_arg_max_s8_params {
    int32_t outer, extent, inner; /* the middle dimension vanishes */
};

/* First index of the greatest value along the dimension. */
void kit_arg_max_s8(const struct kit_arg_max_s8_params *p, const int8_t *in, int32_t *out);

#ifdef __cplusplus
}
#endif
#endif
