"""The device kind "local": this machine, its models loaded by CTranslate2."""

import itertools
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ctranslate2
import psutil

from tprune.errors import TPruneError
from tprune.latency.contention import QUIET_SHARE, Contention, contention, read_clock
from tprune.latency.ctranslate2_engine import CTranslate2Engine, position_limits
from tprune.latency.pinning import pin
from tprune.latency.protocol import Candidate, Sample, Sentence, choose_sentences, measure, read_sentences
from tprune.latency.signature import device_signature, load_average
from tprune.tables.points import Point

logger = logging.getLogger(__name__)

MEMORY_PER_BYTE = 2.0  # what a loaded model may take, working memory included, per byte of its file


@dataclass(frozen=True)
class Artefact:
    """A model in one dtype and the folder that holds it."""

    candidate: Candidate
    directory: Path


@dataclass(frozen=True)
class Settings:
    """How it is measured: section `latency` of the configuration, and the seed."""

    beams: Sequence[int]
    threads: int
    sentences: int
    warm_up: int
    seed: int


def list_artefacts(
    grid: Sequence[Mapping[str, str]], dtypes: Sequence[str], directories: Sequence[str | Path]
) -> list[Artefact]:
    """Pair each row of the grid (method, strength, threshold) and each dtype, which changes fastest, with
    its folder. Differing numbers raise TPruneError.
    """
    settings = list(itertools.product(grid, dtypes))
    if len(settings) != len(directories):
        raise TPruneError(f"latency: {len(settings)} models and dtypes, but {len(directories)} folders")
    artefacts = []
    for (row, dtype), directory in zip(settings, directories, strict=True):
        point = Point(row["method"], row["strength"], row["threshold"])
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


def measure_local(
    artefacts: Sequence[Artefact], source: str | Path, reference: str | Path, settings: Settings
) -> tuple[list[Sample], dict[str, Any]]:
    """Pin this process, load all models and time them; return all samples and the signature.

    `source` and `reference` are the encoded test set. The process stays pinned. Where memory does not
    hold all models at once, those of one dtype are loaded at a time.
    """
    measured, warm_up = sentences_to_measure(artefacts, source, reference, settings)
    cores = pin(settings.threads)
    logger.info("pinned to core(s) %s", cores)
    load_before, clock, started = load_average(), read_clock(), datetime.now(UTC)
    start = time.monotonic()
    samples: list[Sample] = []
    for group in groups_that_fit(artefacts, psutil.virtual_memory().available):
        engines = {
            artefact.candidate: CTranslate2Engine(
                artefact.directory, artefact.candidate.dtype, settings.threads
            )
            for artefact in group
        }
        samples += measure(engines, measured, warm_up, settings.beams, settings.seed)
    seconds = time.monotonic() - start
    during = contention(clock, read_clock())
    warn_unless_quiet(during)
    signature = {
        **device_signature(cores, {"name": "ctranslate2", "version": ctranslate2.__version__}),
        "threads": settings.threads,
        "beams": list(settings.beams),
        "dtypes": list(dict.fromkeys(artefact.candidate.dtype for artefact in artefacts)),
        "sentences": len(measured),
        "warm_up": len(warm_up),
        "seed": settings.seed,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "load_average_before": load_before,
        "load_average_after": load_average(),
        "cpu_share_own": None if during is None else round(during.own, 4),
        "cpu_share_of_others": None if during is None else round(during.others, 4),
        "cpu_share_stolen": None if during is None else round(during.stolen, 4),
        "quiet": None if during is None else during.quiet,
    }
    return samples, signature


def groups_that_fit(artefacts: Sequence[Artefact], available: int) -> list[list[Artefact]]:
    """All artefacts in one group if `available` bytes hold them, else one group per dtype."""
    needed = MEMORY_PER_BYTE * sum(
        (artefact.directory / "model.bin").stat().st_size for artefact in artefacts
    )
    if needed <= available:
        return [list(artefacts)]
    logger.warning("%.1f GB of models, %.1f GB free: one dtype at a time", needed / 1e9, available / 1e9)
    groups: dict[str, list[Artefact]] = {}
    for artefact in artefacts:
        groups.setdefault(artefact.candidate.dtype, []).append(artefact)
    return list(groups.values())


def warn_unless_quiet(during: Contention | None) -> None:
    """Log a warning where others took more than `QUIET_SHARE` of the machine."""
    if during is not None and not during.quiet:
        logger.warning(
            "other processes took %.0f %% of the machine (and its host %.0f %%), more than %.0f %%: "
            "measure again on a quieter machine",
            100 * during.others,
            100 * during.stolen,
            100 * QUIET_SHARE,
        )
