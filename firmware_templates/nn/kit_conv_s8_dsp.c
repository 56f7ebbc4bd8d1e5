#include "kit_conv.h"

#include "kit_dot_dsp.h"
#include "kit_gather.h"

/* Two pixels, whose inputs are widened and interleaved: two words of pixel 0 and pixel 1 in turn. */
struct tile {
    const int32_t *inputs, *inputs_end;
    int8_t *output_0, *output_1;
    int32_t blocks;
    int32_t zero;
    int32_t half; /* the number of inputs is an odd multiple of four */
};

#if KIT_SIMD
/* A step takes two inputs of two pixels and four channels: 16 products in 12 instructions. */
#define STEP                                                                                                 \
    "ldrd r10, r11, [r0], #8\n\t"                                                                            \
    "ldrd r12, lr, [r1], #8\n\t"                                                                             \
    "smlad r3, r10, r12, r3\n\t"                                                                             \
    "smlad r7, r11, r12, r7\n\t"                                                                             \
    "smlad r5, r10, lr, r5\n\t"                                                                              \
    "smlad r9, r11, lr, r9\n\t"                                                                              \
    "sxtb16 r12, r12\n\t"                                                                                    \
    "sxtb16 lr, lr\n\t"                                                                                      \
    "smlad r2, r10, r12, r2\n\t"                                                                             \
    "smlad r6, r11, r12, r6\n\t"                                                                             \
    "smlad r4, r10, lr, r4\n\t"                                                                              \
    "smlad r8, r11, lr, r8\n\t"

/* Requantises one channel of both pixels and stores it (see kit_requantize_dsp). */
#define STORE(p, q)                                                                                          \
    "ldr r12, [r1], #4\n\t"                                                                                  \
    "smmlar " p ", " p ", r12, " p "\n\t"                                                                    \
    "smmlar " q ", " q ", r12, " q "\n\t"                                                                    \
    "add " p ", " p ", " p ", asr #31\n\t"                                                                   \
    "add " q ", " q ", " q ", asr #31\n\t"                                                                   \
    "asr " p ", " p ", lr\n\t"                                                                               \
    "asr " q ", " q ", lr\n\t"                                                                               \
    "add " p ", " p ", r0\n\t"                                                                               \
    "add " q ", " q ", r0\n\t"                                                                               \
    "ssat " p ", #8, " p ", asr #1\n\t"                                                                      \
    "ssat " q ", #8, " q ", asr #1\n\t"                                                                      \
    "strb " p ", [r10], #1\n\t"                                                                              \
    "strb " q ", [r11], #1\n\t"

/* All blocks of four channels for two pixels; returns where the stream goes on. In assembly because it needs
 * every register: r2 to r5 and r6 to r9 are A, D, C, D' of the two pixels, r10 to lr inputs and weights, r0
 * and r1 walk through both. What does not fit lies on the stack in the order of struct tile. */
/* clang-format off */
__attribute__((naked, noinline)) static const int32_t *
blocks_of_four(const struct tile *t __attribute__((unused)), const int32_t *stream __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "ldm r0, {r2-r8}\n\t"
                     "push {r2-r8}\n"
                     "1:\n\t" /* a block */
                     "ldm r1!, {r2-r5}\n\t"
                     "ldr r12, [sp, #24]\n\t"
                     "ldr r0, [sp]\n\t"
                     "mov r6, r2\n\t"
                     "mov r7, r3\n\t"
                     "mov r8, r4\n\t"
                     "mov r9, r5\n\t"
                     "cmp r12, #0\n\t"
                     "bne 3f\n"
                     "2:\n\t" /* eight inputs */
                     STEP STEP
                     "3:\n\t"
                     STEP STEP
                     "ldr r12, [sp, #4]\n\t"
                     "cmp r0, r12\n\t"
                     "bne 2b\n\t"
                     "sub r3, r3, r2\n\t" /* B and B' */
                     "sub r7, r7, r6\n\t"
                     "sub r5, r5, r4\n\t"
                     "sub r9, r9, r8\n\t"
                     "asr r3, r3, #8\n\t"
                     "asr r7, r7, #8\n\t"
                     "asr r5, r5, #8\n\t"
                     "asr r9, r9, #8\n\t"
                     "ldrd r10, r11, [sp, #8]\n\t"
                     "ldr r0, [sp, #20]\n\t"
                     "ldr lr, [r1], #4\n\t"
                     STORE("r2", "r6")
                     "lsr lr, lr, #8\n\t"
                     STORE("r3", "r7")
                     "lsr lr, lr, #8\n\t"
                     STORE("r4", "r8")
                     "lsr lr, lr, #8\n\t"
                     STORE("r5", "r9")
                     "ldr r12, [sp, #16]\n\t"
                     "strd r10, r11, [sp, #8]\n\t"
                     "subs r12, r12, #1\n\t"
                     "str r12, [sp, #16]\n\t"
                     "bne 1b\n\t"
                     "add sp, sp, #28\n\t"
                     "mov r0, r1\n\t"
                     "pop {r4-r11, pc}\n");
}
/* clang-format on */
#else
static const int32_t *blocks_of_four(const struct tile *t, const int32_t *stream) {
    const int32_t words = (int32_t)(t->inputs_end - t->inputs) / 2;
    int32_t block, i, k, pixel;
    for (block = 0; block < t->blocks; block++, stream += 4 + 2 * words + 5) {
        const int32_t *const weights = stream + 4, *const table = weights + 2 * words;
        for (pixel = 0; pixel < 2; pixel++) {
            int8_t *const output = (pixel ? t->output_1 : t->output_0) + 4 * block;
            int32_t acc[4] = {stream[0], stream[1], stream[2], stream[3]};
            for (i = 0; i < words; i++) {
                const int32_t x = t->inputs[2 * i + pixel];
                for (k = 0; k < 4; k += 2) {
                    const int32_t w = weights[2 * i + k / 2];
                    acc[k] = kit_smlad(x, kit_sxtb16(w), acc[k]);
                    acc[k + 1] = kit_smlad(x, w, acc[k + 1]);
                }
            }
            acc[1] = kit_sub_wrap(acc[1], acc[0]) >> 8;
            acc[3] = kit_sub_wrap(acc[3], acc[2]) >> 8;
            for (k = 0; k < 4; k++) {
                output[k] = kit_requantize_dsp(acc[k], table[1 + k], table[0] >> (8 * k), t->zero);
            }
        }
    }
    return stream;
}
#endif

