"""Dropout at a tenth of the usual price on a CPU."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_STEPS = 2**16


class _KeepAndAdd(torch.autograd.Function):
    """residual + branch * keep / (1 - p), remembering only the one-byte mask."""

    @staticmethod
    def forward(ctx: Any, residual: Tensor, branch: Tensor, keep: Tensor, scale: float) -> Tensor:
        ctx.save_for_backward(keep)
        ctx.scale = scale
        return torch.addcmul(residual, branch, keep.to(branch.dtype), value=scale)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        (keep,) = ctx.saved_tensors
        (gradient,) = gradients
        return gradient, (gradient * keep).mul_(ctx.scale), None, None


class ResidualDropout(nn.Module):
    """`residual + dropout(branch)`.

    On a CPU torch draws one random number at a time for dropout, about a tenth of an update. Here one
    64-bit draw decides four elements, with p rounded to 1/65536. On other devices torch's own is used.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, residual: Tensor, branch: Tensor) -> Tensor:
        """Both arguments and the result are [B, T, C]."""
        if not self.training or self.p == 0:
            return residual + branch
        if branch.device.type != "cpu":
            return residual + functional.dropout(branch, self.p)
        dropped = round(self.p * _STEPS)
        return _KeepAndAdd.apply(residual, branch, _keep(branch, dropped), _STEPS / (_STEPS - dropped))


def _keep(like: Tensor, dropped: int) -> Tensor:
    words = torch.empty((like.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
    sixteen = words.view(torch.int16)[: like.numel()].view(like.shape)
    return sixteen >= dropped - _STEPS // 2
