#include "kit_depthwise_conv.h"

#include "kit_dot_dsp.h"
#include "kit_window.h"

/* Four channels are worked on at a time, over a run of pixels of one output row. The input rows under the
 * kernel are widened once into a strip, column after column; in a column two rows lie together, so that SMLAD
 * multiplies two taps: for each two rows: one word a channel, halves from the upper and the lower row for the
 * last of an odd number of rows: channels 0 and 2 in one word, 1 and 3 in the next The weights are widened
 * into the same order. Columns in the padding are zero; a row in the padding is read from inside the tensor
 * and meets weights of zero. So the pixels of a run are all alike, and a pixel's window is contiguous:
 * kernel_width columns, stride_width columns on from its neighbour's. */
struct run {
    const int32_t *strip;
    const int32_t *weights;
    const int32_t *start; /* accumulators to start from */
    const int32_t *table; /* shifts, doubled multipliers */
    int8_t *output;
    int32_t zero;
    int32_t output_step; /* bytes from pixel to pixel */
    const int8_t *output_end;
    int32_t strip_back; /* bytes from the end of a pixel's window to the next one's start */
    const int32_t *weights_end;
};

/* What is widened: the columns inside the tensor, of the rows under the kernel. */
struct source {
    int32_t *to, *to_end;
    const int8_t *input;
    int32_t row_1, row_2; /* bytes from the first row to the next ones, for three rows */
    int32_t step;         /* bytes from column to column */
    int32_t minus;        /* the input zero point, negative, in both halves */
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

/* clang-format off */
/* From the accumulators to the output, and on to the next pixel. On the stack: struct run from `weights` on. */
#define FINISH_PIXEL                    \
    "ldrd r12, r11, [sp, #8]\n\t"       \
    "ldrd r10, r1, [sp, #16]\n\t"       \
    "ldr lr, [r12], #4\n\t"             \
    "ldm r12, {r6-r9}\n\t"              \
    STORE("r2", "r6", "0")              \
    "lsr lr, lr, #8\n\t"                \
    STORE("r3", "r7", "1")              \
    "lsr lr, lr, #8\n\t"                \
    STORE("r4", "r8", "2")              \
    "lsr lr, lr, #8\n\t"                \
    STORE("r5", "r9", "3")              \
    "add r11, r11, r1\n\t"              \
    "str r11, [sp, #12]\n\t"            \
    "ldrd r1, r12, [sp, #24]\n\t"       \
    "sub r0, r0, r12\n\t"               \
    "cmp r11, r1\n\t"                   \
    "bne 1b\n\t"                        \
    "add sp, sp, #36\n\t"               \
    "pop {r4-r11, pc}\n"

#define START_PIXEL                     \
    "ldrd r1, r12, [sp]\n\t"            \
    "ldm r12, {r2-r5}\n\t"

/* Runs of pixels. In assembly because they need every register: r0 and r1 walk through strip and weights, r2 to r5
 * are the accumulators, r6 to r9 inputs, r10 to lr weights. With a 3x3 kernel 75 instructions for 36 products. */
__attribute__((naked, noinline)) static void run_3x3(const struct run *run __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "ldm r0, {r0-r9}\n\t"
                     "push {r1-r9}\n"
                     "1:\n\t"
                     START_PIXEL
                     COLUMN COLUMN COLUMN
                     FINISH_PIXEL);
}

/* A kernel of one row: 8 instructions a tap. */
__attribute__((naked, noinline)) static void run_row(const struct run *run __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "ldm r0, {r0-r9}\n\t"
                     "push {r1-r9}\n"
                     "1:\n\t"
                     START_PIXEL
                     "ldr lr, [sp, #32]\n"
                     "2:\n\t"
                     "ldrd r6, r7, [r0], #8\n\t"
                     "ldrd r10, r11, [r1], #8\n\t"
                     "smlabb r2, r6, r10, r2\n\t"
                     "smlabb r3, r7, r11, r3\n\t"
                     "smlatt r4, r6, r10, r4\n\t"
                     "smlatt r5, r7, r11, r5\n\t"
                     "cmp r1, lr\n\t"
                     "bne 2b\n\t"
                     FINISH_PIXEL);
}

