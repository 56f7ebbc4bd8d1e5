/* Exact fixed-point arithmetic shared by the kernels: what the device reference computes, bit for bit.
 *
 * Q<n> below means a signed 32-bit number with n integer bits and 31 - n fractional bits.
 * Sources of the arithmetic: tensorflow/lite/kernels/internal/common.h (double rounding) and
 * gemmlowp/fixedpoint/fixedpoint.h, as used by tflite-micro's reference kernels. */
#ifndef KIT_FIXEDPOINT_H
#define KIT_FIXEDPOINT_H

#include <stdint.h>

#include "kit_const.h"

/* What is nearly always so. */
#if defined(__GNUC__)
#define KIT_LIKELY(condition) __builtin_expect((condition), 1)
#else
#define KIT_LIKELY(condition) (condition)
#endif

/* A function that is not made part of those that call it. */
#if defined(__GNUC__)
#define KIT_APART static __attribute__((noinline, unused))
#else
#define KIT_APART static inline
#endif

/* x limited to lo … hi. */
static inline int32_t kit_clamp(int32_t x, int32_t lo, int32_t hi) {
    x = x < lo ? lo : x;
    return x > hi ? hi : x;
}

/* x limited to the range of int8. */
static inline int32_t kit_saturate_s8(int32_t x) {
#if defined(__ARM_FEATURE_SAT) && defined(__GNUC__)
    __asm__("ssat %0, #8, %1" : "=r"(x) : "r"(x)); /* compilers find it in isolation, not within loops */
    return x;
#else
    return kit_clamp(x, INT8_MIN, INT8_MAX);
#endif
}

/* x / 2, rounded down, limited to the range of int8. */
static inline int32_t kit_half_s8(int32_t x) {
#if defined(__ARM_FEATURE_SAT) && defined(__GNUC__)
    int32_t half;
    __asm__("ssat %0, #8, %1, asr #1" : "=r"(half) : "r"(x));
    return half;
#else
    return kit_saturate_s8(x >> 1);
#endif
}

static inline int8_t kit_clamp_s8(int32_t x) {
    return (int8_t)kit_saturate_s8(x);
}

/* The narrower range of a fused activation, on values that were saturated to int8. */
static inline void kit_clamp_run(int8_t *values, int32_t n, int32_t low, int32_t high) {
    int32_t i;
    if (low > INT8_MIN || high < INT8_MAX) {
        for (i = 0; i < n; i++) {
            values[i] = (int8_t)kit_clamp(values[i], low, high);
        }
    }
}

static inline int16_t kit_clamp_s16(int32_t x) {
    return (int16_t)kit_clamp(x, INT16_MIN, INT16_MAX);
}

/* x * 2^n modulo 2^32: the reference's left shift, without C's undefined overflow. n in 0 … 31. */
static inline int32_t kit_shl(int32_t x, int32_t n) {
    return (int32_t)((uint32_t)x << n);
}

/* a + b and a - b modulo 2^32. */
static inline int32_t kit_add_wrap(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t kit_sub_wrap(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

/* Where no instruction gives the high word of a product, nor a function of the compiler's gives it sooner:
 * from products of halves. */
#ifndef KIT_BY_HALVES
#if defined(__XTENSA__)
#define KIT_BY_HALVES 1
#else
#define KIT_BY_HALVES 0
#endif
#endif

/* a * b / 2^32, rounded down. */
static inline int32_t kit_high_floor(int32_t a, int32_t b) {
#if KIT_BY_HALVES
    const uint32_t low_a = (uint32_t)a & 0xffffu, low_b = (uint32_t)b & 0xffffu;
    const int32_t high_a = a >> 16, high_b = b >> 16;
    const int32_t middle = high_a * (int32_t)low_b + (int32_t)(low_a * low_b >> 16);
    return high_a * high_b + (middle >> 16) + (((int32_t)low_a * high_b + (middle & 0xffff)) >> 16);
#else
    return (int32_t)(((int64_t)a * b) >> 32);
#endif
}

/* round(a * b / 2^31), ties towards +infinity, for a and b not both INT32_MIN. A multiplier made by
 * QuantizeMultiplier is never negative, so requantising needs no more than this. */
static inline int32_t kit_mul_high(int32_t a, int32_t b) {
#if KIT_BY_HALVES
    const uint32_t low = (uint32_t)a * (uint32_t)b;
    return kit_add_wrap(kit_shl(kit_high_floor(a, b), 1), (int32_t)((low >> 31) + (low >> 30 & 1u)));
#else
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
#endif
}

/* round(a * b / 2^32), ties towards +infinity: kit_mul_high of a / 2, one instruction with the DSP extension.
 */
static inline int32_t kit_high_word(int32_t a, int32_t b) {
#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
    int32_t high;
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(a), "r"(b));
    return high;
#elif KIT_BY_HALVES
    return kit_high_floor(a, b) + (int32_t)((uint32_t)a * (uint32_t)b >> 31);
#else
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 31)) >> 32);
#endif
}

