"""`--criterion tprune_cross_entropy`: label-smoothed cross-entropy over the real tokens only."""

from dataclasses import dataclass, field
from typing import Any

import torch
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.criterions.label_smoothed_cross_entropy import (
    LabelSmoothedCrossEntropyCriterion,
    LabelSmoothedCrossEntropyCriterionConfig,
)
from torch import Tensor
from torch.nn import functional

from tprune.model.transformer import Transformer


@dataclass
class TPruneCrossEntropyConfig(LabelSmoothedCrossEntropyCriterionConfig):
    """fairseq's options, and the precision of forward and backward."""

    autocast: str = field(default="float32", metadata={"help": "float32 or bfloat16 (autocast)"})


@register_criterion("tprune_cross_entropy", dataclass=TPruneCrossEntropyConfig)
class TPruneCrossEntropy(LabelSmoothedCrossEntropyCriterion):
    """The same loss as fairseq's label_smoothed_cross_entropy, faster.

    The output projection, a sixth of the multiply-adds, and the softmax leave out padded positions.
    """

    def __init__(
        self, task: Any, sentence_avg: bool, label_smoothing: float, autocast: str = "float32"
    ) -> None:
        FairseqCriterion.__init__(self, task)
        self.sentence_avg = sentence_avg
        self.eps = label_smoothing
        self.autocast = autocast

    def forward(self, model: Transformer, sample: dict[str, Any], reduce: bool = True) -> Any:
        """Returns (loss summed over tokens, sample_size, logging_output), as fairseq asks."""
        target = sample["target"]
        with torch.autocast(target.device.type, torch.bfloat16, enabled=self.autocast == "bfloat16"):
            features, _ = model(**sample["net_input"], features_only=True)
            real = target.ne(self.padding_idx)
            logits = model.decoder.output_projection(features[real]).float()
        loss, nll = label_smoothed_loss(logits, target[real], self.eps)
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


def label_smoothed_loss(logits: Tensor, target: Tensor, label_smoothing: float) -> tuple[Tensor, Tensor]:
    """Smoothed loss and plain negative log-likelihood, summed over tokens, in nats.

    `logits` [N, V], `target` [N]. fairseq spreads label_smoothing over the V - 1 other entries, torch
    over all V: hence the factor V / (V - 1).
    """
    size = logits.shape[1]
    loss = functional.cross_entropy(
        logits, target, reduction="sum", label_smoothing=label_smoothing * size / (size - 1)
    )
    with torch.no_grad():
        nll = functional.cross_entropy(logits, target, reduction="sum")
    return loss, nll
