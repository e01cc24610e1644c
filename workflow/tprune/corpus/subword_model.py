"""Where the subword model comes from: learnt on the training text, or the user's own."""

import io
import logging
import random
import re
from collections.abc import Iterator
from itertools import compress, repeat
from pathlib import Path
from typing import Literal

import sentencepiece

from tprune.atomic import atomic_path
from tprune.corpus.pairs import count_lines, progress, read_pairs
from tprune.corpus.subwords import CODES_HEADER, SentencePieceSubwords, SubwordNmt, load_subwords
from tprune.errors import TPruneError

log = logging.getLogger(__name__)

# Up to this share of the vocabulary every character gets a piece of its own; an alphabet larger than that
# (Chinese, Japanese, a web corpus with all scripts in it) leaves out its rarest, as sentencepiece advises.
CHARACTERS_PER_VOCABULARY = 0.25
COVERAGE_OF_LARGE_ALPHABETS = 0.9995


def train_subwords(
    source: str | Path, target: str | Path, model: str | Path, vocabulary_size: int, sample: int, seed: int
) -> None:
    """Train a joint BPE model on `sample` sentences (half of each side) and write it to `model`.

    The same text, sample and seed give the same bytes. Text is taken as written (no NFKC): what the model
    translates to is compared with references as written.

    Raises:
        TPruneError: the text does not have `vocabulary_size` different pieces, or more characters than that.
    """
    pairs = count_lines(source)
    chosen = min(pairs, max(1, sample // 2))
    log.info("joint BPE of %d pieces from %s of %s pairs", vocabulary_size, f"{chosen:,}", f"{pairs:,}")

    def sentences() -> Iterator[str]:
        return _sample(source, target, pairs, chosen, seed)

    alphabet: set[str] = set()
    for sentence in sentences():
        alphabet.update(sentence)
    small = len(alphabet) <= CHARACTERS_PER_VOCABULARY * vocabulary_size
    coverage = 1.0 if small else COVERAGE_OF_LARGE_ALPHABETS
    log.info("%d different characters: coverage %s", len(alphabet), coverage)

    trained = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=sentences(),
            model_writer=trained,
            model_type="bpe",
            vocab_size=vocabulary_size,
            character_coverage=coverage,
            normalization_rule_name="identity",
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise _readable(error, vocabulary_size, source) from error
    with atomic_path(model) as partial:
        partial.write_bytes(trained.getvalue())
    log.info("wrote %s", model)


def install_subwords(
    given: str | Path, kind: Literal["sentencepiece", "subword-nmt"], model: str | Path
) -> None:
    """Copy the user's subword model to `model`, in the form that `load_subwords` knows.

    Raises:
        TPruneError: `given` is missing or is not of `kind`.
    """
    given = Path(given)
    if not given.is_file():
        raise TPruneError(f"baseline.subword_model: there is no file {given}")
    content = given.read_bytes()
    try:
        SubwordNmt(given) if kind == "subword-nmt" else SentencePieceSubwords(given)
    except TPruneError as error:
        raise TPruneError(f"baseline.subword_model (baseline.subword_kind: {kind}): {error}") from error
    if kind == "subword-nmt" and not content.startswith(CODES_HEADER):
        # Codes of the first version have no header; with it the file tells what it is.
        content = CODES_HEADER + b": 0.1\n" + content
    with atomic_path(model) as partial:
        partial.write_bytes(content)
        load_subwords(partial)
    log.info("took the subword model %s (%s)", given, kind)


def _sample(source: str | Path, target: str | Path, pairs: int, chosen: int, seed: int) -> Iterator[str]:
    """Yield both sides of `chosen` of the `pairs` pairs, the same ones for the same `seed`."""
    if chosen == pairs:
        keep: Iterator[bool] | bytearray = repeat(True)
    else:
        keep = bytearray(pairs)
        for index in random.Random(seed).sample(range(pairs), chosen):
            keep[index] = True
    for both in progress(compress(read_pairs(source, target), keep), "reading the sample", chosen):
        yield from both


def _readable(error: RuntimeError, vocabulary_size: int, source: str | Path) -> TPruneError:
    """Say what sentencepiece means, in terms of the configuration."""
    said = str(error)
    if most := re.search(r"less than or equal to (\d+)|<= (\d+)", said.rpartition("]")[2]):
        return TPruneError(
            f"corpus.vocabulary_size: {vocabulary_size} is too large for this text ({source}), which gives "
            f"{most[1] or most[2]} pieces at most. Lower it, or give more text"
        )
    if least := re.search(r"required_chars\. \d+ vs (\d+)", said):
        return TPruneError(
            f"corpus.vocabulary_size: {vocabulary_size} is too small for this text ({source}), which has "
            f"{least[1]} characters and markers to cover. Raise it"
        )
    return TPruneError(f"corpus.vocabulary_size {vocabulary_size}: sentencepiece failed on {source}: {said}")
