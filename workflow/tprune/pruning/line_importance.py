"""What a line is worth to the loss: how much the loss would move, to first order, if the line went.

Molchanov et al. 2019, "Importance Estimation for Neural Network Pruning", eq. 8 and 9: the change of the loss
by removing the weights w_s of a group, to first order, is the sum of g_s w_s with g the loss's gradient; the
importance is its square, here the mean of squares over batches. Unlike a norm it can be compared between
sets: it is in units of the loss, whatever the scale of a set's weights.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from tprune.atomic import write_json
from tprune.errors import TPruneError
from tprune.evaluation.pairs import drawn_batches
from tprune.lines.coupled_sets import coupled_sets
from tprune.model.architecture import Architecture
from tprune.model.embedding import PAD
from tprune.model.transformer import Transformer
from tprune.pruning.score import Scores

logger = logging.getLogger(__name__)

BATCHES = 100
TOKENS = 512  # of a batch: more batches of fewer sentences show more of the spread


def line_importances(model: Transformer, data: Path, seed: int) -> Scores:
    """Per coupled set, [heads, lines]: root of the importance, so that squares add up as the ranking's do.

    From up to `BATCHES` batches of the training text in the data-bin `data`, drawn by `seed`. Raises
    TPruneError when no sentence is short enough for the model, or a gradient is not finite.
    """
    model.eval()
    squares: Scores = {}
    count = 0
    for batch in drawn_batches(model, data, TOKENS, BATCHES, seed):
        count += 1
        for group, changes in batch_changes(model, batch).items():
            squares[group] = squares.get(group, 0) + changes.square()
    if not all(values.isfinite().all() for values in squares.values()):
        raise TPruneError("the importance of a line is not finite; the model has diverged")
    logger.info("importance of the lines of %d coupled sets, from %d batches", len(squares), count)
    return {group: (values / count).sqrt() for group, values in squares.items()}


def batch_changes(model: Transformer, batch: Mapping[str, Any]) -> Scores:
    """Sum of g_s w_s of every coupled line, [heads, lines] per set, for a batch of fairseq's translation.

    The loss is the mean negative log-likelihood of the batch's tokens, without label smoothing.
    """
    weights = dict(model.named_parameters())
    logits, _ = model(**batch["net_input"])
    loss = functional.cross_entropy(logits.flatten(0, 1), batch["target"].flatten(), ignore_index=PAD)
    slopes = dict(zip(weights, torch.autograd.grad(loss, list(weights.values())), strict=True))
    changes = {}
    for group in coupled_sets(model.architecture):
        members = zip(group.views(slopes), group.views(weights), strict=True)
        parts = [(slope * weight.detach()).sum(dim=2) for slope, weight in members]
        changes[group] = torch.stack(parts).sum(dim=0)
    return changes


def write_line_importances(importances: Scores, path: str | Path) -> None:
    """Write line_importance.json, atomically: each set's key to its lines' importances, per head."""
    write_json(path, {group.key: values.tolist() for group, values in importances.items()})


def read_line_importances(path: str | Path, architecture: Architecture) -> Scores:
    """Read line_importance.json of a model of these sizes; anything else raises TPruneError."""
    try:
        stored = json.loads(Path(path).read_text(encoding="utf-8"))
        found = {group: torch.tensor(stored[group.key]) for group in coupled_sets(architecture)}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TPruneError(f"{path}: not the importance of the model's lines ({error!r})") from error
    for group, values in found.items():
        if values.shape != (group.heads, group.lines):
            raise TPruneError(
                f"{path}: {group.key}: found {tuple(values.shape)} lines, the model has "
                f"{(group.heads, group.lines)}; delete it and run the workflow again"
            )
    return found
