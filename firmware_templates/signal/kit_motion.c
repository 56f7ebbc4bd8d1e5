#include "kit_motion.h"

#include "kit_log2.h"

/* One axis of a window whose first `count` samples are at `first` and the others at `rest`. */
struct axis {
    const int16_t *first, *rest;
    uint32_t count, step;
};

static inline int32_t sample(const struct axis *a, uint32_t i) {
    return i < a->count ? a->first[(size_t)i * a->step] : a->rest[(size_t)(i - a->count) * a->step];
}

/* window * (sample - mean), at most 2^26 in magnitude, without rounding. */
static inline int32_t deviation(const struct axis *a, uint32_t i, int32_t window, int32_t sum) {
    return window * sample(a, i) - sum;
}

static inline int32_t above(int32_t x, int32_t floor) {
    return x > floor ? x : floor;
}

/* Rms, skewness and kurtosis of deviations whose magnitudes have the bits `bits`, not 0. */
static void moments(const struct kit_motion_config *c, const struct axis *a, int32_t sum, uint32_t bits,
                    int32_t *out) {
    /* 13 bits of the deviations go into the third and fourth powers: sums of 1024 fit in 64 bits. */
    const uint32_t width = 32u - kit_clz(bits), down = width > 13u ? width - 13u : 0;
    const int32_t half = (int32_t)(((uint32_t)1 << down) >> 1);
    uint64_t exact = 0, m2 = 0, m4 = 0;
    int64_t m3 = 0;
    uint32_t i;
    int32_t log_m2;
    for (i = 0; i < c->window; i++) {
        const int32_t d = deviation(a, i, (int32_t)c->window, sum);
        const int32_t e = (d + half) >> down;
        const uint32_t square = (uint32_t)(e * e);
        exact += (uint64_t)((int64_t)d * d);
        m2 += square;
        m3 += (int64_t)e * (int32_t)square;
        m4 += (uint64_t)square * square;
    }
    log_m2 = kit_log2(m2);
    out[0] = above(kit_log2(exact) + c->rms_offset, c->floor);
    out[1] = 0;
    if (m3 != 0) {
        const uint64_t size = m3 < 0 ? (uint64_t)-m3 : (uint64_t)m3;
        const int32_t skewness = kit_exp2(kit_log2(size) + c->log2_window / 2 - log_m2 - log_m2 / 2);
        out[1] = m3 < 0 ? -skewness : skewness;
    }
    out[2] = kit_exp2(kit_log2(m4) + c->log2_window - 2 * log_m2) - (3 << 16);
}

/* Mean powers of the bins over the frames of the window. */
static void powers(struct kit_motion *motion, const struct axis *a, int32_t sum, uint32_t bits,
                   int32_t *out) {
    const struct kit_motion_config *const c = motion->config;
    const uint32_t size = (uint32_t)1 << c->fft.log2_size, half = size / 2u;
    const uint32_t shift = kit_clz(bits) - 1u, down = 32u - kit_clz(c->frames - 1u);
    const int32_t offset = c->bin_offset - (int32_t)(shift << 17);
    int32_t *const data = motion->spectrum;
    const struct kit_power *bins;
    uint32_t frame, i;
    memset(motion->powers, 0, (half + 1u) * sizeof *motion->powers);
    for (frame = 0; frame < c->frames; frame++) {
        for (i = 0; i < size; i++) {
            const int32_t d = deviation(a, frame * half + i, (int32_t)c->window, sum);
            data[i] = kit_high_word(kit_shl(d, (int32_t)shift), c->curve[i <= half ? i : size - i]);
        }
        bins = kit_fft_power(&c->fft, data);
        for (i = 1; i <= half; i++) {
            motion->powers[i] += kit_power_value(bins[i]) >> down; /* a bin has 61 bits */
        }
    }
    for (i = 1; i <= half; i++) {
        const uint64_t power = motion->powers[i];
        out[i - 1u] = power == 0 ? c->floor : above(kit_log2(power) + offset, c->floor);
    }
}

static void axis_features(struct kit_motion *motion, const struct axis *a, int32_t *out) {
    const struct kit_motion_config *const c = motion->config;
    const uint32_t half = ((uint32_t)1 << c->fft.log2_size) / 2u;
    uint32_t bits = 0, i;
    int32_t sum = 0;
    for (i = 0; i < c->window; i++) {
        sum += sample(a, i);
    }
    for (i = 0; i < c->window; i++) {
        const int32_t d = deviation(a, i, (int32_t)c->window, sum);
        bits |= (uint32_t)(d ^ (d >> 31));
    }
    if (bits == 0) { /* constant */
        out[0] = c->floor;
        out[1] = out[2] = 0;
        for (i = 0; i < half; i++) {
            out[3u + i] = c->floor;
        }
        return;
    }
    moments(c, a, sum, bits, out);
    powers(motion, a, sum, bits, out + 3);
}

