#include "kit_quantize.h"

#include "kit_fixedpoint.h"

void kit_quantize(const KIT_CONST struct kit_quantize_params *p, const float *in, void *out) {
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const float x = in[i] / p->scale;
        int32_t y;
        if (x >= 65536.0f) { /* also beyond the range of every zero point; NaN takes the last branch */
            y = p->hi;
        } else if (x <= -65536.0f) {
            y = p->lo;
        } else if (x == x) {
            const int32_t whole = (int32_t)x;
            const float rest = x - (float)whole;
            y = kit_clamp(whole + (rest >= 0.5f) - (rest <= -0.5f) + p->zero, p->lo, p->hi);
        } else {
            y = p->lo;
        }
        kit_store_element(out, i, p->type_out, y);
    }
}
