#include "kit_fully_connected.h"

#include "kit_fixedpoint.h"

void kit_fully_connected_s8_narrow(const KIT_CONST struct kit_fully_connected_params *p, const int8_t *input,
                                   int8_t *output) {
    const uint16_t inputs = p->inputs, outputs = p->outputs;
    const int32_t zero = 2 * p->output_zero_point + 1, low = p->output_min, high = p->output_max;
    uint16_t r, o, i;
    for (r = p->rows; r > 0; r--, input += inputs) {
        const KIT_CONST int8_t *weights = p->weights;
        const KIT_CONST int32_t *table = p->table;
        for (o = outputs; o > 0; o--, table += 3) {
            const int8_t *x = input;
            int32_t acc = table[0];
            for (i = inputs / 2; i > 0; i--, x += 2, weights += 2) {
                acc += (int16_t)(x[0] * weights[0] + x[1] * weights[1]); /* see the header */
            }
            if (inputs % 2) {
                acc += *x * *weights++;
            }
            *output++ = (int8_t)kit_clamp(kit_scale_s8(acc, table + 1, zero), low, high);
        }
    }
}
