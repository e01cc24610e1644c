"""What a line is worth: its norm beside the largest of its head."""

import pandas as pd
import torch
from torch import Tensor

from tprune.lines.coupled_sets import CoupledSet, coupled_sets
from tprune.model.transformer import Transformer

Scores = dict[CoupledSet, Tensor]


def line_scores(model: Transformer) -> Scores:
    """Per coupled set, [heads, lines]: norm of the coupled line over the largest in its head, 0 to 1."""
    weights = {name: parameter.detach() for name, parameter in model.named_parameters()}
    scores = {}
    for group in coupled_sets(model.architecture):
        norms = group.norms(weights)
        largest = norms.amax(dim=1, keepdim=True)
        scores[group] = torch.where(
            largest > 0, norms / largest.clamp_min(torch.finfo(norms.dtype).tiny), 0.0
        )
    return scores


def random_scores(scores: Scores, seed: int) -> Scores:
    """Scores of the same shapes drawn evenly from 0 to 1: which lines stay is left to chance."""
    generator = torch.Generator().manual_seed(seed)
    return {group: torch.rand(values.shape, generator=generator) for group, values in scores.items()}


def score_table(scores: Scores) -> pd.DataFrame:
    """The scores as rows: stack, layer, component, kind, head, line, norm."""
    rows = [
        (group.stack, group.layer, group.component, group.kind, head, line, float(norm))
        for group, values in scores.items()
        for head, norms in enumerate(values)
        for line, norm in enumerate(norms)
    ]
    return pd.DataFrame(rows, columns=["stack", "layer", "component", "kind", "head", "line", "norm"])