/* Widens three rows into the strip: 18 instructions a column. */
__attribute__((naked, noinline)) static void widen_3(const struct source *source __attribute__((unused))) {
    __asm__ volatile("push {r3-r11, lr}\n\t"
                     "ldr r2, [r0, #4]\n\t"
                     "str r2, [sp]\n\t"
                     "ldrd r10, r11, [r0, #12]\n\t"
                     "ldrd r12, lr, [r0, #20]\n\t"
                     "ldr r1, [r0, #8]\n\t"
                     "ldr r0, [r0]\n"
                     "1:\n\t"
                     "ldr r4, [r1]\n\t"
                     "ldr r5, [r1, r10]\n\t"
                     "ldr r7, [r1, r11]\n\t"
                     "add r1, r1, r12\n\t"
                     "sxtab16 r8, lr, r4\n\t"
                     "sxtab16 r9, lr, r4, ror #8\n\t"
                     "sxtab16 r4, lr, r5\n\t"
                     "sxtab16 r5, lr, r5, ror #8\n\t"
                     "sxtab16 r6, lr, r7\n\t"
                     "sxtab16 r7, lr, r7, ror #8\n\t"
                     "pkhbt r2, r8, r4, lsl #16\n\t"
                     "pkhbt r3, r9, r5, lsl #16\n\t"
                     "pkhtb r4, r4, r8, asr #16\n\t"
                     "pkhtb r5, r5, r9, asr #16\n\t"
                     "stm r0!, {r2-r7}\n\t"
                     "ldr r8, [sp]\n\t"
                     "cmp r0, r8\n\t"
                     "bne 1b\n\t"
                     "pop {r3-r11, pc}\n");
}
/* clang-format on */
#endif

