/* Microchip ATmega328P at 16 MHz. Data sheet DS40002061B: "USART0", "16-bit Timer/Counter1 with PWM", "Power
 * Management and Sleep Modes", "Watchdog Timer"; addresses in data memory from "Register Summary". */
#include "../chip.h"
#include "../common/start.h"

#define REG(address) (*(volatile uint8_t *)(address))

#define SMCR REG(0x53) /* bits 3..1 sleep mode, 0 is idle; bit 0 enable */
#define TIMSK1 REG(0x6F)
#define TOIE1 (1u << 0)
#define TCCR1A REG(0x80) /* 0: counts up to 0xFFFF, no pin */
#define TCCR1B REG(0x81) /* bits 2..0: 1 is the processor's clock */
#define TCNT1 (*(volatile uint16_t *)0x84)

#define UCSR0A REG(0xC0)
#define RXC0 (1u << 7)
#define UDRE0 (1u << 5)
#define U2X0 (1u << 1)
#define UCSR0B REG(0xC1)
#define RXCIE0 (1u << 7)
#define RXEN0 (1u << 4)
#define TXEN0 (1u << 3)
#define UCSR0C REG(0xC2) /* bits 2, 1: 8 bits a character; no parity, one stop bit */
#define UBRR0 (*(volatile uint16_t *)0xC4)
#define UDR0 REG(0xC6)

/* The indices run on; their difference is what is in it. */
#define RING 32u
static volatile uint8_t ring[RING];
static volatile uint8_t ring_in, ring_out;
static volatile uint32_t overflows; /* of Timer1, one each 65,536 ticks */

const uint32_t chip_tick_hz = CHIP_CLOCK_HZ;
const uint32_t chip_rx_bytes = RING;

void __vector_13(void) __attribute__((signal, used));
void __vector_18(void) __attribute__((signal, used));

void __vector_13(void) {
    overflows++;
}

/* A byte for which the ring has no room stays in the UART, which keeps two: chip_getc() lets it in. */
void __vector_18(void) {
    if ((uint8_t)(ring_in - ring_out) >= RING) {
        UCSR0B = RXEN0 | TXEN0;
        return;
    }
    ring[ring_in % RING] = UDR0;
    ring_in++;
}

void chip_init(void) {
    TCCR1A = 0;
    TCCR1B = 1;
    TIMSK1 = TOIE1;
    UBRR0 = (uint16_t)((CHIP_CLOCK_HZ + 4ul * CHIP_BAUD) / (8ul * CHIP_BAUD) - 1ul);
    UCSR0A = U2X0; /* 8 clocks a bit: 2.1 % off at 115,200 baud, as the Uno's USB bridge is too */
    UCSR0C = 3u << 1;
    UCSR0B = RXCIE0 | RXEN0 | TXEN0;
    __asm volatile("sei" ::: "memory");
}

int chip_getc(void) {
    uint8_t byte;
    if (ring_in == ring_out) {
        return -1;
    }
    byte = ring[ring_out % RING];
    ring_out++;
    UCSR0B = RXCIE0 | RXEN0 | TXEN0;
    return byte;
}

void chip_putc(uint8_t byte) {
    while ((UCSR0A & UDRE0) == 0) {
    }
    UDR0 = byte;
}

/* Timer1 and its overflows. The interrupt comes at once, so an overflow between the two readings of the count
 * of overflows shows in the second; a count read while it changed differs from it too. */
uint64_t chip_ticks(void) {
    uint32_t high;
    uint16_t low;
    do {
        high = overflows;
        low = TCNT1; /* low byte first, which holds the high one (accessing 16-bit registers) */
    } while (high != overflows);
    return (uint64_t)high << 16 | low;
}

void chip_idle(void) {
    check_stack();
}

/* Idle until an interrupt, Timer1's after at most 4 ms. The instruction behind SEI runs before any. */
void chip_wait(void) {
    check_stack();
    chip_waits++;
    __asm volatile("cli" ::: "memory");
    if (ring_in == ring_out) {
        SMCR = 1;
        __asm volatile("sei\n sleep" ::: "memory");
        SMCR = 0;
    }
    __asm volatile("sei" ::: "memory");
}

void chip_start(void) __attribute__((noreturn));

/* By the watchdog, after 16 ms. Where none barks (QEMU has none) the program starts anew. */
void chip_reset(void) {
    for (const uint64_t start = chip_ticks(); chip_ticks() - start < CHIP_CLOCK_HZ / CHIP_BAUD * 22u;) {
    }
    __asm volatile("cli\n wdr\n sts 0x60, %0\n sts 0x60, %1" ::"r"((uint8_t)0x18), "r"((uint8_t)0x08)
                   : "memory"); /* WDTCSR: WDCE and WDE; WDE */
    for (volatile uint32_t i = 0; i < 50000u; i++) {
    }
    chip_start();
}
