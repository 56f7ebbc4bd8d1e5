/* UART of the Cortex-M System Design Kit: Technical Reference Manual (Arm DDI 0479) 4.3. The board gives its
 * base address, CHIP_UART_BASE, and its receive interrupt, CHIP_UART_RX_IRQ. */
#ifndef KIT_CMSDK_UART_H
#define KIT_CMSDK_UART_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))

#define UART_DATA REG(CHIP_UART_BASE + 0x00u)
#define UART_STATE REG(CHIP_UART_BASE + 0x04u) /* bit 0 transmit buffer full, bit 1 receive buffer full */
#define UART_CTRL REG(CHIP_UART_BASE + 0x08u)  /* bit 0 transmit, bit 1 receive, bit 3 receive interrupt */
#define UART_INTCLEAR REG(CHIP_UART_BASE + 0x0Cu)
#define UART_BAUDDIV REG(CHIP_UART_BASE + 0x10u) /* at least 16 */

/* Interrupt set-enable registers of the NVIC (DDI 0403 B3.4). */
#define NVIC_ENABLE(number) (REG(0xE000E100u + 4u * ((number) / 32u)) = 1u << ((number) % 32u))

static inline void uart_start(void) {
    const uint32_t divider = (CHIP_CLOCK_HZ + CHIP_BAUD / 2u) / CHIP_BAUD;
    UART_BAUDDIV = divider < 16u ? 16u : divider;
    UART_CTRL = 0x0Bu;
    NVIC_ENABLE(CHIP_UART_RX_IRQ);
}

static inline int uart_received(void) {
    return (UART_STATE & 2u) != 0;
}

static inline void uart_send(uint8_t byte) {
    while ((UART_STATE & 1u) != 0) {
    }
    UART_DATA = byte;
}

/* Sleep until a byte or another interrupt comes. The receive interrupt is there for this only: the byte waits
 * in the buffer. With interrupts held back, one that comes before WFI still ends it. */
static inline void uart_wait(void) {
    __asm volatile("cpsid i" ::: "memory");
    if (!uart_received()) {
        __asm volatile("wfi");
    }
    __asm volatile("cpsie i\n isb" ::: "memory");
}

#endif
