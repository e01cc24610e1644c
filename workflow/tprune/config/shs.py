"""Key `shs`: structured Hoyer-square, the penalty that makes lines prunable."""

from typing import Annotated, Literal

from pydantic import Field

from tprune.config.section import Count, Distinct, LearningRate, Section, Strength, Width


class Shs(Section):
    """Group Hoyer-square over the coupled sets, from the baseline, each set with a weight of its own."""

    strengths: Annotated[list[Strength], Field(min_length=1), Distinct] = Field(
        default=[0.001, 0.01],
        description="The sweep: global weights of the penalty, each above 0. The rival `magnitude_matched` "
        "keeps the line counts of the first.",
    )
    relative_strengths: Literal["profile", "equal", "cost"] = Field(
        default="profile",
        description="What multiplies the strength per coupled set, for SHS and its rival penalty: the BSSL "
        "`profile` (the paper), 1 for all (`equal`), or the measured milliseconds of a line (`cost`).",
    )
    d_model: Width | None = Field(
        default=None,
        description="Channels of the residual stream that the baseline is narrowed to, those of most "
        "variance, before it is trained with the penalty; for pre-norm models. `null`: as wide as it is.",
    )
    updates: Count = Field(
        default=200, description="Updates with the penalty (the control: as many without it)."
    )
    lr: LearningRate = Field(default=0.001, description="Learning rate.")
