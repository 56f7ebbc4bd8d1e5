#include "kit_conv.h"

#include "kit_fixedpoint.h"
#include "kit_window.h"

/* Accumulators of four output channels. Passed by value so that they stay in registers. */
struct block {
    int32_t a, b, c, d;
};

/* Four dot products over n contiguous inputs: one input load and one subtraction serve four products. */
static inline struct block dot_4(struct block acc, const int8_t *x, const int8_t *w, int32_t n,
                                 int32_t zero) {
    const int8_t *const end = x + n;
    for (; x != end; w += 4) {
        const int32_t value = *x++ - zero;
        acc.a += value * w[0];
        acc.b += value * w[1];
        acc.c += value * w[2];
        acc.d += value * w[3];
    }
    return acc;
}

static inline int32_t dot_1(int32_t acc, const int8_t *x, const int8_t *w, int32_t n, int32_t zero) {
    const int8_t *const end = x + n;
    while (x != end) {
        acc += (*x++ - zero) * *w++;
    }
    return acc;
}

static inline int8_t requantized(const struct kit_conv_params *p, const int32_t *channel, int32_t acc) {
    const int32_t y = kit_requantize(acc, channel[1], channel[2]) + p->output_zero_point;
    return (int8_t)kit_clamp(y, p->output_min, p->output_max);
}

/* All output channels of one pixel and one group. `input` points at the window's first tap inside the tensor.
 */
static int8_t *pixel(const struct kit_conv_params *p, const int8_t *input, const struct kit_window *y,
                     const struct kit_window *x, int32_t group, int8_t *output) {
    const int32_t zero = p->input_zero_point, depth = p->filter_channels;
    const int32_t input_channels = depth * p->groups;
    const int32_t row = p->dilation_height * p->input_width * input_channels;
    const int32_t kernel_row = p->kernel_width * depth;
    const int32_t kernel = p->kernel_height * kernel_row;
    /* Neighbouring taps are one run where they are neighbours in memory too. */
    const int joined = p->dilation_width == 1 && p->groups == 1;
    const int32_t run = joined ? x->taps * depth : depth;
    const int32_t runs = joined ? 1 : x->taps;
    const int32_t step = p->dilation_width * input_channels;
    const int32_t outputs = p->group_outputs;
    const int8_t *weights = p->weights + group * outputs * kernel;
    const int32_t *channel = p->channels + 3 * group * outputs;
    const int32_t first = y->first * kernel_row + x->first * depth;
    int32_t c, ky, kx;
    for (c = 0; c + 4 <= outputs; c += 4) {
        struct block acc = {channel[0], channel[3], channel[6], channel[9]};
        for (ky = 0; ky < y->taps; ky++) {
            const int8_t *w = weights + 4 * (first + ky * kernel_row);
            for (kx = 0; kx < runs; kx++) {
                acc = dot_4(acc, input + ky * row + kx * step, w + 4 * kx * depth, run, zero);
            }
        }
        *output++ = requantized(p, channel, acc.a);
        *output++ = requantized(p, channel + 3, acc.b);
        *output++ = requantized(p, channel + 6, acc.c);
        *output++ = requantized(p, channel + 9, acc.d);
        channel += 12;
        weights += 4 * kernel;
    }
    for (; c < outputs; c++) {
        int32_t acc = channel[0];
        for (ky = 0; ky < y->taps; ky++) {
            const int8_t *w = weights + first + ky * kernel_row;
            for (kx = 0; kx < runs; kx++) {
                acc = dot_1(acc, input + ky * row + kx * step, w + kx * depth, run, zero);
            }
        }
        *output++ = requantized(p, channel, acc);
        channel += 3;
        weights += kernel;
    }
    return output;
}

void kit_conv_s8(const struct kit_conv_params *p, const int8_t *input, int8_t *output) {
    const int32_t depth = p->filter_channels, channels = depth * p->groups;
    int32_t b, oy, ox, g;
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            const struct kit_window y = kit_window(oy * p->stride_height - p->pad_top, p->dilation_height,
                                                   p->kernel_height, p->input_height);
            for (ox = 0; ox < p->output_width; ox++) {
                const struct kit_window x = kit_window(ox * p->stride_width - p->pad_left, p->dilation_width,
                                                       p->kernel_width, p->input_width);
                const int8_t *window = input + (y.start * p->input_width + x.start) * channels;
                for (g = 0; g < p->groups; g++) {
                    output = pixel(p, window + g * depth, &y, &x, g, output);
                }
            }
        }
        input += p->input_height * p->input_width * channels;
    }
}
