#include "kit_depthwise_conv.h"

#include "kit_depthwise_dsp.h"

#if KIT_SIMD
/* clang-format off */
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

/* A run of pixels: 75 instructions for 36 products. In assembly because it needs every register: r0 and r1 walk
 * through strip and weights, r2 to r5 are the accumulators, r6 to r9 inputs, r10 to lr weights. */
__attribute__((naked, noinline)) static void run_3x3(const struct kit_run *run __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "ldm r0, {r0-r9}\n\t"
                     "push {r1-r9}\n"
                     "1:\n\t"
                     KIT_START_PIXEL
                     COLUMN COLUMN COLUMN
                     KIT_FINISH_PIXEL);
}

/* Widens three rows into the strip: 18 instructions a column. */
__attribute__((naked, noinline)) static void widen_3(const struct kit_source *source __attribute__((unused))) {
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
#else
static void run_3x3(const struct kit_run *run) {
    const int32_t *strip = run->strip;
    int8_t *output;
    int32_t kx, k;
    for (output = run->output; output != run->output_end; output += run->output_step) {
        const int32_t *w = run->weights;
        int32_t acc[4] = {run->start[0], run->start[1], run->start[2], run->start[3]};
        for (kx = 0; kx < 3; kx++, strip += 6, w += 6) {
            for (k = 0; k < 4; k++) {
                acc[k] = kit_smlad(strip[k], w[k], acc[k]);
            }
            acc[0] = kit_smlabb(strip[4], w[4], acc[0]);
            acc[1] = kit_smlabb(strip[5], w[5], acc[1]);
            acc[2] = kit_smlatt(strip[4], w[4], acc[2]);
            acc[3] = kit_smlatt(strip[5], w[5], acc[3]);
        }
        for (k = 0; k < 4; k++) {
            output[k] = kit_requantize_dsp(acc[k], run->table[1 + k], run->table[0] >> (8 * k), run->zero);
        }
        strip -= run->strip_back / 4;
    }
}

static void widen_3(const struct kit_source *s) {
    const int8_t *x = s->input;
    int32_t *to;
    for (to = s->to; to != s->to_end; to += 6, x += s->step) {
        const int32_t a = kit_load_s8x4(x), b = kit_load_s8x4(x + s->row_1), c = kit_load_s8x4(x + s->row_2);
        to[0] = kit_pkhbt(kit_sxtab16(s->minus, a), kit_sxtab16(s->minus, b));
        to[1] = kit_pkhbt(kit_sxtab16_odd(s->minus, a), kit_sxtab16_odd(s->minus, b));
        to[2] = kit_pkhtb(kit_sxtab16(s->minus, b), kit_sxtab16(s->minus, a));
        to[3] = kit_pkhtb(kit_sxtab16_odd(s->minus, b), kit_sxtab16_odd(s->minus, a));
        to[4] = kit_sxtab16(s->minus, c);
        to[5] = kit_sxtab16_odd(s->minus, c);
    }
}
#endif

static void output_run(const struct kit_depthwise_conv_params *p, int32_t origin, const struct kit_window *y,
                       struct kit_source *source, struct kit_run *run) {
    const int32_t row = p->input_width * p->input_channels, last = p->input_height - 1;
    const int32_t first = kit_clamp(origin, 0, last) * row;
    int32_t *const weights = run->weights;
    const int32_t *stream = (const int32_t *)(const void *)p->weights;
    int32_t step, c;
    const int32_t *start = kit_starts(p, &step);
    source->input += first;
    source->row_1 = kit_clamp(origin + p->dilation_height, 0, last) * row - first;
    source->row_2 = kit_clamp(origin + 2 * p->dilation_height, 0, last) * row - first;
    for (c = p->input_channels; c > 0; c -= 4) {
        run->start = start;
        run->table = stream + 9;
        kit_widen_weights(stream, 9, weights);
        if (y->taps != 3) {
            kit_mask_weights(p, y, weights);
        }
        if (source->to != source->to_end) {
            widen_3(source);
        }
        run_3x3(run);
        source->input += 4;
        run->output += 4;
        run->output_end += 4;
        stream = run->table + 5;
        start += step;
    }
}

void kit_depthwise_conv_s8_3x3_dsp(const struct kit_depthwise_conv_params *p, const int8_t *input,
                                   int8_t *output, void *scratch) {
    kit_all_runs(p, input, output, (int32_t *)scratch, output_run);
}
