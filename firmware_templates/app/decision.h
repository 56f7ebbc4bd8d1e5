/* What the firmware makes of the model's answers to a stream, one after another. */
#ifndef KIT_DECISION_H
#define KIT_DECISION_H

#include <stdint.h>

struct kit_decision {
    int32_t label; /* number of the label, -1 for none */
    int32_t score; /* Q16: 65536 is certain */
};

/* Forget the answers so far. */
void kit_decision_start(void);

/* The decision after one more answer, the model's first output. */
struct kit_decision kit_decide(const int8_t *output);

#endif
