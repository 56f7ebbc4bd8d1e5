#include "kit_conv.h"

#include "kit_gather.h"
#include "kit_mve.h"
#include "kit_window.h"

void kit_conv_s8_mve(const struct kit_conv_params *p, const int8_t *input, int8_t *output, void *scratch) {
    const int32_t depth = p->filter_channels;
    const struct kit_taps taps = {p->kernel_height,
                                  p->kernel_width,
                                  depth,
                                  p->dilation_width * depth,
                                  p->dilation_height * p->input_width * depth,
                                  p->input_zero_point};
    int8_t *const patch = (int8_t *)scratch;
    struct kit_pixel pixel = {patch,
                              p->weights,
                              p->kernel_height * p->kernel_width * depth,
                              p->channels,
                              output,
                              p->group_outputs,
                              p->output_zero_point,
                              p->output_min,
                              p->output_max};
    int32_t b, oy, ox;
    if (kit_conv_pointwise(p)) {
        for (b = p->batches * p->output_height * p->output_width; b > 0; b--, input += depth) {
            kit_copy_run(patch, input, depth); /* the output may lie over the input */
            kit_pixel_mve(&pixel);
            pixel.output += pixel.channels;
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
                kit_gather(&taps, input + (y.start * p->input_width + x.start) * depth, &y, &x, patch);
                kit_pixel_mve(&pixel);
                pixel.output += pixel.channels;
            }
        }
        input += p->input_height * p->input_width * depth;
    }
}
