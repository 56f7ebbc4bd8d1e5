/* Single-precision functions that a compiler calls where it knows no floating-point unit, for the same
 * reasons as those of runtime.c. IEEE 754 with rounding to nearest, ties to even; exact, also for subnormal
 * numbers. Names and meaning: GCC Internals, 4.2 "Routines for floating point emulation". */
#include <stdint.h>
#include <string.h>

float __floatsisf(int32_t a);
int32_t __fixsfsi(float a);
float __addsf3(float a, float b);
float __subsf3(float a, float b);
float __mulsf3(float a, float b);
float __divsf3(float a, float b);
int32_t __unordsf2(float a, float b);
int32_t __eqsf2(float a, float b);
int32_t __nesf2(float a, float b);
int32_t __ltsf2(float a, float b);
int32_t __lesf2(float a, float b);
int32_t __gtsf2(float a, float b);
int32_t __gesf2(float a, float b);

#define SIGN 0x80000000u
#define INFINITE 0x7F800000u
#define NOT_A_NUMBER 0x7FC00000u

/* A finite number: mantissa * 2^exponent, negative with `sign`. A mantissa that is not 0 has 24 bits. */
struct parts {
    uint32_t sign, mantissa;
    int32_t exponent;
};

static uint32_t bits_of(float a) {
    uint32_t bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
}

static float of_bits(uint32_t bits) {
    float a;
    memcpy(&a, &bits, sizeof a);
    return a;
}

static int is_nan(uint32_t bits) {
    return (bits & ~SIGN) > INFINITE;
}

static int is_infinite(uint32_t bits) {
    return (bits & ~SIGN) == INFINITE;
}

static struct parts parts_of(uint32_t bits) {
    struct parts p = {bits & SIGN, bits & 0x7FFFFFu, (int32_t)(bits >> 23 & 0xFFu)};
    if (p.exponent != 0) {
        p.mantissa |= 0x800000u;
    } else {
        p.exponent = 1;
        while (p.mantissa != 0 && p.mantissa < 0x800000u) {
            p.mantissa <<= 1;
            p.exponent--;
        }
    }
    p.exponent -= 150;
    return p;
}

/* mantissa * 2^exponent, rounded. */
static float rounded(uint32_t sign, uint64_t mantissa, int32_t exponent) {
    const uint64_t half = (uint64_t)1 << 63;
    uint64_t kept, rest;
    int32_t dropped;
    uint32_t bits;
    if (mantissa == 0) {
        return of_bits(sign);
    }
    for (; (mantissa & half) == 0; mantissa <<= 1) {
        exponent--;
    }
    exponent += 63; /* now that of the highest bit */
    if (exponent > 127) {
        return of_bits(sign | INFINITE);
    }
    dropped = exponent < -126 ? 40 - 126 - exponent : 40;
    if (dropped > 64) {
        return of_bits(sign);
    }
    kept = dropped < 64 ? mantissa >> dropped : 0;
    rest = dropped < 64 ? mantissa << (64 - dropped) : mantissa;
    bits = (uint32_t)kept;
    if (exponent >= -126) { /* the highest bit adds one to the exponent */
        bits += (uint32_t)(exponent + 126) << 23;
    }
    if (rest > half || (rest == half && (kept & 1u) != 0)) {
        bits++; /* may carry into the exponent, up to infinity */
    }
    return of_bits(sign | bits);
}

float __floatsisf(int32_t a) {
    const uint32_t sign = a < 0 ? SIGN : 0;
    return rounded(sign, sign != 0 ? 0u - (uint32_t)a : (uint32_t)a, 0);
}

/* Towards zero; what does not fit becomes the nearest that does. */
int32_t __fixsfsi(float a) {
    const struct parts p = parts_of(bits_of(a));
    int32_t value;
    if (p.exponent > 7) {
        return p.sign != 0 ? INT32_MIN : INT32_MAX;
    }
    if (p.exponent < -23) {
        return 0;
    }
    value = (int32_t)(p.exponent >= 0 ? p.mantissa << p.exponent : p.mantissa >> -p.exponent);
    return p.sign != 0 ? -value : value;
}

