#include "kit_mean.h"

void kit_mean_s8(const struct kit_mean_params *p, const int8_t *in, int8_t *out) {
    kit_mean(p, in, out, 0);
}
