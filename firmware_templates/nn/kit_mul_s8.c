#include "kit_mul.h"

void kit_mul_s8(const struct kit_mul_params *p, const int8_t *a, const int8_t *b, int8_t *out) {
    kit_mul(p, a, b, out, 0);
}
