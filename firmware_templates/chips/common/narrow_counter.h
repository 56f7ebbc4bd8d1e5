/* chip.h's ticks from a counter of 32 bits that counts up: chip_ticks() and chip_idle(). Who includes it
 * gives COUNTER_NOW() (reads the counter). It must be read at least once a round, which chip_idle() and
 * chip_wait() see to, and not from interrupts. */
#ifndef KIT_NARROW_COUNTER_H
#define KIT_NARROW_COUNTER_H

#include <stdint.h>
#include "../chip.h"

static uint32_t last_count, rounds;

uint64_t chip_ticks(void) {
    const uint32_t count = COUNTER_NOW();
    rounds += count < last_count;
    last_count = count;
    return (uint64_t)rounds << 32 | count;
}

void chip_idle(void) {
    (void)chip_ticks();
}

#endif
