"""Key `evaluate`: translation quality on the test set."""

from typing import Annotated

from pydantic import Field

from tprune.config.section import Count, Section


class Evaluate(Section):
    """Decoding of the test set, in every dtype of `latency.dtypes`, and its scores."""

    beam: Count = Field(default=4, description="Beam size of the decoding that is scored.")
    bootstrap_samples: Annotated[int, Field(ge=100)] = Field(
        default=1000, description="Samples of the paired bootstrap against the control."
    )
