"""The requested speed-ups of the models that a target is chosen among."""

import math
from collections.abc import Sequence

from tprune.errors import TPruneError
from tprune.latency.latency_model import LatencyModel
from tprune.lines.coupled_sets import coupled_sets
from tprune.model.architecture import Architecture
from tprune.pruning.counts import place
from tprune.pruning.resize import resized

QUALITY_LADDER = (1.25, 1.5, 2.0, 2.5, 3.0)
"""Tried for a quality where `prune.speedups` names none."""

NEAR = (1.0, 1.15, 1.4)
"""Of a speed-up that the latency model predicts as it is measured: of models asked for 1.8x and more it is
too high by up to a sixth (docs/study_methods), and by more where memory other than what is modelled is the
limit.
"""

FAR = (1.0, 1.15, 1.3, 1.5, 1.75)
"""Of a speed-up on another device, or in another dtype or beam, than those of the latency model."""


def greatest_speedup(latency_model: LatencyModel, architecture: Architecture, dense_ms: float) -> float:
    """The speed-up of the smallest model that pruning one of `architecture` can leave, by the latency model.

    `dense_ms` is what the baseline takes. One layer a stack is left, in which every head and the feed-forward
    have one line.
    """
    counts = {place(group): int(group.layer == 0) for group in coupled_sets(architecture)}
    least = latency_model.milliseconds(resized(architecture, counts))
    return dense_ms / least


def ladder(
    key: str,
    value: float,
    speedups: Sequence[float],
    greatest: float,
    predicted: bool,
    dense_ms: float | None = None,
    least: float = 1.0,
) -> list[float]:
    """The speed-ups to request for a target, rising, from `least`, which needs no pruning, to `greatest`.

    `key` is speedup, milliseconds (which needs `dense_ms`, the control's time on the device) or
    bleu_change_percent (for which `speedups` are tried). `predicted`: the latency model is of the dtype, beam
    and device that count; else what it says is out of reach is tried as far as it goes. Where the control
    meets a time already, nothing need be pruned: an empty list.
    Raises TPruneError where what is asked is beyond `greatest`.
    """
    if key == "bleu_change_percent":
        wanted = list(speedups or QUALITY_LADDER)
    else:
        asked = value
        if key == "milliseconds":
            assert dense_ms is not None
            asked = dense_ms / value
            if asked <= 1:
                return []
        wanted = [asked * factor for factor in (NEAR if predicted else FAR)]
    wanted = [max(speedup, least) for speedup in wanted]  # below that all are one model
    if not predicted:  # what the latency model says of `greatest` is not of what counts: let it be tried
        wanted = [min(speedup, greatest) for speedup in wanted]
    within = sorted(
        {math.floor(round(1000 * speedup, 6)) / 1000 for speedup in wanted if speedup <= greatest}
    )
    if not within:
        nearest = greatest if key != "milliseconds" else (dense_ms or 0) / greatest
        remedy = "allow more" if key == "milliseconds" else "ask for less"
        raise TPruneError(
            f"target.{key}: {value:g} asked, which no model of these layers can be pruned to; by the latency "
            f"model the nearest is {_shown(key, nearest)}: {remedy}, or begin with a smaller `model`"
        )
    return within


def _shown(key: str, value: float) -> str:
    return f"{value:.2f} ms" if key == "milliseconds" else f"a speed-up of {value:.2f}"
