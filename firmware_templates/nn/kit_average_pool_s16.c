#include "kit_pool.h"

static void *pixel(const struct kit_pool_params *p, const struct kit_pool_taps *taps, const void *in,
                   void *out) {
    const int32_t count = taps->rows * taps->columns;
    int16_t *to = (int16_t *)out;
    int32_t c = 0, y, x;
    for (; c < p->channels; c++) {
        const int16_t *tap = (const int16_t *)in + c;
        int32_t sum = 0;
        for (y = taps->rows; y > 0; y--, tap += taps->next_row) {
            for (x = taps->columns; x > 0; x--, tap += p->channels) {
                sum += *tap;
            }
        }
        *to++ = (int16_t)kit_pool_average(p, sum, count);
    }
    return to;
}

void kit_average_pool_s16(const struct kit_pool_params *p, const int16_t *in, int16_t *out) {
    kit_pool_walk(p, in, out, sizeof(*out), pixel);
}
