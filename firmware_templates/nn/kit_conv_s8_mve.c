#include "kit_conv.h"

#include "kit_gather.h"
#include "kit_mve.h"
#include "kit_window.h"

/* Two pixels: for each channel the dot products of their inputs with its weights, which come in blocks of
 * four channels: sixteen inputs' of the first, of the second and so on, then those of the next sixteen. */
struct pixels {
    const int8_t *input, *input_2;
    int32_t rounds, rest;  /* sixteen inputs each; inputs that are left */
    const int32_t *scales; /* four multipliers and four shifts */
    int32_t scales_step;   /* bytes from block to block */
    int8_t *output, *output_2;
    int32_t channels;
    const int8_t *weights;
    const int32_t *biases;
    int32_t zero, min, max;
};

#if KIT_MVE
/* clang-format off */
/* Four channels of two pixels, whose inputs are in q0 and q1: 128 products. */
#define PRODUCTS                            \
    "vldrb.8 q2, [r5], #16\n\t"             \
    "vmladava.s8 r0, q0, q2\n\t"            \
    "vmladava.s8 r8, q1, q2\n\t"            \
    "vldrb.8 q3, [r5], #16\n\t"             \
    "vmladava.s8 r2, q0, q3\n\t"            \
    "vmladava.s8 r10, q1, q3\n\t"           \
    "vldrb.8 q2, [r5], #16\n\t"             \
    "vmladava.s8 r4, q0, q2\n\t"            \
    "vmladava.s8 r12, q1, q2\n\t"           \
    "vldrb.8 q3, [r5], #16\n\t"             \
    "vmladava.s8 r6, q0, q3\n\t"            \
    "vmladava.s8 r14, q1, q3\n\t"

/* 128 products in 16 instructions, 47 more to make eight outputs. In assembly because it needs every register:
 * VMLADAVA wants even ones for its sums, r0 to r6 and r8 to r14; r1 and r3 walk through the inputs, r5 through
 * the weights, r9 through the biases, r7 counts. On the stack: struct pixels up to the channels, of which it
 * holds those that are left. */
__attribute__((naked, noinline)) static void two_pixels(const struct pixels *p __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "vpush {d8-d15}\n\t"
                     "add r12, r0, #36\n\t"
                     "ldm r0, {r0-r8}\n\t"
                     "push {r0-r8}\n\t"
                     "ldm r12, {r5, r9, r10, r11, r12}\n\t"
                     "vdup.32 q4, r10\n\t"
                     "vdup.32 q5, r11\n\t"
                     "vdup.32 q6, r12\n"
                     "1:\n\t" /* four channels */
                     "ldm r9!, {r0, r2, r4, r6}\n\t"
                     "mov r8, r0\n\t"
                     "mov r10, r2\n\t"
                     "mov r12, r4\n\t"
                     "mov r14, r6\n\t"
                     "ldrd r1, r3, [sp]\n\t"
                     "ldrd r7, r11, [sp, #8]\n\t"
                     "cbz r7, 3f\n"
                     "2:\n\t" /* sixteen inputs */
                     "vldrb.8 q0, [r1], #16\n\t"
                     "vldrb.8 q1, [r3], #16\n\t"
                     PRODUCTS
                     "subs r7, r7, #1\n\t"
                     "bne 2b\n\t"
                     "cmp r11, #0\n\t"
                     "beq 4f\n"
                     "3:\n\t" /* what is left */
                     "vctp.8 r11\n\t"
                     "vpstt\n\t"
                     "vldrbt.8 q0, [r1]\n\t" /* the others are zero */
                     "vldrbt.8 q1, [r3]\n\t"
                     PRODUCTS
                     "4:\n\t"
                     "vmov q0[2], q0[0], r0, r4\n\t"
                     "vmov q0[3], q0[1], r2, r6\n\t"
                     "vmov q1[2], q1[0], r8, r12\n\t"
                     "vmov q1[3], q1[1], r10, r14\n\t"
                     "ldrd r0, r1, [sp, #16]\n\t"
                     "vldrw.32 q2, [r0]\n\t"
                     "vldrw.32 q3, [r0, #16]\n\t"
                     "add r0, r0, r1\n\t"
                     "str r0, [sp, #16]\n\t"
                     KIT_REQUANTIZE("q0", "q2", "q3", "q7")
                     KIT_REQUANTIZE("q1", "q2", "q3", "q7")
                     "vadd.i32 q0, q0, q4\n\t"
                     "vadd.i32 q1, q1, q4\n\t"
                     "vmax.s32 q0, q0, q5\n\t"
                     "vmax.s32 q1, q1, q5\n\t"
                     "vmin.s32 q0, q0, q6\n\t"
                     "vmin.s32 q1, q1, q6\n\t"
                     "ldrd r0, r1, [sp, #24]\n\t"
                     "ldr r2, [sp, #32]\n\t"
                     "vctp.32 r2\n\t"
                     "vpstt\n\t"
                     "vstrbt.32 q0, [r0], #4\n\t"
                     "vstrbt.32 q1, [r1], #4\n\t"
                     "subs r2, r2, #4\n\t"
                     "strd r0, r1, [sp, #24]\n\t"
                     "str r2, [sp, #32]\n\t"
                     "bgt 1b\n\t"
                     "add sp, sp, #36\n\t"
                     "vpop {d8-d15}\n\t"
                     "pop {r4-r11, pc}\n");
}
/* clang-format on */
#else
static void two_pixels(const struct pixels *p) {
    const int32_t n = 16 * p->rounds + p->rest, words = n / 16 * 16 + (p->rest > 0 ? 16 : 0);
    int32_t pixel, c, i;
    for (pixel = 0; pixel < 2; pixel++) {
        const int8_t *const input = pixel ? p->input_2 : p->input;
        int8_t *const output = pixel ? p->output_2 : p->output;
        for (c = 0; c < p->channels; c++) {
            const int8_t *const weights = p->weights + c / 4 * 4 * words + c % 4 * 16;
            const int32_t *const scale = p->scales + c / 4 * (p->scales_step / 4) + c % 4;
            int32_t acc = p->biases[c];
            for (i = 0; i < n; i++) {
                acc += input[i] * weights[i / 16 * 64 + i % 16];
            }
            acc = kit_requantize(acc, scale[0], scale[4]) + p->zero;
            output[c] = (int8_t)kit_clamp(acc, p->min, p->max);
        }
    }
}
#endif

