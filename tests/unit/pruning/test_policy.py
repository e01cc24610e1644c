"""Which way of choosing lines a request takes, by what it rests on."""

import dataclasses

import torch

from tests.unit.pruning.small_model import HEADS, make_model
from tests.unit.pruning.test_ranking import EVEN
from tprune.lines.coupled_sets import coupled_sets
from tprune.pruning.policy import Evidence, Request, select_lines
from tprune.pruning.score import line_scores
from tprune.pruning.select import select_as_many, select_by_speedup, select_by_threshold

MODEL = make_model()
DENSE_MS = EVEN.milliseconds(MODEL.architecture)
BY_THRESHOLD = Request("shs", 0.01, 0.9, 0, 2, None, seed=3)
BY_SPEEDUP = Request("shs", 0.01, 0, 1.3, 2, None, seed=3)


def test_a_threshold_is_one_of_norms() -> None:
    expected = select_by_threshold(line_scores(MODEL), "shs", 0.01, 0.9, 2)
    assert select_lines(MODEL, BY_THRESHOLD, Evidence()) == expected


def test_a_requested_speedup_ranks_by_norms_or_by_importances() -> None:
    norms = select_lines(MODEL, BY_SPEEDUP, Evidence(EVEN, DENSE_MS))
    shape = MODEL.architecture
    assert norms == select_by_speedup(line_scores(MODEL), EVEN, shape, DENSE_MS, 1.3, "shs", 0.01, 2)
    torch.manual_seed(5)
    worth = {group: torch.rand(group.heads, group.lines) for group in coupled_sets(shape)}
    found = select_lines(MODEL, BY_SPEEDUP, Evidence(EVEN, DENSE_MS, worth))
    assert found == select_by_speedup(worth, EVEN, shape, DENSE_MS, 1.3, "shs", 0.01, 2) != norms


def test_whole_heads_go_where_heads_have_importances() -> None:
    places = {(g.stack, g.layer, g.component) for g in coupled_sets(MODEL.architecture) if g.kind == "qk"}
    importances = {place: tuple(float(head) for head in range(HEADS)) for place in places}
    found = select_lines(
        MODEL, dataclasses.replace(BY_SPEEDUP, method="heads"), Evidence(EVEN, DENSE_MS, None, importances)
    )
    assert found.method == "heads" and found.speedup == 1.3


def test_the_counts_of_another_are_kept_by_norms_or_drawn() -> None:
    other = select_lines(MODEL, BY_SPEEDUP, Evidence(EVEN, DENSE_MS))
    magnitude = dataclasses.replace(BY_SPEEDUP, method="magnitude", strength=0)
    found = select_lines(MODEL, magnitude, Evidence(EVEN, DENSE_MS, matched=other))
    assert found == select_as_many(line_scores(MODEL), other, "magnitude", 0)
    drawn, again, otherwise = (
        select_lines(
            MODEL, dataclasses.replace(magnitude, method="random", seed=seed), Evidence(matched=other)
        )
        for seed in (1, 1, 2)
    )
    assert drawn == again and drawn.sets != otherwise.sets
    assert [len(s.kept[0]) for s in drawn.sets] == [len(s.kept[0]) for s in other.sets]
