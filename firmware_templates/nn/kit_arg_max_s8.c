#include "kit_reduce.h"

void kit_arg_max_s8(const struct kit_arg_max_s8_params *p, const int8_t *in, int32_t *out) {
    int32_t o, i, k;
    for (o = 0; o < p->outer; o++, in += p->extent * p->inner) {
        for (i = 0; i < p->inner; i++) {
            int32_t best = 0;
            for (k = 1; k < p->extent; k++) {
                if (in[k * p->inner + i] > in[best * p->inner + i]) {
                    best = k;
                }
            }
            *out++ = best;
        }
    }
}
