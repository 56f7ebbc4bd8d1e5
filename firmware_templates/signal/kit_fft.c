/* The transform of 2 m real samples is that of m complex ones (even and odd samples) and a last step that
 * takes the two apart. The complex one is decimated in time: bits of the index reversed, then two radix-2
 * layers at a time over four values in registers. Sources: Cooley and Tukey 1965; H. V. Sorensen et al.,
 * "Real-valued fast Fourier transform algorithms", IEEE Trans. ASSP 35 (1987), section III.
 *
 * A layer gives (a + w b) / 2 and (a - w b) / 2: the magnitude of a complex value never grows, and 2^30 *
 * sqrt(2) fits. */
#include "kit_fft.h"

#include "kit_fixedpoint.h"
#include "kit_simd.h"

/* a - round(x * y / 2^32), ties as SMMLSR has them. */
static inline int32_t subtract_high(int32_t x, int32_t y, int32_t a) {
#if KIT_SIMD
    int32_t r;
    __asm__("smmlsr %0, %1, %2, %3" : "=r"(r) : "r"(x), "r"(y), "r"(a));
    return r;
#else
    return kit_add_wrap(a, (int32_t)((((int64_t)1 << 31) - (int64_t)x * y) >> 32));
#endif
}

struct complex {
    int32_t re, im;
};

/* w * x / 2 with w = factor[0] - i * factor[1]. */
static inline struct complex turn(const int32_t *factor, struct complex x) {
    struct complex r;
    r.re = kit_smmlar(x.im, factor[1], kit_high_word(x.re, factor[0]));
    r.im = subtract_high(x.re, factor[1], kit_high_word(x.im, factor[0]));
    return r;
}

static inline struct complex half(struct complex x) {
    struct complex r;
    r.re = x.re >> 1;
    r.im = x.im >> 1;
    return r;
}

/* x / 2 + y, x / 2 - y, x / 2 + i y. */
static inline struct complex half_plus(struct complex x, struct complex y) {
    struct complex r;
    r.re = y.re + (x.re >> 1);
    r.im = y.im + (x.im >> 1);
    return r;
}

static inline struct complex half_minus(struct complex x, struct complex y) {
    struct complex r;
    r.re = (x.re >> 1) - y.re;
    r.im = (x.im >> 1) - y.im;
    return r;
}

static inline struct complex half_plus_i(struct complex x, struct complex y) {
    struct complex r;
    r.re = (x.re >> 1) - y.im;
    r.im = (x.im >> 1) + y.re;
    return r;
}

static inline struct complex half_minus_i(struct complex x, struct complex y) {
    struct complex r;
    r.re = (x.re >> 1) + y.im;
    r.im = (x.im >> 1) - y.re;
    return r;
}

static inline uint32_t reversed(uint32_t x, uint32_t bits) {
#if KIT_SIMD
    uint32_t r;
    __asm__("rbit %0, %1" : "=r"(r) : "r"(x));
    return r >> (32u - bits);
#else
    uint32_t r = 0;
    for (; bits > 0; bits--) {
        r = (r << 1) | (x & 1u);
        x >>= 1;
    }
    return r;
#endif
}

static void reverse_order(struct complex *z, uint32_t bits) {
    const uint32_t count = (uint32_t)1 << bits;
    uint32_t i;
    for (i = 1; i + 1u < count; i++) {
        const uint32_t j = reversed(i, bits);
        if (i < j) {
            const struct complex kept = z[i];
            z[i] = z[j];
            z[j] = kept;
        }
    }
}

/* The first layer, of pairs. */
static void pairs(struct complex *z, uint32_t count) {
    const struct complex *const end = z + count;
    for (; z != end; z += 2) {
        const struct complex a = z[0], b = half(z[1]);
        z[0] = half_plus(a, b);
        z[1] = half_minus(a, b);
    }
}

/* The first two layers, of fours: all factors are 1 and -i. */
static void fours(struct complex *z, uint32_t count) {
    const struct complex *const end = z + count;
    for (; z != end; z += 4) {
        const struct complex b = half(z[1]), d = half(z[3]);
        const struct complex a1 = half_plus(z[0], b), b1 = half_minus(z[0], b);
        const struct complex c1 = half(half_plus(z[2], d)), d1 = half(half_minus(z[2], d));
        z[0] = half_plus(a1, c1);
        z[1] = half_minus_i(b1, d1);
        z[2] = half_minus(a1, c1);
        z[3] = half_plus_i(b1, d1);
    }
}

/* Two layers: blocks of `quarter` become blocks of four times that. `factors` are for each place in a block
 * the one of the first layer and that of the second. */
static void two_layers(struct complex *z, const struct complex *end, uint32_t quarter,
                       const int32_t *factors) {
    while (z != end) {
        struct complex *z1 = z + quarter, *z2 = z1 + quarter, *z3 = z2 + quarter;
        const struct complex *const block_end = z1;
        const int32_t *w = factors;
        for (; z != block_end; z++, z1++, z2++, z3++, w += 4) {
            const struct complex b = turn(w, *z1), d = turn(w, *z3);
            const struct complex a1 = half_plus(*z, b), b1 = half_minus(*z, b);
            const struct complex c1 = turn(w + 2, half_plus(*z2, d)), d1 = turn(w + 2, half_minus(*z2, d));
            *z = half_plus(a1, c1);
            *z1 = half_minus_i(b1, d1);
            *z2 = half_minus(a1, c1);
            *z3 = half_plus_i(b1, d1);
        }
        z = z3;
    }
}

/* |x|^2, the low word first. */
static inline struct complex power(int32_t re, int32_t im) {
    const uint64_t square = (uint64_t)((int64_t)re * re + (int64_t)im * im);
    struct complex words;
    words.re = (int32_t)(uint32_t)square;
    words.im = (int32_t)(uint32_t)(square >> 32);
    return words;
}

/* Powers of bins k and m - k of the real transform from those of the complex one:
 * X[k] = e + w o, X[m - k] = conj(e - w o), e = (Z[k] + conj Z[m - k]) / 2, o = (Z[k] - conj Z[m - k]) / 2i.
 */
static void split(struct complex *z, uint32_t count, const int32_t *factors) {
    struct complex *low = z + 1, *high = z + count - 1u;
    const struct complex first = half(*z);
    z[0] = power(first.re + first.im, 0);
    z[count] = power(first.re - first.im, 0);
    for (; low <= high; low++, high--, factors += 2) {
        const struct complex a = *low, b = half(*high);
        struct complex e, o, t;
        e.re = b.re + (a.re >> 1);
        e.im = (a.im >> 1) - b.im;
        o.re = b.im + (a.im >> 1);
        o.im = b.re - (a.re >> 1);
        t = turn(factors, o);
        *high = power((e.re >> 1) - t.re, (e.im >> 1) - t.im);
        *low = power((e.re >> 1) + t.re, (e.im >> 1) + t.im);
    }
}

struct kit_power *kit_fft_power(const struct kit_fft *fft, int32_t *data) {
    const uint32_t bits = fft->log2_size - 1u, count = (uint32_t)1 << bits;
    struct complex *const z = (struct complex *)(void *)data;
    const int32_t *factors = fft->factors;
    uint32_t quarter = (bits & 1u) != 0 ? 2u : 4u;
    reverse_order(z, bits);
    if ((bits & 1u) != 0) {
        pairs(z, count);
    } else {
        fours(z, count);
    }
    for (; quarter < count; quarter *= 4u) {
        two_layers(z, z + count, quarter, factors);
        factors += 4u * quarter;
    }
    split(z, count, factors);
    return (struct kit_power *)(void *)data;
}
