"""A model of smaller d_model that computes nearly the same: its residual stream is a wide one's, mapped.

With R = `principal_map`, what writes into the stream is followed by R, and what reads from it is preceded by
R's transpose:

    embeddings, positions      E -> E R        (E R sqrt(d / k) where embeddings are scaled by their width)
    O, FFN2                    W -> R^T W,  b -> R^T b
    Q, K, V, FFN1              W -> c W diag(gamma) R,  b -> b + W beta, with the norm's gamma and beta

so that the narrow layer norms begin with gamma 1 and beta 0. With n = sqrt(d) x / |x| what a norm of width d
makes of x, and n' = sqrt(k) x' / |x'| what one of width k makes of x' = x R, the least-squares estimate of
n from n' is nearly c n' R^T, with c = sqrt(d / k) times |x'| / |x|, the root of the variance that R keeps.
At k = d nothing is lost but in the output: that projection may be the embeddings, so gamma before it becomes
the diagonal g that is nearest: diag(gamma) R ~ R diag(g).
Sinusoidal positions become learned ones, as R mixes their waves. The heads stay as wide as they are.
"""

import dataclasses
import logging
import math
from pathlib import Path

import torch
from torch import Tensor

from tprune.errors import TPruneError
from tprune.evaluation.pairs import drawn_batches
from tprune.model.architecture import Architecture
from tprune.model.checkpoint import load_weights, stored_weights
from tprune.model.transformer import Transformer
from tprune.narrowing.directions import Moments, principal_map, second_moments, share_kept

logger = logging.getLogger(__name__)

BATCHES = 100
TOKENS = 1024  # of a batch
_FINAL_NORMS = {"encoder": "encoder.layer_norm", "decoder": "decoder.layer_norm"}
# What reads a layer norm's output, beside it in the layer.
_READERS = {
    "self_attn_layer_norm": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "encoder_attn_layer_norm": ("encoder_attn.q_proj",),
    "final_layer_norm": ("fc1",),
}
_READERS_OF_MEMORY = ("encoder_attn.k_proj", "encoder_attn.v_proj")
_WRITERS = ("self_attn.out_proj", "encoder_attn.out_proj", "fc2")


def narrowed(model: Transformer, d_model: int, data: Path, seed: int) -> Transformer:
    """`model` with a residual stream of `d_model` channels.

    Which, up to `BATCHES` batches of training text show, from the data-bin `data`, drawn by `seed`. Raises
    TPruneError where `model` cannot be narrowed to that (see `check`), or no sentence is short enough for it.
    """
    check(model.architecture, d_model)
    model.eval()
    moments = second_moments(model, drawn_batches(model, data, TOKENS, BATCHES, seed))
    narrow = principal_map(moments, d_model)
    kept = [share_kept(seen, narrow) for seen in moments.values()]
    logger.info(
        "%d of %d channels keep %.1f %% of the variance that a layer norm sees, %.1f %% at least",
        *(d_model, model.architecture.d_model, 100 * sum(kept) / len(kept), 100 * min(kept)),
    )
    return mapped(model, narrow, moments)


def check(architecture: Architecture, d_model: int) -> None:
    """Raise TPruneError where a model cannot be narrowed to `d_model` channels."""
    if not 2 <= d_model < architecture.d_model:
        raise TPruneError(
            f"d_model: found {d_model}, must be at least 2 and less than the baseline's "
            f"{architecture.d_model}, or left out"
        )
    for name, stack in architecture.stacks.items():
        if not (stack.pre_norm and stack.final_norm) or stack.embedding_norm:
            raise TPruneError(
                f"d_model: only models with a layer norm before each block and one after the last can be "
                f"narrowed, and the {name} is none; leave d_model out (shs and ablations)"
            )


@torch.no_grad()
def mapped(model: Transformer, narrow: Tensor, moments: Moments) -> Transformer:
    """`model` with its stream mapped by `narrow`, [d_model, fewer]; `moments`: of its layer norms."""
    wide, fewer = narrow.shape
    old = {name: value.double() for name, value in model.state_dict().items()}
    new: dict[str, Tensor] = {}

    def read(name: str, norm: str) -> None:
        weight, scale = old[f"{name}.weight"], _scale(moments[norm], narrow)
        new[f"{name}.weight"] = scale * (weight * old[f"{norm}.weight"]) @ narrow
        new[f"{name}.bias"] = old[f"{name}.bias"] + weight @ old[f"{norm}.bias"]

    for stack, shape in model.architecture.stacks.items():
        for layer in range(len(shape.layers)):
            prefix = f"{stack}.layers.{layer}."
            for norm, readers in _READERS.items():
                if f"{prefix}{norm}.weight" in old:
                    for name in readers:
                        read(prefix + name, prefix + norm)
            for name in (prefix + name for name in _READERS_OF_MEMORY if f"{prefix}{name}.weight" in old):
                read(name, _FINAL_NORMS["encoder"])
            for name in (prefix + name for name in _WRITERS if f"{prefix}{name}.weight" in old):
                new[f"{name}.weight"] = narrow.t() @ old[f"{name}.weight"]
                new[f"{name}.bias"] = narrow.t() @ old[f"{name}.bias"]
        positions = getattr(model, stack).position_table.double()
        new[f"{stack}.embed_positions.weight"] = positions @ narrow

    # The embeddings are as large in the stream as before, whatever the width multiplies them by.
    louder = math.sqrt(wide / fewer) if model.architecture.scale_embedding else 1.0
    new["encoder.embed_tokens.weight"] = louder * old["encoder.embed_tokens.weight"] @ narrow
    new["decoder.embed_tokens.weight"] = louder * old["decoder.embed_tokens.weight"] @ narrow
    shared = model.architecture.share_embeddings != "none"
    output = louder if shared else 1.0
    new["decoder.output_projection.weight"] = output * old["decoder.output_projection.weight"] @ narrow
    norm = _FINAL_NORMS["decoder"]
    gamma = (narrow.square() * old[f"{norm}.weight"][:, None]).sum(dim=0) / narrow.square().sum(dim=0)
    new[f"{norm}.weight"] = gamma * _scale(moments[norm], narrow) / output
    new[f"{norm}.bias"] = narrow.t() @ old[f"{norm}.bias"] / output

    small = Transformer(_architecture(model.architecture, fewer)).to(next(model.parameters()).dtype)
    fresh = stored_weights(small)  # of the other norms: gamma 1, beta 0
    load_weights(small, {name: new.get(name, value) for name, value in fresh.items()}, "the narrowed model")
    return small.eval()


def _scale(moments: Tensor, narrow: Tensor) -> float:
    """The factor c of a reader of this layer norm."""
    wide, fewer = narrow.shape
    return math.sqrt(wide / fewer * share_kept(moments, narrow))


def _architecture(architecture: Architecture, d_model: int) -> Architecture:
    encoder, decoder = (
        dataclasses.replace(stack, learned_positions=True) for stack in architecture.stacks.values()
    )
    return dataclasses.replace(architecture, d_model=d_model, encoder=encoder, decoder=decoder)
