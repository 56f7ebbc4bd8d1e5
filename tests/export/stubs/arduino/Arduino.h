#pragma once
#include <stddef.h>
#include <stdint.h>

extern "C" {
unsigned long micros(void);
void delay(unsigned long ms);
void yield(void);
}

class HardwareSerial {
  public:
    void begin(unsigned long baud);
    size_t setRxBufferSize(size_t bytes);
    int available();
    int read();
    size_t write(uint8_t byte);
    void flush();
    size_t print(const char *text);
    size_t print(unsigned int number);
    size_t print(unsigned long number);
    size_t println(const char *text);
    size_t println(double number, int digits);
};
#ifndef USE_TINYUSB
extern HardwareSerial Serial;
#endif

class EspClass {
  public:
    void restart();
};
extern EspClass ESP;

extern "C" void NVIC_SystemReset(void);

void setup();
void loop();
