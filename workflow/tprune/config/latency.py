"""Key `latency`: how latency is measured, on every device."""

from typing import Annotated, Literal

from pydantic import Field

from tprune.config.section import Count, Distinct, Section


class Latency(Section):
    """Batch-1 latency of the compact models, interleaved sentence by sentence in one process."""

    beams: Annotated[list[Count], Field(min_length=1), Distinct] = Field(
        default=[1, 4], description="Beam sizes that are timed (engines that decode greedily: 1 alone)."
    )
    dtypes: Annotated[list[Literal["float32", "int8"]], Field(min_length=1), Distinct] = Field(
        default=["float32", "int8"], description="Number formats of the weights that are scored and timed."
    )
    threads: Count = Field(
        default=1, description="Threads of the engine, pinned to as many cores; a device may have its own."
    )
    sentences: Count = Field(default=100, description="Sentences of the test set that are timed.")
    warm_up: Annotated[int, Field(ge=0)] = Field(
        default=30, description="Sentences translated by each model before timing begins."
    )
    bootstrap_samples: Annotated[int, Field(ge=100)] = Field(
        default=1000, description="Samples of the bootstrap for the speed-up's interval."
    )
