#include "kit_recurrent.h"

#include "kit_fixedpoint.h"

void kit_svdf_s8(const struct kit_svdf_s8_params *params, const int8_t *in, int8_t *out, int8_t *state) {
    const struct kit_svdf_params *p = &params->common;
    const int32_t filters = p->units * p->rank, values = p->batches * filters * p->memory;
    int32_t b, f, i, u;
    for (i = 1; i < values; i++) { /* all grow one step older */
        state[i - 1] = state[i];
    }
    for (b = 0; b < p->batches; b++, in += p->inputs) {
        const int8_t *w = p->feature_weights;
        const int8_t *time = params->time_weights, *past = state;
        for (f = 0; f < filters; f++) {
            int32_t sum = 0;
            for (i = 0; i < p->inputs; i++) {
                sum += *w++ * (in[i] - p->zero_in);
            }
            sum = kit_requantize(sum, p->feature_multiplier, p->feature_shift);
            /* the reference adds the zero point after clamping, modulo 2^8 */
            state[f * p->memory + p->memory - 1] = (int8_t)(kit_clamp_s8(sum) + p->zero_state);
        }
        for (u = 0; u < p->units; u++) {
            int32_t sum = p->bias[u];
            for (i = p->rank * p->memory; i > 0; i--) {
                sum += *time++ * (*past++ - p->zero_state);
            }
            *out++ = kit_clamp_s8(kit_requantize(sum, p->multiplier, p->shift) + p->zero);
        }
        state += filters * p->memory;
    }
}
