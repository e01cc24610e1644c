"""What a method that prunes consists of, by its name in paths and tables."""

from dataclasses import dataclass
from typing import Literal

from tprune.config.settings import Settings

Penalty = Literal["shs", "group_lasso"]
UNPENALISED = "magnitude"
"""Name, among the penalised models, of the baseline trained on without a penalty."""


@dataclass(frozen=True)
class Method:
    """How the lines that go are found, and how the model is fine-tuned.

    `penalised`: whose lines are chosen, a method of the stage `shs`. `penalty` and `relative_strengths`: of
    that stage. `distillation`: weight of the control's distribution in fine-tuning.
    """

    penalised: str
    penalty: Penalty | None
    relative_strengths: Literal["profile", "equal", "cost"]
    distillation: float


def method_of(settings: Settings, name: str) -> Method:
    """The method of this name: control, shs, shs-NAME of `ablations`, group_lasso, or one without a penalty
    (magnitude, random, heads).
    """
    relative, distillation = settings.shs.relative_strengths, settings.prune.distillation
    if name == "control":
        return Method(UNPENALISED, None, relative, 0.0)
    if name == "group_lasso":
        return Method(name, "group_lasso", relative, distillation)
    if name == "shs" or name.startswith("shs-"):
        if name != "shs":
            changed = settings.ablations[name.removeprefix("shs-")]
            relative = changed.relative_strengths or relative
            distillation = distillation if changed.distillation is None else changed.distillation
        own = relative != settings.shs.relative_strengths
        return Method(name if own else "shs", "shs", relative, distillation)
    return Method(UNPENALISED, None, relative, distillation)
