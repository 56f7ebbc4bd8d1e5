#include "kit_recurrent.h"

#include "kit_fixedpoint.h"
#include "kit_sigmoid.h"

#include <string.h>

static int32_t dot(const int8_t *w, const int8_t *x, int32_t n, int32_t sum) {
    for (; n > 0; n--) {
        sum += *w++ * *x++;
    }
    return sum;
}

/* Weighted sum of one gate for state element s, before its activation, as Q3.12. */
static int32_t gate_sum(const struct kit_lstm_s8_params *p, const struct kit_lstm_gate *g, int32_t s,
                        const int8_t *in, const int8_t *hidden) {
    const int32_t a = dot(g->input_weights + s * p->inputs, in, p->inputs, g->bias[s]);
    const int32_t b = dot(g->recurrent_weights + s * p->state, hidden, p->state, g->recurrent_bias[s]);
    return kit_clamp_s16(kit_clamp_s16(kit_requantize(a, g->input_multiplier, g->input_shift)) +
                         kit_clamp_s16(kit_requantize(b, g->recurrent_multiplier, g->recurrent_shift)));
}

void kit_lstm_s8(const struct kit_lstm_s8_params *p, const int8_t *in, int8_t *out, int8_t *hidden,
                 int16_t *cell) {
    int32_t b, t, s;
    for (b = 0; b < p->batches; b++, hidden += p->state, cell += p->state) {
        for (t = 0; t < p->steps; t++) {
            const int8_t *x = in + b * p->in_batch + t * p->in_step;
            int8_t *y = out + b * p->out_batch + t * p->out_step;
            for (s = 0; s < p->state; s++) {
                const int32_t forget = kit_sigmoid(p->sigmoid, 3 * gate_sum(p, &p->forget, s, x, hidden));
                const int32_t input = kit_sigmoid(p->sigmoid, 3 * gate_sum(p, &p->input, s, x, hidden));
                const int32_t fresh = kit_tanh_16(p->sigmoid, 3 * gate_sum(p, &p->cell, s, x, hidden));
                const int32_t output = kit_sigmoid(p->sigmoid, 3 * gate_sum(p, &p->output, s, x, hidden));
                const int32_t kept = kit_requantize(forget * cell[s], p->forget_multiplier, p->forget_shift);
                const int32_t added = kit_requantize(input * fresh, p->input_multiplier, p->input_shift);
                int32_t value = kit_clamp_s16(kit_clamp_s16(kept) + kit_clamp_s16(added));
                if (p->cell_clip > 0) {
                    value = kit_clamp(value, -p->cell_clip, p->cell_clip);
                }
                cell[s] = (int16_t)value;
                value = kit_sigmoid_scale(value, p->tanh_multiplier, p->tanh_shift);
                value = output * kit_tanh_16(p->sigmoid, value);
                y[s] = kit_clamp_s8(kit_requantize(value, p->output_multiplier, p->output_shift) + p->zero);
            }
            memcpy(hidden, y, (size_t)p->state);
        }
    }
}
