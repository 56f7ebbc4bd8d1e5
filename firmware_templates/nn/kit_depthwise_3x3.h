/* kit_depthwise_conv_s8_3x3 in portable C, for machines that load bytes with their signs and for those that
 * do not (`unsigned_bytes`, a constant): there 128 is added to the inputs in the strip, and is taken off by
 * the bias.
 *
 * Four channels are worked on at a time, over a run of pixels of one output row. The three input rows under
 * the kernel are first copied to a strip: column after column, of each row a word with the four channels.
 * Places in the padding hold the zero point, so that the pixels of a run are all alike. */
#ifndef KIT_DEPTHWISE_3X3_H
#define KIT_DEPTHWISE_3X3_H

#include <string.h>

#include "kit_depthwise_conv.h"
#include "kit_fixedpoint.h"

enum { WORD = 4, COLUMN = 3 * WORD, MOST_PIXELS = 24 };

KIT_TEMPLATE void copy_word(int8_t *to, const int8_t *from, const int unsigned_bytes) {
    uint32_t word;
#if defined(__GNUC__)
    memcpy(&word, __builtin_assume_aligned(from, WORD), WORD);
    word ^= unsigned_bytes ? 0x80808080u : 0;
    memcpy(__builtin_assume_aligned(to, WORD), &word, WORD);
#else
    memcpy(&word, from, WORD);
    word ^= unsigned_bytes ? 0x80808080u : 0;
    memcpy(to, &word, WORD);
#endif
}

KIT_TEMPLATE int32_t input_of(const int8_t *x, const int unsigned_bytes) {
    return unsigned_bytes ? (uint8_t)*x : *x;
}

/* The products of a window with the weights, column after column, added to acc. */
KIT_TEMPLATE int32_t window(int32_t acc, const int8_t *x, const int32_t *weights, const int unsigned_bytes) {
    acc += weights[0] * input_of(x, unsigned_bytes);
    acc += weights[1] * input_of(x + WORD, unsigned_bytes);
    acc += weights[2] * input_of(x + 2 * WORD, unsigned_bytes);
    acc += weights[3] * input_of(x + COLUMN, unsigned_bytes);
    acc += weights[4] * input_of(x + COLUMN + WORD, unsigned_bytes);
    acc += weights[5] * input_of(x + COLUMN + 2 * WORD, unsigned_bytes);
    acc += weights[6] * input_of(x + 2 * COLUMN, unsigned_bytes);
    acc += weights[7] * input_of(x + 2 * COLUMN + WORD, unsigned_bytes);
    acc += weights[8] * input_of(x + 2 * COLUMN + 2 * WORD, unsigned_bytes);
    return acc;
}

/* One channel of a run: where it stands in the strip, and how far from pixel to pixel; weights, bias and
 * scale; the outputs. With weights and scale in registers where there are enough; else first all sums. */
KIT_TEMPLATE void one_channel(const int8_t *x, int32_t step, const int8_t *weights, const int32_t *channel,
                              int32_t zero, int8_t *output, int32_t pixels, int32_t output_step,
                              const int unsigned_bytes) {
    const int32_t bias = channel[0], m = channel[1], n = channel[2];
    const int32_t w[9] = {weights[0], weights[1], weights[2], weights[3], weights[4],
                          weights[5], weights[6], weights[7], weights[8]};
    if (unsigned_bytes) {
        int32_t sums[MOST_PIXELS], *sum, *const end = sums + pixels;
        for (sum = sums; sum != end; x += step) {
            *sum++ = window(bias, x, w, unsigned_bytes);
        }
        for (sum = sums; sum != end; output += output_step) {
            *output = (int8_t)kit_scaled_s8(*sum++, m, n, zero);
        }
    } else {
        const int8_t *const end = output + pixels * output_step;
        for (; output != end; output += output_step, x += step) {
            *output = (int8_t)kit_scaled_s8(window(bias, x, w, unsigned_bytes), m, n, zero);
        }
    }
}

