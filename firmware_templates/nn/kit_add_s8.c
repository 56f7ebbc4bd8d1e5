#include "kit_add.h"

#include "kit_fixedpoint.h"

/* x / 2^n rounded, ties away from zero, before the last halving. */
static inline int32_t almost(int32_t x, int32_t n_less_1) {
    return (x + (x >> 31)) >> n_less_1;
}

/* One element, limited to the range of int8. */
static inline int32_t add(const struct kit_add_s8_params *p, int32_t narrow, int32_t wide) {
    const int32_t shifted = narrow * ((int32_t)1 << 21) + p->narrow_base;
    const int32_t twice = (almost(kit_high_word(shifted, p->narrow_multiplier), p->narrow_right) + 1) & ~1;
    const int32_t sum = p->base + wide * p->wide_factor + twice;
    return kit_half_s8(almost(kit_high_word(sum, p->multiplier), p->right) + p->zero);
}

/* n neighbouring elements. */
#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
/* Four at a time. VQRDMULH doubles the product, so narrow and sum count in whole units of the reference's.
 * Not within another function: it needs nearly every register, and low ones as addresses. */
__attribute__((noinline)) static void add_run(const struct kit_add_s8_params *p, const int8_t *a,
                                              const int8_t *b, int8_t *out, int32_t n) {
    const int32_t vectors[3] = {p->base / 2, p->zero >> 1, p->narrow_base / 2};
    __asm__ volatile("ldr lr, [%[vectors]]\n\t"
                     "vdup.32 q3, lr\n\t"
                     "ldr lr, [%[vectors], #4]\n\t"
                     "vdup.32 q4, lr\n\t"
                     "ldr lr, [%[vectors], #8]\n\t"
                     "vdup.32 q5, lr\n\t"
                     "wlstp.32 lr, %[n], 2f\n"
                     "1:\n\t"
                     "vldrb.s32 q0, [%[a]], #4\n\t"
                     "vldrb.s32 q1, [%[b]], #4\n\t"
                     "vshl.i32 q0, q0, #20\n\t"
                     "vadd.i32 q0, q0, q5\n\t"
                     "vqrdmulh.s32 q0, q0, %[narrow_multiplier]\n\t"
                     "vshr.s32 q2, q0, #31\n\t" /* ties of negative values go down: see KIT_REQUANTIZE */
                     "vadd.i32 q0, q0, q2\n\t"
                     "vrshl.s32 q0, %[narrow_left]\n\t"
                     "vmla.s32 q0, q1, %[wide_factor]\n\t"
                     "vadd.i32 q0, q0, q3\n\t"
                     "vqrdmulh.s32 q0, q0, %[multiplier]\n\t"
                     "vshr.s32 q2, q0, #31\n\t"
                     "vadd.i32 q0, q0, q2\n\t"
                     "vrshl.s32 q0, %[left]\n\t"
                     "vadd.i32 q0, q0, q4\n\t"
                     "vqmovnb.s32 q0, q0\n\t"
                     "vqmovnb.s16 q0, q0\n\t"
                     "vstrb.32 q0, [%[out]], #4\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [a] "+l"(a), [b] "+l"(b), [out] "+l"(out)
                     : [n] "r"(n), [vectors] "r"(vectors), [narrow_multiplier] "r"(p->narrow_multiplier),
                       [narrow_left] "r"(-1 - p->narrow_right), [wide_factor] "r"(p->wide_factor / 2),
                       [multiplier] "r"(p->multiplier), [left] "r"(-1 - p->right)
                     : "lr", "q0", "q1", "q2", "q3", "q4", "q5", "memory");
}
#else
static inline void add_run(const struct kit_add_s8_params *p, const int8_t *a, const int8_t *b, int8_t *out,
                           int32_t n) {
    const int8_t *const end = out + n;
    do {
        *out++ = (int8_t)add(p, *a++, *b++);
    } while (out != end);
}
#endif

void kit_add_s8(const struct kit_add_s8_params *p, const int8_t *narrow, const int8_t *wide, int8_t *out) {
    const struct kit_add_s8_params local = *p;
    const int32_t *inner = kit_walk_inner(&p->walk, 2);
    const int32_t step_narrow = inner[1], step_wide = inner[2];
    const int simple = step_narrow == 1 && step_wide == 1 && local.lo == INT8_MIN && local.hi == INT8_MAX;
    int32_t index[KIT_MAX_RANK] = {0}, offset[2] = {0};
    do {
        const int8_t *a = narrow + offset[0], *b = wide + offset[1];
        if (simple) {
            add_run(&local, a, b, out, inner[0]);
            out += inner[0];
        } else {
            const int8_t *const end = out + inner[0];
            do {
                *out++ = (int8_t)kit_clamp(add(&local, *a, *b), local.lo, local.hi);
                a += step_narrow;
                b += step_wide;
            } while (out != end);
        }
    } while (kit_walk_next(&p->walk, 2, index, offset));
}
