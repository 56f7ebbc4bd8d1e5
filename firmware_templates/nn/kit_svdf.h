/* SVDF with a state of int8 or, `wide`, int16. */
#ifndef KIT_SVDF_H
#define KIT_SVDF_H

#include "kit_element.h"
#include "kit_recurrent.h"

KIT_TEMPLATE void kit_svdf(const struct kit_svdf_params *p, const void *time_weights, const int8_t *in,
                           int8_t *out, void *state, const int wide) {
    const int32_t filters = p->units * p->rank, values = p->batches * filters * p->memory;
    int32_t start = 0, b, f, i, u;
    for (i = 1; i < values; i++) { /* all grow one step older */
        kit_set_element(state, i - 1, kit_element(state, i, wide), wide);
    }
    for (b = 0; b < p->batches; b++, in += p->inputs, start += filters * p->memory) {
        const int8_t *w = p->feature_weights;
        int32_t time = 0;
        for (f = 0; f < filters; f++) {
            int32_t sum = 0;
            for (i = 0; i < p->inputs; i++) {
                sum += *w++ * (in[i] - p->zero_in);
            }
            sum = kit_requantize(sum, p->feature_multiplier, p->feature_shift);
            /* For int8 the reference adds the zero point after clamping, modulo 2^8. */
            sum = wide ? sum + p->zero_state : (int8_t)(kit_clamp_s8(sum) + p->zero_state);
            kit_set_element(state, start + f * p->memory + p->memory - 1, sum, wide);
        }
        for (u = 0; u < p->units; u++) {
            int32_t sum = p->bias[u];
            for (i = p->rank * p->memory; i > 0; i--, time++) {
                const int32_t past = kit_element(state, start + time, wide) - p->zero_state;
                sum += kit_element(time_weights, time, wide) * past;
            }
            *out++ = kit_clamp_s8(kit_requantize(sum, p->multiplier, p->shift) + p->zero);
        }
    }
}

#endif
