/* The firmware's main loop: waits for requests on the link and carries them out. The only file that knows all
 * the others: the chip, the link, the model, and who this firmware is. */
#include "chip.h"
#include "kit_crc32.h"
#include "kit_identity.h"
#include "kit_link.h"
#include "model.h"

#ifndef KIT_APP_PROFILE
#define KIT_APP_PROFILE 1 /* 0 leaves out `profile` and with it 8 bytes of RAM a layer */
#endif

#ifndef KIT_APP_MAIN
#define KIT_APP_MAIN main /* kit_identity.h names another where an SDK brings a main of its own */
#endif

static _Alignas(16) uint8_t arena[MODEL_ARENA_BYTES];
static struct kit_link link_state;
static const unsigned label_count = KIT_LABEL_COUNT; /* a variable: compared with 0 it may be 0 itself */
static const uint8_t sha256[] = {KIT_MODEL_SHA256};
_Static_assert(sizeof sha256 == 32, "KIT_MODEL_SHA256 is 32 bytes");
_Static_assert(KIT_LABEL_COUNT <= sizeof kit_labels / sizeof kit_labels[0],
               "more labels counted than listed");

static uint32_t inferences;
static uint8_t outputs_ready; /* outputs are those of the last run: nothing wrote into the arena since */

#if KIT_APP_PROFILE
static struct {
    uint32_t ticks;
    uint32_t crc;
} layers[MODEL_LAYER_COUNT];
static uint16_t layers_ready; /* entries of `layers` that the last profiled run filled */
#endif

/* What the layer hook needs to know of the run it is called from. */
struct run {
    uint64_t layer_start;
    uint64_t ticks;
    uint16_t stop_after;
    uint16_t layers_run;
    uint8_t profile;
};

static int after_layer(void *user, unsigned layer) {
    struct run *run = (struct run *)user;
    uint64_t took = chip_ticks() - run->layer_start;
    int stop = layer == run->stop_after;

    run->ticks += took;
    run->layers_run = (uint16_t)(layer + 1);
#if KIT_APP_PROFILE
    if (run->profile && layer < MODEL_LAYER_COUNT) {
        const struct kit_layer *output = &model_layers[layer];
        layers[layer].ticks = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
        layers[layer].crc = kit_crc32(0, arena + output->offset, output->bytes);
    }
#endif
    chip_idle();
    stop |= kit_link_busy(&link_state);
    run->layer_start = chip_ticks();
    return stop;
}

/* Whether `length` bytes from `offset` lie within `bytes`, with no sum that could wrap. */
static int within(uint32_t offset, uint32_t length, uint32_t bytes) {
    return offset <= bytes && length <= bytes - offset;
}

/* Appends `text` and its zero byte to `to`, at `*at`; 0 when it does not fit. */
static int append(uint8_t *to, uint16_t *at, const char *text) {
    size_t bytes = strlen(text) + 1;
    if (bytes > (size_t)(KIT_MAX_PAYLOAD_BYTES - *at))
        return 0;
    memcpy(to + *at, text, bytes);
    *at = (uint16_t)(*at + bytes);
    return 1;
}

/* Each command below reads a request's payload, writes the answer's payload to `to`, sets `*length` (0 at the
 * call) and returns a status. */

static uint8_t hello(uint8_t *to, uint16_t *length) {
    struct kit_hello_answer answer;

    model_init(arena, sizeof arena);
    outputs_ready = 0;
    answer.version_min = KIT_VERSION_MIN;
    answer.version_max = KIT_VERSION_MAX;
    answer.version = KIT_VERSION_MAX;
    answer.window = chip_rx_bytes >= KIT_WINDOW_RX_BYTES ? KIT_WINDOW : 1;
    answer.receive_bytes = (uint16_t)(chip_rx_bytes > UINT16_MAX ? UINT16_MAX : chip_rx_bytes);
    answer.label_count = KIT_LABEL_COUNT;
    answer.layer_count = MODEL_LAYER_COUNT;
    answer.input_count = MODEL_INPUT_COUNT;
    answer.output_count = MODEL_OUTPUT_COUNT;
    answer.tick_hz = chip_tick_hz;
    answer.arena_bytes = MODEL_ARENA_BYTES;
    answer.inferences = inferences;
    memcpy(answer.model_sha256, sha256, sizeof answer.model_sha256);
    kit_hello_answer_put(to, &answer);
    *length = KIT_HELLO_ANSWER_BYTES;
    append(to, length, KIT_BOARD);
    append(to, length, KIT_NAME);
    append(to, length, KIT_BUILD_ID);
    return KIT_STATUS_OK;
}

