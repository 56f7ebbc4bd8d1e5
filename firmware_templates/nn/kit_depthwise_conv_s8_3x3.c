#include "kit_depthwise_3x3.h"

void kit_depthwise_conv_s8_3x3(const struct kit_depthwise_conv_params *p, const int8_t *input, int8_t *output,
                               void *scratch) {
    kit_depthwise_3x3(p, input, output, scratch, 0);
}
