/* The window of one output pixel as contiguous bytes. */
#ifndef KIT_GATHER_H
#define KIT_GATHER_H

#include <string.h>

#include "kit_conv.h"
#include "kit_window.h"

/* n bytes; the runs are short and often unaligned, so a word at a time, then the rest. */
static inline int8_t *kit_copy_run(int8_t *to, const int8_t *from, int32_t n) {
    for (; n >= 4; n -= 4, to += 4, from += 4) {
        memcpy(to, from, 4);
    }
    while (n-- > 0) {
        *to++ = *from++;
    }
    return to;
}

static inline int8_t *kit_fill_run(int8_t *to, int8_t value, int32_t n) {
    while (n-- > 0) {
        *to++ = value;
    }
    return to;
}

/* Taps in the order of the kernel, those in the padding as the zero point. One group; `input` is the image.
 */
static inline void kit_gather(const struct kit_conv_params *p, const int8_t *input,
                              const struct kit_window *y, const struct kit_window *x, int8_t *to) {
    const int32_t depth = p->filter_channels, row = p->kernel_width * depth;
    const int32_t left = x->first * depth, run = x->taps * depth;
    const int8_t zero = p->input_zero_point;
    const int8_t *from = input + (y->start * p->input_width + x->start) * depth;
    int32_t ky, kx;
    for (ky = 0; ky < p->kernel_height; ky++) {
        if (ky < y->first || ky >= y->first + y->taps) {
            to = kit_fill_run(to, zero, row);
            continue;
        }
        to = kit_fill_run(to, zero, left);
        if (p->dilation_width == 1) {
            to = kit_copy_run(to, from, run);
        } else {
            for (kx = 0; kx < x->taps; kx++) {
                to = kit_copy_run(to, from + kx * p->dilation_width * depth, depth);
            }
        }
        to = kit_fill_run(to, zero, row - left - run);
        from += p->dilation_height * p->input_width * depth;
    }
}

#endif
