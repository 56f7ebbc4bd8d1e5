#include "kit_reduce.h"

static int8_t max_of(const struct kit_walk *walk, const int8_t *in) {
    const int32_t *inner = kit_walk_inner(walk, 1);
    int32_t index[KIT_MAX_RANK] = {0}, offset = 0;
    int8_t max = INT8_MIN;
    do {
        const int8_t *x = in + offset;
        int32_t n = inner[0];
        do {
            max = *x > max ? *x : max;
            x += inner[1];
        } while (--n > 0);
    } while (kit_walk_next(walk, 1, index, &offset));
    return max;
}

void kit_reduce_max_s8(const struct kit_reduce_max_s8_params *p, const int8_t *in, int8_t *out) {
    const int32_t *inner = kit_walk_inner(&p->kept, 1);
    int32_t index[KIT_MAX_RANK] = {0}, offset = 0;
    do {
        const int8_t *x = in + offset;
        int32_t n = inner[0];
        do {
            *out++ = max_of(&p->reduced, x);
            x += inner[1];
        } while (--n > 0);
    } while (kit_walk_next(&p->kept, 1, index, &offset));
}
