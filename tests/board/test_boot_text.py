"""What chips print, in words."""

from __future__ import annotations

import pytest

from toolchain.board.boot_text import explain

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n", "a watchdog restarts it again and again"),
        ("rst:0x10 (RTCWDT_RTC_RESET),boot:0x13\r\ninvalid header: 0xffffffff\r\n", "its flash is empty"),
        ("rst:0x7 (TG0WDT_SYS_RST),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\n", "a watchdog restarts it"),
        ("rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1))\r\nwaiting for download\r\n", "let go of BOOT"),
        (
            "rst:0x1 (POWERON),boot:0x4 (DOWNLOAD(USB/UART0))\r\nwaiting for download\r\n",
            "boot loader",
        ),
        ("invalid header: 0x1234abcd\r\n", "no program for it"),
        ("\r\nBrownout detector was triggered\r\n\r\nrst:0xc (SW_CPU_RESET)", "supply voltage drops"),
        (
            "Guru Meditation Error: Core  0 panic'ed (LoadProhibited).",
            "crashed: LoadProhibited",
        ),
        ("flash read err, 1000\r\n", "cannot be read"),
        ("panic: stack overflow at 0x3ffb0100\r\n", "its firmware stopped: stack overflow at 0x3ffb0100"),
        ("rst:0xc (SW_CPU_RESET),boot:0x13", "restarts itself"),
    ],
)
def test_boot_text_becomes_words(text: str, meaning: str) -> None:
    assert meaning in explain(text)


@pytest.mark.parametrize(
    "text", ["", "sample 1: seven (99 %)\r\n", "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)"]
)
def test_ordinary_text_means_nothing(text: str) -> None:
    assert explain(text) == ""
