"""Proof, on real sentences, that compaction changed nothing: same logits, same beam-search output."""

import copy
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import torch

from tprune.compaction.sentences import Batch, SentencePairs
from tprune.errors import TPruneError
from tprune.evaluation.decode import Pieces, decode, load_translator
from tprune.model.embedding import PAD
from tprune.model.transformer import Transformer

logger = logging.getLogger(__name__)

LOGIT_TOLERANCE = 1e-5  # float32: of the largest logit, or of 1 where all are smaller; float64: absolute
FLOAT64_BATCHES = 3  # float64 costs twice the time, and one wrong line shows in every sentence
ENGINE_TOLERANCE = 1e-3  # nats a token, between PyTorch and CTranslate2, both float32


@dataclass(frozen=True)
class LogitDifference:
    """Largest absolute differences and, to judge that in float32 by, the largest absolute logit."""

    difference: float
    largest_logit: float
    difference_float64: float

    @property
    def relative(self) -> float:
        """The difference as a part of the largest logit, or of 1 where all are smaller."""
        return self.difference / max(1.0, self.largest_logit)


def check_equal(masked: Transformer, compacted: Transformer, batches: Iterable[Batch]) -> LogitDifference:
    """Compare the logits of two models at every target position that is not padding.

    In float32 they may differ by 1e-5 of the largest logit, what sums in another order cost. The first
    `FLOAT64_BATCHES` batches are compared in float64 as well, where that cost vanishes: there logits must
    be equal to 1e-5 absolutely. Raises TPruneError beyond that, and on any logit that is not a number.
    """
    difference = largest = exact = 0.0
    doubles = copy.deepcopy(masked).double(), copy.deepcopy(compacted).double()
    for number, batch in enumerate(batches):
        expected, found = _logits(masked, batch), _logits(compacted, batch)
        gap = (expected - found).abs().max().item()
        if not gap < float("inf"):
            raise TPruneError(
                "compact model: its logits are not finite; the model that was pruned has diverged"
            )
        difference, largest = max(difference, gap), max(largest, expected.abs().max().item())
        if number < FLOAT64_BATCHES:
            expected, found = (_logits(model, batch) for model in doubles)
            exact = max(exact, (expected - found).abs().max().item())
    result = LogitDifference(difference, largest, exact)
    logger.info(
        "logits differ by at most %.3g (float64: %.3g), the largest is %.3g", difference, exact, largest
    )
    if result.relative > LOGIT_TOLERANCE or exact > LOGIT_TOLERANCE:
        raise TPruneError(
            f"compact model: its logits differ from the masked model's by {difference:.3g} in float32 "
            f"(largest logit {largest:.3g}, tolerance {LOGIT_TOLERANCE:g} of it) and {exact:.3g} in float64 "
            f"(tolerance {LOGIT_TOLERANCE:g}); a line that is not masked was removed: lines.json and the "
            "masked model do not belong together"
        )
    return result


def _logits(model: Transformer, batch: Batch) -> torch.Tensor:
    """[positions that are not padding, V]."""
    source, lengths, target = batch
    with torch.inference_mode():
        return model(source, lengths, target)[0][target.ne(PAD)]


def check_same_output(
    masked: str | Path, compacted: str | Path, sources: Sequence[Pieces], beam: int, threads: int
) -> int:
    """Translate `sources` with two float32 CTranslate2 models; how many translations differ by a tie.

    Sums in another order can turn a beam search at any step where two hypotheses are all but equal. It counts
    as that, and not as an error, where both models give both translations the same log-probabilities, piece
    by piece, to 1e-3 nats: they compute the same. Raises TPruneError for any other difference, with the first
    such sentence.
    """
    expected = decode(masked, sources, "float32", beam, threads)
    found = decode(compacted, sources, "float32", beam, threads)
    different = [i for i, pair in enumerate(zip(expected, found, strict=True)) if pair[0] != pair[1]]
    pairs = [(sources[i], hypothesis) for i in different for hypothesis in (expected[i], found[i])]
    gaps = _score_gaps(masked, compacted, pairs, threads)
    for position, i in enumerate(different):
        both = gaps[2 * position : 2 * position + 2]
        if not all(gap <= ENGINE_TOLERANCE for gap in both):
            raise TPruneError(
                f"compact model: {len(different)} of {len(sources)} translations (beam {beam}) differ from "
                f"the masked model's, and this one is no tie: log-probabilities are {max(both):.3g} nats "
                f"apart. Source: {' '.join(sources[i])}\nmasked:  {' '.join(expected[i])}\n"
                f"compact: {' '.join(found[i])}"
            )
    if different:
        logger.info("%d of %d translations differ by a tie", len(different), len(sources))
    return len(different)


def _score_gaps(
    masked: str | Path, compacted: str | Path, pairs: Sequence[tuple[Pieces, Pieces]], threads: int
) -> list[float]:
    """Per pair of a source and a translation, the largest difference of two models' log-probabilities."""
    if not pairs:
        return []
    sources, targets = [source for source, _ in pairs], [target for _, target in pairs]
    one, other = (_scored(directory, sources, targets, threads) for directory in (masked, compacted))
    return [
        (torch.tensor(first.log_probs) - torch.tensor(second.log_probs)).abs().max().item()
        for first, second in zip(one, other, strict=True)
    ]


def _scored(
    directory: str | Path, sources: Sequence[Pieces], targets: Sequence[Pieces], threads: int
) -> list[ctranslate2.ScoringResult]:
    """The float32 engine's log-probabilities of the targets, piece by piece, nothing cut."""
    return load_translator(directory, "float32", threads).score_batch(
        sources, targets, max_batch_size=4096, batch_type="tokens", max_input_length=0
    )


def check_engine(model: Transformer, directory: str | Path, pairs: SentencePairs, threads: int) -> float:
    """Compare CTranslate2's log-probabilities of the targets with PyTorch's; the largest difference in nats.

    The exported model is what ships, so the export is checked as well as the compaction.
    Raises TPruneError beyond 1e-3.
    """
    results = iter(_scored(directory, pairs.sources, pairs.targets, threads))
    targets = iter(pairs.target_ids())
    gaps = []
    for source, lengths, previous in pairs.batches():
        with torch.inference_mode():
            log_probabilities = model(source, lengths, previous)[0].log_softmax(-1)
        for sentence, ids, result in zip(log_probabilities, targets, results, strict=False):
            expected = sentence[torch.arange(len(ids)), torch.tensor(ids)]
            gaps.append((expected - torch.tensor(result.log_probs)).abs().max())
    difference = torch.stack(gaps).max().item()
    logger.info("CTranslate2's log-probabilities differ from PyTorch's by at most %.3g", difference)
    if not difference <= ENGINE_TOLERANCE:
        raise TPruneError(
            f"{directory}: CTranslate2's log-probabilities differ from PyTorch's by {difference:.3g} "
            f"(tolerance {ENGINE_TOLERANCE:g}): the export does not fit this model"
        )
    return difference
