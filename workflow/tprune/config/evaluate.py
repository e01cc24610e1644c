"""Key `evaluate`: translation quality on the test set."""

from typing import Annotated

from pydantic import Field

from tprune.config.section import Section


class Evaluate(Section):
    """Scores of the test set, decoded in every dtype of `latency.dtypes` with every beam that is timed.

    A beam that comes in (`latency.beams`, a device's, `target.beam`) has all models decoded again.
    """

    bootstrap_samples: Annotated[int, Field(ge=100)] = Field(
        default=1000, description="Samples of the paired bootstrap against the control."
    )
