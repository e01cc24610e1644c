"""The usual Transformer: all layers of a stack alike, nothing pruned."""

from pathlib import Path
from typing import Literal

from fairseq.data import Dictionary

from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape

MAX_POSITIONS = 1024


def dense_architecture(
    data: Path,
    d_model: int,
    ffn_dim: int,
    num_heads: int,
    encoder_layers: int,
    decoder_layers: int,
    dropout: float,
    pre_norm: bool,
    share_embeddings: Literal["all", "decoder", "none"],
) -> Architecture:
    """A dense architecture for the dictionaries in fairseq-preprocess's folder `data`.

    Positions are sinusoidal (Vaswani et al. 2017).
    """
    attention = AttentionShape.dense(d_model, num_heads)
    encoder = StackShape(
        (LayerShape(attention, ffn_dim),) * encoder_layers, pre_norm, pre_norm, False, MAX_POSITIONS
    )
    decoder = StackShape(
        (LayerShape(attention, ffn_dim, attention),) * decoder_layers, pre_norm, pre_norm, False, MAX_POSITIONS
    )
    source, target = (len(Dictionary.load(str(data / f"dict.{side}.txt"))) for side in ("src", "tgt"))
    return Architecture(d_model, source, target, encoder, decoder, share_embeddings, dropout=dropout)
