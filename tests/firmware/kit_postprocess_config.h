/* How the scores of the test firmware become decisions: the greatest of the first output decides. */
#ifndef KIT_POSTPROCESS_CONFIG_H
#define KIT_POSTPROCESS_CONFIG_H

#include "kit_postprocess.h"

#define KIT_POSTPROCESS_MEMORY KIT_POSTPROCESS_BYTES(1000u, 1u, 0u)

static const uint8_t ignored[1000];

/* A step of the output is 0.5, its zero point -3. */
static const struct kit_postprocess_config kit_postprocess_settings = {
    1000, 1, -3, 1 << 30, 15, KIT_SMOOTHING_NONE, 1, INT32_MIN, 0, 0, ignored,
};

#endif
