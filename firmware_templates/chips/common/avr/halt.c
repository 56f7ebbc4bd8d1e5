#include "../start.h"

/* Idle, the sleep in which the UART still sends what it has; without interrupts nothing ends it. SMCR:
 * bits 3..1 the mode, bit 0 enable. */
void chip_halt(void) {
    *(volatile uint8_t *)0x53 = 1;
    __asm volatile("cli\n sleep");
}
