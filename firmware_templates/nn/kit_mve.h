/* Building blocks for machines with the M-profile vector extension (Armv8.1-M), with portable twins, so that
 * the kernels run on any machine. Source: Armv8-M Architecture Reference Manual (DDI 0553), chapter C2. */
#ifndef KIT_MVE_H
#define KIT_MVE_H

#include <stdint.h>

#include "kit_fixedpoint.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define KIT_MVE 1
#else
#define KIT_MVE 0
#endif

/* Requantisation of the lanes of `acc` with two roundings. VQRDMULH is the first; VRSHL by minus n rounds
 * ties up, those of negative values have to go down: where the value is negative and n is not 0, 1 is taken
 * off before. */
#define KIT_REQUANTIZE(acc, multiplier, shift, temporary)                                                    \
    "vqrdmulh.s32 " acc ", " acc ", " multiplier "\n\t"                                                      \
    "vand " temporary ", " acc ", " shift "\n\t"                                                             \
    "vshr.s32 " temporary ", " temporary ", #31\n\t"                                                         \
    "vqadd.s32 " acc ", " acc ", " temporary "\n\t"                                                          \
    "vrshl.s32 " acc ", " acc ", " shift "\n\t"

/* All outputs of one pixel: for each channel the dot product of n inputs with n weights.
 * weights: channel after channel, filled up with zeros to a multiple of four channels.
 * table: for each four channels four biases, four multipliers, four shifts (0 or negative). */
struct kit_pixel {
    const int8_t *input;
    const int8_t *weights;
    int32_t n;
    const int32_t *table;
    int8_t *output;
    int32_t channels;
    int32_t zero, min, max;
};

#if KIT_MVE
/* Four channels share the load of the inputs: 64 products in 10 instructions, 28 more to make the four
 * outputs. In assembly because VMLADAVA wants even registers and the loop many pointers: r4, r6, r8, r10 are
 * the accumulators, r1, r3, r5, r7, r9 walk through inputs and weights, r2 is where the next channels start.
 */
/* clang-format off */
__attribute__((naked, noinline, unused)) static void kit_pixel_mve(const struct kit_pixel *p __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "vpush {d8-d13}\n\t"
                     "ldm r0, {r0-r8}\n\t"
                     "vdup.32 q4, r6\n\t"
                     "vdup.32 q5, r7\n\t"
                     "vdup.32 q6, r8\n\t"
                     "push {r4, r5}\n\t"
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
                     "vldrw.32 q1, [r12], #16\n\t"
                     "vldrw.32 q2, [r12], #16\n\t"
                     KIT_REQUANTIZE("q0", "q1", "q2", "q3")
                     "vadd.i32 q0, q0, q4\n\t"
                     "vmax.s32 q0, q0, q5\n\t"
                     "vmin.s32 q0, q0, q6\n\t"
                     "ldrd r4, r6, [sp]\n\t"
                     "vctp.32 r6\n\t"
                     "vpst\n\t"
                     "vstrbt.32 q0, [r4], #4\n\t"
                     "subs r6, r6, #4\n\t"
                     "strd r4, r6, [sp]\n\t"
                     "bgt 1b\n\t"
                     "add sp, sp, #8\n\t"
                     "vpop {d8-d13}\n\t"
                     "pop {r4-r11, pc}\n");
}
/* clang-format on */
#else
static inline void kit_pixel_mve(const struct kit_pixel *p) {
    int32_t c, i;
    for (c = 0; c < p->channels; c++) {
        const int8_t *const weights = p->weights + c * p->n;
        const int32_t *const table = p->table + c / 4 * 12 + c % 4;
        int32_t acc = table[0];
        for (i = 0; i < p->n; i++) {
            acc += p->input[i] * weights[i];
        }
        acc = kit_requantize(acc, table[4], table[8]) + p->zero;
        p->output[c] = (int8_t)kit_clamp(acc, p->min, p->max);
    }
}
#endif

#endif
