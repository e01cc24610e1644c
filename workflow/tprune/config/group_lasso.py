"""Key `group_lasso`: the rival penalty."""

from typing import Annotated

from pydantic import Field

from tprune.config.section import Distinct, Section, Strength, Threshold


class GroupLasso(Section):
    """Group lasso on the same sets with the same schedule as SHS; built by the target `rivals` only."""

    strengths: Annotated[list[Strength], Field(min_length=1), Distinct] = Field(
        default=[0.2], description="The sweep: weights of the penalty, each above 0."
    )
    thresholds: Annotated[list[Threshold], Distinct] = Field(
        default=[0.5], description="As `prune.thresholds`."
    )
