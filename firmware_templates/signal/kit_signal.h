/* The front end of this firmware, the same for sound, motion and pictures: raw samples as they come, the
 * model's input whenever one is due. There is one stream; its memory is static. */
#ifndef KIT_SIGNAL_H
#define KIT_SIGNAL_H

#include <stdint.h>

#include "kit_signal_config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Forget the samples so far. To be called before anything else. */
void kit_signal_start(void);

/* Samples until an input is due: first those of a whole input, then KIT_SIGNAL_STRIDE from one to the next.
 * 0: an input is due. */
uint32_t kit_signal_due(void);

/* Take some of `count` samples of KIT_SIGNAL_SAMPLE_BYTES each, which may lie at any address, and compute the
 * features of a frame that they complete. Returns how many were taken, so that the caller can look at other
 * things in between: none once an input is due, else one at least. */
uint32_t kit_signal_feed(const uint8_t *samples, uint32_t count);

/* Write the input that is due, KIT_SIGNAL_FEATURES values. Returns 1, or 0 when more samples are needed. */
int kit_signal_read(int8_t *input);

#ifdef __cplusplus
}
#endif
#endif
