/* What every fake SDK stands on: the serial line is standard input and output, time is this machine's. */
#ifndef LINE_H
#define LINE_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Up to `bytes` of what was received; waits for the first of them for `ms`. The end of the line is our end.
 */
static inline int line_read(void *to, size_t bytes, int ms) {
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    ssize_t got;
    if (bytes == 0 || poll(&in, 1, ms) <= 0)
        return 0;
    got = read(STDIN_FILENO, to, bytes);
    if (got <= 0)
        _exit(0);
    return (int)got;
}

static inline int line_write(const void *from, size_t bytes) {
    const uint8_t *at = (const uint8_t *)from;
    for (size_t left = bytes; left > 0;) {
        ssize_t sent = write(STDOUT_FILENO, at, left);
        if (sent <= 0)
            _exit(0);
        at += sent;
        left -= (size_t)sent;
    }
    return (int)bytes;
}

static inline int64_t line_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

#endif
