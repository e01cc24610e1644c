"""Key `ablations`: SHS with one choice made otherwise, beside SHS itself."""

from typing import Annotated, Literal

from pydantic import Field

from tprune.config.section import Probability, Section

AblationName = Annotated[str, Field(pattern=r"^[a-z0-9]+$")]


class Ablation(Section):
    """What differs from `shs` and `prune`; what is left out is as there."""

    relative_strengths: Literal["profile", "equal", "cost"] | None = Field(
        default=None, description="In place of `shs.relative_strengths`."
    )
    distillation: Probability | None = Field(default=None, description="In place of `prune.distillation`.")
