#include "kit_quantize.h"

void kit_dequantize(const KIT_CONST struct kit_dequantize_params *p, const void *in, float *out) {
    int32_t i;
    for (i = 0; i < p->count; i++) {
        out[i] = p->scale * (float)(kit_load_element(in, i, p->type_in) - p->zero);
    }
}
