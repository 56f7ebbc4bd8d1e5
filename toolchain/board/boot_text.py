"""What chips print while they start, in words: why a board does not answer."""

from __future__ import annotations

import re

#: A pattern and what it means, the more telling first. ESP32 family: ESP-IDF Programming Guide, "Fatal Errors", and
#: esptool documentation, "Boot Mode Selection" (boot log, reset reasons rst:0x…).
_MEANINGS = (
    (r"waiting for download|DOWNLOAD_BOOT|DOWNLOAD\(",
     "it waits in its boot loader to be flashed: let go of BOOT and press RESET"),
    (r"[Bb]rownout",
     "its supply voltage drops (brownout): another USB cable or port, nothing else fed from the board"),
    (r"invalid header: 0xffffffff",
     "its flash is empty where the program should start: flash it"),
    (r"invalid header|Image hash failed|Checksum failed|[Cc]hecksum failure|csum err|invalid (magic|segment)",
     "what is in its flash is no program for it, or is damaged: flash it again"),
    (r"flash read err",
     "its flash cannot be read: flash it again, with flash_mode dio in the board's file if that does not help"),
    (r"Guru Meditation Error: Core +\d panic.ed \((?P<what>[^)]*)\)",
     "its program crashed: {what}"),
    (r"panic: (?P<what>[^\r\n]*)",
     "its firmware stopped: {what}"),
    (r"rst:0x(?:0?7|0?8|0?9|0?b|10|0?d|12)\b[^\r\n]*(?:WDT|SUPER)|rst:0x10 \(RTCWDT_RTC_RESET\)",
     "a watchdog restarts it again and again: it finds no program that runs; flash it, and look at the supply"),
    (r"rst:0x0?[cC] \(",
     "its program restarts itself"),
)  # fmt: skip
_COMPILED = [(re.compile(pattern), meaning) for pattern, meaning in _MEANINGS]


def explain(text: str) -> str:
    """The meaning of what a board printed, empty when it says nothing that is known."""
    for pattern, meaning in _COMPILED:
        if found := pattern.search(text):
            return meaning.format(**{name: value.strip() for name, value in found.groupdict().items()})
    return ""
