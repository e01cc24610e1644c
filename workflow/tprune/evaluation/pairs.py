"""The sentence pairs of a split of the data-bin that a model can take."""

import logging
from pathlib import Path

import numpy as np
from fairseq.data import Dictionary, LanguagePairDataset
from fairseq.data.data_utils import load_indexed_dataset

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
