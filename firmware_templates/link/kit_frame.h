/* Bytes of the wire to frames and back: COBS between zeros, CRC-32 at the end (see kit_protocol.h). */
#ifndef KIT_FRAME_H
#define KIT_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "kit_protocol.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Takes a frame apart byte by byte as it comes, so that nothing is left to do at its end. */
struct kit_decoder {
    uint8_t bytes[KIT_MAX_FRAME_BYTES];
    uint16_t length;
    uint8_t left; /* bytes until the next COBS code */
    uint8_t code; /* the last COBS code; 0 before the first */
    uint8_t overlong;
    uint32_t crc;
};

enum kit_decoded {
    KIT_DECODED_NOTHING, /* go on */
    KIT_DECODED_DAMAGED, /* a segment ended that is no frame */
    KIT_DECODED_FRAME    /* `bytes`, `length` (CRC included) hold a whole frame until the next byte is fed */
};

void kit_decoder_start(struct kit_decoder *decoder);
enum kit_decoded kit_decoder_feed(struct kit_decoder *decoder, uint8_t byte);

/* Where an encoder's bytes go, one at a time. */
typedef void (*kit_sink)(void *user, uint8_t byte);

/* Puts the CRC behind the `length` bytes of header and payload (`frame` has room for KIT_CRC_BYTES more) and
 * returns the new length. */
uint16_t kit_frame_seal(uint8_t *frame, uint16_t length);

/* Sends a sealed frame: zero, COBS, zero. */
void kit_frame_send(const uint8_t *frame, uint16_t length, kit_sink sink, void *user);

#ifdef __cplusplus
}
#endif
#endif
