/* QEMU's Xtensa machine "sim", which no hardware has: a console by simulator calls (Xtensa ISA Reference
 * Manual, SIMCALL; QEMU, target/xtensa/xtensa-semi.c: the call's number in a2, its arguments from a3 on). For
 * checks of generated code. */
#include "../chip.h"
#include "../common/start.h"

enum { CALL_READ = 3, CALL_WRITE = 4, CALL_SELECT_ONE = 29, SELECT_READ = 1 };

const uint32_t chip_tick_hz = CHIP_CLOCK_HZ;
const uint32_t chip_rx_bytes = 1;

static uint32_t last_count, wraps;

static int32_t simulator_call(int32_t number, int32_t first, uintptr_t second, uintptr_t third) {
    register int32_t a2 __asm("a2") = number;
    register int32_t a3 __asm("a3") = first;
    register uintptr_t a4 __asm("a4") = second;
    register uintptr_t a5 __asm("a5") = third;
    __asm volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return a2;
}

void chip_init(void) {
}

int chip_getc(void) {
    static const uint32_t at_once[2] = {0, 0};
    uint8_t byte;
    if (simulator_call(CALL_SELECT_ONE, 0, SELECT_READ, (uintptr_t)at_once) <= 0 ||
        simulator_call(CALL_READ, 0, (uintptr_t)&byte, 1) != 1) {
        return -1;
    }
    return byte;
}

void chip_putc(uint8_t byte) {
    (void)simulator_call(CALL_WRITE, 1, (uintptr_t)&byte, 1);
}

/* CCOUNT wraps every 107 s at 40 MHz: it must be read more often, which chip_idle() sees to. */
uint64_t chip_ticks(void) {
    uint32_t count;
    __asm volatile("rsr.ccount %0" : "=r"(count));
    wraps += count < last_count;
    last_count = count;
    return (uint64_t)wraps << 32 | count;
}

void chip_idle(void) {
    (void)chip_ticks();
    check_stack();
}

void chip_wait(void) {
    chip_idle();
    chip_waits++;
}

void chip_start(void) __attribute__((noreturn));

void chip_reset(void) {
    chip_start();
}
