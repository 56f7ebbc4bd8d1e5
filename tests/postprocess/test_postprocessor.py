"""Decisions against a reference in float64, at the ends of the range, under sanitizers, and as they are frozen in."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import looking_back
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from toolchain.compiler.host_build import WARNINGS, build_executable, load_library
from toolchain.errors import BadInput
from toolchain.model.graph import DType, Quantization, Tensor
from toolchain.postprocess import Decision, PostprocessingSettings, Postprocessor
from toolchain.postprocess.postprocessor import HEADER, ROOM

pytestmark = pytest.mark.unit

CHECKED = Path(__file__).with_name("checked_main.c")
SANITIZE = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
MOST = 40
"""Most answers of a case. Over 1, 2, 4 … 32 answers of scores that are multiples of 2^-8, float64 and Q16 are exact."""
NAMES = "abcdefghij"


def output(labels: int, dtype: DType = DType.INT8, scale: float = 1 / 256, zero: int = -128) -> Tensor:
    return Tensor("scores", (1, labels), dtype, Quantization((scale,), (zero,)))


SETTINGS = st.one_of(
    st.builds(dict, smoothing=st.just("none"), hysteresis=st.integers(0, 64).map(lambda q: q / 256)),
    st.builds(
        dict,
        smoothing=st.just("moving_average"),
        length=st.sampled_from((2, 4, 32)),
        hysteresis=st.integers(0, 64).map(lambda q: q / 256),
    ),
    st.builds(dict, smoothing=st.just("majority_vote"), length=st.integers(2, 9)),
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[PostprocessingSettings, np.ndarray]:
    labels = draw(st.integers(1, 6))
    chosen = draw(SETTINGS)
    if draw(st.booleans()):
        chosen["threshold"] = draw(st.integers(0, 256)) / 256
    chosen["debounce"] = draw(st.sampled_from((0, 0, 1, 3)))
    chosen["ignored"] = tuple(draw(st.sets(st.sampled_from(NAMES[:labels]), max_size=2)))
    answers = draw(st.integers(1, MOST))
    least = draw(st.sampled_from((-128, 60)))  # a narrow range ties often
    values = draw(arrays(np.int8, (answers, labels), elements=st.integers(least, 127), fill=st.nothing()))
    return PostprocessingSettings(**chosen), values.astype(np.int64)


@pytest.mark.slow
@settings(max_examples=300)
@given(cases())
def test_decisions_are_those_of_the_reference(case: tuple[PostprocessingSettings, np.ndarray]) -> None:
    s, values = case
    labels = values.shape[1]
    stream = Postprocessor(s, output(labels), NAMES[:labels]).start()
    made = [stream.decide(row.astype(np.int8)) for row in values]
    # A mean over a number of answers that is no power of two is rounded: the score by 2^-17, and a tie by as much.
    wanted = looking_back.decide(s, (values + 128) / 256, [NAMES.index(name) for name in s.ignored])
    for n, (got, want) in enumerate(zip(made, wanted, strict=True)):
        assert got.score == pytest.approx(want.score, abs=2**-16), n
        if got.label != want.label:
            assert s.smoothing == "moving_average" and n + 1 < s.length and (n + 1) & n, (n, got, want)
            break  # what follows looks back at it


@settings(max_examples=100)
@given(
    st.sampled_from(("none", "moving_average")), st.floats(2.0**-30, 0.375, width=32), st.integers(-32768, 32767),
    arrays(np.int16, (20, 4)),
)  # fmt: skip
def test_any_quantisation(smoothing, scale: float, zero: int, values: np.ndarray) -> None:
    s = PostprocessingSettings(smoothing=smoothing)
    stream = Postprocessor(s, output(4, DType.INT16, scale, zero), "abcd").start()
    real = (values.astype(float) - zero) * scale
    if smoothing != "none":
        real = np.array([real[max(0, n - 2) : n + 1].mean(0) for n in range(len(real))])
    for scores, row in zip(real, values, strict=True):
        got = stream.decide(row)
        assert got.label is not None and scores[got.label] == pytest.approx(scores.max(), rel=1e-9)
        assert got.score == pytest.approx(scores.max(), rel=1e-8, abs=2**-16)


def test_scores_beyond_the_range_are_limited() -> None:
    stream = Postprocessor(PostprocessingSettings(), output(2, DType.INT8, 1e6, 0), "ab").start()
    assert stream.decide(np.array([127, 0], np.int8)) == Decision(0, (2**31 - 1) / 65536)
    assert stream.decide(np.array([-128, -127], np.int8)) == Decision(1, -(2**31 - 1) / 65536)


def test_a_reset_forgets() -> None:
    s = PostprocessingSettings(smoothing="moving_average", length=3, debounce=2, hysteresis=0.5, threshold=0.5)
    stream = Postprocessor(s, output(2), "ab").start()
    rows = [np.array(row, np.int8) for row in ([100, -100], [-100, 90], [-100, 100])]
    first = [stream.decide(row) for row in rows]
    assert first[1].label is None and stream.decide(rows[0]) != first[0]
    stream.reset()
    assert [stream.decide(row) for row in rows] == first


def test_without_settings_the_greatest_score_decides() -> None:
    stream = Postprocessor(PostprocessingSettings(), output(3), "abc").start()
    assert stream.decide(np.array([-128, 127, 127], np.int8)) == Decision(1, 255 / 256)
    assert stream.decide(np.array([-128, -128, -128], np.int8)) == Decision(0, 0.0)


@settings(max_examples=100)
@given(st.floats(2.0**-30, 1e6, width=32), st.integers(-128, 127), arrays(np.int8, (20, 3)))
def test_the_short_way_decides_the_same(scale: float, zero: int, values: np.ndarray) -> None:
    """What firmware without settings calls, which leaves the rest of post-processing out."""
    post = Postprocessor(PostprocessingSettings(), output(3, DType.INT8, scale, zero), "abc")
    assert "#define KIT_POSTPROCESS_LEVEL 1\n" in post.header()
    config, _kept = ROOM.fill("kit_postprocess_config", post.values)
    ROOM.library.kit_postprocess_greatest.restype = ROOM.structure("kit_decision")
    stream = post.start()
    for row in values:
        made = ROOM.library.kit_postprocess_greatest(ctypes.byref(config), ctypes.c_void_p(row.ctypes.data))
        assert Decision.of(made.label, made.score) == stream.decide(row)


def test_without_labels_there_is_nothing_to_decide() -> None:
    assert not Postprocessor(PostprocessingSettings(), output(3)).decides


@pytest.mark.parametrize(
    "tensor",
    [
        Tensor("float", (1, 4), DType.FLOAT32),
        Tensor("arg_max", (1,), DType.INT32),
        output(640),  # of an autoencoder: no score for each of the labels
    ],
)
def test_what_is_no_score_a_label_is_never_decided_on(tensor: Tensor) -> None:
    post = Postprocessor(PostprocessingSettings(), tensor, "abcd")
    assert not post.decides
    assert post.start().decide(np.zeros(tensor.elements, np.int8)) == Decision(None, 0.0)
    with pytest.raises(BadInput, match=r"not one int8 or int16 score for each of 4 labels"):
        Postprocessor(PostprocessingSettings(threshold=0.5), tensor, "abcd")


def test_an_ignored_label_must_be_one() -> None:
    with pytest.raises(BadInput, match='"silense" is no label'):
        Postprocessor(PostprocessingSettings(ignored=("silense",)), output(2), ("yes", "silence"))


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"length": 3}, "length is of no use"),
        ({"smoothing": "majority_vote", "hysteresis": 0.1}, "hysteresis is of scores"),
        ({"hysteresis": -0.1}, "greater than or equal to 0"),
        ({"hysteresis": float("inf")}, "finite"),
        ({"smoothing": "median"}, "moving_average"),
        ({"smoothing": "moving_average", "length": 256}, "255"),
        ({"threshold": float("nan")}, "finite"),
    ],
)
def test_settings_that_make_no_sense(said: dict, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        PostprocessingSettings(**said)


EVERY = [
    PostprocessingSettings(),
    PostprocessingSettings(smoothing="moving_average", length=255, threshold=0.7, hysteresis=0.1),
    PostprocessingSettings(smoothing="majority_vote", length=5, ignored=("a",), debounce=3),
]


@pytest.mark.parametrize("s", EVERY)
@pytest.mark.parametrize("dtype", [DType.INT8, DType.INT16])
def test_frozen_numbers_and_memory_are_those_of_the_host(s: PostprocessingSettings, dtype: DType) -> None:
    post = Postprocessor(s, output(3, dtype, 0.01, 5), "abc")
    probe = (
        f'#include "{HEADER}"\nconst size_t memory = KIT_POSTPROCESS_MEMORY;\n'
        "const struct kit_postprocess_config *frozen(void) { return &kit_postprocess_settings; }\n"
    )
    built = load_library({**ROOM.sources, HEADER: post.header(), "probe.c": probe})
    built.frozen.restype = ctypes.POINTER(ROOM.structure("kit_postprocess_config"))
    frozen = built.frozen().contents
    for name, value in post.values.items():
        if name == "ignored":
            assert ctypes.string_at(frozen.ignored, len(value)) == value.tobytes()
        else:
            assert getattr(frozen, name) == value, name
    assert ctypes.c_size_t.in_dll(built, "memory").value == built.kit_postprocess_bytes(ctypes.byref(frozen))
    memory = (ctypes.c_uint64 * 1000)()
    size = built.kit_postprocess_bytes(ctypes.byref(frozen))
    assert not built.kit_postprocess_init(ctypes.byref(frozen), memory, ctypes.c_size_t(size - 1))


@pytest.mark.slow
@pytest.mark.parametrize("s", EVERY)
@pytest.mark.parametrize("dtype", [DType.INT8, DType.INT16])
def test_sanitizers_find_nothing(s: PostprocessingSettings, dtype: DType, tmp_path: Path) -> None:
    post = Postprocessor(s, output(3, dtype, 0.01, 5), "abc")
    values = np.random.default_rng(1).integers(-(2**15), 2**15, (600, 3)).astype(dtype.numpy)
    (tmp_path / "answers").write_bytes(values.tobytes())
    files = {**ROOM.sources, HEADER: post.header(), "checked_main.c": CHECKED.read_text()}
    flags = ["-std=c11", *WARNINGS, *SANITIZE, f"-DANSWER_BYTES={3 * dtype.size}"]
    program = build_executable(files, flags, tmp_path)
    command = [program, tmp_path / "answers", tmp_path / "decisions"]
    done = subprocess.run(command, capture_output=True, text=True, env={"ASAN_OPTIONS": "detect_leaks=0"}, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    made = np.fromfile(tmp_path / "decisions", np.int32).reshape(-1, 2)
    stream = post.start()
    assert [Decision.of(*row) for row in made.tolist()] == [stream.decide(row) for row in values]


def test_frozen_c_is_cxx_too(tmp_path: Path) -> None:
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    header = Postprocessor(EVERY[2], output(3), "abc").header()
    files = {
        **ROOM.sources,
        HEADER: header,
        "uses.c": f'#include "{HEADER}"\nint use(void) {{ return (int)kit_postprocess_settings.labels; }}\n',
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    for name in (name for name in files if name.endswith(".c")):
        command = [compiler, "-x", "c++", "-std=c++17", *WARNINGS, "-c", name, "-o", "made.o"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
