/* The firmware's main loop: waits for requests on the link and has them carried out. */
#include "app.h"

#ifndef KIT_APP_MAIN
#define KIT_APP_MAIN main /* kit_identity.h names another where an SDK brings a main of its own */
#endif

struct kit_device kit_device;
_Alignas(16) uint8_t kit_arena[MODEL_ARENA_BYTES];

static const unsigned label_count = KIT_LABEL_COUNT; /* a variable: compared with 0 it may be 0 itself */
static const KIT_CONST char board_name[] = KIT_BOARD, kit_name[] = KIT_NAME, build_id[] = KIT_BUILD_ID;
static const KIT_CONST uint8_t sha256[] = {KIT_MODEL_SHA256};
_Static_assert(sizeof sha256 == 32, "KIT_MODEL_SHA256 is 32 bytes");
_Static_assert(KIT_LABEL_COUNT <= sizeof kit_labels / sizeof kit_labels[0],
               "more labels counted than listed");

int kit_app_append_text(uint8_t *to, uint16_t *length, const KIT_CONST char *text) {
    uint16_t end = *length;
    do {
        if (end == KIT_MAX_PAYLOAD_BYTES)
            return 0;
        to[end++] = (uint8_t)*text;
    } while (*text++ != '\0');
    *length = end;
    return 1;
}

static uint8_t hello(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    struct kit_hello_answer answer;

    (void)request; /* the link has read it */
    kit_app_reset_model();
    answer.version_min = KIT_VERSION_MIN;
    answer.version_max = KIT_VERSION_MAX;
    answer.version = KIT_VERSION_MAX;
    answer.window = chip_rx_bytes >= KIT_WINDOW_RX_BYTES ? KIT_WINDOW : 1;
    answer.receive_bytes = (uint16_t)(chip_rx_bytes > UINT16_MAX ? UINT16_MAX : chip_rx_bytes);
    answer.frame_bytes = KIT_MAX_FRAME_BYTES;
    answer.label_count = KIT_LABEL_COUNT;
    answer.layer_count = MODEL_LAYER_COUNT;
    answer.input_count = MODEL_INPUT_COUNT;
    answer.output_count = MODEL_OUTPUT_COUNT;
    answer.tick_hz = chip_tick_hz;
    answer.arena_bytes = MODEL_ARENA_BYTES;
    answer.inferences = kit_device.inferences;
    kit_copy_const(answer.model_sha256, sha256, sizeof answer.model_sha256);
    kit_hello_answer_put(to, &answer);
    *length = KIT_HELLO_ANSWER_BYTES;
    kit_app_append_text(to, length, board_name);
    kit_app_append_text(to, length, kit_name);
    kit_app_append_text(to, length, build_id);
    return KIT_STATUS_OK;
}

static uint8_t send_labels(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    struct kit_labels_request asked;
    struct kit_labels_answer answer;

    kit_labels_request_get(&asked, request->payload);
    if (asked.first >= label_count)
        return KIT_STATUS_INDEX;
    answer.first = asked.first;
    answer.count = 0;
    *length = KIT_LABELS_ANSWER_BYTES;
    while (asked.first + answer.count < label_count &&
           kit_app_append_text(to, length, kit_labels[asked.first + answer.count]))
        answer.count++;
    kit_labels_answer_put(to, &answer);
    return KIT_STATUS_OK;
}

static uint8_t memory(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    struct kit_memory_answer answer;

    (void)request;
    answer.stack_bytes = chip_stack_used();
    answer.arena_bytes = MODEL_ARENA_BYTES;
    answer.tick_hz = chip_tick_hz;
    answer.frames = kit_device.link.frames;
    answer.damaged = kit_device.link.damaged;
    answer.repeated = kit_device.link.repeated;
    kit_memory_answer_put(to, &answer);
    *length = KIT_MEMORY_ANSWER_BYTES;
    return KIT_STATUS_OK;
}

static uint8_t init(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    (void)request;
    (void)to;
    (void)length;
    kit_app_reset_model();
    return KIT_STATUS_OK;
}

static uint8_t reset(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    (void)request; /* carried out once it is answered */
    (void)to;
    (void)length;
    return KIT_STATUS_OK;
}

/* The requests by type: who carries one out, and the length of its payload. */
static kit_app_request *const KIT_CONST requests[] = {
    [KIT_MSG_HELLO] = hello,
    [KIT_MSG_LABELS] = send_labels,
    [KIT_MSG_TENSOR] = kit_app_tensor,
    [KIT_MSG_INPUT] = kit_app_input,
    [KIT_MSG_RUN] = kit_app_run,
    [KIT_MSG_OUTPUT] = kit_app_output,
#if KIT_APP_PROFILE
    [KIT_MSG_PROFILE] = kit_app_profile,
#endif
    [KIT_MSG_ARENA] = kit_app_arena,
    [KIT_MSG_MEMORY] = memory,
    [KIT_MSG_INIT] = init,
    [KIT_MSG_RESET] = reset,
#if KIT_APP_SIGNAL
    [KIT_MSG_STREAM] = kit_app_stream,
    [KIT_MSG_SAMPLES] = kit_app_samples,
#endif
};

enum { OR_MORE = 0x80 }; /* bytes may follow */

static const KIT_CONST uint8_t lengths[sizeof requests / sizeof requests[0]] = {
    [KIT_MSG_HELLO] = KIT_HELLO_REQUEST_BYTES,
    [KIT_MSG_LABELS] = KIT_LABELS_REQUEST_BYTES,
    [KIT_MSG_TENSOR] = KIT_TENSOR_REQUEST_BYTES,
    [KIT_MSG_INPUT] = KIT_INPUT_REQUEST_BYTES | OR_MORE,
    [KIT_MSG_RUN] = KIT_RUN_REQUEST_BYTES,
    [KIT_MSG_OUTPUT] = KIT_OUTPUT_REQUEST_BYTES,
    [KIT_MSG_PROFILE] = KIT_PROFILE_REQUEST_BYTES,
    [KIT_MSG_ARENA] = KIT_ARENA_REQUEST_BYTES,
#if KIT_APP_SIGNAL
    [KIT_MSG_SAMPLES] = KIT_SAMPLES_REQUEST_BYTES | OR_MORE,
#endif
};

static uint8_t carry_out(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    const unsigned type = request->type;
    unsigned bytes;

    if (type >= sizeof lengths || requests[type] == NULL)
        return KIT_STATUS_UNKNOWN;
    bytes = lengths[type] & ~(unsigned)OR_MORE;
    if (request->length < bytes || (request->length > bytes && lengths[type] == bytes))
        return KIT_STATUS_LENGTH;
    return requests[type](request, to, length);
}

int KIT_APP_MAIN(void) {
    struct kit_request request;

    chip_init();
    kit_link_start(&kit_device.link, chip_getc, chip_putc);
    kit_app_reset_model();
    for (;;) {
        uint16_t length = 0;
        uint8_t status;

        if (!kit_link_poll(&kit_device.link, &request)) {
            chip_wait();
            continue;
        }
        status = carry_out(&request, kit_link_payload(&kit_device.link), &length);
        kit_link_answer(&kit_device.link, status, status == KIT_STATUS_OK ? length : 0);
        if (request.type == KIT_MSG_RESET && status == KIT_STATUS_OK)
            chip_reset();
    }
}
