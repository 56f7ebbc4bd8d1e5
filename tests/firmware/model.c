/* y0 = 3 * x0 + x1 (bytes, modulo 256, x1 repeated), y1 = x1 reversed with its number of the run added; the
 * count of runs is state that model_init clears. Every byte of the inputs reaches an output. */
#include "model.h"

#include <string.h>

enum { X0 = 0, X0_BYTES = 1000, X1 = 1008, X1_BYTES = 7, Y0 = 0, Y1 = 1024, COUNT = 1040 };

static const int32_t shape0[] = {1, X0_BYTES};
static const int32_t shape1[] = {1, X1_BYTES};
#define T0(name, at)                                                                                         \
    { name, at, X0_BYTES, 0.5f, -3, KIT_INT8, 2, shape0 }
#define T1(name, at)                                                                                         \
    { name, at, X1_BYTES, 0.25f, 4, KIT_INT8, 2, shape1 }
const struct kit_tensor model_inputs[] = {T0("x0", X0), T1("x1", X1)};
const struct kit_tensor model_outputs[] = {T0("y0", Y0), T1("y1", Y1)};
const struct kit_layer model_layers[] = {{Y0, X0_BYTES}, {Y0, X0_BYTES}, {Y1, X1_BYTES}};

int model_init(void *arena, size_t arena_bytes) {
    if (arena == NULL || arena_bytes < MODEL_ARENA_BYTES)
        return KIT_ERROR_ARENA;
    memset(arena, 0, arena_bytes);
    return KIT_OK;
}

void *model_input(void *arena, unsigned index) {
    return index < MODEL_INPUT_COUNT ? (uint8_t *)arena + model_inputs[index].offset : NULL;
}

const void *model_output(const void *arena, unsigned index) {
    return index < MODEL_OUTPUT_COUNT ? (const uint8_t *)arena + model_outputs[index].offset : NULL;
}

int model_invoke(void *arena, size_t arena_bytes, kit_layer_hook hook, void *user) {
    uint8_t *a = (uint8_t *)arena;
    if (arena_bytes < MODEL_ARENA_BYTES)
        return KIT_ERROR_ARENA;
    for (int i = 0; i < X0_BYTES; i++)
        a[Y0 + i] = (uint8_t)(3 * a[X0 + i]);
    if (hook != NULL && hook(user, 0))
        return KIT_STOPPED;
    for (int i = 0; i < X0_BYTES; i++)
        a[Y0 + i] = (uint8_t)(a[Y0 + i] + a[X1 + i % X1_BYTES]);
    if (hook != NULL && hook(user, 1))
        return KIT_STOPPED;
    a[COUNT]++;
    for (int i = 0; i < X1_BYTES; i++)
        a[Y1 + i] = (uint8_t)(a[X1 + X1_BYTES - 1 - i] + a[COUNT]);
    if (hook != NULL && hook(user, 2))
        return KIT_STOPPED;
    return KIT_OK;
}
