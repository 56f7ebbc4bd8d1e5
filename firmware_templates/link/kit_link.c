#include "kit_link.h"

void kit_link_start(struct kit_link *link, int (*getc)(void), void (*putc)(uint8_t)) {
    memset(link, 0, sizeof *link);
    link->getc = getc;
    link->putc = putc;
    kit_decoder_start(&link->rx);
}

void kit_link_receive(struct kit_link *link) {
    int byte;
    while (link->pending == 0 && (byte = link->getc()) >= 0) {
        switch (kit_decoder_feed(&link->rx, (uint8_t)byte)) {
        case KIT_DECODED_FRAME:
            link->pending = link->rx.length;
            link->frames++;
            break;
        case KIT_DECODED_DAMAGED:
            link->damaged++;
            break;
        case KIT_DECODED_NOTHING:
            break;
        }
    }
}

static void sink(void *user, uint8_t byte) {
    struct kit_link *link = (struct kit_link *)user;
    link->putc(byte);
    kit_link_receive(
        link); /* sending takes as long as receiving: a FIFO of one byte does not overflow meanwhile */
}

static void send_short(struct kit_link *link, uint8_t type, uint8_t status, uint16_t sequence,
                       uint32_t session, const uint8_t *payload, uint16_t length) {
    uint8_t frame[KIT_HEADER_BYTES + KIT_HELLO_ANSWER_BYTES + KIT_CRC_BYTES];
    struct kit_header header = {(uint8_t)(type | KIT_ANSWER), status, sequence, session};
    kit_header_put(frame, &header);
    if (length != 0)
        memcpy(frame + KIT_HEADER_BYTES, payload, length);
    kit_frame_send(frame, kit_frame_seal(frame, (uint16_t)(KIT_HEADER_BYTES + length)), sink, link);
}

static void repeat(struct kit_link *link) {
    link->repeated++;
    kit_frame_send(link->answer, link->answer_bytes, sink, link);
}

/* Opens the session that a hello asks for. Returns 0 when there is nothing to carry out. */
static int open_session(struct kit_link *link, const struct kit_header *header, const uint8_t *payload,
                        uint16_t length) {
    struct kit_hello_request hello;
    if (length != KIT_HELLO_REQUEST_BYTES) {
        send_short(link, header->type, KIT_STATUS_LENGTH, header->sequence, header->session, NULL, 0);
        return 0;
    }
    kit_hello_request_get(&hello, payload);
    if (hello.version_min > KIT_VERSION_MAX || hello.version_max < KIT_VERSION_MIN) {
        struct kit_hello_answer answer;
        uint8_t bytes[KIT_HELLO_ANSWER_BYTES];
        memset(&answer, 0, sizeof answer);
        answer.version_min = KIT_VERSION_MIN;
        answer.version_max = KIT_VERSION_MAX;
        kit_hello_answer_put(bytes, &answer);
        send_short(link, header->type, KIT_STATUS_VERSION, header->sequence, header->session, bytes,
                   sizeof bytes);
        return 0;
    }
    link->open = 1;
    link->session = header->session;
    link->expected = header->sequence;
    return 1;
}

/* Looks at the pending frame. Returns 1 when it is a request to carry out, else deals with it. */
static int accept(struct kit_link *link, struct kit_request *request) {
    struct kit_header header;
    const uint8_t *payload = link->rx.bytes + KIT_HEADER_BYTES;
    uint16_t length = (uint16_t)(link->pending - KIT_HEADER_BYTES - KIT_CRC_BYTES);
    int16_t ahead;

    kit_header_get(&header, link->rx.bytes);
    link->pending =
        0; /* from here on the next frame may come in over this one, as soon as something is sent */
    if ((header.type & KIT_ANSWER) || header.status != 0)
        return 0; /* our own words, sent back by a loop in the line */
    if (!link->open || header.session != link->session) {
        if (header.type != KIT_MSG_HELLO) {
            send_short(link, KIT_MSG_SYNC, KIT_STATUS_SESSION, header.sequence, header.session, NULL, 0);
            return 0;
        }
        if (!open_session(link, &header, payload, length))
            return 0;
    }
    ahead = (int16_t)(uint16_t)(header.sequence - link->expected);
    if (ahead < 0) {
        repeat(link);
        return 0;
    }
    if (ahead > 0 || header.type == KIT_MSG_SYNC) {
        send_short(link, KIT_MSG_SYNC, KIT_STATUS_GAP, link->expected, link->session, NULL, 0);
        return 0;
    }
    link->expected++;
    {
        struct kit_header answer = {(uint8_t)(header.type | KIT_ANSWER), 0, header.sequence, header.session};
        kit_header_put(link->answer, &answer);
    }
    request->type = header.type;
    request->payload = payload;
    request->length = length;
    return 1;
}

int kit_link_poll(struct kit_link *link, struct kit_request *request) {
    for (;;) {
        kit_link_receive(link);
        if (link->pending == 0)
            return 0;
        if (accept(link, request))
            return 1;
    }
}

uint8_t *kit_link_payload(struct kit_link *link) {
    return link->answer + KIT_HEADER_BYTES;
}

void kit_link_answer(struct kit_link *link, uint8_t status, uint16_t length) {
    link->answer[1] = status;
    link->answer_bytes = kit_frame_seal(link->answer, (uint16_t)(KIT_HEADER_BYTES + length));
    kit_frame_send(link->answer, link->answer_bytes, sink, link);
}

int kit_link_busy(struct kit_link *link) {
    struct kit_header header;
    for (;;) {
        kit_link_receive(link);
        if (link->pending == 0)
            return 0;
        kit_header_get(&header, link->rx.bytes);
        if (header.session != link->session && header.type == KIT_MSG_HELLO)
            return 1; /* stays pending: kit_link_poll opens the session */
        link->pending = 0;
        if (header.session == link->session && !(header.type & KIT_ANSWER))
            send_short(link, header.type, KIT_STATUS_BUSY, header.sequence, header.session, NULL, 0);
    }
}
