/* Interrupts of the MPS3 image AN547. */
#ifndef KIT_VECTORS_H
#define KIT_VECTORS_H

#include <stdint.h>

#ifndef CHIP_INTERRUPTS
#define CHIP_INTERRUPTS 48
#endif

/* External interrupt `number` (0 is the first after the 16 system exceptions). */
void chip_interrupt(uint32_t number);

#endif
