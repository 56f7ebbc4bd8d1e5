/* Moving elements between strided places: transposing, slicing, joining, padding. Any element type: all
 * sizes, offsets and strides are in bytes. */
#ifndef KIT_COPY_ND_H
#define KIT_COPY_ND_H

#include "kit_nn.h"
#include "kit_walk.h"

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kit_copy_nd_params {
    struct kit_walk walk; /* operands: input, output */
    int32_t in_offset, out_offset;
    int32_t run; /* bytes that lie together at each end of the innermost step */
};

/* Runs are moved in order; input and output may overlap where no run is overwritten before it is read. */
void kit_copy_nd(const struct kit_copy_nd_params *p, const void *in, void *out);

struct kit_pad_params {
    struct kit_copy_nd_params inside;
    int32_t elements, element_bytes; /* of the whole output */
    int32_t value;
};

/* Fills the output with `value` (element_bytes is 1, 2 or 4), then places the input in it. */
void kit_pad(const struct kit_pad_params *p, const void *in, void *out);

struct kit_take_params {
    int32_t outer, outer_stride; /* of the input; the output is dense */
    int32_t count, run;          /* runs taken for each outer step, bytes of one */
    const int32_t *offsets;      /* count, where in the input each run begins */
};

/* Picks runs by a table: gathering, mirroring, nearest-neighbour resizing. */
void kit_take(const struct kit_take_params *p, const void *in, void *out);

static inline void kit_copy_rows(const struct kit_copy_nd_params *p, const void *in, void *out) {
    const int32_t *inner = kit_walk_inner(&p->walk, 2);
    int32_t index[KIT_MAX_RANK] = {0}, offset[2];
    offset[0] = p->in_offset;
    offset[1] = p->out_offset;
    do {
        const uint8_t *from = (const uint8_t *)in + offset[0];
        uint8_t *to = (uint8_t *)out + offset[1];
        int32_t n = inner[0];
        if (p->run == 1) {
            const int32_t step_from = inner[1], step_to = inner[2];
            do {
                *to = *from;
                from += step_from;
                to += step_to;
            } while (--n > 0);
        } else {
            do {
                memmove(to, from, (size_t)p->run);
                from += inner[1];
                to += inner[2];
            } while (--n > 0);
        }
    } while (kit_walk_next(&p->walk, 2, index, offset));
}

#ifdef __cplusplus
}
#endif
#endif
