#include "kit_l2_norm.h"

#include "kit_fixedpoint.h"

/* 1 / sqrt(x) as multiplier and shift of kit_requantize (GetInvSqrtQuantizedMultiplierExp); 0 counts as 1. */
static int32_t inverse_square_root(int32_t x, int32_t *shift) {
    int32_t right = 11, i, half, y = (int32_t)1 << 28; /* Q3, starts at 1 */
    *shift = 0;
    if (x <= 1) {
        return INT32_MAX;
    }
    for (; x >= (int32_t)1 << 29; x /= 4) {
        right++;
    }
    for (; x < (int32_t)1 << 27; x *= 4) {
        right--;
    }
    half = kit_rdbypot(x >> 1, 1); /* x as Q3, halved */
    for (i = 0; i < 5; i++) {      /* Newton-Raphson: y (3 - x y^2) / 2 */
        const int32_t cube = kit_shl_sat(kit_mul_high(kit_mul_high(y, y), y), 6);
        y = kit_shl_sat(kit_mul_high(402653184 /* 1.5 */, y) - kit_mul_high(half, cube), 3);
    }
    y = kit_mul_high(y, 1518500250); /* sqrt(1/2) */
    if (right < 0) {
        return kit_shl(y, -right);
    }
    *shift = -right;
    return y;
}

void kit_l2_norm_s8(const struct kit_l2_norm_s8_params *p, const int8_t *in, int8_t *out) {
    int32_t row, c;
    for (row = 0; row < p->rows; row++, in += p->depth, out += p->depth) {
        int32_t sum = 0, multiplier, shift;
        for (c = 0; c < p->depth; c++) {
            sum += (in[c] - p->zero) * (in[c] - p->zero);
        }
        multiplier = inverse_square_root(sum, &shift);
        for (c = 0; c < p->depth; c++) {
            out[c] = kit_clamp_s8(kit_requantize(in[c] - p->zero, multiplier, shift + 7));
        }
    }
}
