/* Arm MPS2 FPGA images with the Cortex-M System Design Kit's UART and timer. Timer: CMSDK Technical Reference
 * Manual (Arm DDI 0479) 4.1; addresses and interrupts: application notes AN385, AN386, AN500 (DAI 0385, 0386,
 * 0500), given by the board. */
#include "../chip.h"
#include "../common/arm/arm.h"
#include "../common/cmsdk_uart.h"
#include "../common/start.h"
#include "vectors.h"

#define TIMER_CTRL REG(CHIP_TIMER_BASE + 0x00u)  /* bit 0 enable, bit 3 interrupt */
#define TIMER_VALUE REG(CHIP_TIMER_BASE + 0x04u) /* counts down */
#define TIMER_RELOAD REG(CHIP_TIMER_BASE + 0x08u)
#define TIMER_INT REG(CHIP_TIMER_BASE + 0x0Cu) /* read: pending; write 1: clear */

const uint32_t chip_tick_hz = CHIP_CLOCK_HZ;

static volatile uint32_t wraps; /* of the 32-bit timer, counted by its interrupt */

void chip_init(void) {
    TIMER_CTRL = 0;
    TIMER_RELOAD = 0xFFFFFFFFu;
    TIMER_VALUE = 0xFFFFFFFFu;
    TIMER_INT = 1;
    TIMER_CTRL = 0x09u;
    NVIC_ENABLE(CHIP_TIMER_IRQ);
    uart_start();
}

void chip_interrupt(uint32_t number) {
    if (number == CHIP_TIMER_IRQ) {
        TIMER_INT = 1;
        wraps++;
    } else if (number == CHIP_UART_RX_IRQ) {
        uart_interrupt();
    }
}

void chip_putc(uint8_t byte) {
    uart_putc(byte);
}

uint64_t chip_ticks(void) {
    uint32_t high, value;
    do { /* again when it wraps meanwhile; at 0 the interrupt is raised one tick before the counter reloads */
        high = wraps;
        value = TIMER_VALUE;
    } while (value == 0 || TIMER_INT != 0 || high != wraps);
    return ((uint64_t)high << 32) | (0xFFFFFFFFu - value);
}

void chip_idle(void) {
}

void chip_reset(void) {
    uart_drain(chip_ticks);
    arm_reset();
}
