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

/* SysTick (B3.3): bits 2, 1, 0 processor clock, interrupt, enable. */
#define SYST_CSR REG(0xE000E010u)
#define SYST_RVR REG(0xE000E014u)
#define SYST_CVR REG(0xE000E018u)
#define SCB_ICSR REG(0xE000ED04u) /* bit 25: SysTick no longer pending */
#define LONGEST_SLEEP (CHIP_CLOCK_HZ / 10u)

/* What the interrupt received and nobody took yet. The indices run on; their difference is what is in it. */
#define RING 64u
static volatile uint8_t ring[RING];
static volatile uint32_t ring_in, ring_out;

static inline void uart_start(void) {
    const uint32_t divider = (CHIP_CLOCK_HZ + CHIP_BAUD / 2u) / CHIP_BAUD;
    UART_BAUDDIV = divider < 16u ? 16u : divider;
    UART_CTRL = 0x0Bu;
    NVIC_ENABLE(CHIP_UART_RX_IRQ);
}

/* The receive interrupt. A byte for which the ring has no room stays in the UART: uart_getc() takes it from
 * there. Cleared before the look at the buffer: a byte that comes in between raises it again. */
static inline void uart_interrupt(void) {
    UART_INTCLEAR = 2;
    while ((UART_STATE & 2u) != 0 && ring_in - ring_out < RING) {
        ring[ring_in % RING] = (uint8_t)UART_DATA;
        ring_in++;
    }
}

static inline int uart_getc(void) {
    if (ring_in == ring_out) {
        return -1;
    }
    const uint8_t byte = ring[ring_out % RING];
    ring_out++;
    if ((UART_STATE & 2u) != 0) { /* left there when the ring was full */
        __asm volatile("cpsid i" ::: "memory");
        uart_interrupt();
        __asm volatile("cpsie i" ::: "memory");
    }
    return byte;
}

static inline void uart_putc(uint8_t byte) {
    while ((UART_STATE & 1u) != 0) {
    }
    UART_DATA = byte;
}

/* Sleep until a byte or 100 ms have come. Interrupts are held back from the look at the ring to WFI, which
 * one that is pending ends all the same. */
static inline void uart_wait(void) {
    __asm volatile("cpsid i" ::: "memory");
    if (ring_in == ring_out) {
        SYST_RVR = LONGEST_SLEEP;
        SYST_CVR = 0;
        SYST_CSR = 7;
        __asm volatile("dsb\n wfi" ::: "memory");
        SYST_CSR = 0;
        SCB_ICSR = 1u << 25;
    }
    __asm volatile("cpsie i\n isb" ::: "memory");
}

/* Until the last byte has left: the buffer empty, then the time of the byte that is being shifted out. */
static inline void uart_drain(uint64_t (*ticks)(void)) {
    while ((UART_STATE & 1u) != 0) {
    }
    for (const uint64_t start = ticks(); ticks() - start < CHIP_CLOCK_HZ / CHIP_BAUD * 11u;) {
    }
}

#endif
