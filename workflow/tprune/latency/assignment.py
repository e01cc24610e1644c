"""From the configuration and the finished models to the job that a device gets."""

import itertools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tprune.errors import TPruneError
from tprune.latency.job import Artefact, Job, position_limits
from tprune.latency.protocol import Candidate, Sentence, choose_sentences, read_sentences
from tprune.tables.points import Point

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Settings:
    """How it is measured: section `latency` of the configuration or a device's row, and the seed."""

    beams: Sequence[int]
    threads: int
    sentences: int
    warm_up: int
    seed: int


def list_artefacts(
    grid: Sequence[Mapping[str, str]], dtypes: Sequence[str], directories: Sequence[str | Path]
) -> list[Artefact]:
    """Pair each row of the grid and each dtype, which changes fastest, with
    its folder. Differing numbers raise TPruneError.
    """
    settings = list(itertools.product(grid, dtypes))
    if len(settings) != len(directories):
        raise TPruneError(f"latency: {len(settings)} models and dtypes, but {len(directories)} folders")
    artefacts = []
    for (row, dtype), directory in zip(settings, directories, strict=True):
        point = Point(**row)
        candidate = Candidate(point.model, point.method, point.strength, point.threshold, dtype)
        artefacts.append(Artefact(candidate, Path(directory)))
    return artefacts


def sentences_to_measure(
    artefacts: Sequence[Artefact], source: str | Path, reference: str | Path, settings: Settings
) -> tuple[list[Sentence], list[Sentence]]:
    """Draw the sentences to measure and to warm up with from encoded files.

    Pairs that are longer than a model has positions are left out, which is logged.
    """
    limits = [position_limits(artefact.directory) for artefact in artefacts]
    most_source, most_target = (min(values) for values in zip(*limits, strict=True))
    read = read_sentences(source, reference)
    fitting = [
        sentence
        for sentence in read
        if len(sentence.source) < most_source and sentence.reference_length < most_target
    ]
    if len(fitting) < len(read):
        logger.warning(
            "%d test pairs are longer than the models' positions: left out", len(read) - len(fitting)
        )
    return choose_sentences(fitting, settings.sentences, settings.warm_up, settings.seed)


def make_job(
    engine: str,
    artefacts: Sequence[Artefact],
    source: str | Path,
    reference: str | Path,
    settings: Settings,
    cool_down: float = 0.0,
) -> Job:
    """The job of measuring `artefacts` with `engine` on sentences of the encoded test set.

    `source` and `reference` are the test set's files of pieces; `cool_down` is in seconds.
    """
    measured, warm_up = sentences_to_measure(artefacts, source, reference, settings)
    return Job(
        engine=engine,
        threads=settings.threads,
        beams=tuple(settings.beams),
        seed=settings.seed,
        sentences=tuple(measured),
        warm_up=tuple(warm_up),
        artefacts=tuple(artefacts),
        cool_down=cool_down,
    )
