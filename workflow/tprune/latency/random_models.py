"""Timing sizes: models with random weights, whose time with forced lengths is that of trained ones."""

import logging
import os
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tprune.compaction.ctranslate2_export import Quantization, export
from tprune.latency.assignment import Settings
from tprune.latency.contention import contention, read_clock
from tprune.latency.ctranslate2_engine import CTranslate2Engine
from tprune.latency.pinning import pin
from tprune.latency.protocol import (
    Candidate,
    Engine,
    Sample,
    Sentence,
    choose_sentences,
    measure,
    read_sentences,
)
from tprune.latency.run_job import engine_version, warn_unless_quiet
from tprune.latency.signature import device_signature
from tprune.model.architecture import Architecture
from tprune.model.transformer import Transformer

logger = logging.getLogger(__name__)

MOST_SENTENCES = 30
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")


def measure_sizes(
    sizes: Mapping[str, Architecture],
    dtypes: Sequence[Quantization],
    source: str | Path,
    reference: str | Path,
    settings: Settings,
    method: str,
) -> list[Sample]:
    """Time a model of each of `sizes` in every dtype and beam, interleaved, with forced lengths.

    A sample's `model` is the name in `sizes`, its `method` is `method`. All sizes have the source vocabulary
    and the positions of the first. The sentences are as long as those
    of the test set (`source` and `reference`, encoded), at most `MOST_SENTENCES` of them. The process stays
    pinned.
    """
    chosen, warm_up = choose_sentences(
        read_sentences(source, reference),
        min(settings.sentences, MOST_SENTENCES),
        min(settings.warm_up, MOST_SENTENCES // 3),
        settings.seed,
    )
    logger.info("pinned to core(s) %s", pin(settings.threads))
    engines = load_sizes(sizes, dtypes, settings.threads, method)
    dense = next(iter(sizes.values()))
    clock = read_clock()
    samples = measure(
        engines,
        [_of_same_length(sentence, dense, settings.seed) for sentence in chosen],
        [_of_same_length(sentence, dense, settings.seed) for sentence in warm_up],
        settings.beams,
        settings.seed,
        ["forced"],
    )
    warn_unless_quiet(contention(clock, read_clock()))
    return samples


def sizes_signature(settings: Settings) -> dict[str, Any]:
    """What times of `measure_sizes`, made by this process, must be read with."""
    engine = {"name": "ctranslate2", "version": engine_version("ctranslate2")}
    return {
        **device_signature(sorted(os.sched_getaffinity(0)), engine),
        "threads": settings.threads,
        "sentences": min(settings.sentences, MOST_SENTENCES),
        "seed": settings.seed,
    }


def load_sizes(
    sizes: Mapping[str, Architecture], dtypes: Sequence[Quantization], threads: int, method: str
) -> dict[Candidate, Engine]:
    """Build a model of each size with random weights and load it in every dtype."""
    engines: dict[Candidate, Engine] = {}
    for name, size in sizes.items():
        model = Transformer(size).eval()
        for dtype in dtypes:
            with tempfile.TemporaryDirectory() as directory:
                pieces = _pieces(size.source_vocabulary), _pieces(size.target_vocabulary)
                export(model, *pieces, Path(directory) / "model", dtype)
                who = Candidate(name, method, "0", "0", dtype)
                engines[who] = CTranslate2Engine(Path(directory) / "model", dtype, threads)
    return engines


def _pieces(vocabulary: int) -> list[str]:
    return [*_SPECIAL, *(f"piece{index}" for index in range(vocabulary - len(_SPECIAL)))][:vocabulary]


def _of_same_length(sentence: Sentence, architecture: Architecture, seed: int) -> Sentence:
    """A sentence of random pieces, as long as `sentence` as far as the model's positions go."""
    generator = random.Random(f"{seed} {sentence.number}")
    pieces = _pieces(architecture.source_vocabulary)[len(_SPECIAL) :]
    source = generator.choices(pieces, k=min(len(sentence.source), architecture.encoder.max_positions - 1))
    length = min(sentence.reference_length, architecture.decoder.max_positions - 1)
    return replace(sentence, source=tuple(source), reference_length=length)
