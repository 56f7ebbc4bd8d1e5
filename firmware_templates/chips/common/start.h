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

/* Calls of chip_wait(), by which an emulator knows that nothing happens until it sends something. */
extern volatile uint32_t chip_waits;

/* Panic when the stack has run over its end: for chip_idle() and chip_wait(). */
void check_stack(void);

/* Sleep for good, as deep as the chip can with nothing to wake it. */
void chip_halt(void);

/* Text on the UART before the firmware stops for good: what happened and the address where. */
void chip_panic(const char *what, uint32_t address) __attribute__((noreturn));

#endif
