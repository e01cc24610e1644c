"""Putting together what was measured of the models that a target is chosen among."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tprune.latency.summary import INTERVAL, read_samples, summarise
from tprune.tables.points import Point
from tprune.tables.sources import read_scores
from tprune.target.choice import Measured


def gather(
    points: Sequence[Point],
    samples: str | Path,
    scores: Sequence[str | Path],
    bootstrap_samples: int,
    seed: int,
) -> list[Measured]:
    """The models of `points`, the control first, whose scores.json are `scores`.

    `samples` is samples.csv of one dtype and beam, whose scores are read; the times of forced lengths count.
    """
    timed = read_samples(samples)
    timed = timed[timed["length"] == "forced"]
    rows = {row["model"]: row for row in summarise(timed, bootstrap_samples, seed).to_dict("records")}
    (beam,) = timed["beam"].unique()
    bleu = [float(read_scores(path, int(beam), ["bleu"])["bleu"]) for path in scores]
    found = []
    for point, own_bleu in zip(points, bleu, strict=True):
        model, row = point.model, rows[point.model]
        low, high = _interval_of_median(timed[timed["model"] == model]["seconds"], bootstrap_samples, seed)
        found.append(
            Measured(
                model=model,
                path=point.path,
                speedup=float(row["speedup"]),
                speedup_low=float(row["speedup_low"]),
                speedup_high=float(row["speedup_high"]),
                milliseconds=float(row["latency_ms"]),
                milliseconds_low=low,
                milliseconds_high=high,
                valid_bleu=own_bleu,
                valid_bleu_change_percent=change_percent(own_bleu, bleu[0]),
            )
        )
    return found


def control_milliseconds(samples: str | Path) -> float:
    """The median milliseconds of the control with forced lengths."""
    timed = read_samples(samples)
    chosen = timed[(timed["model"] == "control") & (timed["length"] == "forced")]
    return float(chosen["seconds"].median() * 1000)


def change_percent(own: float, control: float) -> float:
    """How BLEU changes against the control; 0 where neither translates anything."""
    if control == 0:
        return 0.0 if own == 0 else float("inf")
    return 100 * (own / control - 1)


def _interval_of_median(seconds: pd.Series, samples: int, seed: int) -> tuple[float, float]:
    """The 95 % percentile bootstrap of the median over sentences, in milliseconds."""
    drawn = np.random.default_rng(seed).choice(seconds.to_numpy(), size=(samples, len(seconds)))
    low, high = np.percentile(np.median(drawn, axis=1) * 1000, INTERVAL)
    return float(low), float(high)
