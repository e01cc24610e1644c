import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pruned_models import architectures, mask, random_model, selections, sentence_pairs

from tprune.compaction.check import check_equal
from tprune.compaction.compact import compact
from tprune.errors import TPruneError
from tprune.lines.selection import SelectedSet, Selection
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape

ATTENTION = AttentionShape(2, 4, 4, 0.5)
TINY = Architecture(
    d_model=16,
    source_vocabulary=20,
    target_vocabulary=20,
    encoder=StackShape((LayerShape(ATTENTION, 6),), True, True, False, 72),
    decoder=StackShape((LayerShape(ATTENTION, 6, ATTENTION),), True, True, False, 72),
    share_embeddings="all",
)
KEPT = ((0, 2), (1, 3))
COUPLINGS = {
    "encoder qk": (SelectedSet("encoder", 0, "self_attention", "qk", 4, (2, 2), KEPT), 2 * (2 * 16 + 2)),
    "encoder vo": (SelectedSet("encoder", 0, "self_attention", "vo", 4, (2, 2), KEPT), 2 * (2 * 16 + 1)),
    "decoder qk": (SelectedSet("decoder", 0, "self_attention", "qk", 4, (2, 2), KEPT), 2 * (2 * 16 + 2)),
    "decoder vo": (SelectedSet("decoder", 0, "self_attention", "vo", 4, (2, 2), KEPT), 2 * (2 * 16 + 1)),
    "cross qk": (SelectedSet("decoder", 0, "cross_attention", "qk", 4, (2, 2), KEPT), 2 * (2 * 16 + 2)),
    "cross vo": (SelectedSet("decoder", 0, "cross_attention", "vo", 4, (2, 2), KEPT), 2 * (2 * 16 + 1)),
    "encoder ffn": (SelectedSet("encoder", 0, "ffn", "ffn", 6, (4,), ((0, 2, 3, 5),)), 2 * 16 + 1),
    "decoder ffn": (SelectedSet("decoder", 0, "ffn", "ffn", 6, (4,), ((0, 2, 3, 5),)), 2 * 16 + 1),
}


def of(*sets: SelectedSet) -> Selection:
    return Selection("shs", 0.01, 0.3, 1, sets)


def attention_of(chosen: SelectedSet) -> tuple[str, int, str]:
    return (chosen.stack, chosen.layer, chosen.component)


def dropped_heads(selection: Selection, chosen: SelectedSet) -> list[int]:
    """Heads of which no line of queries, keys and values is kept."""
    sets = [s for s in selection.sets if attention_of(s) == attention_of(chosen)]
    return [head for head in range(len(chosen.kept)) if all(s.kept[head] == () for s in sets)]


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_the_compact_model_has_the_masked_models_logits(data: st.DataObject) -> None:
    architecture = data.draw(architectures(equal_dims=False))
    selection = data.draw(selections(architecture, equal_dims=False))
    model = random_model(architecture)
    mask(model, selection)
    small = compact(model, selection)
    check_equal(model, small, sentence_pairs(architecture).batches(size=3))
    for chosen in selection.sets:
        layer = small.architecture.stacks[chosen.stack].layers[chosen.layer]
        width = max(1, chosen.count)
        if chosen.kind == "ffn":
            assert layer.ffn_dim == width
        else:
            attention = getattr(layer, chosen.component)
            before = getattr(architecture.stacks[chosen.stack].layers[chosen.layer], chosen.component)
            assert attention.scale == before.scale
            empty = not any(any(s.kept) for s in selection.sets if attention_of(s) == attention_of(chosen))
            dropped = [] if empty else dropped_heads(selection, chosen)
            assert attention.num_heads == before.num_heads - len(dropped)
            assert (attention.qk_dim if chosen.kind == "qk" else attention.v_dim) == width


@pytest.mark.parametrize("name", COUPLINGS)
def test_each_coupling_removes_its_lines_everywhere(name: str) -> None:
    chosen, parameters_per_pair_of_lines = COUPLINGS[name]
    model = random_model(TINY)
    mask(model, of(chosen))
    small = compact(model, of(chosen))
    check_equal(model, small, sentence_pairs(TINY).batches())
    before, after = (sum(p.numel() for p in m.parameters()) for m in (model, small))
    assert before - after == 2 * parameters_per_pair_of_lines


@pytest.mark.parametrize("name", COUPLINGS)
def test_the_check_fails_when_a_wrong_line_is_removed(name: str) -> None:
    chosen, _ = COUPLINGS[name]
    model = random_model(TINY)
    mask(model, of(chosen))
    first, *others = chosen.kept
    removed = next(line for line in range(chosen.lines) if line not in first)
    wrong = dataclasses.replace(chosen, kept=(tuple(sorted({removed, *first[1:]})), *others))
    with pytest.raises(TPruneError, match=r"lines\.json and the masked model do not belong together"):
        check_equal(model, compact(model, of(wrong)), sentence_pairs(TINY).batches())


def test_a_small_difference_beside_a_large_logit_is_found() -> None:
    model = random_model(TINY)
    with torch.no_grad():
        model.decoder.layer_norm.weight *= 100
        model.decoder.layer_norm.bias *= 100
    other = compact(model, None)
    with torch.no_grad():
        other.decoder.layer_norm.bias[0] += 3e-4
    with pytest.raises(TPruneError, match="in float64"):
        check_equal(model, other, sentence_pairs(TINY).batches())


def test_a_model_that_is_not_a_number_is_refused() -> None:
    model = random_model(TINY)
    with torch.no_grad():
        model.decoder.layers[0].fc1.bias[0] = float("nan")
    with pytest.raises(TPruneError, match="not finite"):
        check_equal(model, compact(model, None), sentence_pairs(TINY).batches())


def test_without_a_selection_everything_is_kept() -> None:
    model = random_model(TINY)
    small = compact(model, None)
    assert small.architecture == TINY
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), small.parameters(), strict=True))


def test_the_masked_model_is_left_as_it_is() -> None:
    model = random_model(TINY)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    small = compact(model, of(COUPLINGS["encoder ffn"][0]))
    with torch.no_grad():
        for parameter in small.parameters():
            parameter.zero_()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_head_is_gone_only_when_queries_and_values_are() -> None:
    qk, vo = (
        SelectedSet("encoder", 0, "self_attention", kind, 4, (4, 0), ((0, 1, 2, 3), ()))
        for kind in ("qk", "vo")
    )
    model = random_model(TINY)
    mask(model, of(qk, vo))
    small = compact(model, of(qk, vo))
    check_equal(model, small, sentence_pairs(TINY).batches())
    assert small.architecture.encoder.layers[0].self_attention == dataclasses.replace(ATTENTION, num_heads=1)
    halves = (dataclasses.replace(vo, kept=((0,), (1,))), dataclasses.replace(vo, kept=((), (0, 1, 2, 3))))
    for sets in ((qk,), *((qk, half) for half in halves)):
        with pytest.raises(TPruneError, match="keep different numbers of lines"):
            compact(model, of(*sets))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"layer": 3}, "no such set"),
        ({"stack": "encoder", "component": "cross_attention"}, "no such set"),
        ({"lines": 5}, "2 heads of 5 lines, but the model has 2 of 4"),
        ({"kept": ((0,), (1, 2))}, "different numbers of lines"),
    ],
)
def test_a_selection_of_another_model_is_named(change: dict[str, object], text: str) -> None:
    chosen = dataclasses.replace(COUPLINGS["decoder qk"][0], **change)
    with pytest.raises(TPruneError, match=text):
        compact(random_model(TINY), of(chosen))
