import pytest
import torch
from fairseq.criterions.label_smoothed_cross_entropy import label_smoothed_nll_loss

from tprune.fairseq_plugin.criterion import label_smoothed_loss

PAD = 1


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("vocabulary", [5, 300])
def test_equals_stock_in_value_and_gradient(smoothing: float, vocabulary: int) -> None:
    """Ours sees the real tokens alone, stock fairseq all of them and their padding."""
    torch.manual_seed(2)
    logits = 3 * torch.randn(4, 6, vocabulary, dtype=torch.float64)
    target = torch.randint(2, vocabulary, (4, 6))
    target[:, 4:] = PAD
    padded, real = (logits.clone().requires_grad_() for _ in range(2))

    log_probabilities = torch.log_softmax(padded, dim=-1).view(-1, vocabulary)
    expected, expected_nll = label_smoothed_nll_loss(
        log_probabilities, target.view(-1, 1), smoothing, ignore_index=PAD
    )
    kept = target.ne(PAD)
    loss, nll = label_smoothed_loss(real[kept], target[kept], smoothing)
    torch.testing.assert_close(loss, expected.squeeze(), rtol=1e-5, atol=0)
    torch.testing.assert_close(nll, expected_nll.squeeze(), rtol=1e-5, atol=0)

    expected.sum().backward()
    loss.backward()
    torch.testing.assert_close(real.grad, padded.grad, rtol=1e-5, atol=1e-12)
