#include "kit_elementwise.h"

#include "kit_fixedpoint.h"

void kit_mul_s8(const struct kit_mul_params *p, const int8_t *a, const int8_t *b, int8_t *out) {
    const int32_t *inner = kit_walk_inner(&p->walk, 2);
    int32_t index[KIT_MAX_RANK] = {0}, offset[2] = {0};
    do {
        const int8_t *pa = a + offset[0], *pb = b + offset[1];
        const int8_t *const end = out + inner[0];
        do {
            const int32_t product = (*pa - p->zero_a) * (*pb - p->zero_b);
            const int32_t result = kit_requantize(product, p->multiplier, p->shift) + p->zero;
            *out++ = (int8_t)kit_clamp(result, p->lo, p->hi);
            pa += inner[1];
            pb += inner[2];
        } while (out != end);
    } while (kit_walk_next(&p->walk, 2, index, offset));
}
