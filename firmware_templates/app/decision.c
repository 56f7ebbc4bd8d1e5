#include "decision.h"

#include "app.h"

#if KIT_APP_SIGNAL

void kit_decision_start(void) {
}

/* The greatest value. A softmax in int8 has scale 1 / 256 and zero point -128, as TensorFlow Lite asks. */
struct kit_decision kit_decide(const int8_t *output) {
    struct kit_decision decision = {0, 0};
    for (uint32_t i = 1; i < model_outputs[0].bytes; i++)
        if (output[i] > output[decision.label])
            decision.label = (int32_t)i;
    decision.score = (output[decision.label] - INT8_MIN) * 256;
    return decision;
}

#endif
