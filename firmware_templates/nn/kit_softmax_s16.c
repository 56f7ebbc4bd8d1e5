#include "kit_softmax.h"

#include "kit_fixedpoint.h"

/* Linear interpolation in a table of 513 values over the whole range of an int16. */
static int32_t interpolate(const int16_t *table, int32_t x) {
    const int16_t *base = table + 256 + (x >> 7);
    const int32_t slope = (int16_t)(base[1] - base[0]);
    return (int16_t)(base[0] + ((slope * (x & 0x7F) + 64) >> 7));
}

void kit_softmax_s16(const struct kit_softmax_s16_params *p, const int16_t *in, int16_t *out) {
    int32_t row;
    for (row = 0; row < p->rows; row++, in += p->depth, out += p->depth) {
        int32_t c, max = INT16_MIN, sum = 0, zeros = 0, inverse;
        for (c = 0; c < p->depth; c++) {
            max = in[c] > max ? in[c] : max;
        }
        for (c = 0; c < p->depth; c++) {
            const int32_t scaled = kit_requantize(in[c] - max, p->multiplier, p->shift);
            out[c] = (int16_t)interpolate(p->exp_table, kit_clamp_s16(kit_add_wrap(scaled, INT16_MAX)));
            sum += out[c]; /* Q16.15 */
        }
        while (zeros < 31 && ((uint32_t)sum << zeros) < 0x80000000u) {
            zeros++;
        }
        /* sum normalised to 1 … 2 in Q1.16; the table takes it less 1, centred */
        inverse = (int32_t)((((int64_t)sum << (zeros - 1)) + (1 << 13)) >> 14) - (1 << 15) - (1 << 16);
        inverse = interpolate(p->inverse_table, kit_clamp_s16(inverse));
        for (c = 0; c < p->depth; c++) {
            const int32_t right = 31 - zeros;
            const int32_t product = out[c] * inverse;
            const int32_t result = right > 0 ? (product + ((int32_t)1 << (right - 1))) >> right : product;
            out[c] = (int16_t)kit_clamp(result, 0, INT16_MAX);
        }
    }
}
