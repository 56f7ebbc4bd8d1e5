/* The process behind SimavrEmulator: a TCP port on one side, the UART of a simulated AVR on the other.
 *
 * Run as `pump IMAGE MCU HERTZ DESCRIPTOR`: what lies in program memory from address 0 on, simavr's name of
 * the chip, its clock, and a listening socket. Clients come one after the other, as on a serial port; the
 * chip starts when the first has come. Time passes as fast as it can; while the chip sleeps and there is
 * nothing for it, so does the process. */
#define _POSIX_C_SOURCE 200809L

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>

enum {
    SLICE = 1000,         /* instructions between two looks at the socket */
    BUSY_CYCLES = 200000, /* after the last byte: the UART may still have some that are on their way */
    PATIENCE_MS = 100     /* of an idle chip, which wakes now and then by its timer */
};

static avr_t *avr;
static avr_irq_t *uart_input;
static int server, client = -1;
static uint8_t received[4096], sent[4096];
static size_t received_at, received_end, sent_end;
static int full; /* the UART takes nothing more at present */
static avr_cycle_count_t last_byte;

static void flush(void) {
    size_t at = 0;
    while (client >= 0 && at < sent_end) {
        const ssize_t n = send(client, sent + at, sent_end - at, MSG_NOSIGNAL);
        if (n < 0)
            break; /* the client is gone, which receive() will find */
        at += (size_t)n;
    }
    sent_end = 0;
}

static void on_output(avr_irq_t *irq, uint32_t value, void *user) {
    (void)irq, (void)user;
    last_byte = avr->cycle;
    sent[sent_end++] = (uint8_t)value;
    if (sent_end == sizeof sent)
        flush();
}

static void on_xon(avr_irq_t *irq, uint32_t value, void *user) {
    (void)irq, (void)user;
    if (value)
        full = 0;
}

static void on_xoff(avr_irq_t *irq, uint32_t value, void *user) {
    (void)irq, (void)user;
    if (value)
        full = 1;
}

/* Takes in what the client has sent, waiting at most `ms` for it; a new client when the old one is gone. */
static void receive(int ms) {
    struct pollfd in = {client, POLLIN, 0};
    ssize_t n;
    if (received_at < received_end || poll(&in, 1, ms) <= 0)
        return;
    n = recv(client, received, sizeof received, 0);
    received_at = 0;
    received_end = n > 0 ? (size_t)n : 0;
    if (n <= 0) {
        close(client);
        client = accept(server, NULL, NULL);
        if (client < 0)
            exit(1);
    }
}

static void feed(void) {
    for (; !full && received_at < received_end; last_byte = avr->cycle)
        avr_raise_irq(uart_input, received[received_at++]);
}

/* In the place of simavr's own, which sleeps for as long as the chip would. Called at every sleep
 * instruction. */
static void on_sleep(avr_t *chip, avr_cycle_count_t cycles) {
    (void)cycles;
    flush();
    receive(chip->cycle - last_byte < BUSY_CYCLES ? 0 : PATIENCE_MS);
    feed();
}

static void load(const char *path) {
    FILE *file = fopen(path, "rb");
    size_t bytes;
    if (file == NULL || avr->flash == NULL) {
        perror(path);
        exit(1);
    }
    bytes = fread(avr->flash, 1, avr->flashend + 1u, file);
    fclose(file);
    avr->codeend = (avr_flashaddr_t)bytes;
}

int main(int count, char **arguments) {
    uint32_t flags = 0; /* of the UART: no lines on the console, no sleep when it is polled */
    if (count != 5 || (avr = avr_make_mcu_by_name(arguments[2])) == NULL)
        return 2;
    avr_init(avr);
    avr->frequency = (uint32_t)atol(arguments[3]);
    load(arguments[1]);
    server = atoi(arguments[4]);
    avr->sleep = on_sleep;
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    uart_input = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_output, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), on_xon, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF), on_xoff, NULL);
    puts("ready");
    fflush(stdout);
    if ((client = accept(server, NULL, NULL)) < 0)
        return 1;
    for (;;) {
        int i, state = cpu_Running;
        for (i = 0; i < SLICE && state != cpu_Done && state != cpu_Crashed; i++)
            state = avr_run(avr);
        flush();
        receive(i < SLICE ? -1 : 0); /* a chip that has ended never says anything again */
        if (i < SLICE)
            received_at = received_end;
        feed();
    }
}
