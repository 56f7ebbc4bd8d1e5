/* A model written by hand that has the API of generated ones: two inputs, two outputs, three layers. */
#ifndef MODEL_H
#define MODEL_H
#include "kit_nn.h"

#define MODEL_ARENA_BYTES 2048
#define MODEL_INPUT_COUNT 2
#define MODEL_OUTPUT_COUNT 2
#define MODEL_LAYER_COUNT 3

extern const struct kit_tensor model_inputs[];
extern const struct kit_tensor model_outputs[];
extern const struct kit_layer model_layers[];
int model_init(void *arena, size_t arena_bytes);
void *model_input(void *arena, unsigned index);
const void *model_output(const void *arena, unsigned index);
int model_invoke(void *arena, size_t arena_bytes, kit_layer_hook hook, void *user);
#endif