/* Two pixels of `words` times four inputs, less the zero point, as the tile reads them. */
static void widen(const int8_t *a, const int8_t *b, int32_t words, int32_t zero_point, int32_t *to) {
    const int32_t minus = kit_halves(-zero_point, -zero_point);
    for (; words > 0; words--, a += 4, b += 4, to += 4) {
        const int32_t first = kit_load_s8x4(a), second = kit_load_s8x4(b);
        to[0] = kit_sxtab16(minus, first);
        to[1] = kit_sxtab16(minus, second);
        to[2] = kit_sxtab16_odd(minus, first);
        to[3] = kit_sxtab16_odd(minus, second);
    }
}

static void two_pixels(const struct kit_conv_params *p, const int8_t *a, const int8_t *b, int8_t *output_0,
                       int8_t *output_1, int32_t taps, int32_t *inputs) {
    const int32_t words = (taps + 3) / 4, outputs = p->group_outputs, rest = outputs % 4;
    const int32_t *stream = (const int32_t *)(const void *)p->weights;
    const struct tile t = {inputs,      inputs + 4 * words,           output_0, output_1,
                           outputs / 4, 2 * p->output_zero_point + 1, words % 2};
    widen(a, b, words, p->input_zero_point, inputs);
    if (t.blocks > 0) {
        stream = blocks_of_four(&t, stream);
    }
    if (rest > 0) {
        kit_pairs_dsp(stream, NULL, inputs, 2 * words, 2, rest, t.zero, output_0 + outputs - rest);
        kit_pairs_dsp(stream, NULL, inputs + 1, 2 * words, 2, rest, t.zero, output_1 + outputs - rest);
    }
    kit_clamp_run(output_0, outputs, p->output_min, p->output_max);
    kit_clamp_run(output_1, outputs, p->output_min, p->output_max);
}

void kit_conv_s8_dsp(const struct kit_conv_params *p, const int8_t *input, int8_t *output, void *scratch) {
    const int32_t depth = p->filter_channels, outputs = p->group_outputs;
    const int32_t taps = p->kernel_height * p->kernel_width * depth;
    const int32_t padded = (taps + 3) / 4 * 4;
    const int direct = taps == depth && taps == padded && p->pad_top == 0 && p->pad_left == 0;
    int32_t *const inputs = (int32_t *)scratch;
    int8_t *const patches = (int8_t *)(inputs + padded);
    const int8_t *waiting = NULL;
    int32_t b, oy, ox;
    if (!direct) {
        kit_fill_run(patches, 0, 2 * padded); /* inputs beyond the window meet weights of 0 */
    }
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            const struct kit_window y = kit_window(oy * p->stride_height - p->pad_top, p->dilation_height,
                                                   p->kernel_height, p->input_height);
            for (ox = 0; ox < p->output_width; ox++) {
                const struct kit_window x = kit_window(ox * p->stride_width - p->pad_left, p->dilation_width,
                                                       p->kernel_width, p->input_width);
                const int8_t *pixel = input + (y.start * p->input_width + x.start) * depth;
                if (!direct) {
                    int8_t *const patch = patches + (waiting ? padded : 0);
                    kit_gather(p, input, &y, &x, patch);
                    pixel = patch;
                }
                if (waiting) {
                    two_pixels(p, waiting, pixel, output, output + outputs, taps, inputs);
                    output += 2 * outputs;
                    waiting = NULL;
                } else {
                    waiting = pixel;
                }
            }
        }
        input += p->input_height * p->input_width * depth;
    }
    if (waiting) {
        two_pixels(p, waiting, waiting, output, output, taps, inputs);
    }
}
