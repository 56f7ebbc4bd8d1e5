/* nRF52840 (Cortex-M4). Nordic nRF52840 Product Specification v1.7: CLOCK, UART, TIMER. The UART without DMA,
 * on the pins that the board gives (CHIP_UART_TX_PIN, CHIP_UART_RX_PIN: 32 times the port plus the pin). */
#include "../chip.h"
#include "../common/arm/arm.h"
#include "../common/start.h"
#include "vectors.h"

#define REG(address) (*(volatile uint32_t *)(address))

#define CLOCK_HFCLKSTART REG(0x40000000u) /* the crystal, which the baud needs */
#define CLOCK_HFCLKSTARTED REG(0x40000100u)

#define UART_STARTRX REG(0x40002000u)
#define UART_STARTTX REG(0x40002008u)
#define UART_RXDRDY REG(0x40002108u) /* a byte came; cleared before it is read */
#define UART_TXDRDY REG(0x4000211Cu) /* the byte was sent */
#define UART_INTENSET REG(0x40002304u)
#define UART_INTENCLR REG(0x40002308u)
#define UART_ENABLE REG(0x40002500u) /* 4: on */
#define UART_PSELRTS REG(0x40002508u)
#define UART_PSELTXD REG(0x4000250Cu)
#define UART_PSELCTS REG(0x40002510u)
#define UART_PSELRXD REG(0x40002514u)
#define UART_RXD REG(0x40002518u)
#define UART_TXD REG(0x4000251Cu)
#define UART_BAUDRATE REG(0x40002524u) /* 2^32 * baud / 16 MHz, the lowest 12 bits zero */
#define UART_CONFIG REG(0x4000256Cu)   /* 0: no parity, one stop bit, no flow control */
#define NOT_CONNECTED 0xFFFFFFFFu
#define UART_IRQ 2u
#define UART_RXDRDY_BIT (1u << 2)

#define TIMER0_START REG(0x40008000u)
#define TIMER0_STOP REG(0x40008004u)
#define TIMER0_CLEAR REG(0x4000800Cu)
#define TIMER0_CAPTURE0 REG(0x40008040u)
#define TIMER0_MODE REG(0x40008504u)    /* 0: a timer */
#define TIMER0_BITMODE REG(0x40008508u) /* 3: 32 bits */
#define TIMER0_PRESCALER REG(0x40008510u)
#define TIMER0_CC0 REG(0x40008540u)
#define TIMER_HZ 16000000u

#define GPIO_OUTSET(port) REG(0x50000508u + 0x300u * (port))
#define GPIO_DIRSET(port) REG(0x50000518u + 0x300u * (port))
#define GPIO_PIN_CNF(pin) REG(0x50000700u + 0x300u * ((pin) / 32u) + 4u * ((pin) % 32u))
#define INPUT_PULLED_UP (3u << 2) /* connected, with a resistor: quiet with nothing attached */

static inline uint8_t take(void) {
    UART_RXDRDY = 0;
    return (uint8_t)UART_RXD;
}

#define UART_RECEIVED() (UART_RXDRDY != 0)
#define UART_TAKE() take()
#define UART_ACKNOWLEDGE() ((void)0) /* taking the byte is */
#define UART_HOLD() (UART_INTENCLR = UART_RXDRDY_BIT)
#define UART_RESUME() (UART_INTENSET = UART_RXDRDY_BIT)
#include "../common/uart_ring.h"

/* Captures first; wraps every 268 s. */
static uint32_t count_now(void) {
    TIMER0_CAPTURE0 = 1;
    return TIMER0_CC0;
}
#define COUNTER_NOW() count_now()
#include "../common/narrow_counter.h"

const uint32_t chip_tick_hz = TIMER_HZ;

static uint8_t sending;

/* Everything is set, also what reset would: a boot loader may have used it. */
void chip_init(void) {
    CLOCK_HFCLKSTARTED = 0;
    CLOCK_HFCLKSTART = 1;
    while (CLOCK_HFCLKSTARTED == 0) {
    }
    GPIO_OUTSET(CHIP_UART_TX_PIN / 32u) = 1u << CHIP_UART_TX_PIN % 32u; /* the line is idle high */
    GPIO_DIRSET(CHIP_UART_TX_PIN / 32u) = 1u << CHIP_UART_TX_PIN % 32u;
    GPIO_PIN_CNF(CHIP_UART_RX_PIN) = INPUT_PULLED_UP;
    UART_ENABLE = 0;
    UART_INTENCLR = 0xFFFFFFFFu;
    UART_PSELRTS = NOT_CONNECTED;
    UART_PSELCTS = NOT_CONNECTED;
    UART_CONFIG = 0;
    UART_PSELTXD = CHIP_UART_TX_PIN;
    UART_PSELRXD = CHIP_UART_RX_PIN;
    UART_BAUDRATE = (uint32_t)((((uint64_t)CHIP_BAUD << 32) / TIMER_HZ + 0x800u) & 0xFFFFF000u);
    UART_ENABLE = 4;
    UART_RXDRDY = 0;
    UART_INTENSET = UART_RXDRDY_BIT;
    UART_STARTRX = 1;
    UART_STARTTX = 1;
    NVIC_ENABLE(UART_IRQ);
    TIMER0_STOP = 1;
    TIMER0_MODE = 0;
    TIMER0_BITMODE = 3;
    TIMER0_PRESCALER = 0;
    TIMER0_CLEAR = 1;
    TIMER0_START = 1;
}

void chip_interrupt(uint32_t number) {
    if (number == UART_IRQ) {
        uart_interrupt();
    }
}

static void wait_until_sent(void) {
    while (sending != 0 && UART_TXDRDY == 0) {
    }
    UART_TXDRDY = 0;
    sending = 0;
}

void chip_putc(uint8_t byte) {
    wait_until_sent();
    UART_TXD = byte;
    sending = 1;
}

void chip_reset(void) {
    wait_until_sent();
    arm_reset();
}
