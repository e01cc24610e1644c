import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from tprune.lines.coupled_sets import coupled_sets
from tprune.model.architecture import Architecture
from tprune.model.transformer import Transformer
from tprune.penalties.hoyer_square import HoyerSquare, hoyer_square, hoyer_square_slope


def random_norms(*shape: int) -> Tensor:
    torch.manual_seed(2)
    return torch.rand(*shape, dtype=torch.float64) + 0.1


def slow_hoyer_square(norms: list[float]) -> float:
    total, squares = 0.0, 0.0
    for norm in norms:
        total += norm
        squares += norm * norm
    return total * total / squares


def test_equals_a_slow_reference() -> None:
    norms = random_norms(3, 7)
    expected = [slow_hoyer_square(head) for head in norms.tolist()]
    torch.testing.assert_close(hoyer_square(norms), torch.tensor(expected, dtype=torch.float64))


def test_slope_equals_autograd() -> None:
    norms = random_norms(3, 7).requires_grad_()
    hoyer_square(norms).sum().backward()
    assert norms.grad is not None
    torch.testing.assert_close(hoyer_square_slope(norms.detach()), norms.grad)


def test_the_measure_passes_gradcheck() -> None:
    assert gradcheck(hoyer_square, (random_norms(2, 5).requires_grad_(),))


class ClosedForm(torch.autograd.Function):
    """H with our slope as its gradient, for gradcheck to hold against finite differences."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, norms: Tensor) -> Tensor:
        ctx.save_for_backward(norms)
        return hoyer_square(norms)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        (norms,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return gradient[..., None] * hoyer_square_slope(norms)


def test_the_slope_passes_gradcheck() -> None:
    assert gradcheck(ClosedForm.apply, (random_norms(2, 5).requires_grad_(),))


def test_added_gradient_equals_autograd_over_the_parameters(
    model: Transformer, architecture: Architecture
) -> None:
    strengths = {group: 0.5 + 0.1 * i for i, group in enumerate(coupled_sets(architecture))}
    parameters = dict(model.named_parameters())
    penalty = sum(s * hoyer_square(group.norms(parameters)).sum() for group, s in strengths.items())
    assert isinstance(penalty, Tensor)
    penalty.backward()
    weights = {name: p.detach() for name, p in parameters.items()}
    of_loss = {name: torch.randn_like(p) for name, p in weights.items()}
    gradients = {name: gradient.clone() for name, gradient in of_loss.items()}
    HoyerSquare(strengths).add_gradient(weights, gradients)
    for name, p in parameters.items():
        expected = of_loss[name] if p.grad is None else of_loss[name] + p.grad
        torch.testing.assert_close(gradients[name], expected)
    assert any(p.grad is None for p in parameters.values()), "some parameters must be outside the sets"


def test_scale_does_not_matter() -> None:
    norms = random_norms(3, 7)
    torch.testing.assert_close(hoyer_square(1000 * norms), hoyer_square(norms))
    torch.testing.assert_close(hoyer_square_slope(1000 * norms) * 1000, hoyer_square_slope(norms))
    along = (hoyer_square_slope(norms) * norms).sum(dim=-1)
    torch.testing.assert_close(along, torch.zeros_like(along))


@pytest.mark.parametrize("lines", [1, 2, 8])
def test_equal_lines_are_at_the_maximum(lines: int) -> None:
    norms = torch.full((lines,), 0.7, dtype=torch.float64)
    assert hoyer_square(norms).item() == pytest.approx(lines)
    torch.testing.assert_close(hoyer_square_slope(norms), torch.zeros_like(norms))


def test_one_line_alive_is_the_minimum() -> None:
    norms = torch.tensor([0.0, 0.0, 3.0, 0.0], dtype=torch.float64)
    assert hoyer_square(norms).item() == pytest.approx(1)
    assert hoyer_square_slope(norms)[2].item() == pytest.approx(0)


def test_two_lines_by_hand() -> None:
    """Norms 3 and 1: S = 4, Q = 10, H = 1.6, slopes 0.8 * (1 - 1.2) and 0.8 * (1 - 0.4)."""
    norms = torch.tensor([3.0, 1.0], dtype=torch.float64)
    assert hoyer_square(norms).item() == pytest.approx(1.6)
    assert hoyer_square_slope(norms).tolist() == pytest.approx([-0.16, 0.48])


def test_small_lines_shrink_and_large_ones_grow() -> None:
    """The border is at Q / S (DeepHoyer, section 4.1)."""
    norms = random_norms(20)
    border = norms.square().sum() / norms.sum()
    assert torch.equal(hoyer_square_slope(norms) > 0, norms < border)


def test_dead_lines_and_dead_sets_get_no_gradient(model: Transformer, architecture: Architecture) -> None:
    groups = coupled_sets(architecture)
    weights = {name: p.detach() for name, p in model.named_parameters()}
    for view in groups[0].views(weights):
        view.zero_()
    for view in groups[1].views(weights):
        view[0, 1] = 0
    gradients = {name: torch.zeros_like(p) for name, p in weights.items()}
    HoyerSquare(dict.fromkeys(groups, 0.1)).add_gradient(weights, gradients)
    assert all(gradient.isfinite().all() for gradient in gradients.values())
    assert all((view == 0).all() for view in groups[0].views(gradients))
    assert all((view[0, 1] == 0).all() for view in groups[1].views(gradients))
    assert all((view[0, 0] != 0).any() for view in groups[1].views(gradients))
