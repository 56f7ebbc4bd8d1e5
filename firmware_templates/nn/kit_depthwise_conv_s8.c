#include "kit_depthwise_conv.h"

#include "kit_fixedpoint.h"
#include "kit_gather.h"
#include "kit_window.h"

/* All output channels of one pixel. The window was gathered, so inputs and weights lie in the same order. */
static int8_t *pixel(const KIT_CONST struct kit_depthwise_conv_params *p, const int8_t *window,
                     int8_t *output) {
    const int32_t multiplier = p->depth_multiplier, channels = p->input_channels,
                  outputs = channels * multiplier;
    const int32_t taps = p->kernel_height * p->kernel_width;
    const int32_t zero = 2 * p->output_zero_point + 1;
    const KIT_CONST int8_t *weights = p->weights;
    const KIT_CONST int32_t *channel = p->channels;
    int32_t left = outputs, m = 0, t;
    /* Four channels at once share the walk over the window. */
    for (; multiplier == 1 && left >= 4; left -= 4, weights += 4, window += 4, channel += 12) {
        const int8_t *x = window;
        const KIT_CONST int8_t *w = weights;
        int32_t a = channel[0], b = channel[3], c = channel[6], d = channel[9];
        for (t = taps; t > 0; t--, x += outputs, w += outputs) {
            a += x[0] * w[0];
            b += x[1] * w[1];
            c += x[2] * w[2];
            d += x[3] * w[3];
        }
        *output++ = (int8_t)kit_scale_s8(a, channel + 1, zero);
        *output++ = (int8_t)kit_scale_s8(b, channel + 4, zero);
        *output++ = (int8_t)kit_scale_s8(c, channel + 7, zero);
        *output++ = (int8_t)kit_scale_s8(d, channel + 10, zero);
    }
    for (; left > 0; left--, weights++, channel += 3) {
        const int8_t *x = window;
        const KIT_CONST int8_t *w = weights;
        int32_t acc = channel[0];
        for (t = taps; t > 0; t--, x += channels, w += outputs) {
            acc += *x * *w;
        }
        *output++ = (int8_t)kit_scale_s8(acc, channel + 1, zero);
        if (++m == multiplier) {
            m = 0;
            window++;
        }
    }
    kit_clamp_run(output - outputs, outputs, p->output_min, p->output_max);
    return output;
}

void kit_depthwise_conv_s8(const KIT_CONST struct kit_depthwise_conv_params *p, const int8_t *input,
                           int8_t *output, void *scratch) {
    const int32_t channels = p->input_channels;
    const struct kit_taps taps = {p->kernel_height,
                                  p->kernel_width,
                                  channels,
                                  p->dilation_width * channels,
                                  p->dilation_height * p->input_width * channels,
                                  p->input_zero_point};
    int8_t *const patch = (int8_t *)scratch;
    int32_t b, oy, ox;
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            const struct kit_window y = kit_window(oy * p->stride_height - p->pad_top, p->dilation_height,
                                                   p->kernel_height, p->input_height);
            for (ox = 0; ox < p->output_width; ox++) {
                const struct kit_window x = kit_window(ox * p->stride_width - p->pad_left, p->dilation_width,
                                                       p->kernel_width, p->input_width);
                kit_gather(&taps, input + (y.start * p->input_width + x.start) * channels, &y, &x, patch);
                output = pixel(p, patch, output);
            }
        }
        input += p->input_height * p->input_width * channels;
    }
}
