#include "kit_quantize.h"

#include "kit_fixedpoint.h"

void kit_requantize_elements(const KIT_CONST struct kit_requantize_params *p, const void *in, void *out) {
    int32_t i;
    for (i = 0; i < p->count; i++) {
        const int32_t x = kit_sub_wrap(kit_load_element(in, i, p->type_in), p->zero_in);
        const int32_t y = kit_add_wrap(kit_requantize(x, p->multiplier, p->shift), p->zero);
        kit_store_element(out, i, p->type_out, kit_clamp(y, p->lo, p->hi));
    }
}
