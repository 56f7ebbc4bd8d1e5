#include "kit_copy_nd.h"

void kit_take(const struct kit_take_params *p, const void *in, void *out) {
    const uint8_t *from = (const uint8_t *)in;
    uint8_t *to = (uint8_t *)out;
    int32_t i, k;
    for (i = 0; i < p->outer; i++) {
        for (k = 0; k < p->count; k++) {
            if (p->run == 1) {
                *to = from[p->offsets[k]];
            } else {
                memcpy(to, from + p->offsets[k], (size_t)p->run);
            }
            to += p->run;
        }
        from += p->outer_stride;
    }
}
