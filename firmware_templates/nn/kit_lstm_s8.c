#include "kit_recurrent.h"

#include "kit_fixedpoint.h"

#include <string.h>

static int32_t dot(const int8_t *w, const int8_t *x, int32_t n, int32_t sum) {
    for (; n > 0; n--) {
        sum += *w++ * *x++;
    }
    return sum;
}

/* Sigmoid of a position in 1/512 of the table's step, interpolated, as Q0.16 with `bits` more bits. */
static int32_t sigmoid_of(const uint16_t *table, int32_t magnitude, int32_t bits, int32_t end) {
    const int32_t i = magnitude >> bits;
    if (i >= 255) {
        return end;
    }
    return (table[i] << bits) + (magnitude & ((1 << bits) - 1)) * (table[i + 1] - table[i]);
}

/* Sigmoid of x * 2^-12, as Q0.15. */
static int32_t sigmoid(const uint16_t *table, int32_t x) {
    const int32_t y = sigmoid_of(table, 3 * (x < 0 ? -x : x), 9, 0x7FFF << 10);
    return (x < 0 ? (1 << 25) - y + (1 << 9) - 1 : y + (1 << 9)) >> 10;
}

/* tanh of x * multiplier / 2^shift / 12288, as Q0.15: 2 sigmoid(2 x) - 1. */
static int32_t tangent(const uint16_t *table, int32_t x, int32_t multiplier, int32_t shift) {
    const int32_t scaled = (x * multiplier + ((1 << shift) >> 1)) >> shift;
    const int32_t y = sigmoid_of(table, scaled < 0 ? -scaled : scaled, 8, 0xFFFF << 8);
    return (scaled < 0 ? (1 << 23) - y + (1 << 7) - 1 : y - (1 << 23) + (1 << 7)) >> 8;
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
                const int32_t forget = sigmoid(p->sigmoid, gate_sum(p, &p->forget, s, x, hidden));
                const int32_t input = sigmoid(p->sigmoid, gate_sum(p, &p->input, s, x, hidden));
                const int32_t fresh = tangent(p->sigmoid, gate_sum(p, &p->cell, s, x, hidden), 3, 0);
                const int32_t output = sigmoid(p->sigmoid, gate_sum(p, &p->output, s, x, hidden));
                const int32_t kept = kit_requantize(forget * cell[s], p->forget_multiplier, p->forget_shift);
                const int32_t added = kit_requantize(input * fresh, p->input_multiplier, p->input_shift);
                int32_t value = kit_clamp_s16(kit_clamp_s16(kept) + kit_clamp_s16(added));
                if (p->cell_clip > 0) {
                    value = kit_clamp(value, -p->cell_clip, p->cell_clip);
                }
                cell[s] = (int16_t)value;
                value = output * tangent(p->sigmoid, value, p->tanh_multiplier, p->tanh_shift);
                y[s] = kit_clamp_s8(kit_requantize(value, p->output_multiplier, p->output_shift) + p->zero);
            }
            memcpy(hidden, y, (size_t)p->state);
        }
    }
}
