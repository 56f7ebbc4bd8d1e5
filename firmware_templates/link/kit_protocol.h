/* The wire format between host and firmware. Generated from toolchain/link/protocol.py; do not edit. */
/* clang-format off */
#ifndef KIT_PROTOCOL_H
#define KIT_PROTOCOL_H

#include <stdint.h>
#include <string.h>

#define KIT_VERSION_MIN 1
#define KIT_VERSION_MAX 1
#define KIT_MAX_WIRE_BYTES 512
#define KIT_MAX_FRAME_BYTES 508
#define KIT_MAX_PAYLOAD_BYTES 496
#define KIT_COBS_BLOCK 254
#define KIT_CRC_BYTES 4
#define KIT_ANSWER 128
#define KIT_MAX_RANK 6
#define KIT_NO_LAYER 65535
#define KIT_WINDOW 4
#define KIT_WINDOW_RX_BYTES 16

/* Types of requests; an answer has KIT_ANSWER set too. */
enum {
    KIT_MSG_HELLO = 1,
    KIT_MSG_LABELS = 2,
    KIT_MSG_TENSOR = 3,
    KIT_MSG_INPUT = 4,
    KIT_MSG_RUN = 5,
    KIT_MSG_OUTPUT = 6,
    KIT_MSG_PROFILE = 7,
    KIT_MSG_ARENA = 8,
    KIT_MSG_MEMORY = 9,
    KIT_MSG_INIT = 10,
    KIT_MSG_RESET = 11,
    KIT_MSG_SYNC = 12
};

enum {
    KIT_STATUS_OK = 0,
    KIT_STATUS_BUSY = 1,
    KIT_STATUS_GAP = 2,
    KIT_STATUS_SESSION = 3,
    KIT_STATUS_VERSION = 4,
    KIT_STATUS_UNKNOWN = 5,
    KIT_STATUS_LENGTH = 6,
    KIT_STATUS_INDEX = 7,
    KIT_STATUS_RANGE = 8,
    KIT_STATUS_INPUT = 9,
    KIT_STATUS_MODEL = 10,
    KIT_STATUS_NOT_READY = 11
};

