from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from fairseq.data import Dictionary
from torch import Tensor

from tprune.fairseq_plugin.criterion import TPruneCrossEntropy, label_smoothed_loss
from tprune.fairseq_plugin.distillation import LIKELIEST, Likeliest, Teacher, distilled_loss
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.checkpoint import save_model
from tprune.model.transformer import Transformer


def likeliest_of(distributions: Tensor, count: int) -> Likeliest:
    probabilities, words = distributions.topk(count, dim=1)
    return Likeliest(words, probabilities)


def completed(teacher: Likeliest, vocabulary: int) -> Tensor:
    """The distributions [N, V] that a teacher's words stand for: what is left is spread evenly."""
    left = 1 - teacher.probabilities.sum(dim=1, keepdim=True)
    spread = left / (vocabulary - teacher.words.shape[1])
    return spread.repeat(1, vocabulary).scatter(1, teacher.words, teacher.probabilities)


@pytest.mark.parametrize("count", [3, 10])
@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_equals_smoothed_loss_plus_divergence(weight: float, count: int) -> None:
    """In value, up to the teacher's entropy, and in gradient."""
    torch.manual_seed(3)
    vocabulary, smoothing = 11, 0.1
    start = 2 * torch.randn(7, vocabulary, dtype=torch.float64)
    said = likeliest_of(torch.randn(7, vocabulary, dtype=torch.float64).softmax(dim=1), count)
    teacher = completed(said, vocabulary)
    target = torch.randint(0, vocabulary, (7,))
    ours, plain = (start.clone().requires_grad_() for _ in range(2))

    loss, nll = distilled_loss(ours, target, said, smoothing, weight)
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
    # All words but one: nothing of the distribution is lost.
    said = likeliest_of(logits.detach().softmax(dim=1), 8)
    loss, _ = distilled_loss(logits, torch.zeros(4, dtype=torch.long), said, 0.1, weight=1.0)
    loss.backward()
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    torch.manual_seed(4)
    attention = AttentionShape.dense(16, 2)
    encoder = StackShape((LayerShape(attention, 24),), True, True, False, 64)
    decoder = StackShape((LayerShape(attention, 24, attention),), True, True, False, 64)
    model = Transformer(Architecture(16, 40, 40, encoder, decoder, "all", dropout=0.5)).eval()
    save_model(model, tmp_path / "model.safetensors", tmp_path / "model.json")
    return tmp_path / "model.safetensors", tmp_path / "model.json"


@pytest.fixture
def sample() -> dict[str, Any]:
    torch.manual_seed(5)
    net_input = {
        "src_tokens": torch.randint(4, 40, (3, 5)),
        "src_lengths": torch.full((3,), 5),
        "prev_output_tokens": torch.randint(4, 40, (3, 6)),
    }
    return {"id": torch.tensor([7, 2, 30]), "net_input": net_input}


REAL = torch.tensor([[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0]], dtype=torch.bool)


def test_the_teacher_says_what_its_model_would_without_dropout(
    files: tuple[Path, Path], sample: dict[str, Any]
) -> None:
    teacher = Teacher(*files)
    expected = teacher.model(**sample["net_input"])[0][REAL].softmax(dim=1).topk(LIKELIEST, dim=1)
    words, probabilities = teacher.ask(sample["net_input"], REAL)
    assert words.equal(expected.indices)
    torch.testing.assert_close(probabilities, expected.values)
    assert not any(parameter.requires_grad for parameter in teacher.model.parameters())


def test_a_sentence_is_remembered_in_whatever_batch_it_comes(
    files: tuple[Path, Path], sample: dict[str, Any]
) -> None:
    teacher = Teacher(*files)
    first = teacher.likeliest(sample, REAL)
    other = {
        "id": sample["id"].flip(0)[:2],
        "net_input": {key: value.flip(0)[:2] for key, value in sample["net_input"].items()},
    }
    expected = teacher.ask(other["net_input"], REAL.flip(0)[:2])
    del teacher.model  # cannot be asked again
    again = teacher.likeliest(sample, REAL)
    assert again.words.equal(first.words) and again.probabilities.equal(first.probabilities)
    moved = teacher.likeliest(other, REAL.flip(0)[:2])
    assert moved.words.equal(expected.words)
    torch.testing.assert_close(moved.probabilities, expected.probabilities)


def test_the_loss_of_training_is_that_of_its_teacher_and_weight(
    files: tuple[Path, Path], sample: dict[str, Any]
) -> None:
    sample |= {"target": torch.randint(4, 40, REAL.shape).where(REAL, 1), "ntokens": int(REAL.sum())}
    model = Teacher(*files).model.double()
    logits = model(**sample["net_input"])[0][REAL]
    target, said = sample["target"][REAL], Teacher(*files).ask(sample["net_input"], REAL)
    task = SimpleNamespace(target_dictionary=Dictionary())
    losses = {}
    for weight in (0.0, 0.3, 0.7):
        teacher = map(str, files) if weight else (None, None)
        criterion = TPruneCrossEntropy(task, False, 0.1, "float32", *teacher, weight)
        losses[weight], size, logged = criterion(model, sample)
        expected, _ = distilled_loss(logits, target, said, 0.1, weight)
        torch.testing.assert_close(losses[weight], expected, check_dtype=False)
        assert (size, float(logged["loss"])) == (11, float(losses[weight]))
    assert len(set(map(float, losses.values()))) == 3


def test_what_does_not_fit_is_asked_for_each_time(files: tuple[Path, Path], sample: dict[str, Any]) -> None:
    teacher = Teacher(*files, room=int(REAL.sum()) - 1)
    first, again = (teacher.likeliest(sample, REAL) for _ in range(2))
    assert again.words.equal(first.words)
    del teacher.model
    with pytest.raises(AttributeError):
        teacher.likeliest(sample, REAL)
