/* Arm MPS3 FPGA image AN547 (Corstone SSE-300 with Cortex-M55). Counter: Corstone SSE-300 Example Subsystem
 * Technical Reference Manual (Arm 101773), "System counter" and Arm Architecture Reference Manual,
 * memory-mapped counter (DDI 0487 I2.2); addresses and interrupts: application note AN547 (DAI 0547), given
 * by the board. */
#include "../chip.h"
#include "../common/arm/arm.h"
#include "../common/cmsdk_uart.h"
#include "../common/start.h"
#include "vectors.h"

#define COUNTER_CONTROL REG(CHIP_COUNTER_CONTROL) /* CNTCR: bit 0 enable */
#define COUNTER_LOW REG(CHIP_COUNTER_BASE + 0x0u) /* CNTCV in the status frame */
#define COUNTER_HIGH REG(CHIP_COUNTER_BASE + 0x4u)

const uint32_t chip_tick_hz = CHIP_CLOCK_HZ;

void chip_init(void) {
    COUNTER_CONTROL = 1;
    uart_start();
}

void chip_interrupt(uint32_t number) {
    if (number == CHIP_UART_RX_IRQ) {
        uart_interrupt();
    }
}

void chip_putc(uint8_t byte) {
    uart_putc(byte);
}

uint64_t chip_ticks(void) {
    uint32_t high, low;
    do {
        high = COUNTER_HIGH;
        low = COUNTER_LOW;
    } while (high != COUNTER_HIGH);
    return ((uint64_t)high << 32) | low;
}

void chip_idle(void) {
}

void chip_reset(void) {
    uart_drain(chip_ticks);
    arm_reset();
}
