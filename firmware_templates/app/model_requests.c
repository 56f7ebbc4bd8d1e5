/* The requests that are about the model: its tensors, a run, what came out and how long it took. */
#include "app.h"
#include "decision.h"
#include "kit_crc32.h"

#if KIT_APP_PROFILE
static struct {
    uint32_t ticks;
    uint32_t crc;
} layers[MODEL_LAYER_COUNT];
static uint16_t layers_ready; /* entries of `layers` that the last profiled run filled */
#endif

void kit_app_reset_model(void) {
    model_init(kit_arena, sizeof kit_arena);
    kit_decision_start();
    kit_device.outputs_ready = 0;
}

static int after_layer(void *user, unsigned layer) {
    struct kit_app_run *run = (struct kit_app_run *)user;
    uint64_t took = chip_ticks() - run->layer_start;
    int stop = layer == run->stop_after;

    run->ticks += took;
    run->layers_run = (uint16_t)(layer + 1);
#if KIT_APP_PROFILE
    if (run->profile && layer < MODEL_LAYER_COUNT) {
        const KIT_CONST struct kit_layer *output = &model_layers[layer];
        layers[layer].ticks = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
        layers[layer].crc = kit_crc32(0, kit_arena + output->offset, output->bytes);
    }
#endif
    chip_idle();
    stop |= kit_link_busy(&kit_device.link);
    run->layer_start = chip_ticks();
    return stop;
}

uint8_t kit_app_invoke(struct kit_app_run *run) {
    int code;

    run->ticks = 0;
    run->layers_run = 0;
    kit_device.outputs_ready = 0;
    kit_device.inferences++;
    run->layer_start = chip_ticks();
    code = model_invoke(kit_arena, sizeof kit_arena, after_layer, run);
    if (code != KIT_OK && code != KIT_STOPPED)
        return KIT_STATUS_MODEL;
    kit_device.outputs_ready = run->layers_run == MODEL_LAYER_COUNT;
#if KIT_APP_PROFILE
    layers_ready = run->profile ? run->layers_run : 0;
#endif
    return KIT_STATUS_OK;
}

/* The parts of the arena where tensors lie. */
static uint8_t *place_of(const KIT_CONST struct kit_tensor *tensor) {
    return kit_arena + tensor->offset;
}

void kit_app_append_outputs(uint8_t *to, uint16_t *length) {
    uint32_t at = *length;
    for (unsigned i = 0; i < MODEL_OUTPUT_COUNT; i++) {
        if (!kit_within(at, model_outputs[i].bytes, KIT_MAX_PAYLOAD_BYTES))
            return;
        memcpy(to + at, place_of(&model_outputs[i]), model_outputs[i].bytes);
        at += model_outputs[i].bytes;
    }
    *length = (uint16_t)at;
}

static const KIT_CONST struct kit_tensor *find_tensor(uint8_t kind, uint16_t index) {
    if (kind == KIT_TENSOR_INPUT && index < MODEL_INPUT_COUNT)
        return &model_inputs[index];
    if (kind == KIT_TENSOR_OUTPUT && index < MODEL_OUTPUT_COUNT)
        return &model_outputs[index];
    return NULL;
}

uint8_t kit_app_tensor(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    struct kit_tensor_request asked;
    struct kit_tensor_answer answer;
    const KIT_CONST struct kit_tensor *found;

    kit_tensor_request_get(&asked, request->payload);
    found = find_tensor(asked.kind, asked.index);
    if (found == NULL)
        return KIT_STATUS_INDEX;
    answer.offset = found->offset;
    answer.bytes = found->bytes;
    answer.scale = found->scale;
    answer.zero_point = found->zero_point;
    answer.type = found->type;
    answer.rank = found->rank < KIT_MAX_RANK ? found->rank : KIT_MAX_RANK;
    for (unsigned i = 0; i < KIT_MAX_RANK; i++)
        answer.shape[i] = i < answer.rank ? found->shape[i] : 0;
    kit_tensor_answer_put(to, &answer);
    *length = KIT_TENSOR_ANSWER_BYTES;
    kit_app_append_text(to, length, found->name);
    return KIT_STATUS_OK;
}

