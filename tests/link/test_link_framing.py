"""Frames to bytes and back, on the host and through the firmware's own C, which must agree."""

from __future__ import annotations

import ctypes
import zlib
from pathlib import Path

import native_firmware
import pytest
from cobs import cobs
from hypothesis import example, given, settings
from hypothesis import strategies as st

from toolchain.link import header, protocol
from toolchain.link.framing import Frame, Splitter, Text, decode, encode

pytestmark = pytest.mark.unit

payloads = st.one_of(
    st.binary(max_size=protocol.MAX_PAYLOAD_BYTES),
    st.integers(0, protocol.MAX_PAYLOAD_BYTES).map(bytes),
    st.integers(0, protocol.MAX_PAYLOAD_BYTES).map(lambda n: b"\xff" * n),
    st.integers(230, 260).map(lambda n: b"\1" * n + b"\0" + b"\2" * n)
    .filter(lambda p: len(p) <= protocol.MAX_PAYLOAD_BYTES),
)  # fmt: skip
frames = st.builds(
    Frame,
    type=st.integers(0, 255),
    sequence=st.integers(0, 0xFFFF),
    session=st.integers(0, 0xFFFFFFFF),
    payload=payloads,
    status=st.integers(0, 255),
)


def body(frame: Frame) -> bytes:
    head = protocol.HEADER.pack(type=frame.type, status=frame.status, sequence=frame.sequence, session=frame.session)
    data = head + frame.payload
    return data + zlib.crc32(data).to_bytes(4, "little")


