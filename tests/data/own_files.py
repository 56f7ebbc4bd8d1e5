"""Files as a user brings them."""

from pathlib import Path

import numpy as np
import soundfile

RATE = 16000


def tone(path: Path, rate: int = RATE, channels: int = 1, seconds: float = 1.0, subtype: str = "PCM_16") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(rate * seconds)) / rate)
    soundfile.write(path, np.repeat(wave[:, np.newaxis], channels, axis=1), rate, subtype=subtype)
    return path


def table(path: Path, rows: np.ndarray, names: str = "time,x,y,z") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, rows, "%.6f", ",", header=names, comments="")
    return path


def acquisition(values: np.ndarray) -> dict[str, object]:
    sensors = [{"name": name, "units": "m/s2"} for name in ("accX", "accY", "accZ")]
    payload = {"device_type": "X", "interval_ms": 20, "sensors": sensors, "values": values.tolist()}
    return {"protected": {"ver": "v1", "alg": "none"}, "signature": "00", "payload": payload}
