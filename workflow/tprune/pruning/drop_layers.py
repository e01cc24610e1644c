"""Taking out whole layers."""

import dataclasses
import re
from collections.abc import Mapping

from tprune.model.checkpoint import load_weights, stored_weights
from tprune.model.transformer import Transformer

_LAYER = re.compile(r"^(encoder|decoder)\.layers\.(\d+)\.")


def drop_layers(model: Transformer, dropped: Mapping[str, tuple[int, ...]]) -> Transformer:
    """A model without the layers of the given indices per stack; the others move up."""
    architecture = model.architecture
    kept: dict[str, list[int]] = {
        stack: [i for i in range(len(shape.layers)) if i not in dropped.get(stack, ())]
        for stack, shape in architecture.stacks.items()
    }
    encoder, decoder = (
        dataclasses.replace(shape, layers=tuple(shape.layers[i] for i in kept[stack]))
        for stack, shape in architecture.stacks.items()
    )
    weights = {}
    for name, value in stored_weights(model).items():
        match = _LAYER.match(name)
        if match is None:
            weights[name] = value
        elif int(match[2]) in kept[match[1]]:
            weights[f"{match[1]}.layers.{kept[match[1]].index(int(match[2]))}.{name[match.end() :]}"] = value
    smaller = Transformer(dataclasses.replace(architecture, encoder=encoder, decoder=decoder))
    load_weights(smaller, weights, "the model without its dropped layers")
    return smaller.eval()
