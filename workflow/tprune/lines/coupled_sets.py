"""Coupled sets: lines of several matrices that live or die together.

Inside a head, line j of Q meets only line j of K (their product is the score), and line j of V only
line j of O. In the feed-forward, line j of FFN1 meets only line j of FFN2. Removing one of a pair
makes the other dead weight, so the pair is scored, penalised and pruned as one line.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from tprune.lines.blocks import MODULES
from tprune.lines.selection import Component, Kind
from tprune.model.architecture import Architecture, Stack

# Per kind: the parameters whose rows are the set's lines, then those whose columns are.
MEMBERS: dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "qk": (("q_proj.weight", "q_proj.bias", "k_proj.weight", "k_proj.bias"), ()),
    "vo": (("v_proj.weight", "v_proj.bias"), ("out_proj.weight",)),
    "ffn": (("fc1.weight", "fc1.bias"), ("fc2.weight",)),
}


@dataclass(frozen=True)
class CoupledSet:
    """The coupled lines of one attention (kind qk or vo, one set per head) or feed-forward."""

    stack: Stack
    layer: int
    component: Component
    kind: Kind
    heads: int
    lines: int

    @property
    def key(self) -> str:
        """Its name in strengths.json and in tables: stack.layer.component.kind."""
        return f"{self.stack}.{self.layer}.{self.component}.{self.kind}"

    def __str__(self) -> str:
        return f"{self.key}: {self.heads} x {self.lines} lines of {', '.join(self.parameters)}"

    @property
    def parameters(self) -> list[str]:
        """Names in the state dict of all weights and biases with a part in the set."""
        rows, columns = MEMBERS[self.kind]
        return [self.prefix + name for name in rows + columns]

    @property
    def prefix(self) -> str:
        """What stands before the members' names in the state dict."""
        module = f"{MODULES[self.component]}." if self.component in MODULES else ""
        return f"{self.stack}.layers.{self.layer}.{module}"

    def views(self, tensors: Mapping[str, Tensor]) -> list[Tensor]:
        """Each member of `tensors` (weights or gradients by name) as a view [heads, lines, width]."""
        rows, columns = MEMBERS[self.kind]
        found = []
        for name in rows:
            tensor = tensors[self.prefix + name]
            found.append((tensor if tensor.dim() == 2 else tensor[:, None]).unflatten(0, (self.heads, -1)))
        found += [tensors[self.prefix + name].t().unflatten(0, (self.heads, -1)) for name in columns]
        return found

    def norms(self, weights: Mapping[str, Tensor]) -> Tensor:
        """L2 norm of each coupled line over all its members: [heads, lines]."""
        squares = [view.square().sum(dim=2) for view in self.views(weights)]
        return torch.stack(squares).sum(dim=0).sqrt()


def coupled_sets(architecture: Architecture) -> list[CoupledSet]:
    """All coupled sets of a model, in the order a sentence passes them."""
    found = []
    for stack, shape in architecture.stacks.items():
        for index, layer in enumerate(shape.layers):
            for component, attention in layer.attentions.items():
                heads = attention.num_heads
                found.append(CoupledSet(stack, index, component, "qk", heads, attention.qk_dim))
                found.append(CoupledSet(stack, index, component, "vo", heads, attention.v_dim))
            found.append(CoupledSet(stack, index, "ffn", "ffn", 1, layer.ffn_dim))
    return found
