/* The scores of one answer. */
#ifndef KIT_SCORES_H
#define KIT_SCORES_H

#include "kit_postprocess.h"

static inline int32_t kit_value_at(const struct kit_postprocess_config *config, const void *output,
                                   uint32_t i) {
    return config->value_bytes == 1u ? ((const int8_t *)output)[i] : ((const int16_t *)output)[i];
}

static inline uint32_t kit_greatest_value(const struct kit_postprocess_config *config, const void *output) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < config->labels; i++) {
        if (kit_value_at(config, output, i) > kit_value_at(config, output, best)) {
            best = i;
        }
    }
    return best;
}

static inline int32_t kit_limited(int64_t x) {
    return x > INT32_MAX ? INT32_MAX : x < -INT32_MAX ? -INT32_MAX : (int32_t)x;
}

#endif
