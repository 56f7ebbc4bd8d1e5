/* Interrupts of the MPS2 images that this chip folder serves. */
#ifndef KIT_VECTORS_H
#define KIT_VECTORS_H

#include <stdint.h>

#ifndef CHIP_INTERRUPTS
#define CHIP_INTERRUPTS 16
#endif

/* External interrupt `number` (0 is the first after the 16 system exceptions). */
void chip_interrupt(uint32_t number);

#endif
