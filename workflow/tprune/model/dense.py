"""The usual Transformer: all layers of a stack alike, nothing pruned."""

from pathlib import Path
from typing import Literal

from fairseq.data import Dictionary

from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape

MAX = 1024  # positions; sinusoids cost nothing


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
    encoder_layer, decoder_layer = LayerShape(attention, ffn_dim), LayerShape(attention, ffn_dim, attention)
    encoder, decoder = (
        StackShape(
            (layer,) * count, pre_norm, final_norm=pre_norm, learned_positions=False, max_positions=MAX
        )
        for layer, count in ((encoder_layer, encoder_layers), (decoder_layer, decoder_layers))
    )
    source, target = (len(Dictionary.load(str(data / f"dict.{side}.txt"))) for side in ("src", "tgt"))
    return Architecture(d_model, source, target, encoder, decoder, share_embeddings, dropout=dropout)