/* Columns `to` up to `end` of the strip, `step` bytes from column to column of the rows. A row that is NULL
 * lies in the padding. */
KIT_TEMPLATE void fill(int8_t *to, const int8_t *end, const int8_t *const *rows, int32_t step,
                       int32_t padding, const int unsigned_bytes) {
    const int8_t *upper = rows[0], *middle = rows[1], *lower = rows[2];
    int32_t row;
    if (upper != NULL && middle != NULL && lower != NULL) {
        for (; to != end; to += COLUMN, upper += step, middle += step, lower += step) {
            copy_word(to, upper, unsigned_bytes);
            copy_word(to + WORD, middle, unsigned_bytes);
            copy_word(to + 2 * WORD, lower, unsigned_bytes);
        }
        return;
    }
    for (row = 0; row < 3; row++, to += WORD, end += WORD) {
        const int8_t *from = rows[row];
        int8_t *at;
        for (at = to; at != end; at += COLUMN) {
            if (from == NULL) {
                memset(at, padding, WORD);
            } else {
                copy_word(at, from, unsigned_bytes);
                from += step;
            }
        }
    }
}

/* All channels of `pixels` pixels of an output row from column ox on; `rows` are where the input rows under
 * the kernel start. */
KIT_TEMPLATE void one_run(const struct kit_depthwise_conv_params *p, const int8_t *const *rows, int32_t ox,
                          int32_t pixels, int8_t *strip, int8_t *output, const int unsigned_bytes) {
    const int32_t channels = p->input_channels, zero = 2 * p->output_zero_point + 1;
    const int32_t step = p->stride_width * COLUMN, columns = (pixels - 1) * p->stride_width + 3;
    const int32_t x = ox * p->stride_width - p->pad_left; /* input column of the strip's first */
    const int32_t left = kit_clamp(-x, 0, columns), right = kit_clamp(p->input_width - x, left, columns);
    const int8_t *weights = p->weights;
    const int32_t *channel = p->channels;
    const int32_t padding = unsigned_bytes ? p->input_zero_point + 128 : p->input_zero_point;
    int32_t c, k;
    memset(strip, padding, (size_t)(left * COLUMN));
    memset(strip + right * COLUMN, padding, (size_t)((columns - right) * COLUMN));
    for (c = 0; c < channels; c += WORD) {
        const int8_t *from[3];
        for (k = 0; k < 3; k++) {
            from[k] = rows[k] == NULL ? NULL : rows[k] + (x + left) * channels + c;
        }
        fill(strip + left * COLUMN, strip + right * COLUMN, from, channels, padding, unsigned_bytes);
        for (k = 0; k < WORD; k++, weights += 9, channel += 3, output++) {
            one_channel(strip + k, step, weights, channel, zero, output, pixels, channels, unsigned_bytes);
        }
    }
}

KIT_TEMPLATE void kit_depthwise_3x3(const struct kit_depthwise_conv_params *p, const int8_t *input,
                                    int8_t *output, void *scratch, const int unsigned_bytes) {
    const int32_t channels = p->input_channels, row = p->input_width * channels;
    int32_t b, oy, ox, k;
    for (b = 0; b < p->batches; b++, input += p->input_height * row) {
        for (oy = 0; oy < p->output_height; oy++) {
            const int8_t *rows[3];
            for (k = 0; k < 3; k++) {
                const int32_t y = oy * p->stride_height - p->pad_top + k * p->dilation_height;
                rows[k] = y >= 0 && y < p->input_height ? input + y * row : NULL;
            }
            for (ox = 0; ox < p->output_width; ox += p->run) {
                const int32_t rest = p->output_width - ox, pixels = rest < p->run ? rest : p->run;
                one_run(p, rows, ox, pixels, (int8_t *)scratch, output, unsigned_bytes);
                kit_clamp_run(output, pixels * channels, p->output_min, p->output_max);
                output += pixels * channels;
            }
        }
    }
}

#endif
