"""Milliseconds per line add up to the budget they are taken from, and weigh the sets in proportion."""

import pandas as pd
import pytest

from tprune.errors import TPruneError
from tprune.latency.line_costs import line_costs
from tprune.lines.coupled_sets import coupled_sets
from tprune.model.architecture import Architecture
from tprune.profile.cost_strengths import cost_strengths

MILLISECONDS = {
    "encoder": 2.0,
    "decoder_self_attention": 6.0,
    "cross_attention": 3.0,
    "decoder_ffn": 12.0,
    "output_projection": 5.0,
    "per_step_overhead": 1.0,
}


@pytest.fixture
def budget() -> pd.DataFrame:
    rows = [("float32", 4, name, time) for name, time in MILLISECONDS.items()]
    return pd.DataFrame(rows, columns=["dtype", "beam", "component", "latency_ms"])


def test_all_lines_of_a_component_cost_its_time(uneven: Architecture, budget: pd.DataFrame) -> None:
    costs = line_costs(uneven, budget, "float32", 4)
    total = {"encoder": 0.0, "self_attention": 0.0, "cross_attention": 0.0, "ffn": 0.0}
    for group in coupled_sets(uneven):
        part = "encoder" if group.stack == "encoder" else group.component
        total[part] += costs[group.key] * group.heads * group.lines
    assert total == pytest.approx({"encoder": 2, "self_attention": 6, "cross_attention": 3, "ffn": 12})


def test_strengths_follow_the_costs_and_the_mean_line_has_one(
    uneven: Architecture, budget: pd.DataFrame
) -> None:
    sets = coupled_sets(uneven)
    costs = line_costs(uneven, budget, "float32", 4)
    strengths = cost_strengths(sets, costs)
    lines = {group.key: group.heads * group.lines for group in sets}
    mean = sum(strengths[key] * count for key, count in lines.items()) / sum(lines.values())
    assert mean == pytest.approx(1, abs=1e-3)
    first, second = sets[0].key, sets[-1].key
    assert strengths[first] / strengths[second] == pytest.approx(costs[first] / costs[second], rel=1e-2)


def test_a_budget_without_the_setting_is_refused(uneven: Architecture, budget: pd.DataFrame) -> None:
    with pytest.raises(TPruneError, match=r"int8 with beam 4.*latency\.dtypes"):
        line_costs(uneven, budget, "int8", 4)
