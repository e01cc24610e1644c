"""Key `prune`: which lines go, and the fine-tuning afterwards."""

from typing import Annotated, Literal

from pydantic import Field

from tprune.config.section import Count, Distinct, LearningRate, Probability, Section, Speedup, Threshold

Score = Literal["norm", "taylor"]


class Prune(Section):
    """Masking by a threshold or under a requested speed-up, then fine-tuning of the lines that are kept."""

    thresholds: Annotated[list[Threshold], Distinct] = Field(
        default=[0.2, 0.5],
        description="The sweep: a head asks to keep its lines with a norm of at least this fraction of its "
        "largest; what it keeps is the mean count over heads and over Q/K and V/O, rounded to `round_to`.",
    )
    speedups: Annotated[list[Speedup], Distinct] = Field(
        default=[],
        description="Requested speed-ups, each above 1: the lines that are worth least for the time they "
        "take go until the dense model's measured latency is divided by this, whatever set they are in.",
    )
    score: Score = Field(
        default="taylor",
        description="What SHS's lines are ranked by under a requested speed-up: how much the loss would move "
        "without them, to first order (`taylor`), or their `norm` beside the largest of their head. "
        "A threshold is always one of norms, and so are the rivals' scores.",
    )
    decoder_layers: Count | None = Field(
        default=None,
        description="Decoder layers, at most, that stay where lines are ranked under a requested speed-up: "
        "those worth least go before any line does; `null`: as many as the ranking leaves.",
    )
    fine_tuning_updates: Count = Field(
        default=300, description="Updates after masking (the control: as many with nothing masked)."
    )
    lr: LearningRate = Field(default=0.001, description="Learning rate of fine-tuning.")
    dropout: Probability | None = Field(
        default=None,
        description="Dropout of fine-tuning, also of the control; `null`: the baseline's own.",
    )
    distillation: Probability = Field(
        default=0.0,
        description="Weight of the control's distribution in the loss of fine-tuning (word-level "
        "distillation), beside the reference's; 0: plain fine-tuning, as the control's always is.",
    )
    sequence_distillation: bool = Field(
        default=False,
        description="Fine-tune on the control's translations of the training text in place of its references "
        "(sequence-level distillation), as the control itself never is.",
    )
    teacher_beam: Count = Field(
        default=4,
        description="Beam size of those translations, also of an ablation's and of a model's from scratch.",
    )
    round_to: Count = Field(
        default=4, description="Kept lines of a set are a multiple of this, as engines compute those faster."
    )
