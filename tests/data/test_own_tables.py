"""A user's own tables: times, columns, scales, Edge Impulse's acquisitions."""

import json

import numpy as np
import pytest
from own_files import acquisition, table

from toolchain.cli.app import run
from toolchain.data.own.importing import import_files
from toolchain.data.own.store import Store
from toolchain.errors import BadInput
from toolchain.stream.inputs import open_input

pytestmark = pytest.mark.unit


def test_times_are_resampled(gestures, tmp_path):
    at = np.arange(0, 4, 0.01)
    rows = np.column_stack([at, np.round(1000 * np.sin(2 * np.pi * at)), np.full(len(at), 5.0), np.round(-at * 100)])
    done = import_files(gestures, [table(tmp_path / "wave.csv", rows)])
    read = Store(gestures).read(done.kept[0])
    assert read.shape == (200, 3) and read.dtype == np.int16
    expected = 1000 * np.sin(2 * np.pi * np.arange(200) / 50)
    assert np.abs(read[20:-20, 0] - expected[20:-20]).max() < 60  # half an edge of the low pass left out
    assert (read[:, 1] == 5).all() and "100 samples a second, resampled to 50" in done.kept[0].changes


def test_milliseconds_missing_values_and_equal_times(gestures, tmp_path):
    at = np.arange(0, 4000, 20.0)
    rows = np.column_stack([at, at, at, at])
    rows[7, 2] = np.nan
    rows[9, 0] = rows[8, 0]
    done = import_files(gestures, [table(tmp_path / "idle.csv", rows, "timestamp,x,y,z")])
    assert not done.refused and "1 missing values interpolated, the first in line 9" in done.kept[0].changes
    assert "1 rows have the time of the row before" in done.kept[0].changes
    read = Store(gestures).read(done.kept[0])
    assert read.shape == (200, 3) and read[7, 1] == 140


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda r: r.__setitem__((50, 0), 0.1), "line 52: the time goes back"),
        (lambda r: r.__setitem__((slice(10, 90), 1), np.nan), "80 values are missing"),
        (lambda r: r.__setitem__((slice(50, None), 0), r[50:, 0] + 3), "a hole of 3.02 s"),
    ],
)
def test_tables_that_cannot_be_mended(gestures, tmp_path, spoil, reason):
    rows = np.column_stack([np.arange(200) / 50, *np.ones((3, 200))])
    spoil(rows)
    done = import_files(gestures, [table(tmp_path / "wave.csv", rows)])
    assert not done.kept and reason in next(iter(done.refused.values()))


def test_columns_and_whole_numbers(gestures, tmp_path):
    rows = np.column_stack([np.arange(200) / 50, *np.full((2, 200), 981)])
    assert "3 axes" in str(import_files(gestures, [table(tmp_path / "idle.csv", rows, "time,x,y")]).refused)
    rows = np.column_stack([np.arange(200) / 50, *np.full((3, 200), 0.981)])
    path = table(tmp_path / "idle.2.csv", rows)
    assert "no whole numbers; the kit takes int16: give --scale" in str(import_files(gestures, [path]).refused)
    done = import_files(gestures, [path], scale=[1000])
    assert (Store(gestures).read(done.kept[0]) == 981).all() and "multiplied by 1000" in done.kept[0].changes


def test_each_column_has_a_scale_of_its_own(gestures, tmp_path):
    path = table(tmp_path / "wave.csv", np.tile([0.5, -1.5, 40.0], (200, 1)), "x,y,z")
    refused = str(import_files(gestures, [path], scale=[2048]).refused)
    assert "81920 in column 3 is beyond int16" in refused
    assert "3 columns of values; --scale has 2 numbers" in str(import_files(gestures, [path], scale=[1, 2]).refused)
    done = import_files(gestures, [path], scale=[2048, 2048, 93.87])
    assert (Store(gestures).read(done.kept[0]) == [1024, -3072, 3755]).all()
    assert "multiplied by 2048 2048 93.87" in done.kept[0].changes
    assert Store(gestures).scale() == (2048, 2048, 93.87)


def test_a_stream_is_scaled_as_the_recordings_were(gestures, tmp_path):
    path = table(tmp_path / "wave.csv", np.full((200, 3), 0.25), "x,y,z")
    with pytest.raises(BadInput, match="no whole number"):
        open_input(str(path), gestures, print)
    import_files(gestures, [path], scale=[2048])
    notes = []
    pieces = list(open_input(str(path), gestures, notes.append).pieces)
    assert {piece.samples.max() for piece in pieces} == {512}
    assert "wave.csv: multiplied by 2048, as the kit's recordings were" in notes
    import_files(gestures, [table(tmp_path / "idle.csv", np.full((200, 3), 0.5), "x,y,z")], scale=[1000])
    with pytest.raises(BadInput, match="no whole number"):  # which of the two is not known
        open_input(str(path), gestures, print)


def test_all_that_is_wrong_with_files_alike_is_one_line(gestures, tmp_path, capsys):
    for i in range(3):
        table(tmp_path / "in" / "wave" / f"{i}.csv", np.full((200 + i, 2), 0.44 + i), "x,y")
    table(tmp_path / "in" / "wave" / "3.csv", np.full((200, 3), 0.44), "x,y,z")
    assert run(["data", "import", str(tmp_path / "in"), "--kit", str(gestures.folder)]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("refused: ")]
    broken = "values that are no whole numbers; the kit takes int16: give --scale, the raw steps of one unit"
    first = tmp_path / "in" / "wave" / "0.csv"
    assert len(lines) == 2
    assert lines[0].startswith(
        f"refused: {first} and 2 more: 2 columns of values; the kit takes 3 axes a row; {broken}"
    )
    assert lines[1].startswith(f"refused: {first.with_name('3.csv')}: {broken}")


