"""Front ends: raw samples to the model's input. Training and device run the same C (firmware_templates/signal)."""

from toolchain.signal.front_end import FrontEnd, Stream
from toolchain.signal.settings import AudioSettings, ImageSettings, MotionSettings, SignalSettings, make_settings

__all__ = [
    "AudioSettings",
    "FrontEnd",
    "ImageSettings",
    "MotionSettings",
    "SignalSettings",
    "Stream",
    "make_settings",
]
