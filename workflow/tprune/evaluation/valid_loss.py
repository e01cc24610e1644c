"""The loss of a model on the binarised validation text."""

from pathlib import Path

import torch
from fairseq import utils
from fairseq.data.data_utils import batch_by_size
from torch.nn import functional

from tprune.evaluation.pairs import read_pairs
from tprune.model.transformer import Transformer


def valid_loss(model: Transformer, data: Path, max_tokens: int, split: str = "valid") -> float:
    """Negative log-likelihood per target token, in nats, without label smoothing.

    `data` is fairseq-preprocess's folder with the languages src and tgt; batches hold up to
    `max_tokens` tokens of the longer side, padding included. Pairs that are too long are left out
    (`read_pairs`). Raises TPruneError when none is left.
    """
    pairs, kept = read_pairs(model, data, max_tokens, split)
    device = next(model.parameters()).device
    total, tokens = 0.0, 0
    model.eval()
    with torch.no_grad():
        for indices in batch_by_size(kept, pairs.num_tokens, max_tokens=max_tokens):
            batch = utils.apply_to_sample(
                lambda tensor: tensor.to(device), pairs.collater([pairs[int(index)] for index in indices])
            )
            logits, _ = model(**batch["net_input"])
            loss = functional.cross_entropy(
                logits.flatten(0, 1),
                batch["target"].flatten(),
                ignore_index=pairs.tgt_dict.pad(),
                reduction="sum",
            )
            total, tokens = total + float(loss), tokens + int(batch["ntokens"])
    return total / tokens
