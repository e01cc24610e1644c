"""The sizes that are timed to learn what lines cost: between one line and all, alike and uneven, layers gone.

Two models are the extremes, all lines and one in every head. Half of the others are drawn so that the shares
of each component are spread evenly, independent of each other (a Latin hypercube, McKay et al. 1979), since
effects of components that always shrink together could not be told apart; the other half so that the whole
model's size is, since sums of independent draws are mostly of medium size.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

from tprune.model.architecture import Architecture, AttentionShape, LayerShape, Stack, StackShape

COMPONENTS: tuple[tuple[Stack, str], ...] = (
    ("encoder", "self_attention"),
    ("encoder", "ffn"),
    ("decoder", "self_attention"),
    ("decoder", "cross_attention"),
    ("decoder", "ffn"),
)
Shares = dict[tuple[Stack, str], float]
"""The part of its lines that each component keeps, 0 to 1."""

EXTREMES = ("full", "least")
MODELS = 20
_SPREAD = (0.5, 1.5)  # of widths around their mean


def sizes_to_measure(
    dense: Sequence[Architecture], seed: int, models: int = MODELS
) -> dict[str, Architecture]:
    """Name and sizes of the models to time: `models` reductions of each of `dense`, which differ in width.

    A name is the width and what `_reductions` calls it.
    """
    return {
        f"{architecture.d_model} {name}": size
        for architecture in dense
        for name, size in _reductions(architecture, seed, models).items()
    }


def _reductions(dense: Architecture, seed: int, models: int) -> dict[str, Architecture]:
    """Name and sizes of `models` reductions of `dense`, of which `EXTREMES` are the first two.

    In every second pair of those drawn, layers are of uneven widths; every third lacks layers.
    """
    generator = random.Random(seed)
    drawn = models - len(EXTREMES)
    shares = [*_latin_hypercube(drawn - drawn // 2, generator), *_by_size(drawn // 2, generator)]
    nothing = dict.fromkeys(COMPONENTS, 0.0)
    sizes = dict(zip(EXTREMES, (dense, _scaled(dense, nothing, False, generator)), strict=True))
    for index, share in enumerate(shares):
        size = _scaled(dense, share, index % 4 >= 2, generator)
        if index % 3 == 2:
            encoder, decoder = _fewer(size.encoder, generator), _fewer(size.decoder, generator)
            size = replace(size, encoder=encoder, decoder=decoder)
        sizes[f"drawn {index + 1}"] = size
    return sizes


def _latin_hypercube(count: int, generator: random.Random) -> list[Shares]:
    strata = {component: generator.sample(range(count), count) for component in COMPONENTS}
    return [
        {component: (strata[component][index] + generator.random()) / count for component in COMPONENTS}
        for index in range(count)
    ]


def _by_size(count: int, generator: random.Random) -> list[Shares]:
    return [
        {component: min(1.0, (index + 1) / count * generator.uniform(*_SPREAD)) for component in COMPONENTS}
        for index in range(count)
    ]


def _scaled(dense: Architecture, share: Shares, uneven: bool, generator: random.Random) -> Architecture:
    def lines(most: int, stack: Stack, component: str) -> int:
        spread = generator.uniform(*_SPREAD) if uneven else 1.0
        return max(1, min(most, round(most * share[stack, component] * spread)))

    def attention(shape: AttentionShape, stack: Stack, component: str) -> AttentionShape:
        kept = lines(min(shape.qk_dim, shape.v_dim), stack, component)
        return replace(shape, qk_dim=kept, v_dim=kept)

    def layer(shape: LayerShape, stack: Stack) -> LayerShape:
        cross = shape.cross_attention
        return LayerShape(
            attention(shape.self_attention, stack, "self_attention"),
            lines(shape.ffn_dim, stack, "ffn"),
            None if cross is None else attention(cross, stack, "cross_attention"),
        )

    return dense.with_layers(
        {name: [layer(shape, name) for shape in stack.layers] for name, stack in dense.stacks.items()}
    )


def _fewer(stack: StackShape, generator: random.Random) -> StackShape:
    kept = generator.randint(1, len(stack.layers))
    return replace(stack, layers=stack.layers[:kept])
