/* RP2040 (Cortex-M0+, one of its two cores), started by its boot ROM and boot2.S. RP2040 Datasheet: 2.13
 * power-on state machine, 2.14 resets, 2.15 clocks, 2.16 crystal oscillator, 2.18 PLL, 2.19 GPIO, 4.2 UART,
 * 4.6 timer, 4.7 watchdog. UART0 is on GP0 (sends) and GP1 (receives), the pins 1 and 2 of a Pico. */
#include "../chip.h"
#include "../common/start.h"
#include "vectors.h"

#define REG(address) (*(volatile uint32_t *)(address))
#define SET 0x2000u /* the same register, where writing sets bits (2.1.2) */
#define CLEAR 0x3000u

#define CLOCKS 0x40008000u
#define CLK_REF_CTRL 0x30u
#define CLK_REF_SELECTED 0x38u
#define CLK_SYS_CTRL 0x3Cu /* bit 0: the source in bits 7..5 (0: PLL), not clk_ref */
#define CLK_SYS_SELECTED 0x44u
#define CLK_PERI_CTRL 0x48u /* bit 11 on, bits 7..5 its source (0: clk_sys) */
#define CLK_SYS_RESUS_CTRL 0x78u

#define RESETS 0x4000C000u
#define RESET_DONE 0x08u
#define RESET_IO_BANK0 (1u << 5)
#define RESET_PADS_BANK0 (1u << 8)
#define RESET_PLL_SYS (1u << 12)
#define RESET_TIMER (1u << 21)
#define RESET_UART0 (1u << 22)

#define PSM_WDSEL REG(0x40010008u) /* what a watchdog restarts: bits 16..2 all but the oscillators */

#define GPIO_CTRL(pin) REG(0x40014004u + 8u * (pin)) /* 2: UART */
#define PAD(pin)                                                                                             \
    REG(0x4001C004u + 4u * (pin)) /* bit 6 input on, 5..4 strength, 3 pull up, 1 Schmitt trigger */

#define XOSC_CTRL REG(0x40024000u)    /* bits 23..12: 0xFAB on; bits 11..0: 0xAA0 1 to 15 MHz */
#define XOSC_STATUS REG(0x40024004u)  /* bit 31: stable */
#define XOSC_STARTUP REG(0x4002400Cu) /* wait of 256 times so many cycles */
#define XOSC_HZ 12000000u

#define PLL_SYS 0x40028000u
#define PLL_CS 0x00u /* bit 31: locked; bits 5..0: divider of the reference */
#define PLL_PWR 0x04u
#define PLL_FBDIV 0x08u
#define PLL_PRIM 0x0Cu /* the two dividers after it: bits 18..16, 14..12 */

#define UART_DR REG(0x40034000u)
#define UART_FR REG(0x40034018u) /* 0x08 busy, 0x10 nothing received, 0x20 no room to send */
#define UART_IBRD REG(0x40034024u)
#define UART_FBRD REG(0x40034028u)  /* 64ths */
#define UART_LCR_H REG(0x4003402Cu) /* 0x10 FIFOs, 0x60 8 bits */
#define UART_CR REG(0x40034030u)    /* 0x1 on, 0x100 sends, 0x200 receives */

#define TIMER_TIMERAWH REG(0x40054024u)
#define TIMER_TIMERAWL REG(0x40054028u)

#define WATCHDOG 0x40058000u
#define WATCHDOG_CTRL 0x00u /* bit 31: restart now; bit 30: the watchdog runs */
#define WATCHDOG_TICK 0x2Cu /* bit 9 on; bits 8..0 cycles of clk_ref a tick, which the timer counts */

#ifdef CHIP_EMULATED
const uint32_t chip_tick_hz =
    CHIP_CLOCK_HZ; /* LabWired's timer takes a step every CPU cycle, whatever the tick */
#else
const uint32_t chip_tick_hz = 1000000u;
#endif
const uint32_t chip_rx_bytes = 32; /* the FIFO */

static void take_out_of_reset(uint32_t units) {
    REG(RESETS + CLEAR) = units;
    while ((~REG(RESETS + RESET_DONE) & units) != 0) {
    }
}

