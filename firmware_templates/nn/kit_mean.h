/* Means and sums of int8 or, `wide`, int16 tensors. */
#ifndef KIT_MEAN_H
#define KIT_MEAN_H

#include "kit_element.h"
#include "kit_reduce.h"

/* Of the elements that are reduced to one; `first` is where they start. */
KIT_TEMPLATE int32_t kit_sum_of(const struct kit_walk *walk, const void *in, int32_t first, const int wide) {
    const int32_t *inner = kit_walk_inner(walk, 1);
    int32_t index[KIT_MAX_RANK] = {0}, offset = first, sum = 0;
    do {
        int32_t n, at = offset;
        for (n = inner[0]; n > 0; n--, at += inner[1]) {
            sum += kit_element(in, at, wide);
        }
    } while (kit_walk_next(walk, 1, index, &offset));
    return sum;
}

KIT_TEMPLATE void kit_mean(const struct kit_mean_params *p, const void *in, void *out, const int wide) {
    const int32_t *inner = kit_walk_inner(&p->kept, 1);
    int32_t index[KIT_MAX_RANK] = {0}, offset = 0, to = 0;
    do {
        int32_t n, at = offset;
        for (n = inner[0]; n > 0; n--, at += inner[1]) {
            const int32_t sum = kit_sum_of(&p->reduced, in, at, wide) - p->zero_sum;
            kit_set_element(out, to++, kit_requantize(sum, p->multiplier, p->shift) + p->zero, wide);
        }
    } while (kit_walk_next(&p->kept, 1, index, &offset));
}

#endif
