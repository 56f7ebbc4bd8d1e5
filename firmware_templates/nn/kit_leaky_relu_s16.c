#include "kit_quantize.h"

#include "kit_fixedpoint.h"

void kit_leaky_relu_s16(const struct kit_leaky_relu_s16_params *p, const int16_t *in, int16_t *out) {
    int32_t i;
    for (i = 0; i < p->count; i++) {
        out[i] = kit_clamp_s16(in[i] >= 0 ? kit_requantize(in[i], p->multiplier, p->shift)
                                          : kit_requantize(in[i], p->alpha_multiplier, p->alpha_shift));
    }
}
