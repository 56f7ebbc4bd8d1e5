/* Products of matrices, neither of which need be constant. */
#ifndef KIT_BATCH_MATMUL_H
#define KIT_BATCH_MATMUL_H

#include "kit_nn.h"
#include "kit_walk.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kit_batch_matmul_params {
    struct kit_walk batches; /* operands: a, b */
    int32_t rows, columns, depth;
    int32_t a_row, a_depth, b_depth, b_column; /* strides */
    int32_t zero_a, zero_b, multiplier, shift,
        zero; /* int16: zero points 0, multiplier of 16 bits, right shift */
};

/* out[row, column] = sum over depth of a[row, depth] * b[depth, column] */
void kit_batch_matmul_s8(const struct kit_batch_matmul_params *p, const int8_t *a, const int8_t *b,
                         int8_t *out);

void kit_batch_matmul_s16(const struct kit_batch_matmul_params *p, const int16_t *a, const int16_t *b,
                          int16_t *out);

#ifdef __cplusplus
}
#endif
#endif
