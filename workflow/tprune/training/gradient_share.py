"""How strong the penalty's gradient is beside the loss's, set by set.

What a penalty does under Adam depends on its gradient's share, not on its value: the raw sum of H can
be thousands and yet move nothing.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from tprune.lines.coupled_sets import CoupledSet

COLUMNS = ("stack", "layer", "component", "kind", "update", "loss_gradient", "penalty_gradient", "share")


def gradient_norms(group: CoupledSet, gradients: Mapping[str, Tensor]) -> float:
    """L2 norm of the gradient over all members of the set."""
    return float(torch.stack([view.norm() for view in group.views(gradients)]).norm())


class GradientShareLog:
    """Rows of gradient_share.csv, appended while training runs."""

    def __init__(self, path: str | Path, groups: list[CoupledSet]) -> None:
        self.path = Path(path)
        self.groups = groups
        if not self.path.exists():
            self._append([COLUMNS])

    def add(self, update: int, loss: Mapping[str, Tensor], total: Mapping[str, Tensor]) -> None:
        """Compare the loss's gradients with the `total` after the penalty's were added."""
        penalty = {name: total[name] - loss[name] for name in loss}
        rows: list[tuple[object, ...]] = []
        for group in self.groups:
            of_loss, of_penalty = gradient_norms(group, loss), gradient_norms(group, penalty)
            share = of_penalty / of_loss if of_loss > 0 else float("inf")
            rows.append(
                (group.stack, group.layer, group.component, group.kind, update, of_loss, of_penalty, share)
            )
        self._append(rows)

    def _append(self, rows: list[tuple[object, ...]]) -> None:
        with self.path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)


def read_gradient_share(path: Path) -> pd.DataFrame:
    """The log's rows, the last of every set and update where a resumed run wrote one twice.

    A run without a penalty has no log: the table is then empty.
    """
    if not path.exists():
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.read_csv(path).drop_duplicates(list(COLUMNS[:5]), keep="last")
