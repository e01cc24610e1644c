"""How hard SHS pushes each set when what a line costs decides, not the profile."""

from collections.abc import Mapping, Sequence

from tprune.lines.coupled_sets import CoupledSet


def cost_strengths(sets: Sequence[CoupledSet], costs: Mapping[str, float]) -> dict[str, float]:
    """What multiplies SHS's global strength per coupled set, by its key, in proportion to a line's cost.

    H of a head runs from 1 to its number of lines and counts, softly, those alive: with weights in
    proportion to `costs` (milliseconds per line, by key) the penalty is the model's latency as far as lines
    decide it. The mean line has 1, so that a strength means about the same under all three choices.
    """
    lines = {group.key: group.heads * group.lines for group in sets}
    mean = sum(costs[key] * count for key, count in lines.items()) / sum(lines.values())
    return {key: round(costs[key] / mean, 4) for key in lines}
