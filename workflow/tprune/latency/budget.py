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
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tprune.compaction.ctranslate2_export import Quantization
from tprune.latency.assignment import Settings
from tprune.latency.protocol import Sample
from tprune.latency.random_models import measure_sizes
from tprune.latency.summary import INTERVAL, resampled_weights
from tprune.latency.variants import COMPONENTS, reduced
from tprune.model.architecture import Architecture

OVERHEAD = "per_step_overhead"


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
    """Time the variants of `architecture`; a sample's `model` is the variant's name.

    As `tprune.latency.random_models.measure_sizes`.
    """
    sizes = {name: reduced(architecture, *lacking) for name, lacking in variants().items()}
    return measure_sizes(sizes, dtypes, source, reference, settings, "budget")


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
