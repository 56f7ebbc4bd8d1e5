#include "kit_mean.h"

void kit_mean_s16(const struct kit_mean_params *p, const int16_t *in, int16_t *out) {
    kit_mean(p, in, out, 1);
}
