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
/* clang-format off */
/* Eight products of a tap: two loads, the zero point, widening products of the even and the odd lanes. */
#define TAP(offset, even, odd)          \
    "vldrb.s16 q0, [r0" offset "]\n\t"  \
    "vldrb.s16 q1, [r1" offset "]\n\t"  \
    "vsub.i16 q0, q0, r12\n\t"          \
    "vmullb.s16 q2, q0, q1\n\t"         \
    "vadd.i32 " even ", " even ", q2\n\t" \
    "vmullt.s16 q3, q0, q1\n\t"         \
    "vadd.i32 " odd ", " odd ", q3\n\t"

/* The window, with what is done for a tap. r8 and r9 are rows, r0 and r1 walk through them. */
#define WINDOW(label, taps)             \
    "mov r8, r10\n\t"                   \
    "mov r9, r11\n\t"                   \
    "ldr r2, [sp, #4]\n"                \
    label "5:\n\t"                      \
    "mov r0, r8\n\t"                    \
    "mov r1, r9\n\t"                    \
    "dls lr, r3\n"                      \
    label "6:\n\t"                      \
    taps                                \
    "add r0, r0, r4\n\t"                \
    "add r1, r1, r5\n\t"                \
    "le lr, " label "6b\n\t"            \
    "add r8, r8, r6\n\t"                \
    "add r9, r9, r7\n\t"                \
    "subs r2, r2, #1\n\t"               \
    "bne " label "5b\n\t"

/* Requantises and stores eight channels; r2 is their table behind the biases, r0 the output, r8 the zero point. */
#define OUTPUT(even, odd)               \
    "vldrw.32 q0, [r2], #16\n\t"        \
    "vldrw.32 q1, [r2], #16\n\t"        \
    "vldrw.32 q2, [r2], #16\n\t"        \
    KIT_REQUANTIZE(even, "q0", "q2", "q3") \
    "vldrw.32 q2, [r2], #16\n\t"        \
    KIT_REQUANTIZE(odd, "q1", "q2", "q3") \
    "vadd.i32 " even ", " even ", r8\n\t" \
    "vadd.i32 " odd ", " odd ", r8\n\t" \
    "vqmovnb.s32 " even ", " even "\n\t" \
    "vqmovnt.s32 " even ", " odd "\n\t" \
    "vqmovnb.s16 " even ", " even "\n\t" \
    "vstrb.16 " even ", [r0], #8\n\t"

/* Sixteen channels at a time, 17 instructions a tap, then eight. On the stack: table, rows, output, channels left,
 * zero. r10 and r11 are input and weights of the first channel, r3 the taps of a row, r12 the input's zero point. */
__attribute__((naked, noinline)) static void all_channels(const struct pixel *p __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "vpush {d8-d15}\n\t"
                     "ldr r5, [r0, #8]\n\t"
                     "ldrd r6, r7, [r0, #36]\n\t"
                     "ldr r8, [r0, #48]\n\t"
                     "ldr r4, [r0, #32]\n\t"
                     "push {r4-r8}\n\t"
                     "ldr r12, [r0, #44]\n\t"
                     "ldr r3, [r0, #12]\n\t"
                     "ldrd r4, r5, [r0, #16]\n\t"
                     "ldrd r10, r11, [r0]\n\t"
                     "cmp r7, #16\n\t"
                     "ldrd r6, r7, [r0, #24]\n\t"
                     "blt 2f\n"
                     "1:\n\t" /* sixteen channels */
                     "ldr r2, [sp]\n\t"
                     "vldrw.32 q4, [r2]\n\t"
                     "vldrw.32 q5, [r2, #16]\n\t"
                     "vldrw.32 q6, [r2, #96]\n\t"
                     "vldrw.32 q7, [r2, #112]\n\t"
                     WINDOW("1", TAP("", "q4", "q5") TAP(", #8", "q6", "q7"))
                     "ldr r2, [sp]\n\t"
                     "ldrd r0, r1, [sp, #8]\n\t"
                     "ldr r8, [sp, #16]\n\t"
                     "add r2, r2, #32\n\t"
                     OUTPUT("q4", "q5")
                     "add r2, r2, #32\n\t"
                     OUTPUT("q6", "q7")
                     "subs r1, r1, #16\n\t"
                     "str r2, [sp]\n\t"
                     "strd r0, r1, [sp, #8]\n\t"
                     "beq 4f\n\t"
                     "add r10, r10, #16\n\t"
                     "add r11, r11, #16\n\t"
                     "cmp r1, #16\n\t"
                     "bge 1b\n\t"
                     "cmp r1, #8\n\t"
                     "bge 2f\n"
                     "3:\n\t" /* less than eight are left: back to the last eight */
                     "rsb r2, r1, #8\n\t"
                     "sub r10, r10, r2\n\t"
                     "sub r11, r11, r2\n\t"
                     "sub r0, r0, r2\n\t"
                     "movs r1, #8\n\t"
                     "strd r0, r1, [sp, #8]\n"
                     "2:\n\t" /* eight channels */
                     "ldr r2, [sp]\n\t"
                     "vldrw.32 q4, [r2]\n\t"
                     "vldrw.32 q5, [r2, #16]\n\t"
                     WINDOW("2", TAP("", "q4", "q5"))
                     "ldr r2, [sp]\n\t"
                     "ldrd r0, r1, [sp, #8]\n\t"
                     "ldr r8, [sp, #16]\n\t"
                     "add r2, r2, #32\n\t"
                     OUTPUT("q4", "q5")
                     "add r10, r10, #8\n\t"
                     "add r11, r11, #8\n\t"
                     "str r2, [sp]\n\t"
                     "subs r1, r1, #8\n\t"
                     "bgt 3b\n"
                     "4:\n\t"
                     "add sp, sp, #20\n\t"
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
