/* Arm MPS2 and MPS3 FPGA images with the Cortex-M System Design Kit's UART and timer. Registers: CMSDK
 * Technical Reference Manual (Arm DDI 0479) 4.3 (APB UART), 4.1 (APB timer); addresses and interrupts:
 * application notes AN385 (DAI 0385), AN386 (DAI 0386), AN500, AN547, given by the board. */
#include "../chip.h"
#include "../common/start.h"
#include "vectors.h"

#define REG(address) (*(volatile uint32_t *)(address))

#define UART_DATA REG(CHIP_UART_BASE + 0x00u)
#define UART_STATE REG(CHIP_UART_BASE + 0x04u) /* bit 0 transmit buffer full, bit 1 receive buffer full */
#define UART_CTRL REG(CHIP_UART_BASE + 0x08u)  /* bit 0 transmit, bit 1 receive, bit 3 receive interrupt */
#define UART_INTCLEAR REG(CHIP_UART_BASE + 0x0Cu)
#define UART_BAUDDIV REG(CHIP_UART_BASE + 0x10u) /* at least 16 */

#define TIMER_CTRL REG(CHIP_TIMER_BASE + 0x00u)  /* bit 0 enable, bit 3 interrupt */
#define TIMER_VALUE REG(CHIP_TIMER_BASE + 0x04u) /* counts down */
#define TIMER_RELOAD REG(CHIP_TIMER_BASE + 0x08u)
#define TIMER_INT REG(CHIP_TIMER_BASE + 0x0Cu) /* read: pending; write 1: clear */

#define NVIC_ISER(number) REG(0xE000E100u + 4u * ((number) / 32u))

const uint32_t chip_tick_hz = CHIP_CLOCK_HZ;

static volatile uint32_t wraps; /* of the 32-bit timer, counted by its interrupt */

void chip_init(void) {
    const uint32_t divider = (CHIP_CLOCK_HZ + CHIP_BAUD / 2u) / CHIP_BAUD;
    UART_BAUDDIV = divider < 16u ? 16u : divider;
    UART_CTRL = 0x0Bu;
    TIMER_CTRL = 0;
    TIMER_RELOAD = 0xFFFFFFFFu;
    TIMER_VALUE = 0xFFFFFFFFu;
    TIMER_INT = 1;
    TIMER_CTRL = 0x09u;
    NVIC_ISER(CHIP_TIMER_IRQ) = 1u << (CHIP_TIMER_IRQ % 32u);
    NVIC_ISER(CHIP_UART_RX_IRQ) = 1u << (CHIP_UART_RX_IRQ % 32u);
}

void chip_interrupt(uint32_t number) {
    if (number == CHIP_TIMER_IRQ) {
        TIMER_INT = 1;
        wraps++;
    } else if (number == CHIP_UART_RX_IRQ) {
        UART_INTCLEAR = 2; /* only there to wake chip_idle(); the byte waits in the buffer */
    }
}

int chip_getc(void) {
    starved = (UART_STATE & 2u) == 0;
    return starved ? -1 : (int)(UART_DATA & 0xFFu);
}

void chip_putc(uint8_t byte) {
    while ((UART_STATE & 1u) != 0) {
    }
    UART_DATA = byte;
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
    if (note_idle()) {
        __asm volatile("cpsid i" ::: "memory"); /* a byte that comes before WFI then still wakes it */
        if ((UART_STATE & 2u) == 0) {
            __asm volatile("wfi");
        }
        __asm volatile("cpsie i\n isb" ::: "memory");
    }
}
