#include "kit_add.h"

#include "kit_fixedpoint.h"

/* x / 2^n rounded, ties away from zero, n >= 1. Needs fewer registers than kit_rdbypot. */
static inline int32_t divide(int32_t x, int32_t n) {
    return (((x + (x >> 31)) >> (n - 1)) + 1) >> 1;
}

/* One element before clamping. */
static inline int32_t add(const struct kit_add_s8_params *p, int32_t narrow, int32_t wide) {
    const int32_t shifted = (narrow - p->narrow_zero) * ((int32_t)1 << 21);
    const int32_t scaled = divide(kit_high_word(shifted, p->narrow_multiplier), p->narrow_right);
    const int32_t sum = p->base + wide * p->wide_factor + 2 * scaled;
    return divide(kit_high_word(sum, p->multiplier), p->right) + p->zero;
}

void kit_add_s8(const struct kit_add_s8_params *p, const int8_t *narrow, const int8_t *wide, int8_t *out) {
    const struct kit_add_s8_params local = *p;
    const int32_t *inner = kit_walk_inner(&p->walk, 2);
    const int32_t step_narrow = inner[1], step_wide = inner[2];
    const int simple = step_narrow == 1 && step_wide == 1 && local.lo == INT8_MIN && local.hi == INT8_MAX;
    int32_t index[KIT_MAX_RANK] = {0}, offset[2] = {0};
    do {
        const int8_t *a = narrow + offset[0], *b = wide + offset[1];
        const int8_t *const end = out + inner[0];
        if (simple) {
            do {
                *out++ = kit_clamp_s8(add(&local, *a++, *b++));
            } while (out != end);
        } else {
            do {
                *out++ = (int8_t)kit_clamp(add(&local, *a, *b), local.lo, local.hi);
                a += step_narrow;
                b += step_wide;
            } while (out != end);
        }
    } while (kit_walk_next(&p->walk, 2, index, offset));
}
