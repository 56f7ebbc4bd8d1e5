#include "kit_conv.h"

#include "kit_conv_dsp.h"

void kit_conv_s8_1x1_dsp(const struct kit_conv_params *p, const int8_t *input, int8_t *output,
                         void *scratch) {
    kit_pointwise_dsp(p, input, output, (int32_t *)scratch);
}
