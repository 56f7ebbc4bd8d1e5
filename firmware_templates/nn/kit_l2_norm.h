/* Division of each row by its Euclidean norm. */
#ifndef KIT_L2_NORM_H
#define KIT_L2_NORM_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kit_l2_norm_s8_params {
    int32_t rows, depth;
    int32_t zero; /* of the input */
};

/* Output scale 1/128, zero point 0. out may be in. */
void kit_l2_norm_s8(const struct kit_l2_norm_s8_params *p, const int8_t *in, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
