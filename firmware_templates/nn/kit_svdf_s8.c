#include "kit_svdf.h"

void kit_svdf_s8(const struct kit_svdf_s8_params *p, const int8_t *in, int8_t *out, int8_t *state) {
    kit_svdf(&p->common, p->time_weights, in, out, state, 0);
}
