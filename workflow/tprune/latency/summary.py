"""What the samples of latency say: medians, and speed-ups with their intervals.

The speed-up of a model is the control's total time over the model's total time on the same sentences, in
the same dtype, with the same beam and length: how much sooner the whole test would be done. Where the
control has repeats, which are of one size, its time of a sentence is their mean. The interval
is the 95 % percentile bootstrap over sentences (Efron 1979): sentences are drawn anew, and with each one
its times of both models together, so that what a sentence makes slow for both cancels out. No sample is
trimmed: a hiccup of the machine widens the interval, and a wide one is flagged as noisy.
"""

import logging
import math
from pathlib import Path

import numpy as np
import pandas as pd

from tprune.errors import TPruneError

logger = logging.getLogger(__name__)

MODEL = ["model", "method", "strength", "threshold"]
SETTING = ["dtype", "beam", "length"]
CONTROL = "control"
INTERVAL = (2.5, 97.5)
NOISY_WIDTH = 0.1  # an interval wider than this part of the speed-up


def read_samples(path: str | Path) -> pd.DataFrame:
    """Read samples.csv; strengths and thresholds stay the texts that stand in paths."""
    return pd.read_csv(path, dtype={"strength": str, "threshold": str})


def summarise(samples: pd.DataFrame, bootstrap_samples: int, seed: int) -> pd.DataFrame:
    """One row per model, dtype, beam and length, sorted by dtype, beam, length and model.

    Columns: those four and method, strength, threshold; sentences; latency_ms (median) and p90_ms;
    source_tokens and output_tokens (means); ms_per_token; speedup, speedup_low, speedup_high against
    the control of the same dtype, beam and length; speedup_vs_float32 and its bounds against the float32
    control of the same beam and length (NaN where float32 was not timed); noisy.
    Raises TPruneError where the control is missing or a model lacks a sentence.
    """
    rows = []
    for (dtype, beam, length), group in samples.groupby(SETTING):
        times = _times(group)
        weights = resampled_weights(len(times), bootstrap_samples, seed)
        control = _control(group)
        alike = samples[(samples["beam"] == beam) & (samples["length"] == length)]
        float32 = _control(alike[alike["dtype"] == "float32"]) if "float32" in set(alike["dtype"]) else None
        for key, own in group.groupby(MODEL):
            model = str(key[0])
            milliseconds = own["seconds"].to_numpy() * 1000
            seconds = times[model].to_numpy()
            ratios = speedup_with_interval(control, seconds, weights)
            over_float32 = (
                (math.nan,) * 3 if float32 is None else speedup_with_interval(float32, seconds, weights)
            )
            rows.append(
                {
                    **dict(zip(MODEL, key, strict=True)),
                    "dtype": dtype,
                    "beam": beam,
                    "length": length,
                    "sentences": len(own),
                    "latency_ms": float(np.median(milliseconds)),
                    "p90_ms": float(np.percentile(milliseconds, 90)),
                    "source_tokens": own["source_tokens"].mean(),
                    "output_tokens": own["output_tokens"].mean(),
                    "ms_per_token": milliseconds.sum() / max(1, own["output_tokens"].sum()),
                    "speedup": ratios[0],
                    "speedup_low": ratios[1],
                    "speedup_high": ratios[2],
                    "speedup_vs_float32": over_float32[0],
                    "speedup_vs_float32_low": over_float32[1],
                    "speedup_vs_float32_high": over_float32[2],
                    "noisy": bool(ratios[2] - ratios[1] > NOISY_WIDTH * ratios[0]),
                }
            )
    summary = pd.DataFrame(rows)
    noisy = summary[summary["noisy"] & (summary["length"] == "forced")]
    if len(noisy):
        logger.warning(
            "%d of the speed-ups have an interval wider than %.0f %%; measure again on a quieter machine",
            len(noisy),
            100 * NOISY_WIDTH,
        )
    return summary


def speedup_with_interval(
    reference: np.ndarray, own: np.ndarray, weights: np.ndarray
) -> tuple[float, float, float]:
    """Ratio of the sums of two [N] arrays of times on the same sentences, and its 95 % interval.

    `weights` [R, N] is from `resampled_weights`.
    """
    low, high = np.percentile((weights @ reference) / (weights @ own), INTERVAL)
    return float(reference.sum() / own.sum()), float(low), float(high)


def resampled_weights(sentences: int, samples: int, seed: int) -> np.ndarray:
    """How often each sentence is drawn in each bootstrap sample: [samples, sentences], float."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(sentences, np.full(sentences, 1 / sentences), size=samples).astype(float)


def _times(group: pd.DataFrame) -> pd.DataFrame:
    """Seconds by sentence (rows) and model (columns)."""
    times = group.pivot(index="sentence", columns="model", values="seconds")
    lacking = times.columns[times.isna().any()]
    if len(lacking):
        raise TPruneError(f"samples.csv: {list(lacking)} lack sentences that others have; measure again")
    return times


def _control(group: pd.DataFrame) -> np.ndarray:
    """Seconds of the control by sentence, in the order of `_times`: the mean of its repeats."""
    own = group[group["method"] == CONTROL]
    if own.empty:
        found = list(dict.fromkeys(group["model"]))
        raise TPruneError(f"samples.csv: no `{CONTROL}` among the models {found}; time them together")
    return own.groupby("sentence")["seconds"].mean().to_numpy()