@pytest.fixture(scope="module")
def lib(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The firmware's framing and accessors as a library."""
    folder = tmp_path_factory.mktemp("framing")
    calls = []
    for layout in header.layouts():
        name = f"kit_{layout.name}"
        calls.append(f"void again_{layout.name}(uint8_t *to, const uint8_t *from) {{ struct {name} s; ")
        calls.append(f"{name}_get(&s, from); {name}_put(to, &s); }}\n")
    driver = folder / "driver.c"
    driver.write_text(
        '#include "kit_frame.h"\n#include "kit_crc32.h"\n'
        "struct out { uint8_t bytes[1024]; unsigned length; };\n"
        "static void put(void *user, uint8_t byte) {\n"
        "    struct out *out = (struct out *)user;\n    out->bytes[out->length++] = byte;\n}\n"
        "unsigned encode(const uint8_t *body, uint16_t length, struct out *out) {\n"
        "    uint8_t frame[KIT_MAX_FRAME_BYTES];\n    memcpy(frame, body, length);\n    out->length = 0;\n"
        "    kit_frame_send(frame, kit_frame_seal(frame, length), put, out);\n    return out->length;\n}\n"
        "int decode(const uint8_t *wire, unsigned length, uint8_t *frame, unsigned *damaged) {\n"
        "    static struct kit_decoder d;\n    int got = -1;\n    kit_decoder_start(&d);\n    *damaged = 0;\n"
        "    for (unsigned i = 0; i < length; i++)\n        switch (kit_decoder_feed(&d, wire[i])) {\n"
        "        case KIT_DECODED_FRAME: memcpy(frame, d.bytes, d.length); got = d.length; break;\n"
        "        case KIT_DECODED_DAMAGED: ++*damaged; break;\n        case KIT_DECODED_NOTHING: break;\n        }\n"
        "    return got;\n}\n" + "".join(calls)
    )
    sources = [driver, *(p for p in native_firmware.LINK if p.name != "kit_link.c")]
    return ctypes.CDLL(str(native_firmware.compile_c(folder / "lib.so", sources, "-shared", "-fPIC", "-O1")))


def c_encode(lib: ctypes.CDLL, data: bytes) -> bytes:
    out = (ctypes.c_uint8 * 1028)()
    length = lib.encode(data, len(data), out)
    return bytes(out)[:length]


def c_decode(lib: ctypes.CDLL, wire: bytes) -> tuple[bytes | None, int]:
    frame = (ctypes.c_uint8 * protocol.MAX_FRAME_BYTES)()
    damaged = ctypes.c_uint()
    length = lib.decode(wire, len(wire), frame, ctypes.byref(damaged))
    return (bytes(frame)[:length] if length >= 0 else None), damaged.value


@given(frame=frames)
def test_a_frame_comes_back_and_fits_the_wire(frame: Frame) -> None:
    wire = encode(frame)
    assert len(wire) <= protocol.MAX_WIRE_BYTES
    assert wire[0] == wire[-1] == 0 and 0 not in wire[1:-1]
    assert list(Splitter().feed(wire)) == [frame]


@given(frame=frames)
def test_both_sides_write_and_read_the_same_bytes(lib: ctypes.CDLL, frame: Frame) -> None:
    data = body(frame)
    wire = encode(frame)
    written = c_encode(lib, data[:-4])
    assert cobs.decode(written[1:-1]) == data
    assert decode(written[1:-1]) == frame
    assert c_decode(lib, wire) == (data, 0)
    assert c_decode(lib, written) == (data, 0)


@given(frame=frames, before=st.binary(max_size=700), behind=st.binary(max_size=50))
def test_a_frame_is_found_behind_anything(lib: ctypes.CDLL, frame: Frame, before: bytes, behind: bytes) -> None:
    stream = before + encode(frame) + behind
    assert frame in list(Splitter().feed(stream))
    assert c_decode(lib, stream)[0] == body(frame)


@pytest.mark.slow
@given(frame=frames, data=st.data())
def test_a_damaged_frame_is_never_taken_for_whole(lib: ctypes.CDLL, frame: Frame, data: st.DataObject) -> None:
    wire = bytearray(encode(frame))
    for at in data.draw(st.sets(st.integers(0, len(wire) - 1), min_size=1, max_size=3)):
        wire[at] ^= data.draw(st.integers(1, 255))
    intact = {frame} if bytes(wire).strip(b"\0") == encode(frame).strip(b"\0") else set()
    assert {f for f in Splitter().feed(bytes(wire) + b"\0") if isinstance(f, Frame)} == intact
    assert c_decode(lib, bytes(wire) + b"\0")[0] == (body(frame) if intact else None)


@given(noise=st.binary(max_size=3000))
@example(noise=b"\1" * 600 + b"\0")
def test_both_sides_agree_on_what_is_no_frame(lib: ctypes.CDLL, noise: bytes) -> None:
    items = list(Splitter().feed(noise + b"\0"))
    assert all(isinstance(item, Text) for item in items)
    assert b"".join(item.data for item in items if isinstance(item, Text)) == noise.replace(b"\0", b"")
    got, damaged = c_decode(lib, noise + b"\0")
    assert got is None
    assert damaged == len([part for part in (noise + b"\0").split(b"\0") if part])


@given(parts=st.lists(st.one_of(frames, st.text("abc é\n", min_size=1).map(str.encode)), max_size=8), data=st.data())
def test_cut_anywhere_frames_and_text_come_out_whole(parts: list[Frame | bytes], data: st.DataObject) -> None:
    stream = b"".join(encode(p) if isinstance(p, Frame) else p for p in parts) + b"\0"
    splitter = Splitter()
    items: list[Frame | Text] = []
    at = 0
    while at < len(stream):
        step = data.draw(st.integers(1, 600))
        items += splitter.feed(stream[at : at + step])
        if data.draw(st.booleans()):
            items += splitter.flush()
        at += step
    assert [i for i in items if isinstance(i, Frame)] == [p for p in parts if isinstance(p, Frame)]
    sent = b"".join(p for p in parts if isinstance(p, bytes))
    shown = b"".join(i.data for i in items if isinstance(i, Text))
    # A frame that begins like text may be shown before its end tells; nothing of the text is ever missing.
    assert shown == sent or len(shown) > len(sent)


@pytest.mark.parametrize("layout", header.layouts(), ids=lambda layout: layout.name)
def test_the_c_accessors_read_and_write_each_layout(lib: ctypes.CDLL, layout: protocol.Layout) -> None:
    """What Python packs, C reads into its struct and writes again the same: order, sizes and signs agree."""

    @settings(max_examples=30)
    @given(data=st.binary(min_size=layout.size, max_size=layout.size))
    def check(data: bytes) -> None:
        values = layout.unpack(data)
        tail = values.pop("tail")
        if any(value != value for value in values.values()):  # a float that is not a number has many faces
            return
        assert layout.pack(tail=tail, **values) == data
        out = (ctypes.c_uint8 * layout.size)()
        getattr(lib, f"again_{layout.name}")(out, data)
        assert bytes(out) == data

    check()


def test_a_payload_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="497"):
        encode(Frame(1, 0, 0, bytes(497)))


def test_a_layout_refuses_the_wrong_length_and_unknown_fields() -> None:
    with pytest.raises(ValueError, match="expected"):
        protocol.RUN.request.unpack(b"1")
    with pytest.raises(ValueError, match="expected"):
        protocol.MEMORY.answer.unpack(bytes(protocol.MEMORY.answer.size + 1))
    with pytest.raises(TypeError):
        protocol.RUN.request.pack(stop_after=1, profile=0, input_crc=0, more=1)


def test_the_c_crc_is_the_one_of_zlib(tmp_path: Path) -> None:
    sources = [p for p in native_firmware.LINK if p.name == "kit_crc32.c"]
    lib = ctypes.CDLL(str(native_firmware.compile_c(tmp_path / "crc.so", sources, "-shared", "-fPIC")))
    lib.kit_crc32.restype = ctypes.c_uint32

    @given(first=st.binary(), second=st.binary())
    def check(first: bytes, second: bytes) -> None:
        crc = lib.kit_crc32(0, first, ctypes.c_size_t(len(first)))
        assert crc == zlib.crc32(first)
        assert lib.kit_crc32(crc, second, ctypes.c_size_t(len(second))) == zlib.crc32(first + second)

    check()
