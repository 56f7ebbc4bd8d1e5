"""Speech for keyword spotting: synthesised words, real recordings that Debian packages carry, and what is done to both.

Sound is float32 of full scale 1 at `RATE`, one channel, until it becomes the int16 of a sample.
"""

from __future__ import annotations

#: Samples a second of everything in here.
RATE = 16_000
