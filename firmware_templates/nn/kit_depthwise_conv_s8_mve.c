#include "kit_depthwise_conv.h"

#include "kit_mve.h"
#include "kit_simd.h"
#include "kit_window.h"

/* One pixel. Taps in the padding are left out, so the zero point is taken from the inputs and not folded into
 * the biases. Eight channels at a time; the last eight may overlap those before. */
struct pixel {
    const int8_t *input, *weights; /* the first tap inside the tensor */
    int32_t rows, taps;            /* of the window that are inside */
    int32_t step, weights_step;    /* bytes from tap to tap */
    int32_t row, weights_row;      /* bytes from row to row */
    const int32_t *table;
    int8_t *output;
    int32_t channels;
    int32_t input_zero_point, zero;
};

#if KIT_MVE
/* Eight products in ten instructions: two loads, the zero point, widening products of the even and the odd
 * lanes. On the stack: rows, output, channels left, zero. */
/* clang-format off */
__attribute__((naked, noinline)) static void all_channels(const struct pixel *p __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "vpush {d8-d15}\n\t"
                     "ldr r1, [r0, #44]\n\t"
                     "vdup.16 q6, r1\n\t"
                     "ldr r4, [r0, #8]\n\t"
                     "ldrd r5, r6, [r0, #36]\n\t"
                     "ldr r7, [r0, #48]\n\t"
                     "push {r4-r7}\n\t"
                     "ldr r12, [r0, #32]\n\t"
                     "ldr r3, [r0, #12]\n\t"
                     "ldrd r4, r5, [r0, #16]\n\t"
                     "ldrd r6, r7, [r0, #24]\n\t"
                     "ldrd r10, r11, [r0]\n"
                     "1:\n\t" /* eight channels */
                     "vldrw.32 q4, [r12], #16\n\t"
                     "vldrw.32 q5, [r12], #16\n\t"
                     "mov r8, r10\n\t"
                     "mov r9, r11\n\t"
                     "ldr r2, [sp]\n"
                     "2:\n\t" /* a row */
                     "mov r0, r8\n\t"
                     "mov r1, r9\n\t"
                     "dls lr, r3\n"
                     "3:\n\t" /* a tap */
                     "vldrb.s16 q0, [r0]\n\t"
                     "add r0, r0, r4\n\t"
                     "vldrb.s16 q1, [r1]\n\t"
                     "add r1, r1, r5\n\t"
                     "vsub.i16 q0, q0, q6\n\t"
                     "vmullb.s16 q2, q0, q1\n\t"
                     "vadd.i32 q4, q4, q2\n\t"
                     "vmullt.s16 q3, q0, q1\n\t"
                     "vadd.i32 q5, q5, q3\n\t"
                     "le lr, 3b\n\t"
                     "add r8, r8, r6\n\t"
                     "add r9, r9, r7\n\t"
                     "subs r2, r2, #1\n\t"
                     "bne 2b\n\t"
                     "vldrw.32 q0, [r12], #16\n\t"
                     "vldrw.32 q1, [r12], #16\n\t"
                     "vldrw.32 q2, [r12], #16\n\t"
                     "vldrw.32 q3, [r12], #16\n\t"
                     KIT_REQUANTIZE("q4", "q0", "q2", "q7")
                     KIT_REQUANTIZE("q5", "q1", "q3", "q7")
                     "ldrd r0, r1, [sp, #4]\n\t"
                     "ldr r2, [sp, #12]\n\t"
                     "vadd.i32 q4, q4, r2\n\t"
                     "vadd.i32 q5, q5, r2\n\t"
                     "vqmovnb.s32 q4, q4\n\t"
                     "vqmovnt.s32 q4, q5\n\t"
                     "vqmovnb.s16 q4, q4\n\t"
                     "vstrb.16 q4, [r0]\n\t"
                     "subs r1, r1, #8\n\t"
                     "beq 4f\n\t"
                     "cmp r1, #8\n\t"
                     "ite ge\n\t"
                     "movge r2, #8\n\t"
                     "movlt r2, r1\n\t" /* the last eight start only so many channels on */
                     "it lt\n\t"
                     "movlt r1, #8\n\t"
                     "add r10, r10, r2\n\t"
                     "add r11, r11, r2\n\t"
                     "add r0, r0, r2\n\t"
                     "strd r0, r1, [sp, #4]\n\t"
                     "b 1b\n"
                     "4:\n\t"
                     "add sp, sp, #16\n\t"
                     "vpop {d8-d15}\n\t"
                     "pop {r4-r11, pc}\n");
}
/* clang-format on */
#else
static void all_channels(const struct pixel *p) {
    const int32_t *table = p->table;
    int32_t c, k, ky, kx;
    for (c = 0; c < p->channels; c += 8, table += 24) {
        const int32_t first = c + 8 <= p->channels ? c : p->channels - 8;
        for (k = 0; k < 8; k++) {
            const int32_t lane = k / 2 + 4 * (k % 2);
            const int8_t *const input = p->input + first + k, *const weights = p->weights + first + k;
            int32_t acc = table[lane];
            for (ky = 0; ky < p->rows; ky++) {
                for (kx = 0; kx < p->taps; kx++) {
                    acc += (input[ky * p->row + kx * p->step] - p->input_zero_point) *
                           weights[ky * p->weights_row + kx * p->weights_step];
                }
            }
            acc = kit_requantize(acc, table[8 + lane], table[16 + lane]) + p->zero;
            p->output[first + k] = kit_clamp_s8(acc);
        }
    }
}
#endif

void kit_depthwise_conv_s8_mve(const struct kit_depthwise_conv_params *p, const int8_t *input,
                               int8_t *output) {
    const int32_t channels = p->input_channels;
    struct pixel pixel = {input,
                          p->weights,
                          0,
                          0,
                          p->dilation_width * channels,
                          channels,
                          p->dilation_height * p->input_width * channels,
                          p->kernel_width * channels,
                          p->channels,
                          output,
                          channels,
                          p->input_zero_point,
                          p->output_zero_point};
    int32_t b, oy, ox;
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            const struct kit_window y = kit_window(oy * p->stride_height - p->pad_top, p->dilation_height,
                                                   p->kernel_height, p->input_height);
            for (ox = 0; ox < p->output_width; ox++) {
                const struct kit_window x = kit_window(ox * p->stride_width - p->pad_left, p->dilation_width,
                                                       p->kernel_width, p->input_width);
                pixel.input = input + (y.start * p->input_width + x.start) * channels;
                pixel.weights = p->weights + (y.first * p->kernel_width + x.first) * channels;
                pixel.rows = y.taps;
                pixel.taps = x.taps;
                all_channels(&pixel);
                kit_clamp_run(pixel.output, channels, p->output_min, p->output_max);
                pixel.output += channels;
            }
        }
        input += p->input_height * p->input_width * channels;
    }
}
