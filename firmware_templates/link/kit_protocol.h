/* The wire format between host and firmware. Generated from toolchain/link/protocol.py; do not edit. */
/* clang-format off */
#ifndef KIT_PROTOCOL_H
#define KIT_PROTOCOL_H

#include <stdint.h>
#include <string.h>

/* Numbers are little-endian, as on every machine that this is for, and stand at any address. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire format is little-endian"
#endif

#define KIT_VERSION_MIN 2
#define KIT_VERSION_MAX 2
#define KIT_MAX_WIRE_BYTES 512
#define KIT_COBS_BLOCK 254
#define KIT_CRC_BYTES 4
#define KIT_ANSWER 128
#define KIT_MAX_RANK 6
#define KIT_NO_LAYER 65535
#define KIT_WINDOW 4
#define KIT_WINDOW_RX_BYTES 16

/* Longest frame. A board that is short of RAM, which has two of them, defines less. */
#ifndef KIT_MAX_FRAME_BYTES
#define KIT_MAX_FRAME_BYTES 508
#endif
#if KIT_MAX_FRAME_BYTES < 160 || KIT_MAX_FRAME_BYTES > 508
#error "frames of 160 to 508 bytes"
#endif
#define KIT_MAX_PAYLOAD_BYTES (KIT_MAX_FRAME_BYTES - 12)

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
    KIT_MSG_SYNC = 12,
    KIT_MSG_STREAM = 13,
    KIT_MSG_SAMPLES = 14
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
    KIT_STATUS_NOT_READY = 11,
    KIT_STATUS_POSITION = 12
};

enum {
    KIT_TENSOR_INPUT = 0,
    KIT_TENSOR_OUTPUT = 1
};

