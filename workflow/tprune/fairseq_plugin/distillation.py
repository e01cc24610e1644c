"""Word-level knowledge distillation (Kim & Rush 2016, section 3.1; Hinton et al. 2015, at temperature 1).

The student learns from the mixture of the label-smoothed reference and the teacher's distribution over the
next word, in proportion 1 - w to w. Cross-entropy to the mixture is, up to the teacher's own entropy, which
is constant, (1 - w) times the smoothed loss plus w times the Kullback-Leibler divergence from the teacher.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tprune.model.checkpoint import load_model
from tprune.model.transformer import Transformer


class Teacher:
    """A finished model that is asked what it would say; it learns nothing and is in no checkpoint.

    Not a torch module, so that a criterion that holds it has no parameters of its own.
    """

    def __init__(self, weights: str | Path, architecture: str | Path) -> None:
        self.model: Transformer = load_model(weights, architecture).requires_grad_(False)

    @torch.no_grad()
    def probabilities(self, net_input: dict[str, Any], real: Tensor) -> Tensor:
        """Distributions [N, V], float32, at the N positions of the mask `real` [B, T]; no dropout."""
        if next(self.model.parameters()).device != real.device:
            self.model.to(real.device)
        features, _ = self.model(**net_input, features_only=True)
        return self.model.decoder.output_projection(features[real]).float().softmax(dim=1)


class _MixtureLoss(torch.autograd.Function):
    """Cross-entropy to the mixture, its gradient softmax(logits) minus the mixture."""

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, target: Tensor, teacher: Tensor, label_smoothing: float, weight: float
    ) -> tuple[Tensor, Tensor]:
        others = label_smoothing / (logits.shape[1] - 1)
        normaliser = torch.logsumexp(logits, dim=1, keepdim=True)
        nll = (normaliser - logits.gather(1, target[:, None])).sum()
        everything = logits.shape[1] * normaliser.sum() - logits.sum()
        distance = normaliser.sum() - (teacher * logits).sum()
        ctx.save_for_backward(logits, normaliser, target, teacher)
        ctx.others, ctx.extra = others * (1 - weight), (1 - label_smoothing - others) * (1 - weight)
        ctx.weight = weight
        ctx.mark_non_differentiable(nll)
        return ctx.extra * nll + ctx.others * everything + weight * distance, nll

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None]:
        logits, normaliser, target, teacher = ctx.saved_tensors
        slope = (logits - normaliser).exp_().sub_(ctx.others).sub_(teacher, alpha=ctx.weight)
        slope.scatter_add_(1, target[:, None], slope.new_full((len(target), 1), -ctx.extra))
        return slope.mul_(gradients[0]), None, None, None, None


def distilled_loss(
    logits: Tensor, target: Tensor, teacher: Tensor, label_smoothing: float, weight: float
) -> tuple[Tensor, Tensor]:
    """Cross-entropy to the mixture, and plain negative log-likelihood, summed over tokens, in nats.

    `logits` [N, V], `target` [N], `teacher` [N, V] (each row sums to 1), `weight` of the teacher, 0 to 1.
    """
    return _MixtureLoss.apply(logits, target, teacher, label_smoothing, weight)
