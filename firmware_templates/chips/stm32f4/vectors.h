/* Interrupts of the STM32F4: reference manual RM0090, table 62. */
#ifndef KIT_VECTORS_H
#define KIT_VECTORS_H

#include <stdint.h>

#define CHIP_INTERRUPTS 96

/* External interrupt `number` (0 is the first after the 16 system exceptions). */
void chip_interrupt(uint32_t number);

#endif