/* The crystal, and the system on CHIP_CLOCK_HZ of the PLL: 12 MHz * 125 / (6 * 2) (2.18.2). */
static void set_clock(void) {
    REG(CLOCKS + CLK_SYS_RESUS_CTRL) = 0;
    XOSC_STARTUP = (XOSC_HZ / 1000u + 128u) / 256u; /* 1 ms (2.16.3) */
    XOSC_CTRL = 0xFABAA0u;
    while ((XOSC_STATUS >> 31) == 0) {
    }
    REG(CLOCKS + CLK_SYS_CTRL + CLEAR) = 1; /* off the PLL, before it is touched */
    while ((REG(CLOCKS + CLK_SYS_SELECTED) & 1u) == 0) {
    }
    REG(CLOCKS + CLK_REF_CTRL) = 2; /* the crystal */
    while ((REG(CLOCKS + CLK_REF_SELECTED) & 4u) == 0) {
    }
    REG(RESETS + SET) = RESET_PLL_SYS;
    take_out_of_reset(RESET_PLL_SYS);
    REG(PLL_SYS + PLL_CS) = 1;
    REG(PLL_SYS + PLL_FBDIV) = 125;
    REG(PLL_SYS + PLL_PWR + CLEAR) = 1u << 5 | 1u; /* oscillator and main power */
    while ((REG(PLL_SYS + PLL_CS) >> 31) == 0) {
    }
    REG(PLL_SYS + PLL_PRIM) = 6u << 16 | 2u << 12;
    REG(PLL_SYS + PLL_PWR + CLEAR) = 1u << 3; /* the dividers after it */
    REG(CLOCKS + CLK_SYS_CTRL) = 1;
    while ((REG(CLOCKS + CLK_SYS_SELECTED) & 2u) == 0) {
    }
    REG(CLOCKS + CLK_PERI_CTRL) = 1u << 11;
}

void chip_init(void) {
    set_clock();
    take_out_of_reset(RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_TIMER | RESET_UART0);
    REG(WATCHDOG + WATCHDOG_CTRL + CLEAR) = 1u << 30;
    REG(WATCHDOG + WATCHDOG_TICK) = 1u << 9 | XOSC_HZ / 1000000u;

    const uint32_t divider =
        (uint32_t)(((uint64_t)CHIP_CLOCK_HZ * 4u + CHIP_BAUD / 2u) / CHIP_BAUD); /* 4.2.3.2.1 */
    UART_IBRD = divider >> 6;
    UART_FBRD = divider & 63u;
    UART_LCR_H = 0x70u;
    UART_CR = 0x301u;
    PAD(1) = 1u << 6 | 1u << 4 | 1u << 3 | 1u << 1; /* pulled up: quiet with nothing attached */
    GPIO_CTRL(0) = 2;
    GPIO_CTRL(1) = 2;
}

void chip_interrupt(uint32_t number) {
    (void)number;
}

int chip_getc(void) {
    return (UART_FR & 0x10u) != 0 ? -1 : (int)(UART_DR & 0xFFu);
}

void chip_putc(uint8_t byte) {
    while ((UART_FR & 0x20u) != 0) {
    }
    UART_DR = byte;
}

/* The halves read apart: again when the upper one has changed between them (4.6.3). */
uint64_t chip_ticks(void) {
    uint32_t high, low;
    do {
        high = TIMER_TIMERAWH;
        low = TIMER_TIMERAWL;
    } while (high != TIMER_TIMERAWH);
    return (uint64_t)high << 32 | low;
}

void chip_idle(void) {
    check_stack();
}

void chip_wait(void) {
    check_stack();
    chip_waits++;
}

#ifdef CHIP_EMULATED
extern volatile uint32_t chip_reset_asked;
volatile uint32_t chip_reset_asked;
#endif

/* By the watchdog, which restarts all but the oscillators, so that the boot ROM runs anew. */
void chip_reset(void) {
    while ((UART_FR & 0x08u) != 0) {
    }
#ifdef CHIP_EMULATED
    chip_reset_asked = 1; /* LabWired's watchdog (0.25) stops where a real one restarts the chip */
#endif
    PSM_WDSEL = 0x0001FFFCu;
    REG(WATCHDOG + WATCHDOG_CTRL + SET) = 1u << 31;
    for (;;) {
    }
}
