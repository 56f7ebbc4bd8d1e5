/* STM32F4: a system boot loader started the firmware and left its clock; the USART as RM0090, 30.3.3 has it.
 */
#include "silicon.hpp"
#include "chip.c"

struct Silicon : Registers {
    bool rxne = false, overrun = false, seen = false; /* seen: SR was read while it said overrun */
    uint8_t data = 0;
    const char *meanwhile = ""; /* come between the next reading of SR and that of DR */
    std::vector<uint8_t> sent;

    Silicon() {
        held[RCC_CFGR_AT] = 0x0000940Au; /* the PLL, and slower buses */
        held[USART_CR3_AT] = 0x340;      /* DMA and handshake */
        held[0x4000042C] = 99;
    }
    static constexpr uint32_t RCC_CR_AT = 0x40023800, RCC_CFGR_AT = 0x40023808, RCC_APB1RSTR_AT = 0x40023820;
    static constexpr uint32_t USART_CR1_AT = 0x4000440C, USART_CR3_AT = 0x40004414;

    void arrives(uint8_t byte) {
        if (rxne) {
            overrun = true;
        } else {
            data = byte;
            rxne = true;
        }
    }
    bool interrupts() {
        return (held[USART_CR1_AT] >> 5 & 1u) != 0 && (rxne || overrun);
    }
    uint32_t read(uint32_t address) override {
        switch (address) {
        case 0x40004400: {
            const uint32_t said = 0xC0u | (uint32_t)rxne << 5 | (uint32_t)overrun << 3;
            seen = overrun;
            for (; *meanwhile != 0 && rxne; meanwhile++) {
                arrives((uint8_t)*meanwhile);
            }
            return said;
        }
        case 0x40004404:
            rxne = false;
            overrun = overrun && !seen;
            return data;
        case RCC_CR_AT:
            return held[address] | (held[address] & 1u) << 1;
        case RCC_CFGR_AT:
            return (held[address] & ~0xCu) | (held[address] & 3u) << 2;
        default:
            return held[address];
        }
    }
    void write(uint32_t address, uint32_t value) override {
        held[address] = value;
        if (address == RCC_APB1RSTR_AT && (value >> 17 & 1u) != 0) {
            held[USART_CR1_AT] = held[USART_CR3_AT] = 0;
        }
        if (address == 0x40004404) {
            sent.push_back((uint8_t)value);
        }
    }
};
static Silicon chip;
Registers &silicon = chip;

/* The processor takes the interrupt for as long as it is raised and let through. */
static bool settles(void) {
    for (int turn = 0; turn < 100; turn++) {
        if (!chip.interrupts() || chip.held[0xE000E184] == 1u << 6) {
            return true;
        }
        chip_interrupt(38);
    }
    return false;
}

int main() {
    chip_init();
    EXPECT(chip.held[Silicon::RCC_CFGR_AT] == 0);
    EXPECT((chip.held[Silicon::RCC_CR_AT] & 1u) == 1);
    EXPECT(chip.held[Silicon::USART_CR3_AT] == 0);
    EXPECT(chip.held[0x40004408] == 139); /* 16 MHz / 115,200 */
    EXPECT((chip.held[0x40020000] >> 4 & 0xFu) == 0xA && (chip.held[0x40020020] >> 8 & 0xFFu) == 0x77);
    EXPECT((chip.held[0x4002000C] >> 6 & 3u) == 1);

    chip.arrives('a');
    EXPECT(settles() && chip_getc() == 'a' && chip_getc() == -1);
    chip.arrives('b'); /* and another before anybody looked */
    chip.arrives('c');
    EXPECT(settles() && chip_getc() == 'b' && chip_getc() == -1);
    chip.arrives(
        'd'); /* and another when half of the looking was done: it is lost, and nothing is left to take */
    chip.meanwhile = "e";
    EXPECT(settles() && chip_getc() == 'd');
    EXPECT(!chip.overrun);
    chip.arrives('f');
    EXPECT(settles() && chip_getc() == 'f' && chip_getc() == -1);

    for (int n = 0; n < 70; n++) { /* more than the ring takes */
        chip.arrives((uint8_t)n);
        EXPECT(settles());
    }
    EXPECT(chip.held[0xE000E184] == 1u << 6); /* held back in the NVIC */
    for (int n = 0; n < 65; n++) {
        chip.held[0xE000E184] = 0;
        EXPECT(chip_getc() == n);
        EXPECT(settles());
    }
    EXPECT(chip_getc() == -1 && !chip.overrun);
    chip.arrives('g');
    EXPECT(settles() && chip_getc() == 'g');

    chip_putc('!');
    EXPECT(chip.sent == std::vector<uint8_t>{'!'});
    chip.held[0x40000024] = 0xFFFFFFF0u;
    EXPECT(chip_ticks() == 0xFFFFFFF0u);
    chip.held[0x40000024] = 5;
    chip_idle();
    EXPECT(chip_ticks() == 0x100000005u);
    return failures != 0;
}
