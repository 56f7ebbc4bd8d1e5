/* From one quantisation, or float, to another. */
#ifndef KIT_QUANTIZE_H
#define KIT_QUANTIZE_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Types are enum kit_type. */
struct kit_requantize_params {
    int32_t count;
    int32_t type_in, type_out; /* int8, uint8, int16; also int32 in */
    int32_t zero_in, multiplier, shift, zero;
    int32_t lo, hi;
};

/* out may be in where its elements are not wider. */
void kit_requantize_elements(const KIT_CONST struct kit_requantize_params *p, const void *in, void *out);

struct kit_leaky_relu_s16_params {
    int32_t count;
    int32_t multiplier, shift;             /* of values from 0 on */
    int32_t alpha_multiplier, alpha_shift; /* of negative values; may be negative itself */
};

/* Zero points 0. out may be in. */
void kit_leaky_relu_s16(const struct kit_leaky_relu_s16_params *p, const int16_t *in, int16_t *out);

struct kit_quantize_params {
    int32_t count;
    int32_t type_out; /* int8 or int16 */
    float scale;
    int32_t zero, lo, hi;
};

/* out may be in. */
void kit_quantize(const KIT_CONST struct kit_quantize_params *p, const float *in, void *out);

struct kit_dequantize_params {
    int32_t count;
    int32_t type_in; /* int8, uint8 or int16 */
    float scale;
    int32_t zero;
};

void kit_dequantize(const KIT_CONST struct kit_dequantize_params *p, const void *in, float *out);

static inline int32_t kit_load_element(const void *data, int32_t i, int32_t type) {
    switch (type) {
    case KIT_INT8:
        return ((const int8_t *)data)[i];
    case KIT_UINT8:
        return ((const uint8_t *)data)[i];
    case KIT_INT16:
        return ((const int16_t *)data)[i];
    default:
        return ((const int32_t *)data)[i];
    }
}

/* value must fit the type. */
static inline void kit_store_element(void *data, int32_t i, int32_t type, int32_t value) {
    if (type == KIT_INT16) {
        ((int16_t *)data)[i] = (int16_t)value;
    } else if (type == KIT_INT32) {
        ((int32_t *)data)[i] = value;
    } else {
        ((uint8_t *)data)[i] = (uint8_t)value;
    }
}

#ifdef __cplusplus
}
#endif
#endif
