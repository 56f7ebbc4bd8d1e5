/* Armv7E-M / Armv8-M DSP instructions, each with a portable twin of the same meaning, so that a kernel
 * written with them runs (and is sanitized) on any little-endian machine. Source of the meanings: Arm v7-M
 * Architecture Reference Manual (DDI 0403E), chapter A7. */
#ifndef KIT_SIMD_H
#define KIT_SIMD_H

#include <stdint.h>
#include <string.h>

#include "kit_fixedpoint.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP && defined(__thumb2__)
#define KIT_SIMD 1
#else
#define KIT_SIMD 0
#endif

/* Four int8 (unaligned) as one word, the first in the lowest byte. */
static inline int32_t kit_load_s8x4(const int8_t *p) {
    int32_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* The 16-bit halves of a word, signed. */
static inline int32_t kit_low(int32_t x) {
    return (int16_t)(x & 0xffff);
}

static inline int32_t kit_high(int32_t x) {
    return (int16_t)((uint32_t)x >> 16);
}

static inline int32_t kit_halves(int32_t low, int32_t high) {
    return (int32_t)(((uint32_t)high << 16) | ((uint32_t)low & 0xffffu));
}

/* Halves of `add` plus bytes 0 and 2 of x, sign-extended. */
static inline int32_t kit_sxtab16(int32_t add, int32_t x) {
#if KIT_SIMD
    int32_t r;
    __asm__("sxtab16 %0, %1, %2" : "=r"(r) : "r"(add), "r"(x));
    return r;
#else
    return kit_halves(kit_low(add) + (int8_t)x, kit_high(add) + (int8_t)((uint32_t)x >> 16));
#endif
}

/* Halves of `add` plus bytes 1 and 3 of x, sign-extended. */
static inline int32_t kit_sxtab16_odd(int32_t add, int32_t x) {
#if KIT_SIMD
    int32_t r;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(r) : "r"(add), "r"(x));
    return r;
#else
    return kit_sxtab16(add, (int32_t)((uint32_t)x >> 8));
#endif
}

/* Bytes 0 and 2 of x as halves, sign-extended; bytes 1 and 3. */
static inline int32_t kit_sxtb16(int32_t x) {
#if KIT_SIMD
    int32_t r;
    __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(x));
    return r;
#else
    return kit_sxtab16(0, x);
#endif
}

static inline int32_t kit_sxtb16_odd(int32_t x) {
#if KIT_SIMD
    int32_t r;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(x));
    return r;
#else
    return kit_sxtab16_odd(0, x);
#endif
}

/* acc + low(x) * low(y) + high(x) * high(y), modulo 2^32. */
static inline int32_t kit_smlad(int32_t x, int32_t y, int32_t acc) {
#if KIT_SIMD
    __asm__("smlad %0, %1, %2, %0" : "+r"(acc) : "r"(x), "r"(y));
    return acc;
#else
    return kit_add_wrap(kit_add_wrap(acc, kit_low(x) * kit_low(y)), kit_high(x) * kit_high(y));
#endif
}

/* acc + low(x) * low(y); acc + high(x) * high(y). */
static inline int32_t kit_smlabb(int32_t x, int32_t y, int32_t acc) {
#if KIT_SIMD
    __asm__("smlabb %0, %1, %2, %0" : "+r"(acc) : "r"(x), "r"(y));
    return acc;
#else
    return kit_add_wrap(acc, kit_low(x) * kit_low(y));
#endif
}

static inline int32_t kit_smlatt(int32_t x, int32_t y, int32_t acc) {
#if KIT_SIMD
    __asm__("smlatt %0, %1, %2, %0" : "+r"(acc) : "r"(x), "r"(y));
    return acc;
#else
    return kit_add_wrap(acc, kit_high(x) * kit_high(y));
#endif
}

/* Low half of x and low half of y; high half of y and high half of x (the low half of the result first). */
static inline int32_t kit_pkhbt(int32_t x, int32_t y) {
#if KIT_SIMD
    int32_t r;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(r) : "r"(x), "r"(y));
    return r;
#else
    return kit_halves(x, y);
#endif
}

static inline int32_t kit_pkhtb(int32_t x, int32_t y) {
#if KIT_SIMD
    int32_t r;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(r) : "r"(x), "r"(y));
    return r;
#else
    return kit_halves(kit_high(y), kit_high(x));
#endif
}

/* a + round(x * y / 2^32), ties towards +infinity. */
static inline int32_t kit_smmlar(int32_t x, int32_t y, int32_t a) {
#if KIT_SIMD
    int32_t r;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(r) : "r"(x), "r"(y), "r"(a));
    return r;
#else
    return kit_add_wrap(a, (int32_t)(((int64_t)x * y + ((int64_t)1 << 31)) >> 32));
#endif
}

/* Requantisation with two roundings, for channels whose shift is at least one to the right. The table holds
 * doubled = 2 * multiplier modulo 2^32 and shift = n - 1, and zero = 2 * output zero point + 1.
 *   acc * m / 2^31 rounded = acc + acc * (2 m - 2^32) / 2^32 rounded: one SMMLAR, for any acc.
 *   Ties away from zero: half of the divisor is added, and 1 is taken from a negative value before it.
 *   Dividing by 2^(n - 1), adding `zero` and halving is the same as adding half of the divisor and the zero
 * point. Saturates to int8. `shift` counts in its lowest byte only, as the register shifts do. */
static inline int8_t kit_requantize_dsp(int32_t acc, int32_t doubled, int32_t shift, int32_t zero) {
    const int32_t t = kit_smmlar(acc, doubled, acc);
    return (int8_t)kit_half_s8((kit_add_wrap(t, t >> 31) >> (shift & 31)) + zero);
}

#endif
