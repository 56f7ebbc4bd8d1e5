/* A camera's picture to the model's: a part of it, scaled, grey or in colours, int8. */
#ifndef KIT_IMAGE_H
#define KIT_IMAGE_H

#include <stdint.h>

#include "kit_affine.h"

#ifdef __cplusplus
extern "C" {
#endif

enum kit_image_format {
    KIT_IMAGE_GREY8 = 0,
    KIT_IMAGE_RGB888 = 1,
    KIT_IMAGE_RGB565 = 2,        /* the low byte first */
    KIT_IMAGE_RGB565_SWAPPED = 3 /* the high byte first, as many cameras send it */
};

/* Made by toolchain/signal; the numbers are those that the model was trained with. */
struct kit_image_config {
    uint32_t format;       /* enum kit_image_format */
    uint32_t source_width; /* pixels in a row of the camera's picture */
    uint32_t top;          /* the part of it that is used */
    uint32_t left;
    uint32_t part_height;
    uint32_t part_width;
    uint32_t height; /* of the model's picture */
    uint32_t width;
    uint32_t channels; /* 1: grey; 3: red, green, blue */
    uint32_t bilinear; /* 1: between the four nearest pixels, 0: the nearest */
    int32_t step_y;    /* pixels of the part from a row of the model's picture to the next, Q16 */
    int32_t step_x;
    struct kit_affine output;
};

/* `pixels`: the camera's whole picture, row by row. `out`: height * width * channels. */
void kit_image_whole(const struct kit_image_config *config, const uint8_t *pixels, int8_t *out);

/* The same before int8: 0 ... 255 in Q16. */
void kit_image_whole_q16(const struct kit_image_config *config, const uint8_t *pixels, int32_t *out);

#ifdef __cplusplus
}
#endif
#endif
