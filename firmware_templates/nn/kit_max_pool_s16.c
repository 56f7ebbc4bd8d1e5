#include "kit_pool.h"

static void *pixel(const struct kit_pool_params *p, const struct kit_pool_taps *taps, const void *in,
                   void *out) {
    int16_t *to = (int16_t *)out;
    int32_t c = 0, y, x;
    for (; c < p->channels; c++) {
        const int16_t *tap = (const int16_t *)in + c;
        int32_t max = INT16_MIN;
        for (y = taps->rows; y > 0; y--, tap += taps->next_row) {
            for (x = taps->columns; x > 0; x--, tap += p->channels) {
                max = *tap > max ? *tap : max;
            }
        }
        *to++ = (int16_t)kit_clamp(max, p->lo, p->hi);
    }
    return to;
}

void kit_max_pool_s16(const struct kit_pool_params *p, const int16_t *in, int16_t *out) {
    kit_pool_walk(p, in, out, sizeof(*out), pixel);
}
