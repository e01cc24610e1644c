import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from tprune.lines.coupled_sets import CoupledSet, coupled_sets
from tprune.model.architecture import Architecture
from tprune.model.transformer import Transformer

# Per kind, the two sides of a pair, as (parameter, whether the line is a row of it).
SIDES = {
    "qk": (
        [("q_proj.weight", True), ("q_proj.bias", True)],
        [("k_proj.weight", True), ("k_proj.bias", True)],
    ),
    "vo": ([("v_proj.weight", True), ("v_proj.bias", True)], [("out_proj.weight", False)]),
    "ffn": ([("fc1.weight", True), ("fc1.bias", True)], [("fc2.weight", False)]),
}
MODULES = {"self_attention": "self_attn.", "cross_attention": "encoder_attn.", "ffn": ""}


def members(model: Transformer, group: CoupledSet, head: int, line: int) -> list[list[Tensor]]:
    """Both sides of one coupled line, each entry by its index in the whole matrix."""
    parameters = dict(model.named_parameters())
    index = head * group.lines + line

    def part(name: str, is_row: bool) -> Tensor:
        full = f"{group.stack}.layers.{group.layer}.{MODULES[group.component]}{name}"
        return parameters[full].detach()[index] if is_row else parameters[full].detach()[:, index]

    return [[part(*member) for member in side] for side in SIDES[group.kind]]


def lines_of(group: CoupledSet) -> Iterator[tuple[int, int]]:
    return ((head, line) for head in range(group.heads) for line in range(group.lines))


def outputs(model: Transformer) -> Tensor:
    source = torch.tensor([[4, 7, 9, 11, 2], [1, 1, 5, 6, 2]])
    with torch.no_grad():
        logits, _ = model(source, torch.tensor([5, 3]), torch.tensor([[2, 5, 8], [2, 6, 4]]))
    return logits


def change(tensors: list[Tensor]) -> None:
    for tensor in tensors:
        tensor.copy_(3 * torch.randn_like(tensor))


@pytest.mark.parametrize("first", [0, 1], ids=["forwards", "backwards"])
def test_without_one_of_a_pair_the_other_is_dead_weight(
    model: Transformer, architecture: Architecture, first: int
) -> None:
    """Every line of every head of every attention and feed-forward, both ways."""
    original = {name: value.clone() for name, value in model.state_dict().items()}
    for group in coupled_sets(architecture):
        for head, line in lines_of(group):
            pair = members(model, group, head, line)
            before = outputs(model)
            change(pair[1 - first])
            assert (outputs(model) - before).abs().max() > 1e-6, f"{group} is not part of the model"
            for tensor in pair[first]:
                tensor.zero_()
            without = outputs(model)
            change(pair[1 - first])
            torch.testing.assert_close(outputs(model), without, rtol=0, atol=1e-12)
            model.load_state_dict(original)


def test_lines_meet_only_their_own(model: Transformer, architecture: Architecture) -> None:
    """Without line 0 of one side, line 1 of the other still counts, so the pairing is by index."""
    for group in coupled_sets(architecture):
        for side in (0, 1):
            for tensor in members(model, group, 0, 0)[side]:
                tensor.zero_()
            before = outputs(model)
            change(members(model, group, 0, 1)[1 - side])
            assert (outputs(model) - before).abs().max() > 1e-6


def test_norms_equal_a_slow_reference(model: Transformer, architecture: Architecture) -> None:
    weights = dict(model.named_parameters())
    for group in coupled_sets(architecture):
        found = group.norms(weights)
        assert found.shape == (group.heads, group.lines)
        for head, line in lines_of(group):
            entries = [
                x for side in members(model, group, head, line) for tensor in side for x in tensor.view(-1)
            ]
            expected = math.sqrt(sum(entry.item() ** 2 for entry in entries))
            assert found[head, line].item() == pytest.approx(expected, rel=1e-9)


def test_views_reach_the_lines_of_the_matrices(model: Transformer, architecture: Architecture) -> None:
    weights = {name: p.detach() for name, p in model.named_parameters()}
    for number, group in enumerate(coupled_sets(architecture)):
        for view in group.views(weights):
            assert view.shape[:2] == (group.heads, group.lines)
            view[-1, 0] = 100 + number
        for side in members(model, group, group.heads - 1, 0):
            assert all((tensor == 100 + number).all() for tensor in side)


def test_sets_share_no_parameter_and_miss_only_the_output_biases(
    model: Transformer, architecture: Architecture
) -> None:
    covered = [name for group in coupled_sets(architecture) for name in group.parameters]
    assert len(covered) == len(set(covered))
    missed = {name for name, _ in model.named_parameters() if ".layers." in name} - set(covered)
    assert all("norm" in name or name.endswith(("out_proj.bias", "fc2.bias")) for name in missed)


def test_a_set_names_itself(architecture: Architecture) -> None:
    group = next(group for group in coupled_sets(architecture) if group.component == "cross_attention")
    assert group.key == "decoder.0.cross_attention.qk"
    assert str(group) == (
        "decoder.0.cross_attention.qk: 3 x 2 lines of decoder.layers.0.encoder_attn.q_proj.weight, "
        "decoder.layers.0.encoder_attn.q_proj.bias, decoder.layers.0.encoder_attn.k_proj.weight, "
        "decoder.layers.0.encoder_attn.k_proj.bias"
    )
