from pathlib import Path

import pytest
import torch
from stock_models import EACH_OPTION, PAD, batch, stock
from torch.nn import functional

from tprune.model.fairseq_checkpoint import load_fairseq_checkpoint
from tprune.model.transformer import Transformer


def gradients(model: Transformer, sample: dict[str, torch.Tensor], bfloat16: bool) -> dict[str, torch.Tensor]:
    model.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
        logits, _ = model(**sample)
    real = sample["prev_output_tokens"].ne(PAD)
    functional.cross_entropy(logits[real].float(), sample["prev_output_tokens"][real]).backward()
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("option", ["defaults", "pre_norm"])
def test_bfloat16_gradients_point_where_float32_ones_do(tmp_path: Path, option: str) -> None:
    reference = stock(tmp_path, [*EACH_OPTION[option], "--dropout", "0.3"])
    model = load_fairseq_checkpoint(reference.save(), *reference.dictionaries).train()
    sample = batch(reference)
    torch.manual_seed(1)
    exact = gradients(model, sample, bfloat16=False)
    torch.manual_seed(1)
    rough = gradients(model, sample, bfloat16=True)
    assert set(rough) == set(exact) == {name for name, _ in model.named_parameters()}
    assert all(gradient.dtype == torch.float32 for gradient in rough.values())
    one, other = (torch.cat([found[name].flatten() for name in exact]) for found in (exact, rough))
    assert functional.cosine_similarity(one, other, dim=0) > 0.99
    assert not torch.equal(one, other), "autocast was not in effect"