/* Saturating rounding doubling high multiply: as kit_mul_high, INT32_MIN * INT32_MIN gives INT32_MAX. */
static inline int32_t kit_srdhm(int32_t a, int32_t b) {
    return (a == INT32_MIN && b == INT32_MIN) ? INT32_MAX : kit_mul_high(a, b);
}

/* x / 2^n rounded to nearest, ties away from zero. n in 0 … 31. */
static inline int32_t kit_rdbypot(int32_t x, int32_t n) {
    const int32_t mask = (int32_t)(((uint32_t)1 << n) - 1u);
    const int32_t threshold = (mask >> 1) + (x < 0);
    return (x >> n) + ((x & mask) > threshold);
}

/* x * m * 2^(shift - 31) with the reference's two roundings (MultiplyByQuantizedMultiplier). m >= 0. */
static inline int32_t kit_requantize(int32_t x, int32_t m, int32_t shift) {
    const int32_t left = shift > 0 ? shift : 0;
    return kit_rdbypot(kit_mul_high(kit_shl(x, left), m), left - shift);
}

/* How the outputs of a convolution or a fully connected layer are made from its accumulators: kit_requantize
 * with the multiplier m (not 0) and n, where the multiplier's shift is n to the right. `zero` is twice the
 * output zero point plus 1; the result is limited to the range of int8.
 * With n >= 1 and accumulators below 2^29, which is nearly always so, it needs only the high word h of
 * 4 * acc * m: both roundings add multiples of 2^30 to acc * m, 2^30 and 2^(30 + n), less 2^31 where the
 * value is negative, so that its ties go away from zero. (Negative is what acc is, but for acc = -1 and
 * m = 2^30, which gives 0 in any case.) So the result is (h + 2^n + 1 or - 1) / 2^(n + 1), rounded down; the
 * 2^n and the zero point are added together after the shift by n. Else n is given less 64. */
static inline int32_t kit_scaled_any_s8(int32_t acc, int32_t m, int32_t n, int32_t zero) {
    if (KIT_LIKELY(n > 0)) {
        const int32_t high = kit_high_floor(kit_shl(acc, 2), m);
        return kit_half_s8(((high + ((acc >> 31) | 1)) >> n) + zero);
    }
    return kit_saturate_s8(kit_requantize(acc, m, -64 - n) + (zero >> 1));
}

#if KIT_BY_HALVES
KIT_APART int32_t kit_scaled_large_s8(int32_t acc, int32_t m, int32_t n, int32_t zero) {
    return kit_scaled_any_s8(acc, m, n, zero);
}

/* The same, quickly for the accumulators that are frequent: in a rectified layer those below 0, and those
 * that are small. Of these two products make the high word, and the result is not below the zero point. (n is
 * not 0, and below 32.) */
static inline int32_t kit_scaled_s8(int32_t acc, int32_t m, int32_t n, int32_t zero) {
    int32_t value = INT8_MIN;
    if (acc >= 0 || zero != 2 * INT8_MIN + 1) {
        if (KIT_LIKELY((uint32_t)(acc | n) <= UINT16_MAX)) {
            const uint32_t low = (uint32_t)(uint16_t)acc * (uint16_t)m;
            const uint32_t quarter = ((uint32_t)acc * ((uint32_t)m >> 16) + (low >> 16)) >> 14;
            value = ((int32_t)((quarter + 1) >> n) + zero) >> 1;
            value = value < INT8_MAX ? value : INT8_MAX;
        } else {
            value = kit_scaled_large_s8(acc, m, n, zero);
        }
    }
#if defined(__GNUC__)
    __asm__("" : "+r"(value)); /* else each case is narrowed to a byte */
#endif
    return value;
}
#else
static inline int32_t kit_scaled_s8(int32_t acc, int32_t m, int32_t n, int32_t zero) {
    return kit_scaled_any_s8(acc, m, n, zero);
}
#endif

/* The same with m and n in memory. */
static inline int32_t kit_scale_s8(int32_t acc, const KIT_CONST int32_t *scale, int32_t zero) {
    return kit_scaled_s8(acc, scale[0], scale[1], zero);
}

/* x * 2^n, limited to 32 bits. n in 0 … 30. */
static inline int32_t kit_shl_sat(int32_t x, int32_t n) {
    const int32_t limit = (int32_t)(((uint32_t)1 << (31 - n)) - 1u);
    return x > limit ? INT32_MAX : (x < -limit ? INT32_MIN : kit_shl(x, n));
}

