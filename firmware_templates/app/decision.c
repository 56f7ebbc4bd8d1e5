#include "decision.h"

#include "app.h"
#include "kit_postprocess_config.h"

/* KIT_POSTPROCESS_LEVEL: 0 there is nothing to decide, 1 the greatest score decides, 2 all of
 * post-processing. */
#if KIT_POSTPROCESS_LEVEL == 2
static union {
    void *aligned;
    uint8_t bytes[KIT_POSTPROCESS_MEMORY];
} memory;

void kit_decision_start(void) {
    (void)kit_postprocess_init(&kit_postprocess_settings, memory.bytes, sizeof memory);
}

struct kit_decision kit_decide(void) {
    return kit_postprocess_decide((struct kit_postprocess *)memory.bytes, model_output(kit_arena, 0));
}
#else
void kit_decision_start(void) {
}

struct kit_decision kit_decide(void) {
#if KIT_POSTPROCESS_LEVEL == 1
    return kit_postprocess_greatest(&kit_postprocess_settings, model_output(kit_arena, 0));
#else
    struct kit_decision none = {-1, 0};
    return none;
#endif
}
#endif
