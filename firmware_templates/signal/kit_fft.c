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

/* w * x / 2 with w = wave[0] - i * wave[1]. */
static inline struct complex turn(const int32_t *wave, struct complex x) {
    struct complex r;
    r.re = kit_smmlar(x.im, wave[1], kit_high_word(x.re, wave[0]));
    r.im = subtract_high(x.re, wave[1], kit_high_word(x.im, wave[0]));
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

/* Two layers: blocks of `quarter` become blocks of four times that. `stride` is the distance in `wave` of the
 * factors of the second layer; those of the first lie twice as far apart. */
static void two_layers(struct complex *z, uint32_t count, uint32_t quarter, const int32_t *wave,
                       uint32_t stride) {
    const struct complex *const end = z + count;
    for (; z != end; z += 3u * quarter) {
        const struct complex *const block_end = z + quarter;
        const int32_t *first = wave, *second = wave;
        for (; z != block_end; z++) {
            const struct complex b = turn(first, z[quarter]);
            const struct complex a1 = half_plus(z[0], b), b1 = half_minus(z[0], b);
            const struct complex d = turn(first, z[3u * quarter]);
            const struct complex c1 = turn(second, half_plus(z[2u * quarter], d));
            const struct complex d1 = turn(second, half_minus(z[2u * quarter], d));
            z[0] = half_plus(a1, c1);
            z[quarter] = half_minus_i(b1, d1);
            z[2u * quarter] = half_minus(a1, c1);
            z[3u * quarter] = half_plus_i(b1, d1);
            first += 4u * stride;
            second += 2u * stride;
        }
    }
}

static inline void store_power(int32_t *bin, int32_t re, int32_t im) {
    const uint64_t power = (uint64_t)((int64_t)re * re + (int64_t)im * im);
    bin[0] = (int32_t)(uint32_t)power;
    bin[1] = (int32_t)(uint32_t)(power >> 32);
}

/* Bins k and m - k of the real transform from those of the complex one:
 * X[k] = e + w o, X[m - k] = conj(e - w o), e = (Z[k] + conj Z[m - k]) / 2, o = (Z[k] - conj Z[m - k]) / 2i.
 */
static void split(int32_t *data, uint32_t count, const int32_t *wave) {
    int32_t *low = data + 2, *high = data + 2u * (count - 1u);
    const int32_t re = data[0] >> 1, im = data[1] >> 1;
    store_power(data, re + im, 0);
    store_power(data + 2u * count, re - im, 0);
    for (; low <= high; low += 2, high -= 2) {
        struct complex e, o, t;
        wave += 2;
        e.re = (low[0] >> 1) + (high[0] >> 1);
        e.im = (low[1] >> 1) - (high[1] >> 1);
        o.re = (low[1] >> 1) + (high[1] >> 1);
        o.im = (high[0] >> 1) - (low[0] >> 1);
        t = turn(wave, o);
        store_power(high, (e.re >> 1) - t.re, (e.im >> 1) - t.im);
        store_power(low, (e.re >> 1) + t.re, (e.im >> 1) + t.im);
    }
}

void kit_fft_power(const struct kit_fft *fft, int32_t *data) {
    const uint32_t bits = fft->log2_size - 1u, count = (uint32_t)1 << bits;
    struct complex *const z = (struct complex *)(void *)data;
    uint32_t quarter = (bits & 1u) != 0 ? 2u : 4u;
    reverse_order(z, bits);
    if ((bits & 1u) != 0) {
        pairs(z, count);
    } else {
        fours(z, count);
    }
    for (; quarter < count; quarter *= 4u) {
        two_layers(z, count, quarter, fft->wave, count / (2u * quarter));
    }
    split(data, count, fft->wave);
}
