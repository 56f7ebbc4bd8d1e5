/* The USB serial/JTAG controller as the console, on boards whose USB socket is wired to the chip itself:
 * CHIP_USB_SERIAL is its base address. ESP32-S3 Technical Reference Manual, "USB Serial/JTAG Controller"; the
 * same in the C3 and C6. The ROM has started it; the host's baud means nothing to it. */
#ifndef KIT_ESPRESSIF_USB_H
#define KIT_ESPRESSIF_USB_H

#define USB_EP1 REG(CHIP_USB_SERIAL + 0x00u)      /* a byte received, a byte to send */
#define USB_EP1_CONF REG(CHIP_USB_SERIAL + 0x04u) /* bit 0: send what was written, 1: room, 2: received */
#define USB_PATIENCE (CHIP_CLOCK_HZ / 400u)       /* looks at the register, about 50 ms */

const uint32_t chip_rx_bytes = 64; /* a packet; the host waits with the next */
static uint8_t usb_unsent, usb_nobody;

static void console_start(void) {
}

static void console_flush(void) {
    if (usb_unsent != 0) {
        USB_EP1_CONF |= 1u;
        usb_unsent = 0;
    }
}

int chip_getc(void) {
    if ((USB_EP1_CONF & 4u) == 0) {
        return -1;
    }
    usb_nobody = 0;
    return (int)(USB_EP1 & 0xFFu);
}

/* Where no program on the host reads, bytes are dropped: the first one waits, the others do not. */
void chip_putc(uint8_t byte) {
    for (uint32_t look = 0; (USB_EP1_CONF & 2u) == 0; look++) {
        console_flush();
        if (usb_nobody != 0 || look == USB_PATIENCE) {
            usb_nobody = 1;
            return;
        }
    }
    USB_EP1 = byte;
    usb_unsent = 1;
}

#endif
