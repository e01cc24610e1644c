"""Counts under a latency budget: the budget is met, by what costs most for what it is worth."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.small_sizes import dense_sizes
from tprune.errors import TPruneError
from tprune.latency.latency_model import LatencyModel
from tprune.lines.coupled_sets import CoupledSet, coupled_sets
from tprune.model.architecture import Architecture
from tprune.pruning.counts import place
from tprune.pruning.ranking import Counts, counts_under_budget
from tprune.pruning.resize import resized
from tprune.pruning.score import Scores
from tprune.pruning.select import select_by_speedup

DENSE = dense_sizes(16, 2, 32, 40, encoder_layers=2, decoder_layers=2)
# Every set of lines of one place has the same cost, 32 lines of a feed-forward as 8 in 2 heads.
EVEN = LatencyModel(
    dtype="float32",
    beam=1,
    d_model=16,
    constant_ms=1.0,
    layer_ms={"encoder": 0.0, "decoder": 0.0},
    line_ms={
        "encoder.self_attention": 0.2,
        "encoder.ffn": 0.1,
        "decoder.self_attention": 0.2,
        "decoder.cross_attention": 0.2,
        "decoder.ffn": 0.1,
    },
    knees=[500.0],
    beyond_ms=[0.0],
    error_mean=0.0,
    error_largest=0.0,
)
UNEVEN = dataclasses.replace(
    EVEN,
    layer_ms={"encoder": 0.3, "decoder": 2.0},
    line_ms={**EVEN.line_ms, "encoder.ffn": 0.02, "decoder.ffn": 0.3},
    beyond_ms=[0.004],
)
DENSE_MS = UNEVEN.milliseconds(DENSE)


def scores(seed: int) -> Scores:
    generator = torch.Generator().manual_seed(seed)
    return {group: torch.rand(group.heads, group.lines, generator=generator) for group in coupled_sets(DENSE)}


def chosen(values: Scores, model: LatencyModel, budget_ms: float, round_to: int) -> dict[CoupledSet, int]:
    def milliseconds(counts: Counts) -> float:
        return model.milliseconds(resized(DENSE, counts))

    return counts_under_budget(values, milliseconds, budget_ms, round_to)


def sizes(counts: dict[CoupledSet, int]) -> Architecture:
    return resized(DENSE, {(g.stack, g.layer, g.component): count for g, count in counts.items()})


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.3, 1.2), st.floats(0.3, 1.2), st.sampled_from([1, 3, 4]))
def test_every_budget_is_met_and_a_smaller_one_keeps_a_subset(
    seed: int, one: float, other: float, round_to: int
) -> None:
    dense = UNEVEN.milliseconds(DENSE)
    tight, loose = (chosen(scores(seed), UNEVEN, share * dense, round_to) for share in sorted([one, other]))
    assert UNEVEN.milliseconds(sizes(tight)) <= min(one, other) * dense
    assert UNEVEN.milliseconds(sizes(loose)) <= max(one, other) * dense
    if all(tight.values()):  # where a layer goes, others' lines may come back
        assert all(tight[group] <= loose[group] for group in tight)
    for group, count in tight.items():
        assert count in (0, 1, group.lines) or count % round_to == 0


def test_a_budget_above_the_dense_time_keeps_everything() -> None:
    counts = chosen(scores(1), UNEVEN, UNEVEN.milliseconds(DENSE), 4)
    assert all(count == group.lines for group, count in counts.items())


def test_equal_scores_and_equal_costs_leave_equal_shares() -> None:
    equal = {group: torch.ones(group.heads, group.lines) for group in coupled_sets(DENSE)}
    counts = chosen(equal, EVEN, 1.0 + 0.5 * (EVEN.milliseconds(DENSE) - 1.0), 1)
    shares = [count / group.lines for group, count in counts.items()]
    assert max(shares) - min(shares) <= 1 / 8
    assert sum(shares) / len(shares) == pytest.approx(0.5, abs=0.05)


def test_lines_that_are_worth_less_or_cost_more_go_first() -> None:
    cheap = {
        group: torch.full((group.heads, group.lines), 0.1 if group.layer == 0 else 1.0)
        for group in coupled_sets(DENSE)
    }
    counts = chosen(cheap, EVEN, 0.8 * EVEN.milliseconds(DENSE), 1)
    assert all(counts[group] == group.lines for group in counts if group.layer == 1)
    equal = {group: torch.ones(group.heads, group.lines) for group in coupled_sets(DENSE)}
    dear = dataclasses.replace(EVEN, line_ms={**EVEN.line_ms, "decoder.ffn": 1.0})
    counts = chosen(equal, dear, 0.8 * dear.milliseconds(DENSE), 1)
    assert {(g.stack, g.component) for g, count in counts.items() if count < g.lines} == {("decoder", "ffn")}


def test_surplus_decoder_layers_go_first_those_worth_least() -> None:
    worth = {
        group: torch.full((group.heads, group.lines), 0.3 if group.layer == 0 else 1.0)
        for group in coupled_sets(DENSE)
    }
    selection = select_by_speedup(worth, UNEVEN, DENSE, DENSE_MS, 1.0001, "shs", 0.01, 4, decoder_layers=1)
    assert selection.dropped_layers == {"encoder": (), "decoder": (0,)}
    assert all(s.count == s.lines for s in selection.sets)
    both = select_by_speedup(worth, UNEVEN, DENSE, DENSE_MS, 1.0001, "shs", 0.01, 4, decoder_layers=2)
    assert both.dropped_layers["decoder"] == ()


def test_a_layer_with_a_large_overhead_goes_whole() -> None:
    model = dataclasses.replace(EVEN, layer_ms={"encoder": 0.0, "decoder": 30.0})
    values = {
        group: torch.full(
            (group.heads, group.lines), 0.3 if (group.stack, group.layer) == ("decoder", 1) else 1.0
        )
        for group in coupled_sets(DENSE)
    }
    selection = select_by_speedup(values, model, DENSE, model.milliseconds(DENSE), 1.2, "shs", 0.01, 4)
    assert selection.dropped_layers == {"encoder": (), "decoder": (1,)}
    assert selection.speedup == 1.2 and selection.threshold == 0
    assert all(len(head) == s.lines for s in selection.sets for head in s.kept)


def test_a_layer_that_frees_more_than_was_asked_brings_lines_of_others_back() -> None:
    model = dataclasses.replace(UNEVEN, layer_ms={"encoder": 0.3, "decoder": 12.0})
    dense = model.milliseconds(DENSE)
    refilled = 0
    for seed in range(5):
        for share in (0.85, 0.75, 0.65, 0.55):
            counts = chosen(scores(seed), model, share * dense, 4)
            if all(counts.values()):
                continue
            refilled += 1
            now = model.milliseconds(sizes(counts))
            assert now <= share * dense
            # Nothing more fits: four lines of any place that is not whole exceed the budget.
            for group, count in counts.items():
                if 0 < count < group.lines:
                    more = {
                        other: 4 * (count // 4 + 1) if place(other) == place(group) else kept
                        for other, kept in counts.items()
                    }
                    assert model.milliseconds(sizes(more)) > share * dense
    assert refilled > 5


def test_the_kept_lines_are_the_best_of_each_head() -> None:
    values = scores(3)
    selection = select_by_speedup(values, UNEVEN, DENSE, DENSE_MS, 1.5, "shs", 0.01, 2)
    assert {s.lines - len(s.kept[0]) for s in selection.sets} != {0}
    for group, s in zip(values, selection.sets, strict=True):
        for head, kept in enumerate(s.kept):
            assert kept == tuple(sorted(values[group][head].argsort(descending=True)[: len(kept)].tolist()))


def test_a_narrowed_model_is_held_to_the_time_of_the_baseline() -> None:
    # Of twice the time: at the speed-up of 2 nothing need go, beyond it lines do.
    whole = select_by_speedup(scores(3), UNEVEN, DENSE, 2 * DENSE_MS, 1.999, "shs", 0.01, 4)
    assert all(s.count == s.lines for s in whole.sets)
    assert select_by_speedup(
        scores(3), UNEVEN, DENSE, 2 * DENSE_MS, 3, "shs", 0.01, 4
    ) == dataclasses.replace(
        select_by_speedup(scores(3), UNEVEN, DENSE, DENSE_MS, 1.5, "shs", 0.01, 4), speedup=3
    )


def test_what_cannot_be_reached_is_refused_with_the_nearest_speed_up() -> None:
    least = sizes({group: 1 if group.layer == 0 else 0 for group in coupled_sets(DENSE)})
    nearest = UNEVEN.milliseconds(DENSE) / UNEVEN.milliseconds(least)
    with pytest.raises(TPruneError, match=f"speed-up of 50 .* the nearest is {nearest:.2f}"):
        select_by_speedup(scores(1), UNEVEN, DENSE, DENSE_MS, 50, "shs", 0.01, 4)
    selection = select_by_speedup(scores(1), UNEVEN, DENSE, DENSE_MS, nearest * 0.999, "shs", 0.01, 4)
    assert {len(s.kept[0]) for s in selection.sets} == {1}
