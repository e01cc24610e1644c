"""The same architecture with one component reduced to almost nothing, for the latency budget."""

from dataclasses import replace

from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape

COMPONENTS = (
    "encoder",
    "decoder_self_attention",
    "cross_attention",
    "decoder_ffn",
    "output_projection",
)
LINES_LEFT = 1  # of each attention head, and of the feed-forward
VOCABULARY_LEFT = 32  # output rows; a beam needs twice its size of candidates


def reduced(architecture: Architecture, *components: str) -> Architecture:
    """`architecture` with each of `components` (names of `COMPONENTS`) reduced to almost nothing.

    The encoder keeps one layer, of one line; an attention keeps one line per head, the feed-forward one
    line, the output projection `VOCABULARY_LEFT` pieces. Without components: the same sizes.
    Embeddings are never shared, in any variant, so that the target vocabulary can shrink alone; a matrix
    less shared costs no time, since an embedding is only looked up.
    """
    result = replace(architecture, share_embeddings="none")
    for component in components:
        result = _reduce(result, component)
    return result


def _reduce(architecture: Architecture, component: str) -> Architecture:
    if component == "encoder":
        return replace(architecture, encoder=_reduced_encoder(architecture.encoder))
    if component == "output_projection":
        rows = min(VOCABULARY_LEFT, architecture.target_vocabulary)
        return replace(architecture, target_vocabulary=rows)
    layers = tuple(_reduced_layer(layer, component) for layer in architecture.decoder.layers)
    decoder: StackShape = replace(architecture.decoder, layers=layers)
    return replace(architecture, decoder=decoder)


def _reduced_encoder(encoder: StackShape) -> StackShape:
    # CTranslate2 needs one layer in a stack.
    layers = tuple(
        replace(layer, self_attention=_reduced_attention(layer.self_attention), ffn_dim=LINES_LEFT)
        for layer in encoder.layers[:1]
    )
    return replace(encoder, layers=layers)


def _reduced_layer(layer: LayerShape, component: str) -> LayerShape:
    if component == "decoder_ffn":
        return replace(layer, ffn_dim=LINES_LEFT)
    if component == "decoder_self_attention":
        return replace(layer, self_attention=_reduced_attention(layer.self_attention))
    if component == "cross_attention":
        if layer.cross_attention is None:
            return layer
        return replace(layer, cross_attention=_reduced_attention(layer.cross_attention))
    raise ValueError(f"{component} is none of {COMPONENTS}")


def _reduced_attention(shape: AttentionShape) -> AttentionShape:
    return replace(shape, qk_dim=LINES_LEFT, v_dim=LINES_LEFT)
