/* Received bytes in memory that the emulator shares with the host, any number of them at once: an emulated
 * UART takes them one by one, each at the cost of a turn of the emulator's main loop. While the host has the
 * mailbox open, a byte that comes to the UART only says that there is something in it. `written` and `taken`
 * count bytes and run on; byte number n lies in slot n modulo MAILBOX_SLOTS. Who writes what, and the host's
 * side: toolchain/emulate/mailbox.py. On a real board, and without a mailbox, all this is nothing. */
#ifndef KIT_MAILBOX_H
#define KIT_MAILBOX_H

#include <stdint.h>

#if defined(CHIP_EMULATED) && defined(CHIP_MAILBOX_BASE)

#define MAILBOX_SLOTS 0x10000u
struct chip_mailbox {
    uint32_t open;    /* the host's: not 0 while it uses the mailbox */
    uint32_t written; /* the host's */
    uint32_t taken;   /* the chip's */
    uint32_t reserved;
    uint8_t slots[MAILBOX_SLOTS];
};
#define MAILBOX ((volatile struct chip_mailbox *)(CHIP_MAILBOX_BASE))

/* Tells the host that this program has a mailbox, and where. */
#define MAILBOX_TEXT(x) #x
#define MAILBOX_SET(address) ".global chip_mailbox\n.set chip_mailbox, " MAILBOX_TEXT(address)
__asm(MAILBOX_SET(CHIP_MAILBOX_BASE));

static inline int mailbox_is_open(void) {
    return MAILBOX->open != 0;
}

static inline int mailbox_has_some(void) {
    return MAILBOX->written != MAILBOX->taken;
}

/* The next byte, or -1. More bytes than there are slots cannot be: something was written over the counts, and
 * what is there is given up. */
static inline int mailbox_take(void) {
    const uint32_t taken = MAILBOX->taken, written = MAILBOX->written;
    int byte;
    if (written == taken) {
        return -1;
    }
    if (written - taken > MAILBOX_SLOTS) {
        MAILBOX->taken = written;
        return -1;
    }
    byte = MAILBOX->slots[taken % MAILBOX_SLOTS];
    MAILBOX->taken = taken + 1u; /* only now may the host put another byte there */
    return byte;
}

#else

static inline int mailbox_is_open(void) {
    return 0;
}

static inline int mailbox_has_some(void) {
    return 0;
}

static inline int mailbox_take(void) {
    return -1;
}

#endif
#endif
