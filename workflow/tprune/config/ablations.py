"""Key `ablations`: SHS with one choice made otherwise, beside SHS itself."""

from typing import Annotated, Literal

from pydantic import Field

from tprune.config.prune import Score
from tprune.config.section import Count, Distinct, LearningRate, Probability, Section, Threshold, Width

AblationName = Annotated[str, Field(pattern=r"^[a-z0-9]+$")]


class Ablation(Section):
    """What differs from `shs` and `prune`; what is left out is as there."""

    relative_strengths: Literal["profile", "equal", "cost"] | None = Field(
        default=None, description="In place of `shs.relative_strengths`."
    )
    penalty: Literal["shs", "none"] | None = Field(
        default=None,
        description="`none`: trained on for as long without a penalty, of strength 0 in paths and tables: "
        "what is left is the width, the score and the fine-tuning.",
    )
    d_model: Width | None = Field(
        default=None, description="In place of `shs.d_model`, which it cannot undo."
    )
    dropout: Probability | None = Field(default=None, description="In place of `prune.dropout`.")
    distillation: Probability | None = Field(default=None, description="In place of `prune.distillation`.")
    sequence_distillation: bool | None = Field(
        default=None, description="In place of `prune.sequence_distillation`."
    )
    score: Score | None = Field(default=None, description="In place of `prune.score`.")
    decoder_layers: Count | None = Field(
        default=None,
        description="In place of `prune.decoder_layers`; as many as `model.decoder_layers` for all.",
    )
    fine_tuning_updates: Count | None = Field(
        default=None, description="In place of `prune.fine_tuning_updates`."
    )
    lr: LearningRate | None = Field(default=None, description="In place of `prune.lr`.")
    thresholds: Annotated[list[Threshold], Distinct] | None = Field(
        default=None, description="In place of `prune.thresholds`."
    )
