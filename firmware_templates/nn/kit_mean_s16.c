#include "kit_reduce.h"

#include "kit_fixedpoint.h"

static int32_t sum_of(const struct kit_walk *walk, const int16_t *in) {
    const int32_t *inner = kit_walk_inner(walk, 1);
    int32_t index[KIT_MAX_RANK] = {0}, offset = 0, sum = 0;
    do {
        const int16_t *x = in + offset;
        int32_t n = inner[0];
        do {
            sum += *x;
            x += inner[1];
        } while (--n > 0);
    } while (kit_walk_next(walk, 1, index, &offset));
    return sum;
}

void kit_mean_s16(const struct kit_mean_params *p, const int16_t *in, int16_t *out) {
    const int32_t *inner = kit_walk_inner(&p->kept, 1);
    int32_t index[KIT_MAX_RANK] = {0}, offset = 0;
    do {
        const int16_t *x = in + offset;
        int32_t n = inner[0];
        do {
            const int32_t sum = sum_of(&p->reduced, x) - p->zero_sum;
            *out++ = kit_clamp_s16(kit_requantize(sum, p->multiplier, p->shift) + p->zero);
            x += inner[1];
        } while (--n > 0);
    } while (kit_walk_next(&p->kept, 1, index, &offset));
}
