#include "kit_add.h"

#include "kit_fixedpoint.h"

void kit_add_s16(const struct kit_add_s16_params *p, const int16_t *a, const int16_t *b, int16_t *out) {
    const int32_t *inner = kit_walk_inner(&p->walk, 2);
    int32_t index[KIT_MAX_RANK] = {0}, offset[2] = {0};
    do {
        const int16_t *pa = a + offset[0], *pb = b + offset[1];
        const int16_t *const end = out + inner[0];
        do {
            const int32_t xa = (*pa - p->zero_a) * ((int32_t)1 << 15),
                          xb = (*pb - p->zero_b) * ((int32_t)1 << 15);
            const int32_t sum = kit_requantize(xa, p->multiplier_a, p->shift_a) +
                                p->sign * kit_requantize(xb, p->multiplier_b, p->shift_b);
            *out++ = (int16_t)kit_clamp(kit_requantize(sum, p->multiplier, p->shift) + p->zero, p->lo, p->hi);
            pa += inner[1];
            pb += inner[2];
        } while (out != end);
    } while (kit_walk_next(&p->walk, 2, index, offset));
}
