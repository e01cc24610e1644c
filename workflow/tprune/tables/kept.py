"""How much of each component a model keeps, read off two architectures."""

from collections.abc import Iterator

from tprune.model.architecture import Architecture, AttentionShape, LayerShape

COMPONENTS = {
    "encoder_self_attention": ("encoder", "self_attention"),
    "encoder_ffn": ("encoder", "ffn"),
    "decoder_self_attention": ("decoder", "self_attention"),
    "decoder_cross_attention": ("decoder", "cross_attention"),
    "decoder_ffn": ("decoder", "ffn"),
}


def kept_columns(architecture: Architecture, dense: Architecture) -> dict[str, float | int]:
    """`<component>_kept` in [0, 1] for each component of each stack, and `layers_dropped`.

    A fraction is lines left over lines of `dense`, summed over layers and heads; an attention's lines
    are those of its queries and values. A model wider than `dense` has fractions above 1.
    """
    columns: dict[str, float | int] = {}
    for name, (stack, component) in COMPONENTS.items():
        left, total = (sum(_lines(shape, stack, component)) for shape in (architecture, dense))
        columns[f"{name}_kept"] = left / total if total else 0.0
    columns["layers_dropped"] = sum(
        len(dense.stacks[stack].layers) - len(shape.layers) for stack, shape in architecture.stacks.items()
    )
    return columns


def _lines(architecture: Architecture, stack: str, component: str) -> Iterator[int]:
    shape = architecture.encoder if stack == "encoder" else architecture.decoder
    for layer in shape.layers:
        yield _layer_lines(layer, component)


def _layer_lines(layer: LayerShape, component: str) -> int:
    if component == "ffn":
        return layer.ffn_dim
    attention: AttentionShape | None = getattr(layer, component)
    return 0 if attention is None else attention.num_heads * (attention.qk_dim + attention.v_dim)
