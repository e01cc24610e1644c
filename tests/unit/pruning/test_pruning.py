"""Which lines are kept, how many, and that fine-tuning the small model is fine-tuning the masked one."""

import pytest
import torch
from torch.nn import functional

from tprune.compaction.compact import compact
from tprune.compaction.expand import expand
from tprune.lines.coupled_sets import CoupledSet
from tprune.lines.selection import Selection
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.checkpoint import stored_weights
from tprune.model.transformer import Transformer
from tprune.pruning.counts import engine_counts, requested_counts, rounded
from tprune.pruning.drop_layers import drop_layers
from tprune.pruning.score import line_scores, score_table
from tprune.pruning.select import select_as_many, select_by_threshold

QK = CoupledSet("encoder", 0, "self_attention", "qk", 2, 8)
VO = CoupledSet("encoder", 0, "self_attention", "vo", 2, 8)
FFN = CoupledSet("encoder", 0, "ffn", "ffn", 1, 16)


def make_model(pre_norm: bool = True, layers: int = 2) -> Transformer:
    attention = AttentionShape.dense(16, 2)
    encoder = StackShape((LayerShape(attention, 32),) * layers, pre_norm, pre_norm, False, 64)
    decoder = StackShape((LayerShape(attention, 32, attention),) * layers, pre_norm, pre_norm, False, 64)
    torch.manual_seed(0)
    return Transformer(Architecture(16, 40, 40, encoder, decoder, "all", dropout=0.0)).eval()


def alive(counts: list[int], lines: int) -> torch.Tensor:
    """Scores in which the first `counts[head]` lines of a head reach 1 and the others 0.1."""
    scores = torch.full((len(counts), lines), 0.1)
    for head, count in enumerate(counts):
        scores[head, :count] = 1
    return scores


def test_scores_are_norms_beside_the_largest_of_the_head() -> None:
    model = make_model()
    scores = line_scores(model)
    assert all(torch.equal(values.amax(dim=1), torch.ones(group.heads)) for group, values in scores.items())
    table = score_table(scores)
    assert len(table) == sum(group.heads * group.lines for group in scores)


@pytest.mark.parametrize(
    ("count", "round_to", "lines", "expected"),
    [
        (5.0, 4, 64, 4),
        (6.0, 4, 64, 8),
        (0.2, 4, 64, 4),
        (63.0, 8, 64, 64),
        (3.0, 4, 2, 2),
        (5.5, 1, 64, 6),
        (64, 12, 64, 64),
        (1024, 48, 1024, 1024),
    ],
)
def test_rounding(count: float, round_to: int, lines: int, expected: int) -> None:
    assert rounded(count, round_to, lines) == expected


def test_heads_and_both_kinds_of_an_attention_keep_their_mean() -> None:
    scores = {QK: alive([8, 2], 8), VO: alive([4, 2], 8), FFN: alive([5], 16)}
    requested = requested_counts(scores, 0.5)
    assert requested == {QK: (8, 2), VO: (4, 2), FFN: (5,)}
    assert engine_counts(requested, 1) == {QK: 4, VO: 4, FFN: 5}
    assert engine_counts(requested, 4) == {QK: 4, VO: 4, FFN: 4}


def test_the_best_lines_of_each_head_are_kept() -> None:
    model = make_model()
    scores = line_scores(model)
    selection = select_by_threshold(scores, "shs", 0.01, 0.9, 2)
    for chosen in selection.sets:
        values = scores[
            CoupledSet(
                chosen.stack, chosen.layer, chosen.component, chosen.kind, len(chosen.kept), chosen.lines
            )
        ]
        for head, kept in enumerate(chosen.kept):
            gone = [line for line in range(chosen.lines) if line not in kept]
            assert len(kept) % 2 == 0 or len(kept) == chosen.lines
            assert not gone or values[head, list(kept)].min() >= values[head, gone].max()
    assert {s.requested for s in selection.sets} != {s.kept for s in selection.sets}


def test_threshold_zero_keeps_everything() -> None:
    selection = select_by_threshold(line_scores(make_model()), "control", 0, 0, 4)
    assert all(len(head) == s.lines for s in selection.sets for head in s.kept)
    assert selection.dropped_layers == {"encoder": (), "decoder": ()}


