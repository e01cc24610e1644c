"""How latency is measured, on any device with any engine.

Batch 1, all models in one process, interleaved sentence by sentence in an order shuffled anew each time,
so that a slow second of the machine strikes no model alone and no model is always first; each finds the
caches as another left them, as on a device that did something else meanwhile. Each model translates each
sentence with its own outputs ("own") and with the output forced to the reference's length ("forced": a
worse model that stops early gains nothing). Every sample is kept.

Nothing here needs more than the standard library: the file also runs on a phone.
"""

import csv
import gc
import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Literal, Protocol

from tprune.atomic import atomic_path
from tprune.errors import TPruneError

logger = logging.getLogger(__name__)

Length = Literal["own", "forced"]
LENGTHS: tuple[Length, ...] = ("own", "forced")
PROGRESS_SECONDS = 5.0


class Engine(Protocol):
    """One loaded model, ready to translate."""

    def translate(self, pieces: Sequence[str], beam: int, forced_length: int | None) -> int:
        """Translate one sentence of subword `pieces`; return the number of output pieces (no end mark).

        With `forced_length` the output must have exactly that many pieces, else at most
        `longest_output(len(pieces))`.
        """
        ...


@dataclass(frozen=True)
class Sentence:
    """A test sentence: its line in the test set (from 0), its source pieces, its reference's length."""

    number: int
    source: tuple[str, ...]
    reference_length: int


@dataclass(frozen=True)
class Candidate:
    """One model in one dtype, as it stands in the tables."""

    model: str
    method: str
    strength: str
    threshold: str
    dtype: str


@dataclass(frozen=True)
class Sample:
    """One timed translation; the columns of samples.csv in this order."""

    model: str
    method: str
    strength: str
    threshold: str
    dtype: str
    beam: int
    length: Length
    sentence: int
    source_tokens: int
    output_tokens: int
    seconds: float


def longest_output(source_tokens: int) -> int:
    """The most output pieces of a sentence of its own length: it bounds the time of a broken model."""
    return 2 * source_tokens + 32


def read_sentences(source: str | Path, reference: str | Path) -> list[Sentence]:
    """Read parallel files of subword pieces separated by blanks, line by line.

    Pairs with an empty side are left out (nothing to translate, or no length to force). Files of
    different line counts raise TPruneError.
    """
    sentences = []
    # Only a line feed ends a line: pieces may hold other separators of Unicode.
    with (
        Path(source).open(encoding="utf-8", newline="\n") as left,
        Path(reference).open(encoding="utf-8", newline="\n") as right,
    ):
        try:
            for number, (pieces, expected) in enumerate(zip(left, right, strict=True)):
                if pieces.split() and expected.split():
                    sentences.append(Sentence(number, tuple(pieces.split()), len(expected.split())))
        except ValueError as error:
            raise TPruneError(
                f"{source} and {reference} differ in their number of lines: "
                "they must be parallel, make them again"
            ) from error
    return sentences


def choose_sentences(
    sentences: Sequence[Sentence], count: int, warm_up: int, seed: int
) -> tuple[list[Sentence], list[Sentence]]:
    """Draw `count` distinct sentences to measure and `warm_up` to warm up with.

    The warm-up has sentences of its own as far as the set suffices, then repeats itself or, in a set
    no larger than `count`, the measured ones. No sentence at all raises TPruneError.
    """
    if not sentences:
        raise TPruneError("latency: the test set has no pair with text on both sides, nothing to measure")
    if len(sentences) < count:
        logger.warning("latency.sentences: %d asked, the test set has %d", count, len(sentences))
    shuffled = random.Random(seed).sample(list(sentences), len(sentences))
    measured = shuffled[:count]
    spare = shuffled[count:] or measured
    return measured, [spare[index % len(spare)] for index in range(warm_up)]


def measure(
    engines: Mapping[Candidate, Engine],
    sentences: Sequence[Sentence],
    warm_up: Sequence[Sentence],
    beams: Sequence[int],
    seed: int,
    lengths: Sequence[Length] = LENGTHS,
    clock: Callable[[], float] = time.perf_counter,
    block: int = 10,
    cool_down: float = 0.0,
    rest: Callable[[float], None] = time.sleep,
) -> list[Sample]:
    """Time every engine on every sentence with every beam and length; return every sample.

    The warm-up sentences are translated first by every engine with every beam, length forced, and are
    not in the result. After every `block` sentences comes a rest of `cool_down` seconds, so that a device
    without a fan keeps its frequency; all models are interleaved between two rests, and heat strikes them
    alike. An engine that misses a forced length raises TPruneError.
    """
    warm = _plan(engines, warm_up, beams, ["forced"], seed)
    timed = _plan(engines, sentences, beams, lengths, seed + 1)
    of_block = block * len(engines) * len(beams) * len(lengths)
    total = len(engines) * len(beams) * len(sentences) * len(lengths)
    logger.info("%d models, %d warm-up sentences", len(engines), len(warm_up))
    collecting = gc.isenabled()
    try:
        gc.disable()  # a collection of garbage inside a sample would be charged to that model
        for who, sentence, beam, length in warm:
            _sample(who, engines[who], sentence, beam, length, clock)
        samples: list[Sample] = []
        said = time.monotonic()
        for who, sentence, beam, length in timed:
            if cool_down > 0 and samples and len(samples) % of_block == 0:
                rest(cool_down)
            samples.append(_sample(who, engines[who], sentence, beam, length, clock))
            if time.monotonic() - said > PROGRESS_SECONDS:
                said = time.monotonic()
                logger.info("%d of %d translations timed", len(samples), total)
    finally:
        if collecting:
            gc.enable()
    logger.info("%d translations timed", len(samples))
    return samples


def _plan(
    candidates: Iterable[Candidate],
    sentences: Sequence[Sentence],
    beams: Sequence[int],
    lengths: Sequence[Length],
    seed: int,
) -> Iterator[tuple[Candidate, Sentence, int, Length]]:
    """Every combination: sentence by sentence, the candidates shuffled inside each setting."""
    order = list(candidates)
    generator = random.Random(seed)
    for sentence in sentences:
        for beam in beams:
            for length in lengths:
                generator.shuffle(order)
                for who in order:
                    yield who, sentence, beam, length


def _sample(
    who: Candidate,
    engine: Engine,
    sentence: Sentence,
    beam: int,
    length: Length,
    clock: Callable[[], float],
) -> Sample:
    forced = sentence.reference_length if length == "forced" else None
    start = clock()
    produced = engine.translate(sentence.source, beam, forced)
    seconds = clock() - start
    if forced is not None and produced != forced:
        raise TPruneError(
            f"latency: {who.model} ({who.dtype}, beam {beam}) gave {produced} tokens for sentence "
            f"{sentence.number} where {forced} were forced: the engine does not hold a forced length"
        )
    return Sample(
        **asdict(who),
        beam=beam,
        length=length,
        sentence=sentence.number,
        source_tokens=len(sentence.source),
        output_tokens=produced,
        seconds=seconds,
    )


def write_samples(path: str | Path, samples: Iterable[Sample]) -> None:
    """Write samples.csv, atomically: one row a sample, seconds to the nanosecond."""
    with atomic_path(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(field.name for field in fields(Sample))
        for sample in samples:
            writer.writerow([*astuple(sample)[:-1], f"{sample.seconds:.9f}"])
