/* What the depthwise kernels for the DSP extension share.
 *
 * Four channels are worked on at a time, over a run of pixels of one output row. The input rows under the
 * kernel are widened once into a strip, column after column. In a column each two rows lie together, a word a
 * channel with halves from the upper and the lower row, so that SMLAD multiplies two taps; the last of an odd
 * number of rows follows with channels 0 and 2 in one word, 1 and 3 in the next. The weights are widened into
 * the same order. Columns in the padding are zero; a row in the padding is read from inside the tensor and
 * meets weights of zero. So the pixels of a run are all alike, and a pixel's window is contiguous:
 * kernel_width columns, stride_width columns on from its neighbour's. */
#ifndef KIT_DEPTHWISE_DSP_H
#define KIT_DEPTHWISE_DSP_H

#include "kit_depthwise_conv.h"
#include "kit_simd.h"
#include "kit_window.h"

struct kit_run {
    const int32_t *strip;
    int32_t *weights;
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
struct kit_source {
    int32_t *to, *to_end;
    const int8_t *input;
    int32_t row_1, row_2; /* bytes from the first row to the next ones, for three rows */
    int32_t step;         /* bytes from column to column */
    int32_t minus;        /* the input zero point, negative, in both halves */
};

/* Words of one column. */
static inline int32_t kit_column_words(int32_t kernel_height) {
    return kernel_height / 2 * 4 + kernel_height % 2 * 2;
}

#if KIT_SIMD
/* clang-format off */
/* Requantises one channel and stores it (see kit_requantize_dsp). */
#define KIT_STORE_CHANNEL(acc, doubled, channel)                                                                         \
    "smmlar " acc ", " acc ", " doubled ", " acc "\n\t"                                                      \
    "add " acc ", " acc ", " acc ", asr #31\n\t"                                                             \
    "asr " acc ", " acc ", lr\n\t"                                                                           \
    "add " acc ", " acc ", r10\n\t"                                                                          \
    "ssat " acc ", #8, " acc ", asr #1\n\t"                                                                  \
    "strb " acc ", [r11, #" channel "]\n\t"

/* From the accumulators to the output, and on to the next pixel. On the stack: struct kit_run from `weights` on. */
#define KIT_FINISH_PIXEL                    \
    "ldrd r12, r11, [sp, #8]\n\t"       \
    "ldrd r10, r1, [sp, #16]\n\t"       \
    "ldr lr, [r12], #4\n\t"             \
    "ldm r12, {r6-r9}\n\t"              \
    KIT_STORE_CHANNEL("r2", "r6", "0")              \
    "lsr lr, lr, #8\n\t"                \
    KIT_STORE_CHANNEL("r3", "r7", "1")              \
    "lsr lr, lr, #8\n\t"                \
    KIT_STORE_CHANNEL("r4", "r8", "2")              \
    "lsr lr, lr, #8\n\t"                \
    KIT_STORE_CHANNEL("r5", "r9", "3")              \
    "add r11, r11, r1\n\t"              \
    "str r11, [sp, #12]\n\t"            \
    "ldrd r1, r12, [sp, #24]\n\t"       \
    "sub r0, r0, r12\n\t"               \
    "cmp r11, r1\n\t"                   \
    "bne 1b\n\t"                        \
    "add sp, sp, #36\n\t"               \
    "pop {r4-r11, pc}\n"

#define KIT_START_PIXEL                     \
    "ldrd r1, r12, [sp]\n\t"            \
    "ldm r12, {r2-r5}\n\t"

/* clang-format on */
#endif

/* Widens the weights of four channels. */
static void kit_widen_weights(const int32_t *packed, int32_t taps, int32_t *to) {
    const int32_t *const end = packed + taps;
#if KIT_SIMD
    int32_t w, even, odd;
    __asm__ volatile(
        "1:\n\t"
        "ldr %[w], [%[packed]], #4\n\t"
        "sxtb16 %[even], %[w]\n\t"
        "sxtb16 %[odd], %[w], ror #8\n\t"
        "strd %[even], %[odd], [%[to]], #8\n\t"
        "cmp %[packed], %[end]\n\t"
        "bne 1b"
        : [w] "=&r"(w), [even] "=&r"(even), [odd] "=&r"(odd), [packed] "+r"(packed), [to] "+r"(to)
        : [end] "r"(end)
        : "cc", "memory");
#else
    for (; packed != end; packed++, to += 2) {
        to[0] = kit_sxtb16(*packed);
        to[1] = kit_sxtb16_odd(*packed);
    }
#endif
}

/* What the accumulators of the first four channels start from, and `step`, how far those of the next four
 * are.
 */
static inline const int32_t *kit_starts(const struct kit_depthwise_conv_params *p, int32_t *step) {
    static const int32_t zeros[4] = {0, 0, 0, 0};
    *step = p->channels != NULL ? 4 : 0;
    return p->channels != NULL ? p->channels : zeros;
}

/* Makes the weights of taps above and below the tensor zero. */
KIT_SMALL static inline void kit_mask_weights(const struct kit_depthwise_conv_params *p,
                                              const struct kit_window *y, int32_t *to) {
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

/* Everything about `pixels` pixels of an output row from column ox on that does not depend on the channel;
 * `origin` is the input row of the kernel's first. Columns of the strip in the padding are made zero. */
static void kit_begin_run(const struct kit_depthwise_conv_params *p, const int8_t *input, int32_t ox,
                          int32_t pixels, int8_t *output, int32_t *weights, struct kit_source *source,
                          struct kit_run *run) {
    const int32_t channels = p->input_channels, words = kit_column_words(p->kernel_height);
    int32_t *const strip = weights + p->kernel_width * words;
    const int32_t columns = (pixels - 1) * p->stride_width + (p->kernel_width - 1) * p->dilation_width + 1;
    const int32_t x = ox * p->stride_width - p->pad_left; /* input column of the strip's first */
    const int32_t left = kit_clamp(-x, 0, columns), right = kit_clamp(p->input_width - x, left, columns);
    source->to = strip + left * words;
    source->to_end = strip + right * words;
    source->input = input + (x + left) * channels;
    source->step = channels;
    source->minus = kit_halves(-p->input_zero_point, -p->input_zero_point);
    run->strip = strip;
    run->weights = weights;
    run->weights_end = strip;
    run->output = output;
    run->output_end = output + pixels * channels;
    run->output_step = channels;
    run->zero = 2 * p->output_zero_point + 1;
    run->strip_back = 4 * words * (p->kernel_width - p->stride_width);
    memset(strip, 0, (size_t)(left * words) * sizeof(int32_t));
    memset(strip + right * words, 0, (size_t)((columns - right) * words) * sizeof(int32_t));
}

/* A kernel's work on the run that was begun: all channels. */
typedef void kit_run_function(const struct kit_depthwise_conv_params *p, int32_t origin,
                              const struct kit_window *y, struct kit_source *source, struct kit_run *run);

/* All runs of all rows. */
static inline void kit_all_runs(const struct kit_depthwise_conv_params *p, const int8_t *input,
                                int8_t *output, int32_t *scratch, kit_run_function *work) {
    int32_t b, oy, ox;
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            const int32_t origin = oy * p->stride_height - p->pad_top;
            const struct kit_window y =
                kit_window(origin, p->dilation_height, p->kernel_height, p->input_height);
            for (ox = 0; ox < p->output_width; ox += p->run) {
                const int32_t rest = p->output_width - ox, pixels = rest < p->run ? rest : p->run;
                struct kit_source source;
                struct kit_run run;
                kit_begin_run(p, input, ox, pixels, output, scratch, &source, &run);
                work(p, origin, &y, &source, &run);
                kit_clamp_run(output, pixels * p->input_channels, p->output_min, p->output_max);
                output += pixels * p->input_channels;
            }
        }
        input += p->input_height * p->input_width * p->input_channels;
    }
}

#endif
