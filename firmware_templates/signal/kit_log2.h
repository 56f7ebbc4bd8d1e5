/* Logarithm, power and square root in fixed point; the same bits on every machine.
 *
 * Q16 below means a signed 32-bit number with 16 fractional bits. */
#ifndef KIT_LOG2_H
#define KIT_LOG2_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Leading zero bits of x, 32 for 0. */
static inline uint32_t kit_clz(uint32_t x) {
#if defined(__GNUC__) && !(defined(__riscv) && !defined(__riscv_zbb)) /* which would call a library */
    return x == 0 ? 32u : (uint32_t)__builtin_clz(x);
#else
    uint32_t n = 32, half;
    for (half = 16; half != 0; half >>= 1) {
        if (x >> half != 0) {
            x >>= half;
            n -= half;
        }
    }
    return n - x;
#endif
}

/* Leading zero bits of x, 64 for 0. */
static inline uint32_t kit_clz64(uint64_t x) {
    const uint32_t high = (uint32_t)(x >> 32);
    return high != 0 ? kit_clz(high) : 32u + kit_clz((uint32_t)x);
}

/* log2(x) in Q16, within 3e-5; x > 0 (0 counts as 1). */
int32_t kit_log2(uint64_t x);

/* 2^x in Q16 for x in Q16, within 5e-5 of the value and half of the last bit; limited to INT32_MAX. */
int32_t kit_exp2(int32_t x);

/* sqrt(x) in Q16 as a 48-bit number, within 2^-15 of the value. */
uint64_t kit_sqrt(uint64_t x);

#ifdef __cplusplus
}
#endif
#endif
