"""Word-level knowledge distillation (Kim & Rush 2016, section 3.1; Hinton et al. 2015, at temperature 1).

The student learns from the mixture of the label-smoothed reference and the teacher's distribution over the
next word, in proportion 1 - w to w. Cross-entropy to the mixture is, up to the teacher's own entropy, which
is constant, (1 - w) times the smoothed loss plus w times the Kullback-Leibler divergence from the teacher.

Of each distribution the `LIKELIEST` words are kept (top-K distillation, Tan et al. 2019), the probability
that is left is spread over the others. What was said is remembered: the teacher has no dropout, so it is
asked once for a sentence, not once an epoch.
"""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from tprune.model.checkpoint import load_model
from tprune.model.transformer import Transformer

LIKELIEST = 8
REMEMBERED = 4_000_000  # target tokens, of 64 bytes each; of a larger text the rest is asked for each time


class Likeliest(NamedTuple):
    """The K likeliest words at N positions, [N, K], and their probabilities, [N, K], float32."""

    words: Tensor
    probabilities: Tensor


class Teacher:
    """A finished model that is asked what it would say; it learns nothing and is in no checkpoint.

    Not a torch module, so that a criterion that holds it has no parameters of its own.
    """

    def __init__(self, weights: str | Path, architecture: str | Path, room: int = REMEMBERED) -> None:
        self.model: Transformer = load_model(weights, architecture).requires_grad_(False)
        self._remembered: dict[int, Likeliest] = {}
        self._room = room

    def likeliest(self, sample: dict[str, Any], real: Tensor) -> Likeliest:
        """What it would say at the N positions of the mask `real` [B, T], for training samples.

        `sample` is fairseq's batch, whose `id` tells which sentences of the training text it has.
        """
        identities = sample["id"].tolist()
        if all(identity in self._remembered for identity in identities):
            columns = zip(*(self._remembered[identity] for identity in identities), strict=True)
            words, probabilities = (torch.cat(column).to(real.device) for column in columns)
            return Likeliest(words.long(), probabilities)
        found = self.ask(sample["net_input"], real)
        if self._room >= len(found.words):
            self._room -= len(found.words)
            lengths = real.sum(dim=1).tolist()
            words, probabilities = found.words.int().cpu(), found.probabilities.cpu()
            for identity, *own in zip(
                identities, words.split(lengths), probabilities.split(lengths), strict=True
            ):
                self._remembered[identity] = Likeliest(*own)
        return found

    @torch.no_grad()
    def ask(self, net_input: dict[str, Any], real: Tensor) -> Likeliest:
        """Its likeliest words at the N positions of the mask `real` [B, T]; nothing is remembered."""
        if next(self.model.parameters()).device != real.device:
            self.model.to(real.device)
        features, _ = self.model(**net_input, features_only=True)
        logits = self.model.decoder.output_projection(features[real]).float()
        highest, words = logits.topk(min(LIKELIEST, logits.shape[1] - 1), dim=1)
        return Likeliest(words, (highest - logits.logsumexp(dim=1, keepdim=True)).exp())


class _MixtureLoss(torch.autograd.Function):
    """Cross-entropy to the mixture, its gradient softmax(logits) minus the mixture."""

    @staticmethod
    def forward(
        ctx: Any,
        logits: Tensor,
        target: Tensor,
        words: Tensor,
        probabilities: Tensor,
        label_smoothing: float,
        weight: float,
    ) -> tuple[Tensor, Tensor]:
        others = label_smoothing / (logits.shape[1] - 1)
        left = (1 - probabilities.sum(dim=1, keepdim=True)).clamp(min=0)
        spread = left / (logits.shape[1] - words.shape[1])
        above = probabilities - spread
        normaliser = torch.logsumexp(logits, dim=1, keepdim=True)
        everything = logits.sum(dim=1, keepdim=True)
        nll = (normaliser - logits.gather(1, target[:, None])).sum()
        smoothed = logits.shape[1] * normaliser.sum() - everything.sum()
        said = (above * logits.gather(1, words)).sum() + (spread * everything).sum()
        ctx.save_for_backward(logits, normaliser, target, words, weight * above, weight * spread)
        ctx.others, ctx.extra = others * (1 - weight), (1 - label_smoothing - others) * (1 - weight)
        ctx.mark_non_differentiable(nll)
        return ctx.extra * nll + ctx.others * smoothed + weight * (normaliser.sum() - said), nll

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None, None, None]:
        logits, normaliser, target, words, above, spread = ctx.saved_tensors
        slope = (logits - normaliser).exp_().sub_(spread + ctx.others)
        slope.scatter_add_(1, target[:, None], slope.new_full((len(target), 1), -ctx.extra))
        slope.scatter_add_(1, words, -above.to(slope.dtype))
        return slope.mul_(gradients[0]), None, None, None, None, None


def distilled_loss(
    logits: Tensor, target: Tensor, teacher: Likeliest, label_smoothing: float, weight: float
) -> tuple[Tensor, Tensor]:
    """Cross-entropy to the mixture, and plain negative log-likelihood, summed over tokens, in nats.

    `logits` [N, V], `target` [N], `teacher` of fewer than V words, `weight` of the teacher, 0 to 1.
    """
    return _MixtureLoss.apply(logits, target, *teacher, label_smoothing, weight)
