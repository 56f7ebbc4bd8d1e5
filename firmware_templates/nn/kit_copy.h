/* Moving bytes unchanged. */
#ifndef KIT_COPY_H
#define KIT_COPY_H

#include "kit_nn.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kit_copy_params {
    uint32_t bytes;
};

/* out = in; the two may overlap in any way. */
void kit_copy(const KIT_CONST struct kit_copy_params *p, const void *in, void *out);

#ifdef __cplusplus
}
#endif
#endif
