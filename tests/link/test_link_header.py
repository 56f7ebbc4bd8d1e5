"""The committed C header is what the declaration renders."""

from __future__ import annotations

from pathlib import Path

import pytest

from toolchain.link import document, header, protocol

pytestmark = pytest.mark.unit


def test_the_committed_header_is_rendered_from_the_declaration() -> None:
    assert header.header_path().read_text() == header.render(), "run python -m toolchain.link.header"


def test_the_committed_page_is_rendered_from_the_declaration() -> None:
    page = Path(__file__).parents[2] / "docs" / "link.md"
    assert page.read_text() == document.render(), "run python -m toolchain.link.document"


def test_codes_are_unique_and_leave_the_answer_bit_free() -> None:
    codes = [m.code for m in protocol.MESSAGES]
    assert len(set(codes)) == len(codes)
    assert all(0 < code < protocol.ANSWER_BIT for code in codes)


def test_every_fixed_part_fits_a_frame() -> None:
    assert all(layout.size <= protocol.MAX_PAYLOAD_BYTES for layout in header.layouts())


def test_every_status_has_words() -> None:
    assert set(protocol.STATUS_WORDS) == set(protocol.Status)
