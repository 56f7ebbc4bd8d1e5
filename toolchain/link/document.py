"""The page about the wire format, rendered from ``protocol``: ``python -m toolchain.link.document`` rewrites it."""

from __future__ import annotations

from pathlib import Path

from toolchain.link import protocol as p

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "link.md"

_VERSIONS = str(p.VERSION_MAX) if p.VERSION_MIN == p.VERSION_MAX else f"{p.VERSION_MIN} to {p.VERSION_MAX}"

_INTRODUCTION = f"""\
# The serial link

Generated from `toolchain/link/protocol.py`; do not edit. Protocol version {_VERSIONS}.

## Frames and text

Host and firmware speak in frames: `00 COBS(header payload crc) 00`, at most {p.MAX_WIRE_BYTES} bytes on the wire and
{p.MAX_PAYLOAD_BYTES} of payload, less where the device says so in `hello` because it is short of RAM. COBS leaves no
zero inside a frame, so a zero always ends what came before. The CRC is CRC-32 (IEEE 802.3, as zlib computes it) over
header and payload. Whatever stands between two zeros and is no frame with a right CRC is text (boot messages, `printf`)
or damage; neither side is disturbed by it, and the first frame behind any amount of noise is received. Numbers are
little-endian and follow one another without padding.

## Requests and answers

The host asks, the device answers; the device never speaks in frames unasked.

- A session begins with `hello`. The host draws its number; frames of any other session are not believed, and the device
  answers them with `session`.
- Requests are numbered from 0 in each session. The device carries out only the request that is next, each once:
  - a number that it had before: it sends its latest answer again, without doing anything again;
  - a number further on: something was lost on the way; it answers `gap` with the number it expects, and the host sends
    again from there.
- An answer also acknowledges every request before its own. So several `input` frames and the `run` behind them, or
  several `samples`, may be under way at a time, as many as the device's `window` says: {p.WINDOW} where its UART keeps
  {p.WINDOW_RX_BYTES} bytes or more by itself, else 1. The firmware receives while it sends and while it computes
  features, and takes little time for a frame of input, so that even the smallest FIFO is not overrun.
- When an answer takes longer than usual, the host asks with `sync` (15 bytes) what became of the request, ever more
  seldom. While the model runs the firmware answers `busy` between layers. Without an answer or `busy` for the host's
  time-out the operation fails, and the error says what was received instead.
- `run` carries a CRC over all inputs: an inference on other bytes than those sent is impossible.
- `samples` carry their position in the stream: a part of it that is missing or comes twice is never taken.

"""


def render() -> str:
    """Text of ``docs/link.md``."""
    parts = [
        _INTRODUCTION,
        "## Header\n\n",
        _table(p.HEADER),
        "\n## Status\n\n| status | number | meaning |\n|---|---|---|\n",
    ]
    parts += [f"| `{s.name.lower()}` | {s.value} | {p.STATUS_WORDS[s]} |\n" for s in p.Status]
    parts.append("\n## Messages\n")
    for message in p.MESSAGES:
        parts.append(
            f"\n### `{message.name}` ({message.code}; answer {message.code | p.ANSWER_BIT})\n\n{message.doc}\n"
        )
        for name, layout in (("Request", message.request), ("Answer", message.answer)):
            body = _table(layout)
            parts.append(f"\n{name}:{f'{chr(10)}{chr(10)}{body}' if body else ' no payload.' + chr(10)}")
    return "".join(parts)


def _table(layout: p.Layout) -> str:
    if not layout.fields and not layout.tail:
        return ""
    rows = ["| at | field | type | |\n|---|---|---|---|\n"]
    offset = 0
    for f in layout.fields:
        ctype = f"{f.ctype}[{f.count}]" if f.count else f.ctype
        rows.append(f"| {offset} | `{f.name}` | {ctype} | {f.doc} |\n")
        offset += f.size
    if layout.tail:
        rows.append(f"| {offset} | | the rest | {layout.tail} |\n")
    return "".join(rows)


if __name__ == "__main__":
    _PAGE.parent.mkdir(exist_ok=True)
    _PAGE.write_text(render())