/* Features of the window at a->first, in Q16 where q16 is not NULL, else in int8. */
static void window_features(struct kit_motion *motion, struct axis a, int32_t *q16, int8_t *s8) {
    const struct kit_motion_config *const c = motion->config;
    const uint32_t raw = c->frames == 0, rows = raw ? c->window : c->axes;
    const uint32_t columns = raw ? c->axes : kit_motion_feature_count(c) / c->axes;
    uint32_t row, i;
    for (row = 0; row < rows; row++) {
        if (raw) {
            const int16_t *const x =
                row < a.count ? a.first + (size_t)row * a.step : a.rest + (size_t)(row - a.count) * a.step;
            for (i = 0; i < columns; i++) {
                motion->values[i] = x[i] * (1 << 16);
            }
        } else {
            axis_features(motion, &a, motion->values);
            a.first++;
            a.rest++;
        }
        if (q16 != NULL) {
            memcpy(q16 + (size_t)row * columns, motion->values, columns * sizeof *q16);
        } else {
            kit_affine_run(&c->output, row * columns, motion->values, columns, s8 + (size_t)row * columns);
        }
    }
}

static uint32_t transform_size(const struct kit_motion_config *config) {
    return config->frames == 0 ? 0 : (uint32_t)1 << config->fft.log2_size;
}

size_t kit_motion_bytes(const struct kit_motion_config *config) {
    return KIT_MOTION_BYTES(config->window, config->axes, (size_t)transform_size(config));
}

struct kit_motion *kit_motion_init(const struct kit_motion_config *config, void *memory, size_t bytes) {
    const uint32_t size = transform_size(config);
    struct kit_motion *const motion = (struct kit_motion *)memory;
    if (memory == NULL || ((uintptr_t)memory & 7u) != 0 || bytes < kit_motion_bytes(config)) {
        return NULL;
    }
    motion->config = config;
    motion->powers = (uint64_t *)(void *)(motion + 1);
    motion->spectrum = (int32_t *)(void *)(motion->powers + size / 2u + 1u);
    motion->values = motion->spectrum + size + 2u;
    motion->ring.samples = (int16_t *)(void *)(motion->values + 3u + size / 2u + config->axes);
    motion->ring.capacity = config->window;
    motion->ring.axes = config->axes;
    kit_motion_reset(motion);
    return motion;
}

void kit_motion_reset(struct kit_motion *motion) {
    kit_ring_reset(&motion->ring);
}

uint32_t kit_motion_feature_count(const struct kit_motion_config *config) {
    return config->axes * (config->frames == 0 ? config->window : 3u + transform_size(config) / 2u);
}

uint32_t kit_motion_feed(struct kit_motion *motion, const int16_t *samples, uint32_t count) {
    return kit_ring_feed(&motion->ring, samples, count);
}

int kit_motion_frame(struct kit_motion *motion, int8_t *features) {
    const struct kit_ring *const ring = &motion->ring;
    struct axis a;
    if (ring->missing != 0) {
        return 0;
    }
    a.first = ring->samples + (size_t)ring->at * ring->axes;
    a.rest = ring->samples;
    a.count = ring->capacity - ring->at;
    a.step = ring->axes;
    window_features(motion, a, NULL, features);
    motion->ring.missing = motion->config->hop;
    return 1;
}

static uint32_t whole(struct kit_motion *motion, const int16_t *samples, uint32_t count, int32_t *q16,
                      int8_t *s8) {
    const struct kit_motion_config *const c = motion->config;
    const uint32_t windows = count < c->window ? 0 : (count - c->window) / c->hop + 1u;
    const size_t n = kit_motion_feature_count(c);
    uint32_t i;
    for (i = 0; i < windows; i++) {
        struct axis a;
        a.first = a.rest = samples + (size_t)i * c->hop * c->axes;
        a.count = c->window;
        a.step = c->axes;
        window_features(motion, a, q16 != NULL ? q16 + i * n : NULL, s8 != NULL ? s8 + i * n : NULL);
    }
    return windows;
}

uint32_t kit_motion_whole(struct kit_motion *motion, const int16_t *samples, uint32_t count,
                          int8_t *features) {
    return whole(motion, samples, count, NULL, features);
}

uint32_t kit_motion_whole_q16(struct kit_motion *motion, const int16_t *samples, uint32_t count,
                              int32_t *features) {
    return whole(motion, samples, count, features, NULL);
}
