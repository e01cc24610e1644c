"""Line counts under a latency budget: one ranking of all lines by what they are worth per millisecond.

Greedy: from the dense model, lines are removed where the least is lost per millisecond saved, until the
predicted time meets the budget; a bound on the decoder's layers is met before. A step takes `round_to` lines
of every head of one place (an attention with its Q/K and V/O, or a feed-forward), or a whole layer, whose
overhead then goes too. What a step loses is the sum of squares of the scores of the lines that go, the lowest
of each head. The path does not depend on the budget, so a smaller budget keeps a subset of the lines of a
larger one, as long as no layer goes. As lines go from the lowest up and each costs the same, what a place
loses grows from step to step, and the greedy choice is the best of all but for the last step's excess
(marginal analysis, Fox 1966). A whole layer may free far more than is asked: lines of the others, those worth
most per millisecond, then come back as far as the budget allows.
"""

import math
from collections.abc import Callable, Iterator, Mapping

import torch

from tprune.errors import TPruneError
from tprune.lines.coupled_sets import CoupledSet
from tprune.pruning.counts import Place, place
from tprune.pruning.score import Scores

Counts = dict[Place, int]
"""Lines per head that a place keeps: at least 1, or 0 in every place of a layer that is dropped."""


class BudgetError(TPruneError):
    """The budget is below `least_ms`, the least time that can be reached."""

    def __init__(self, budget_ms: float, least_ms: float) -> None:
        """Both in milliseconds."""
        super().__init__(
            f"a budget of {budget_ms:.2f} ms cannot be met: "
            f"with all that can go gone, {least_ms:.2f} ms are left"
        )
        self.least_ms = least_ms


def counts_under_budget(
    scores: Scores,
    milliseconds: Callable[[Counts], float],
    budget_ms: float,
    round_to: int,
    decoder_layers: int | None = None,
) -> dict[CoupledSet, int]:
    """Lines per head that every set keeps so that `milliseconds` of them is at most `budget_ms`.

    All sets of a place have one count: a multiple of `round_to`, or all lines, or 1 where less than
    `round_to` would be left. Layers are dropped whole, with counts of 0, but never the last of a stack. With
    `decoder_layers`, at least 1, the decoder first loses the layers that are worth least, down to as many.

    Raises BudgetError where no counts meet the budget.
    """
    lost = _lost_by_place(scores)
    counts: Counts = {where: len(losses) - 1 for where, losses in lost.items()}
    for where in _surplus(lost, decoder_layers):
        counts[where] = 0
    now = milliseconds(counts)
    while now > budget_ms:
        best: tuple[float, float, Counts, float] | None = None
        for smaller in _steps(counts, lost, round_to):
            after = milliseconds(smaller)
            rank = _rank(counts, smaller, lost, now - after)
            if rank[0] < math.inf and (best is None or rank < best[:2]):
                best = (*rank, smaller, after)
        if best is None:
            raise BudgetError(budget_ms, now)
        counts, now = best[2], best[3]
    if not all(counts.values()):
        counts = _refilled(counts, now, lost, milliseconds, budget_ms, round_to)
    return {group: counts[place(group)] for group in scores}


def _lost_by_place(scores: Scores) -> dict[Place, list[float]]:
    """Per place, the loss when the lowest 0, 1, 2, ... lines of every head are gone."""
    lost: dict[Place, torch.Tensor] = {}
    for group, values in scores.items():
        squares = values.double().sort(dim=1).values.square().sum(dim=0)
        total = torch.cat([torch.zeros(1, dtype=torch.float64), squares.cumsum(dim=0)])
        lost[place(group)] = lost.get(place(group), torch.zeros_like(total)) + total
    return {where: total.tolist() for where, total in lost.items()}


def _surplus(lost: Mapping[Place, list[float]], decoder_layers: int | None) -> list[Place]:
    """The places of the decoder layers that go when so many may stay: those whose lines are worth least."""
    worth: dict[int, float] = {}
    for (stack, layer, _), losses in lost.items():
        if stack == "decoder":
            worth[layer] = worth.get(layer, 0.0) + losses[-1]
    gone = [] if decoder_layers is None else sorted(worth, key=lambda layer: -worth[layer])[decoder_layers:]
    return [where for where in lost if where[0] == "decoder" and where[1] in gone]


def _steps(counts: Counts, lost: Mapping[Place, list[float]], round_to: int) -> Iterator[Counts]:
    """All counts that are one step away."""
    layers: dict[tuple[str, int], list[Place]] = {}
    for where, count in counts.items():
        if count > 0:
            layers.setdefault(where[:2], []).append(where)
        if count > 1:
            yield {**counts, where: max(1, round_to * ((count - 1) // round_to))}
    for (stack, _), places in layers.items():
        if sum(other == stack for other, _ in layers) > 1:
            yield {**counts, **dict.fromkeys(places, 0)}


def _refilled(
    counts: Counts,
    now: float,
    lost: Mapping[Place, list[float]],
    milliseconds: Callable[[Counts], float],
    budget_ms: float,
    round_to: int,
) -> Counts:
    """`counts`, which take `now` milliseconds, with the lines back that the budget has room for."""
    while True:
        best: tuple[float, Counts, float] | None = None
        for larger in _steps_back(counts, lost, round_to):
            after = milliseconds(larger)
            regained = _rank(larger, counts, lost, after - now)[0]
            if after <= budget_ms and (best is None or regained > best[0]):
                best = (regained, larger, after)
        if best is None:
            return counts
        counts, now = best[1], best[2]


def _steps_back(counts: Counts, lost: Mapping[Place, list[float]], round_to: int) -> Iterator[Counts]:
    """All counts that have the next lines of one place more."""
    for where, count in counts.items():
        every = len(lost[where]) - 1
        if 0 < count < every:
            yield {**counts, where: min(every, round_to * (count // round_to + 1))}


def _rank(
    counts: Counts, smaller: Counts, lost: Mapping[Place, list[float]], saved: float
) -> tuple[float, float]:
    """Loss per millisecond, infinite where nothing is saved; among equals the fullest place comes first."""
    changed = [where for where in counts if smaller[where] != counts[where]]
    loss = sum(
        lost[where][len(lost[where]) - 1 - smaller[where]] - lost[where][len(lost[where]) - 1 - counts[where]]
        for where in changed
    )
    if saved <= 0:
        return math.inf, 0.0
    fullness = max(counts[where] / (len(lost[where]) - 1) for where in changed)
    # Differences of sums carry rounding: what is equal must stay equal.
    return float(f"{loss / saved:.8g}"), -fullness
