/* CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320), the one of zlib. */
#ifndef KIT_CRC32_H
#define KIT_CRC32_H

#include <stddef.h>
#include <stdint.h>

#include "kit_const.h"

#ifdef __cplusplus
extern "C" {
#endif

#define KIT_CRC32_START 0xFFFFFFFFu
/* Running value (before the final inversion) after a message and its own CRC, little-endian: a frame is whole
 * when it ends here. */
#define KIT_CRC32_RESIDUE 0xDEBB20E3u

extern const KIT_CONST uint32_t kit_crc32_nibble[16];

/* One byte into the running value. Two look-ups in 64 bytes of table: a polled UART has to keep up. */
static inline uint32_t kit_crc32_byte(uint32_t crc, uint8_t byte) {
    crc ^= byte;
    crc = (crc >> 4) ^ kit_crc32_nibble[crc & 15];
    return (crc >> 4) ^ kit_crc32_nibble[crc & 15];
}

/* CRC of `length` bytes that follow a part whose CRC is `crc` (0 for none), as zlib's crc32(). */
uint32_t kit_crc32(uint32_t crc, const void *data, size_t length);

#ifdef __cplusplus
}
#endif
#endif
