#include "kit_copy_nd.h"

void kit_pad(const struct kit_pad_params *p, const void *in, void *out) {
    int32_t i;
    if (p->element_bytes == 1) {
        memset(out, (int)p->value, (size_t)p->elements);
    } else if (p->element_bytes == 2) {
        for (i = 0; i < p->elements; i++) {
            ((int16_t *)out)[i] = (int16_t)p->value;
        }
    } else {
        for (i = 0; i < p->elements; i++) {
            ((int32_t *)out)[i] = p->value;
        }
    }
    kit_copy_rows(&p->inside, in, out);
}
