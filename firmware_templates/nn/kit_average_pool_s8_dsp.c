#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os") /* a small part of any network: its bytes count for more than its time */
#endif

#include "kit_pool.h"

#include "kit_simd.h"

/* All channels of one output pixel, four at a time, each summed in 16 bits. */
static void *pixel(const struct kit_pool_params *p, const struct kit_pool_taps *taps, const void *in,
                   void *out) {
    const int32_t channels = p->channels, next_row = taps->next_row, count = taps->rows * taps->columns;
    int8_t *to = (int8_t *)out;
    int32_t c, y, x;
    for (c = 0; c < channels; c += 4, to += 4) {
        const int8_t *tap = (const int8_t *)in + c;
        int32_t even = 0, odd = 0;
        for (y = taps->rows; y > 0; y--, tap += next_row) {
            for (x = taps->columns; x > 0; x--, tap += channels) {
                const int32_t four = kit_load_s8x4(tap);
                even = kit_sxtab16(even, four);
                odd = kit_sxtab16_odd(odd, four);
            }
        }
        to[0] = (int8_t)kit_pool_average(p, kit_low(even), count);
        to[1] = (int8_t)kit_pool_average(p, kit_low(odd), count);
        to[2] = (int8_t)kit_pool_average(p, kit_high(even), count);
        to[3] = (int8_t)kit_pool_average(p, kit_high(odd), count);
    }
    return to;
}

/* The number of channels must be a multiple of 4, a window at most 255 pixels. */
void kit_average_pool_s8_dsp(const struct kit_pool_params *p, const int8_t *in, int8_t *out) {
    kit_pool_walk(p, in, out, sizeof(*out), pixel);
}
