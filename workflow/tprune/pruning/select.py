"""Which lines are kept: the best-scored of every head, as many as the counts say."""

import dataclasses
from collections.abc import Iterable, Mapping

from tprune.errors import TPruneError
from tprune.latency.latency_model import LatencyModel
from tprune.lines.coupled_sets import CoupledSet
from tprune.lines.selection import SelectedSet, Selection
from tprune.model.architecture import Architecture, Stack
from tprune.pruning.counts import engine_counts, requested_counts
from tprune.pruning.ranking import BudgetError, Counts, counts_under_budget
from tprune.pruning.resize import resized
from tprune.pruning.score import Scores


class SpeedupError(TPruneError):
    """A requested speed-up is beyond what removing lines and layers can give."""


def select_by_threshold(
    scores: Scores, method: str, strength: float, threshold: float, round_to: int
) -> Selection:
    """Keep the lines whose score reaches `threshold`, in counts that an engine can run."""
    requested = requested_counts(scores, threshold)
    counts = engine_counts(requested, round_to)
    return _selection(scores, requested, counts, method, strength, threshold, round_to)


def select_as_many(scores: Scores, other: Selection, method: str, strength: float) -> Selection:
    """Keep as many lines in every set as `other` keeps, but the best by these `scores`."""
    theirs = {(s.stack, other.original_layer(s), s.component, s.kind): s for s in other.sets}
    requested, counts = {}, {}
    for group in scores:
        found = theirs.get((group.stack, group.layer, group.component, group.kind))
        requested[group] = found.requested if found else (0,) * group.heads
        counts[group] = len(found.kept[0]) if found else 0
    return _selection(scores, requested, counts, method, strength, other.threshold, other.round_to)


def select_by_speedup(
    scores: Scores,
    latency_model: LatencyModel,
    architecture: Architecture,
    dense_ms: float,
    speedup: float,
    method: str,
    strength: float,
    round_to: int,
    decoder_layers: int | None = None,
) -> Selection:
    """Keep the lines that are worth most per millisecond, as many as a speed-up of the baseline allows.

    `architecture` is that of the model that loses them; `speedup` is `dense_ms`, the baseline's predicted
    time, over that of what is left; `decoder_layers` are kept at most. Raises SpeedupError, which names the
    nearest speed-up, where it cannot be reached.
    """

    def milliseconds(counts: Counts) -> float:
        return latency_model.milliseconds(resized(architecture, counts))

    try:
        counts = counts_under_budget(scores, milliseconds, dense_ms / speedup, round_to, decoder_layers)
    except BudgetError as error:
        raise SpeedupError(
            f"a speed-up of {speedup:g} is beyond what removing lines and layers can give: by the latency "
            f"model ({latency_model.dtype}, beam {latency_model.beam}) the nearest is "
            f"{dense_ms / error.least_ms:.2f}"
        ) from error
    requested = {group: (count,) * group.heads for group, count in counts.items()}
    selection = _selection(scores, requested, counts, method, strength, 0.0, round_to)
    return dataclasses.replace(selection, speedup=speedup)


def _selection(
    scores: Scores,
    requested: Mapping[CoupledSet, tuple[int, ...]],
    counts: Mapping[CoupledSet, int],
    method: str,
    strength: float,
    threshold: float,
    round_to: int,
) -> Selection:
    layers = {(group.stack, group.layer) for group in scores}
    alive = sorted({(group.stack, group.layer) for group in scores if counts[group] > 0})
    # No engine runs a stack without layers: its last one stays, with one line in every set.
    alive += [max(layer for layer in layers if layer[0] == stack) for stack in emptied(layers, alive)]
    dropped = sorted(layers - set(alive))
    sets = []
    for group, values in scores.items():
        if (group.stack, group.layer) in dropped:
            continue
        # A sublayer of a living layer keeps one line: engines drop whole layers only.
        count = max(counts[group], 1)
        order = values.argsort(dim=1, descending=True, stable=True)
        kept = tuple(tuple(sorted(head[:count].tolist())) for head in order)
        layer = [index for stack, index in alive if stack == group.stack].index(group.layer)
        sets.append(
            SelectedSet(group.stack, layer, group.component, group.kind, group.lines, requested[group], kept)
        )
    dropped_layers = {
        stack: tuple(index for other, index in dropped if other == stack) for stack in ("encoder", "decoder")
    }
    return Selection(method, strength, threshold, round_to, tuple(sets), dropped_layers)


def emptied(layers: Iterable[tuple[Stack, int]], alive: Iterable[tuple[Stack, int]]) -> set[Stack]:
    """The stacks of `layers` that have none `alive`."""
    return {stack for stack, _ in layers} - {stack for stack, _ in alive}
