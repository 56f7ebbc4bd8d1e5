// The functions of Mbed OS that the glue calls, on this machine.
#include "mbed.h"

#include <errno.h>

#include "line.h"

static int baud_rate;
static bool waits = true, started;
static int held = -1;

namespace mbed {
BufferedSerial::BufferedSerial(PinName tx, PinName rx, int baud) {
    baud_rate = tx == CONSOLE_TX && rx == CONSOLE_RX ? baud : 0;
}
int BufferedSerial::set_blocking(bool blocking) {
    waits = blocking;
    return 0;
}
bool BufferedSerial::readable() const {
    uint8_t byte;
    if (held < 0 && line_read(&byte, 1, 0) == 1)
        held = byte;
    return held >= 0;
}
ssize_t BufferedSerial::read(void *to, size_t bytes) {
    if (waits || bytes != 1 || baud_rate == 0 || !readable())
        return -EAGAIN;
    *(uint8_t *)to = (uint8_t)held;
    held = -1;
    return 1;
}
// Every third byte finds the buffer full.
ssize_t BufferedSerial::write(const void *from, size_t bytes) {
    static unsigned calls;
    return ++calls % 3 == 0 ? -EAGAIN : line_write(from, bytes);
}
int BufferedSerial::sync() {
    return 0;
}
void Timer::start() {
    started = true;
}
microseconds Timer::elapsed_time() const {
    return {started ? line_us() : 0};
}
} // namespace mbed

void thread_sleep_for(uint32_t ms) {
    usleep(ms * 1000);
}
void NVIC_SystemReset(void) {
    _exit(0);
}
