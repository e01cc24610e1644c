"""The sizes that a model would have with given numbers of lines."""

import dataclasses
from collections.abc import Mapping

from tprune.model.architecture import Architecture, LayerShape, Stack
from tprune.pruning.counts import Place


def resized(architecture: Architecture, counts: Mapping[Place, int]) -> Architecture:
    """`architecture` with so many lines per head in every place; layers whose counts are all 0 are gone."""
    return architecture.with_layers(
        {
            stack: [
                _layer(layer, stack, index, counts)
                for index, layer in enumerate(shape.layers)
                if any(counts[stack, index, component] for component in ("ffn", *layer.attentions))
            ]
            for stack, shape in architecture.stacks.items()
        }
    )


def _layer(layer: LayerShape, stack: Stack, index: int, counts: Mapping[Place, int]) -> LayerShape:
    sizes: dict[str, object] = {"ffn_dim": counts[stack, index, "ffn"]}
    for component, attention in layer.attentions.items():
        lines = counts[stack, index, component]
        sizes[component] = dataclasses.replace(attention, qk_dim=lines, v_dim=lines)
    return dataclasses.replace(layer, **sizes)  # type: ignore[arg-type]
