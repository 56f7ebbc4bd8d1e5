#include "kit_fully_connected.h"

#include "kit_mve.h"

void kit_fully_connected_s8_mve(const struct kit_fully_connected_params *p, const int8_t *input,
                                int8_t *output) {
    const int32_t outputs = p->outputs;
    const struct kit_outputs o = {p->table,      outputs,      (outputs + 7) / 8 * 8, p->output_zero_point,
                                  p->output_min, p->output_max};
    int32_t r;
    for (r = 0; r < p->rows; r++, input += p->inputs, output += outputs) {
        kit_pixel_mve(&o, input, p->weights, p->inputs, output);
    }
}
