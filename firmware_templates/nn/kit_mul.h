/* Products of two tensors, int8 or, `wide`, int16. */
#ifndef KIT_MUL_H
#define KIT_MUL_H

#include "kit_element.h"
#include "kit_elementwise.h"

KIT_TEMPLATE void kit_mul(const struct kit_mul_params *p, const void *a, const void *b, void *out,
                          const int wide) {
    const struct kit_mul_params local = *p;
    const int32_t *inner = kit_walk_inner(&p->walk, 2);
    const int32_t step_a = inner[1], step_b = inner[2];
    const int32_t left = local.shift > 0 ? local.shift : 0, right = left - local.shift;
    int32_t index[KIT_MAX_RANK] = {0}, offset[2] = {0}, to = 0;
    do {
        const int32_t end = to + inner[0];
        int32_t from_a = offset[0], from_b = offset[1];
        for (; to != end; to++, from_a += step_a, from_b += step_b) {
            const int32_t x = kit_element(a, from_a, wide) - local.zero_a;
            const int32_t y = kit_element(b, from_b, wide) - local.zero_b;
            const int32_t product = kit_mul_high(kit_shl(x * y, left), local.multiplier);
            const int32_t result = kit_rdbypot(product, right) + local.zero;
            kit_set_element(out, to, kit_clamp(result, local.lo, local.hi), wide);
        }
    } while (kit_walk_next(&p->walk, 2, index, offset));
}

#endif