/* (a + b) / 2 rounded, ties away from zero. */
static inline int32_t kit_half_sum(int32_t a, int32_t b) {
    const int64_t sum = (int64_t)a + b;
    return (int32_t)((sum + (sum >= 0 ? 1 : -1)) / 2);
}

/* exp(a) for a in [-1/4, 0), Q0 in and out: Taylor polynomial of degree 4 around -1/8. */
static inline int32_t kit_exp_quarter(int32_t a) {
    const int32_t exp_minus_eighth = 1895147668; /* Q0 */
    const int32_t third = 715827883;             /* Q0 */
    const int32_t x = kit_add_wrap(a, (int32_t)1 << 28);
    const int32_t x2 = kit_srdhm(x, x);
    const int32_t x3 = kit_srdhm(x2, x);
    const int32_t x4 = kit_srdhm(x2, x2);
    const int32_t cubic = kit_srdhm(kit_add_wrap(kit_rdbypot(x4, 2), x3), third);
    const int32_t terms = kit_rdbypot(kit_add_wrap(cubic, x2), 1);
    return kit_add_wrap(exp_minus_eighth, kit_srdhm(exp_minus_eighth, kit_add_wrap(x, terms)));
}

/* exp(a) for a <= 0 in Q<integer_bits> (0 … 26), as Q0 (1.0 is INT32_MAX). */
static inline int32_t kit_exp_negative(int32_t a, int32_t integer_bits) {
    /* exp(-2^e) in Q0 for e = -2 … 4. */
    static const KIT_CONST int32_t exp_minus_pot[7] = {1672461947, 1302514674, 790015084, 290630308,
                                                       39332535,   720401,     242};
    const int32_t fraction_bits = 31 - integer_bits;
    const int32_t quarter = (int32_t)1 << (fraction_bits - 2);
    const int32_t modulo = kit_sub_wrap(a & (quarter - 1), quarter);
    const int32_t remainder = kit_sub_wrap(modulo, a);
    int32_t result, e;
    if (a == 0) {
        return INT32_MAX;
    }
    if (integer_bits > 5 && a < -((int32_t)1 << (fraction_bits + 5))) {
        return 0;
    }
    result = kit_exp_quarter(kit_shl_sat(modulo, integer_bits));
    for (e = -2; e < integer_bits && e <= 4; e++) {
        if (remainder & ((int32_t)1 << (fraction_bits + e))) {
            result = kit_srdhm(result, exp_minus_pot[e + 2]);
        }
    }
    return result;
}

/* 2 / (1 + a) for a in [0, 1] in Q0, as Q2: three Newton-Raphson steps. */
static inline int32_t kit_two_over_one_plus(int32_t a) {
    const int32_t half_denominator = kit_half_sum(a, INT32_MAX);
    int32_t i,
        x = kit_add_wrap(1515870810, kit_srdhm(half_denominator, -1010580540)); /* 48/17, -32/17 in Q2 */
    for (i = 0; i < 3; i++) {
        const int32_t error = kit_sub_wrap((int32_t)1 << 29, kit_srdhm(half_denominator, x));
        x = kit_add_wrap(x, kit_shl_sat(kit_srdhm(x, error), 2));
    }
    return x;
}

/* 1 / (1 + a) for a in [0, 1], Q0 in and out. */
static inline int32_t kit_one_over_one_plus(int32_t a) {
    return kit_shl_sat(kit_two_over_one_plus(a), 1);
}

/* (1 - a) / (1 + a) for a in [0, 1], Q0 in and out. */
static inline int32_t kit_one_minus_over_one_plus(int32_t a) {
    return kit_shl_sat(kit_sub_wrap(kit_two_over_one_plus(a), (int32_t)1 << 29), 2);
}

/* 1 / (1 + exp(-a)) for a in Q<integer_bits>, as Q0. */
static inline int32_t kit_logistic(int32_t a, int32_t integer_bits) {
    const int32_t minus_abs = a > 0 ? -a : a;
    const int32_t positive = kit_one_over_one_plus(kit_exp_negative(minus_abs, integer_bits));
    if (a == 0) {
        return (int32_t)1 << 30;
    }
    return a > 0 ? positive : kit_sub_wrap(INT32_MAX, positive);
}

/* tanh(a) for a in Q<integer_bits> (at most 25), as Q0. */
static inline int32_t kit_tanh(int32_t a, int32_t integer_bits) {
    const int32_t minus_abs = a > 0 ? -a : a;
    const int32_t t = kit_one_minus_over_one_plus(kit_exp_negative(minus_abs, integer_bits + 1));
    if (a == 0) {
        return 0;
    }
    return a > 0 ? t : -t;
}

#endif
