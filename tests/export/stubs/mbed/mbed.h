#pragma once
#include <stddef.h>
#include <stdint.h>
#if defined(__unix__)
#include <sys/types.h>
#else
typedef int ssize_t;
#endif

enum PinName { CONSOLE_TX, CONSOLE_RX };
#define MBED_CONF_DRIVERS_UART_SERIAL_RXBUF_SIZE 256

namespace mbed {
class BufferedSerial {
  public:
    BufferedSerial(PinName tx, PinName rx, int baud);
    int set_blocking(bool blocking);
    bool readable() const;
    ssize_t read(void *to, size_t bytes);
    ssize_t write(const void *from, size_t bytes);
    int sync();
};
struct microseconds { // of std::chrono there
    int64_t us;
    constexpr int64_t count() const {
        return us;
    }
};
class Timer {
  public:
    void start();
    microseconds elapsed_time() const;
};
} // namespace mbed

extern "C" void thread_sleep_for(uint32_t ms);
extern "C" void NVIC_SystemReset(void);
