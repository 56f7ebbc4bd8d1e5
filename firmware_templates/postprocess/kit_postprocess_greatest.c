#include "kit_postprocess.h"

#include "kit_scores.h"

struct kit_decision kit_postprocess_greatest(const struct kit_postprocess_config *config,
                                             const void *output) {
    const uint32_t best = kit_greatest_value(config, output);
    const int64_t score =
        ((int64_t)kit_value_at(config, output, best) - config->zero_point) * config->multiplier;
    const int64_t half = ((int64_t)1 << config->shift) / 2;
    struct kit_decision made;
    made.label = (int32_t)best;
    /* To the nearest, halves away from zero: a shift, since a 64-bit division is a long function on most
     * chips. */
    made.score =
        kit_limited(score < 0 ? -((half - score) >> config->shift) : (score + half) >> config->shift);
    return made;
}
