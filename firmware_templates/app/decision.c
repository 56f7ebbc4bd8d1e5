#include "decision.h"

#include "app.h"
#include "kit_postprocess_config.h"

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
