from pathlib import Path

import pytest
import torch

from tprune.fairseq_plugin.criterion import label_smoothed_loss
from tprune.fairseq_plugin.distillation import Teacher, distilled_loss
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.checkpoint import save_model
from tprune.model.transformer import Transformer


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


def test_the_teacher_says_what_its_model_would_without_dropout(tmp_path: Path) -> None:
    torch.manual_seed(4)
    attention = AttentionShape.dense(16, 2)
    encoder = StackShape((LayerShape(attention, 24),), True, True, False, 64)
    decoder = StackShape((LayerShape(attention, 24, attention),), True, True, False, 64)
    model = Transformer(Architecture(16, 40, 40, encoder, decoder, "all", dropout=0.5)).eval()
    save_model(model, tmp_path / "model.safetensors", tmp_path / "model.json")
    teacher = Teacher(tmp_path / "model.safetensors", tmp_path / "model.json")

    inputs = {
        "src_tokens": torch.randint(4, 40, (3, 5)),
        "src_lengths": torch.full((3,), 5),
        "prev_output_tokens": torch.randint(4, 40, (3, 6)),
    }
    real = torch.rand(3, 6) < 0.7
    expected = model(**inputs)[0][real].softmax(dim=1)
    torch.testing.assert_close(teacher.probabilities(inputs, real), expected.detach())
    assert not any(parameter.requires_grad for parameter in teacher.model.parameters())
