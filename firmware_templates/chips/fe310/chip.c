/* SiFive FE310-G000 and -G002 (RV32IMAC). FE310-G002 Manual v1p5: 6 clocks (PRCI), 9 core-local interruptor,
 * 18 UART, 15 watchdog (off after reset). The core runs from the 16 MHz crystal: exact, which the internal
 * oscillator is not. */
#include "../chip.h"
#include "../common/riscv/riscv.h"
#include "../common/start.h"

#define REG(address) (*(volatile uint32_t *)(address))

#define CLINT 0x02000000u
#define RTC_HZ 32768u /* mtime counts the low-frequency clock */

#define PRCI_HFXOSCCFG REG(0x10008004u) /* bit 30 enable, bit 31 ready */
#define PRCI_HFROSCCFG REG(0x10008000u) /* bit 30 enable, bit 31 ready */
#define PRCI_PLLCFG                                                                                          \
    REG(0x10008008u) /* bit 16 use the PLL's output, 17 its reference is the crystal, 18 bypass it */
#define PRCI_PLLOUTDIV REG(0x1000800Cu) /* bit 8: divide by one */

#define GPIO_IOF_EN REG(0x10012038u) /* pins 16 and 17 are UART0 as their first hardware function */
#define GPIO_IOF_SEL REG(0x1001203Cu)

#define UART_TXDATA REG(0x10013000u) /* bit 31 full */
#define UART_RXDATA REG(0x10013004u) /* bit 31 empty; reading takes the byte */
#define UART_TXCTRL REG(0x10013008u) /* bit 0 enable, bits 18..16 watermark */
#define UART_RXCTRL REG(0x1001300Cu)
#define UART_IP REG(0x10013014u)  /* bit 0: fewer bytes wait to be sent than the watermark */
#define UART_DIV REG(0x10013018u) /* clock / (div + 1) */

#define AON_WDOGCFG REG(0x10000000u) /* bits 13, 12: the watchdog runs while awake, always */
#define AON_WDOGKEY REG(0x1000001Cu)
#define WDOG_KEY 0x51F15Eu
#define AON_WDOGCMP REG(0x10000020u)

const uint32_t chip_tick_hz = CHIP_CLOCK_HZ;
const uint32_t chip_rx_bytes = 8;

void chip_init(void) {
    PRCI_HFXOSCCFG |= 1u << 30;
    while ((PRCI_HFXOSCCFG >> 31) == 0) {
    }
    PRCI_HFROSCCFG |=
        1u << 30; /* on the internal oscillator while the PLL, which a boot loader may use, is set */
    while ((PRCI_HFROSCCFG >> 31) == 0) {
    }
    PRCI_PLLCFG &= ~(1u << 16);
    PRCI_PLLOUTDIV = 1u << 8;
    PRCI_PLLCFG |= 1u << 18 | 1u << 17;
    PRCI_PLLCFG |= 1u << 16;

    GPIO_IOF_SEL &= ~(3u << 16);
    GPIO_IOF_EN |= 3u << 16;
    UART_DIV = (CHIP_CLOCK_HZ + CHIP_BAUD / 2u) / CHIP_BAUD - 1u;
    UART_TXCTRL = 1u << 16 | 1u;
    UART_RXCTRL = 1u;
}

int chip_getc(void) {
    const uint32_t data = UART_RXDATA;
    return (data >> 31) != 0 ? -1 : (int)(data & 0xFFu);
}

void chip_putc(uint8_t byte) {
    while ((UART_TXDATA >> 31) != 0) {
    }
    UART_TXDATA = byte;
}

uint64_t chip_ticks(void) {
    return riscv_cycles();
}

void chip_idle(void) {
    check_stack();
}

/* Short sleeps: the receive FIFO takes 8 bytes, 0.7 ms at 115,200 baud. */
void chip_wait(void) {
    check_stack();
    chip_waits++;
    riscv_sleep(CLINT, RTC_HZ / 8192u);
}

void chip_start(void) __attribute__((noreturn));

/* By the watchdog, the only way to reset the whole chip in software (15.10); its clock has 32,768 ticks a
 * second. Where none barks (QEMU has none) the program starts anew. */
void chip_reset(void) {
    while ((UART_IP & 1u) == 0) {
    }
    for (const uint64_t start = chip_ticks(); chip_ticks() - start < CHIP_CLOCK_HZ / CHIP_BAUD * 11u;) {
    }
    AON_WDOGKEY = WDOG_KEY;
    AON_WDOGCMP = 0;
    AON_WDOGKEY = WDOG_KEY;
    AON_WDOGCFG = 1u << 12 | 1u << 8; /* always on, resets */
    riscv_sleep(CLINT, RTC_HZ / 1024u);
    chip_start();
}
