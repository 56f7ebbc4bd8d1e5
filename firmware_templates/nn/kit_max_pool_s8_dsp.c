#include "kit_pool.h"

#include "kit_simd.h"

#include <string.h>

#if !KIT_SIMD
/* The greater (sign 1) or smaller (sign -1) of each pair of bytes. */
static int32_t choose(int32_t x, int32_t y, int32_t sign) {
    int8_t a[4], b[4];
    int32_t i;
    memcpy(a, &x, sizeof a);
    memcpy(b, &y, sizeof b);
    for (i = 0; i < 4; i++) {
        a[i] = (a[i] - b[i]) * sign > 0 ? a[i] : b[i];
    }
    memcpy(&x, a, sizeof x);
    return x;
}
#endif

static inline int32_t greater(int32_t x, int32_t y) {
#if KIT_SIMD
    int32_t r;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(r) : "r"(x), "r"(y) : "cc");
    return r;
#else
    return choose(x, y, 1);
#endif
}

static inline int32_t smaller(int32_t x, int32_t y) {
#if KIT_SIMD
    int32_t r;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(r) : "r"(x), "r"(y) : "cc");
    return r;
#else
    return choose(x, y, -1);
#endif
}

static inline int32_t four_times(int32_t x) {
    return (int32_t)((uint32_t)(uint8_t)x * 0x01010101u);
}

/* All channels of one output pixel, four at a time. */
static void *pixel(const struct kit_pool_params *p, const struct kit_pool_taps *taps, const void *in,
                   void *out) {
    const int32_t channels = p->channels, next_row = taps->next_row;
    const int32_t lo = four_times(p->lo), hi = four_times(p->hi);
    int8_t *to = (int8_t *)out;
    int32_t c, y, x;
    for (c = 0; c < channels; c += 4, to += 4) {
        const int8_t *tap = (const int8_t *)in + c;
        int32_t max = lo;
        for (y = taps->rows; y > 0; y--, tap += next_row) {
            for (x = taps->columns; x > 0; x--, tap += channels) {
                max = greater(max, kit_load_s8x4(tap));
            }
        }
        max = smaller(max, hi);
        memcpy(to, &max, sizeof max);
    }
    return to;
}

/* The number of channels must be a multiple of 4. */
void kit_max_pool_s8_dsp(const struct kit_pool_params *p, const int8_t *in, int8_t *out) {
    kit_pool_walk(p, in, out, sizeof(*out), pixel);
}
