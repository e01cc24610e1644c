"""Key `bssl`: block-wise structured sparsity learning, which shows where lines die; nothing is pruned."""

from typing import Annotated

from pydantic import Field

from tprune.config.section import Count, Distinct, LearningRate, Section, Strength


class Bssl(Section):
    """Group lasso on the lines of every block, on both axes, from the baseline."""

    strengths: Annotated[list[Strength], Field(min_length=1), Distinct] = Field(
        default=[0.12, 0.16, 0.2], description="The sweep: weights of the group lasso, each above 0."
    )
    updates: Count = Field(default=200, description="Updates of each run.")
    lr: LearningRate = Field(default=0.001, description="Learning rate.")
