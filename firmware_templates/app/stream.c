/* Raw samples on the link: the front end takes them as they come, and the model runs whenever an input is
 * due. */
#include "app.h"

#if KIT_APP_SIGNAL
#include "decision.h"
#include "kit_signal.h"

_Static_assert(MODEL_INPUT_COUNT == 1, "a front end makes one input");

static struct {
    uint32_t session;  /* of the link that opened the stream */
    uint32_t position; /* samples taken, modulo 2^32 */
    uint64_t ticks;    /* time of the front end since the last inference */
    uint8_t open;
} stream;

uint8_t kit_app_stream(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    static const uint8_t sha256[] = {KIT_SIGNAL_SHA256};
    struct kit_stream_answer answer;

    (void)request;
    kit_app_reset_model();
    kit_signal_start();
    stream.session = kit_device.link.session;
    stream.position = 0;
    stream.ticks = 0;
    stream.open = 1;
    answer.sample_bytes = KIT_SIGNAL_SAMPLE_BYTES;
    answer.rate = KIT_SIGNAL_RATE;
    answer.due = kit_signal_due();
    answer.stride = KIT_SIGNAL_STRIDE;
    memcpy(answer.signal_sha256, sha256, sizeof answer.signal_sha256);
    kit_stream_answer_put(to, &answer);
    *length = KIT_STREAM_ANSWER_BYTES;
    return KIT_STATUS_OK;
}

/* Give `count` samples to the front end, and look after the link meanwhile. */
static void feed(const uint8_t *samples, uint32_t count) {
    while (count > 0) {
        const uint64_t start = chip_ticks();
        const uint32_t taken = kit_signal_feed(samples, count);
        stream.ticks += chip_ticks() - start;
        samples += (size_t)taken * KIT_SIGNAL_SAMPLE_BYTES;
        count -= taken;
        kit_link_receive(&kit_device.link);
    }
}

/* The inference that is due. */
static uint8_t infer(struct kit_samples_answer *answer) {
    struct kit_app_run run = {KIT_NO_LAYER, 0, 0, 0, 0};
    const uint64_t start = chip_ticks();
    uint8_t status;

    kit_signal_read((int8_t *)model_input(kit_arena, 0));
    answer->front_ticks += chip_ticks() - start;
    stream.ticks = 0;
    status = kit_app_invoke(&run);
    answer->model_ticks = run.ticks;
    answer->ran = kit_device.outputs_ready;
    if (answer->ran) {
        const struct kit_decision decision = kit_decide();
        answer->label = decision.label;
        answer->score = decision.score;
    }
    return status;
}

uint8_t kit_app_samples(const struct kit_request *request, uint8_t *to, uint16_t *length) {
    const uint32_t bytes = (uint32_t)request->length - KIT_SAMPLES_REQUEST_BYTES;
    const uint32_t count = bytes / KIT_SIGNAL_SAMPLE_BYTES;
    struct kit_samples_request asked;
    struct kit_samples_answer answer = {0, 0, 0, 0, -1, 0, 0};
    uint8_t status = KIT_STATUS_OK;

    kit_samples_request_get(&asked, request->payload);
    if (!stream.open || stream.session != kit_device.link.session)
        return KIT_STATUS_NOT_READY;
    if (count == 0 || bytes % KIT_SIGNAL_SAMPLE_BYTES != 0)
        return KIT_STATUS_LENGTH;
    if (asked.position != stream.position)
        return KIT_STATUS_POSITION;
    if (count > kit_signal_due())
        return KIT_STATUS_RANGE;
    /* The answer's place keeps them: the next frame may come in over the request. */
    memcpy(to, request->payload + KIT_SAMPLES_REQUEST_BYTES, bytes);
    feed(to, count);
    stream.position += count;
    answer.position = stream.position;
    answer.front_ticks = stream.ticks;
    if (kit_signal_due() == 0)
        status = infer(&answer);
    answer.due = kit_signal_due();
    kit_samples_answer_put(to, &answer);
    *length = KIT_SAMPLES_ANSWER_BYTES;
    if (answer.ran)
        kit_app_append_outputs(to, length);
    return status;
}

#endif
