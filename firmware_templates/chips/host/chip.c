/* The firmware as a native process: the UART is standard input and output (a pty), ticks are nanoseconds. Its
 * end is the end of the line: when the other side of the pty closes, so does the process. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE

#include "chip.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { STACK_BYTES = 1 << 20, STACK_PAINT = 0xA5, WAIT_MS = 100 };

const uint32_t chip_tick_hz = 1000000000u;
const uint32_t chip_rx_bytes = 4096; /* what a pty keeps */

int main(void);

static uint8_t rx[4096], tx[4096];
static size_t rx_at, rx_end, tx_end;
static uint8_t *stack;
static uint8_t *stack_top; /* where the painted part of the stack ended when main was called */

static void flush(void) {
    size_t at = 0;
    while (at < tx_end) {
        ssize_t n = write(STDOUT_FILENO, tx + at, tx_end - at);
        if (n > 0) {
            at += (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd out = {STDOUT_FILENO, POLLOUT, 0};
            poll(&out, 1, WAIT_MS);
        } else if (errno != EINTR) {
            _exit(0);
        }
    }
    tx_end = 0;
}

/* Waits at most `ms` for input and takes it in. */
static void receive(int ms) {
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    ssize_t n;
    if (poll(&in, 1, ms) <= 0)
        return;
    n = read(STDIN_FILENO, rx, sizeof rx);
    if (n > 0) {
        rx_at = 0;
        rx_end = (size_t)n;
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        _exit(0); /* the line is gone */
    }
}

void chip_init(void) {
    fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
}

int chip_getc(void) {
    if (rx_at == rx_end)
        receive(0);
    return rx_at < rx_end ? rx[rx_at++] : -1;
}

void chip_putc(uint8_t byte) {
    tx[tx_end++] = byte;
    if (tx_end == sizeof tx)
        flush();
}

uint64_t chip_ticks(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * chip_tick_hz + (uint64_t)now.tv_nsec;
}

uint32_t chip_stack_used(void) {
    const uint8_t *lowest = stack;
    while (lowest < stack_top && *lowest == STACK_PAINT)
        lowest++;
    return (uint32_t)(stack_top - lowest);
}

void chip_idle(void) {
    flush();
}

void chip_wait(void) {
    flush();
    if (rx_at == rx_end)
        receive(WAIT_MS);
}

/* The same program from its start, in the same process. */
void chip_reset(void) {
    static char path[] = "/proc/self/exe";
    char *arguments[] = {path, NULL};
    flush();
    execv(path, arguments);
    _exit(1);
}

static void *run(void *unused) {
    uint8_t here = 0;
    (void)unused;
    stack_top = &here;
    exit(main());
}

/* Before main: paints a stack of its own and calls main there, so that the high-water mark is the firmware's.
 */
__attribute__((constructor)) static void start(void) {
    pthread_attr_t attributes;
    pthread_t thread;
    stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED)
        abort();
    memset(stack, STACK_PAINT, STACK_BYTES);
    if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstack(&attributes, stack, STACK_BYTES) != 0 ||
        pthread_create(&thread, &attributes, run, NULL) != 0)
        abort();
    pthread_join(thread, NULL);
}
