/* Who the test firmware is. */
#define KIT_BOARD_NAME "host"
#define KIT_BUILD_ID "0123456789abcdef"
#define KIT_MODEL_SHA256 "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define KIT_LABELS                                                                                           \
    { "null", "eins", "zwei", "fünf" }
#define KIT_LABEL_COUNT 4
