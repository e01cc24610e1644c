import math

import pytest
import torch

from tprune.model.dropout import ResidualDropout

COUNT = 400_000


@pytest.mark.parametrize("p", [0.05, 0.1, 0.3, 0.5, 0.9])
def test_rate_and_mean(p: float) -> None:
    """Within five standard deviations of what independent draws would give."""
    torch.manual_seed(3)
    result = ResidualDropout(p).train()(torch.zeros(COUNT), torch.ones(COUNT))
    dropped = result.eq(0)
    deviation = 5 * math.sqrt(p * (1 - p) / COUNT)
    assert dropped.float().mean().item() == pytest.approx(p, abs=deviation)
    assert result.mean().item() == pytest.approx(1, abs=deviation / (1 - p))
    # p is rounded to 1/65536
    torch.testing.assert_close(
        result[~dropped], torch.full_like(result[~dropped], 1 / (1 - p)), rtol=2e-4, atol=0
    )


def test_neighbours_are_independent() -> None:
    """Four elements come from one draw: no pair within it, nor across draws, may be tied."""
    torch.manual_seed(4)
    kept = ResidualDropout(0.5).train()(torch.zeros(COUNT), torch.ones(COUNT)).ne(0).float()
    for distance in range(1, 9):
        together = (kept[:-distance] * kept[distance:]).mean().item()
        assert together == pytest.approx(0.25, abs=5 * math.sqrt(0.25 * 0.75 / COUNT))


def test_every_update_draws_anew_and_a_seed_repeats_it() -> None:
    dropout, zeros, ones = ResidualDropout(0.3).train(), torch.zeros(1001), torch.ones(1001)
    torch.manual_seed(5)
    first, second = dropout(zeros, ones), dropout(zeros, ones)
    torch.manual_seed(5)
    assert torch.equal(dropout(zeros, ones), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("shape", [(7,), (3, 5, 13), (2, 1, 4)])
def test_gradient_is_the_mask(shape: tuple[int, ...]) -> None:
    torch.manual_seed(6)
    residual = torch.randn(shape, requires_grad=True)
    branch = torch.randn(shape, requires_grad=True)
    upstream = torch.randn(shape)
    result = ResidualDropout(0.4).train()(residual, branch)
    result.backward(upstream)
    factor = (result - residual).detach() / branch.detach()
    assert residual.grad is not None and branch.grad is not None
    assert torch.equal(residual.grad, upstream)
    assert torch.equal(branch.grad == 0, factor == 0)
    torch.testing.assert_close(branch.grad, factor * upstream)


@pytest.mark.parametrize(("p", "training"), [(0.0, True), (0.4, False)])
def test_nothing_is_dropped(p: float, training: bool) -> None:
    residual, branch = torch.randn(3, 4), torch.randn(3, 4)
    assert torch.equal(ResidualDropout(p).train(training)(residual, branch), residual + branch)
