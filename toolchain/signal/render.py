"""A configuration as C text: ``kit_signal_config.c`` and ``.h``, the same numbers that training was given."""

from __future__ import annotations

import hashlib

import numpy as np

from toolchain.signal.config import Config
from toolchain.signal.library import ROOM
from toolchain.signal.settings import AudioSettings, ImageSettings, MotionSettings, SignalSettings

HEADER, SOURCE = "kit_signal_config.h", "kit_signal_config.c"


def c_files(settings: SignalSettings, config: Config) -> dict[str, str]:
    """The sources of the front end that ``settings`` ask for, with their configuration, by file name."""
    names = ["kit_signal.c", f"kit_{config.family}.c"]
    if isinstance(settings, AudioSettings):
        names.append("kit_history.c")  # what makes the model's input of frames
    header = _header(settings, config, digest(settings, config))
    return {**ROOM.needed(*names), SOURCE: _source(config), HEADER: header}


def digest(settings: SignalSettings, config: Config) -> bytes:
    """SHA-256 of the configuration: two front ends with the same one compute the same bytes at the same times."""
    return hashlib.sha256((_header(settings, config, b"") + _source(config)).encode()).digest()


def _source(config: Config) -> str:
    return (
        f'/* Generated: the front end as the model was trained with it. */\n#include "{HEADER}"\n\n'
        + ROOM.definition(config.struct, "kit_signal_config", config.values)
    )


def _header(settings: SignalSettings, config: Config, digest: bytes) -> str:
    features = int(np.prod(config.shape))
    lines = [f"#define KIT_SIGNAL_{config.family.upper()} 1"]
    if isinstance(settings, AudioSettings):
        memory = f"KIT_AUDIO_BYTES({settings.window}u, {settings.fft}u, {settings.filters}u)"
        lines += [
            f"#define KIT_SIGNAL_FRAMES {settings.frames}u /* that the model sees at once */",
            f"#define KIT_SIGNAL_COLUMNS {settings.columns}u /* features of a frame */",
            f"#define KIT_SIGNAL_WINDOW {settings.window}u /* samples in a frame */",
            f"#define KIT_SIGNAL_HOP {settings.hop}u",
            f"#define KIT_SIGNAL_BYTES {memory}",
        ]
    elif isinstance(settings, MotionSettings):
        size = settings.fft if settings.features == "spectral" else 0
        lines += [
            f"#define KIT_SIGNAL_AXES {settings.axes}u /* values in a sample */",
            f"#define KIT_SIGNAL_WINDOW {settings.window}u /* samples that the model sees at once */",
            f"#define KIT_SIGNAL_HOP {settings.hop}u",
            f"#define KIT_SIGNAL_BYTES KIT_MOTION_BYTES({settings.window}u, {settings.axes}u, {size}u)",
        ]
    else:
        lines += [
            f"#define KIT_SIGNAL_SOURCE_HEIGHT {settings.source[0]}u /* pixels of the camera's picture */",
            f"#define KIT_SIGNAL_SOURCE_WIDTH {settings.source[1]}u",
        ]
    rate = 0 if isinstance(settings, ImageSettings) else round(settings.rate or 0)
    lines += [
        f"#define KIT_SIGNAL_RATE {rate}u /* samples a second, 0: not known */",
        f"#define KIT_SIGNAL_SAMPLE_BYTES {settings.sample_bytes}u",
        f"#define KIT_SIGNAL_STRIDE {settings.stride}u /* samples from an inference to the next */",
        f"#define KIT_SIGNAL_SHA256 {', '.join(f'0x{byte:02x}' for byte in digest)}",
    ]
    history = '#include "kit_history.h"\n' if isinstance(settings, AudioSettings) else ""
    lines.append(f"#define KIT_SIGNAL_FEATURES {features}u /* int8 values of the model's input */")
    return (
        "/* Generated: the front end as the model was trained with it. */\n"
        "#ifndef KIT_SIGNAL_CONFIG_H\n#define KIT_SIGNAL_CONFIG_H\n\n"
        f'#include "kit_{config.family}.h"\n{history}\n#ifdef __cplusplus\nextern "C" {{\n#endif\n\n'
        + "\n".join(lines)
        + f"\n\nextern const struct {config.struct} kit_signal_config;\n\n"
        "#ifdef __cplusplus\n}\n#endif\n#endif\n"
    )
