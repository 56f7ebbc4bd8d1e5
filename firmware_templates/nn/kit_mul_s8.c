#include "kit_elementwise.h"

#include "kit_fixedpoint.h"

void kit_mul_s8(const struct kit_mul_params *p, const int8_t *a, const int8_t *b, int8_t *out) {
    const struct kit_mul_params local = *p;
    const int32_t *inner = kit_walk_inner(&p->walk, 2);
    const int32_t step_a = inner[1], step_b = inner[2];
    const int32_t left = local.shift > 0 ? local.shift : 0, right = left - local.shift;
    int32_t index[KIT_MAX_RANK] = {0}, offset[2] = {0};
    do {
        const int8_t *pa = a + offset[0], *pb = b + offset[1];
        const int8_t *const end = out + inner[0];
        do {
            const int32_t product = kit_shl((*pa - local.zero_a) * (*pb - local.zero_b), left);
            const int32_t result = kit_rdbypot(kit_mul_high(product, local.multiplier), right) + local.zero;
            *out++ = (int8_t)kit_clamp(result, local.lo, local.hi);
            pa += step_a;
            pb += step_b;
        } while (out != end);
    } while (kit_walk_next(&p->walk, 2, index, offset));
}
