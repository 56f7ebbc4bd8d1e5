/* Interrupts of the RP2040: RP2040 Datasheet, 2.3.2 "Interrupts". None is used: the UART is polled. */
#ifndef KIT_VECTORS_H
#define KIT_VECTORS_H

#include <stdint.h>

#define CHIP_INTERRUPTS 26

/* External interrupt `number` (0 is the first after the 16 system exceptions). */
void chip_interrupt(uint32_t number);

#endif
