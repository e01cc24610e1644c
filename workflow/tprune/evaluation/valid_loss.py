"""The loss of a model on the binarised validation text."""

import logging
from pathlib import Path

import torch
from fairseq.data import Dictionary, LanguagePairDataset
from fairseq.data.data_utils import batch_by_size, load_indexed_dataset
from torch.nn import functional

from tprune.errors import TPruneError
from tprune.model.transformer import Transformer

logger = logging.getLogger(__name__)


def valid_loss(model: Transformer, data: Path, max_tokens: int, split: str = "valid") -> float:
    """Negative log-likelihood per target token, in nats, without label smoothing.

    `data` is fairseq-preprocess's folder with the languages src and tgt; batches hold up to
    `max_tokens` tokens of the longer side, padding included. Pairs of which a side is longer than that, or
    than the model has positions, are left out; how many is logged. Raises TPruneError when none is left.
    """
    sides, dictionaries = [], []
    for side in ("src", "tgt"):
        dictionary = Dictionary.load(str(data / f"dict.{side}.txt"))
        sides.append(load_indexed_dataset(str(data / f"{split}.src-tgt.{side}"), dictionary))
        dictionaries.append(dictionary)
    source, target = sides
    pairs = LanguagePairDataset(
        source, source.sizes, dictionaries[0], target, target.sizes, dictionaries[1], shuffle=False
    )
    longest = (min(max_tokens, model.encoder.max_positions()), min(max_tokens, model.decoder.max_positions()))
    kept, too_long = pairs.filter_indices_by_size(pairs.ordered_indices(), longest)
    if len(too_long):
        logger.warning(
            "%s: %d of %d pairs are left out of the %s loss: more than %d pieces in the source "
            "or %d in the target",
            *(data, len(too_long), len(pairs), split, *longest),
        )
    if not len(kept):
        raise TPruneError(
            f"{data}: no pair of {split} has at most {longest[0]} pieces in the source and {longest[1]} in "
            "the target; give shorter ones, or raise training.max_tokens"
        )
    total, tokens = 0.0, 0
    model.eval()
    with torch.no_grad():
        for indices in batch_by_size(kept, pairs.num_tokens, max_tokens=max_tokens):
            batch = pairs.collater([pairs[int(index)] for index in indices])
            logits, _ = model(**batch["net_input"])
            loss = functional.cross_entropy(
                logits.flatten(0, 1),
                batch["target"].flatten(),
                ignore_index=pairs.tgt_dict.pad(),
                reduction="sum",
            )
            total, tokens = total + float(loss), tokens + int(batch["ntokens"])
    return total / tokens
