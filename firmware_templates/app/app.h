/* What the parts of the application share. */
#ifndef KIT_APP_H
#define KIT_APP_H

#include "chip.h"
#include "kit_identity.h"
#include "kit_link.h"
#include "model.h"

#ifndef KIT_APP_PROFILE
#define KIT_APP_PROFILE 1 /* 0 leaves out `profile` and with it 8 bytes of RAM a layer */
#endif

#ifndef KIT_APP_SIGNAL
#define KIT_APP_SIGNAL                                                                                       \
    0 /* kit_identity.h says 1 where a front end makes the model's input of raw samples                      \
       */
#endif

extern struct kit_device {
    struct kit_link link;
    uint32_t inferences;
    uint8_t outputs_ready; /* outputs are those of the last run: nothing wrote into the arena since */
} kit_device;

extern uint8_t kit_arena[MODEL_ARENA_BYTES];

/* A request is carried out by a function that reads its payload, writes the answer's payload to `to`, sets
 * `*length` (0 at the call) and returns a status. */
typedef uint8_t kit_app_request(const struct kit_request *request, uint8_t *to, uint16_t *length);

/* model_requests.c */
kit_app_request kit_app_tensor, kit_app_input, kit_app_run, kit_app_output, kit_app_profile, kit_app_arena;

/* stream.c */
kit_app_request kit_app_stream, kit_app_samples;

/* One run of the model on what its inputs hold. */
struct kit_app_run {
    uint16_t stop_after; /* layer, or KIT_NO_LAYER */
    uint8_t profile;     /* keep ticks and CRC of each layer */
    uint16_t layers_run; /* from here on the result */
    uint64_t ticks;
    uint64_t layer_start;
};

/* Put the state of the model and of post-processing back to its start. */
void kit_app_reset_model(void);

/* Run the model as far as `run` says. Returns a status. */
uint8_t kit_app_invoke(struct kit_app_run *run);

/* Put all outputs behind the `*length` bytes of an answer when they fit: a request for them is saved. */
void kit_app_append_outputs(uint8_t *to, uint16_t *length);

/* Put `text` and its zero byte behind the `*length` bytes of an answer; 0 when it does not fit. */
int kit_app_append_text(uint8_t *to, uint16_t *length, const KIT_CONST char *text);

/* Whether `length` bytes from `offset` lie within `bytes`, with no sum that could wrap. */
static inline int kit_within(uint32_t offset, uint32_t length, uint32_t bytes) {
    return offset <= bytes && length <= bytes - offset;
}

#endif
