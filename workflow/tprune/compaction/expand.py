"""Putting a compact model's lines back where they were: the masked model of full width."""

import torch
from torch import Tensor

from tprune.lines.coupled_sets import MEMBERS, coupled_sets
from tprune.lines.selection import Selection
from tprune.model.architecture import Architecture
from tprune.model.checkpoint import load_weights, stored_weights
from tprune.model.transformer import Transformer


def expand(small: Transformer, selection: Selection, architecture: Architecture) -> Transformer:
    """The inverse of `compact`: a model of `architecture` with zeros at the lines not kept.

    `architecture` is the full width, without the layers that `selection` dropped.
    """
    weights = stored_weights(small)
    chosen = {(s.stack, s.layer, s.component, s.kind): s for s in selection.sets}
    for group in coupled_sets(architecture):
        kept = chosen[group.stack, group.layer, group.component, group.kind].kept
        index = torch.tensor([head * group.lines + line for head, lines in enumerate(kept) for line in lines])
        rows, columns = MEMBERS[group.kind]
        total = group.heads * group.lines
        for name in rows:
            weights[group.prefix + name] = _scatter(weights[group.prefix + name], index, total)
        for name in columns:
            weights[group.prefix + name] = _scatter(weights[group.prefix + name].t(), index, total).t()
    wide = Transformer(architecture)
    load_weights(wide, weights, "the masked model")
    return wide.eval()


def _scatter(values: Tensor, index: Tensor, total: int) -> Tensor:
    return values.new_zeros(total, *values.shape[1:]).index_copy(0, index, values)
