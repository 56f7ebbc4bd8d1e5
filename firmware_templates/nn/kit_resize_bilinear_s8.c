#include "kit_resize.h"

/* The two pixels around a position and the weight of the second, in 1/1024 (outside the image it may be
 * negative, but then both pixels are the same one). */
struct between {
    int32_t first, second, weight;
};

static struct between locate(int32_t position, int32_t size) {
    const int32_t floor = position / 1024, ceiling = (position + 1023) / 1024;
    struct between b;
    b.first = floor > 0 ? floor : 0;
    b.second = ceiling < size - 1 ? ceiling : size - 1;
    b.weight = position - b.first * 1024;
    return b;
}

void kit_resize_bilinear_s8(const struct kit_resize_bilinear_s8_params *p, const int8_t *in, int8_t *out) {
    const int32_t row = p->in_w * p->channels;
    int32_t b, oy, ox, c;
    for (b = 0; b < p->batches; b++, in += p->in_h * row) {
        for (oy = 0; oy < p->out_h; oy++) {
            const struct between y = locate(oy * p->step_y + p->start_y, p->in_h);
            for (ox = 0; ox < p->out_w; ox++) {
                const struct between x = locate(ox * p->step_x + p->start_x, p->in_w);
                const int8_t *top = in + y.first * row, *bottom = in + y.second * row;
                const int32_t left = x.first * p->channels, right = x.second * p->channels;
                const int32_t wy = y.weight, wx = x.weight;
                for (c = 0; c < p->channels; c++) {
                    const int32_t upper = top[left + c] * (1024 - wx) + top[right + c] * wx;
                    const int32_t lower = bottom[left + c] * (1024 - wx) + bottom[right + c] * wx;
                    const int32_t sum = upper * (1024 - wy) + lower * wy;
                    *out++ = (int8_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
                }
            }
        }
    }
}
