#include "kit_depthwise_conv.h"

#include "kit_dot_dsp.h"
#include "kit_window.h"

/* Four channels are worked on at a time, over one row of output pixels. The input rows under the kernel are
 * widened once into a strip, column after column; in a column two rows lie together, so that SMLAD multiplies
 * two taps: for each two rows: one word a channel, halves from the upper and the lower row for the last of an
 * odd number of rows: channels 0 and 2 in one word, 1 and 3 in the next The weights are widened into the same
 * order. Columns in the padding stay zero; a row in the padding is read from inside the tensor and meets
 * weights of zero. So the pixels of a row are all alike, and a pixel's window is contiguous: kernel_width
 * columns, stride_width columns on from its neighbour's. */

struct row {
    const int32_t *strip;
    const int32_t *weights;
    const int32_t *start; /* accumulators to start from */
    const int32_t *table; /* shifts, doubled multipliers */
    int8_t *output;
    int32_t zero;
    int32_t output_step; /* bytes from pixel to pixel */
    const int8_t *output_end;
    int32_t strip_back; /* bytes from the end of a pixel's window to the next one's start */
};

/* Words of one column. */
static inline int32_t column_words(int32_t kernel_height) {
    return kernel_height / 2 * 4 + kernel_height % 2 * 2;
}

#if KIT_SIMD
/* A column of three rows and four channels: 12 products in 12 instructions. */
#define COLUMN                                                                                               \
    "ldm r0!, {r6-r9}\n\t"                                                                                   \
    "ldm r1!, {r10-r12, lr}\n\t"                                                                             \
    "smlad r2, r6, r10, r2\n\t"                                                                              \
    "smlad r3, r7, r11, r3\n\t"                                                                              \
    "smlad r4, r8, r12, r4\n\t"                                                                              \
    "smlad r5, r9, lr, r5\n\t"                                                                               \
    "ldrd r6, r7, [r0], #8\n\t"                                                                              \
    "ldrd r10, r11, [r1], #8\n\t"                                                                            \
    "smlabb r2, r6, r10, r2\n\t"                                                                             \
    "smlabb r3, r7, r11, r3\n\t"                                                                             \
    "smlatt r4, r6, r10, r4\n\t"                                                                             \
    "smlatt r5, r7, r11, r5\n\t"

/* Requantises one channel and stores it (see kit_requantize_dsp). */
#define STORE(acc, doubled, channel)                                                                         \
    "smmlar " acc ", " acc ", " doubled ", " acc "\n\t"                                                      \
    "add " acc ", " acc ", " acc ", asr #31\n\t"                                                             \
    "asr " acc ", " acc ", lr\n\t"                                                                           \
    "add " acc ", " acc ", r10\n\t"                                                                          \
    "ssat " acc ", #8, " acc ", asr #1\n\t"                                                                  \
    "strb " acc ", [r11, #" channel "]\n\t"

/* A row of pixels with a 3x3 kernel: 75 instructions for 36 products. In assembly because it needs every
 * register: r2 to r5 are the accumulators, r6 to r9 inputs, r10 to lr weights. On the stack: struct row from
 * `weights` on. */
/* clang-format off */
__attribute__((naked, noinline)) static void row_3x3(const struct row *row __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "ldm r0, {r0-r8}\n\t"
                     "push {r1-r8}\n"
                     "1:\n\t" /* a pixel */
                     "ldrd r1, r12, [sp]\n\t"
                     "ldm r12, {r2-r5}\n\t"
                     COLUMN COLUMN COLUMN
                     "ldrd r12, r11, [sp, #8]\n\t"
                     "ldrd r10, r1, [sp, #16]\n\t"
                     "ldr lr, [r12], #4\n\t"
                     "ldm r12, {r6-r9}\n\t"
                     STORE("r2", "r6", "0")
                     "lsr lr, lr, #8\n\t"
                     STORE("r3", "r7", "1")
                     "lsr lr, lr, #8\n\t"
                     STORE("r4", "r8", "2")
                     "lsr lr, lr, #8\n\t"
                     STORE("r5", "r9", "3")
                     "add r11, r11, r1\n\t"
                     "str r11, [sp, #12]\n\t"
                     "ldrd r1, r12, [sp, #24]\n\t"
                     "sub r0, r0, r12\n\t"
                     "cmp r11, r1\n\t"
                     "bne 1b\n\t"
                     "add sp, sp, #32\n\t"
                     "pop {r4-r11, pc}\n");
}
/* clang-format on */
#endif

