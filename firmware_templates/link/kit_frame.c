#include "kit_frame.h"

#include "kit_crc32.h"

void kit_decoder_start(struct kit_decoder *decoder) {
    decoder->length = 0;
    decoder->left = 0;
    decoder->code = 0;
    decoder->overlong = 0;
    decoder->crc = KIT_CRC32_START;
}

static void keep(struct kit_decoder *decoder, uint8_t byte) {
    if (decoder->length < KIT_MAX_FRAME_BYTES) {
        decoder->bytes[decoder->length++] = byte;
        decoder->crc = kit_crc32_byte(decoder->crc, byte);
    } else {
        decoder->overlong = 1;
    }
}

static enum kit_decoded finish(struct kit_decoder *decoder) {
    if (decoder->code == 0)
        return KIT_DECODED_NOTHING; /* a zero after a zero */
    if (decoder->left != 0 || decoder->overlong || decoder->length < KIT_HEADER_BYTES + KIT_CRC_BYTES ||
        decoder->crc != KIT_CRC32_RESIDUE)
        return KIT_DECODED_DAMAGED;
    return KIT_DECODED_FRAME;
}

enum kit_decoded kit_decoder_feed(struct kit_decoder *decoder, uint8_t byte) {
    if (byte == 0) {
        enum kit_decoded result = finish(decoder);
        uint16_t length = decoder->length;
        kit_decoder_start(decoder);
        if (result == KIT_DECODED_FRAME)
            decoder->length = length;
        return result;
    }
    if (decoder->code == 0 && decoder->length != 0)
        kit_decoder_start(decoder); /* the frame handed out before is over */
    if (decoder->left == 0) {
        /* A code stands for the zero before it, unless it is the first or the block before it was full. */
        if (decoder->code != 0 && decoder->code != KIT_COBS_BLOCK + 1)
            keep(decoder, 0);
        decoder->code = byte;
        decoder->left = (uint8_t)(byte - 1);
    } else {
        decoder->left--;
        keep(decoder, byte);
    }
    return KIT_DECODED_NOTHING;
}

uint16_t kit_frame_seal(uint8_t *frame, uint16_t length) {
    const uint32_t crc = kit_crc32(0, frame, length);
    memcpy(frame + length, &crc, sizeof crc);
    return (uint16_t)(length + KIT_CRC_BYTES);
}

void kit_frame_send(const uint8_t *frame, uint16_t length, kit_sink sink, void *user) {
    uint16_t at = 0;
    sink(user, 0);
    for (;;) {
        uint16_t run = 0;
        while (run < KIT_COBS_BLOCK && at + run < length && frame[at + run] != 0)
            run++;
        sink(user, (uint8_t)(run + 1));
        for (uint16_t i = 0; i < run; i++)
            sink(user, frame[at + i]);
        at = (uint16_t)(at + run);
        if (at == length)
            break;
        if (run < KIT_COBS_BLOCK)
            at++; /* the zero that the next code stands for; at the very end that code has an empty block */
    }
    sink(user, 0);
}
