#include "kit_pool.h"

/* All channels of one output pixel, four at a time. */
static void *pixel(const KIT_CONST struct kit_pool_params *p, const struct kit_pool_taps *taps,
                   const void *in, void *out) {
    int8_t *to = (int8_t *)out;
    int32_t c = 0, y, x;
    for (; c + 4 <= p->channels; c += 4, to += 4) {
        const int8_t *tap = (const int8_t *)in + c;
        int32_t max0 = INT8_MIN, max1 = INT8_MIN, max2 = INT8_MIN, max3 = INT8_MIN;
        for (y = taps->rows; y > 0; y--, tap += taps->next_row) {
            for (x = taps->columns; x > 0; x--, tap += p->channels) {
                max0 = tap[0] > max0 ? tap[0] : max0;
                max1 = tap[1] > max1 ? tap[1] : max1;
                max2 = tap[2] > max2 ? tap[2] : max2;
                max3 = tap[3] > max3 ? tap[3] : max3;
            }
        }
        to[0] = (int8_t)kit_clamp(max0, p->lo, p->hi);
        to[1] = (int8_t)kit_clamp(max1, p->lo, p->hi);
        to[2] = (int8_t)kit_clamp(max2, p->lo, p->hi);
        to[3] = (int8_t)kit_clamp(max3, p->lo, p->hi);
    }
    for (; c < p->channels; c++) {
        const int8_t *tap = (const int8_t *)in + c;
        int32_t max = INT8_MIN;
        for (y = taps->rows; y > 0; y--, tap += taps->next_row) {
            for (x = taps->columns; x > 0; x--, tap += p->channels) {
                max = *tap > max ? *tap : max;
            }
        }
        *to++ = (int8_t)kit_clamp(max, p->lo, p->hi);
    }
    return to;
}

void kit_max_pool_s8(const KIT_CONST struct kit_pool_params *p, const int8_t *in, int8_t *out) {
    kit_pool_walk(p, in, out, sizeof(*out), pixel);
}
