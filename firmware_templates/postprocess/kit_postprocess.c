#include "kit_postprocess.h"

#include "kit_scores.h"

#include <string.h>

#define NO_VOTE 255u

static uint32_t answer_bytes(const struct kit_postprocess_config *config) {
    if (config->smoothing == KIT_SMOOTHING_MOVING_AVERAGE) {
        return config->labels * config->value_bytes;
    }
    return config->smoothing == KIT_SMOOTHING_MAJORITY_VOTE ? 1u : 0u;
}

size_t kit_postprocess_bytes(const struct kit_postprocess_config *config) {
    return KIT_POSTPROCESS_BYTES(config->labels, config->length, answer_bytes(config));
}

struct kit_postprocess *kit_postprocess_init(const struct kit_postprocess_config *config, void *memory,
                                             size_t bytes) {
    struct kit_postprocess *state = (struct kit_postprocess *)memory;
    if (memory == NULL || (uintptr_t)memory % sizeof(void *) != 0 || bytes < kit_postprocess_bytes(config)) {
        return NULL;
    }
    state->config = config;
    state->sums = (int32_t *)(void *)(state + 1);
    state->history = (uint8_t *)(state->sums + config->labels);
    kit_postprocess_reset(state);
    return state;
}

void kit_postprocess_reset(struct kit_postprocess *state) {
    state->at = 0;
    state->count = 0;
    state->quiet = 0;
    state->winner = -1;
    if (answer_bytes(state->config) != 0) {
        memset(state->sums, 0, state->config->labels * sizeof(int32_t));
    }
}

/* numerator / denominator to the nearest, halves away from zero. */
static int32_t divided(int64_t numerator, int64_t denominator) {
    const int64_t half = denominator / 2;
    return kit_limited((numerator < 0 ? numerator - half : numerator + half) / denominator);
}

/* The score of a sum over `count` values. */
static int32_t score_of(const struct kit_postprocess_config *config, int32_t sum, uint32_t count) {
    const int64_t steps = (int64_t)sum - (int64_t)count * config->zero_point;
    return divided(steps * config->multiplier, (int64_t)count << config->shift);
}

static uint32_t greatest_sum(const struct kit_postprocess *state) {
    uint32_t best = 0;
    for (uint32_t i = 1; i < state->config->labels; i++) {
        if (state->sums[i] > state->sums[best]) {
            best = i;
        }
    }
    return best;
}

/* Where the next answer goes in the history, whose oldest one lies there when it is full. */
static uint8_t *next_place(struct kit_postprocess *state, uint32_t bytes, int *full) {
    uint8_t *place = state->history + (size_t)state->at * bytes;
    *full = state->count == state->config->length;
    state->at = state->at + 1u == state->config->length ? 0 : state->at + 1u;
    state->count += *full ? 0u : 1u;
    return place;
}

static void add_values(struct kit_postprocess *state, const void *output) {
    const struct kit_postprocess_config *config = state->config;
    const uint32_t bytes = answer_bytes(config);
    int full;
    uint8_t *place = next_place(state, bytes, &full);
    for (uint32_t i = 0; i < config->labels; i++) {
        state->sums[i] += kit_value_at(config, output, i) - (full ? kit_value_at(config, place, i) : 0);
    }
    memcpy(place, output, bytes);
}

static void add_vote(struct kit_postprocess *state, uint32_t vote) {
    int full;
    uint8_t *place = next_place(state, 1, &full);
    if (full && *place != NO_VOTE) {
        state->sums[*place]--;
    }
    if (vote != NO_VOTE) {
        state->sums[vote]++;
    }
    *place = (uint8_t)vote;
}

/* The label that wins by its score, -1 for none. */
static int32_t by_score(const struct kit_postprocess *state, const void *output, int32_t *score) {
    const struct kit_postprocess_config *config = state->config;
    const int averaged = config->smoothing == KIT_SMOOTHING_MOVING_AVERAGE;
    const uint32_t count = averaged ? state->count : 1u;
    uint32_t best = averaged ? greatest_sum(state) : kit_greatest_value(config, output);
    *score = score_of(config, averaged ? state->sums[best] : kit_value_at(config, output, best), count);
    if (state->winner >= 0 && config->hysteresis != 0) {
        const uint32_t last = (uint32_t)state->winner;
        const int32_t again =
            score_of(config, averaged ? state->sums[last] : kit_value_at(config, output, last), count);
        if ((int64_t)again + config->hysteresis >= *score) {
            *score = again;
            return (int64_t)again + config->hysteresis >= config->threshold ? (int32_t)last : -1;
        }
    }
    return *score >= config->threshold ? (int32_t)best : -1;
}

/* The label that more than half of the last answers were for, -1 for none. */
static int32_t by_votes(struct kit_postprocess *state, const void *output, int32_t *score) {
    const struct kit_postprocess_config *config = state->config;
    const uint32_t seen = kit_greatest_value(config, output);
    const int certain = score_of(config, kit_value_at(config, output, seen), 1) >= config->threshold;
    uint32_t best;
    add_vote(state, certain ? seen : NO_VOTE);
    best = greatest_sum(state);
    *score = divided((int64_t)state->sums[best] * 65536, state->count);
    return 2u * (uint32_t)state->sums[best] > state->count ? (int32_t)best : -1;
}

struct kit_decision kit_postprocess_decide(struct kit_postprocess *state, const void *output) {
    const struct kit_postprocess_config *config = state->config;
    struct kit_decision made = {-1, 0};
    if (config->labels == 0) {
        return made;
    }
    if (config->smoothing == KIT_SMOOTHING_MAJORITY_VOTE) {
        state->winner = by_votes(state, output, &made.score);
    } else {
        if (config->smoothing == KIT_SMOOTHING_MOVING_AVERAGE) {
            add_values(state, output);
        }
        state->winner = by_score(state, output, &made.score);
    }
    if (state->quiet != 0) {
        state->quiet--;
    } else if (state->winner >= 0 && !config->ignored[state->winner]) {
        made.label = state->winner;
        state->quiet = config->debounce;
    }
    return made;
}
