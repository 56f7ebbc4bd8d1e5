/* Who the test firmware is. */
#ifndef KIT_IDENTITY_H
#define KIT_IDENTITY_H

#define KIT_BOARD "host"
#define KIT_NAME "test"
#define KIT_BUILD_ID "0123456789abcdef"
#define KIT_MODEL_SHA256 "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define KIT_LABEL_COUNT 4

static const char *const kit_labels[] = {"null", "eins", "zwei", "fünf"};

#endif
