"""`--criterion tprune_cross_entropy`: label-smoothed cross-entropy over the real tokens only."""

from dataclasses import dataclass, field
from typing import Any, Optional

import torch
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.criterions.label_smoothed_cross_entropy import (
    LabelSmoothedCrossEntropyCriterion,
    LabelSmoothedCrossEntropyCriterionConfig,
)
from torch import Tensor

from tprune.fairseq_plugin.distillation import Likeliest, Teacher, distilled_loss
from tprune.model.transformer import Transformer


@dataclass
class TPruneCrossEntropyConfig(LabelSmoothedCrossEntropyCriterionConfig):
    """fairseq's options, the precision of forward and backward, and a teacher to learn from."""

    autocast: str = field(default="float32", metadata={"help": "float32 or bfloat16 (autocast)"})
    teacher_weights: Optional[str] = field(default=None, metadata={"help": "model.safetensors"})  # noqa: UP045
    teacher_architecture: Optional[str] = field(default=None, metadata={"help": "model.json"})  # noqa: UP045
    distillation: float = field(default=0.0, metadata={"help": "weight of the teacher, 0 to 1"})


@register_criterion("tprune_cross_entropy", dataclass=TPruneCrossEntropyConfig)
class TPruneCrossEntropy(LabelSmoothedCrossEntropyCriterion):
    """The same loss as fairseq's label_smoothed_cross_entropy, faster.

    The output projection, a sixth of the multiply-adds, and the softmax leave out padded positions.
    """

    def __init__(
        self,
        task: Any,
        sentence_avg: bool,
        label_smoothing: float,
        autocast: str = "float32",
        teacher_weights: str | None = None,
        teacher_architecture: str | None = None,
        distillation: float = 0.0,
    ) -> None:
        FairseqCriterion.__init__(self, task)
        self.sentence_avg = sentence_avg
        self.eps = label_smoothing
        self.autocast = autocast
        self.distillation = distillation
        self.teacher = None
        if teacher_weights and teacher_architecture:
            self.teacher = Teacher(teacher_weights, teacher_architecture)

    def forward(self, model: Transformer, sample: dict[str, Any], reduce: bool = True) -> Any:
        """Returns (loss summed over tokens, sample_size, logging_output), as fairseq asks."""
        target = sample["target"]
        with torch.autocast(target.device.type, torch.bfloat16, enabled=self.autocast == "bfloat16"):
            features, _ = model(**sample["net_input"], features_only=True)
            real = target.ne(self.padding_idx)
            logits = model.decoder.output_projection(features[real]).float()
            taught = self._taught(sample, real)
        if taught is None:
            loss, nll = label_smoothed_loss(logits, target[real], self.eps)
        else:
            loss, nll = distilled_loss(logits, target[real], taught, self.eps, self.distillation)
        sample_size = target.size(0) if self.sentence_avg else sample["ntokens"]
        return (
            loss,
            sample_size,
            {
                "loss": loss.detach(),
                "nll_loss": nll,
                "ntokens": sample["ntokens"],
                "nsentences": target.size(0),
                "sample_size": sample_size,
            },
        )

    def _taught(self, sample: dict[str, Any], real: Tensor) -> Likeliest | None:
        if self.teacher is None:
            return None
        if self.training:
            return self.teacher.likeliest(sample, real)
        # A valid sentence may have the number of a training sentence.
        return self.teacher.ask(sample["net_input"], real)


class _SmoothedLoss(torch.autograd.Function):
    """Loss and gradient in as few passes over [N, V] as there can be.

    With the target's weight 1 - e and e / (V - 1) for every other entry the gradient is
    softmax(logits) minus those weights.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, target: Tensor, label_smoothing: float) -> tuple[Tensor, Tensor]:
        others = label_smoothing / (logits.shape[1] - 1)
        normaliser = torch.logsumexp(logits, dim=1, keepdim=True)
        nll = (normaliser - logits.gather(1, target[:, None])).sum()
        everything = logits.shape[1] * normaliser.sum() - logits.sum()
        ctx.save_for_backward(logits, normaliser, target)
        ctx.others, ctx.extra = others, 1 - label_smoothing - others
        ctx.mark_non_differentiable(nll)
        return ctx.extra * nll + others * everything, nll

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        logits, normaliser, target = ctx.saved_tensors
        slope = (logits - normaliser).exp_().sub_(ctx.others)
        slope.scatter_add_(1, target[:, None], slope.new_full((len(target), 1), -ctx.extra))
        return slope.mul_(gradients[0]), None, None


def label_smoothed_loss(logits: Tensor, target: Tensor, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """Smoothed loss and plain negative log-likelihood, summed over tokens, in nats.

    `logits` [N, V], `target` [N]. As in fairseq, label_smoothing is spread over the V - 1 other entries
    (Szegedy et al. 2016, section 7, spread over all but the target).
    """
    return _SmoothedLoss.apply(logits, target, label_smoothing)
