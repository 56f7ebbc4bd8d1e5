/* Second stage of the RP2040's boot: the boot ROM copies the first 256 bytes of flash to the end of RAM, checks the
 * CRC in their last four (RP2040 Datasheet, 2.8.1.3.1 "Checksum": polynomial 0x04C11DB7, start 0xFFFFFFFF, neither
 * reflected nor inverted), and runs them there. They set the SSI up (4.10.13 "List of Registers") so that a read at
 * 0x10000000 becomes the serial read command 03h with a 24-bit address, which every flash chip knows and which needs
 * no mode of it; then they start the program as its vector table says (2.8.1.3 "Flash Second Stage").
 *
 * Written so that every assembler makes the same bytes of it: no `ldr rd, =value`, one encoding each. Who changes a
 * word changes the CRC too; a test says what it must be. */
    .syntax unified
    .cpu cortex-m0plus
    .thumb
    .section .boot2, "ax", %progbits
    .balign 4
    .global boot2
    .type boot2, %function
boot2:
    ldr r0, ssi
    movs r1, #0
    str r1, [r0, #0x08]     /* SSIENR: off, or it cannot be set up */
    movs r1, #4
    str r1, [r0, #0x14]     /* BAUDR: system clock / 4, 31.25 MHz at 125 MHz; 03h is for 50 MHz at most */
    ldr r1, control
    str r1, [r0, #0x00]     /* CTRLR0 */
    movs r1, #0
    str r1, [r0, #0x04]     /* CTRLR1: one data frame a command */
    ldr r2, spi_control
    ldr r1, command
    str r1, [r2]            /* SPI_CTRLR0 */
    movs r1, #1
    str r1, [r0, #0x08]     /* SSIENR: on; flash can be read from here on */
    ldr r0, vectors
    ldr r1, vtor
    str r0, [r1]
    ldr r1, [r0]            /* the first entry is the stack, the second where to start */
    ldr r2, [r0, #4]
    msr msp, r1
    bx r2
    .balign 4
ssi:
    .word 0x18000000
spi_control:
    .word 0x180000F4
control:
    .word 0x001F0300        /* 32-bit frames (bits 20..16), command then data (9..8), one wire (22..21) */
command:
    .word 0x03000218        /* command 03h (31..24), of 8 bits (9..8), 6 nibbles of address (5..2), one wire */
vectors:
    .word 0x10000100
vtor:
    .word 0xE000ED08
    .space 252 - (. - boot2)
    .word 0xC29A6BFE        /* CRC of the 252 bytes before it */
