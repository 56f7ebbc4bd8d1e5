#include "start.h"
#include "chip.h"

volatile uint32_t chip_waits;

void check_stack(void) {
    if (*__stack_bottom != STACK_PAINT) {
        chip_panic("stack overflow", (uint32_t)(uintptr_t)__builtin_return_address(0));
    }
}

uint32_t chip_stack_used(void) {
    const uint32_t *word = __stack_bottom;
    while (word < __stack_top && *word == STACK_PAINT) {
        word++;
    }
    return (uint32_t)((uintptr_t)__stack_top - (uintptr_t)word);
}

static void put_text(const char *text) {
    while (*text != '\0') {
        chip_putc((uint8_t)*text++);
    }
}

void chip_panic(const char *what, uint32_t address) {
    put_text("\r\npanic: ");
    put_text(what);
    put_text(" at 0x");
    for (int shift = 28; shift >= 0; shift -= 4) {
        chip_putc((uint8_t) "0123456789abcdef"[(address >> shift) & 15u]);
    }
    put_text("\r\n");
    for (;;) {
        chip_halt();
    }
}
