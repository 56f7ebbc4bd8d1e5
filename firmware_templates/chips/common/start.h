/* What start-up code shares. The painted stack is filled with a pattern at start, so that its deepest use can
 * be read off later. The linker script gives its bounds. */
#ifndef KIT_START_H
#define KIT_START_H

#include <stdint.h>

#define STACK_PAINT 0xC5C5C5C5u

extern uint32_t __stack_bottom[], __stack_top[];

/* Paint from the bottom up to just below the caller's frame. Must be inlined into the start-up code. */
static inline __attribute__((always_inline)) void stack_paint(void) {
    const uintptr_t here =
        (uintptr_t)__builtin_frame_address(0) - 64u; /* 64: room for what start-up itself pushes */
    for (volatile uint32_t *word = __stack_bottom; (uintptr_t)word < here; word++) {
        *word = STACK_PAINT;
    }
}

/* The last chip_getc() found nothing, and no chip_idle() came since: the firmware waits for input. */
extern uint8_t starved;

/* For chip_idle(): check that the stack has not run over its end where no hardware does, and count
 * `chip_waits` when the firmware waits for input, by which an emulator knows that nothing happens until it
 * gets some. Returns whether it waits. */
extern volatile uint32_t chip_waits;
int note_idle(void);

/* Sleep for good, as deep as the chip can with nothing to wake it. */
void chip_halt(void);

/* Text on the UART before the firmware stops for good: what happened and the address where. */
void chip_panic(const char *what, uint32_t address) __attribute__((noreturn));

#endif
