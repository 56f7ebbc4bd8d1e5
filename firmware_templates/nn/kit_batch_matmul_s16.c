#include "kit_batch_matmul.h"

#include "kit_conv_s16.h"
#include "kit_fixedpoint.h"

static int16_t *product(const struct kit_batch_matmul_params *p, const int16_t *a, const int16_t *b,
                        int16_t *out) {
    int32_t row, column, k;
    for (row = 0; row < p->rows; row++) {
        for (column = 0; column < p->columns; column++) {
            const int16_t *x = a + row * p->a_row, *w = b + column * p->b_column;
            int64_t sum = 0;
            for (k = p->depth; k > 0; k--) {
                sum += *x * *w;
                x += p->a_depth;
                w += p->b_depth;
            }
            *out++ = kit_clamp_s16(kit_requantize_wide(sum, p->multiplier, p->shift));
        }
    }
    return out;
}

void kit_batch_matmul_s16(const struct kit_batch_matmul_params *p, const int16_t *a, const int16_t *b,
                          int16_t *out) {
    const int32_t *inner = kit_walk_inner(&p->batches, 2);
    int32_t index[KIT_MAX_RANK] = {0}, offset[2] = {0}, i;
    do {
        for (i = 0; i < inner[0]; i++) {
            out = product(p, a + offset[0] + i * inner[1], b + offset[1] + i * inner[2], out);
        }
    } while (kit_walk_next(&p->batches, 2, index, offset));
}
