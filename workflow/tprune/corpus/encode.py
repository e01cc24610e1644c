"""The whole corpus as subword pieces."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from tprune.corpus.pairs import count_lines, pair_writers, progress, read_pairs
from tprune.corpus.subwords import load_subwords
from tprune.errors import TPruneError

log = logging.getLogger(__name__)


def encode_pairs(
    inputs: Mapping[str, Sequence[str | Path]],
    outputs: Mapping[str, Sequence[str | Path]],
    model: str | Path,
    max_pieces: int,
) -> None:
    """Write every pair of `inputs` as pieces separated by blanks.

    Training pairs of more than `max_pieces` pieces on a side are left out; valid and test stay whole, or
    scores would be of an easier text.

    Raises:
        TPruneError: no training pair is short enough.
    """
    subwords = load_subwords(model)
    with pair_writers(outputs) as write:
        for split, (source, target) in inputs.items():
            total, kept = count_lines(source), 0
            for both in progress(read_pairs(source, target), f"encoding {split}", total):
                source_pieces, target_pieces = (subwords.encode(text) for text in both)
                if split == "train" and max(len(source_pieces), len(target_pieces)) > max_pieces:
                    continue
                write[split](" ".join(source_pieces), " ".join(target_pieces))
                kept += 1
            log.info("%s: %s pairs, %s left out as longer than %d pieces", split, f"{kept:,}",
                     f"{total - kept:,}", max_pieces)  # fmt: skip
            if not kept:
                raise TPruneError(
                    f"corpus.max_pieces: {max_pieces} leaves none of the {total:,} {split} pairs. Raise it"
                )
