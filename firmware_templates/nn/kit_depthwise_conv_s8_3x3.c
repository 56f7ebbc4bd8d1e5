#include <string.h>

#include "kit_depthwise_conv.h"
#include "kit_fixedpoint.h"

/* Four channels are worked on at a time, over a run of pixels of one output row. The three input rows under
 * the kernel are first copied to a strip: column after column, of each row a word with the four channels.
 * Places in the padding hold the zero point, so that the pixels of a run are all alike. */
enum { WORD = 4, COLUMN = 3 * WORD };

static inline void copy_word(int8_t *to, const int8_t *from) {
#if defined(__GNUC__)
    memcpy(__builtin_assume_aligned(to, WORD), __builtin_assume_aligned(from, WORD), WORD);
#else
    memcpy(to, from, WORD);
#endif
}

/* One channel of a run: where it stands in the strip, and how far from pixel to pixel; weights, bias and
 * scale; the outputs. With weights and scale in registers where there are enough. */
static void one_channel(const int8_t *x, int32_t step, const int8_t *weights, const int32_t *channel,
                        int32_t zero, int8_t *output, const int8_t *output_end, int32_t output_step) {
    const int32_t bias = channel[0], scale[2] = {channel[1], channel[2]};
    const int32_t a = weights[0], b = weights[1], c = weights[2];
    const int32_t d = weights[3], e = weights[4], f = weights[5];
    const int32_t g = weights[6], h = weights[7], i = weights[8];
    for (; output != output_end; output += output_step, x += step) {
        int32_t acc = bias;
        acc += a * x[0];
        acc += b * x[WORD];
        acc += c * x[2 * WORD];
        acc += d * x[COLUMN];
        acc += e * x[COLUMN + WORD];
        acc += f * x[COLUMN + 2 * WORD];
        acc += g * x[2 * COLUMN];
        acc += h * x[2 * COLUMN + WORD];
        acc += i * x[2 * COLUMN + 2 * WORD];
        *output = (int8_t)kit_scale_s8(acc, scale, zero);
    }
}

/* Columns `to` up to `end` of the strip, `step` bytes from column to column of the rows. A row that is NULL
 * lies in the padding. */
static void fill(int8_t *to, const int8_t *end, const int8_t *const *rows, int32_t step, int8_t padding) {
    const int8_t *upper = rows[0], *middle = rows[1], *lower = rows[2];
    int32_t row;
    if (upper != NULL && middle != NULL && lower != NULL) {
        for (; to != end; to += COLUMN, upper += step, middle += step, lower += step) {
            copy_word(to, upper);
            copy_word(to + WORD, middle);
            copy_word(to + 2 * WORD, lower);
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
                copy_word(at, from);
                from += step;
            }
        }
    }
}

/* All channels of `pixels` pixels of an output row from column ox on; `rows` are where the input rows under
 * the kernel start. */
static void one_run(const struct kit_depthwise_conv_params *p, const int8_t *const *rows, int32_t ox,
                    int32_t pixels, int8_t *strip, int8_t *output) {
    const int32_t channels = p->input_channels, zero = 2 * p->output_zero_point + 1;
    const int32_t step = p->stride_width * COLUMN, columns = (pixels - 1) * p->stride_width + 3;
    const int32_t x = ox * p->stride_width - p->pad_left; /* input column of the strip's first */
    const int32_t left = kit_clamp(-x, 0, columns), right = kit_clamp(p->input_width - x, left, columns);
    const int8_t *weights = p->weights;
    const int32_t *channel = p->channels;
    int32_t c, k;
    memset(strip, p->input_zero_point, (size_t)(left * COLUMN));
    memset(strip + right * COLUMN, p->input_zero_point, (size_t)((columns - right) * COLUMN));
    for (c = 0; c < channels; c += WORD) {
        const int8_t *from[3];
        for (k = 0; k < 3; k++) {
            from[k] = rows[k] == NULL ? NULL : rows[k] + (x + left) * channels + c;
        }
        fill(strip + left * COLUMN, strip + right * COLUMN, from, channels, p->input_zero_point);
        for (k = 0; k < WORD; k++, weights += 9, channel += 3, output++) {
            one_channel(strip + k, step, weights, channel, zero, output, output + pixels * channels,
                        channels);
        }
    }
}

void kit_depthwise_conv_s8_3x3(const struct kit_depthwise_conv_params *p, const int8_t *input, int8_t *output,
                               void *scratch) {
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
                one_run(p, rows, ox, pixels, (int8_t *)scratch, output);
                kit_clamp_run(output, pixels * channels, p->output_min, p->output_max);
                output += pixels * channels;
            }
        }
    }
}