def test_edge_impulse(gestures, tmp_path):
    cbor2 = pytest.importorskip("cbor2", reason="CBOR needs cbor2")
    folder = tmp_path / "export" / "training"
    folder.mkdir(parents=True)
    values = np.arange(600.0).reshape(200, 3)
    (folder / "a.json").write_text(json.dumps(acquisition(values)))
    (folder / "b.cbor").write_bytes(cbor2.dumps(acquisition(values + 1)))
    files = [
        {"path": f"training/{name}", "category": "training", "label": {"type": "label", "label": label}}
        for name, label in (("a.json", "wave"), ("b.cbor", "idle"))
    ]
    (tmp_path / "export" / "info.labels").write_text(json.dumps({"version": 1, "files": files}))
    done = import_files(gestures, [tmp_path / "export"])
    assert {e.original: e.label for e in done.kept} == {"a.json": "wave", "b.cbor": "idle"}
    assert (Store(gestures).read(done.kept[0]) == values).all()
    (folder / "c.json").write_text('{"payload": {}}')
    assert "data acquisition format" in str(import_files(gestures, [folder / "c.json"], label="wave").refused)


@pytest.mark.parametrize(
    ("times", "reason"),
    [
        (np.arange(200) * 1e15, "1e-15 samples a second, where the kit takes 50"),
        (np.arange(200) * 1e-12, "1e+12 samples a second"),
        (np.arange(200) * 9e9, "samples a second, where the kit takes 50"),
    ],
)
def test_times_of_another_unit_are_refused(gestures, tmp_path, times, reason):
    """Resampled they would be numbers out of nothing, or more of them than the memory holds."""
    path = tmp_path / "wave.csv"
    np.savetxt(path, np.column_stack([times, np.ones((200, 3))]), "%.18g", ",", header="seconds,x,y,z", comments="")
    done = import_files(gestures, [path])
    assert not done.kept and reason in done.refused[path]


def test_parquet(gestures, tmp_path):
    """Points in time, as pandas writes them; columns of lists and none at all are refused."""
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    values = {axis: pyarrow.array(np.arange(200) % 7) for axis in "xyz"}
    times = pyarrow.array(10**15 + 20_000 * np.arange(200), pyarrow.timestamp("us", "UTC"))
    files = {
        "times": {"time": times, **values},
        "lists": {**values, "z": pyarrow.array([[1]] * 200)},
        "nothing": {},
    }
    for name, columns in files.items():
        parquet.write_table(pyarrow.table(columns), tmp_path / f"wave.{name}.parquet")
    done = import_files(gestures, [tmp_path])
    assert [len(Store(gestures).read(entry)) for entry in done.kept] == [200]
    reasons = {path.name: reason for path, reason in done.refused.items()}
    assert "column 'z' holds lists" in reasons["wave.lists.parquet"]
    assert "no numbers in it" in reasons["wave.nothing.parquet"]


def test_times_alone_are_no_recording(gestures, tmp_path):
    (tmp_path / "wave.csv").write_text("time\n1\n2\n3\n")
    assert "nothing in it but times" in import_files(gestures, [tmp_path / "wave.csv"]).refused[tmp_path / "wave.csv"]


def test_the_line_that_is_named_is_that_of_the_file(gestures, tmp_path):
    """With and without a line of names, behind empty lines, with quotes."""
    for name, text in (
        ("wave.1.csv", "x,y,z\n\n" + "1,2,3\n" * 300 + "4,?,6\n" + "1,2,3\n" * 9),
        ("wave.2.csv", '"1","2","3"\n' * 301 + "4,?,6\n" + "1,2,3\n" * 8),
    ):
        (tmp_path / name).write_text(text)
        line = text.splitlines().index("4,?,6") + 1
        kept = import_files(gestures, [tmp_path / name]).kept[0]
        assert f"the first in line {line}" in kept.changes
        assert Store(gestures).read(kept)[-8:].tolist() == [[1, 2, 3]] * 8


_ACQUIRED = {"interval_ms": 20, "sensors": [{"name": n, "units": "g"} for n in "xyz"], "values": [[1, 2, 3]] * 200}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sensors": 3}, "payload.sensors is no list"),
        ({"sensors": ["x", "y", "z"]}, "payload.sensors is no list"),
        ({"values": [[10**400, 2, 3]]}, "are no numbers"),
        ({"interval_ms": -20}, "interval_ms is -20"),
        ({"interval_ms": float("nan")}, "interval_ms is nan"),
        ({"interval_ms": float("inf")}, "interval_ms is inf"),
        ({"interval_ms": 1e-300}, "interval_ms is 1e-300"),
        ({"interval_ms": 1e8}, "1e-05 samples a second"),
    ],
)
def test_odd_acquisitions_are_refused(gestures, tmp_path, change, reason):
    path = tmp_path / "wave.json"
    path.write_text(json.dumps({"payload": {**_ACQUIRED, **change}}))
    assert reason in import_files(gestures, [path]).refused[path]
