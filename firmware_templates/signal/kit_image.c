#include "kit_image.h"

#include <stddef.h>

/* The pixel and its successor between which a place lies, and how far from the first in 1/256. */
struct place {
    uint32_t first, second;
    int32_t between;
};

/* Where the middle of pixel i of the model's picture lies among `size` pixels. */
static struct place locate(const struct kit_image_config *c, uint32_t i, int32_t step, uint32_t size) {
    const int32_t middle = (int32_t)i * step + (step >> 1); /* Q16 */
    const int32_t last = (int32_t)size - 1;
    struct place p;
    int32_t at;
    if (c->bilinear) {
        at = kit_clamp((middle - (1 << 15) + (1 << 7)) >> 8, 0, last << 8);
    } else {
        at = kit_clamp(middle >> 16, 0, last) << 8;
    }
    p.first = (uint32_t)at >> 8;
    p.between = at & 255;
    p.second = p.between != 0 ? p.first + 1u : p.first;
    return p;
}

/* A pixel of a row, 0 ... 255: its colours, or in out[0] its luma (ITU-R BT.601: 0.299, 0.587, 0.114). */
static inline void read_pixel(const struct kit_image_config *c, const uint8_t *row, uint32_t column,
                              int32_t *out) {
    int32_t r, g, b;
    if (c->format == KIT_IMAGE_GREY8) {
        out[0] = row[column];
        return;
    }
    if (c->format == KIT_IMAGE_RGB888) {
        const uint8_t *const p = row + 3u * column;
        r = p[0];
        g = p[1];
        b = p[2];
    } else {
        const uint8_t *const p = row + 2u * column;
        const int32_t v = c->format == KIT_IMAGE_RGB565 ? p[0] | p[1] << 8 : p[1] | p[0] << 8;
        r = (v >> 8 & 0xf8) | v >> 13; /* the high bits again below: white stays white */
        g = (v >> 3 & 0xfc) | (v >> 9 & 3);
        b = (v << 3 & 0xf8) | (v >> 2 & 7);
    }
    if (c->channels == 1) {
        out[0] = (77 * r + 150 * g + 29 * b + 128) >> 8;
    } else {
        out[0] = r;
        out[1] = g;
        out[2] = b;
    }
}

static const uint8_t *find_row(const struct kit_image_config *c, const uint8_t *pixels, uint32_t row) {
    static const uint8_t bytes[4] = {1, 3, 2, 2}; /* of a pixel, by format */
    return pixels + ((size_t)(c->top + row) * c->source_width + c->left) * bytes[c->format];
}

static void run(const struct kit_image_config *c, const uint8_t *pixels, int32_t *q16, int8_t *s8) {
    uint32_t row, column, k;
    size_t n = 0;
    for (row = 0; row < c->height; row++) {
        const struct place y = locate(c, row, c->step_y, c->part_height);
        const uint8_t *const upper = find_row(c, pixels, y.first), *const lower =
                                                                       find_row(c, pixels, y.second);
        for (column = 0; column < c->width; column++) {
            const struct place x = locate(c, column, c->step_x, c->part_width);
            int32_t corner[4][3];
            read_pixel(c, upper, x.first, corner[0]);
            if (c->bilinear) {
                read_pixel(c, upper, x.second, corner[1]);
                read_pixel(c, lower, x.first, corner[2]);
                read_pixel(c, lower, x.second, corner[3]);
            }
            for (k = 0; k < c->channels; k++, n++) {
                int32_t value = corner[0][k] * (1 << 16);
                if (c->bilinear) {
                    const int32_t above = corner[0][k] * 256 + (corner[1][k] - corner[0][k]) * x.between;
                    const int32_t below = corner[2][k] * 256 + (corner[3][k] - corner[2][k]) * x.between;
                    value = above * 256 + (below - above) * y.between;
                }
                if (q16 != NULL) {
                    q16[n] = value;
                } else {
                    s8[n] = kit_affine_s8(&c->output, c->output.count == 1 ? 0 : k, value);
                }
            }
        }
    }
}

void kit_image_whole(const struct kit_image_config *config, const uint8_t *pixels, int8_t *out) {
    run(config, pixels, NULL, out);
}

void kit_image_whole_q16(const struct kit_image_config *config, const uint8_t *pixels, int32_t *out) {
    run(config, pixels, out, NULL);
}
