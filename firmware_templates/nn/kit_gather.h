/* The window of one output pixel as contiguous bytes. */
#ifndef KIT_GATHER_H
#define KIT_GATHER_H

#include <stdint.h>
#include <string.h>

#include "kit_window.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
/* n bytes, sixteen at a time: the loop's last round stores only what is left. */
static inline int8_t *kit_copy_run(int8_t *to, const int8_t *from, int32_t n) {
    int8_t *const end = to + n;
    __asm__ volatile("wlstp.8 lr, %[n], 2f\n"
                     "1:\n\t"
                     "vldrb.8 q0, [%[from]], #16\n\t"
                     "vstrb.8 q0, [%[to]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [to] "+r"(to), [from] "+r"(from)
                     : [n] "r"(n)
                     : "lr", "q0", "memory");
    return end;
}

static inline int8_t *kit_fill_run(int8_t *to, int8_t value, int32_t n) {
    int8_t *const end = to + n;
    __asm__ volatile("vdup.8 q0, %[value]\n\t"
                     "wlstp.8 lr, %[n], 2f\n"
                     "1:\n\t"
                     "vstrb.8 q0, [%[to]], #16\n\t"
                     "letp lr, 1b\n"
                     "2:"
                     : [to] "+r"(to)
                     : [n] "r"(n), [value] "r"(value)
                     : "lr", "q0", "memory");
    return end;
}
#else
/* n bytes. The runs are short: a word at a time where the machine can (either both are aligned, or it does
 * not mind), then the rest. */
static inline int8_t *kit_copy_run(int8_t *to, const int8_t *from, int32_t n) {
#if defined(__GNUC__) && !defined(__ARM_FEATURE_UNALIGNED)
    if ((((uintptr_t)to | (uintptr_t)from) & 3u) == 0) {
        for (; n >= 4; n -= 4, to += 4, from += 4) {
            memcpy(__builtin_assume_aligned(to, 4), __builtin_assume_aligned(from, 4), 4);
        }
    }
#else
    for (; n >= 4; n -= 4, to += 4, from += 4) {
        memcpy(to, from, 4);
    }
#endif
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
#endif

/* What is gathered: `depth` bytes of each tap, `step` bytes from tap to tap and `row` bytes from row to row.
 */
struct kit_taps {
    int32_t kernel_height, kernel_width;
    int32_t depth, step, row;
    int8_t zero; /* stands for a tap in the padding */
};

/* The taps in the order of the kernel. `from` is the first that is inside the tensor. */
static inline void kit_gather(const struct kit_taps *t, const int8_t *from, const struct kit_window *y,
                              const struct kit_window *x, int8_t *to) {
    const int32_t row = t->kernel_width * t->depth, left = x->first * t->depth;
    const int32_t right = row - left - x->taps * t->depth;
    /* Neighbouring taps are copied as one where they are neighbours in memory. */
    const int32_t joined = t->step == t->depth ? x->taps : 1;
    int32_t ky, kx;
    for (ky = 0; ky < t->kernel_height; ky++) {
        if (ky < y->first || ky >= y->first + y->taps) {
            to = kit_fill_run(to, t->zero, row);
            continue;
        }
        to = kit_fill_run(to, t->zero, left);
        for (kx = 0; kx < x->taps; kx += joined) {
            to = kit_copy_run(to, from + kx * t->step, joined * t->depth);
        }
        to = kit_fill_run(to, t->zero, right);
        from += t->row;
    }
}

#endif
