#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os") /* the loop that counts is in assembly */
#endif

#include "kit_depthwise_conv.h"

#include "kit_depthwise_dsp.h"

/* A run of pixels with any kernel; `channels` of the four are stored. */
static void run_any(const struct kit_depthwise_conv_params *p, const struct kit_run *run, int32_t channels) {
    const int32_t words = kit_column_words(p->kernel_height), pairs = p->kernel_height / 2;
    const int32_t gap = (p->dilation_width - 1) * words;
    const int32_t *strip = run->strip;
    int8_t *output = run->output;
    int32_t kx, i, k;
    for (; output != run->output_end; output += run->output_step, strip += p->stride_width * words) {
        const int32_t *w = run->weights, *x = strip;
        int32_t acc[4] = {run->start[0], run->start[1], run->start[2], run->start[3]};
        for (kx = p->kernel_width; kx > 0; kx--, x += gap) {
            for (i = pairs; i > 0; i--, x += 4, w += 4) {
                acc[0] = kit_smlad(x[0], w[0], acc[0]);
                acc[1] = kit_smlad(x[1], w[1], acc[1]);
                acc[2] = kit_smlad(x[2], w[2], acc[2]);
                acc[3] = kit_smlad(x[3], w[3], acc[3]);
            }
            if (p->kernel_height % 2) {
                acc[0] = kit_smlabb(x[0], w[0], acc[0]);
                acc[1] = kit_smlabb(x[1], w[1], acc[1]);
                acc[2] = kit_smlatt(x[0], w[0], acc[2]);
                acc[3] = kit_smlatt(x[1], w[1], acc[3]);
                x += 2;
                w += 2;
            }
        }
        for (k = 0; k < channels; k++) {
            output[k] = kit_requantize_dsp(acc[k], run->table[1 + k], run->table[0] >> (8 * k), run->zero);
        }
    }
}

/* Up to four channels of a pixel as a word; what is beyond is not read. */
static inline int32_t load(const int8_t *x, int32_t channels) {
    int32_t word = 0;
    if (channels == 4) {
        return kit_load_s8x4(x);
    }
    while (channels-- > 0) {
        word = kit_shl(word, 8) | (x[channels] & 0xff);
    }
    return word;
}

/* Widens one row (`pair` 0) or two, the second `row_1` bytes on, into the strip. */
static void widen(const struct kit_source *s, int pair, int32_t channels, int32_t words) {
    const int8_t *x = s->input;
    int32_t *to;
    for (to = s->to; to != s->to_end; to += words, x += s->step) {
        const int32_t upper = load(x, channels);
        const int32_t even = kit_sxtab16(s->minus, upper), odd = kit_sxtab16_odd(s->minus, upper);
        if (pair) {
            const int32_t lower = load(x + s->row_1, channels);
            const int32_t lower_even = kit_sxtab16(s->minus, lower),
                          lower_odd = kit_sxtab16_odd(s->minus, lower);
            to[0] = kit_pkhbt(even, lower_even);
            to[1] = kit_pkhbt(odd, lower_odd);
            to[2] = kit_pkhtb(lower_even, even);
            to[3] = kit_pkhtb(lower_odd, odd);
        } else {
            to[0] = even;
            to[1] = odd;
        }
    }
}

static void output_run(const struct kit_depthwise_conv_params *p, int32_t origin, const struct kit_window *y,
                       struct kit_source *source, struct kit_run *run) {
    const int32_t channels = p->input_channels, kernel_h = p->kernel_height,
                  words = kit_column_words(kernel_h);
    const int32_t taps = kernel_h * p->kernel_width, row = p->input_width * channels,
                  last = p->input_height - 1;
    const int32_t *stream = (const int32_t *)(const void *)p->weights;
    int32_t step, left, ky;
    const int32_t *start = kit_starts(p, &step);
    for (left = channels; left > 0; left -= 4) {
        const int32_t count = left < 4 ? left : 4;
        run->start = start;
        run->table = stream + taps;
        kit_widen_weights(stream, taps, run->weights);
        if (y->taps != kernel_h) {
            kit_mask_weights(p, y, run->weights);
        }
        for (ky = 0; ky < kernel_h; ky += 2) {
            const int32_t upper = kit_clamp(origin + ky * p->dilation_height, 0, last) * row;
            const int32_t lower = kit_clamp(origin + (ky + 1) * p->dilation_height, 0, last) * row;
            struct kit_source rows = *source;
            rows.to += 2 * ky;
            rows.to_end += 2 * ky;
            rows.input += upper;
            rows.row_1 = lower - upper;
            widen(&rows, ky + 1 < kernel_h, count, words);
        }
        run_any(p, run, count);
        source->input += 4;
        run->output += 4;
        run->output_end += 4;
        stream = run->table + 5;
        start += step;
    }
}

void kit_depthwise_conv_s8_dsp(const struct kit_depthwise_conv_params *p, const int8_t *input, int8_t *output,
                               void *scratch) {
    kit_all_runs(p, input, output, (int32_t *)scratch, output_run);
}
