#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("Os") /* the loop that counts is in assembly */
#endif

#include "kit_depthwise_conv.h"

#include "kit_depthwise_dsp.h"

#if KIT_SIMD
/* clang-format off */
/* A run of pixels with a kernel of one row: 8 instructions for 4 products, 37 more a pixel. In assembly because it
 * needs every register: r0 and r1 walk through strip and weights, r2 to r5 are the accumulators. */
__attribute__((naked, noinline)) static void run_row(const struct kit_run *run __attribute__((unused))) {
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "ldm r0, {r0-r9}\n\t"
                     "push {r1-r9}\n"
                     "1:\n\t"
                     KIT_START_PIXEL
                     "ldr lr, [sp, #32]\n"
                     "2:\n\t"
                     "ldrd r6, r7, [r0], #8\n\t"
                     "ldrd r10, r11, [r1], #8\n\t"
                     "smlabb r2, r6, r10, r2\n\t"
                     "smlabb r3, r7, r11, r3\n\t"
                     "smlatt r4, r6, r10, r4\n\t"
                     "smlatt r5, r7, r11, r5\n\t"
                     "cmp r1, lr\n\t"
                     "bne 2b\n\t"
                     KIT_FINISH_PIXEL);
}

/* clang-format on */
#else
static void run_row(const struct kit_run *run) {
    const int32_t *strip = run->strip;
    int8_t *output;
    int32_t k;
    for (output = run->output; output != run->output_end; output += run->output_step) {
        const int32_t *w = run->weights;
        int32_t acc[4] = {run->start[0], run->start[1], run->start[2], run->start[3]};
        for (; w != run->weights_end; w += 2, strip += 2) {
            acc[0] = kit_smlabb(strip[0], w[0], acc[0]);
            acc[1] = kit_smlabb(strip[1], w[1], acc[1]);
            acc[2] = kit_smlatt(strip[0], w[0], acc[2]);
            acc[3] = kit_smlatt(strip[1], w[1], acc[3]);
        }
        for (k = 0; k < 4; k++) {
            output[k] = kit_requantize_dsp(acc[k], run->table[1 + k], run->table[0] >> (8 * k), run->zero);
        }
        strip -= run->strip_back / 4;
    }
}
#endif

static void output_run(const struct kit_depthwise_conv_params *p, int32_t origin, const struct kit_window *y,
                       struct kit_source *source, struct kit_run *run) {
    const int32_t *stream = (const int32_t *)(const void *)p->weights;
    int32_t step, c;
    const int32_t *start = kit_starts(p, &step);
    (void)y; /* the row is inside */
    source->input += origin * p->input_width * p->input_channels;
    for (c = p->input_channels; c > 0; c -= 4) {
        const int8_t *x = source->input;
        int32_t *to;
        run->start = start;
        run->table = stream + p->kernel_width;
        kit_widen_weights(stream, p->kernel_width, run->weights);
        for (to = source->to; to != source->to_end; to += 2, x += source->step) {
            const int32_t four = kit_load_s8x4(x);
            to[0] = kit_sxtab16(source->minus, four);
            to[1] = kit_sxtab16_odd(source->minus, four);
        }
        run_row(run);
        source->input += 4;
        run->output += 4;
        run->output_end += 4;
        stream = run->table + 5;
        start += step;
    }
}

void kit_depthwise_conv_s8_row_dsp(const struct kit_depthwise_conv_params *p, const int8_t *input,
                                   int8_t *output, void *scratch) {
    kit_all_runs(p, input, output, (int32_t *)scratch, output_run);
}
