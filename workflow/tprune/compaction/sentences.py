"""Sentence pairs of the test set as the batches a fairseq model takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from fairseq.data import Dictionary
from fairseq.data.data_utils import collate_tokens
from torch import Tensor

from tprune.errors import TPruneError
from tprune.evaluation.decode import Pieces
from tprune.evaluation.lines import read_lines

Batch = tuple[Tensor, Tensor, Tensor]  # src_tokens [B, S], src_lengths [B], prev_output_tokens [B, T]


def read_dictionary(path: str | Path) -> Dictionary:
    """Read a dict.*.txt of fairseq-preprocess; TPruneError when it is not one."""
    try:
        return Dictionary.load(str(path))
    except (OSError, ValueError, RuntimeError) as error:
        raise TPruneError(f"{path}: cannot be read as a fairseq dictionary ({error})") from error


@dataclass(frozen=True)
class SentencePairs:
    """Encoded sentence pairs with the dictionaries that number their pieces."""

    sources: list[Pieces]
    targets: list[Pieces]
    source_dictionary: Dictionary
    target_dictionary: Dictionary

    @classmethod
    def read(
        cls,
        source: str | Path,
        target: str | Path,
        source_dictionary: Dictionary,
        target_dictionary: Dictionary,
        count: int,
        longest: int,
    ) -> "SentencePairs":
        """About `count` pairs, evenly spread over the files, each side at most `longest` pieces long."""
        pairs = [
            (one.split(), other.split())
            for one, other in zip(read_lines(source), read_lines(target), strict=True)
        ]
        pairs = [pair for pair in pairs if max(map(len, pair)) <= longest]
        if not pairs:
            raise TPruneError(
                f"{source}: no sentence of at most {longest} pieces to check the compact model on"
            )
        chosen = pairs[:: -(-len(pairs) // count)]
        return cls([a for a, _ in chosen], [b for _, b in chosen], source_dictionary, target_dictionary)

    def target_ids(self) -> list[list[int]]:
        """Targets as indices, </s> at the end."""
        return [_indices(target, self.target_dictionary) for target in self.targets]

    def batches(self, size: int = 16) -> Iterator[Batch]:
        """In order; sources left-padded with </s> at the end, targets right-padded with </s> in front."""
        targets = self.target_ids()
        for start in range(0, len(self.sources), size):
            rows = slice(start, start + size)
            sources = [
                torch.tensor(_indices(pieces, self.source_dictionary)) for pieces in self.sources[rows]
            ]
            previous = [torch.tensor([ids[-1], *ids[:-1]]) for ids in targets[rows]]
            pad = self.source_dictionary.pad()
            yield (
                collate_tokens(sources, pad, left_pad=True),
                torch.tensor([len(source) for source in sources]),
                collate_tokens(previous, pad),
            )


def _indices(pieces: Pieces, dictionary: Dictionary) -> list[int]:
    return [*(dictionary.index(piece) for piece in pieces), dictionary.eos()]
