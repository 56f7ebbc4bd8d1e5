/* Softmax and its logarithm over the last dimension. */
#ifndef KIT_SOFTMAX_H
#define KIT_SOFTMAX_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kit_softmax_s8_params {
    int32_t rows, depth;
    int32_t multiplier, left_shift; /* difference to the row's maximum -> Q5 */
    int32_t diff_min;               /* below it a term counts as 0 */
};

/* Output scale 1/256, zero point -128. out may be in. */
void kit_softmax_s8(const KIT_CONST struct kit_softmax_s8_params *p, const int8_t *in, int8_t *out);

struct kit_softmax_s16_params {
    int32_t rows, depth;
    int32_t multiplier, shift;    /* difference to the row's maximum -> 10 / 65535 */
    const int16_t *exp_table;     /* 513 values of exp over -10 … 0, Q0.15 */
    const int16_t *inverse_table; /* 513 values of 1 / (1 + x) over 0 … 1, Q0.15 */
};

/* Output scale 1/32768, zero point 0. out may be in. */
void kit_softmax_s16(const struct kit_softmax_s16_params *p, const int16_t *in, int16_t *out);

struct kit_log_softmax_s8_params {
    int32_t rows, depth;
    int32_t multiplier, left_shift;            /* difference to the row's maximum -> Q5 */
    int32_t reverse_multiplier, reverse_shift; /* Q5 -> difference */
    int32_t diff_min;
};

/* Output scale 16/256, zero point 127. out may be in. */
void kit_log_softmax_s8(const struct kit_log_softmax_s8_params *p, const int8_t *in, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
