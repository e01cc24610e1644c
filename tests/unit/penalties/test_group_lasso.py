import math

import pytest
import torch
from torch import Tensor

from tprune.lines.blocks import blocks
from tprune.lines.coupled_sets import coupled_sets
from tprune.model.architecture import Architecture
from tprune.model.transformer import Transformer
from tprune.penalties.group_lasso import BlockLasso, SetLasso, survival

LR, STRENGTH = 0.1, 2.0


def weights_of(model: Transformer) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in model.named_parameters()}


@pytest.mark.parametrize("threshold", [0.3, 1.0, 50.0])
def test_a_step_is_the_proximal_point(threshold: float) -> None:
    """It minimises |x - g|^2 / 2 + threshold |x|: no other point is lower, near or far."""
    torch.manual_seed(3)
    line = torch.randn(6, dtype=torch.float64)

    def objective(x: Tensor) -> float:
        return ((x - line).square().sum() / 2 + threshold * x.norm()).item()

    found = line * survival(line.norm(), threshold)
    others = [
        found + size * torch.randn(6, dtype=torch.float64) for size in (1e-4, 1e-2, 1) for _ in range(50)
    ]
    assert all(objective(found) <= objective(other) for other in [*others, torch.zeros_like(line), line])
    assert found.any() == (threshold < line.norm().item())


def slow_lines(matrix: list[list[float]], lr_strength: float) -> list[list[float]]:
    shrunk = []
    for line in matrix:
        norm = math.sqrt(sum(entry * entry for entry in line))
        factor = max(0.0, 1 - lr_strength * math.sqrt(len(line)) / norm) if norm > 0 else 0.0
        shrunk.append([entry * factor for entry in line])
    return shrunk


def transposed(matrix: list[list[float]]) -> list[list[float]]:
    return [list(line) for line in zip(*matrix, strict=True)]


def test_block_lasso_equals_a_slow_reference(model: Transformer, architecture: Architecture) -> None:
    """In every head the output lines first, then the input lines."""
    weights = weights_of(model)
    expected = {}
    for block in blocks(architecture):
        heads = []
        for head in block.view(weights[block.parameter]).tolist():
            by_output = slow_lines(head, LR * STRENGTH)
            heads.append(transposed(slow_lines(transposed(by_output), LR * STRENGTH)))
        expected[block.parameter] = torch.tensor(heads, dtype=torch.float64)
    untouched = {name: value.clone() for name, value in weights.items() if name not in expected}
    BlockLasso(blocks(architecture), STRENGTH).shrink(weights, LR)
    for block in blocks(architecture):
        torch.testing.assert_close(block.view(weights[block.parameter]), expected[block.parameter])
    assert all(torch.equal(weights[name], value) for name, value in untouched.items())


@pytest.mark.parametrize("axis", ["output", "input"])
def test_weak_lines_die_exactly(model: Transformer, architecture: Architecture, axis: str) -> None:
    """A line a thousandth of the others' size is all zeros after one step, and stays so; others live on."""
    weights = weights_of(model)
    chosen = blocks(architecture)
    for block in chosen:
        view = block.view(weights[block.parameter])
        (view[-1, 0] if axis == "output" else view[-1, :, 0]).mul_(1e-3)
    penalty = BlockLasso(chosen, 0.1)
    for _ in range(2):
        penalty.shrink(weights, LR)
        for block in chosen:
            norms = block.norms(weights, axis)  # type: ignore[arg-type]
            assert norms[-1, 0] == 0
            assert (norms[-1, 1:] > 0).all()


def test_coupled_lines_shrink_by_one_common_factor(model: Transformer, architecture: Architecture) -> None:
    weights = weights_of(model)
    groups = coupled_sets(architecture)
    strengths = {group: 0.05 * (i + 1) for i, group in enumerate(groups)}
    before = {name: value.clone() for name, value in weights.items()}
    SetLasso(strengths).shrink(weights, LR)
    for group, strength in strengths.items():
        old = group.views(before)
        entries = sum(view.shape[2] for view in old)
        for head in range(group.heads):
            for line in range(group.lines):
                norm = math.sqrt(sum(view[head, line].square().sum().item() for view in old))
                factor = 1 - LR * strength * math.sqrt(entries) / norm
                assert 0 < factor < 1, "the test is about lines that live"
                for was, now in zip(old, group.views(weights), strict=True):
                    torch.testing.assert_close(now[head, line], was[head, line] * factor)
    covered = {name for group in groups for name in group.parameters}
    assert all(torch.equal(weights[name], before[name]) for name in before if name not in covered)


def test_a_weak_coupled_line_dies_in_all_its_matrices(model: Transformer, architecture: Architecture) -> None:
    weights = weights_of(model)
    groups = coupled_sets(architecture)
    for group in groups:
        for view in group.views(weights):
            view[0, 1].mul_(1e-3)
    SetLasso(dict.fromkeys(groups, 0.1)).shrink(weights, LR)
    for group in groups:
        assert all((view[0, 1] == 0).all() for view in group.views(weights))
        assert all((view[0, 0] != 0).any() for view in group.views(weights))


@pytest.mark.parametrize("method", [BlockLasso, SetLasso])
def test_gradients_are_left_alone(
    model: Transformer, architecture: Architecture, method: type[BlockLasso] | type[SetLasso]
) -> None:
    penalty = (
        BlockLasso(blocks(architecture), 1.0)
        if method is BlockLasso
        else SetLasso(dict.fromkeys(coupled_sets(architecture), 1.0))
    )
    gradients = {name: torch.ones_like(p) for name, p in weights_of(model).items()}
    penalty.add_gradient(weights_of(model), gradients)
    assert all((gradient == 1).all() for gradient in gradients.values())
