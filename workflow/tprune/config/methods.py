"""What a method that prunes consists of, by its name in paths and tables."""

from dataclasses import dataclass, replace
from typing import Literal

from tprune.config.ablations import Ablation
from tprune.config.prune import Prune, Score
from tprune.config.scratch import ScratchModel
from tprune.config.settings import Settings

Penalty = Literal["shs", "group_lasso"]
UNPENALISED = "magnitude"
"""Name, among the penalised models, of the baseline trained on without a penalty."""


@dataclass(frozen=True)
class Method:
    """How the lines that go are found, and how the model is fine-tuned.

    `penalised`: whose lines are chosen, a method of the stage `shs`. `penalty` and `relative_strengths`: of
    that stage. `d_model`: channels of the residual stream that its training begins with, None: as many as
    the baseline has. `score`: what lines are ranked by. `decoder_layers`: kept at most where they are.
    `fine_tuning_updates`, `lr`, `dropout`, `distillation`, `sequence_distillation`: length, learning rate and
    dropout of fine-tuning (None: as the baseline's), the control's weight in it, and whether its text is the
    control's translations.
    """

    penalised: str
    penalty: Penalty | None
    relative_strengths: Literal["profile", "equal", "cost"]
    d_model: int | None
    score: Score
    decoder_layers: int | None
    fine_tuning_updates: int
    lr: float
    dropout: float | None
    distillation: float
    sequence_distillation: bool


def narrowed_widths(settings: Settings) -> list[int]:
    """The widths that the baseline is narrowed to for SHS or one of its ablations, rising."""
    widths = {settings.shs.d_model, *(changed.d_model for changed in settings.ablations.values())}
    return sorted(width for width in widths if width is not None)


def shs_methods(settings: Settings) -> list[str]:
    """SHS, then its ablations shs-NAME."""
    return ["shs", *(f"shs-{name}" for name in settings.ablations)]


def other_widths(settings: Settings) -> list[str]:
    """The ablations that differ from SHS in the width alone, which are SHS in another size."""
    shs = method_of(settings, "shs")
    found = []
    for name in shs_methods(settings)[1:]:
        as_wide = replace(method_of(settings, name), d_model=shs.d_model, penalised=shs.penalised)
        if as_wide == shs:
            found.append(name)
    return found


def penalised_by_shs(settings: Settings) -> list[str]:
    """SHS and those ablations of it that have its penalty."""
    return [name for name in shs_methods(settings) if method_of(settings, name).penalty == "shs"]


def taught_scratch(settings: Settings) -> list[str]:
    """The models from scratch that learn from the control, in whatever way."""
    return [f"scratch-{name}" for name, model in settings.scratch.items() if model.learns_from_control]


def is_taught(settings: Settings) -> bool:
    """Whether a model learns from the control's translations of the training text."""
    return any(section.sequence_distillation for section in _learners(settings))


def has_teacher(settings: Settings) -> bool:
    """Whether a model learns from the control's distribution."""
    return any(section.distillation for section in _learners(settings))


def _learners(settings: Settings) -> list[Prune | Ablation | ScratchModel]:
    """The sections that say whether a model learns from the control."""
    return [settings.prune, *settings.ablations.values(), *settings.scratch.values()]


def method_of(settings: Settings, name: str) -> Method:
    """The method of this name: control, shs, shs-NAME of `ablations`, group_lasso, or one without a penalty
    (magnitude, magnitude_matched, taylor, random, heads).
    """
    prune = settings.prune
    plain = Method(
        penalised=UNPENALISED,
        penalty=None,
        relative_strengths=settings.shs.relative_strengths,
        d_model=None,
        score="taylor" if name == "taylor" else "norm",
        decoder_layers=prune.decoder_layers,
        fine_tuning_updates=prune.fine_tuning_updates,
        lr=prune.lr,
        dropout=prune.dropout,
        distillation=0.0 if name == "control" else prune.distillation,
        sequence_distillation=name != "control" and prune.sequence_distillation,
    )
    if name == "group_lasso":
        return replace(plain, penalised=name, penalty="group_lasso")
    shs = replace(plain, penalised="shs", penalty="shs", d_model=settings.shs.d_model, score=prune.score)
    if name == "shs":
        return shs
    if name.startswith("shs-"):
        changed = settings.ablations[name.removeprefix("shs-")]
        other = replace(shs, **changed.model_dump(exclude_none=True, exclude={"thresholds", "penalty"}))
        if changed.penalty == "none":
            return replace(other, penalty=None, penalised=UNPENALISED if other.d_model is None else name)
        own = (other.relative_strengths, other.d_model) != (shs.relative_strengths, shs.d_model)
        return replace(other, penalised=name) if own else other
    return plain
