/* What the firmware makes of the model's answers, one after another. */
#ifndef KIT_DECISION_H
#define KIT_DECISION_H

#include "kit_postprocess.h"

/* Forget the answers so far. */
void kit_decision_start(void);

/* The decision after one more answer, the model's first output. */
struct kit_decision kit_decide(void);

#endif