static uint8_t send_labels(const uint8_t *from, uint8_t *to, uint16_t *length) {
    struct kit_labels_request request;
    struct kit_labels_answer answer;

    kit_labels_request_get(&request, from);
    if (request.first >= label_count)
        return KIT_STATUS_INDEX;
    answer.first = request.first;
    answer.count = 0;
    *length = KIT_LABELS_ANSWER_BYTES;
    while (request.first + answer.count < label_count &&
           append(to, length, kit_labels[request.first + answer.count]))
        answer.count++;
    kit_labels_answer_put(to, &answer);
    return KIT_STATUS_OK;
}

static const struct kit_tensor *find_tensor(uint8_t kind, uint16_t index) {
    if (kind == KIT_TENSOR_INPUT && index < MODEL_INPUT_COUNT)
        return &model_inputs[index];
    if (kind == KIT_TENSOR_OUTPUT && index < MODEL_OUTPUT_COUNT)
        return &model_outputs[index];
    return NULL;
}

static uint8_t tensor(const uint8_t *from, uint8_t *to, uint16_t *length) {
    struct kit_tensor_request request;
    struct kit_tensor_answer answer;
    const struct kit_tensor *found;

    kit_tensor_request_get(&request, from);
    found = find_tensor(request.kind, request.index);
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
    append(to, length, found->name);
    return KIT_STATUS_OK;
}

static uint8_t write_input(const uint8_t *from, uint16_t from_length) {
    struct kit_input_request request;
    uint32_t bytes = (uint32_t)from_length - KIT_INPUT_REQUEST_BYTES;

    kit_input_request_get(&request, from);
    if (request.index >= MODEL_INPUT_COUNT)
        return KIT_STATUS_INDEX;
    if (!within(request.offset, bytes, model_inputs[request.index].bytes))
        return KIT_STATUS_RANGE;
    memcpy((uint8_t *)model_input(arena, request.index) + request.offset, from + KIT_INPUT_REQUEST_BYTES,
           bytes);
    outputs_ready = 0;
    return KIT_STATUS_OK;
}

/* All outputs behind the answer of `run` when they fit: a second request is saved. */
static void append_outputs(uint8_t *to, uint16_t *length) {
    uint32_t at = *length;
    for (unsigned i = 0; i < MODEL_OUTPUT_COUNT; i++) {
        if (!within(at, model_outputs[i].bytes, KIT_MAX_PAYLOAD_BYTES))
            return;
        memcpy(to + at, model_output(arena, i), model_outputs[i].bytes);
        at += model_outputs[i].bytes;
    }
    *length = (uint16_t)at;
}

static uint8_t run_model(const uint8_t *from, uint8_t *to, uint16_t *length) {
    struct kit_run_request request;
    struct kit_run_answer answer;
    struct run run = {0, 0, 0, 0, 0};
    uint32_t crc = 0;
    int code;

    kit_run_request_get(&request, from);
    for (unsigned i = 0; i < MODEL_INPUT_COUNT; i++)
        crc = kit_crc32(crc, model_input(arena, i), model_inputs[i].bytes);
    if (crc != request.input_crc)
        return KIT_STATUS_INPUT;
    run.stop_after = request.stop_after;
    run.profile = request.profile;
    outputs_ready = 0;
    inferences++;
    run.layer_start = chip_ticks();
    code = model_invoke(arena, sizeof arena, after_layer, &run);
    if (code != KIT_OK && code != KIT_STOPPED)
        return KIT_STATUS_MODEL;
    outputs_ready = run.layers_run == MODEL_LAYER_COUNT;
#if KIT_APP_PROFILE
    layers_ready = request.profile ? run.layers_run : 0;
#endif
    answer.ticks = run.ticks;
    answer.layers_run = run.layers_run;
    answer.stopped = !outputs_ready;
    kit_run_answer_put(to, &answer);
    *length = KIT_RUN_ANSWER_BYTES;
    if (outputs_ready)
        append_outputs(to, length);
    return KIT_STATUS_OK;
}

static uint8_t read_output(const uint8_t *from, uint8_t *to, uint16_t *length) {
    struct kit_output_request request;

    kit_output_request_get(&request, from);
    if (!outputs_ready)
        return KIT_STATUS_NOT_READY;
    if (request.index >= MODEL_OUTPUT_COUNT)
        return KIT_STATUS_INDEX;
    if (request.length > KIT_MAX_PAYLOAD_BYTES ||
        !within(request.offset, request.length, model_outputs[request.index].bytes))
        return KIT_STATUS_RANGE;
    memcpy(to, (const uint8_t *)model_output(arena, request.index) + request.offset, request.length);
    *length = request.length;
    return KIT_STATUS_OK;
}