/* A row of pixels with any kernel; `channels` of the four are stored. */
static void row_any(const struct kit_depthwise_conv_params *p, const struct row *row, int32_t channels) {
    const int32_t words = column_words(p->kernel_height);
    const int32_t *strip = row->strip;
    int8_t *output = row->output;
    int32_t kx, i, k;
    for (; output != row->output_end; output += row->output_step, strip += p->stride_width * words) {
        const int32_t *w = row->weights;
        int32_t a = row->start[0], b = row->start[1], c = row->start[2], d = row->start[3];
        for (kx = 0; kx < p->kernel_width; kx++) {
            const int32_t *x = strip + kx * p->dilation_width * words;
            for (i = p->kernel_height; i > 1; i -= 2, x += 4, w += 4) {
                a = kit_smlad(x[0], w[0], a);
                b = kit_smlad(x[1], w[1], b);
                c = kit_smlad(x[2], w[2], c);
                d = kit_smlad(x[3], w[3], d);
            }
            if (i) {
                a = kit_smlabb(x[0], w[0], a);
                b = kit_smlabb(x[1], w[1], b);
                c = kit_smlatt(x[0], w[0], c);
                d = kit_smlatt(x[1], w[1], d);
                w += 2;
            }
        }
        {
            const int32_t acc[4] = {a, b, c, d};
            for (k = 0; k < channels; k++) {
                output[k] =
                    kit_requantize_dsp(acc[k], row->table[1 + k], row->table[0] >> (8 * k), row->zero);
            }
        }
    }
}

/* Up to four channels of a pixel as a word; what is beyond is not read. */
static inline int32_t load(const int8_t *x, int32_t channels) {
    int32_t word = 0;
    if (channels == 4) {
        return kit_load_s8x4(x);
    }
    memcpy(&word, x, (size_t)channels);
    return word;
}

/* Widens `columns` columns of one or two input rows (`b` NULL: one), `step` bytes apart, into the strip. */
static void widen(const int8_t *a, const int8_t *b, int32_t columns, int32_t step, int32_t channels,
                  int32_t minus, int32_t *to, int32_t words) {
    for (; columns > 0; columns--, a += step, to += words) {
        const int32_t x = load(a, channels);
        const int32_t even = kit_sxtab16(minus, x), odd = kit_sxtab16_odd(minus, x);
        if (b == NULL) {
            to[0] = even;
            to[1] = odd;
        } else {
            const int32_t y = load(b, channels);
            const int32_t lower_even = kit_sxtab16(minus, y), lower_odd = kit_sxtab16_odd(minus, y);
            to[0] = kit_pkhbt(even, lower_even);
            to[1] = kit_pkhbt(odd, lower_odd);
            to[2] = kit_pkhtb(lower_even, even);
            to[3] = kit_pkhtb(lower_odd, odd);
            b += step;
        }
    }
}

