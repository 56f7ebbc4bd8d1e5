/* What the convolution kernels for the DSP extension share: two pixels at a time against the stream of
 * weights of kit_dot_dsp.h. */
#ifndef KIT_CONV_DSP_H
#define KIT_CONV_DSP_H

#include "kit_conv.h"
#include "kit_dot_dsp.h"

/* Two pixels, whose inputs are widened and interleaved: two words of pixel 0 and pixel 1 in turn. */
struct kit_tile {
    const int32_t *inputs, *inputs_end;
    int8_t *output_0, *output_1;
    int32_t blocks;
    int32_t zero;
};

#if KIT_SIMD
/* A step takes two inputs of two pixels and four channels: 16 products in 12 instructions, 48 bytes of code.
 */
#define KIT_STEP                                                                                             \
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
#define KIT_STORE(p, q)                                                                                      \
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
 * and r1 walk through both. What does not fit lies on the stack: struct kit_tile and where to enter the loop.
 */
/* clang-format off */
__attribute__((naked, noinline)) static const int32_t *
kit_blocks_of_four_dsp(const struct kit_tile *t __attribute__((unused)), const int32_t *stream __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "ldm r0, {r2-r7}\n\t"
                     "sub r8, r2, r3\n\t" /* minus 16 bytes for each four inputs; a round takes four times four */
                     "and r8, r8, #48\n\t"
                     "add r8, r8, r8, lsl #1\n\t"
                     "adr r9, 2f\n\t"
                     "add r8, r9, r8, lsl #1\n\t"
                     "orr r8, r8, #1\n\t"
                     "push {r2-r8}\n"
                     "1:\n\t" /* a block */
                     "ldm r1!, {r2-r5}\n\t"
                     "ldr r12, [sp, #24]\n\t"
                     "ldr r0, [sp]\n\t"
                     "mov r6, r2\n\t"
                     "mov r7, r3\n\t"
                     "mov r8, r4\n\t"
                     "mov r9, r5\n\t"
                     "bx r12\n\t"
                     ".balign 4\n"
                     "2:\n\t" /* sixteen inputs */
                     KIT_STEP KIT_STEP KIT_STEP KIT_STEP KIT_STEP KIT_STEP KIT_STEP KIT_STEP
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
                     KIT_STORE("r2", "r6")
                     "lsr lr, lr, #8\n\t"
                     KIT_STORE("r3", "r7")
                     "lsr lr, lr, #8\n\t"
                     KIT_STORE("r4", "r8")
                     "lsr lr, lr, #8\n\t"
                     KIT_STORE("r5", "r9")
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
static const int32_t *kit_blocks_of_four_dsp(const struct kit_tile *t, const int32_t *stream) {
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

/* Words of two pixels less the zero point, as the tile reads them. */
static inline int32_t *kit_widen_two_dsp(const int8_t *a, const int8_t *b, int32_t words, int32_t minus,
                                         int32_t *to) {
#if KIT_SIMD
    int32_t u, v, x, y;
    __asm__ volatile("1:\n\t"
                     "ldr %[x], [%[a]], #4\n\t"
                     "ldr %[y], [%[b]], #4\n\t"
                     "sxtab16 %[u], %[minus], %[x]\n\t"
                     "sxtab16 %[v], %[minus], %[y]\n\t"
                     "sxtab16 %[x], %[minus], %[x], ror #8\n\t"
                     "sxtab16 %[y], %[minus], %[y], ror #8\n\t"
                     "strd %[u], %[v], [%[to]], #8\n\t"
                     "strd %[x], %[y], [%[to]], #8\n\t"
                     "subs %[words], %[words], #1\n\t"
                     "bne 1b"
                     : [u] "=&r"(u), [v] "=&r"(v), [x] "=&r"(x), [y] "=&r"(y), [a] "+r"(a), [b] "+r"(b),
                       [to] "+r"(to), [words] "+r"(words)
                     : [minus] "r"(minus)
                     : "cc", "memory");
#else
    for (; words > 0; words--, a += 4, b += 4, to += 4) {
        const int32_t x = kit_load_s8x4(a), y = kit_load_s8x4(b);
        to[0] = kit_sxtab16(minus, x);
        to[1] = kit_sxtab16(minus, y);
        to[2] = kit_sxtab16_odd(minus, x);
        to[3] = kit_sxtab16_odd(minus, y);
    }
#endif
    return to;
}

/* All outputs of two pixels whose inputs are widened. */
static void kit_two_outputs_dsp(const struct kit_conv_params *p, const int32_t *inputs, int32_t words,
                                int8_t *output_0, int8_t *output_1) {
    const int32_t outputs = p->group_outputs, rest = outputs % 4;
    const int32_t *stream = (const int32_t *)(const void *)p->weights;
    const struct kit_tile t = {inputs,   inputs + 4 * words, output_0,
                               output_1, outputs / 4,        2 * p->output_zero_point + 1};
    int32_t pixel;
    if (t.blocks > 0) {
        stream = kit_blocks_of_four_dsp(&t, stream);
    }
    for (pixel = 0; pixel < 2; pixel++) {
        int8_t *const output = pixel ? output_1 : output_0;
        if (rest > 0) {
            kit_pairs_dsp(stream, inputs + pixel, 2 * words, 2, rest, t.zero, output + outputs - rest);
        }
        kit_clamp_run(output, outputs, p->output_min, p->output_max);
    }
}

/* A 1x1 kernel on whole words, without padding and stride: the pixels follow each other. */
KIT_SMALL static void kit_pointwise_dsp(const struct kit_conv_params *p, const int8_t *input, int8_t *output,
                                        int32_t *inputs) {
    const int32_t depth = p->filter_channels, outputs = p->group_outputs;
    const int32_t minus = kit_halves(-p->input_zero_point, -p->input_zero_point);
    int32_t pixels = p->batches * p->output_height * p->output_width;
    for (; pixels > 0; pixels -= 2, input += 2 * depth, output += 2 * outputs) {
        const int second = pixels > 1; /* an odd last pixel is computed twice */
        kit_widen_two_dsp(input, second ? input + depth : input, depth / 4, minus, inputs);
        kit_two_outputs_dsp(p, inputs, depth / 4, output, second ? output + outputs : output);
    }
}

#endif
