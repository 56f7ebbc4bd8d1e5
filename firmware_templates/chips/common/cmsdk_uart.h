/* UART of the Cortex-M System Design Kit: Technical Reference Manual (Arm DDI 0479) 4.3. The board gives its
 * base address, CHIP_UART_BASE, its receive interrupt, CHIP_UART_RX_IRQ, and in an emulator the place of a
 * mailbox, CHIP_MAILBOX_BASE. */
#ifndef KIT_CMSDK_UART_H
#define KIT_CMSDK_UART_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))

#define UART_DATA REG(CHIP_UART_BASE + 0x00u)
#define UART_STATE REG(CHIP_UART_BASE + 0x04u) /* bit 0 transmit buffer full, bit 1 receive buffer full */
#define UART_CTRL REG(CHIP_UART_BASE + 0x08u)  /* bit 0 transmit, bit 1 receive, bit 3 receive interrupt */
#define UART_INTCLEAR REG(CHIP_UART_BASE + 0x0Cu)
#define UART_BAUDDIV REG(CHIP_UART_BASE + 0x10u) /* at least 16 */

#define UART_RECEIVED() ((UART_STATE & 2u) != 0)
#define UART_TAKE() ((uint8_t)UART_DATA)
#define UART_ACKNOWLEDGE()                                                                                   \
    (UART_INTCLEAR = 2)       /* before the look: a byte that comes in between raises it again */
#define UART_HOLD() ((void)0) /* once acknowledged it is not raised for a byte that stays */
#define UART_RESUME() ((void)0)
#include "uart_ring.h"

static inline void uart_start(void) {
    const uint32_t divider = (CHIP_CLOCK_HZ + CHIP_BAUD / 2u) / CHIP_BAUD;
    UART_BAUDDIV = divider < 16u ? 16u : divider;
    UART_CTRL = 0x0Bu;
    NVIC_ENABLE(CHIP_UART_RX_IRQ);
}

static inline void uart_putc(uint8_t byte) {
    while ((UART_STATE & 1u) != 0) {
    }
    UART_DATA = byte;
}

/* Until the last byte has left: the buffer empty, then the time of the byte that is being shifted out. */
static inline void uart_drain(uint64_t (*ticks)(void)) {
    while ((UART_STATE & 1u) != 0) {
    }
    for (const uint64_t start = ticks(); ticks() - start < CHIP_CLOCK_HZ / CHIP_BAUD * 11u;) {
    }
}

#endif