enum {
    KIT_TENSOR_INPUT = 0,
    KIT_TENSOR_OUTPUT = 1
};

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers are little-endian and stand at any address. */
static inline void kit_put_uint8_t(uint8_t *to, uint8_t v) {
    to[0] = v;
}
static inline void kit_put_uint16_t(uint8_t *to, uint16_t v) {
    to[0] = (uint8_t)v;
    to[1] = (uint8_t)(v >> 8);
}
static inline void kit_put_uint32_t(uint8_t *to, uint32_t v) {
    kit_put_uint16_t(to, (uint16_t)v);
    kit_put_uint16_t(to + 2, (uint16_t)(v >> 16));
}
static inline void kit_put_uint64_t(uint8_t *to, uint64_t v) {
    kit_put_uint32_t(to, (uint32_t)v);
    kit_put_uint32_t(to + 4, (uint32_t)(v >> 32));
}
static inline void kit_put_int32_t(uint8_t *to, int32_t v) {
    kit_put_uint32_t(to, (uint32_t)v);
}
static inline void kit_put_float(uint8_t *to, float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    kit_put_uint32_t(to, bits);
}
static inline uint8_t kit_get_uint8_t(const uint8_t *from) {
    return from[0];
}
static inline uint16_t kit_get_uint16_t(const uint8_t *from) {
    return (uint16_t)(from[0] | (unsigned)from[1] << 8);
}
static inline uint32_t kit_get_uint32_t(const uint8_t *from) {
    return kit_get_uint16_t(from) | (uint32_t)kit_get_uint16_t(from + 2) << 16;
}
static inline uint64_t kit_get_uint64_t(const uint8_t *from) {
    return kit_get_uint32_t(from) | (uint64_t)kit_get_uint32_t(from + 4) << 32;
}
static inline int32_t kit_get_int32_t(const uint8_t *from) {
    return (int32_t)kit_get_uint32_t(from);
}
static inline float kit_get_float(const uint8_t *from) {
    uint32_t bits = kit_get_uint32_t(from);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

struct kit_header {
    uint8_t type; /* message type; bit 7 set in answers */
    uint8_t status; /* 0 in requests */
    uint16_t sequence; /* the request's number in its session, modulo 65,536; an answer has its request's */
    uint32_t session; /* drawn by the host at hello; frames of any other session are not believed */
};
#define KIT_HEADER_BYTES 8
static inline void kit_header_put(uint8_t *to, const struct kit_header *from) {
    kit_put_uint8_t(to + 0, from->type);
    kit_put_uint8_t(to + 1, from->status);
    kit_put_uint16_t(to + 2, from->sequence);
    kit_put_uint32_t(to + 4, from->session);
}
static inline void kit_header_get(struct kit_header *to, const uint8_t *from) {
    to->type = kit_get_uint8_t(from + 0);
    to->status = kit_get_uint8_t(from + 1);
    to->sequence = kit_get_uint16_t(from + 2);
    to->session = kit_get_uint32_t(from + 4);
}

struct kit_hello_request {
    uint8_t version_min; /* lowest protocol version the host speaks */
    uint8_t version_max; /* highest protocol version the host speaks */
};
#define KIT_HELLO_REQUEST_BYTES 2
static inline void kit_hello_request_put(uint8_t *to, const struct kit_hello_request *from) {
    kit_put_uint8_t(to + 0, from->version_min);
    kit_put_uint8_t(to + 1, from->version_max);
}
static inline void kit_hello_request_get(struct kit_hello_request *to, const uint8_t *from) {
    to->version_min = kit_get_uint8_t(from + 0);
    to->version_max = kit_get_uint8_t(from + 1);
}

struct kit_hello_answer {
    uint8_t version_min; /* lowest protocol version the device speaks */
    uint8_t version_max; /* highest protocol version the device speaks */
    uint8_t version; /* the version of this session */
    uint8_t window; /* requests that may be outstanding at a time */
    uint16_t receive_bytes; /* bytes that the UART keeps while the firmware is busy */
    uint16_t label_count; /* labels of the model's classes */
    uint16_t layer_count; /* layers of the model */
    uint8_t input_count; /* inputs of the model */
    uint8_t output_count; /* outputs of the model */
    uint32_t tick_hz; /* ticks a second of every time in this protocol */
    uint32_t arena_bytes; /* size of the model's arena */
    uint32_t inferences; /* inferences since start; a smaller number than before tells of a restart */
    uint8_t model_sha256[32]; /* SHA-256 of the .tflite file */
};
#define KIT_HELLO_ANSWER_BYTES 56
static inline void kit_hello_answer_put(uint8_t *to, const struct kit_hello_answer *from) {
    kit_put_uint8_t(to + 0, from->version_min);
    kit_put_uint8_t(to + 1, from->version_max);
    kit_put_uint8_t(to + 2, from->version);
    kit_put_uint8_t(to + 3, from->window);
    kit_put_uint16_t(to + 4, from->receive_bytes);
    kit_put_uint16_t(to + 6, from->label_count);
    kit_put_uint16_t(to + 8, from->layer_count);
    kit_put_uint8_t(to + 10, from->input_count);
    kit_put_uint8_t(to + 11, from->output_count);
    kit_put_uint32_t(to + 12, from->tick_hz);
    kit_put_uint32_t(to + 16, from->arena_bytes);
    kit_put_uint32_t(to + 20, from->inferences);
    memcpy(to + 24, from->model_sha256, 32);
}
static inline void kit_hello_answer_get(struct kit_hello_answer *to, const uint8_t *from) {
    to->version_min = kit_get_uint8_t(from + 0);
    to->version_max = kit_get_uint8_t(from + 1);
    to->version = kit_get_uint8_t(from + 2);
    to->window = kit_get_uint8_t(from + 3);
    to->receive_bytes = kit_get_uint16_t(from + 4);
    to->label_count = kit_get_uint16_t(from + 6);
    to->layer_count = kit_get_uint16_t(from + 8);
    to->input_count = kit_get_uint8_t(from + 10);
    to->output_count = kit_get_uint8_t(from + 11);
    to->tick_hz = kit_get_uint32_t(from + 12);
    to->arena_bytes = kit_get_uint32_t(from + 16);
    to->inferences = kit_get_uint32_t(from + 20);
    memcpy(to->model_sha256, from + 24, 32);
}

struct kit_labels_request {
    uint16_t first; /* number of the first label wanted */
};
#define KIT_LABELS_REQUEST_BYTES 2
static inline void kit_labels_request_put(uint8_t *to, const struct kit_labels_request *from) {
    kit_put_uint16_t(to + 0, from->first);
}
static inline void kit_labels_request_get(struct kit_labels_request *to, const uint8_t *from) {
    to->first = kit_get_uint16_t(from + 0);
}

struct kit_labels_answer {
    uint16_t first; /* as asked */
    uint16_t count; /* labels in this answer */
};
#define KIT_LABELS_ANSWER_BYTES 4
static inline void kit_labels_answer_put(uint8_t *to, const struct kit_labels_answer *from) {
    kit_put_uint16_t(to + 0, from->first);
    kit_put_uint16_t(to + 2, from->count);
}
static inline void kit_labels_answer_get(struct kit_labels_answer *to, const uint8_t *from) {
    to->first = kit_get_uint16_t(from + 0);
    to->count = kit_get_uint16_t(from + 2);
}

struct kit_tensor_request {
    uint8_t kind; /* 0 input, 1 output */
    uint16_t index; /* number of the input or output */
};
#define KIT_TENSOR_REQUEST_BYTES 3
static inline void kit_tensor_request_put(uint8_t *to, const struct kit_tensor_request *from) {
    kit_put_uint8_t(to + 0, from->kind);
    kit_put_uint16_t(to + 1, from->index);
}
static inline void kit_tensor_request_get(struct kit_tensor_request *to, const uint8_t *from) {
    to->kind = kit_get_uint8_t(from + 0);
    to->index = kit_get_uint16_t(from + 1);
}

struct kit_tensor_answer {
    uint32_t offset; /* bytes from the start of the arena */
    uint32_t bytes; /* length in bytes */
    float scale; /* quantisation scale */
    int32_t zero_point; /* quantisation zero point */
    uint8_t type; /* enum kit_type of kit_nn.h */
    uint8_t rank; /* dimensions used of `shape` */
    int32_t shape[6]; /* dimensions, the rest 0 */
};
#define KIT_TENSOR_ANSWER_BYTES 42
static inline void kit_tensor_answer_put(uint8_t *to, const struct kit_tensor_answer *from) {
    kit_put_uint32_t(to + 0, from->offset);
    kit_put_uint32_t(to + 4, from->bytes);
    kit_put_float(to + 8, from->scale);
    kit_put_int32_t(to + 12, from->zero_point);
    kit_put_uint8_t(to + 16, from->type);
    kit_put_uint8_t(to + 17, from->rank);
    for (unsigned i = 0; i < 6; i++)
        kit_put_int32_t(to + 18 + i * 4, from->shape[i]);
}
static inline void kit_tensor_answer_get(struct kit_tensor_answer *to, const uint8_t *from) {
    to->offset = kit_get_uint32_t(from + 0);
    to->bytes = kit_get_uint32_t(from + 4);
    to->scale = kit_get_float(from + 8);
    to->zero_point = kit_get_int32_t(from + 12);
    to->type = kit_get_uint8_t(from + 16);
    to->rank = kit_get_uint8_t(from + 17);
    for (unsigned i = 0; i < 6; i++)
        to->shape[i] = kit_get_int32_t(from + 18 + i * 4);
}

struct kit_input_request {
    uint16_t index; /* number of the input */
    uint32_t offset; /* bytes from the start of the input */
};
#define KIT_INPUT_REQUEST_BYTES 6
static inline void kit_input_request_put(uint8_t *to, const struct kit_input_request *from) {
    kit_put_uint16_t(to + 0, from->index);
    kit_put_uint32_t(to + 2, from->offset);
}
static inline void kit_input_request_get(struct kit_input_request *to, const uint8_t *from) {
    to->index = kit_get_uint16_t(from + 0);
    to->offset = kit_get_uint32_t(from + 2);
}

struct kit_run_request {
    uint16_t stop_after; /* stop after this layer; 0xffff: run all */
    uint8_t profile; /* 1: keep ticks and CRC of each layer for `profile` */
    uint32_t input_crc; /* CRC-32 over all inputs, one after another */
};
#define KIT_RUN_REQUEST_BYTES 7
static inline void kit_run_request_put(uint8_t *to, const struct kit_run_request *from) {
    kit_put_uint16_t(to + 0, from->stop_after);
    kit_put_uint8_t(to + 2, from->profile);
    kit_put_uint32_t(to + 3, from->input_crc);
}
static inline void kit_run_request_get(struct kit_run_request *to, const uint8_t *from) {
    to->stop_after = kit_get_uint16_t(from + 0);
    to->profile = kit_get_uint8_t(from + 2);
    to->input_crc = kit_get_uint32_t(from + 3);
}

struct kit_run_answer {
    uint64_t ticks; /* time of the inference, time in the layer hook left out */
    uint16_t layers_run; /* layers that ran */
    uint8_t stopped; /* 1 when a later layer did not run */
};
#define KIT_RUN_ANSWER_BYTES 11
static inline void kit_run_answer_put(uint8_t *to, const struct kit_run_answer *from) {
    kit_put_uint64_t(to + 0, from->ticks);
    kit_put_uint16_t(to + 8, from->layers_run);
    kit_put_uint8_t(to + 10, from->stopped);
}
static inline void kit_run_answer_get(struct kit_run_answer *to, const uint8_t *from) {
    to->ticks = kit_get_uint64_t(from + 0);
    to->layers_run = kit_get_uint16_t(from + 8);
    to->stopped = kit_get_uint8_t(from + 10);
}

struct kit_output_request {
    uint16_t index; /* number of the output */
    uint32_t offset; /* bytes from the start of the output */
    uint16_t length; /* bytes wanted */
};
#define KIT_OUTPUT_REQUEST_BYTES 8
static inline void kit_output_request_put(uint8_t *to, const struct kit_output_request *from) {
    kit_put_uint16_t(to + 0, from->index);
    kit_put_uint32_t(to + 2, from->offset);
    kit_put_uint16_t(to + 6, from->length);
}
static inline void kit_output_request_get(struct kit_output_request *to, const uint8_t *from) {
    to->index = kit_get_uint16_t(from + 0);
    to->offset = kit_get_uint32_t(from + 2);
    to->length = kit_get_uint16_t(from + 6);
}

struct kit_profile_request {
    uint16_t first; /* number of the first layer wanted */
};
#define KIT_PROFILE_REQUEST_BYTES 2
static inline void kit_profile_request_put(uint8_t *to, const struct kit_profile_request *from) {
    kit_put_uint16_t(to + 0, from->first);
}
static inline void kit_profile_request_get(struct kit_profile_request *to, const uint8_t *from) {
    to->first = kit_get_uint16_t(from + 0);
}

struct kit_profile_answer {
    uint16_t first; /* as asked */
    uint16_t count; /* layers in this answer */
};
#define KIT_PROFILE_ANSWER_BYTES 4
static inline void kit_profile_answer_put(uint8_t *to, const struct kit_profile_answer *from) {
    kit_put_uint16_t(to + 0, from->first);
    kit_put_uint16_t(to + 2, from->count);
}
static inline void kit_profile_answer_get(struct kit_profile_answer *to, const uint8_t *from) {
    to->first = kit_get_uint16_t(from + 0);
    to->count = kit_get_uint16_t(from + 2);
}

struct kit_arena_request {
    uint32_t offset; /* bytes from the start of the arena */
    uint16_t length; /* bytes wanted */
};
#define KIT_ARENA_REQUEST_BYTES 6
static inline void kit_arena_request_put(uint8_t *to, const struct kit_arena_request *from) {
    kit_put_uint32_t(to + 0, from->offset);
    kit_put_uint16_t(to + 4, from->length);
}
static inline void kit_arena_request_get(struct kit_arena_request *to, const uint8_t *from) {
    to->offset = kit_get_uint32_t(from + 0);
    to->length = kit_get_uint16_t(from + 4);
}

struct kit_memory_answer {
    uint32_t stack_bytes; /* greatest number of stack bytes used since start, 0 when unknown */
    uint32_t arena_bytes; /* size of the model's arena */
    uint32_t tick_hz; /* ticks a second */
    uint32_t frames; /* whole frames received since start */
    uint32_t damaged; /* segments between zeros that were no frame (text, noise, damage) */
    uint32_t repeated; /* requests received again and answered from memory */
};
#define KIT_MEMORY_ANSWER_BYTES 24
static inline void kit_memory_answer_put(uint8_t *to, const struct kit_memory_answer *from) {
    kit_put_uint32_t(to + 0, from->stack_bytes);
    kit_put_uint32_t(to + 4, from->arena_bytes);
    kit_put_uint32_t(to + 8, from->tick_hz);
    kit_put_uint32_t(to + 12, from->frames);
    kit_put_uint32_t(to + 16, from->damaged);
    kit_put_uint32_t(to + 20, from->repeated);
}
static inline void kit_memory_answer_get(struct kit_memory_answer *to, const uint8_t *from) {
    to->stack_bytes = kit_get_uint32_t(from + 0);
    to->arena_bytes = kit_get_uint32_t(from + 4);
    to->tick_hz = kit_get_uint32_t(from + 8);
    to->frames = kit_get_uint32_t(from + 12);
    to->damaged = kit_get_uint32_t(from + 16);
    to->repeated = kit_get_uint32_t(from + 20);
}

struct kit_profile_entry {
    uint32_t ticks; /* time of the layer */
    uint32_t crc; /* CRC-32 of the layer's output */
};
#define KIT_PROFILE_ENTRY_BYTES 8
static inline void kit_profile_entry_put(uint8_t *to, const struct kit_profile_entry *from) {
    kit_put_uint32_t(to + 0, from->ticks);
    kit_put_uint32_t(to + 4, from->crc);
}
static inline void kit_profile_entry_get(struct kit_profile_entry *to, const uint8_t *from) {
    to->ticks = kit_get_uint32_t(from + 0);
    to->crc = kit_get_uint32_t(from + 4);
}

#ifdef __cplusplus
}
#endif
#endif