/* A run of pixels with any kernel; `channels` of the four are stored. */
static void run_any(const struct kit_depthwise_conv_params *p, const struct run *run, int32_t channels) {
    const int32_t words = column_words(p->kernel_height), pairs = p->kernel_height / 2;
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
static void widen(const struct source *s, int pair, int32_t channels, int32_t words) {
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

/* Widens the weights of four channels. */
static void widen_weights(const int32_t *packed, int32_t taps, int32_t *to) {
    for (; taps > 0; taps--, to += 2) {
        const int32_t w = *packed++;
        to[0] = kit_sxtb16(w);
        to[1] = kit_sxtb16_odd(w);
    }
}

/* Makes the weights of taps above and below the tensor zero. */
static void mask_weights(const struct kit_depthwise_conv_params *p, const struct kit_window *y, int32_t *to) {
    const int32_t end = y->first + y->taps;
    int32_t kx, ky, i;
    for (kx = 0; kx < p->kernel_width; kx++) {
        for (ky = 0; ky < p->kernel_height; ky += 2) {
            const int pair = ky + 1 < p->kernel_height;
            const int32_t upper = ky >= y->first && ky < end ? 0xffff : 0;
            const int32_t lower = pair ? (ky + 1 >= y->first && ky + 1 < end ? 0xffff : 0) : upper;
            for (i = pair ? 4 : 2; i > 0; i--) {
                *to++ &= kit_halves(upper, lower);
            }
        }
    }
}

/* `pixels` pixels of an output row from column ox on, all channels. */
static void output_run(const struct kit_depthwise_conv_params *p, const int8_t *input, int32_t origin,
                       const struct kit_window *y, int32_t ox, int32_t pixels, int8_t *output,
                       int32_t *weights) {
    const int32_t channels = p->input_channels, kernel_h = p->kernel_height, words = column_words(kernel_h);
    const int32_t taps = kernel_h * p->kernel_width, row = p->input_width * channels,
                  last = p->input_height - 1;
    int32_t *const strip = weights + p->kernel_width * words;
    const int32_t columns = (pixels - 1) * p->stride_width + (p->kernel_width - 1) * p->dilation_width + 1;
    const int32_t x = ox * p->stride_width - p->pad_left; /* input column of the strip's first */
    const int32_t left = kit_clamp(-x, 0, columns), right = kit_clamp(p->input_width - x, left, columns);
    const int whole = y->taps == kernel_h;
    const int32_t *stream = (const int32_t *)(const void *)p->weights;
    struct source source = {strip + left * words,
                            strip + right * words,
                            input + (x + left) * channels,
                            0,
                            0,
                            channels,
                            kit_halves(-p->input_zero_point, -p->input_zero_point)};
    struct run run = {strip,
                      weights,
                      stream,
                      stream,
                      output,
                      2 * p->output_zero_point + 1,
                      channels,
                      output + pixels * channels,
                      4 * words * (p->kernel_width - p->stride_width),
                      strip};
    int32_t c, ky;
    memset(strip, 0, (size_t)(left * words) * sizeof(int32_t));
    memset(strip + right * words, 0, (size_t)((columns - right) * words) * sizeof(int32_t));
#if KIT_SIMD
    if (kernel_h == 3 && p->kernel_width == 3 && p->dilation_width == 1) {
        const int32_t first = kit_clamp(origin, 0, last) * row;
        source.input += first;
        source.row_1 = kit_clamp(origin + p->dilation_height, 0, last) * row - first;
        source.row_2 = kit_clamp(origin + 2 * p->dilation_height, 0, last) * row - first;
        for (c = channels; c >= 4; c -= 4) {
            run.start = stream;
            run.table = stream + 4 + 9;
            widen_weights(stream + 4, 9, weights);
            if (!whole) {
                mask_weights(p, y, weights);
            }
            if (left != right) {
                widen_3(&source);
            }
            run_3x3(&run);
            source.input += 4;
            run.output += 4;
            run.output_end += 4;
            stream = run.table + 5;
        }
        source.input -= first;
    }
#endif
    for (c = (int32_t)(run.output - output); c < channels; c += 4) {
        const int32_t count = channels - c < 4 ? channels - c : 4;
        run.start = stream;
        run.table = stream + 4 + taps;
        widen_weights(stream + 4, taps, weights);
        if (!whole) {
            mask_weights(p, y, weights);
        }
        for (ky = 0; ky < kernel_h; ky += 2) {
            const int32_t upper = kit_clamp(origin + ky * p->dilation_height, 0, last) * row;
            const int32_t lower = kit_clamp(origin + (ky + 1) * p->dilation_height, 0, last) * row;
            struct source rows = source;
            rows.to += 2 * ky;
            rows.to_end += 2 * ky;
            rows.input += upper;
            rows.row_1 = lower - upper;
            widen(&rows, ky + 1 < kernel_h, count, words);
        }
#if KIT_SIMD
        if (count == 4 && kernel_h == 1 && p->dilation_width == 1) {
            run_row(&run);
        } else {
            run_any(p, &run, count);
        }
#else
        run_any(p, &run, count);
#endif
        source.input += 4;
        run.output += 4;
        run.output_end += 4;
        stream = run.table + 5;
    }
}

void kit_depthwise_conv_s8_dsp(const struct kit_depthwise_conv_params *p, const int8_t *input, int8_t *output,
                               void *scratch) {
    int32_t b, oy, ox;
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            const int32_t origin = oy * p->stride_height - p->pad_top;
            const struct kit_window y =
                kit_window(origin, p->dilation_height, p->kernel_height, p->input_height);
            for (ox = 0; ox < p->output_width; ox += p->run) {
                const int32_t rest = p->output_width - ox, pixels = rest < p->run ? rest : p->run;
                output_run(p, input, origin, &y, ox, pixels, output, (int32_t *)scratch);
                kit_clamp_run(output, pixels * p->input_channels, p->output_min, p->output_max);
                output += pixels * p->input_channels;
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}
