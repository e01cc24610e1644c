"""How many lines every set keeps: what the score asks for, and what an engine can run.

CTranslate2 wants the same number of lines in every head of an attention, and as many Q/K as V/O lines.
So the mean over heads and over both kinds is kept, to the nearest multiple of `round_to`, at least one.
"""

import math

from tprune.lines.coupled_sets import CoupledSet
from tprune.pruning.score import Scores

Place = tuple[str, int, str]


def requested_counts(scores: Scores, threshold: float) -> dict[CoupledSet, tuple[int, ...]]:
    """Per set and head, the number of lines whose score reaches `threshold`."""
    return {group: tuple((values >= threshold).sum(dim=1).tolist()) for group, values in scores.items()}


def place(group: CoupledSet) -> Place:
    """What must share one count: an attention, or a feed-forward."""
    return (group.stack, group.layer, group.component)


def engine_counts(requested: dict[CoupledSet, tuple[int, ...]], round_to: int) -> dict[CoupledSet, int]:
    """Lines per head that every set keeps; 0 only where no head of the attention or FFN asks for any."""
    together: dict[Place, list[CoupledSet]] = {}
    for group in requested:
        together.setdefault(place(group), []).append(group)
    counts = {}
    for groups in together.values():
        asked = [count for group in groups for count in requested[group]]
        lines = groups[0].lines
        kept = 0 if not any(asked) else rounded(sum(asked) / len(asked), round_to, lines)
        counts.update(dict.fromkeys(groups, kept))
    return counts


def rounded(count: float, round_to: int, lines: int) -> int:
    """`count` to the nearest multiple of `round_to` (half goes up), at least one, at most `lines`.

    A set that loses no line stays whole, whether or not its width is such a multiple.
    """
    if count >= lines:
        return lines
    return min(lines, max(1, round_to * math.floor(count / round_to + 0.5), min(round_to, lines)))
