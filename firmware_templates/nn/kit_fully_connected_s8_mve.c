#include "kit_fully_connected.h"

#include "kit_mve.h"

void kit_fully_connected_s8_mve(const struct kit_fully_connected_params *p, const int8_t *input,
                                int8_t *output) {
    struct kit_pixel row = {input,      p->weights,           p->inputs,     p->table,     output,
                            p->outputs, p->output_zero_point, p->output_min, p->output_max};
    int32_t r;
    for (r = 0; r < p->rows; r++) {
        kit_pixel_mve(&row);
        row.input += p->inputs;
        row.output += p->outputs;
    }
}
