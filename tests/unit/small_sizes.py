"""Sizes of small dense models."""

from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape


def dense_sizes(
    d_model: int, num_heads: int, ffn_dim: int, vocabulary: int, encoder_layers: int, decoder_layers: int
) -> Architecture:
    """Pre-norm, one matrix of embeddings, 64 positions."""
    attention = AttentionShape.dense(d_model, num_heads)
    return Architecture(
        d_model,
        vocabulary,
        vocabulary,
        StackShape((LayerShape(attention, ffn_dim),) * encoder_layers, True, True, False, 64),
        StackShape((LayerShape(attention, ffn_dim, attention),) * decoder_layers, True, True, False, 64),
        "all",
    )
