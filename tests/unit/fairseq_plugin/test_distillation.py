import pytest
import torch

from tprune.fairseq_plugin.criterion import label_smoothed_loss
from tprune.fairseq_plugin.distillation import distilled_loss


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_equals_smoothed_loss_plus_divergence(weight: float) -> None:
    """In value, up to the teacher's entropy, and in gradient."""
    torch.manual_seed(3)
    vocabulary, smoothing = 11, 0.1
    start = 2 * torch.randn(7, vocabulary, dtype=torch.float64)
    teacher = torch.randn(7, vocabulary, dtype=torch.float64).softmax(dim=1)
    target = torch.randint(0, vocabulary, (7,))
    ours, plain = (start.clone().requires_grad_() for _ in range(2))

    loss, nll = distilled_loss(ours, target, teacher, smoothing, weight)
    smoothed, expected_nll = label_smoothed_loss(plain, target, smoothing)
    divergence = torch.nn.functional.kl_div(plain.log_softmax(1), teacher, reduction="sum")
    entropy = -(teacher * teacher.log()).sum()
    expected = (1 - weight) * smoothed + weight * divergence

    torch.testing.assert_close(loss, (expected + weight * entropy).detach())
    torch.testing.assert_close(nll, expected_nll)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(ours.grad, plain.grad)


def test_a_student_that_agrees_with_its_teacher_has_no_gradient() -> None:
    logits = torch.randn(4, 9, dtype=torch.float64, requires_grad=True)
    loss, _ = distilled_loss(
        logits, torch.zeros(4, dtype=torch.long), logits.detach().softmax(dim=1), 0.1, weight=1.0
    )
    loss.backward()
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits))
