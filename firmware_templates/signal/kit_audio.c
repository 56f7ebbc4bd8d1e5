#include "kit_audio.h"

#include "kit_log2.h"

/* Samples times 2^14, with pre-emphasis x[i] - a * x[i - 1] (at most 2^30 in magnitude). Returns the bits
 * that occur in their magnitudes. */
static uint32_t widen(const int16_t *x, uint32_t n, int32_t a, int32_t *before, int32_t *out) {
    const int16_t *const end = x + n;
    uint32_t bits = 0;
    if (a == 0) { /* the usual case, for less work */
        for (; x != end; x++, out++) {
            const int32_t value = *x * (1 << 14);
            bits |= (uint32_t)(value ^ (value >> 31));
            *out = value;
        }
    } else {
        int32_t last = *before;
        for (; x != end; x++, out++) {
            const int32_t now = *x, value = now * (1 << 14) - ((a * last) >> 1);
            bits |= (uint32_t)(value ^ (value >> 31));
            *out = value;
            last = now;
        }
        *before = last;
    }
    return bits;
}

static inline int32_t scale(int32_t x, uint32_t shift, int32_t w) {
    return kit_high_word(kit_shl(x, (int32_t)shift), w);
}

/* Scale by 2^shift and by the window's curve / 2. */
static void shape(const struct kit_audio_config *c, int32_t *x, uint32_t shift) {
    const int32_t *w = c->curve;
    int32_t *y = x + c->window - 1u; /* runs towards x */
    *x = scale(*x, shift, *w);
    for (x++, w++; x < y; x++, y--, w++) {
        const int32_t factor = *w;
        *x = scale(*x, shift, factor);
        *y = scale(*y, shift, factor);
    }
    if (x == y) {
        *x = scale(*x, shift, *w);
    }
}

/* Powers of bins `first` to before `end` become magnitudes in Q16. */
static void take_roots(struct kit_power *bins, uint32_t first, uint32_t end) {
    uint32_t k;
    for (k = first; k < end; k++) {
        const uint64_t root = kit_sqrt(kit_power_value(bins[k]));
        bins[k].low = (uint32_t)root;
        bins[k].high = (uint32_t)(root >> 32);
    }
}

/* log2 of one filter's energy. The sum has up to 86 bits and is kept in two parts. */
static int32_t log_energy(const struct kit_power *bins, const uint16_t *weights, uint32_t count,
                          int32_t offset, int32_t floor) {
    const uint16_t *const end = weights + count;
    uint64_t low = 0, high = 0;
    int32_t result = offset;
    for (; weights != end; weights++, bins++) {
        const struct kit_power bin = *bins;
        low += (uint64_t)bin.low * *weights;
        high += (uint64_t)bin.high * *weights;
    }
    high += low >> 32;
    if (high >> 32 != 0) {
        result += kit_log2(high) + (32 << 16);
    } else {
        const uint64_t sum = (high << 32) | (uint32_t)low;
        if (sum == 0) {
            return floor;
        }
        result += kit_log2(sum);
    }
    return result > floor ? result : floor;
}

static void transform(const struct kit_audio_config *c, const int32_t *energies, int32_t *out) {
    const int16_t *row = c->transform;
    uint32_t i, k;
    for (k = 0; k < c->coefficients; k++) {
        int64_t sum = 1 << 14;
        for (i = 0; i < c->filters; i++) {
            sum += (int64_t)energies[i] * *row++;
        }
        out[k] = (int32_t)(sum >> 15);
    }
}

