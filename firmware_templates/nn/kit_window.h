/* Which taps of a kernel fall inside the tensor, along one axis. */
#ifndef KIT_WINDOW_H
#define KIT_WINDOW_H

#include <stdint.h>

struct kit_window {
    int32_t first; /* the first tap that is inside */
    int32_t taps;  /* how many are inside, from `first` on */
    int32_t start; /* input position of tap `first` */
};

/* `origin` is the input position of tap 0 (negative in the padding); taps are `dilation` positions apart.
 * When no tap is inside, `taps` and `start` are 0. */
static inline struct kit_window kit_window(int32_t origin, int32_t dilation, int32_t taps, int32_t size) {
    struct kit_window w = {0, taps, origin};
    while (w.taps > 0 && w.start < 0) {
        w.first++;
        w.taps--;
        w.start += dilation;
    }
    while (w.taps > 0 && w.start + (w.taps - 1) * dilation >= size) {
        w.taps--;
    }
    if (w.taps == 0) {
        w.start = 0;
    }
    return w;
}

#endif
