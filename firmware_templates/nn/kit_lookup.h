/* Any function of one int8 as a table made at compile time. */
#ifndef KIT_LOOKUP_H
#define KIT_LOOKUP_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kit_lookup_s8_params {
    int32_t count;
    const KIT_CONST int8_t
        *table; /* 256, by the input's bits as an unsigned number: 0 … 127, then -128 … -1 */
};

/* out may be in. */
void kit_lookup_s8(const KIT_CONST struct kit_lookup_s8_params *p, const int8_t *in, int8_t *out);

#ifdef __cplusplus
}
#endif
#endif