/* Features in Q16 of the frame whose first `n` samples are at `a` and the rest at `b`. */
static const int32_t *frame_features(struct kit_audio *audio, const int16_t *a, uint32_t n,
                                     const int16_t *b) {
    const struct kit_audio_config *const c = audio->config;
    const uint32_t size = (uint32_t)1 << c->fft.log2_size, last = c->filters - 1u;
    const uint16_t *weights = c->weights;
    int32_t *const data = audio->spectrum;
    struct kit_power *bins;
    int32_t before = a[0], offset;
    uint32_t bits, shift, i;
    bits = widen(a, n, c->pre_emphasis, &before, data);
    bits |= widen(b, c->window - n, c->pre_emphasis, &before, data + n);
    shift = kit_clz(bits | 1u) - 1u;
    shape(c, data, shift);
    memset(data + c->window, 0, (size - c->window) * sizeof *data);
    bins = kit_fft_power(&c->fft, data);
    if (c->magnitude) {
        take_roots(bins, c->first[0], (uint32_t)c->first[last] + c->count[last]);
        offset = c->offset - (int32_t)(shift << 16);
    } else {
        offset = c->offset - (int32_t)(shift << 17);
    }
    for (i = 0; i < c->filters; i++) {
        audio->energies[i] = log_energy(bins + c->first[i], weights, c->count[i], offset, c->floor);
        weights += c->count[i];
    }
    if (c->coefficients == 0) {
        return audio->energies;
    }
    transform(c, audio->energies, data);
    return data;
}

size_t kit_audio_bytes(const struct kit_audio_config *config) {
    return KIT_AUDIO_BYTES(config->window, (size_t)1 << config->fft.log2_size, config->filters);
}

struct kit_audio *kit_audio_init(const struct kit_audio_config *config, void *memory, size_t bytes) {
    const uint32_t size = (uint32_t)1 << config->fft.log2_size;
    struct kit_audio *const audio = (struct kit_audio *)memory;
    if (memory == NULL || ((uintptr_t)memory & 7u) != 0 || bytes < kit_audio_bytes(config)) {
        return NULL;
    }
    audio->config = config;
    audio->spectrum = (int32_t *)(void *)(audio + 1);
    audio->energies = audio->spectrum + size + 2u;
    audio->ring.samples = (int16_t *)(void *)(audio->energies + config->filters);
    audio->ring.capacity = config->window;
    audio->ring.axes = 1;
    kit_audio_reset(audio);
    return audio;
}

void kit_audio_reset(struct kit_audio *audio) {
    kit_ring_reset(&audio->ring);
}

uint32_t kit_audio_feature_count(const struct kit_audio_config *config) {
    return config->coefficients != 0 ? config->coefficients : config->filters;
}

uint32_t kit_audio_feed(struct kit_audio *audio, const int16_t *samples, uint32_t count) {
    return kit_ring_feed(&audio->ring, samples, count);
}

int kit_audio_frame(struct kit_audio *audio, int8_t *features) {
    const struct kit_audio_config *const c = audio->config;
    const struct kit_ring *const ring = &audio->ring;
    if (ring->missing != 0) {
        return 0;
    }
    kit_affine_run(&c->output, 0,
                   frame_features(audio, ring->samples + ring->at, ring->capacity - ring->at, ring->samples),
                   kit_audio_feature_count(c), features);
    audio->ring.missing = c->hop;
    return 1;
}

static uint32_t whole_frames(const struct kit_audio_config *c, uint32_t count) {
    return count < c->window ? 0 : (count - c->window) / c->hop + 1u;
}

uint32_t kit_audio_whole(struct kit_audio *audio, const int16_t *samples, uint32_t count, int8_t *features) {
    const struct kit_audio_config *const c = audio->config;
    const uint32_t frames = whole_frames(c, count), n = kit_audio_feature_count(c);
    uint32_t i;
    for (i = 0; i < frames; i++) {
        kit_affine_run(&c->output, 0, frame_features(audio, samples + (size_t)i * c->hop, c->window, samples),
                       n, features + (size_t)i * n);
    }
    return frames;
}

uint32_t kit_audio_whole_q16(struct kit_audio *audio, const int16_t *samples, uint32_t count,
                             int32_t *features) {
    const struct kit_audio_config *const c = audio->config;
    const uint32_t frames = whole_frames(c, count), n = kit_audio_feature_count(c);
    uint32_t i;
    for (i = 0; i < frames; i++) {
        memcpy(features + (size_t)i * n,
               frame_features(audio, samples + (size_t)i * c->hop, c->window, samples), n * sizeof *features);
    }
    return frames;
}
