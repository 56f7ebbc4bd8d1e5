#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os") /* the loop that counts is in assembly */
#endif

#include "kit_fully_connected.h"

#include "kit_dot_dsp.h"

/* One row; its inputs are widened in registers, so that it needs no memory. */
struct row {
    const int8_t *input, *input_end;
    int32_t minus; /* the input zero point, negative, in both halves */
    int32_t zero;
    int8_t *output;
    int32_t blocks;
    const int32_t *table; /* shifts and doubled multipliers of any block, NULL when the stream has them */
};

#if KIT_SIMD
/* Four inputs and four channels: 16 products in 16 instructions, 64 bytes of code. */
#define STEP                                                                                                 \
    "ldr r6, [r0], #4\n\t"                                                                                   \
    "ldm r1!, {r8-r11}\n\t"                                                                                  \
    "sxtab16 r7, lr, r6\n\t"                                                                                 \
    "sxtab16 r6, lr, r6, ror #8\n\t"                                                                         \
    "smlad r3, r7, r8, r3\n\t"                                                                               \
    "smlad r5, r7, r9, r5\n\t"                                                                               \
    "sxtb16 r8, r8\n\t"                                                                                      \
    "sxtb16 r9, r9\n\t"                                                                                      \
    "smlad r2, r7, r8, r2\n\t"                                                                               \
    "smlad r4, r7, r9, r4\n\t"                                                                               \
    "smlad r3, r6, r10, r3\n\t"                                                                              \
    "smlad r5, r6, r11, r5\n\t"                                                                              \
    "sxtb16 r10, r10\n\t"                                                                                    \
    "sxtb16 r11, r11\n\t"                                                                                    \
    "smlad r2, r6, r10, r2\n\t"                                                                              \
    "smlad r4, r6, r11, r4\n\t"

/* Requantises one channel and stores it (see kit_requantize_dsp). */
#define STORE(acc, doubled)                                                                                  \
    "smmlar " acc ", " acc ", " doubled ", " acc "\n\t"                                                      \
    "add " acc ", " acc ", " acc ", asr #31\n\t"                                                             \
    "asr " acc ", " acc ", lr\n\t"                                                                           \
    "add " acc ", " acc ", r7\n\t"                                                                           \
    "ssat " acc ", #8, " acc ", asr #1\n\t"                                                                  \
    "strb " acc ", [r6], #1\n\t"

/* All blocks of four channels of one row; returns where the stream goes on. In assembly because it needs
 * every register: r2 to r5 are A, D, C, D', r6 and r7 inputs, r8 to r11 weights, r0 and r1 walk through both,
 * r12 is the end of the inputs, lr minus the zero point. On the stack: struct row and where to enter the
 * loop. */
