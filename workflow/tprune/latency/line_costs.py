"""What one line of each coupled set costs: measured milliseconds, from the latency budget.

The budget says how long each component of the decoder takes over a sentence, and the encoder as a whole.
A component's time is divided among its lines, those of all its layers alike; the encoder's in proportion to
the multiply-adds of a line, which are the same for every line of a layer's attention (2 d_model) and of its
feed-forward (2 d_model).
"""

import pandas as pd

from tprune.errors import TPruneError
from tprune.lines.coupled_sets import CoupledSet, coupled_sets
from tprune.model.architecture import Architecture

COMPONENT_OF = {
    "self_attention": "decoder_self_attention",
    "cross_attention": "cross_attention",
    "ffn": "decoder_ffn",
}
"""A coupled set's component in the decoder, and the budget's name for it."""


def line_costs(architecture: Architecture, budget: pd.DataFrame, dtype: str, beam: int) -> dict[str, float]:
    """Milliseconds per line, by the key of the coupled set, for one head's line.

    `budget` as `tprune.latency.budget.divide` makes it. Raises TPruneError where it lacks `dtype` and `beam`.
    """
    rows = budget[(budget["dtype"] == dtype) & (budget["beam"] == beam)]
    if rows.empty:
        raise TPruneError(
            f"latency budget: nothing measured in {dtype} with beam {beam}; "
            "add them to latency.dtypes and latency.beams"
        )
    milliseconds = dict(zip(rows["component"], rows["latency_ms"], strict=True))
    sets = coupled_sets(architecture)
    lines: dict[str, int] = {}
    for group in sets:
        lines[_component(group)] = lines.get(_component(group), 0) + group.heads * group.lines
    return {group.key: milliseconds[_component(group)] / lines[_component(group)] for group in sets}


def _component(group: CoupledSet) -> str:
    return "encoder" if group.stack == "encoder" else COMPONENT_OF[group.component]