uint8_t kit_app_input(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    struct kit_input_request part;
    uint32_t bytes = (uint32_t)request->length - KIT_INPUT_REQUEST_BYTES;

    (void)to;
    (void)length;
    kit_input_request_get(&part, request->payload);
    if (part.index >= MODEL_INPUT_COUNT)
        return KIT_STATUS_INDEX;
    if (!kit_within(part.offset, bytes, model_inputs[part.index].bytes))
        return KIT_STATUS_RANGE;
    memcpy(place_of(&model_inputs[part.index]) + part.offset, request->payload + KIT_INPUT_REQUEST_BYTES,
           bytes);
    kit_device.outputs_ready = 0;
    return KIT_STATUS_OK;
}

uint8_t kit_app_run(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    struct kit_run_request asked;
    struct kit_run_answer answer;
    struct kit_decision decision = {-1, 0};
    struct kit_app_run run;
    uint32_t crc = 0;
    uint8_t status;

    kit_run_request_get(&asked, request->payload);
    for (unsigned i = 0; i < MODEL_INPUT_COUNT; i++)
        crc = kit_crc32(crc, place_of(&model_inputs[i]), model_inputs[i].bytes);
    if (crc != asked.input_crc)
        return KIT_STATUS_INPUT;
    run.stop_after = asked.stop_after;
    run.profile = asked.profile;
    status = kit_app_invoke(&run);
    if (kit_device.outputs_ready)
        decision = kit_decide();
    answer.ticks = run.ticks;
    answer.layers_run = run.layers_run;
    answer.stopped = !kit_device.outputs_ready;
    answer.label = decision.label;
    answer.score = decision.score;
    kit_run_answer_put(to, &answer);
    *length = KIT_RUN_ANSWER_BYTES;
    if (kit_device.outputs_ready)
        kit_app_append_outputs(to, length);
    return status;
}

/* Answers with `count` bytes from `offset` of the `bytes` at `from`. */
static uint8_t send_part(const uint8_t *from, uint32_t bytes, uint32_t offset, uint16_t count, uint8_t *to,
                         uint16_t *length) {
    if (count > KIT_MAX_PAYLOAD_BYTES || !kit_within(offset, count, bytes))
        return KIT_STATUS_RANGE;
    memcpy(to, from + offset, count);
    *length = count;
    return KIT_STATUS_OK;
}

uint8_t kit_app_output(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    struct kit_output_request part;

    kit_output_request_get(&part, request->payload);
    if (!kit_device.outputs_ready)
        return KIT_STATUS_NOT_READY;
    if (part.index >= MODEL_OUTPUT_COUNT)
        return KIT_STATUS_INDEX;
    return send_part(place_of(&model_outputs[part.index]), model_outputs[part.index].bytes, part.offset,
                     part.length, to, length);
}

#if KIT_APP_PROFILE
uint8_t kit_app_profile(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    struct kit_profile_request asked;
    struct kit_profile_answer answer;

    kit_profile_request_get(&asked, request->payload);
    if (layers_ready == 0)
        return KIT_STATUS_NOT_READY;
    if (asked.first >= layers_ready)
        return KIT_STATUS_INDEX;
    answer.first = asked.first;
    answer.count = 0;
    *length = KIT_PROFILE_ANSWER_BYTES;
    while (asked.first + answer.count < layers_ready &&
           *length + KIT_PROFILE_ENTRY_BYTES <= KIT_MAX_PAYLOAD_BYTES) {
        struct kit_profile_entry entry = {layers[asked.first + answer.count].ticks,
                                          layers[asked.first + answer.count].crc};
        kit_profile_entry_put(to + *length, &entry);
        *length = (uint16_t)(*length + KIT_PROFILE_ENTRY_BYTES);
        answer.count++;
    }
    kit_profile_answer_put(to, &answer);
    return KIT_STATUS_OK;
}
#endif

uint8_t kit_app_arena(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    struct kit_arena_request part;

    kit_arena_request_get(&part, request->payload);
    return send_part(kit_arena, sizeof kit_arena, part.offset, part.length, to, length);
}
