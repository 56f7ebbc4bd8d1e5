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

"""

_ACCESSORS = """\
/* Numbers are little-endian and stand at any address. */
static inline void kit_put_uint8_t(uint8_t *to, uint8_t v) {
    to[0] = v;
}
static inline void kit_put_uint16_t(uint8_t *to, uint16_t v) {
    to[0] = (uint8_t)v;
    to[1] = (uint8_t)(v >> 8);
}
static inline void kit_put_uint32_t(uint8_t *to, uint32_t v) {
    kit_put_uint16_t(to, (uint16_t)v);
    kit_put_uint16_t(to + 2, (uint16_t)(v >> 16));
}
static inline void kit_put_uint64_t(uint8_t *to, uint64_t v) {
    kit_put_uint32_t(to, (uint32_t)v);
    kit_put_uint32_t(to + 4, (uint32_t)(v >> 32));
}
static inline void kit_put_int32_t(uint8_t *to, int32_t v) {
    kit_put_uint32_t(to, (uint32_t)v);
}
static inline void kit_put_float(uint8_t *to, float v) {
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    kit_put_uint32_t(to, bits);
}
static inline uint8_t kit_get_uint8_t(const uint8_t *from) {
    return from[0];
}
static inline uint16_t kit_get_uint16_t(const uint8_t *from) {
    return (uint16_t)(from[0] | (unsigned)from[1] << 8);
}
static inline uint32_t kit_get_uint32_t(const uint8_t *from) {
    return kit_get_uint16_t(from) | (uint32_t)kit_get_uint16_t(from + 2) << 16;
}
static inline uint64_t kit_get_uint64_t(const uint8_t *from) {
    return kit_get_uint32_t(from) | (uint64_t)kit_get_uint32_t(from + 4) << 32;
}
static inline int32_t kit_get_int32_t(const uint8_t *from) {
    return (int32_t)kit_get_uint32_t(from);
}
static inline float kit_get_float(const uint8_t *from) {
    uint32_t bits = kit_get_uint32_t(from);
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}
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
        if f.count and f.ctype == "uint8_t":
            puts.append(f"    memcpy(to + {offset}, from->{f.name}, {f.count});")
            gets.append(f"    memcpy(to->{f.name}, from + {offset}, {f.count});")
        elif f.count:
            step = f.size // f.count
            loop = f"    for (unsigned i = 0; i < {f.count}; i++)"
            puts.append(f"{loop}\n        kit_put_{f.ctype}(to + {offset} + i * {step}, from->{f.name}[i]);")
            gets.append(f"{loop}\n        to->{f.name}[i] = kit_get_{f.ctype}(from + {offset} + i * {step});")
        else:
            puts.append(f"    kit_put_{f.ctype}(to + {offset}, from->{f.name});")
            gets.append(f"    to->{f.name} = kit_get_{f.ctype}(from + {offset});")
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
        "KIT_MAX_FRAME_BYTES": p.MAX_FRAME_BYTES,
        "KIT_MAX_PAYLOAD_BYTES": p.MAX_PAYLOAD_BYTES,
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
    parts.append("\n/* Types of requests; an answer has KIT_ANSWER set too. */\n")
    parts.append(_enum([(f"KIT_MSG_{m.name.upper()}", m.code) for m in p.MESSAGES]))
    parts.append("\n")
    parts.append(_enum([(f"KIT_STATUS_{s.name}", s.value) for s in p.Status]))
    parts.append("\n")
    parts.append(_enum([(f"KIT_TENSOR_{k.name}", k.value) for k in p.TensorKind]))
    parts.append('\n#ifdef __cplusplus\nextern "C" {\n#endif\n\n')
    parts.append(_ACCESSORS)
    parts.extend("\n" + _struct(layout) for layout in layouts())
    parts.append("\n#ifdef __cplusplus\n}\n#endif\n#endif\n")
    return "".join(parts)


if __name__ == "__main__":
    header_path().write_text(render())
