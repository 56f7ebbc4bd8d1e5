/* The UART of the Cortex-M System Design Kit (Arm DDI 0479, 4.3): one byte of buffer, an interrupt that is
 * raised when a byte comes and stays until it is cleared, whether the byte was taken or not; a byte that
 * finds the buffer full is lost. */
#include "silicon.hpp"
#include "chip.c"

struct Silicon : Registers {
    bool full = false, raised = false, overrun = false;
    uint8_t data = 0;
    uint32_t value = 0xFFFFFFFFu, pending = 0; /* of the timer */
    std::string meanwhile; /* comes between the clearing of the interrupt and the look at the buffer */
    std::vector<uint8_t> sent;

    void arrives(uint8_t byte) {
        overrun = full;
        if (!full) {
            data = byte;
            full = true;
        }
        raised = true;
    }
    uint32_t read(uint32_t address) override {
        switch (address) {
        case CHIP_UART_BASE:
            full = false;
            return data;
        case CHIP_UART_BASE + 4:
            return (uint32_t)full << 1 | (uint32_t)overrun << 3;
        case CHIP_TIMER_BASE + 4:
            return value;
        case CHIP_TIMER_BASE + 0xC:
            return pending;
        default:
            return held[address];
        }
    }
    void write(uint32_t address, uint32_t bits) override {
        held[address] = bits;
        if (address == CHIP_UART_BASE) {
            sent.push_back((uint8_t)bits);
        }
        if (address == CHIP_UART_BASE + 0xC && (bits & 2u) != 0) {
            raised = false;
            if (!meanwhile.empty()) {
                const std::string now = meanwhile.substr(0, 1);
                meanwhile.erase(0, 1);
                arrives((uint8_t)now[0]);
            }
        }
        if (address == CHIP_TIMER_BASE + 0xC) {
            pending = 0;
        }
    }
};
static Silicon chip;
Registers &silicon = chip;

static bool settles(void) {
    for (int turn = 0; turn < 100; turn++) {
        if (!chip.raised) {
            return true;
        }
        chip_interrupt(CHIP_UART_RX_IRQ);
    }
    return false;
}

int main() {
    chip_init();
    EXPECT(chip.held[CHIP_UART_BASE + 0x10] == 217); /* 25 MHz / 115,200 */
    EXPECT(chip.held[CHIP_UART_BASE + 8] == 0x0B);
    chip.arrives('a');
    EXPECT(settles() && chip_getc() == 'a' && chip_getc() == -1);
    chip.arrives('b'); /* taken late: the next one is lost, and nothing else */
    chip.arrives('c');
    EXPECT(settles() && chip_getc() == 'b' && chip_getc() == -1);
    chip.full = false; /* cleared, and here is another before anybody looked */
    chip.raised = true;
    chip.meanwhile = "d";
    EXPECT(settles() && chip_getc() == 'd' && chip_getc() == -1);
    for (int n = 0; n < 70;
         n++) { /* more than the ring takes: the 65th waits in the UART, the others are lost */
        chip.arrives((uint8_t)n);
        EXPECT(settles());
    }
    for (int n = 0; n < 65; n++) {
        EXPECT(chip_getc() == n);
        EXPECT(settles());
    }
    EXPECT(chip_getc() == -1);
    chip.arrives('e');
    EXPECT(settles() && chip_getc() == 'e');
    chip_putc('!');
    EXPECT(chip.sent == std::vector<uint8_t>{'!'});
    chip.value = 0xFFFFFFFFu - 5;
    EXPECT(chip_ticks() == 5);
    chip.pending = 1;
    chip_interrupt(CHIP_TIMER_IRQ); /* it has gone through zero */
    EXPECT(chip.pending == 0 && chip_ticks() == 0x100000005u);
    return failures != 0;
}