def test_a_layer_of_which_nothing_is_left_is_dropped_and_the_others_move_up() -> None:
    model = make_model()
    scores = line_scores(model)
    for group in scores:
        if (group.stack, group.layer) == ("encoder", 0):
            scores[group] = torch.zeros(group.heads, group.lines)
    selection = select_by_threshold(scores, "shs", 0.01, 0.5, 4)
    assert selection.dropped_layers == {"encoder": (0,), "decoder": ()}
    assert {s.layer for s in selection.sets if s.stack == "encoder"} == {0}
    smaller = drop_layers(model, selection.dropped_layers)
    assert len(smaller.architecture.encoder.layers) == 1
    assert torch.equal(smaller.encoder.layers[0].fc1.weight, model.encoder.layers[1].fc1.weight)


def test_the_last_layer_of_a_stack_is_never_dropped() -> None:
    scores = {group: torch.zeros(group.heads, group.lines) for group in line_scores(make_model())}
    selection = select_by_threshold(scores, "shs", 0.01, 0.5, 4)
    assert {stack: len(layers) for stack, layers in selection.dropped_layers.items()} == {
        "encoder": 1,
        "decoder": 1,
    }


def test_magnitude_keeps_as_many_lines_as_the_other_but_its_own_best() -> None:
    other_scores, scores = line_scores(make_model()), line_scores(make_model())
    for group, values in other_scores.items():
        other_scores[group] = values.flip(1) if (group.stack, group.layer) != ("encoder", 0) else values * 0
    other = select_by_threshold(other_scores, "shs", 0.01, 0.9, 2)
    selection = select_as_many(scores, other, "magnitude", 0)
    assert selection.dropped_layers == other.dropped_layers
    counts = [[len(head) for head in s.kept] for s in selection.sets]
    assert counts == [[len(head) for head in s.kept] for s in other.sets]
    assert [s.kept for s in selection.sets] != [s.kept for s in other.sets]
    assert selection.threshold == 0.9 and selection.method == "magnitude"


@pytest.mark.parametrize("pre_norm", [True, False])
def test_training_the_small_model_is_training_the_masked_one(pre_norm: bool) -> None:
    """One SGD step on the compact model, put back to full width, against one on the masked model."""
    model = make_model(pre_norm)
    selection = select_by_threshold(line_scores(model), "shs", 0.01, 0.95, 2)
    assert any(len(s.kept[0]) < s.lines for s in selection.sets)
    small = compact(model, selection)
    masked = expand(small, selection, model.architecture)
    source, target = torch.randint(4, 40, (3, 7)), torch.randint(4, 40, (3, 6))

    def step(network: Transformer) -> None:
        logits, _ = network(source, None, target)
        functional.cross_entropy(logits.flatten(0, 1), target.flatten()).backward()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter -= 0.1 * parameter.grad

    step(small)
    step(masked)
    put_back, held = expand(small, selection, model.architecture), compact(masked, selection)
    for name, value in stored_weights(held).items():
        torch.testing.assert_close(value, stored_weights(small)[name], rtol=1e-5, atol=1e-6)
    for name, value in stored_weights(put_back).items():
        torch.testing.assert_close(value, stored_weights(masked)[name], rtol=1e-5, atol=1e-6)


def test_expanding_puts_zeros_at_the_lines_not_kept_and_nowhere_else() -> None:
    model = make_model()
    selection = select_by_threshold(line_scores(model), "shs", 0.01, 0.95, 2)
    scores = line_scores(expand(compact(model, selection), selection, model.architecture))
    for (_, values), chosen in zip(scores.items(), selection.sets, strict=True):
        for head, kept in enumerate(chosen.kept):
            assert torch.nonzero(values[head]).flatten().tolist() == list(kept)


def test_a_selection_survives_its_file(tmp_path) -> None:
    selection = select_by_threshold(line_scores(make_model()), "shs", 0.01, 0.95, 2)
    selection.write(tmp_path / "lines.json")
    assert Selection.read(tmp_path / "lines.json") == selection
