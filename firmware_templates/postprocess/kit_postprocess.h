/* From the scores of one answer after another to decisions: smoothing, threshold, hysteresis, ignored labels,
 * refractory time. Integers only; the same C decides on the host. */
#ifndef KIT_POSTPROCESS_H
#define KIT_POSTPROCESS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum kit_smoothing {
    KIT_SMOOTHING_NONE = 0,
    KIT_SMOOTHING_MOVING_AVERAGE = 1,
    KIT_SMOOTHING_MAJORITY_VOTE = 2
};

/* Made by toolchain/postprocess. Scores are in Q16: 65536 is 1. */
struct kit_postprocess_config {
    uint32_t labels;        /* values of the model's output; 0: there is nothing to decide */
    uint32_t value_bytes;   /* of one value: 1 (int8) or 2 (int16) */
    int32_t zero_point;     /* value that is a score of 0 */
    int32_t multiplier;     /* a step of the value is a score of multiplier / 2^shift */
    uint32_t shift;         /* at most 46 */
    uint32_t smoothing;     /* enum kit_smoothing */
    uint32_t length;        /* answers that are smoothed over, 1 to 255 */
    int32_t threshold;      /* least score of a decision */
    int32_t hysteresis;     /* by how much the label that won last may lie below threshold and the greatest */
    uint32_t debounce;      /* answers without a decision behind each decision */
    const uint8_t *ignored; /* a byte a label: 1 where it is never a decision */
};

struct kit_decision {
    int32_t label; /* number of the label, -1 for none */
    int32_t score; /* Q16, of the label that won, decided or not, else of the greatest */
};

/* What is kept from answer to answer. Lies at the start of the caller's memory. */
struct kit_postprocess {
    const struct kit_postprocess_config *config;
    int32_t *sums;    /* of each label over the answers in `history`: values, or votes */
    uint8_t *history; /* the last answers: values, or one vote each */
    uint32_t at;      /* where the next answer goes */
    uint32_t count;   /* answers in `history` */
    uint32_t quiet;   /* answers still without a decision */
    int32_t winner;   /* of the last answer, -1 for none */
};

/* Bytes of memory, aligned as a pointer, for kit_postprocess_init. KIT_POSTPROCESS_BYTES is the same as a
 * constant: `answer_bytes` is what one answer takes in the history, 0 without smoothing. */
#define KIT_POSTPROCESS_BYTES(labels, length, answer_bytes)                                                  \
    (sizeof(struct kit_postprocess) +                                                                        \
     ((answer_bytes) != 0 ? 4u * (labels) + (size_t)(length) * (answer_bytes) : 0u))
size_t kit_postprocess_bytes(const struct kit_postprocess_config *config);

/* The state, in `memory`, with no answers; NULL when `bytes` are too few or not aligned. */
struct kit_postprocess *kit_postprocess_init(const struct kit_postprocess_config *config, void *memory,
                                             size_t bytes);

/* Forget the answers so far. */
void kit_postprocess_reset(struct kit_postprocess *state);

/* The decision where `kit_postprocess_decide` would do no more than take the greatest score: without
 * smoothing, threshold, hysteresis, ignored labels and refractory time. It needs no memory. */
struct kit_decision kit_postprocess_greatest(const struct kit_postprocess_config *config, const void *output);

/* Take in the model's output (`labels` values, aligned as their type) and decide. */
struct kit_decision kit_postprocess_decide(struct kit_postprocess *state, const void *output);

#ifdef __cplusplus
}
#endif
#endif
