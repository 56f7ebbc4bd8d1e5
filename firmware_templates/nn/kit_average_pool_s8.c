#include "kit_pool.h"

/* All channels of one output pixel, four at a time. */
static void *pixel(const KIT_CONST struct kit_pool_params *p, const struct kit_pool_taps *taps,
                   const void *in, void *out) {
    const int32_t count = taps->rows * taps->columns;
    int8_t *to = (int8_t *)out;
    int32_t c = 0, y, x;
    for (; c + 4 <= p->channels; c += 4, to += 4) {
        const int8_t *tap = (const int8_t *)in + c;
        int32_t sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        for (y = taps->rows; y > 0; y--, tap += taps->next_row) {
            for (x = taps->columns; x > 0; x--, tap += p->channels) {
                sum0 += tap[0];
                sum1 += tap[1];
                sum2 += tap[2];
                sum3 += tap[3];
            }
        }
        to[0] = (int8_t)kit_pool_average(p, sum0, count);
        to[1] = (int8_t)kit_pool_average(p, sum1, count);
        to[2] = (int8_t)kit_pool_average(p, sum2, count);
        to[3] = (int8_t)kit_pool_average(p, sum3, count);
    }
    for (; c < p->channels; c++) {
        const int8_t *tap = (const int8_t *)in + c;
        int32_t sum = 0;
        for (y = taps->rows; y > 0; y--, tap += taps->next_row) {
            for (x = taps->columns; x > 0; x--, tap += p->channels) {
                sum += *tap;
            }
        }
        *to++ = (int8_t)kit_pool_average(p, sum, count);
    }
    return to;
}

void kit_average_pool_s8(const KIT_CONST struct kit_pool_params *p, const int8_t *in, int8_t *out) {
    kit_pool_walk(p, in, out, sizeof(*out), pixel);
}
