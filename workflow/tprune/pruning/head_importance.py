"""What a head is worth: how much the loss moves when its output is scaled.

Michel, Levy and Neubig 2019, "Are Sixteen Heads Really Better than One?", eq. 2: with a variable xi_h = 1
that multiplies the output of head h, its importance is the mean over sentences x of |dL(x) / d xi_h|, which
equals the absolute inner product of the head's output and the loss's gradient by it. As in the paper, the
heads of each attention are then divided by their l2 norm. Voita et al. 2019 ("Analyzing Multi-Head
Self-Attention") prune the same units, with gates learnt in training.
"""

import json
import logging
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from fairseq.data.data_utils import batch_by_size
from torch import Tensor, nn
from torch.nn import functional

from tprune.atomic import write_json
from tprune.errors import TPruneError
from tprune.evaluation.pairs import read_pairs
from tprune.lines.blocks import MODULES
from tprune.lines.selection import Component
from tprune.model.architecture import Stack
from tprune.model.attention import Attention
from tprune.model.embedding import PAD
from tprune.model.transformer import Transformer

logger = logging.getLogger(__name__)

SENTENCES = 200
Place = tuple[Stack, int, Component]
Importances = dict[Place, tuple[float, ...]]
"""Per attention (stack, layer, component), of each head."""


def head_importances(model: Transformer, data: Path, max_tokens: int, seed: int) -> Importances:
    """Importance of every head, from `SENTENCES` sentences of the training text, drawn by `seed`.

    `data` is the data-bin; batches hold up to `max_tokens` tokens. L is the sentence's negative
    log-likelihood, without dropout and label smoothing. Raises TPruneError when no sentence is short enough
    for the model, or a gradient is not finite.
    """
    pairs, short_enough = read_pairs(model, data, max_tokens, "train")
    chosen = random.Random(seed).sample(range(len(short_enough)), min(SENTENCES, len(short_enough)))
    indices = short_enough[sorted(chosen)]
    model.eval()
    totals: dict[Place, Tensor] = {}
    for batch in batch_by_size(indices, pairs.num_tokens, max_tokens=max_tokens):
        made = pairs.collater([pairs[int(index)] for index in batch])
        for place, sensitivities in batch_sensitivities(model, made).items():
            totals[place] = totals.get(place, 0) + sensitivities.abs().sum(dim=0)
    logger.info("importance of %d attentions' heads, from %d sentences", len(totals), len(indices))
    return {place: _normalised(total / len(indices), place) for place, total in totals.items()}


def batch_sensitivities(model: Transformer, batch: Mapping[str, Any]) -> dict[Place, Tensor]:
    """dL(x) / d xi_h per attention, [sentences, heads], for a batch of fairseq's translation task."""
    sentences = len(batch["target"])
    with head_masks(model, sentences) as masks:
        logits, _ = model(**batch["net_input"])
        loss = functional.cross_entropy(
            logits.flatten(0, 1), batch["target"].flatten(), ignore_index=PAD, reduction="sum"
        )
        # A sentence's loss depends on its own masks alone: one gradient serves all.
        gradients = torch.autograd.grad(loss, list(masks.values()))
    return dict(zip(masks, gradients, strict=True))


@contextmanager
def head_masks(model: Transformer, sentences: int) -> Iterator[dict[Place, Tensor]]:
    """Multiply the output of every head by a variable: yields these, [sentences, heads] of ones each."""
    masks, hooks = {}, []
    for place, attention in _attentions(model):
        weight = attention.out_proj.weight
        mask = torch.ones(sentences, attention.shape.num_heads, dtype=weight.dtype, device=weight.device)
        masks[place] = mask.requires_grad_()
        hooks.append(attention.out_proj.register_forward_pre_hook(_multiplier(mask)))
    try:
        yield masks
    finally:
        for hook in hooks:
            hook.remove()


def _multiplier(mask: Tensor) -> Any:
    def multiplied(_: nn.Module, inputs: tuple[Tensor]) -> Tensor:
        heads = inputs[0].unflatten(2, (mask.shape[1], -1))  # [B, T, heads, v_dim]
        return (heads * mask[:, None, :, None]).flatten(2)

    return multiplied


def _attentions(model: Transformer) -> Iterator[tuple[Place, Attention]]:
    for stack, shape in model.architecture.stacks.items():
        for index, layer in enumerate(shape.layers):
            module = getattr(model, stack).layers[index]
            for component in layer.attentions:
                yield (stack, index, component), getattr(module, MODULES[component])


def _normalised(importances: Tensor, place: Place) -> tuple[float, ...]:
    if not importances.isfinite().all():
        raise TPruneError(
            f"{'.'.join(map(str, place))}: the importance of a head is not finite; the model has diverged"
        )
    return tuple(functional.normalize(importances.double(), dim=0).tolist())


def write_importances(importances: Importances, path: str | Path) -> None:
    """Write head_importance.json, atomically: STACK.LAYER.COMPONENT to the importance of each head."""
    write_json(path, {".".join(map(str, place)): values for place, values in importances.items()})


def read_importances(path: str | Path) -> Importances:
    """Read head_importance.json; a file of another form raises TPruneError."""
    try:
        stored = json.loads(Path(path).read_text(encoding="utf-8"))
        found = {}
        for name, values in stored.items():
            stack, layer, component = name.split(".")
            found[stack, int(layer), component] = tuple(map(float, values))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise TPruneError(f"{path}: not the importance of heads ({error})") from error
    return found
