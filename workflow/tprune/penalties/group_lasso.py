"""Group lasso by its proximal step, so that lines die exactly.

The penalty strength * sqrt(n) * ||g|| (Yuan and Lin 2006, eq. 2.1, n the entries of line g) has the
proximal step g <- g * max(0, 1 - lr * strength * sqrt(n) / ||g||) (Parikh and Boyd 2014, 6.5.1), taken
after every update of the optimiser.
"""

import math
from collections.abc import Iterable, Mapping

from torch import Tensor

from tprune.lines.blocks import MatrixBlocks
from tprune.lines.coupled_sets import CoupledSet

_TINY = 1e-12


def survival(norms: Tensor, threshold: float) -> Tensor:
    """What the proximal step multiplies every line by: max(0, 1 - threshold / norm)."""
    return (1 - threshold / norms.clamp_min(_TINY)).clamp_min_(0)


class BlockLasso:
    """BSSL: group lasso on the lines of every block, on both axes.

    Output and input lines overlap in every entry; the two proximal steps are taken one after the
    other. Lines of both axes are weighted by the square root of their entries, so neither is favoured.
    """

    def __init__(self, blocks: Iterable[MatrixBlocks], strength: float) -> None:
        self.blocks = list(blocks)
        self.strength = strength

    def add_gradient(self, weights: Mapping[str, Tensor], gradients: Mapping[str, Tensor]) -> None:
        """Nothing: this penalty acts by `shrink`."""

    def shrink(self, weights: Mapping[str, Tensor], lr: float) -> None:
        """One proximal step per axis, in place."""
        for block in self.blocks:
            view = block.view(weights[block.parameter])
            for along in (2, 1):
                threshold = lr * self.strength * math.sqrt(view.shape[along])
                view.mul_(survival(view.norm(dim=along, keepdim=True), threshold))


class SetLasso:
    """Group lasso on coupled lines (Behnke and Heafield 2021), the rival of SHS on the same sets."""

    def __init__(self, strengths: Mapping[CoupledSet, float]) -> None:
        self.strengths = dict(strengths)

    def add_gradient(self, weights: Mapping[str, Tensor], gradients: Mapping[str, Tensor]) -> None:
        """Nothing: this penalty acts by `shrink`."""

    def shrink(self, weights: Mapping[str, Tensor], lr: float) -> None:
        """One proximal step on every coupled line, in place."""
        for group, strength in self.strengths.items():
            views = group.views(weights)
            threshold = lr * strength * math.sqrt(sum(view.shape[2] for view in views))
            factor = survival(group.norms(weights), threshold).unsqueeze(2)
            for view in views:
                view.mul_(factor)
