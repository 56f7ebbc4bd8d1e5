#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os") /* runs once over few values: its bytes count for more than its time */
#endif

#include "kit_softmax.h"

#include "kit_fixedpoint.h"

void kit_softmax_s8(const KIT_CONST struct kit_softmax_s8_params *p, const int8_t *in, int8_t *out) {
    int32_t row;
    for (row = 0; row < p->rows; row++, in += p->depth, out += p->depth) {
        int32_t c, pass, max = INT8_MIN, sum = 0, scale = 0, right = 12 + 31 - 8;
        for (c = 0; c < p->depth; c++) {
            max = in[c] > max ? in[c] : max;
        }
        for (pass = 0; pass < 2; pass++) {
            for (c = 0; c < p->depth; c++) {
                const int32_t difference = in[c] - max;
                int32_t term = 0; /* exp(difference) in Q0 */
                if (difference >= p->diff_min) {
                    term =
                        kit_exp_negative(kit_mul_high(kit_shl(difference, p->left_shift), p->multiplier), 5);
                }
                if (pass == 0) {
                    sum += kit_rdbypot(term, 12);
                } else {
                    out[c] = kit_clamp_s8(kit_rdbypot(kit_mul_high(scale, term), right) + INT8_MIN);
                }
            }
            if (pass == 0) {
                uint32_t normal = (uint32_t)sum; /* at least 2^19, the term of the maximum */
                for (; normal < 0x80000000u; normal <<= 1) {
                    right--;
                }
                scale = kit_one_over_one_plus((int32_t)(normal - 0x80000000u));
            }
        }
    }
}
