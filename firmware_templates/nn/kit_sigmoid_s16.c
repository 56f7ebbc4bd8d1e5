#include "kit_sigmoid.h"

void kit_sigmoid_s16(const struct kit_sigmoid_s16_params *p, const int16_t *in, int16_t *out) {
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const int32_t x = kit_sigmoid_scale(in[i], p->multiplier, p->shift);
        out[i] = (int16_t)(p->tangent ? kit_tanh_16(p->table, x) : kit_sigmoid(p->table, x));
    }
}
