#include "kit_mul.h"

void kit_mul_s16(const struct kit_mul_params *p, const int16_t *a, const int16_t *b, int16_t *out) {
    kit_mul(p, a, b, out, 1);
}
