#include "kit_history.h"

#include <string.h>

void kit_history_init(struct kit_history *history, int8_t *frames, uint32_t count, uint32_t columns) {
    history->frames = frames;
    history->count = count;
    history->columns = columns;
    history->at = 0;
    history->missing = count;
}

int8_t *kit_history_next(const struct kit_history *history) {
    return history->frames + (size_t)history->at * history->columns;
}

void kit_history_push(struct kit_history *history) {
    history->at = history->at + 1u == history->count ? 0 : history->at + 1u;
    history->missing -= history->missing != 0;
}

int kit_history_read(const struct kit_history *history, int8_t *input) {
    const size_t newer = (size_t)history->at * history->columns;
    const size_t older = (size_t)history->count * history->columns - newer;
    if (history->missing != 0) {
        return 0;
    }
    memcpy(input, history->frames + newer, older);
    memcpy(input + older, history->frames, newer);
    return 1;
}
