"""The C header of the wire format, rendered from ``protocol``: ``python -m toolchain.link.header`` rewrites it."""

from __future__ import annotations

from pathlib import Path

from toolchain.link import protocol as p
from toolchain.resources import resource

_HEAD = """\
/* The wire format between host and firmware. Generated from toolchain/link/protocol.py; do not edit. */
/* clang-format off */
#ifndef KIT_PROTOCOL_H
#define KIT_PROTOCOL_H

#include <stdint.h>
#include <string.h>

/* Numbers are little-endian, as on every machine that this is for, and stand at any address. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire format is little-endian"
#endif

"""

_FRAME = f"""
/* Longest frame. A board that is short of RAM, which has two of them, defines less. */
#ifndef KIT_MAX_FRAME_BYTES
#define KIT_MAX_FRAME_BYTES {p.MAX_FRAME_BYTES}
#endif
#if KIT_MAX_FRAME_BYTES < {p.MIN_FRAME_BYTES} || KIT_MAX_FRAME_BYTES > {p.MAX_FRAME_BYTES}
#error "frames of {p.MIN_FRAME_BYTES} to {p.MAX_FRAME_BYTES} bytes"
#endif
#define KIT_MAX_PAYLOAD_BYTES (KIT_MAX_FRAME_BYTES - {p.HEADER.size + p.CRC_BYTES})
"""


def header_path() -> Path:
    """Where the committed header lies."""
    return resource("firmware_templates") / "link" / "kit_protocol.h"


def layouts() -> list[p.Layout]:
    """Every layout that has fields, in the order of the header."""
    each = [p.HEADER]
    for message in p.MESSAGES:
        each += [message.request, message.answer]
    return [layout for layout in [*each, p.PROFILE_ENTRY] if layout.fields]


def _enum(names: list[tuple[str, int]]) -> str:
    return "enum {\n" + ",\n".join(f"    {name} = {value}" for name, value in names) + "\n};\n"


def _struct(layout: p.Layout) -> str:
    name = f"kit_{layout.name}"
    lines = [f"struct {name} {{"]
    puts, gets = [], []
    offset = 0
    for f in layout.fields:
        lines.append(f"    {f.ctype} {f.name}{f'[{f.count}]' if f.count else ''}; /* {f.doc} */")
        puts.append(f"    memcpy(to + {offset}, &from->{f.name}, {f.size});")
        gets.append(f"    memcpy(&to->{f.name}, from + {offset}, {f.size});")
        offset += f.size
    lines += ["};", f"#define {name.upper()}_BYTES {layout.size}"]
    lines += [f"static inline void {name}_put(uint8_t *to, const struct {name} *from) {{", *puts, "}"]
    lines += [f"static inline void {name}_get(struct {name} *to, const uint8_t *from) {{", *gets, "}"]
    return "\n".join(lines) + "\n"


def render() -> str:
    """Text of ``kit_protocol.h``."""
    constants = {
        "KIT_VERSION_MIN": p.VERSION_MIN,
        "KIT_VERSION_MAX": p.VERSION_MAX,
        "KIT_MAX_WIRE_BYTES": p.MAX_WIRE_BYTES,
        "KIT_COBS_BLOCK": p.COBS_BLOCK,
        "KIT_CRC_BYTES": p.CRC_BYTES,
        "KIT_ANSWER": p.ANSWER_BIT,
        "KIT_MAX_RANK": p.MAX_RANK,
        "KIT_NO_LAYER": p.NO_LAYER,
        "KIT_WINDOW": p.WINDOW,
        "KIT_WINDOW_RX_BYTES": p.WINDOW_RX_BYTES,
    }
    parts = [_HEAD]
    parts.append("".join(f"#define {name} {value}\n" for name, value in constants.items()))
    parts.append(_FRAME)
    parts.append("\n/* Types of requests; an answer has KIT_ANSWER set too. */\n")
    parts.append(_enum([(f"KIT_MSG_{m.name.upper()}", m.code) for m in p.MESSAGES]))
    parts.append("\n")
    parts.append(_enum([(f"KIT_STATUS_{s.name}", s.value) for s in p.Status]))
    parts.append("\n")
    parts.append(_enum([(f"KIT_TENSOR_{k.name}", k.value) for k in p.TensorKind]))
    parts.append('\n#ifdef __cplusplus\nextern "C" {\n#endif\n')
    parts.extend("\n" + _struct(layout) for layout in layouts())
    parts.append("\n#ifdef __cplusplus\n}\n#endif\n#endif\n")
    return "".join(parts)


if __name__ == "__main__":
    header_path().write_text(render())
