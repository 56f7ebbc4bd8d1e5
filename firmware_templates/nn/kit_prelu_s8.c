#include "kit_elementwise.h"

#include "kit_fixedpoint.h"

void kit_prelu_s8(const struct kit_prelu_s8_params *p, const int8_t *in, const int8_t *alpha, int8_t *out) {
    const int32_t *inner = kit_walk_inner(&p->walk, 2);
    int32_t index[KIT_MAX_RANK] = {0}, offset[2] = {0};
    do {
        const int8_t *x = in + offset[0], *slope = alpha + offset[1];
        const int8_t *const end = out + inner[0];
        do {
            const int32_t value = *x - p->zero_in;
            const int32_t result = value >= 0 ? kit_requantize(value, p->multiplier, p->shift)
                                              : kit_requantize(value * (*slope - p->zero_alpha),
                                                               p->alpha_multiplier, p->alpha_shift);
            *out++ = kit_clamp_s8(result + p->zero);
            x += inner[1];
            slope += inner[2];
        } while (out != end);
    } while (kit_walk_next(&p->walk, 2, index, offset));
}