/* The outputs of the pixel, or the two, whose inputs are in the scratch. */
static void finish(struct pixels *p, int two) {
    p->input_2 = two ? p->input + 16 * p->rounds + p->rest : p->input; /* one is computed twice */
    p->output_2 = two ? p->output + p->channels : p->output;
    two_pixels(p);
    p->output = p->output_2 + p->channels;
}

void kit_conv_s8_mve(const struct kit_conv_params *p, const int8_t *input, int8_t *output, void *scratch) {
    const int32_t depth = p->filter_channels, n = p->kernel_height * p->kernel_width * depth;
    const struct kit_taps taps = {p->kernel_height,
                                  p->kernel_width,
                                  depth,
                                  p->dilation_width * depth,
                                  p->dilation_height * p->input_width * depth,
                                  p->input_zero_point};
    int8_t *const patch = (int8_t *)scratch;
    const int32_t *const scales = p->channels + (p->group_outputs + 3) / 4 * 4;
    struct pixels pixels = {patch,         patch,        n / 16,
                            n % 16,        scales,       p->one_scale ? 0 : 8 * (int32_t)sizeof(int32_t),
                            output,        output,       p->group_outputs,
                            p->weights,    p->channels,  p->output_zero_point,
                            p->output_min, p->output_max};
    int32_t waiting = 0, b, oy, ox;
    if (kit_conv_pointwise(p)) {
        for (b = p->batches * p->output_height * p->output_width; b > 0; b -= 2, input += 2 * depth) {
            kit_copy_run(patch, input, b > 1 ? 2 * depth : depth); /* the output may lie over the input */
            finish(&pixels, b > 1);
        }
        return;
    }
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            const struct kit_window y = kit_window(oy * p->stride_height - p->pad_top, p->dilation_height,
                                                   p->kernel_height, p->input_height);
            for (ox = 0; ox < p->output_width; ox++) {
                const struct kit_window x = kit_window(ox * p->stride_width - p->pad_left, p->dilation_width,
                                                       p->kernel_width, p->input_width);
                kit_gather(&taps, input + (y.start * p->input_width + x.start) * depth, &y, &x,
                           patch + waiting * n);
                if (waiting) {
                    finish(&pixels, 1);
                }
                waiting = !waiting;
            }
        }
        input += p->input_height * p->input_width * depth;
    }
    if (waiting) {
        finish(&pixels, 0);
    }
}
