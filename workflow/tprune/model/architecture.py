"""The sizes of a Transformer, layer by layer, as one dataclass that JSON can hold."""

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tprune.atomic import write_json
from tprune.errors import TPruneError

Stack = Literal["encoder", "decoder"]
AttentionName = Literal["self_attention", "cross_attention"]


@dataclass(frozen=True)
class AttentionShape:
    """Sizes of one multi-head attention.

    `qk_dim` and `v_dim` are per head: q_proj and k_proj are [num_heads * qk_dim, d_model], v_proj is
    [num_heads * v_dim, d_model], out_proj is [d_model, num_heads * v_dim]. `scale` multiplies the
    queries: the head_dim ** -0.5 of the model *before* pruning, which removing lines must not change.
    """

    num_heads: int
    qk_dim: int
    v_dim: int
    scale: float

    @classmethod
    def dense(cls, d_model: int, num_heads: int) -> "AttentionShape":
        """The usual attention: head_dim = d_model / num_heads for queries, keys and values."""
        if d_model % num_heads:
            raise TPruneError(f"model.num_heads: {num_heads} does not divide model.d_model {d_model}")
        head_dim = d_model // num_heads
        return cls(num_heads, head_dim, head_dim, head_dim**-0.5)


@dataclass(frozen=True)
class LayerShape:
    """Sizes of one layer; `cross_attention` is None in the encoder."""

    self_attention: AttentionShape
    ffn_dim: int
    cross_attention: AttentionShape | None = None

    @property
    def attentions(self) -> dict[AttentionName, AttentionShape]:
        """Its attentions by name, in the order a sentence passes them: the encoder's layers have one."""
        found: dict[AttentionName, AttentionShape] = {"self_attention": self.self_attention}
        return found if self.cross_attention is None else found | {"cross_attention": self.cross_attention}


@dataclass(frozen=True)
class StackShape:
    """One stack (encoder or decoder) and the options it was trained with."""

    layers: tuple[LayerShape, ...]
    pre_norm: bool
    final_norm: bool
    learned_positions: bool
    max_positions: int
    embedding_norm: bool = False


@dataclass(frozen=True)
class Architecture:
    """Everything needed to build the model; `model.json` beside `model.safetensors` holds it.

    `share_embeddings`: "all" (one matrix for source, target and output), "decoder" (target and
    output), "none".
    """

    d_model: int
    source_vocabulary: int
    target_vocabulary: int
    encoder: StackShape
    decoder: StackShape
    share_embeddings: Literal["all", "decoder", "none"]
    activation: Literal["relu", "gelu"] = "relu"
    scale_embedding: bool = True
    dropout: float = 0.1

    @property
    def stacks(self) -> dict[Stack, StackShape]:
        """Both stacks by name, encoder first."""
        return {"encoder": self.encoder, "decoder": self.decoder}

    def with_layers(self, layers: Mapping[Stack, Iterable[LayerShape]]) -> "Architecture":
        """The same but for the layers of both stacks."""
        encoder, decoder = (
            dataclasses.replace(shape, layers=tuple(layers[stack])) for stack, shape in self.stacks.items()
        )
        return dataclasses.replace(self, encoder=encoder, decoder=decoder)

    def to_json(self) -> dict[str, Any]:
        """As plain dictionaries and lists."""
        return dataclasses.asdict(self)

    def write(self, path: str | Path) -> None:
        """Write `model.json`, atomically."""
        write_json(path, self.to_json())

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Architecture":
        """Rebuild from `to_json`'s form; a missing or unknown key raises TPruneError."""
        try:
            fields = dict(value)
            for stack in ("encoder", "decoder"):
                shape = dict(fields[stack])
                shape["layers"] = tuple(_layer(layer) for layer in shape["layers"])
                fields[stack] = StackShape(**shape)
            return cls(**fields)
        except (KeyError, TypeError) as error:
            raise TPruneError(f"model.json: not an architecture of this version ({error})") from error

    @classmethod
    def read(cls, path: str | Path) -> "Architecture":
        """Read `model.json`; an unreadable file raises TPruneError."""
        try:
            value = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise TPruneError(f"{path}: cannot be read as JSON ({error})") from error
        return cls.from_json(value)


def _layer(value: dict[str, Any]) -> LayerShape:
    cross = value["cross_attention"]
    return LayerShape(
        self_attention=AttentionShape(**value["self_attention"]),
        ffn_dim=value["ffn_dim"],
        cross_attention=None if cross is None else AttentionShape(**cross),
    )
