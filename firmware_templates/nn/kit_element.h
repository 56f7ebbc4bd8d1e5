/* Elements of tensors, for kernels that are alike for int8 and, `wide`, int16. */
#ifndef KIT_ELEMENT_H
#define KIT_ELEMENT_H

#include "kit_fixedpoint.h"
#include "kit_nn.h"

KIT_TEMPLATE int32_t kit_element(const void *tensor, int32_t index, const int wide) {
    return wide ? ((const int16_t *)tensor)[index] : ((const int8_t *)tensor)[index];
}

/* Limited to the type's range. */
KIT_TEMPLATE void kit_set_element(void *tensor, int32_t index, int32_t value, const int wide) {
    if (wide) {
        ((int16_t *)tensor)[index] = kit_clamp_s16(value);
    } else {
        ((int8_t *)tensor)[index] = kit_clamp_s8(value);
    }
}

#endif
