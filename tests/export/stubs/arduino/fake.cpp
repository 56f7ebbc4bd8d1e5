// The functions of Arduino that the glue and the sketches call, on this machine; micros() is about to wrap.
#include "Arduino.h"

#include <stdio.h>
#include <string.h>

#include "line.h"

HardwareSerial Serial;
EspClass ESP;

static int held = -1;
static bool begun;
static const int64_t begin_us = line_us();

unsigned long micros(void) {
    return (uint32_t)(line_us() - begin_us + 0xffff0000u);
}
void delay(unsigned long ms) {
    usleep((useconds_t)(ms * 1000));
}
void yield(void) {
}
void HardwareSerial::begin(unsigned long baud) {
    begun = baud > 0;
}
size_t HardwareSerial::setRxBufferSize(size_t bytes) {
    return begun ? 0 : bytes;
}
int HardwareSerial::available() {
    uint8_t byte;
    if (held < 0 && begun && line_read(&byte, 1, 0) == 1)
        held = byte;
    return held >= 0;
}
int HardwareSerial::read() {
    int byte = available() ? held : -1;
    held = -1;
    return byte;
}
size_t HardwareSerial::write(uint8_t byte) {
    return begun ? (size_t)line_write(&byte, 1) : 0;
}
void HardwareSerial::flush() {
}
size_t HardwareSerial::print(const char *text) {
    return (size_t)line_write(text, strlen(text));
}
size_t HardwareSerial::print(unsigned int number) {
    return print((unsigned long)number);
}
size_t HardwareSerial::print(unsigned long number) {
    char text[24];
    snprintf(text, sizeof text, "%lu", number);
    return print(text);
}
size_t HardwareSerial::println(const char *text) {
    return print(text) + print("\n");
}
size_t HardwareSerial::println(double number, int digits) {
    char text[48];
    snprintf(text, sizeof text, "%.*f", digits, number);
    return println(text);
}
void EspClass::restart() {
    _exit(0);
}
void NVIC_SystemReset(void) {
    _exit(0);
}
int main() {
    setup();
    for (;;)
        loop();
}
