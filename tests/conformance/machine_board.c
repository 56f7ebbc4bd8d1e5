/* On a board: one arena for all, the text by the UART. */
#include "chip.h"
#include "run_cases.h"

KIT_ALIGN16 static uint8_t memory[ARENA_BYTES];

void machine_put(char c) {
    chip_putc((uint8_t)c);
}

void *machine_arena(size_t bytes) {
    return bytes <= sizeof memory ? memory : NULL;
}

void machine_release(void *arena) {
    (void)arena;
}

kit_layer_hook machine_before_layers(const struct test_case *test, void *arena) {
    (void)test;
    (void)arena;
    return NULL;
}

void machine_after_layers(const struct test_case *test, void *arena) {
    (void)test;
    (void)arena;
}

int main(void) {
    chip_init();
    run_lists();
    machine_put('\x04');
    for (;;) {
        chip_wait();
    }
}
