#include "kit_signal.h"

#include <string.h>

#if defined(KIT_SIGNAL_IMAGE)

static uint8_t picture[KIT_SIGNAL_STRIDE];
static uint32_t missing; /* bytes until it is whole */

void kit_signal_start(void) {
    missing = sizeof picture;
}

uint32_t kit_signal_due(void) {
    return missing;
}

uint32_t kit_signal_feed(const uint8_t *samples, uint32_t count) {
    const uint32_t n = count < missing ? count : missing;
    memcpy(picture + (sizeof picture - missing), samples, n);
    missing -= n;
    return n;
}

int kit_signal_read(int8_t *input) {
    if (missing != 0) {
        return 0;
    }
    kit_image_whole(&kit_signal_config, picture, input);
    missing = sizeof picture;
    return 1;
}

#else

#if defined(KIT_SIGNAL_AUDIO)

static uint64_t memory[(KIT_SIGNAL_BYTES + 7u) / 8u];
static int8_t frames[KIT_SIGNAL_FEATURES];
static struct kit_audio *audio;
static struct kit_history history;
static uint32_t frames_due; /* until the next input */

void kit_signal_start(void) {
    audio = kit_audio_init(&kit_signal_config, memory, sizeof memory);
    kit_history_init(&history, frames, KIT_SIGNAL_FRAMES, KIT_SIGNAL_COLUMNS);
    frames_due = KIT_SIGNAL_FRAMES;
}

uint32_t kit_signal_due(void) {
    return frames_due == 0 ? 0 : audio->ring.missing + (frames_due - 1u) * KIT_SIGNAL_HOP;
}

static uint32_t take(const int16_t *samples, uint32_t count) {
    const uint32_t taken = kit_audio_feed(audio, samples, count);
    if (kit_audio_frame(audio, kit_history_next(&history))) {
        kit_history_push(&history);
        frames_due--;
    }
    return taken;
}

int kit_signal_read(int8_t *input) {
    if (frames_due != 0 || !kit_history_read(&history, input)) {
        return 0;
    }
    frames_due = KIT_SIGNAL_STRIDE / KIT_SIGNAL_HOP;
    return 1;
}

#else

static uint64_t memory[(KIT_SIGNAL_BYTES + 7u) / 8u];
static struct kit_motion *motion;

void kit_signal_start(void) {
    motion = kit_motion_init(&kit_signal_config, memory, sizeof memory);
}

uint32_t kit_signal_due(void) {
    return motion->ring.missing;
}

static uint32_t take(const int16_t *samples, uint32_t count) {
    return kit_motion_feed(motion, samples, count);
}

int kit_signal_read(int8_t *input) {
    return kit_motion_frame(motion, input);
}

#endif

uint32_t kit_signal_feed(const uint8_t *samples, uint32_t count) {
    int16_t piece[64]; /* of the right alignment */
    const uint32_t most = sizeof piece / KIT_SIGNAL_SAMPLE_BYTES, n = count < most ? count : most;
    if (kit_signal_due() == 0) {
        return 0;
    }
    memcpy(piece, samples, (size_t)n * KIT_SIGNAL_SAMPLE_BYTES);
    return take(piece, n);
}

#endif
