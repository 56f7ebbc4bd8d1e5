#include "kit_depthwise_conv.h"

#include "kit_fixedpoint.h"
#include "kit_window.h"

static inline int8_t requantized(const struct kit_depthwise_conv_params *p, const int32_t *channel,
                                 int32_t acc) {
    const int32_t y = kit_requantize(acc, channel[1], channel[2]) + p->output_zero_point;
    return (int8_t)kit_clamp(y, p->output_min, p->output_max);
}

/* All output channels of one pixel. `input` points at the window's first tap inside the tensor. */
static int8_t *pixel(const struct kit_depthwise_conv_params *p, const int8_t *input,
                     const struct kit_window *y, const struct kit_window *x, int8_t *output) {
    const int32_t zero = p->input_zero_point, multiplier = p->depth_multiplier;
    const int32_t channels = p->input_channels, outputs = channels * multiplier;
    const int32_t step = p->dilation_width * channels;
    const int32_t row = p->dilation_height * p->input_width * channels - x->taps * step;
    const int32_t kernel_row = (p->kernel_width - x->taps) * outputs;
    const int8_t *weights = p->weights + (y->first * p->kernel_width + x->first) * outputs;
    const int32_t *channel = p->channels;
    int32_t c = 0, m = 0, ky, kx;
    /* Four channels at once share the walk over the window. */
    for (; multiplier == 1 && c + 4 <= outputs; c += 4, weights += 4, input += 4, channel += 12) {
        const int8_t *in = input, *w = weights;
        int32_t a0 = channel[0], a1 = channel[3], a2 = channel[6], a3 = channel[9];
        for (ky = 0; ky < y->taps; ky++, in += row, w += kernel_row) {
            for (kx = 0; kx < x->taps; kx++, in += step, w += outputs) {
                a0 += (in[0] - zero) * w[0];
                a1 += (in[1] - zero) * w[1];
                a2 += (in[2] - zero) * w[2];
                a3 += (in[3] - zero) * w[3];
            }
        }
        *output++ = requantized(p, channel, a0);
        *output++ = requantized(p, channel + 3, a1);
        *output++ = requantized(p, channel + 6, a2);
        *output++ = requantized(p, channel + 9, a3);
    }
    for (; c < outputs; c++, weights++, channel += 3) {
        const int8_t *in = input, *w = weights;
        int32_t acc = channel[0];
        for (ky = 0; ky < y->taps; ky++, in += row, w += kernel_row) {
            for (kx = 0; kx < x->taps; kx++, in += step, w += outputs) {
                acc += (*in - zero) * *w;
            }
        }
        *output++ = requantized(p, channel, acc);
        if (++m == multiplier) {
            m = 0;
            input++;
        }
    }
    return output;
}

void kit_depthwise_conv_s8(const struct kit_depthwise_conv_params *p, const int8_t *input, int8_t *output) {
    int32_t b, oy, ox;
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            const struct kit_window y = kit_window(oy * p->stride_height - p->pad_top, p->dilation_height,
                                                   p->kernel_height, p->input_height);
            for (ox = 0; ox < p->output_width; ox++) {
                const struct kit_window x = kit_window(ox * p->stride_width - p->pad_left, p->dilation_width,
                                                       p->kernel_width, p->input_width);
                output = pixel(p, input + (y.start * p->input_width + x.start) * p->input_channels, &y, &x,
                               output);
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
