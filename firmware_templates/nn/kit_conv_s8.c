#include "kit_conv.h"

#include "kit_fixedpoint.h"
#include "kit_gather.h"
#include "kit_window.h"

/* Whether the machine has registers for eight sums: then a load of a weight serves two pixels. */
#if defined(__riscv_32e) || defined(__arm__) || defined(__XTENSA__) || defined(__AVR__)
#define TWO_AT_ONCE 0
#else
#define TWO_AT_ONCE 1
#endif

/* Sums of four channels. Passed by value to stay in registers. */
struct block {
    int32_t a, b, c, d;
};

/* acc + the product of one input with its weight for each of four channels. */
KIT_TEMPLATE struct block multiplied(struct block acc, int8_t x, const KIT_CONST int8_t *w) {
    acc.a += x * w[0];
    acc.b += x * w[1];
    acc.c += x * w[2];
    acc.d += x * w[3];
    return acc;
}

/* One pixel, or two: windows of n inputs and where the outputs go; the second's are those of the first when
 * there is one only. */
struct pixels {
    const int8_t *first, *second;
    int8_t *output, *output_2;
};

/* The same channel of both pixels. */
KIT_TEMPLATE void store(int32_t acc, int32_t acc_2, const KIT_CONST int32_t *scale, int32_t zero,
                        struct pixels *at, const int two) {
    const int32_t value = kit_scale_s8(acc, scale, zero);
    if (two) {
        *at->output_2++ = (int8_t)kit_scale_s8(acc_2, scale, zero);
    }
    *at->output++ = (int8_t)value;
}

/* All output channels of one group: dot products over the n inputs of a window. */
KIT_TEMPLATE void outputs(const KIT_CONST struct kit_conv_params *p, struct pixels at, int32_t n,
                          const KIT_CONST int8_t *weights, const KIT_CONST int32_t *channel, const int two) {
    const int32_t zero = 2 * p->output_zero_point + 1;
    const int one_scale = p->one_scale;
    const KIT_CONST int32_t *scale = channel;
    int32_t c, i;
    channel += one_scale ? 8 : 0;
    /* One load of an input serves four channels. */
    for (c = p->group_outputs; c >= 4; c -= 4) {
        struct block acc = {channel[0], channel[1], channel[2], channel[3]}, acc_2 = acc;
        const int8_t *x = at.first, *x_2 = at.second;
        for (i = n / 2; i > 0; i--, x += 2, x_2 += 2, weights += 8) {
            acc = multiplied(acc, x[0], weights);
            acc_2 = two ? multiplied(acc_2, x_2[0], weights) : acc_2;
            acc = multiplied(acc, x[1], weights + 4);
            acc_2 = two ? multiplied(acc_2, x_2[1], weights + 4) : acc_2;
        }
        if (n % 2) {
            acc = multiplied(acc, x[0], weights);
            acc_2 = two ? multiplied(acc_2, x_2[0], weights) : acc_2;
            weights += 4;
        }
        channel += 4;
        if (!one_scale) {
            scale = channel;
            channel += 8;
        }
        store(acc.a, acc_2.a, scale, zero, &at, two);
        store(acc.b, acc_2.b, scale + 2, zero, &at, two);
        store(acc.c, acc_2.c, scale + 4, zero, &at, two);
        store(acc.d, acc_2.d, scale + 6, zero, &at, two);
    }
    for (; c > 0; c--) {
        int32_t acc = *channel++, acc_2 = acc;
        for (i = 0; i < n; i++) {
            acc += at.first[i] * *weights;
            acc_2 += two ? at.second[i] * *weights : 0;
            weights++;
        }
        if (!one_scale) {
            scale = channel;
            channel += 2;
        }
        store(acc, acc_2, scale, zero, &at, two);
    }
}

static int8_t *one_pixel(const KIT_CONST struct kit_conv_params *p, const int8_t *window, int32_t n,
                         const KIT_CONST int8_t *weights, const KIT_CONST int32_t *channel, int8_t *output) {
    const struct pixels at = {window, window, output, output};
    outputs(p, at, n, weights, channel, 0);
    kit_clamp_run(output, p->group_outputs, p->output_min, p->output_max);
    return output + p->group_outputs;
}

/* Of a layer in one group. */
static int8_t *two_pixels(const KIT_CONST struct kit_conv_params *p, const int8_t *first,
                          const int8_t *second, int32_t n, int8_t *output) {
#if TWO_AT_ONCE
    const struct pixels at = {first, second, output, output + p->group_outputs};
    outputs(p, at, n, p->weights, p->channels, 1);
    kit_clamp_run(output, 2 * p->group_outputs, p->output_min, p->output_max);
    return output + 2 * p->group_outputs;
#else
    output = one_pixel(p, first, n, p->weights, p->channels, output);
    return one_pixel(p, second, n, p->weights, p->channels, output);
#endif
}

static void pointwise(const KIT_CONST struct kit_conv_params *p, const int8_t *input, int8_t *output) {
    const int32_t n = p->filter_channels;
    int32_t pixels = p->batches * p->output_height * p->output_width;
    for (; pixels > 1; pixels -= 2, input += 2 * n) {
        output = two_pixels(p, input, input + n, n, output);
    }
    if (pixels > 0) {
        one_pixel(p, input, n, p->weights, p->channels, output);
    }
}

void kit_conv_s8(const KIT_CONST struct kit_conv_params *p, const int8_t *input, int8_t *output,
                 void *scratch) {
    const int32_t depth = p->filter_channels, groups = p->groups, channels = depth * groups;
    const int32_t n = p->kernel_height * p->kernel_width * depth;
    const int direct = n == depth && kit_conv_inside(p);
    const struct kit_taps taps = {p->kernel_height,
                                  p->kernel_width,
                                  depth,
                                  p->dilation_width * channels,
                                  p->dilation_height * p->input_width * channels,
                                  p->input_zero_point};
    int8_t *patch = (int8_t *)scratch;
    const int8_t *waiting = NULL;
    int32_t b, oy, ox, g;
    if (groups == 1 && kit_conv_pointwise(p)) {
        pointwise(p, input, output);
        return;
    }
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            const struct kit_window y = kit_window(oy * p->stride_height - p->pad_top, p->dilation_height,
                                                   p->kernel_height, p->input_height);
            for (ox = 0; ox < p->output_width; ox++) {
                const struct kit_window x = kit_window(ox * p->stride_width - p->pad_left, p->dilation_width,
                                                       p->kernel_width, p->input_width);
                for (g = 0; g < groups; g++) {
                    const int8_t *window =
                        input + (y.start * p->input_width + x.start) * channels + g * depth;
                    if (!direct) {
                        patch = (int8_t *)scratch + (waiting != NULL ? (n + 3) / 4 * 4 : 0);
                        kit_gather(&taps, window, &y, &x, patch);
                        window = patch;
                    }
                    if (groups > 1) {
                        output = one_pixel(p, window, n, p->weights + g * ((p->group_outputs * n + 3) & ~3),
                                           p->channels + 3 * g * p->group_outputs, output);
                    } else if (waiting == NULL) {
                        waiting = window;
                    } else {
                        output = two_pixels(p, waiting, window, n, output);
                        waiting = NULL;
                    }
                }
            }
        }
        input += p->input_height * p->input_width * channels;
    }
    if (waiting != NULL) {
        one_pixel(p, waiting, n, p->weights, p->channels, output);
    }
}
