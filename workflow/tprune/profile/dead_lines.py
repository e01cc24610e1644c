"""Counting the lines that died in one BSSL run."""

from collections.abc import Iterator

import pandas as pd

from tprune.lines.blocks import AXES, blocks
from tprune.model.transformer import Transformer

PLACE = ("stack", "layer", "component", "matrix", "head", "axis")
COLUMNS = (*PLACE, "strength", "lines", "dead", "sparsity", "valid_loss")


def dead_lines(model: Transformer, strength: float, loss: float) -> pd.DataFrame:
    """One row per block and axis; a line is dead when every one of its weights is exactly zero.

    `loss` is the model's valid loss, the cost at which these lines died.
    """
    return pd.DataFrame(_rows(model, strength, loss), columns=list(COLUMNS))


def _rows(model: Transformer, strength: float, loss: float) -> Iterator[tuple[object, ...]]:
    # In float64: in float32 the square of a weight under 1e-23 is 0.
    weights = {name: parameter.detach().double() for name, parameter in model.named_parameters()}
    for block in blocks(model.architecture):
        for axis in AXES:
            norms = block.norms(weights, axis)
            for head, line_norms in enumerate(norms):
                lines, dead = len(line_norms), int((line_norms == 0).sum())
                place = (block.stack, block.layer, block.component, block.matrix, head, axis)
                yield (*place, strength, lines, dead, dead / lines, loss)
