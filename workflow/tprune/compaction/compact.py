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
    dropped. `scale` of every attention stays: it belongs to the width before pruning. Where a set
    keeps no line at all, one removed line (zeros) stands for it, because neither PyTorch's views
    nor CTranslate2 take a sublayer of width 0. Without a selection everything is kept.

    Raises TPruneError when the selection does not fit the model.
    """
    weights = {name: value.clone() for name, value in stored_weights(model).items()}
    architecture = model.architecture
    sets = {(s.stack, s.layer, s.component, s.kind): s for s in coupled_sets(architecture)}
    for chosen in selection.sets if selection else ():
        lines = sets.get((chosen.stack, chosen.layer, chosen.component, chosen.kind))
        _check_fits(chosen, lines)
        assert lines is not None
        kept = [head or (0,) for head in chosen.kept]
        index = torch.tensor([h * chosen.lines + line for h, head in enumerate(kept) for line in head])
        for axis, members in enumerate(MEMBERS[chosen.kind]):  # lines are rows of some, columns of others
            for member in members:
                name = lines.prefix + member
                weights[name] = weights[name].index_select(axis, index)
        architecture = _resized(architecture, chosen, len(kept[0]))
    small = Transformer(architecture)
    load_weights(small, weights, "compact model")
    return small.eval()


def _check_fits(chosen: SelectedSet, lines: CoupledSet | None) -> None:
    where = f"lines.json: {chosen.stack} layer {chosen.layer} {chosen.component} {chosen.kind}"
    again = "delete lines.json and the model beside it and run the workflow again"
    if lines is None:
        raise TPruneError(f"{where}: the model has no such set; {again}")
    if (len(chosen.kept), chosen.lines) != (lines.heads, lines.lines):
        raise TPruneError(
            f"{where}: {len(chosen.kept)} heads of {chosen.lines} lines, but the model has {lines.heads} of "
            f"{lines.lines}; {again}"
        )
    if len({len(head) for head in chosen.kept}) != 1:
        raise TPruneError(f"{where}: the heads keep different numbers of lines, which no engine here can run")


def _resized(architecture: Architecture, chosen: SelectedSet, lines: int) -> Architecture:
    stack = architecture.stacks[chosen.stack]
    layers = list(stack.layers)
    layer = layers[chosen.layer]
    if chosen.kind == "ffn":
        layers[chosen.layer] = dataclasses.replace(layer, ffn_dim=lines)
    else:
        attention = dataclasses.replace(getattr(layer, chosen.component), **{_SIZE[chosen.kind]: lines})
        layers[chosen.layer] = dataclasses.replace(layer, **{chosen.component: attention})
    stack = dataclasses.replace(stack, layers=tuple(layers))
    if chosen.stack == "encoder":
        return dataclasses.replace(architecture, encoder=stack)
    return dataclasses.replace(architecture, decoder=stack)
