"""penalty.json: which penalty a training run carries, in a file that fairseq-train is given."""

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from torch import Tensor

from tprune.atomic import write_json
from tprune.lines.blocks import blocks
from tprune.lines.coupled_sets import coupled_sets
from tprune.model.architecture import Architecture
from tprune.penalties.group_lasso import BlockLasso, SetLasso
from tprune.penalties.hoyer_square import HoyerSquare


class Penalty(Protocol):
    """What the training loop asks of a penalty, before and after the optimiser's step."""

    def add_gradient(self, weights: dict[str, Tensor], gradients: dict[str, Tensor]) -> None:
        """Add the penalty's gradient to `gradients`, in place."""

    def shrink(self, weights: dict[str, Tensor], lr: float) -> None:
        """Take the penalty's proximal step at learning rate `lr`, in place."""


@dataclass(frozen=True)
class PenaltySpec:
    """A penalty as numbers; `relative_strengths` multiplies `strength` per coupled set, by its key."""

    method: Literal["bssl", "shs", "group_lasso"]
    strength: float
    relative_strengths: dict[str, float] = field(default_factory=dict)

    def write(self, path: str | Path) -> None:
        """Write penalty.json, atomically."""
        write_json(path, dataclasses.asdict(self))

    @classmethod
    def read(cls, path: str | Path) -> "PenaltySpec":
        """Read penalty.json back."""
        return cls(**json.loads(Path(path).read_text(encoding="utf-8")))

    def build(self, architecture: Architecture) -> Penalty:
        """The penalty over the lines of a model of this architecture."""
        if self.method == "bssl":
            return BlockLasso(blocks(architecture), self.strength)
        strengths = {
            group: self.strength * self.relative_strengths.get(group.key, 1.0)
            for group in coupled_sets(architecture)
        }
        return HoyerSquare(strengths) if self.method == "shs" else SetLasso(strengths)
