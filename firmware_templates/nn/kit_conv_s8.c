#include "kit_conv.h"

#include "kit_fixedpoint.h"
#include "kit_gather.h"
#include "kit_window.h"

/* acc + the product of one input with its weight for each of four channels. Passed by value to stay in
 * registers. */
struct block {
    int32_t a, b, c, d;
};

static inline struct block multiplied(struct block acc, int32_t x, const int8_t *w) {
    acc.a += x * w[0];
    acc.b += x * w[1];
    acc.c += x * w[2];
    acc.d += x * w[3];
    return acc;
}

/* All output channels of one pixel and one group: dot products over the n inputs of its window. */
static int8_t *pixel(const struct kit_conv_params *p, const int8_t *window, int32_t n, const int8_t *weights,
                     const int32_t *channel, int8_t *output) {
    const int32_t zero = 2 * p->output_zero_point + 1, low = p->output_min, high = p->output_max;
    const int one_scale = p->one_scale;
    const int32_t *scale = channel;
    int32_t c, i;
    channel += one_scale ? 8 : 0;
    /* One load of an input serves four channels. */
    for (c = p->group_outputs; c >= 4; c -= 4) {
        struct block acc = {channel[0], channel[1], channel[2], channel[3]};
        const int8_t *x = window;
        for (i = n / 2; i > 0; i--, x += 2, weights += 8) {
            acc = multiplied(acc, x[0], weights);
            acc = multiplied(acc, x[1], weights + 4);
        }
        if (n % 2) {
            acc = multiplied(acc, x[0], weights);
            weights += 4;
        }
        channel += 4;
        if (!one_scale) {
            scale = channel;
            channel += 8;
        }
        *output++ = (int8_t)kit_clamp(kit_scale(acc.a, scale, zero), low, high);
        *output++ = (int8_t)kit_clamp(kit_scale(acc.b, scale + 2, zero), low, high);
        *output++ = (int8_t)kit_clamp(kit_scale(acc.c, scale + 4, zero), low, high);
        *output++ = (int8_t)kit_clamp(kit_scale(acc.d, scale + 6, zero), low, high);
    }
    for (; c > 0; c--) {
        int32_t acc = *channel++;
        for (i = 0; i < n; i++) {
            acc += window[i] * *weights++;
        }
        if (!one_scale) {
            scale = channel;
            channel += 2;
        }
        *output++ = (int8_t)kit_clamp(kit_scale(acc, scale, zero), low, high);
    }
    return output;
}

void kit_conv_s8(const struct kit_conv_params *p, const int8_t *input, int8_t *output, void *scratch) {
    const int32_t depth = p->filter_channels, channels = depth * p->groups;
    const int32_t n = p->kernel_height * p->kernel_width * depth;
    const int direct = n == depth && kit_conv_inside(p);
    const struct kit_taps taps = {p->kernel_height,
                                  p->kernel_width,
                                  depth,
                                  p->dilation_width * channels,
                                  p->dilation_height * p->input_width * channels,
                                  p->input_zero_point};
    int8_t *const patch = (int8_t *)scratch;
    int32_t b, oy, ox, g;
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            const struct kit_window y = kit_window(oy * p->stride_height - p->pad_top, p->dilation_height,
                                                   p->kernel_height, p->input_height);
            for (ox = 0; ox < p->output_width; ox++) {
                const struct kit_window x = kit_window(ox * p->stride_width - p->pad_left, p->dilation_width,
                                                       p->kernel_width, p->input_width);
                for (g = 0; g < p->groups; g++) {
                    const int32_t first = g * p->group_outputs;
                    const int8_t *window =
                        input + (y.start * p->input_width + x.start) * channels + g * depth;
                    if (!direct) {
                        kit_gather(&taps, window, &y, &x, patch);
                        window = patch;
                    }
                    output = pixel(p, window, n, p->weights + first * n, p->channels + 3 * first, output);
                }
            }
        }
        input += p->input_height * p->input_width * channels;
    }
}
