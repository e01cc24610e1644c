"""The latency budget: where the time of a translation goes, and what making a component free would gain.

By ablation. Models of the same sizes with random weights (with forced lengths, time does not depend on
them) are timed interleaved: the full one, and for each component one without it, one with it alone, and
one without any ("without" is `tprune.latency.variants.reduced`). Times do not simply add up: without one
component the weights of the others fit a cache better. Hence two answers, for two questions:

latency_ms, share    how the full time divides: the mean of what a component saves when it is the first to
                     go and what it adds when it is the only one (the Shapley value, Shapley 1953, exact as
                     far as components interact in pairs), scaled so that components and per-step overhead
                     sum to the full time. Negative values, which are noise, count as 0.
speedup_if_free      the full time over the time without the component, as measured. With caches at work it
                     is not 1 / (1 - share).

Per-step overhead is the time of the model in which every component is almost nothing: embedding, norms,
residuals, beam search and the calls themselves. Softmax and top-k go with the output projection, the
projection of the source's keys and values with cross-attention.
"""

import itertools
import logging
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

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
from tprune.latency.run_job import warn_unless_quiet
from tprune.latency.summary import INTERVAL, resampled_weights
from tprune.latency.variants import COMPONENTS, reduced
from tprune.model.architecture import Architecture
from tprune.model.transformer import Transformer

logger = logging.getLogger(__name__)

OVERHEAD = "per_step_overhead"
MOST_SENTENCES = 30
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")


def variants() -> dict[str, tuple[str, ...]]:
    """Name of each variant and the components it lacks."""
    everything = {"full": (), "empty": COMPONENTS}
    without = {f"without {component}": (component,) for component in COMPONENTS}
    alone = {
        f"only {component}": tuple(other for other in COMPONENTS if other != component)
        for component in COMPONENTS
    }
    return {**everything, **without, **alone}


def measure_variants(
    architecture: Architecture,
    dtypes: Sequence[Quantization],
    source: str | Path,
    reference: str | Path,
    settings: Settings,
) -> list[Sample]:
    """Time the variants of `architecture` with forced lengths; a sample's `model` is the variant's name.

    The sentences are as long as those of the test set (`source` and `reference`, encoded), at most
    `MOST_SENTENCES` of them. The process stays pinned.
    """
    chosen, warm_up = choose_sentences(
        read_sentences(source, reference),
        min(settings.sentences, MOST_SENTENCES),
        min(settings.warm_up, MOST_SENTENCES // 3),
        settings.seed,
    )
    cores = pin(settings.threads)
    logger.info("pinned to core(s) %s", cores)
    engines = load_variants(architecture, dtypes, settings.threads)
    clock = read_clock()
    samples = measure(
        engines,
        [_of_same_length(sentence, architecture, settings.seed) for sentence in chosen],
        [_of_same_length(sentence, architecture, settings.seed) for sentence in warm_up],
        settings.beams,
        settings.seed,
        ["forced"],
    )
    warn_unless_quiet(contention(clock, read_clock()))
    return samples


def load_variants(
    architecture: Architecture, dtypes: Sequence[Quantization], threads: int
) -> dict[Candidate, Engine]:
    """Build every variant with random weights and load it in every dtype."""
    engines: dict[Candidate, Engine] = {}
    for name, lacking in variants().items():
        sizes = reduced(architecture, *lacking)
        model = Transformer(sizes).eval()
        for dtype in dtypes:
            with tempfile.TemporaryDirectory() as directory:
                pieces = _pieces(sizes.source_vocabulary), _pieces(sizes.target_vocabulary)
                export(model, *pieces, Path(directory) / "model", dtype)
                who = Candidate(name, "budget", "0", "0", dtype)
                engines[who] = CTranslate2Engine(Path(directory) / "model", dtype, threads)
    return engines


def divide(samples: Sequence[Sample], bootstrap_samples: int, seed: int) -> pd.DataFrame:
    """Divide the time of the full model among its components.

    Columns: dtype, beam, component (`COMPONENTS`, then `OVERHEAD`), latency_ms (mean over sentences;
    the components' sum is the full model's), share (they sum to 1), speedup_if_free and the 95 % bootstrap
    interval over sentences of the latter (speedup_if_free_low, speedup_if_free_high). A speed-up is
    infinite where nothing but the component takes time.
    """
    table = pd.DataFrame([vars(sample) for sample in samples])
    rows = []
    for dtype, beam in itertools.product(sorted(table["dtype"].unique()), sorted(table["beam"].unique())):
        group = table[(table["dtype"] == dtype) & (table["beam"] == beam)]
        seconds = group.pivot(index="sentence", columns="model", values="seconds")
        mean = seconds.mean()
        weights = resampled_weights(len(seconds), bootstrap_samples, seed)
        drawn = pd.DataFrame(weights @ seconds.to_numpy() / len(seconds), columns=seconds.columns)
        low, high = np.percentile(_gains(drawn), INTERVAL, axis=0, method="nearest")
        latency = _shares(mean)
        gain = _gains(mean.to_frame().T)[0]
        for index, component in enumerate((*COMPONENTS, OVERHEAD)):
            rows.append(
                {
                    "dtype": dtype,
                    "beam": beam,
                    "component": component,
                    "latency_ms": 1000 * latency[component],
                    "share": latency[component] / mean["full"],
                    "speedup_if_free": gain[index],
                    "speedup_if_free_low": low[index],
                    "speedup_if_free_high": high[index],
                }
            )
    return pd.DataFrame(rows)


def _shares(mean: Mapping[str, float]) -> dict[str, float]:
    """Seconds of each component and of the overhead, which sum to the full model's."""
    full, empty = mean["full"], mean["empty"]
    raw = {
        name: max(0.0, (full - mean[f"without {name}"] + mean[f"only {name}"] - empty) / 2)
        for name in COMPONENTS
    }
    total = sum(raw.values())
    scale = max(0.0, full - empty) / total if total > 0 else 0.0
    seconds = {name: scale * value for name, value in raw.items()}
    return {**seconds, OVERHEAD: full - sum(seconds.values())}


def _gains(times: pd.DataFrame) -> np.ndarray:
    """Rows of times by variant to [rows, components + overhead] speed-ups if each were free."""
    full = times["full"].to_numpy()
    left = [times[f"without {name}"].to_numpy() for name in COMPONENTS]
    left.append(np.maximum(full - times["empty"].to_numpy(), 0.0))
    with np.errstate(divide="ignore"):
        return full[:, None] / np.stack(left, axis=1)


def _pieces(vocabulary: int) -> list[str]:
    return [*_SPECIAL, *(f"piece{index}" for index in range(vocabulary - len(_SPECIAL)))][:vocabulary]


def _of_same_length(sentence: Sentence, architecture: Architecture, seed: int) -> Sentence:
    """A sentence of random pieces, as long as `sentence` as far as the model's positions go."""
    generator = random.Random(f"{seed} {sentence.number}")
    pieces = _pieces(architecture.source_vocabulary)[len(_SPECIAL) :]
    source = generator.choices(pieces, k=min(len(sentence.source), architecture.encoder.max_positions - 1))
    length = min(sentence.reference_length, architecture.decoder.max_positions - 1)
    return replace(sentence, source=tuple(source), reference_length=length)
