/* QEMU's generic RISC-V machine "virt", which no hardware has: a 16550 UART, a core-local interruptor, a test
 * device (QEMU, hw/riscv/virt: memory map; 16550: TI PC16550D data sheet, 8). For checks of generated code,
 * quickly. */
#include "../chip.h"
#include "../common/riscv/riscv.h"
#include "../common/start.h"

#define UART ((volatile uint8_t *)0x10000000u)
#define UART_DATA 0
#define UART_LSR 5 /* bit 0 received, bit 5 transmitter free */
#define CLINT 0x02000000u
#define TEST_DEVICE (*(volatile uint32_t *)0x00100000u) /* 0x7777: reset */

const uint32_t chip_tick_hz = CHIP_CLOCK_HZ;
const uint32_t chip_rx_bytes = 16;

void chip_init(void) {
}

int chip_getc(void) {
    return (UART[UART_LSR] & 1u) != 0 ? UART[UART_DATA] : -1;
}

void chip_putc(uint8_t byte) {
    while ((UART[UART_LSR] & 0x20u) == 0) {
    }
    UART[UART_DATA] = byte;
}

uint64_t chip_ticks(void) {
    return riscv_cycles();
}

void chip_idle(void) {
    check_stack();
}

void chip_wait(void) {
    check_stack();
    chip_waits++;
    riscv_sleep(CLINT, 1000); /* 10 MHz: 0.1 ms */
}

void chip_reset(void) {
    TEST_DEVICE = 0x7777u;
    for (;;) {
    }
}
