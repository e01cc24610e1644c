"""The sizes that a model would have with given numbers of lines."""

import dataclasses
from collections.abc import Mapping

from tprune.model.architecture import Architecture, LayerShape, Stack
from tprune.pruning.counts import Place


def resized(architecture: Architecture, counts: Mapping[Place, int]) -> Architecture:
    """`architecture` with so many lines per head in every place; layers whose counts are all 0 are gone."""
    encoder, decoder = (
        dataclasses.replace(
            shape,
            layers=tuple(
                _layer(layer, stack, index, counts)
                for index, layer in enumerate(shape.layers)
                if any(counts[where] for where in _places(layer, stack, index))
            ),
        )
        for stack, shape in architecture.stacks.items()
    )
    return dataclasses.replace(architecture, encoder=encoder, decoder=decoder)


def _places(layer: LayerShape, stack: Stack, index: int) -> list[Place]:
    components = ["self_attention", "ffn"]
    if layer.cross_attention is not None:
        components.append("cross_attention")
    return [(stack, index, component) for component in components]


def _layer(layer: LayerShape, stack: Stack, index: int, counts: Mapping[Place, int]) -> LayerShape:
    sizes: dict[str, object] = {"ffn_dim": counts[stack, index, "ffn"]}
    for component in ("self_attention", "cross_attention"):
        attention = getattr(layer, component)
        if attention is not None:
            lines = counts[stack, index, component]
            sizes[component] = dataclasses.replace(attention, qk_dim=lines, v_dim=lines)
    return dataclasses.replace(layer, **sizes)  # type: ignore[arg-type]
