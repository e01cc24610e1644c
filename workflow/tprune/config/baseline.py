"""Key `baseline`: the model that is pruned."""

from typing import Annotated, Literal

from pydantic import Field

from tprune.config.section import Count, LearningRate, Section


class Baseline(Section):
    """Training of the baseline, or a checkpoint of the user's own in its place."""

    threads: Count = Field(
        default=2,
        description="Cores of its training job (and of `scratch`), which has no siblings to run beside; for "
        "each of `training.processes`.",
    )
    updates: Count = Field(default=2000, description="Updates of training.")
    lr: LearningRate = Field(default=0.002, description="Peak learning rate.")
    warmup_updates: Annotated[int, Field(ge=0)] = Field(
        default=300, description="Updates until the peak; from there the rate falls linearly to nothing."
    )
    checkpoint: str | None = Field(
        default=None,
        min_length=1,
        description="A fairseq `transformer` checkpoint (.pt) to use in place of training; "
        "loaded as weights only. It needs text of its own languages: `corpus.source: files`.",
    )
    source_dictionary: str | None = Field(
        default=None, min_length=1, description="That checkpoint's dict.SRC.txt; required with it."
    )
    target_dictionary: str | None = Field(
        default=None, min_length=1, description="That checkpoint's dict.TGT.txt; required with it."
    )
    subword_model: str | None = Field(
        default=None,
        min_length=1,
        description="That checkpoint's subword model (sentencepiece or subword-nmt codes); required with it.",
    )
    subword_kind: Literal["sentencepiece", "subword-nmt"] = Field(
        default="sentencepiece",
        description="What `subword_model` is. subword-nmt codes expect tokenised text, which is not "
        "detokenised afterwards: scores are then of text as tokenised.",
    )