#ifdef __cplusplus
extern "C" {
#endif

struct kit_header {
    uint8_t type; /* message type; bit 7 set in answers */
    uint8_t status; /* 0 in requests */
    uint16_t sequence; /* the request's number in its session, modulo 65,536; an answer has its request's */
    uint32_t session; /* drawn by the host at hello; frames of any other session are not believed */
};
#define KIT_HEADER_BYTES 8
static inline void kit_header_put(uint8_t *to, const struct kit_header *from) {
    memcpy(to + 0, &from->type, 1);
    memcpy(to + 1, &from->status, 1);
    memcpy(to + 2, &from->sequence, 2);
    memcpy(to + 4, &from->session, 4);
}
static inline void kit_header_get(struct kit_header *to, const uint8_t *from) {
    memcpy(&to->type, from + 0, 1);
    memcpy(&to->status, from + 1, 1);
    memcpy(&to->sequence, from + 2, 2);
    memcpy(&to->session, from + 4, 4);
}

struct kit_hello_request {
    uint8_t version_min; /* lowest protocol version the host speaks */
    uint8_t version_max; /* highest protocol version the host speaks */
};
#define KIT_HELLO_REQUEST_BYTES 2
static inline void kit_hello_request_put(uint8_t *to, const struct kit_hello_request *from) {
    memcpy(to + 0, &from->version_min, 1);
    memcpy(to + 1, &from->version_max, 1);
}
static inline void kit_hello_request_get(struct kit_hello_request *to, const uint8_t *from) {
    memcpy(&to->version_min, from + 0, 1);
    memcpy(&to->version_max, from + 1, 1);
}

struct kit_hello_answer {
    uint8_t version_min; /* lowest protocol version the device speaks */
    uint8_t version_max; /* highest protocol version the device speaks */
    uint8_t version; /* the version of this session */
    uint8_t window; /* requests that may be outstanding at a time */
    uint16_t receive_bytes; /* bytes that the UART keeps while the firmware is busy */
    uint16_t frame_bytes; /* longest frame that the device takes or sends: header, payload and CRC */
    uint16_t label_count; /* labels of the model's classes */
    uint16_t layer_count; /* layers of the model */
    uint8_t input_count; /* inputs of the model */
    uint8_t output_count; /* outputs of the model */
    uint32_t tick_hz; /* ticks a second of every time in this protocol */
    uint32_t arena_bytes; /* size of the model's arena */
    uint32_t inferences; /* inferences since start; a smaller number than before tells of a restart */
    uint8_t model_sha256[32]; /* SHA-256 of the .tflite file */
};
#define KIT_HELLO_ANSWER_BYTES 58
static inline void kit_hello_answer_put(uint8_t *to, const struct kit_hello_answer *from) {
    memcpy(to + 0, &from->version_min, 1);
    memcpy(to + 1, &from->version_max, 1);
    memcpy(to + 2, &from->version, 1);
    memcpy(to + 3, &from->window, 1);
    memcpy(to + 4, &from->receive_bytes, 2);
    memcpy(to + 6, &from->frame_bytes, 2);
    memcpy(to + 8, &from->label_count, 2);
    memcpy(to + 10, &from->layer_count, 2);
    memcpy(to + 12, &from->input_count, 1);
    memcpy(to + 13, &from->output_count, 1);
    memcpy(to + 14, &from->tick_hz, 4);
    memcpy(to + 18, &from->arena_bytes, 4);
    memcpy(to + 22, &from->inferences, 4);
    memcpy(to + 26, &from->model_sha256, 32);
}
static inline void kit_hello_answer_get(struct kit_hello_answer *to, const uint8_t *from) {
    memcpy(&to->version_min, from + 0, 1);
    memcpy(&to->version_max, from + 1, 1);
    memcpy(&to->version, from + 2, 1);
    memcpy(&to->window, from + 3, 1);
    memcpy(&to->receive_bytes, from + 4, 2);
    memcpy(&to->frame_bytes, from + 6, 2);
    memcpy(&to->label_count, from + 8, 2);
    memcpy(&to->layer_count, from + 10, 2);
    memcpy(&to->input_count, from + 12, 1);
    memcpy(&to->output_count, from + 13, 1);
    memcpy(&to->tick_hz, from + 14, 4);
    memcpy(&to->arena_bytes, from + 18, 4);
    memcpy(&to->inferences, from + 22, 4);
    memcpy(&to->model_sha256, from + 26, 32);
}

struct kit_labels_request {
    uint16_t first; /* number of the first label wanted */
};
#define KIT_LABELS_REQUEST_BYTES 2
static inline void kit_labels_request_put(uint8_t *to, const struct kit_labels_request *from) {
    memcpy(to + 0, &from->first, 2);
}
static inline void kit_labels_request_get(struct kit_labels_request *to, const uint8_t *from) {
    memcpy(&to->first, from + 0, 2);
}

struct kit_labels_answer {
    uint16_t first; /* as asked */
    uint16_t count; /* labels in this answer */
};
#define KIT_LABELS_ANSWER_BYTES 4
static inline void kit_labels_answer_put(uint8_t *to, const struct kit_labels_answer *from) {
    memcpy(to + 0, &from->first, 2);
    memcpy(to + 2, &from->count, 2);
}
static inline void kit_labels_answer_get(struct kit_labels_answer *to, const uint8_t *from) {
    memcpy(&to->first, from + 0, 2);
    memcpy(&to->count, from + 2, 2);
}

struct kit_tensor_request {
    uint8_t kind; /* 0 input, 1 output */
    uint16_t index; /* number of the input or output */
};
#define KIT_TENSOR_REQUEST_BYTES 3
static inline void kit_tensor_request_put(uint8_t *to, const struct kit_tensor_request *from) {
    memcpy(to + 0, &from->kind, 1);
    memcpy(to + 1, &from->index, 2);
}
static inline void kit_tensor_request_get(struct kit_tensor_request *to, const uint8_t *from) {
    memcpy(&to->kind, from + 0, 1);
    memcpy(&to->index, from + 1, 2);
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
    memcpy(to + 0, &from->offset, 4);
    memcpy(to + 4, &from->bytes, 4);
    memcpy(to + 8, &from->scale, 4);
    memcpy(to + 12, &from->zero_point, 4);
    memcpy(to + 16, &from->type, 1);
    memcpy(to + 17, &from->rank, 1);
    memcpy(to + 18, &from->shape, 24);
}
static inline void kit_tensor_answer_get(struct kit_tensor_answer *to, const uint8_t *from) {
    memcpy(&to->offset, from + 0, 4);
    memcpy(&to->bytes, from + 4, 4);
    memcpy(&to->scale, from + 8, 4);
    memcpy(&to->zero_point, from + 12, 4);
    memcpy(&to->type, from + 16, 1);
    memcpy(&to->rank, from + 17, 1);
    memcpy(&to->shape, from + 18, 24);
}

struct kit_input_request {
    uint16_t index; /* number of the input */
    uint32_t offset; /* bytes from the start of the input */
};
#define KIT_INPUT_REQUEST_BYTES 6
static inline void kit_input_request_put(uint8_t *to, const struct kit_input_request *from) {
    memcpy(to + 0, &from->index, 2);
    memcpy(to + 2, &from->offset, 4);
}
static inline void kit_input_request_get(struct kit_input_request *to, const uint8_t *from) {
    memcpy(&to->index, from + 0, 2);
    memcpy(&to->offset, from + 2, 4);
}

struct kit_run_request {
    uint16_t stop_after; /* stop after this layer; 0xffff: run all */
    uint8_t profile; /* 1: keep ticks and CRC of each layer for `profile` */
    uint32_t input_crc; /* CRC-32 over all inputs, one after another */
};
#define KIT_RUN_REQUEST_BYTES 7
static inline void kit_run_request_put(uint8_t *to, const struct kit_run_request *from) {
    memcpy(to + 0, &from->stop_after, 2);
    memcpy(to + 2, &from->profile, 1);
    memcpy(to + 3, &from->input_crc, 4);
}
static inline void kit_run_request_get(struct kit_run_request *to, const uint8_t *from) {
    memcpy(&to->stop_after, from + 0, 2);
    memcpy(&to->profile, from + 2, 1);
    memcpy(&to->input_crc, from + 3, 4);
}

struct kit_run_answer {
    uint64_t ticks; /* time of the inference, time in the layer hook left out */
    uint16_t layers_run; /* layers that ran */
    uint8_t stopped; /* 1 when a later layer did not run */
    int32_t label; /* number of the label that post-processing decided for, -1 for none */
    int32_t score; /* score of the label that won, decided or not; 65536 is 1 */
};
#define KIT_RUN_ANSWER_BYTES 19
static inline void kit_run_answer_put(uint8_t *to, const struct kit_run_answer *from) {
    memcpy(to + 0, &from->ticks, 8);
    memcpy(to + 8, &from->layers_run, 2);
    memcpy(to + 10, &from->stopped, 1);
    memcpy(to + 11, &from->label, 4);
    memcpy(to + 15, &from->score, 4);
}
static inline void kit_run_answer_get(struct kit_run_answer *to, const uint8_t *from) {
    memcpy(&to->ticks, from + 0, 8);
    memcpy(&to->layers_run, from + 8, 2);
    memcpy(&to->stopped, from + 10, 1);
    memcpy(&to->label, from + 11, 4);
    memcpy(&to->score, from + 15, 4);
}

struct kit_output_request {
    uint16_t index; /* number of the output */
    uint32_t offset; /* bytes from the start of the output */
    uint16_t length; /* bytes wanted */
};
#define KIT_OUTPUT_REQUEST_BYTES 8
static inline void kit_output_request_put(uint8_t *to, const struct kit_output_request *from) {
    memcpy(to + 0, &from->index, 2);
    memcpy(to + 2, &from->offset, 4);
    memcpy(to + 6, &from->length, 2);
}
static inline void kit_output_request_get(struct kit_output_request *to, const uint8_t *from) {
    memcpy(&to->index, from + 0, 2);
    memcpy(&to->offset, from + 2, 4);
    memcpy(&to->length, from + 6, 2);
}

struct kit_profile_request {
    uint16_t first; /* number of the first layer wanted */
};
#define KIT_PROFILE_REQUEST_BYTES 2
static inline void kit_profile_request_put(uint8_t *to, const struct kit_profile_request *from) {
    memcpy(to + 0, &from->first, 2);
}
static inline void kit_profile_request_get(struct kit_profile_request *to, const uint8_t *from) {
    memcpy(&to->first, from + 0, 2);
}

struct kit_profile_answer {
    uint16_t first; /* as asked */
    uint16_t count; /* layers in this answer */
};
#define KIT_PROFILE_ANSWER_BYTES 4
static inline void kit_profile_answer_put(uint8_t *to, const struct kit_profile_answer *from) {
    memcpy(to + 0, &from->first, 2);
    memcpy(to + 2, &from->count, 2);
}
static inline void kit_profile_answer_get(struct kit_profile_answer *to, const uint8_t *from) {
    memcpy(&to->first, from + 0, 2);
    memcpy(&to->count, from + 2, 2);
}

struct kit_arena_request {
    uint32_t offset; /* bytes from the start of the arena */
    uint16_t length; /* bytes wanted */
};
#define KIT_ARENA_REQUEST_BYTES 6
static inline void kit_arena_request_put(uint8_t *to, const struct kit_arena_request *from) {
    memcpy(to + 0, &from->offset, 4);
    memcpy(to + 4, &from->length, 2);
}
static inline void kit_arena_request_get(struct kit_arena_request *to, const uint8_t *from) {
    memcpy(&to->offset, from + 0, 4);
    memcpy(&to->length, from + 4, 2);
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
    memcpy(to + 0, &from->stack_bytes, 4);
    memcpy(to + 4, &from->arena_bytes, 4);
    memcpy(to + 8, &from->tick_hz, 4);
    memcpy(to + 12, &from->frames, 4);
    memcpy(to + 16, &from->damaged, 4);
    memcpy(to + 20, &from->repeated, 4);
}
static inline void kit_memory_answer_get(struct kit_memory_answer *to, const uint8_t *from) {
    memcpy(&to->stack_bytes, from + 0, 4);
    memcpy(&to->arena_bytes, from + 4, 4);
    memcpy(&to->tick_hz, from + 8, 4);
    memcpy(&to->frames, from + 12, 4);
    memcpy(&to->damaged, from + 16, 4);
    memcpy(&to->repeated, from + 20, 4);
}

struct kit_stream_answer {
    uint16_t sample_bytes; /* bytes of a sample: of all axes of a motion, one of a picture */
    uint32_t rate; /* samples a second, 0 when the front end does not know */
    uint32_t due; /* samples until the first inference */
    uint32_t stride; /* samples from one inference to the next */
    uint8_t signal_sha256[32]; /* SHA-256 of the front end's configuration */
};
#define KIT_STREAM_ANSWER_BYTES 46
static inline void kit_stream_answer_put(uint8_t *to, const struct kit_stream_answer *from) {
    memcpy(to + 0, &from->sample_bytes, 2);
    memcpy(to + 2, &from->rate, 4);
    memcpy(to + 6, &from->due, 4);
    memcpy(to + 10, &from->stride, 4);
    memcpy(to + 14, &from->signal_sha256, 32);
}
static inline void kit_stream_answer_get(struct kit_stream_answer *to, const uint8_t *from) {
    memcpy(&to->sample_bytes, from + 0, 2);
    memcpy(&to->rate, from + 2, 4);
    memcpy(&to->due, from + 6, 4);
    memcpy(&to->stride, from + 10, 4);
    memcpy(&to->signal_sha256, from + 14, 32);
}

struct kit_samples_request {
    uint32_t position; /* samples before these since the stream began, modulo 2^32 */
};
#define KIT_SAMPLES_REQUEST_BYTES 4
static inline void kit_samples_request_put(uint8_t *to, const struct kit_samples_request *from) {
    memcpy(to + 0, &from->position, 4);
}
static inline void kit_samples_request_get(struct kit_samples_request *to, const uint8_t *from) {
    memcpy(&to->position, from + 0, 4);
}

struct kit_samples_answer {
    uint32_t position; /* samples taken since the stream began, modulo 2^32 */
    uint32_t due; /* samples until the next inference */
    uint64_t front_ticks; /* time of the front end since the inference before */
    uint64_t model_ticks; /* time of the inference, 0 when there was none */
    int32_t label; /* number of the label that post-processing decided for, -1 for none */
    int32_t score; /* score of the label that won, decided or not; 65536 is 1 */
    uint8_t ran; /* 1 when there was an inference */
};
#define KIT_SAMPLES_ANSWER_BYTES 33
static inline void kit_samples_answer_put(uint8_t *to, const struct kit_samples_answer *from) {
    memcpy(to + 0, &from->position, 4);
    memcpy(to + 4, &from->due, 4);
    memcpy(to + 8, &from->front_ticks, 8);
    memcpy(to + 16, &from->model_ticks, 8);
    memcpy(to + 24, &from->label, 4);
    memcpy(to + 28, &from->score, 4);
    memcpy(to + 32, &from->ran, 1);
}
static inline void kit_samples_answer_get(struct kit_samples_answer *to, const uint8_t *from) {
    memcpy(&to->position, from + 0, 4);
    memcpy(&to->due, from + 4, 4);
    memcpy(&to->front_ticks, from + 8, 8);
    memcpy(&to->model_ticks, from + 16, 8);
    memcpy(&to->label, from + 24, 4);
    memcpy(&to->score, from + 28, 4);
    memcpy(&to->ran, from + 32, 1);
}

struct kit_profile_entry {
    uint32_t ticks; /* time of the layer */
    uint32_t crc; /* CRC-32 of the layer's output */
};
#define KIT_PROFILE_ENTRY_BYTES 8
static inline void kit_profile_entry_put(uint8_t *to, const struct kit_profile_entry *from) {
    memcpy(to + 0, &from->ticks, 4);
    memcpy(to + 4, &from->crc, 4);
}
static inline void kit_profile_entry_get(struct kit_profile_entry *to, const uint8_t *from) {
    memcpy(&to->ticks, from + 0, 4);
    memcpy(&to->crc, from + 4, 4);
}

#ifdef __cplusplus
}
#endif
#endif
