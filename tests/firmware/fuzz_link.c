/* Feeds the whole firmware above the chip with streams of frames, right, almost right and wrong, and with
 * noise. Sanitizers watch memory; this file watches that every byte sent belongs to a whole answer. Prints
 * how often each status was answered to each type of request, so that the caller sees that all of the code
 * was reached.
 *
 *     fuzz_link EXECUTIONS SEED
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "kit_crc32.h"

#define main firmware_main
#include "../../firmware_templates/app/main.c"
#undef main

#if KIT_APP_SIGNAL
#include "kit_signal.h"
#else
#define KIT_SIGNAL_SAMPLE_BYTES 1
#endif

enum { TYPES = 16, STATUSES = 13, LONGEST = 2000, DELIMITERS_AND_COBS = 5 };

const uint32_t chip_tick_hz = 1000;
const uint32_t chip_rx_bytes = 64;

static uint64_t state;
static jmp_buf end;
static uint8_t stream[LONGEST];
static unsigned stream_at, stream_end, parts_left;
static uint32_t session;
static uint16_t sequence;
static struct kit_decoder sent;
static unsigned long answers[TYPES][STATUSES];
static unsigned long inferences;   /* that samples led to */
static uint32_t position, due = 1; /* of the stream of samples, as the firmware told them last */

static uint32_t next_random(void) { /* xorshift64*, Vigna 2016 */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545F4914F6CDD1DULL) >> 32);
}

static uint32_t below(uint32_t bound) {
    return next_random() % bound;
}

