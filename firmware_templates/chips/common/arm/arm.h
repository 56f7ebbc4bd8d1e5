/* What every Cortex-M has. */
#ifndef KIT_ARM_H
#define KIT_ARM_H

/* Reset the system through the application interrupt and reset control register (DDI 0403 B3.2.6). */
void arm_reset(void) __attribute__((noreturn));

#endif
