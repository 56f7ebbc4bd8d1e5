/* The host chip with a UART as small and slow as a real one: a line of CHIP_BAUD, a receive FIFO of
 * FIFO_BYTES that loses what it has no room for, a processor that takes its time. Time is virtual and passes
 * only while there is something to do, so that the result does not depend on how busy this machine is.
 * `reset` says how the line fared: "uart BYTES NANOSECONDS OVERRUNS". */
#include "chip.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BYTE_NS = 1000000000 / (CHIP_BAUD / 10),
    CALL_NS = 200,     /* a look at the UART's status */
    TAKE_NS = 1000,    /* decoding, CRC and copying of a byte: 80 cycles at 80 MHz */
    CLOCK_NS = 30000,  /* from one look at the clock to the next: 64 samples of a front end in between */
    HANDLE_NS = 20000, /* from the last byte of a request to the first of its answer */
    LAYER_US = 40000   /* a layer of the model */
};

const uint32_t chip_tick_hz = 1000000000u;
const uint32_t chip_rx_bytes = FIFO_BYTES;

static uint64_t now, line_free, seen_quiet, arrives, transmitter_free;
static unsigned long received, overruns;
static uint8_t fifo[FIFO_BYTES], line[4096], tx[4096];
static size_t fifo_used, line_at, line_end, tx_end;
static int taking; /* the last call took a byte in: an answer that begins now comes from its handling */

static void flush(void) {
    size_t at = 0;
    while (at < tx_end) {
        ssize_t n = write(STDOUT_FILENO, tx + at, tx_end - at);
        if (n <= 0)
            _exit(0);
        at += (size_t)n;
    }
    tx_end = 0;
}

/* Whether the host has a byte for the line; waits at most `ms` for it. */
static int host_has(int ms) {
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    ssize_t n;
    if (line_at < line_end)
        return 1;
    if (poll(&in, 1, ms) <= 0)
        return 0;
    n = read(STDIN_FILENO, line, sizeof line);
    if (n <= 0)
        _exit(0);
    line_at = 0;
    line_end = (size_t)n;
    return 1;
}

/* When the byte now on the line will be whole; 0 while the line is quiet. */
static uint64_t arrival(void) {
    if (arrives == 0 && host_has(0))
        arrives = (line_free > seen_quiet ? line_free : seen_quiet) + BYTE_NS;
    return arrives;
}

/* Lets time pass, in which bytes arrive one behind the other. */
static void pass(uint64_t until) {
    while (arrival() != 0 && arrives <= until) {
        now = line_free = arrives;
        arrives = 0;
        received++;
        if (fifo_used < FIFO_BYTES)
            fifo[fifo_used++] = line[line_at];
        else
            overruns++;
        line_at++;
    }
    if (now < until)
        now = until;
    if (arrives == 0)
        seen_quiet = now;
}

void chip_init(void) {
}

int chip_getc(void) {
    int byte;
    pass(now + CALL_NS);
    if (fifo_used == 0)
        return -1;
    byte = fifo[0];
    memmove(fifo, fifo + 1, --fifo_used);
    pass(now + TAKE_NS);
    taking = 1;
    return byte;
}

void chip_putc(uint8_t byte) {
    if (taking)
        pass(now + HANDLE_NS);
    taking = 0;
    if (transmitter_free > now)
        pass(transmitter_free);
    transmitter_free = now + BYTE_NS;
    tx[tx_end++] = byte;
    if (tx_end == sizeof tx)
        flush();
}

uint64_t chip_ticks(void) {
    pass(now + CLOCK_NS);
    return now;
}

uint32_t chip_stack_used(void) {
    return 0;
}

void chip_idle(void) {
    flush();
    usleep(LAYER_US); /* real time too, for the host to become impatient */
    pass(now + 1000u * LAYER_US);
}

void chip_wait(void) {
    flush();
    if (host_has(100))
        pass(arrival()); /* asleep until the byte is there */
}

void chip_reset(void) {
    flush();
    tx_end = (size_t)snprintf((char *)tx, sizeof tx, "uart %lu %llu %lu\n", received, (unsigned long long)now,
                              overruns);
    flush();
    sleep(5); /* until it was read */
    exit(0);
}
