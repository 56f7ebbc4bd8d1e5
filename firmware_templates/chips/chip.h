/* What a chip gives to the application. One folder a chip implements it: start-up, linker script, clock,
 * UART, timer. Nothing else in the firmware is chip-specific. */
#ifndef CHIP_H
#define CHIP_H

#include <stdint.h>

/* Clock, UART and timer set up, watchdogs under control. Called once, before anything else. */
void chip_init(void);

/* Next received byte, or -1 when there is none. Never blocks. */
int chip_getc(void);

/* Send one byte; waits while the transmitter is full. */
void chip_putc(uint8_t byte);

/* Free-running 64-bit counter of chip_tick_hz ticks a second; never wraps in practice, monotone. */
uint64_t chip_ticks(void);
extern const uint32_t chip_tick_hz;

/* Greatest number of stack bytes used since start (painted stack), 0 where it cannot be known. */
uint32_t chip_stack_used(void);

/* Called between layers of a long inference: feeds the watchdog. Never blocks. */
void chip_idle(void);

/* Called in the main loop when nothing was received: feeds the watchdog, may sleep until a byte arrives (a
 * sleep ends after at most 100 ms). Returning at once is right too. */
void chip_wait(void);

/* Received bytes that the UART keeps while nobody calls chip_getc: its FIFO, or its interrupt's ring. The
 * host sends large frames one after another without waiting only where this is 16 or more. */
extern const uint32_t chip_rx_bytes;

/* Restart the firmware once everything sent has left the transmitter. Does not return. */
void chip_reset(void);

#endif
