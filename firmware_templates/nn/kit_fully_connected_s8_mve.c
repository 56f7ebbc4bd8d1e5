#include "kit_fully_connected.h"

#include "kit_mve.h"

/* All outputs of one row: for each channel the dot product of n inputs with n weights. */
struct row {
    const int8_t *input;
    const int8_t *weights;
    int32_t n;
    const int32_t *biases;
    const int32_t *scales; /* four multipliers and four shifts */
    int32_t scales_step;   /* bytes from block to block */
    int8_t *output;
    int32_t channels;
    int32_t zero, min, max;
};

#if KIT_MVE
/* Four channels share the load of the inputs: 64 products in 10 instructions, 31 more to make the four
 * outputs. In assembly because VMLADAVA wants even registers and the loop many pointers: r4, r6, r8, r10 are
 * the accumulators, r1, r3, r5, r7, r9 walk through inputs and weights, r2 is where the next channels start.
 * On the stack: scales, their step, output, channels left. */
/* clang-format off */
__attribute__((naked, noinline)) static void one_row(const struct row *row __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "vpush {d8-d13}\n\t"
                     "ldm r0, {r0-r10}\n\t"
                     "vdup.32 q4, r8\n\t"
                     "vdup.32 q5, r9\n\t"
                     "vdup.32 q6, r10\n\t"
                     "push {r4-r7}\n\t"
                     "mov r11, r2\n\t"
                     "mov r12, r3\n\t"
                     "mov r2, r1\n"
                     "1:\n\t" /* four channels */
                     "ldm r12!, {r4, r6, r8, r10}\n\t"
                     "mov r1, r0\n\t"
                     "mov r3, r2\n\t"
                     "add r5, r2, r11\n\t"
                     "add r7, r5, r11\n\t"
                     "add r9, r7, r11\n\t"
                     "add r2, r9, r11\n\t"
                     "dlstp.8 lr, r11\n"
                     "2:\n\t" /* sixteen inputs, or what is left of them */
                     "vldrb.8 q0, [r1], #16\n\t"
                     "vldrb.8 q1, [r3], #16\n\t"
                     "vmladava.s8 r4, q0, q1\n\t"
                     "vldrb.8 q2, [r5], #16\n\t"
                     "vmladava.s8 r6, q0, q2\n\t"
                     "vldrb.8 q3, [r7], #16\n\t"
                     "vmladava.s8 r8, q0, q3\n\t"
                     "vldrb.8 q1, [r9], #16\n\t"
                     "vmladava.s8 r10, q0, q1\n\t"
                     "letp lr, 2b\n\t"
                     "vmov q0[2], q0[0], r4, r8\n\t"
                     "vmov q0[3], q0[1], r6, r10\n\t"
                     "ldrd r1, r3, [sp]\n\t"
                     "vldrw.32 q1, [r1]\n\t"
                     "vldrw.32 q2, [r1, #16]\n\t"
                     "add r1, r1, r3\n\t"
                     "str r1, [sp]\n\t"
                     KIT_REQUANTIZE("q0", "q1", "q2", "q3")
                     "vadd.i32 q0, q0, q4\n\t"
                     "vmax.s32 q0, q0, q5\n\t"
                     "vmin.s32 q0, q0, q6\n\t"
                     "ldrd r4, r6, [sp, #8]\n\t"
                     "vctp.32 r6\n\t"
                     "vpst\n\t"
                     "vstrbt.32 q0, [r4], #4\n\t"
                     "subs r6, r6, #4\n\t"
                     "strd r4, r6, [sp, #8]\n\t"
                     "bgt 1b\n\t"
                     "add sp, sp, #16\n\t"
                     "vpop {d8-d13}\n\t"
                     "pop {r4-r11, pc}\n");
}
/* clang-format on */
#else
static void one_row(const struct row *row) {
    int32_t c, i;
    for (c = 0; c < row->channels; c++) {
        const int8_t *const weights = row->weights + c * row->n;
        const int32_t *const scale = row->scales + c / 4 * (row->scales_step / 4) + c % 4;
        int32_t acc = row->biases[c];
        for (i = 0; i < row->n; i++) {
            acc += row->input[i] * weights[i];
        }
        acc = kit_requantize(acc, scale[0], scale[4]) + row->zero;
        row->output[c] = (int8_t)kit_clamp(acc, row->min, row->max);
    }
}
#endif

void kit_fully_connected_s8_mve(const struct kit_fully_connected_params *p, const int8_t *input,
                                int8_t *output) {
    const int32_t *const scales = p->table + (p->outputs + 3) / 4 * 4;
    struct row row = {input,         p->weights,   p->inputs,
                      p->table,      scales,       p->one_scale ? 0 : 8 * (int32_t)sizeof(int32_t),
                      output,        p->outputs,   p->output_zero_point,
                      p->output_min, p->output_max};
    int32_t r;
    for (r = 0; r < p->rows; r++) {
        one_row(&row);
        row.input += p->inputs;
        row.output += p->outputs;
    }
}
