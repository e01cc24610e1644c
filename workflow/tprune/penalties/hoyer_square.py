"""Structured Hoyer Square (SHS): the group Hoyer-square measure over coupled lines.

H(G) = (sum_g ||g||)^2 / sum_g ||g||^2 (Yang, Wen, Li: DeepHoyer, ICLR 2020, eq. 7; TPrune, 2021). It
runs from 1 (one line alive) to the number of lines (all equal), does not change with the scale of the
weights, and its gradient shrinks small lines while it lets large ones grow.
"""

from collections.abc import Mapping

from torch import Tensor

from tprune.lines.coupled_sets import CoupledSet

_TINY = 1e-12  # keeps a dead line's direction, which is 0/0, at 0


def hoyer_square(norms: Tensor) -> Tensor:
    """H over the last dimension of `norms` [..., lines]."""
    return norms.sum(dim=-1).square() / norms.square().sum(dim=-1).clamp_min(_TINY)


def hoyer_square_slope(norms: Tensor) -> Tensor:
    """dH/d||g|| for every line: (2 S / Q) (1 - S ||g|| / Q), S the sum of norms, Q of their squares."""
    total = norms.sum(dim=-1, keepdim=True)
    squares = norms.square().sum(dim=-1, keepdim=True).clamp_min(_TINY)
    return 2 * total / squares * (1 - total / squares * norms)


class HoyerSquare:
    """strength_s * H summed over all coupled sets s; its gradient is added in closed form."""

    def __init__(self, strengths: Mapping[CoupledSet, float]) -> None:
        self.strengths = dict(strengths)

    def add_gradient(self, weights: Mapping[str, Tensor], gradients: Mapping[str, Tensor]) -> None:
        """Add the penalty's gradient to `gradients`, in place, in one pass over the weights.

        By the chain rule the gradient of a line's entries is dH/d||g|| * w / ||g||.
        """
        for group, strength in self.strengths.items():
            norms = group.norms(weights)
            factor = (strength * hoyer_square_slope(norms) / norms.clamp_min(_TINY)).unsqueeze(2)
            for weight, gradient in zip(group.views(weights), group.views(gradients), strict=True):
                gradient.addcmul_(weight, factor)

    def shrink(self, weights: Mapping[str, Tensor], lr: float) -> None:
        """Nothing: this penalty acts through its gradient."""
