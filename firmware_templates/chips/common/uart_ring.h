/* What a Cortex-M's UART received and nobody took yet, and sleep until something comes: chip_getc() and
 * chip_wait() of chip.h. Who includes it gives UART_RECEIVED() (a byte waits in the UART), UART_TAKE() (takes
 * it), UART_ACKNOWLEDGE() (of the interrupt and of whatever else raises it), UART_HOLD() and UART_RESUME()
 * (no interrupt while a byte stays in the UART because the ring is full). */
#ifndef KIT_UART_RING_H
#define KIT_UART_RING_H

#include <stdint.h>
#include "../chip.h"
#include "mailbox.h"
#include "start.h"

/* Interrupt set-enable and clear-enable registers of the NVIC (DDI 0403 B3.4). */
#define NVIC_ENABLE(number) (REG(0xE000E100u + 4u * ((number) / 32u)) = 1u << ((number) % 32u))
#define NVIC_DISABLE(number) (REG(0xE000E180u + 4u * ((number) / 32u)) = 1u << ((number) % 32u))

/* SysTick (B3.3): bits 2, 1, 0 processor clock, interrupt, enable. */
#define SYST_CSR REG(0xE000E010u)
#define SYST_RVR REG(0xE000E014u)
#define SYST_CVR REG(0xE000E018u)
#define SCB_ICSR REG(0xE000ED04u) /* bit 25: SysTick no longer pending */
#define LONGEST_SLEEP (CHIP_CLOCK_HZ / 10u < 0xFFFFFFu ? CHIP_CLOCK_HZ / 10u : 0xFFFFFFu)

/* The indices run on; their difference is what is in it. */
#define RING 64u
static volatile uint8_t ring[RING];
static volatile uint32_t ring_in, ring_out;
const uint32_t chip_rx_bytes = RING;

/* The receive interrupt. A byte for which the ring has no room stays in the UART: chip_getc() takes it from
 * there. */
static inline void uart_interrupt(void) {
    UART_ACKNOWLEDGE();
    while (UART_RECEIVED()) {
        if (mailbox_is_open()) {
            (void)UART_TAKE(); /* it has ended the sleep */
            continue;
        }
        if (ring_in - ring_out >= RING) {
            UART_HOLD();
            return;
        }
        ring[ring_in % RING] = UART_TAKE();
        ring_in++;
    }
}

int chip_getc(void) {
    if (ring_in == ring_out || !mailbox_is_open()) { /* else what is in the ring is older */
        const int mailed = mailbox_take();
        if (mailed >= 0) {
            return mailed;
        }
    }
    if (ring_in == ring_out) {
        return -1;
    }
    const uint8_t byte = ring[ring_out % RING];
    ring_out++;
    if (UART_RECEIVED()) { /* left there when the ring was full */
        __asm volatile("cpsid i" ::: "memory");
        uart_interrupt();
        UART_RESUME();
        __asm volatile("cpsie i" ::: "memory");
    }
    return byte;
}

/* Sleep until a byte or 100 ms have come. Interrupts are held back from the look at the ring to WFI, which
 * one that is pending ends all the same. The ticks are read where that is what keeps a narrow counter whole.
 */
void chip_wait(void) {
    chip_waits++;
    (void)chip_ticks();
    __asm volatile("cpsid i" ::: "memory");
    if (ring_in == ring_out && !mailbox_has_some()) {
        SYST_RVR = LONGEST_SLEEP;
        SYST_CVR = 0;
        SYST_CSR = 7;
        __asm volatile("dsb\n wfi" ::: "memory");
        SYST_CSR = 0;
        SCB_ICSR = 1u << 25;
    }
    __asm volatile("dsb\n cpsie i\n isb" ::: "memory"); /* no longer pending before it is let through */
}

#endif