float __addsf3(float a, float b) {
    uint32_t x = bits_of(a), y = bits_of(b);
    struct parts p, q;
    uint64_t m, n;
    int32_t apart;
    if (is_nan(x) || is_nan(y) || (is_infinite(x) && is_infinite(y) && x != y)) {
        return of_bits(NOT_A_NUMBER);
    }
    if (is_infinite(x) || is_infinite(y)) {
        return of_bits(is_infinite(x) ? x : y);
    }
    if ((x & ~SIGN) < (y & ~SIGN)) { /* the larger first */
        const uint32_t swapped = x;
        x = y;
        y = swapped;
    }
    if ((y & ~SIGN) == 0) { /* two zeros are negative when both are */
        return of_bits((x & ~SIGN) == 0 ? x & y : x);
    }
    p = parts_of(x);
    q = parts_of(y);
    apart = p.exponent - q.exponent;
    m = (uint64_t)p.mantissa << 38;
    n = (uint64_t)q.mantissa << 38;
    if (apart > 62) {
        n = 1; /* far below the last bit that is kept */
    } else if (apart > 0) {
        n = n >> apart | ((n & (((uint64_t)1 << apart) - 1)) != 0);
    }
    m = p.sign == q.sign ? m + n : m - n;
    return rounded(m == 0 ? 0 : p.sign, m, p.exponent - 38);
}

float __subsf3(float a, float b) {
    return __addsf3(a, of_bits(bits_of(b) ^ SIGN));
}

float __mulsf3(float a, float b) {
    const uint32_t x = bits_of(a), y = bits_of(b), sign = (x ^ y) & SIGN;
    const struct parts p = parts_of(x), q = parts_of(y);
    if (is_nan(x) || is_nan(y)) {
        return of_bits(NOT_A_NUMBER);
    }
    if (is_infinite(x) || is_infinite(y)) {
        return of_bits(p.mantissa == 0 || q.mantissa == 0 ? NOT_A_NUMBER : sign | INFINITE);
    }
    return rounded(sign, (uint64_t)p.mantissa * q.mantissa, p.exponent + q.exponent);
}

float __divsf3(float a, float b) {
    const uint32_t x = bits_of(a), y = bits_of(b), sign = (x ^ y) & SIGN;
    const struct parts p = parts_of(x), q = parts_of(y);
    const uint64_t dividend = (uint64_t)p.mantissa << 39;
    uint64_t quotient;
    if (is_nan(x) || is_nan(y) || (is_infinite(x) && is_infinite(y)) || (p.mantissa | q.mantissa) == 0) {
        return of_bits(NOT_A_NUMBER);
    }
    if (is_infinite(x) || q.mantissa == 0) {
        return of_bits(sign | INFINITE);
    }
    if (is_infinite(y)) {
        return of_bits(sign);
    }
    quotient = dividend / q.mantissa;
    return rounded(sign, quotient << 1 | (quotient * q.mantissa != dividend), p.exponent - q.exponent - 40);
}

int32_t __unordsf2(float a, float b) {
    return is_nan(bits_of(a)) || is_nan(bits_of(b));
}

/* -1, 0 or 1; `unordered` when there is no order. */
static int32_t compare(float a, float b, int32_t unordered) {
    const uint32_t x = bits_of(a), y = bits_of(b);
    /* In the order of the numbers: negative ones count downwards from the two zeros. */
    const int32_t i = (x & SIGN) != 0 ? -(int32_t)(x & ~SIGN) : (int32_t)x;
    const int32_t j = (y & SIGN) != 0 ? -(int32_t)(y & ~SIGN) : (int32_t)y;
    return is_nan(x) || is_nan(y) ? unordered : (i > j) - (i < j);
}

int32_t __eqsf2(float a, float b) {
    return compare(a, b, 1);
}

int32_t __nesf2(float a, float b) {
    return compare(a, b, 1);
}

int32_t __ltsf2(float a, float b) {
    return compare(a, b, 1);
}

int32_t __lesf2(float a, float b) {
    return compare(a, b, 1);
}

int32_t __gtsf2(float a, float b) {
    return compare(a, b, -1);
}

int32_t __gesf2(float a, float b) {
    return compare(a, b, -1);
}
