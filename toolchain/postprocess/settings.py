"""What ``[postprocessing]`` of a kit.toml may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Score = Annotated[float, Field(ge=-32_000, le=32_000, allow_inf_nan=False)]


class PostprocessingSettings(BaseModel):
    """How the scores of one answer after another become decisions; without any, the greatest score decides.

    A score is the model's output as a real number, ``scale * (q - zero_point)``: with a softmax, 0 to 1. In this order:
    scores are smoothed; the label that won last wins again while its score is within ``hysteresis`` of the greatest and
    of the threshold; otherwise the greatest score wins when it reaches ``threshold``, and else none does (uncertain). A
    winner is the decision unless it is ``ignored`` or one of the ``debounce`` answers behind the last decision.

    ``moving_average``: the mean of each label's scores over the last ``length`` answers. ``majority_vote``: each answer
    is a vote for its greatest score, if that reaches ``threshold``; the label with more than half of the last
    ``length`` answers wins, and its score is the part of them that voted for it. Until there were ``length`` answers,
    those that there were count.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: Score | None = Field(
        default=None, description="least score of a decision, such as 0.7; lower: uncertain"
    )
    ignored: tuple[str, ...] = Field(default=(), description='labels that are never a decision, such as ["silence"]')
    smoothing: Literal["none", "moving_average", "majority_vote"] = Field(
        default="none", description="of the scores, over the last answers"
    )
    length: int = Field(default=3, ge=2, le=255, description="answers that are smoothed over")
    hysteresis: float = Field(
        default=0.0, ge=0, le=32_000, allow_inf_nan=False, description="how far the label that won last may fall behind"
    )
    debounce: int = Field(default=0, ge=0, le=65_535, description="answers without a decision behind each decision")

    @model_validator(mode="after")
    def _consistent(self) -> PostprocessingSettings:
        if self.smoothing == "none" and "length" in self.model_fields_set:
            raise ValueError('length is of no use with smoothing = "none"')
        if self.smoothing == "majority_vote" and self.hysteresis:
            raise ValueError("hysteresis is of scores, which a majority_vote does not compare")
        return self
