"""Post-processing in NumPy and float64, written from the docstring of the settings, not from the code: it keeps every
answer and looks back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from toolchain.postprocess import Decision, PostprocessingSettings


def decide(s: PostprocessingSettings, scores: np.ndarray, ignored: Sequence[int] = ()) -> list[Decision]:
    """Decisions on ``scores`` [answers, labels], real numbers."""
    made: list[Decision] = []
    last, quiet = None, 0
    least = -np.inf if s.threshold is None else s.threshold
    for n in range(len(scores)):
        first = 0 if s.smoothing == "none" else max(0, n + 1 - s.length)
        if s.smoothing == "majority_vote":
            recent = scores[first : n + 1]
            votes = np.array([(recent.argmax(1) == c)[recent.max(1) >= least].sum() for c in range(scores.shape[1])])
            smooth = votes / len(recent)
            winner = int(smooth.argmax()) if smooth.max() > 0.5 else None
        else:
            smooth = scores[n] if s.smoothing == "none" else scores[first : n + 1].mean(0)
            winner = int(smooth.argmax()) if smooth.max() >= least else None
            if last is not None and s.hysteresis and smooth[last] + s.hysteresis >= smooth.max():
                winner = last if smooth[last] + s.hysteresis >= least else None
                smooth = smooth[[last]]
        score = float(smooth[winner] if winner is not None and len(smooth) > 1 else smooth.max())
        last = winner
        decided = winner is not None and winner not in ignored and quiet == 0
        made.append(Decision(winner if decided else None, score))
        quiet = s.debounce if decided else max(0, quiet - 1)
    return made
