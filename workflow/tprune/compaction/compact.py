"""Removing the pruned lines: a masked model of full width becomes a smaller dense one."""

import dataclasses

import torch

from tprune.errors import TPruneError
from tprune.lines.coupled_sets import MEMBERS, CoupledSet, coupled_sets
from tprune.lines.selection import SelectedSet, Selection
from tprune.model.architecture import Architecture
from tprune.model.checkpoint import load_weights, stored_weights
from tprune.model.transformer import Transformer

_SIZE = {"qk": "qk_dim", "vo": "v_dim"}


def compact(model: Transformer, selection: Selection | None) -> Transformer:
    """The dense model of the kept lines alone, in evaluation mode; `model` is left as it is.

    `model` is masked (full width, zeros at removed lines) with the layers of `selection` already
    dropped. `scale` of every attention stays: it belongs to the width before pruning. A head of which
    nothing is kept is gone (`Selection.heads`). Where a set keeps no line at all, one removed line
    (zeros) stands for it, because neither PyTorch's views nor CTranslate2 take a sublayer of width 0.
    Without a selection everything is kept.

    Raises TPruneError when the selection does not fit the model.
    """
    weights = {name: value.clone() for name, value in stored_weights(model).items()}
    architecture = model.architecture
    for chosen, lines, heads in _checked(selection, architecture) if selection else ():
        kept = {head: chosen.kept[head] or (0,) for head in heads}
        index = torch.tensor([head * chosen.lines + line for head in heads for line in kept[head]])
        for axis, members in enumerate(MEMBERS[chosen.kind]):  # lines are rows of some, columns of others
            for member in members:
                name = lines.prefix + member
                weights[name] = weights[name].index_select(axis, index)
        architecture = _resized(architecture, chosen, len(heads), len(kept[heads[0]]))
    small = Transformer(architecture)
    load_weights(small, weights, "compact model")
    return small.eval()


def _checked(
    selection: Selection, architecture: Architecture
) -> list[tuple[SelectedSet, CoupledSet, tuple[int, ...]]]:
    """Every selected set beside the model's and the heads that stay."""
    sets = {(s.stack, s.layer, s.component, s.kind): s for s in coupled_sets(architecture)}
    pairs = []
    for chosen in selection.sets:
        lines = sets.get((chosen.stack, chosen.layer, chosen.component, chosen.kind))
        again = "delete lines.json and the model beside it and run the workflow again"
        if lines is None:
            raise TPruneError(f"{_where(chosen)}: the model has no such set; {again}")
        if (len(chosen.kept), chosen.lines) != (lines.heads, lines.lines):
            raise TPruneError(
                f"{_where(chosen)}: {len(chosen.kept)} heads of {chosen.lines} lines, but the model has "
                f"{lines.heads} of {lines.lines}; {again}"
            )
        pairs.append((chosen, lines))
    found = [(chosen, lines, selection.heads(chosen)) for chosen, lines in pairs]
    for chosen, _, heads in found:
        if len({len(chosen.kept[head]) for head in heads}) != 1:
            raise TPruneError(
                f"{_where(chosen)}: the heads that stay keep different numbers of lines, which no engine "
                "here can run"
            )
    return found


def _where(chosen: SelectedSet) -> str:
    return f"lines.json: {chosen.stack} layer {chosen.layer} {chosen.component} {chosen.kind}"


def _resized(architecture: Architecture, chosen: SelectedSet, heads: int, lines: int) -> Architecture:
    stack = architecture.stacks[chosen.stack]
    layers = list(stack.layers)
    layer = layers[chosen.layer]
    if chosen.kind == "ffn":
        layers[chosen.layer] = dataclasses.replace(layer, ffn_dim=lines)
    else:
        before = getattr(layer, chosen.component)
        attention = dataclasses.replace(before, num_heads=heads, **{_SIZE[chosen.kind]: lines})
        layers[chosen.layer] = dataclasses.replace(layer, **{chosen.component: attention})
    stack = dataclasses.replace(stack, layers=tuple(layers))
    if chosen.stack == "encoder":
        return dataclasses.replace(architecture, encoder=stack)
    return dataclasses.replace(architecture, decoder=stack)
