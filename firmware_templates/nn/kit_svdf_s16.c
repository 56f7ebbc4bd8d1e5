#include "kit_svdf.h"

void kit_svdf_s16(const struct kit_svdf_s16_params *p, const int8_t *in, int8_t *out, int16_t *state) {
    kit_svdf(&p->common, p->time_weights, in, out, state, 1);
}
