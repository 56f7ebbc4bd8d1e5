"""The keyword kit in its small version: trained on words that are spoken here, deployed, heard as a stream."""

from __future__ import annotations

import numpy as np
import pytest

from toolchain.data.speech import recordings
from toolchain.data.speech.voices import ESPEAK, FLITE, Voice, say
from toolchain.errors import Missing
from toolchain.kit import load_kit

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    """Voices and recordings, which packages carry."""
    try:
        recordings.speech()
        recordings.sounds()
        for voice in (Voice(ESPEAK, "m1", "en-us"), Voice(FLITE, "rms")):
            say("yes", voice, np.random.default_rng(0))
    except Missing as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(("board", "samples"), [("host", 20), ("mps2-an386", 20), ("esp32c3", 2)])
def test_the_small_kit_answers_as_the_reference_does(kit, board, samples):
    said = kit.json("deploy", "keyword:small", "--board", board, "--emulate", "--samples", str(samples))
    assert said["kit"] == "keyword-small" and said["samples"] == samples and said["failed_checks"] == []
    assert said["parity"]["mismatches"] == said["parity"]["max_abs_diff"] == 0
    assert said["accuracy_device"] == said["accuracy_host"]
    assert 0 < said["memory"]["weights_bytes"] <= load_kit("keyword").pass_marks.max_weights_bytes


@pytest.mark.parametrize(("board", "minutes"), [("host", 0.3), ("mps2-an386", 0.1)])
def test_a_stream_of_sound_on_a_board_is_that_of_this_machine(kit, board, minutes):
    options = ("--board", board, "--emulate", "--stream", "--minutes", str(minutes))
    said = kit.json("test", "keyword:small", *options)
    assert said["differences"] == 0 and said["failed_checks"] == []
    assert 60 * minutes <= said["seconds"] < 60 * minutes + 30
    assert abs(said["inferences"] - 4 * (said["seconds"] - 1)) <= 2
    assert said["hits"] + said["misses"] == said["events"] >= 1


def test_settings_for_a_stream_are_looked_for_in_a_recording_of_the_validation_part(kit):
    options = ("keyword:small", "--minutes", "0.5", "--max-false-accepts", "100000")
    said = kit.json("tune", *options, timeout=400)
    assert said["chosen"]["hits"] == max(one["hits"] for one in said["candidates"])
    assert said["chosen"]["settings"]["ignored"] == ["silence", "unknown"]
    shown = kit("tune", *options, timeout=400)
    assert shown.returncode == 0 and "as kit.toml says" in shown.stdout and "[postprocessing]" in shown.stdout


def test_options_that_do_not_go_with_a_stream_are_refused(kit):
    for options, text in (
        (("--stream", "--samples", "5"), "--samples does not go with --stream"),
        (("--minutes", "5"), "--minutes is the length of the recording of --stream"),
    ):
        refused = kit("test", "keyword:small", "--board", "host", *options)
        assert refused.returncode == 2 and text in refused.stderr
    refused = kit("test", "digits", "--board", "host", "--stream")
    assert refused.returncode == 2 and "digits takes no stream of samples" in refused.stderr
