#include "kit_conv.h"

#include "kit_conv_dsp.h"
#include "kit_gather.h"
#include "kit_window.h"

/* The window of one output pixel. */
struct source {
    const int8_t *first; /* its first tap inside the tensor */
    struct kit_window y, x;
    int inside; /* every row can be read where it lies, up to a whole number of words */
};

/* Row ky of a window, filled up to a whole number of words: where it lies, or put together in `buffer`. (What
 * is beyond the window meets weights of zero.) */
KIT_SMALL static const int8_t *row_of(const struct kit_conv_params *p, const struct source *s, int32_t ky,
                                      int8_t *buffer) {
    const int32_t depth = p->filter_channels, left = s->x.first * depth, run = s->x.taps * depth;
    const int8_t *from = s->first + (ky - s->y.first) * p->dilation_height * p->input_width * depth;
    const int32_t joined =
        p->dilation_width == 1 ? s->x.taps : 1; /* neighbouring taps that are copied as one */
    int8_t *to = buffer;
    int32_t kx;
    if (s->inside) {
        return from;
    }
    if (ky < s->y.first || ky >= s->y.first + s->y.taps) {
        kit_fill_run(to, p->input_zero_point, p->kernel_width * depth);
        return buffer;
    }
    to = kit_fill_run(to, p->input_zero_point, left);
    for (kx = 0; kx < s->x.taps; kx += joined) {
        to = kit_copy_run(to, from + kx * p->dilation_width * depth, joined * depth);
    }
    kit_fill_run(to, p->input_zero_point, p->kernel_width * depth - left - run);
    return buffer;
}

static void two_pixels(const struct kit_conv_params *p, const struct source *a, const struct source *b,
                       int8_t *output_0, int8_t *output_1, int32_t *inputs) {
    const int32_t row_words = (p->kernel_width * p->filter_channels + 3) / 4,
                  words = p->kernel_height * row_words;
    const int32_t row_step = p->dilation_height * p->input_width * p->filter_channels;
    const int32_t minus = kit_halves(-p->input_zero_point, -p->input_zero_point);
    int8_t *const buffers = (int8_t *)(inputs + 4 * words);
    int32_t *to = inputs;
    int32_t ky;
    if (a->inside && b->inside) {
        const int8_t *from = a->first, *other = b->first;
        for (ky = p->kernel_height; ky > 0; ky--, from += row_step, other += row_step) {
            to = kit_widen_two_dsp(from, other, row_words, minus, to);
        }
    } else {
        for (ky = 0; ky < p->kernel_height; ky++) {
            const int8_t *const from = row_of(p, a, ky, buffers);
            to = kit_widen_two_dsp(from, row_of(p, b, ky, buffers + 4 * row_words), row_words, minus, to);
        }
    }
    kit_two_outputs_dsp(p, inputs, words, output_0, output_1);
}

KIT_SMALL void kit_conv_s8_dsp(const struct kit_conv_params *p, const int8_t *input, int8_t *output,
                               void *scratch) {
    const int32_t depth = p->filter_channels, outputs = p->group_outputs, row = p->input_width * depth;
    const int32_t image = p->input_height * row;
    const int8_t *const end = input + p->batches * image;
    /* Bytes from a window's start to where its last row, filled up to words, ends. */
    const int32_t reach =
        (p->kernel_height - 1) * p->dilation_height * row + (p->kernel_width * depth + 3) / 4 * 4;
    struct source pair[2];
    int32_t waiting = 0, b, oy, ox;
    if (depth % 4 == 0 && kit_conv_pointwise(p)) {
        kit_pointwise_dsp(p, input, output, (int32_t *)scratch);
        return;
    }
    for (b = 0; b < p->batches; b++, input += image) {
        for (oy = 0; oy < p->output_height; oy++) {
            const struct kit_window y = kit_window(oy * p->stride_height - p->pad_top, p->dilation_height,
                                                   p->kernel_height, p->input_height);
            const int8_t *const from = input + y.start * row;
            const int whole = y.taps == p->kernel_height && p->dilation_width == 1;
            for (ox = 0; ox < p->output_width; ox++) {
                struct source *const s = &pair[waiting];
                s->y = y;
                s->x = kit_window(ox * p->stride_width - p->pad_left, p->dilation_width, p->kernel_width,
                                  p->input_width);
                s->first = from + s->x.start * depth;
                s->inside = whole && s->x.taps == p->kernel_width && end - s->first >= reach;
                if (waiting) {
                    two_pixels(p, &pair[0], &pair[1], output, output + outputs, (int32_t *)scratch);
                    output += 2 * outputs;
                }
                waiting = !waiting;
            }
        }
    }
    if (waiting) {
        two_pixels(p, &pair[0], &pair[0], output, output, (int32_t *)scratch);
    }
}
