/* Interrupts of the nRF52840: Product Specification v1.7, "Instantiation". */
#ifndef KIT_VECTORS_H
#define KIT_VECTORS_H

#include <stdint.h>

#define CHIP_INTERRUPTS 48

/* External interrupt `number` (0 is the first after the 16 system exceptions). */
void chip_interrupt(uint32_t number);

#endif
