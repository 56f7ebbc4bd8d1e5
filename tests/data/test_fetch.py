"""Fetching by URL and SHA-256, from a server on this machine that misbehaves as networks do."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from toolchain.data import fetch as fetch_module
from toolchain.data.fetch import cache_folder, fetch
from toolchain.errors import Missing
from toolchain.progress import Quiet

pytestmark = pytest.mark.unit

DATA = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(DATA).hexdigest()


class Server(ThreadingHTTPServer):
    """Gives `DATA`; ``cut`` bytes at most in each of the first ``cuts`` answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.data, self.cut, self.cuts, self.ranges, self.status = DATA, 0, 0, True, 0
        self.asked: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/data.bin"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        said = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(said[1]) if said and server.ranges else 0
        server.asked.append(start)
        if server.status:
            self.send_error(server.status)
            return
        if start >= len(server.data):
            self.send_error(416)
            return
        rest = server.data[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        if server.cuts:
            server.cuts -= 1
            rest = rest[: server.cut]
        self.wfile.write(rest)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as it:
        thread = threading.Thread(target=it.serve_forever, args=(0.01,))
        thread.start()
        yield it
        it.shutdown()
        thread.join()


class Told(Quiet):
    def __init__(self) -> None:
        self.updates: list[tuple[float, float]] = []

    def update(self, done: float, total: float, note: str = "") -> None:
        self.updates.append((done, total))


def test_a_file_is_fetched_once(server: Server, tmp_path: Path) -> None:
    told = Told()
    path = fetch(server.url, SHA256, tmp_path / "deep" / "data.bin", told)
    assert path.read_bytes() == DATA and server.asked == [0]
    assert told.updates[-1] == (len(DATA), len(DATA))
    assert fetch(server.url, SHA256, path) == path and server.asked == [0]
    assert [p.name for p in path.parent.iterdir() if not p.name.startswith(".")] == ["data.bin"]


def test_a_connection_that_breaks_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    server.cut, server.cuts = 100_000, 2
    assert fetch(server.url, SHA256, tmp_path / "data.bin").read_bytes() == DATA
    assert server.asked == [0, 100_000, 200_000]


def test_an_earlier_run_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.bin.part").write_bytes(DATA[:1000])
    assert fetch(server.url, SHA256, tmp_path / "data.bin").read_bytes() == DATA
    assert server.asked == [1000]
    (tmp_path / "other.bin.part").write_bytes(DATA)  # whole, but not renamed any more
    assert fetch(server.url, SHA256, tmp_path / "other.bin").read_bytes() == DATA


def test_a_server_without_ranges(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    (tmp_path / "data.bin.part").write_bytes(DATA[:1000])
    assert fetch(server.url, SHA256, tmp_path / "data.bin").read_bytes() == DATA


def test_a_damaged_beginning_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.bin.part").write_bytes(b"x" * 1000)
    assert fetch(server.url, SHA256, tmp_path / "data.bin").read_bytes() == DATA
    assert server.asked == [1000, 0]


def test_a_damaged_file_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(DATA[:-1] + b"x")
    assert fetch(server.url, SHA256, tmp_path / "data.bin").read_bytes() == DATA


def test_another_file_is_refused_and_not_kept(server: Server, tmp_path: Path) -> None:
    server.data = DATA[::-1]
    with pytest.raises(Missing, match="another file than the one known") as caught:
        fetch(server.url, SHA256, tmp_path / "data.bin")
    assert str(tmp_path / "data.bin") in caught.value.hint
    assert not list(tmp_path.glob("data*"))


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (503, 3)])
def test_a_server_that_refuses(server: Server, tmp_path: Path, status: int, asked: int) -> None:
    server.status = status
    with pytest.raises(Missing, match=f"cannot be fetched: {status}") as caught:
        fetch(server.url, SHA256, tmp_path / "data.bin")
    assert len(server.asked) == asked
    assert str(tmp_path / "data.bin") in caught.value.hint


def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server() as it:
        url = it.url
    monkeypatch.setattr(fetch_module, "_TIMEOUT", 1)
    with pytest.raises(Missing, match="refused"):
        fetch(url, SHA256, tmp_path / "data.bin")


def test_a_folder_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Missing, match="cannot be written") as caught:
        fetch(server.url, SHA256, tmp_path / "file" / "data.bin")
    assert "KIT_CACHE" in caught.value.hint


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KIT_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("KIT_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache_folder() == Path("/somewhere/tinyml-kit")
