#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os") /* runs once over few values: its bytes count for more than its time */
#endif

#include "kit_softmax.h"

#include "kit_fixedpoint.h"

enum { SUM_BITS = 12, WORK_BITS = 6 }; /* integer bits */

static int32_t leading_zeros(int32_t x) {
    uint32_t bits = (uint32_t)x;
    int32_t n = 0;
    for (; bits < 0x80000000u; bits <<= 1) {
        n++;
    }
    return n;
}

/* Natural logarithm, Q12 to Q5, for x >= 1: x = r * 2^p with r near 2^-1/4, a rational approximation of log r
 * (log_x_for_x_greater_than_or_equal_to_1 of the reference). */
static int32_t natural_log(int32_t x) {
    const int32_t log_2 = 1488522236, sqrt_half = 1518500250, fourth_root_half = 1805811301; /* Q0 */
    const int32_t quarter = (int32_t)1 << (31 - WORK_BITS - 2);
    const int32_t zeros = leading_zeros(x);
    const int32_t scaled = kit_mul_high(x, sqrt_half);
    const int32_t scaled_headroom = leading_zeros(scaled) - 1;
    const int32_t ra = kit_shl_sat(kit_mul_high(kit_shl_sat(x, zeros - 1), sqrt_half), 1);
    const int32_t rb = kit_shl_sat(x, scaled_headroom);
    const int32_t pa = kit_shl_sat(SUM_BITS - zeros, 31 - WORK_BITS) + quarter;
    const int32_t pb = kit_shl_sat(SUM_BITS - scaled_headroom, 31 - WORK_BITS) - quarter;
    const int32_t r = ra < rb ? ra : rb, power = pa > pb ? pa : pb;
    const int32_t p = kit_half_sum(r, fourth_root_half);
    const int32_t q = 2 * (r - fourth_root_half);
    const int32_t square = kit_mul_high(q, q);
    const int32_t numerator = kit_mul_high(q, r) + kit_mul_high(kit_mul_high(q, square), 117049297);
    const int32_t denominator = /* less one */
        kit_mul_high(p, 1057819769 + q + kit_mul_high(127690142, square)) + kit_mul_high(638450708, q);
    const int32_t fraction =
        kit_mul_high(kit_rdbypot(numerator, WORK_BITS), kit_one_over_one_plus(denominator));
    return kit_shl_sat(kit_mul_high(power, log_2) + fraction, 1);
}

void kit_log_softmax_s8(const struct kit_log_softmax_s8_params *p, const int8_t *in, int8_t *out) {
    int32_t row;
    for (row = 0; row < p->rows; row++, in += p->depth, out += p->depth) {
        int32_t c, max = INT8_MIN, sum = 0, log_sum, least;
        for (c = 0; c < p->depth; c++) {
            max = in[c] > max ? in[c] : max;
        }
        for (c = 0; c < p->depth; c++) {
            if (in[c] - max >= p->diff_min) {
                const int32_t scaled = kit_requantize(in[c] - max, p->multiplier, p->left_shift);
                sum += kit_rdbypot(kit_exp_negative(scaled, 5), SUM_BITS);
            }
        }
        log_sum = natural_log(sum);
        least = kit_requantize(kit_add_wrap(log_sum, INT32_MIN), p->reverse_multiplier, p->reverse_shift);
        least = least > p->diff_min - 1 ? least : p->diff_min - 1;
        for (c = 0; c < p->depth; c++) {
            int32_t value = INT8_MIN;
            if (in[c] - max > least) {
                const int32_t scaled = kit_requantize(in[c] - max, p->multiplier, p->left_shift);
                value = kit_rdbypot(kit_sub_wrap(scaled, log_sum), 31 - 5 - 4) + INT8_MAX;
            }
            out[c] = kit_clamp_s8(value);
        }
    }
}