/* clang-format off */
__attribute__((naked, noinline)) static const int32_t *
blocks_of_four(const struct row *row __attribute__((unused)), const int32_t *stream __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "ldm r0, {r2-r8}\n\t"
                     "sub r9, r2, r3\n\t" /* minus the number of inputs: 16 a round, 64 bytes of code for 4 */
                     "and r9, r9, #12\n\t"
                     "adr r10, 2f\n\t"
                     "add r9, r10, r9, lsl #4\n\t"
                     "orr r9, r9, #1\n\t"
                     "push {r2-r9}\n"
                     "1:\n\t" /* a block */
                     "ldrd r0, r12, [sp]\n\t"
                     "ldr lr, [sp, #8]\n\t"
                     "ldr r6, [sp, #28]\n\t"
                     "ldm r1!, {r2-r5}\n\t"
                     "bx r6\n\t"
                     ".balign 4\n"
                     "2:\n\t" /* sixteen inputs */
                     STEP STEP STEP STEP
                     "cmp r0, r12\n\t"
                     "bne 2b\n\t"
                     "sub r3, r3, r2\n\t" /* B and B' */
                     "sub r5, r5, r4\n\t"
                     "asr r3, r3, #8\n\t"
                     "asr r5, r5, #8\n\t"
                     "ldrd r7, r6, [sp, #12]\n\t"
                     "ldr r9, [sp, #24]\n\t" /* the table, or the stream where there is none */
                     "cmp r9, #0\n\t"
                     "it eq\n\t"
                     "moveq r9, r1\n\t"
                     "ldr lr, [r9], #4\n\t"
                     "ldm r9!, {r8, r10-r12}\n\t"
                     "it eq\n\t"
                     "moveq r1, r9\n\t"
                     STORE("r2", "r8")
                     "lsr lr, lr, #8\n\t"
                     STORE("r3", "r10")
                     "lsr lr, lr, #8\n\t"
                     STORE("r4", "r11")
                     "lsr lr, lr, #8\n\t"
                     STORE("r5", "r12")
                     "ldr r12, [sp, #20]\n\t"
                     "subs r12, r12, #1\n\t"
                     "strd r6, r12, [sp, #16]\n\t"
                     "bne 1b\n\t"
                     "add sp, sp, #32\n\t"
                     "mov r0, r1\n\t"
                     "pop {r4-r11, pc}\n");
}
/* clang-format on */
#else
static const int32_t *blocks_of_four(const struct row *row, const int32_t *stream) {
    int8_t *output = row->output;
    const int8_t *input;
    int32_t block, k;
    for (block = 0; block < row->blocks; block++, output += 4) {
        const int32_t *table = row->table;
        int32_t acc[4] = {stream[0], stream[1], stream[2], stream[3]};
        stream += 4;
        for (input = row->input; input != row->input_end; input += 4, stream += 4) {
            const int32_t x = kit_load_s8x4(input);
            const int32_t even = kit_sxtab16(row->minus, x), odd = kit_sxtab16_odd(row->minus, x);
            for (k = 0; k < 4; k += 2) {
                const int32_t w = stream[k / 2], v = stream[2 + k / 2];
                acc[k] = kit_smlad(odd, kit_sxtb16(v), kit_smlad(even, kit_sxtb16(w), acc[k]));
                acc[k + 1] = kit_smlad(odd, v, kit_smlad(even, w, acc[k + 1]));
            }
        }
        acc[1] = kit_sub_wrap(acc[1], acc[0]) >> 8;
        acc[3] = kit_sub_wrap(acc[3], acc[2]) >> 8;
        if (table == NULL) {
            table = stream;
            stream += 5;
        }
        for (k = 0; k < 4; k++) {
            output[k] = kit_requantize_dsp(acc[k], table[1 + k], table[0] >> (8 * k), row->zero);
        }
    }
    return stream;
}
#endif

void kit_fully_connected_s8_dsp(const struct kit_fully_connected_dsp_params *p, const int8_t *input,
                                int8_t *output) {
    const int32_t inputs = p->inputs, outputs = p->outputs, rest = outputs % 4;
    int8_t last[4]; /* the last block, when a part of it is beyond the outputs */
    const int32_t shifts = p->shift * 0x01010101;
    const int32_t table[5] = {shifts, p->doubled, p->doubled, p->doubled, p->doubled};
    struct row row = {input,
                      input,
                      kit_halves(-p->input_zero_point, -p->input_zero_point),
                      2 * p->output_zero_point + 1,
                      output,
                      0,
                      p->doubled != 0 ? table : NULL};
    int32_t r, i;
    for (r = 0; r < p->rows; r++, input += inputs, output += outputs) {
        const int32_t *stream = (const int32_t *)(const void *)p->weights;
        row.input = input;
        row.input_end = input + inputs;
        row.output = output;
        row.blocks = outputs / 4;
        if (row.blocks > 0) {
            stream = blocks_of_four(&row, stream);
        }
        if (rest > 0) {
            row.output = last;
            row.blocks = 1;
            blocks_of_four(&row, stream);
            for (i = 0; i < rest; i++) {
                output[outputs - rest + i] = last[i];
            }
        }
        kit_clamp_run(output, outputs, p->output_min, p->output_max);
    }
}