#if KIT_APP_PROFILE
static uint8_t send_profile(const uint8_t *from, uint8_t *to, uint16_t *length) {
    struct kit_profile_request request;
    struct kit_profile_answer answer;

    kit_profile_request_get(&request, from);
    if (layers_ready == 0)
        return KIT_STATUS_NOT_READY;
    if (request.first >= layers_ready)
        return KIT_STATUS_INDEX;
    answer.first = request.first;
    answer.count = 0;
    *length = KIT_PROFILE_ANSWER_BYTES;
    while (request.first + answer.count < layers_ready &&
           *length + KIT_PROFILE_ENTRY_BYTES <= KIT_MAX_PAYLOAD_BYTES) {
        struct kit_profile_entry entry = {layers[request.first + answer.count].ticks,
                                          layers[request.first + answer.count].crc};
        kit_profile_entry_put(to + *length, &entry);
        *length = (uint16_t)(*length + KIT_PROFILE_ENTRY_BYTES);
        answer.count++;
    }
    kit_profile_answer_put(to, &answer);
    return KIT_STATUS_OK;
}
#endif

static uint8_t read_arena(const uint8_t *from, uint8_t *to, uint16_t *length) {
    struct kit_arena_request request;

    kit_arena_request_get(&request, from);
    if (request.length > KIT_MAX_PAYLOAD_BYTES || !within(request.offset, request.length, sizeof arena))
        return KIT_STATUS_RANGE;
    memcpy(to, arena + request.offset, request.length);
    *length = request.length;
    return KIT_STATUS_OK;
}

static uint8_t memory(uint8_t *to, uint16_t *length) {
    struct kit_memory_answer answer;

    answer.stack_bytes = chip_stack_used();
    answer.arena_bytes = sizeof arena;
    answer.tick_hz = chip_tick_hz;
    answer.frames = link_state.frames;
    answer.damaged = link_state.damaged;
    answer.repeated = link_state.repeated;
    kit_memory_answer_put(to, &answer);
    *length = KIT_MEMORY_ANSWER_BYTES;
    return KIT_STATUS_OK;
}

/* Smallest payload of each request, KIT_NO_REQUEST for a type that is none. */
#define KIT_NO_REQUEST UINT16_MAX
static uint16_t request_bytes(uint8_t type) {
    switch (type) {
    case KIT_MSG_HELLO:
        return KIT_HELLO_REQUEST_BYTES;
    case KIT_MSG_LABELS:
        return KIT_LABELS_REQUEST_BYTES;
    case KIT_MSG_TENSOR:
        return KIT_TENSOR_REQUEST_BYTES;
    case KIT_MSG_INPUT:
        return KIT_INPUT_REQUEST_BYTES;
    case KIT_MSG_RUN:
        return KIT_RUN_REQUEST_BYTES;
    case KIT_MSG_OUTPUT:
        return KIT_OUTPUT_REQUEST_BYTES;
#if KIT_APP_PROFILE
    case KIT_MSG_PROFILE:
        return KIT_PROFILE_REQUEST_BYTES;
#endif
    case KIT_MSG_ARENA:
        return KIT_ARENA_REQUEST_BYTES;
    case KIT_MSG_MEMORY:
    case KIT_MSG_INIT:
    case KIT_MSG_RESET:
        return 0;
    default:
        return KIT_NO_REQUEST;
    }
}

static uint8_t carry_out(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    const uint8_t *from = request->payload;
    uint16_t bytes = request_bytes(request->type);

    if (bytes == KIT_NO_REQUEST)
        return KIT_STATUS_UNKNOWN;
    if (request->length < bytes || (request->length > bytes && request->type != KIT_MSG_INPUT))
        return KIT_STATUS_LENGTH;
    switch (request->type) {
    case KIT_MSG_HELLO:
        return hello(to, length);
    case KIT_MSG_LABELS:
        return send_labels(from, to, length);
    case KIT_MSG_TENSOR:
        return tensor(from, to, length);
    case KIT_MSG_INPUT:
        return write_input(from, request->length);
    case KIT_MSG_RUN:
        return run_model(from, to, length);
    case KIT_MSG_OUTPUT:
        return read_output(from, to, length);
#if KIT_APP_PROFILE
    case KIT_MSG_PROFILE:
        return send_profile(from, to, length);
#endif
    case KIT_MSG_ARENA:
        return read_arena(from, to, length);
    case KIT_MSG_MEMORY:
        return memory(to, length);
    case KIT_MSG_INIT:
        model_init(arena, sizeof arena);
        outputs_ready = 0;
        return KIT_STATUS_OK;
    default: /* reset: carried out once it is answered */
        return KIT_STATUS_OK;
    }
}

int KIT_APP_MAIN(void) {
    struct kit_request request;

    chip_init();
    kit_link_start(&link_state, chip_getc, chip_putc);
    model_init(arena, sizeof arena);
    for (;;) {
        uint16_t length = 0;
        uint8_t status;

        if (!kit_link_poll(&link_state, &request)) {
            chip_wait();
            continue;
        }
        status = carry_out(&request, kit_link_payload(&link_state), &length);
        kit_link_answer(&link_state, status, status == KIT_STATUS_OK ? length : 0);
        if (request.type == KIT_MSG_RESET && status == KIT_STATUS_OK)
            chip_reset();
    }
}
