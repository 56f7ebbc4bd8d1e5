#include "kit_depthwise_conv.h"

#include "kit_mve.h"
#include "kit_window.h"

/* All channels of one pixel. `input` points at the window's first tap inside the tensor; taps in the padding
 * are left out, so the zero point is taken from the inputs and not folded into the biases. */
static void pixel(const struct kit_depthwise_conv_params *p, const struct kit_outputs *o, const int8_t *input,
                  const struct kit_window *y, const struct kit_window *x, int8_t *output) {
    const int32_t channels = p->input_channels, step = p->dilation_width * channels;
    const int32_t row = p->dilation_height * p->input_width * channels;
    const int8_t *const weights = p->weights + (y->first * p->kernel_width + x->first) * channels;
    int32_t c, ky, kx;
#if KIT_MVE
    /* Eight channels: two loads, the zero point, two widening products and two sums for 8 products. */
    for (c = 0; c < channels; c += 8) {
        const mve_pred16_t inside = vctp16q((uint32_t)(channels - c));
        const int32_t *const table = o->table + c;
        int32x4_t even = kit_every_second(table), odd = kit_every_second(table + 1);
        int16x8_t result;
        for (ky = 0; ky < y->taps; ky++) {
            const int8_t *in = input + c + ky * row, *w = weights + c + ky * p->kernel_width * channels;
            for (kx = x->taps; kx > 0; kx--, in += step, w += channels) {
                const int16x8_t v = vsubq_n_s16(vldrbq_z_s16(in, inside), p->input_zero_point);
                const int16x8_t u = vldrbq_z_s16(w, inside);
                even = vaddq_s32(even, vmullbq_int_s16(v, u));
                odd = vaddq_s32(odd, vmulltq_int_s16(v, u));
            }
        }
        even = kit_requantize_mve(even, kit_every_second(table + o->stride),
                                  kit_every_second(table + 2 * o->stride), o->zero);
        odd = kit_requantize_mve(odd, kit_every_second(table + o->stride + 1),
                                 kit_every_second(table + 2 * o->stride + 1), o->zero);
        result = vqmovntq_s32(vqmovnbq_s32(vuninitializedq_s16(), even), odd);
        result = vminq_s16(vmaxq_s16(result, vdupq_n_s16((int16_t)o->min)), vdupq_n_s16((int16_t)o->max));
        vstrbq_p_s16(output + c, result, inside);
    }
#else
    for (c = 0; c < channels; c++) {
        const int32_t *const table = o->table + c;
        int32_t acc = table[0];
        for (ky = 0; ky < y->taps; ky++) {
            for (kx = 0; kx < x->taps; kx++) {
                acc += (input[c + ky * row + kx * step] - p->input_zero_point) *
                       weights[c + (ky * p->kernel_width + kx) * channels];
            }
        }
        acc = kit_requantize(acc, table[o->stride], table[2 * o->stride]) + o->zero;
        output[c] = (int8_t)kit_clamp(acc, o->min, o->max);
    }
#endif
}

void kit_depthwise_conv_s8_mve(const struct kit_depthwise_conv_params *p, const int8_t *input,
                               int8_t *output) {
    const int32_t channels = p->input_channels;
    const struct kit_outputs o = {p->channels,          channels,      (channels + 7) / 8 * 8,
                                  p->output_zero_point, p->output_min, p->output_max};
    int32_t b, oy, ox;
    for (b = 0; b < p->batches; b++) {
        for (oy = 0; oy < p->output_height; oy++) {
            const struct kit_window y = kit_window(oy * p->stride_height - p->pad_top, p->dilation_height,
                                                   p->kernel_height, p->input_height);
            for (ox = 0; ox < p->output_width; ox++) {
                const struct kit_window x = kit_window(ox * p->stride_width - p->pad_left, p->dilation_width,
                                                       p->kernel_width, p->input_width);
                pixel(p, &o, input + (y.start * p->input_width + x.start) * channels, &y, &x, output);
                output += channels;
            }
        }
        input += p->input_height * p->input_width * channels;
    }
}