/* A number as it may stand in a request: small, about the sizes of the model, or at the ends of its type. */
static uint32_t number(void) {
    static const uint32_t edges[] = {0,    1,      2,      3,       6,          7,          8,
                                     490,  496,    497,    999,     1000,       1001,       2047,
                                     2048, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    return below(8) ? edges[below(sizeof edges / sizeof edges[0])] : next_random();
}

static void put_number(uint8_t *to, uint32_t value) {
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

static void put_wire(void *user, uint8_t byte) {
    (void)user;
    if (stream_end < LONGEST)
        stream[stream_end++] = byte;
}

static uint16_t make_payload(uint8_t type, uint8_t *to) {
    uint16_t length = 0;
    switch (type) {
    case KIT_MSG_HELLO:
        to[0] = (uint8_t)(below(8) ? KIT_VERSION_MIN : next_random());
        to[1] = (uint8_t)(below(8) ? KIT_VERSION_MIN : next_random());
        length = KIT_HELLO_REQUEST_BYTES;
        break;
    case KIT_MSG_RUN: {
        struct kit_run_request run = {(uint16_t)(below(2) ? KIT_NO_LAYER : below(5)), (uint8_t)below(2), 0};
        uint32_t crc = 0;
        for (unsigned i = 0; i < MODEL_INPUT_COUNT; i++)
            crc = kit_crc32(crc, model_input(kit_arena, i), model_inputs[i].bytes);
        run.input_crc = below(6) ? crc : number();
        kit_run_request_put(to, &run);
        length = KIT_RUN_REQUEST_BYTES;
        break;
    }
    case KIT_MSG_TENSOR:
        to[0] = (uint8_t)(below(8) ? below(3) : next_random());
        put_number(to + 1, below(4) ? below(3) : number());
        length = KIT_TENSOR_REQUEST_BYTES;
        break;
    case KIT_MSG_INPUT: {
        struct kit_input_request input = {(uint16_t)below(3), below(2) ? below(1000) : number()};
        kit_input_request_put(to, &input);
        length =
            (uint16_t)(KIT_INPUT_REQUEST_BYTES + below(KIT_MAX_PAYLOAD_BYTES - KIT_INPUT_REQUEST_BYTES + 1));
        break;
    }
    case KIT_MSG_OUTPUT: {
        struct kit_output_request output = {(uint16_t)below(3), below(2) ? below(1000) : number(),
                                            (uint16_t)(below(2) ? below(500) : number())};
        kit_output_request_put(to, &output);
        length = KIT_OUTPUT_REQUEST_BYTES;
        break;
    }
    case KIT_MSG_ARENA: {
        struct kit_arena_request read = {below(2) ? below(2048) : number(),
                                         (uint16_t)(below(2) ? below(500) : number())};
        kit_arena_request_put(to, &read);
        length = KIT_ARENA_REQUEST_BYTES;
        break;
    }
    case KIT_MSG_SAMPLES: {
        const uint32_t room = KIT_MAX_PAYLOAD_BYTES - KIT_SAMPLES_REQUEST_BYTES;
        struct kit_samples_request samples = {below(8) ? position : number()};
        uint32_t bytes = below(4) ? due * KIT_SIGNAL_SAMPLE_BYTES : below(room + 1);
        if (bytes > room)
            bytes = room / KIT_SIGNAL_SAMPLE_BYTES * KIT_SIGNAL_SAMPLE_BYTES;
        kit_samples_request_put(to, &samples);
        length = (uint16_t)(KIT_SAMPLES_REQUEST_BYTES + bytes);
        break;
    }
    case KIT_MSG_LABELS:
    case KIT_MSG_PROFILE:
        put_number(to, number());
        length = 2;
        break;
    default:
        break;
    }
    if (below(16) == 0)
        length = (uint16_t)below(below(3) ? 12 : KIT_MAX_PAYLOAD_BYTES + 1);
    return length;
}

/* The next part of the stream: mostly a frame that the firmware should take. */
static void make_part(void) {
    uint8_t frame[KIT_MAX_FRAME_BYTES];
    struct kit_header header;
    uint16_t length;

    stream_at = stream_end = 0;
    if (below(8) == 0) {
        unsigned noise = below(700);
        while (noise-- > 0)
            put_wire(NULL, (uint8_t)(below(20) ? next_random() : 0));
        return;
    }
    for (unsigned i = 0; i < 64; i++)
        frame[below(sizeof frame)] = (uint8_t)next_random();
    header.type = (uint8_t)(kit_device.link.open && below(10) ? below(TYPES) : KIT_MSG_HELLO);
    if (kit_device.outputs_ready && below(2))
        header.type = KIT_MSG_OUTPUT;
    if (KIT_APP_SIGNAL && below(2))
        header.type = KIT_MSG_SAMPLES;
    if (below(64) == 0)
        header.type = (uint8_t)next_random();
    header.status = (uint8_t)(below(64) == 0);
    if (header.type == KIT_MSG_HELLO && below(4))
        session = next_random();
    header.session = below(16) ? session : next_random();
    if (kit_device.link.open && kit_device.link.session == session)
        sequence = kit_device.link.expected;
    header.sequence = (uint16_t)(below(8) ? sequence : sequence + below(5) - 2);
    kit_header_put(frame, &header);
    length = (uint16_t)(KIT_HEADER_BYTES + make_payload(header.type, frame + KIT_HEADER_BYTES));
    kit_frame_send(frame, kit_frame_seal(frame, length), put_wire, NULL);
    if (below(16) == 0)
        stream[below(stream_end)] ^= (uint8_t)(1u << below(8));
    if (below(32) == 0)
        stream_end = below(stream_end);
}

void chip_init(void) {
}

int chip_getc(void) {
    if (stream_at == stream_end) {
        if (parts_left == 0)
            return -1;
        parts_left--;
        make_part();
        return -1; /* what came so far is dealt with first */
    }
    return stream[stream_at++];
}

static void note_stream(const struct kit_header *header, const uint8_t *payload) {
    if (header->status != KIT_STATUS_OK)
        return;
    if (header->type == (KIT_MSG_STREAM | KIT_ANSWER)) {
        struct kit_stream_answer answer;
        kit_stream_answer_get(&answer, payload);
        position = 0;
        due = answer.due;
    } else if (header->type == (KIT_MSG_SAMPLES | KIT_ANSWER)) {
        struct kit_samples_answer answer;
        kit_samples_answer_get(&answer, payload);
        position = answer.position;
        due = answer.due;
        inferences += answer.ran;
    }
}

void chip_putc(uint8_t byte) {
    enum kit_decoded decoded = kit_decoder_feed(&sent, byte);
    if (decoded == KIT_DECODED_DAMAGED) {
        fprintf(stderr, "the firmware sent a damaged frame\n");
        abort();
    }
    if (decoded == KIT_DECODED_FRAME) {
        struct kit_header header;
        kit_header_get(&header, sent.bytes);
        if (!(header.type & KIT_ANSWER) || header.status >= STATUSES) {
            fprintf(stderr, "the firmware sent type %u, status %u\n", header.type, header.status);
            abort();
        }
        if ((header.type & 0x7F) < TYPES)
            answers[header.type & 0x7F][header.status]++;
        note_stream(&header, sent.bytes + KIT_HEADER_BYTES);
    }
}

uint64_t chip_ticks(void) {
    static uint64_t ticks;
    return ticks += below(8) ? 1 : next_random();
}

uint32_t chip_stack_used(void) {
    return 1;
}

void chip_idle(void) {
}

void chip_wait(void) {
    if (parts_left == 0 && stream_at == stream_end)
        longjmp(end, 1);
}

void chip_reset(void) {
    longjmp(end, 1);
}

int main(int argc, char **argv) {
    unsigned long executions = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    state = (argc > 2 ? strtoul(argv[2], NULL, 10) : 1) * 0x9E3779B97F4A7C15ULL | 1u;
    kit_decoder_start(&sent);
    for (volatile unsigned long i = 0; i < executions; i++) {
        parts_left = 1 + below(KIT_APP_SIGNAL ? 60 : 12); /* an input takes many requests */
        stream_at = stream_end = 0;
        if (setjmp(end) == 0)
            firmware_main();
        if (sent.code != 0) {
            fprintf(stderr, "the firmware stopped within a frame\n");
            abort();
        }
    }
    for (unsigned type = 0; type < TYPES; type++)
        for (unsigned status = 0; status < STATUSES; status++)
            if (answers[type][status] != 0)
                printf("%u %u %lu\n", type, status, answers[type][status]);
    printf("inferences %lu\n", inferences);
    return 0;
}
