/* ATmega328P start-up: vectors and what comes before main. ATmega328P data sheet DS40002061B: "Interrupt Vectors in
 * ATmega328P" (26 of two words each), "Watchdog Timer" (the sequence that stops it), "Register Summary". libgcc has
 * the rest as sections between ours: .init4 copies .data from flash and clears .bss. */

#define SPL 0x3D                       /* addresses for IN and OUT */
#define SPH 0x3E
#define SREG 0x3F
#define MCUSR 0x34
#define WDTCSR 0x60                    /* in data memory */

    .section .vectors, "ax", @progbits
    .global __vectors
__vectors:
    jmp chip_start
    .rept 12
    jmp unexpected
    .endr
    jmp __vector_13                    /* Timer1 overflow */
    .rept 4
    jmp unexpected
    .endr
    jmp __vector_18                    /* USART received */
    .rept 7
    jmp unexpected
    .endr

    .section .init0, "ax", @progbits
    .global chip_start
chip_start:
    clr r1                             /* 0 wherever the compiler needs one */
    out SREG, r1
    ldi r28, lo8(__stack_top - 1)
    ldi r29, hi8(__stack_top - 1)
    out SPH, r29
    out SPL, r28

    wdr                                /* after its own reset the watchdog runs on, at 16 ms */
    out MCUSR, r1                      /* it cannot be stopped while this says that it did */
    ldi r24, 0x18                      /* WDCE, WDE */
    sts WDTCSR, r24
    sts WDTCSR, r1

    ldi r26, lo8(__stack_bottom)
    ldi r27, hi8(__stack_bottom)
    ldi r24, 0xC5                      /* a byte of STACK_PAINT */
1:  st X+, r24
    cp r26, r28
    cpc r27, r29
    brlo 1b

    .section .init9, "ax", @progbits
    call main
    ldi r24, lo8(main_returned)
    ldi r25, hi8(main_returned)
    rjmp 2f
unexpected:
    ldi r24, lo8(no_handler)
    ldi r25, hi8(no_handler)
2:  clr r1
    clr r20                            /* the address, a uint32_t in r23 … r20 */
    clr r21
    clr r22
    clr r23
    jmp chip_panic

    .section .rodata.chip_start, "a", @progbits
main_returned:
    .asciz "main returned"
no_handler:
    .asciz "unexpected interrupt"
