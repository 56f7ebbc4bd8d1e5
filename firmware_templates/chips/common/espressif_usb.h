/* The USB serial/JTAG controller as the console, on boards whose USB socket is wired to the chip itself:
 * CHIP_USB_SERIAL is its base address. ESP32-S3 Technical Reference Manual, "USB Serial/JTAG Controller"; the
 * same in the C3 and C6. The ROM has started it; the host's baud means nothing to it. */
#ifndef KIT_ESPRESSIF_USB_H
#define KIT_ESPRESSIF_USB_H

#define USB_EP1 REG(CHIP_USB_SERIAL + 0x00u)      /* a byte received, a byte to send */
#define USB_EP1_CONF REG(CHIP_USB_SERIAL + 0x04u) /* bit 0: send what was written, 1: room, 2: received */
#define USB_PACKET 64u                            /* bytes; the controller sends a full one on its own */
#define USB_PATIENCE (CHIP_CLOCK_HZ / 400u)       /* looks at the register, about 50 ms */

const uint32_t chip_rx_bytes = USB_PACKET; /* the host waits with the next */

/* Bytes of the packet that is being filled; that the last packet was a full one, which the host takes for a
 * part of something longer until a shorter one comes, be it empty (USB 2.0, 5.8.3; ESP-IDF's driver does the
 * same); that no program on the host reads. */
static uint8_t usb_filled, usb_unended, usb_nobody;

/* Where nobody reads, the first to wait does so for USB_PATIENCE, those after it not at all. */
static int usb_has_room(void) {
    for (uint32_t look = 0; (USB_EP1_CONF & 2u) == 0; look++) {
        if (usb_nobody != 0 || look == USB_PATIENCE) {
            usb_nobody = 1;
            return 0;
        }
    }
    usb_nobody = 0;
    return 1;
}

static void console_flush(void) {
    if (usb_filled != 0 || (usb_unended != 0 && usb_has_room())) {
        USB_EP1_CONF |= 1u;
    }
    usb_filled = 0;
    usb_unended = 0;
}

static void console_start(void) {
    USB_EP1_CONF |= 1u; /* what the ROM wrote: packets are counted from here on */
}

/* Until the host has everything. */
static void console_drain(void) {
    console_flush();
    (void)usb_has_room();
}

int chip_getc(void) {
    if ((USB_EP1_CONF & 4u) == 0) {
        return -1;
    }
    usb_nobody = 0;
    return (int)(USB_EP1 & 0xFFu);
}

/* Lines go out at once: the last ones of a firmware that stops have nobody to flush them. */
void chip_putc(uint8_t byte) {
    if (!usb_has_room()) {
        return;
    }
    USB_EP1 = byte;
    usb_filled = (uint8_t)((usb_filled + 1u) % USB_PACKET);
    usb_unended = usb_filled == 0;
    if (byte == '\n') {
        console_flush();
    }
}

#endif
