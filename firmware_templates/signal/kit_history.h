/* The last frames of features: the model's input, which slides over a stream frame by frame. */
#ifndef KIT_HISTORY_H
#define KIT_HISTORY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct kit_history {
    int8_t *frames;   /* count * columns, the caller's */
    uint32_t count;   /* frames that the model sees at once */
    uint32_t columns; /* features of a frame */
    uint32_t at;      /* where the next frame goes; the oldest one once there are enough */
    uint32_t missing; /* frames until there are enough */
};

/* Start with no frames. `frames` has room for count * columns features. */
void kit_history_init(struct kit_history *history, int8_t *frames, uint32_t count, uint32_t columns);

/* Where the next frame is to be written; kit_history_push takes it in. */
int8_t *kit_history_next(const struct kit_history *history);
void kit_history_push(struct kit_history *history);

/* Copy the frames, the oldest first, to `input` (count * columns). Returns 1, or 0 while there are too few.
 */
int kit_history_read(const struct kit_history *history, int8_t *input);

#ifdef __cplusplus
}
#endif
#endif
