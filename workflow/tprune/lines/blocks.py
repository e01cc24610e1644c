"""Blocks: every weight matrix cut by stack, layer, component, matrix and head, and its lines.

A line is one output unit or one input unit of a block. PyTorch stores a matrix as [out, in], so a row
is an output line and a column an input line (the TPrune paper writes W as in x out: its columns are
our output lines).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from tprune.lines.selection import Component
from tprune.model.architecture import Architecture, Stack

Matrix = Literal["q", "k", "v", "o", "ffn1", "ffn2"]
Axis = Literal["output", "input"]
AXES: tuple[Axis, ...] = ("output", "input")
MODULES = {"self_attention": "self_attn", "cross_attention": "encoder_attn"}
_PROJECTIONS: dict[Matrix, str] = {"q": "q_proj", "k": "k_proj", "v": "v_proj", "o": "out_proj"}


@dataclass(frozen=True)
class MatrixBlocks:
    """One weight matrix as its blocks, one per head (the feed-forward's have one)."""

    stack: Stack
    layer: int
    component: Component
    matrix: Matrix
    heads: int

    @property
    def parameter(self) -> str:
        """The weight's name in the state dict."""
        prefix = f"{self.stack}.layers.{self.layer}"
        if self.component == "ffn":
            return f"{prefix}.{'fc1' if self.matrix == 'ffn1' else 'fc2'}.weight"
        return f"{prefix}.{MODULES[self.component]}.{_PROJECTIONS[self.matrix]}.weight"

    def view(self, weight: Tensor) -> Tensor:
        """The matrix as a view [heads, out, in] of its blocks."""
        if self.matrix == "o":  # heads lie along the inputs
            return weight.unflatten(1, (self.heads, -1)).transpose(0, 1)
        return weight.unflatten(0, (self.heads, -1))

    def norms(self, weights: Mapping[str, Tensor], axis: Axis) -> Tensor:
        """L2 norms of the lines along `axis`: [heads, lines]."""
        return self.view(weights[self.parameter]).norm(dim=2 if axis == "output" else 1)


def blocks(architecture: Architecture) -> list[MatrixBlocks]:
    """All blocks of a model, in the order a sentence passes them."""
    found = []
    for stack, shape in architecture.stacks.items():
        for index, layer in enumerate(shape.layers):
            for component, attention in layer.attentions.items():
                found += [
                    MatrixBlocks(stack, index, component, matrix, attention.num_heads)
                    for matrix in _PROJECTIONS
                ]
            found += [
                MatrixBlocks(stack, index, "ffn", "ffn1", 1),
                MatrixBlocks(stack, index, "ffn", "ffn2", 1),
            ]
    return found
