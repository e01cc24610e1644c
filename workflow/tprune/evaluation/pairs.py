"""The sentence pairs of a split of the data-bin that a model can take."""

import logging
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from fairseq.data import Dictionary, LanguagePairDataset
from fairseq.data.data_utils import batch_by_size, load_indexed_dataset

from tprune.errors import TPruneError
from tprune.model.transformer import Transformer

logger = logging.getLogger(__name__)


def read_pairs(
    model: Transformer, data: Path, max_tokens: int, split: str
) -> tuple[LanguagePairDataset, np.ndarray]:
    """The pairs of `split` and the indices of those that are short enough, shortest first.

    `data` is fairseq-preprocess's folder with the languages src and tgt. Pairs of which a side is longer
    than `max_tokens`, or than the model has positions, are left out; how many is logged. Raises TPruneError
    when none is left.
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
            "%s, %s: %d of %d pairs are left out: more than %d pieces in the source or %d in the target",
            *(data, split, len(too_long), len(pairs), *longest),
        )
    if not len(kept):
        raise TPruneError(
            f"{data}: no pair of {split} has at most {longest[0]} pieces in the source and {longest[1]} in "
            "the target; give shorter ones, or raise training.max_tokens"
        )
    return pairs, kept


def drawn_batches(
    model: Transformer, data: Path, max_tokens: int, most: int, seed: int
) -> Iterator[dict[str, Any]]:
    """Up to `most` batches of the training text in the data-bin `data`, drawn by `seed`.

    As fairseq collates them; a batch holds up to `max_tokens` tokens. Raises TPruneError when no pair is
    short enough (`read_pairs`).
    """
    pairs, short_enough = read_pairs(model, data, max_tokens, "train")
    batches = list(batch_by_size(short_enough, pairs.num_tokens, max_tokens=max_tokens))
    for batch in random.Random(seed).sample(batches, min(most, len(batches))):
        yield pairs.collater([pairs[int(index)] for index in batch])
