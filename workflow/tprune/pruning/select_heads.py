"""Which heads are kept: whole-head pruning by importance, down to a latency (Michel et al. 2019).

CTranslate2 runs one number of heads a stack: an attention with fewer heads than its stack's widest would be
padded with heads of zeros and gain nothing. So the attentions of a stack lose heads together, each its own
least important one. Which stack is next: the one whose heads cost least importance for a millisecond saved.
"""

import dataclasses
import logging
from collections.abc import Callable, Mapping
from typing import Any

from tprune.errors import TPruneError
from tprune.lines.coupled_sets import CoupledSet, coupled_sets
from tprune.lines.selection import SelectedSet, Selection
from tprune.model.architecture import Architecture, LayerShape, Stack, StackShape
from tprune.pruning.head_importance import Importances

logger = logging.getLogger(__name__)

Predict = Callable[[Architecture], float]
_LEAST_SAVING = 1e-9  # ms: a head that saves nothing is the last to go


def select_heads(
    importances: Importances, architecture: Architecture, predict: Predict, speedup: float
) -> Selection:
    """Drop the least important heads until `predict` (milliseconds) has fallen by `speedup`.

    Every attention keeps a head, and every head all its lines. Where dropping all others does not reach
    `speedup`, they are dropped, and the log says by how much it falls short. Raises TPruneError when
    `importances` are of another model.
    """
    _check(importances, architecture)
    kept = {stack: _most_heads(shape) for stack, shape in architecture.stacks.items()}
    dense = now = predict(architecture)
    while now * speedup > dense:
        steps = []
        for stack, heads in kept.items():
            if heads > 1:
                fewer = kept | {stack: heads - 1}
                after = predict(with_heads(architecture, fewer))
                lost = _importance_of(importances, stack, heads)
                steps.append((lost / max(now - after, _LEAST_SAVING), after, fewer))
        if not steps:
            logger.warning(
                "heads: with one head left in every attention the predicted latency is %.3g ms, %.3g ms "
                "above the budget: the heads allow a speed-up of %.2f, not the %g asked",
                *(now, now - dense / speedup, dense / now, speedup),
            )
            break
        _, now, kept = min(steps, key=lambda step: step[0])
    logger.info(
        "heads: %s are kept; predicted speed-up %.2f",
        ", ".join(f"{heads} in each attention of the {stack}" for stack, heads in kept.items()),
        dense / now,
    )
    sets = tuple(_selected(group, importances, kept) for group in coupled_sets(architecture))
    return Selection("heads", 0.0, 0.0, 1, sets, {"encoder": (), "decoder": ()}, speedup)


def with_heads(architecture: Architecture, heads: Mapping[Stack, int]) -> Architecture:
    """The same sizes with at most `heads` heads in every attention of each stack."""
    return architecture.with_layers(
        {
            stack: [_fewer(layer, heads[stack]) for layer in shape.layers]
            for stack, shape in architecture.stacks.items()
        }
    )


def _fewer(layer: LayerShape, heads: int) -> LayerShape:
    attentions: dict[str, Any] = {
        name: dataclasses.replace(shape, num_heads=min(shape.num_heads, heads))
        for name, shape in layer.attentions.items()
    }
    return dataclasses.replace(layer, **attentions)


def _most_heads(stack: StackShape) -> int:
    return max(shape.num_heads for layer in stack.layers for shape in layer.attentions.values())


def _importance_of(importances: Importances, stack: Stack, heads: int) -> float:
    """What the attentions of `stack` lose together when they go from `heads` heads to one fewer."""
    ranked = [sorted(values, reverse=True) for place, values in importances.items() if place[0] == stack]
    return sum(values[heads - 1] for values in ranked if len(values) >= heads)


def _selected(group: CoupledSet, importances: Importances, heads: Mapping[Stack, int]) -> SelectedSet:
    everything = tuple(range(group.lines))
    kept = [everything] * group.heads
    if group.component != "ffn":
        values = importances[group.stack, group.layer, group.component]
        ranked = sorted(range(group.heads), key=lambda head: -values[head])
        for head in ranked[heads[group.stack] :]:
            kept[head] = ()
    requested = tuple(map(len, kept))
    return SelectedSet(
        group.stack, group.layer, group.component, group.kind, group.lines, requested, tuple(kept)
    )


def _check(importances: Importances, architecture: Architecture) -> None:
    expected = {
        (stack, index, name): shape.num_heads
        for stack, stack_shape in architecture.stacks.items()
        for index, layer in enumerate(stack_shape.layers)
        for name, shape in layer.attentions.items()
    }
    found = {place: len(values) for place, values in importances.items()}
    if found != expected:
        raise TPruneError(
            f"head_importance.json: it holds {sum(found.values())} heads of {len(found)} attentions, which "
            f"are not the model's {sum(expected.values())} of {len(expected)}; delete it and run the "
            "workflow again"
        )
