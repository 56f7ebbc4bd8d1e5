/* The device's side of the link: sessions, sequence numbers, repeated requests, answers that can be repeated.
 * The rules are in docs/link.md. No memory but the struct's own; one link at a time is enough for a device.
 */
#ifndef KIT_LINK_H
#define KIT_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "kit_frame.h"

#ifdef __cplusplus
extern "C" {
#endif

struct kit_link {
    int (*getc)(void);     /* next received byte or -1 */
    void (*putc)(uint8_t); /* sends one byte, waits while the transmitter is full */
    struct kit_decoder rx; /* what is coming in */
    uint16_t pending;      /* length of the whole frame in `rx` that waits to be looked at, 0 for none */
    uint8_t answer[KIT_MAX_FRAME_BYTES]; /* the latest answer, to be sent again when it was lost */
    uint16_t answer_bytes;
    uint32_t session;
    uint16_t expected; /* sequence number of the next request */
    uint8_t open;      /* a session is open */
    uint32_t frames;   /* counters, see the message `memory` */
    uint32_t damaged;
    uint32_t repeated;
};

/* A request to carry out. `payload` is valid until kit_link_receive, kit_link_busy
 * or kit_link_answer is called. */
struct kit_request {
    uint8_t type;
    const uint8_t *payload;
    uint16_t length;
};

void kit_link_start(struct kit_link *link, int (*getc)(void), void (*putc)(uint8_t));

/* Takes in what was received. Returns 1 and fills `request` when there is one to carry out: it must be
 * answered by kit_link_answer before the next call. Returns 0 when the line is quiet. */
int kit_link_poll(struct kit_link *link, struct kit_request *request);

/* Where the answer's payload goes, KIT_MAX_PAYLOAD_BYTES long. */
uint8_t *kit_link_payload(struct kit_link *link);

/* Answers the request that kit_link_poll gave, with the first `length` bytes of kit_link_payload. Goes on
 * receiving while it sends. */
void kit_link_answer(struct kit_link *link, uint8_t status, uint16_t length);

/* Takes in what was received, at most to the end of a frame, which waits. To be called while a request is
 * carried out during which the host may send the next ones; the payload is not valid any more then. */
void kit_link_receive(struct kit_link *link);

/* To be called now and then while a long request is carried out: takes in what was received and answers
 * `busy` to who asks. Returns 1 when another host has opened a session, so that the work is in vain. */
int kit_link_busy(struct kit_link *link);

#ifdef __cplusplus
}
#endif
#endif