/* Widens the weights, those of taps in the padding above and below as zero. */
static void widen_weights(const struct kit_depthwise_conv_params *p, const struct kit_window *y,
                          const int32_t *packed, int32_t *to) {
    const int32_t end = y->first + y->taps;
    int32_t kx, ky;
    if (y->taps == p->kernel_height) {
        for (kx = p->kernel_width * p->kernel_height; kx > 0; kx--, to += 2) {
            to[0] = kit_sxtb16(*packed);
            to[1] = kit_sxtb16_odd(*packed++);
        }
        return;
    }
    for (kx = 0; kx < p->kernel_width; kx++) {
        for (ky = 0; ky + 1 < p->kernel_height; ky += 2) {
            const int32_t upper = ky >= y->first && ky < end ? 0xffff : 0;
            const int32_t lower = ky + 1 >= y->first && ky + 1 < end ? 0xffff : 0;
            const int32_t inside = kit_halves(upper, lower);
            int32_t i;
            for (i = 0; i < 2; i++, to += 2) {
                to[0] = kit_sxtb16(*packed) & inside;
                to[1] = kit_sxtb16_odd(*packed++) & inside;
            }
        }
        if (ky < p->kernel_height) {
            const int32_t inside = ky >= y->first && ky < end ? -1 : 0;
            to[0] = kit_sxtb16(*packed) & inside;
            to[1] = kit_sxtb16_odd(*packed++) & inside;
            to += 2;
        }
    }
}

/* One row of output pixels, all channels. `origin` is the input row of tap 0. */
static void output_row(const struct kit_depthwise_conv_params *p, const int8_t *input, int32_t origin,
                       int8_t *output, int32_t *weights, int32_t *strip) {
    const int32_t channels = p->input_channels, kernel_h = p->kernel_height, words = column_words(kernel_h);
    const int32_t taps = kernel_h * p->kernel_width, last_row = p->input_height - 1;
    const int32_t minus = kit_halves(-p->input_zero_point, -p->input_zero_point);
    const struct kit_window y = kit_window(origin, p->dilation_height, kernel_h, p->input_height);
    const int32_t *stream = (const int32_t *)(const void *)p->weights;
    int32_t c, ky;
    for (c = 0; c < channels; c += 4, stream += taps + 9) {
        const int32_t count = channels - c < 4 ? channels - c : 4;
        const struct row row = {strip,
                                weights,
                                stream,
                                stream + 4 + taps,
                                output + c,
                                2 * p->output_zero_point + 1,
                                channels,
                                output + c + p->output_width * channels,
                                4 * words * (p->kernel_width - p->stride_width)};
        int32_t *to = strip + p->pad_left * words;
        widen_weights(p, &y, stream + 4, weights);
        for (ky = 0; ky < kernel_h; ky += 2) {
            const int32_t upper = kit_clamp(origin + ky * p->dilation_height, 0, last_row);
            const int32_t lower = kit_clamp(origin + (ky + 1) * p->dilation_height, 0, last_row);
            const int8_t *const a = input + upper * p->input_width * channels + c;
            const int8_t *const b = input + lower * p->input_width * channels + c;
            widen(a, ky + 1 < kernel_h ? b : NULL, p->input_width, channels, count, minus, to, words);
            to += 4;
        }
#if KIT_SIMD
        if (count == 4 && kernel_h == 3 && p->kernel_width == 3 && p->dilation_width == 1) {
            row_3x3(&row);
            continue;
        }
#endif
        row_any(p, &row, count);
    }
    kit_clamp_run(output, p->output_width * channels, p->output_min, p->output_max);
}

void kit_depthwise_conv_s8_dsp(const struct kit_depthwise_conv_params *p, const int8_t *input, int8_t *output,
                               void *scratch) {
    const int32_t kernel_w = p->kernel_width, words = column_words(p->kernel_height);
    const int32_t window = (p->output_width - 1) * p->stride_width + (kernel_w - 1) * p->dilation_width + 1;
    const int32_t used = p->pad_left + p->input_width, columns = window > used ? window : used;
    int32_t *const weights = (int32_t *)scratch;
    int32_t *const strip = weights + kernel_w * words;
    int32_t b, oy;
    memset(strip, 0, (size_t)(columns * words) * sizeof(int32_t));
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            output_row(p, input, oy * p->stride_height - p->pad_top, output, weights, strip);
            output += p->output_width * p->input_channels;
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
