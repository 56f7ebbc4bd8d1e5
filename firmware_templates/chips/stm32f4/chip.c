/* STM32F405 and STM32F401 (Cortex-M4). ST reference manuals RM0090 (F405) and RM0368 (F401): reset and clock
 * control, general-purpose I/O, USART, TIM2 to TIM5. Both start on their internal oscillator of 16 MHz (HSI,
 * exact to 1 %) with all buses undivided, and stay there: a known state, in which flash needs no wait state.
 * Their system boot loader, which starts a program that it was sent by USB, runs from the PLL.
 *
 * The console is USART2 on PA2 (out) and PA3 (in), where the Nucleo's debug probe listens. */
#include "../chip.h"
#include "../common/arm/arm.h"
#include "../common/start.h"
#include "vectors.h"

#define REG(address) (*(volatile uint32_t *)(address))

#define RCC_CR REG(0x40023800u)       /* bit 0: HSI on, 1: it is ready */
#define RCC_CFGR REG(0x40023808u)     /* bits 1..0: the system's clock, 0 is HSI; 3..2: the same, as it is */
#define RCC_APB1RSTR REG(0x40023820u) /* as RCC_APB1ENR */
#define RCC_AHB1ENR REG(0x40023830u)  /* bit 0: GPIOA */
#define RCC_APB1ENR REG(0x40023840u)  /* bit 0: TIM2, 17: USART2 */

#define GPIOA_MODER REG(0x40020000u) /* two bits a pin, 2: alternate function */
#define GPIOA_PUPDR REG(0x4002000Cu) /* two bits a pin, 1: pulled up */
#define GPIOA_AFRL REG(0x40020020u)  /* four bits a pin, 7: USART2 */

#define USART_SR REG(0x40004400u) /* bit 3: overrun, 5: received, 6: all sent, 7: room to send */
#define USART_DR REG(0x40004404u)
#define USART_BRR REG(0x40004408u)
#define USART_CR1 REG(0x4000440Cu) /* bit 13: on, 5: receive interrupt, 3: sender, 2: receiver */
#define USART2_IRQ 38u

#define TIM2_CR1 REG(0x40000000u) /* bit 0: count */
#define TIM2_EGR REG(0x40000014u) /* bit 0: start anew, take the settings over */
#define TIM2_CNT REG(0x40000024u)
#define TIM2_PSC REG(0x40000028u)
#define TIM2_ARR REG(0x4000002Cu)

#define UART_RECEIVED() ((USART_SR >> 5 & 1u) != 0)
#define UART_TAKE() ((uint8_t)USART_DR)
/* Taking the byte is. But an overrun raises the same interrupt, and where the lost byte came between the
 * reading of SR and of DR it stays when nothing is left to take: reading both is what clears it
 * (RM0090, 30.3.3). */
#define OVERRUN (1u << 3)
#define UART_ACKNOWLEDGE() ((USART_SR & (OVERRUN | 1u << 5)) == OVERRUN ? (void)(uint8_t)USART_DR : (void)0)
/* Held back in the interrupt controller: QEMU's USART does not lower its line when CR1 forbids the interrupt.
 */
#define UART_HOLD() NVIC_DISABLE(USART2_IRQ)
#define UART_RESUME() NVIC_ENABLE(USART2_IRQ)
#include "../common/uart_ring.h"

#ifdef CHIP_EMULATED
const uint32_t chip_tick_hz = 1000000000u; /* QEMU's timer counts nanoseconds */
#else
const uint32_t chip_tick_hz = CHIP_CLOCK_HZ;
#endif

/* Wraps every 268 s. */
#define COUNTER_NOW() TIM2_CNT
#include "../common/narrow_counter.h"

static void set_clock(void) {
    RCC_CR |= 1u;
    for (uint32_t i = 0; i < 1000u && (RCC_CR & 2u) == 0; i++) { /* 4 us; QEMU's never says so */
    }
    RCC_CFGR = 0;
    while ((RCC_CFGR >> 2 & 3u) != 0) {
    }
}

void chip_init(void) {
    set_clock();
    RCC_AHB1ENR |= 1u;
    RCC_APB1ENR |= 1u << 17 | 1u;
    (void)(uint32_t)RCC_APB1ENR; /* a clock runs two cycles after it was switched on: the read waits */
    RCC_APB1RSTR |= 1u << 17 | 1u;
    RCC_APB1RSTR &= ~(1u << 17 | 1u);
    GPIOA_PUPDR = (GPIOA_PUPDR & ~0xC0u) | 0x40u; /* quiet with nothing attached */
    GPIOA_AFRL = (GPIOA_AFRL & ~0xFF00u) | 0x7700u;
    GPIOA_MODER = (GPIOA_MODER & ~0xF0u) | 0xA0u;
    USART_BRR = (CHIP_CLOCK_HZ + CHIP_BAUD / 2u) / CHIP_BAUD;
    USART_CR1 = 1u << 13 | 1u << 5 | 1u << 3 | 1u << 2;
    NVIC_ENABLE(USART2_IRQ);
    TIM2_PSC = 0;
    TIM2_ARR = 0xFFFFFFFFu;
    TIM2_EGR = 1;
    TIM2_CR1 = 1;
}

void chip_interrupt(uint32_t number) {
    if (number == USART2_IRQ) {
        uart_interrupt();
    }
}

void chip_putc(uint8_t byte) {
    while ((USART_SR >> 7 & 1u) == 0) {
    }
    USART_DR = byte;
}

void chip_reset(void) {
    while ((USART_SR >> 6 & 1u) == 0) {
    }
    arm_reset();
}
