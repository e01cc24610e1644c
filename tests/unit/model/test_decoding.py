from pathlib import Path

import pytest
import torch
from stock_models import EACH_OPTION, PAD, batch, stock

from tprune.model.fairseq_checkpoint import load_fairseq_checkpoint
from tprune.model.transformer import Transformer


@pytest.fixture(params=["defaults", "pre_norm", "learned_decoder_positions", "embedding_norm"])
def loaded(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Transformer, dict[str, torch.Tensor]]:
    reference = stock(tmp_path, EACH_OPTION[request.param])
    return load_fairseq_checkpoint(reference.save(), *reference.dictionaries), batch(reference)


@torch.no_grad()
def test_step_by_step_equals_all_at_once(loaded: tuple[Transformer, dict[str, torch.Tensor]]) -> None:
    model, sample = loaded
    target = sample["prev_output_tokens"]
    expected, _ = model(**sample)
    memory = model.encoder(sample["src_tokens"], sample["src_lengths"])
    state: dict[str, object] = {}
    for length in range(1, target.shape[1] + 1):
        step, _ = model.decoder(target[:, :length], memory, incremental_state=state)
        assert step.shape[1] == 1
        real = target[:, length - 1].ne(PAD)
        torch.testing.assert_close(step[real, 0], expected[real, length - 1], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_caches_follow_when_hypotheses_change_places(
    loaded: tuple[Transformer, dict[str, torch.Tensor]],
) -> None:
    """Two steps, then the sentences in another order, one of them twice: as beam search does."""
    model, sample = loaded
    order = torch.tensor([2, 0, 0, 3])
    target = torch.tensor([[2, 5, 7], [2, 6, 9], [2, 8, 4], [2, 4, 10]])
    memory = model.encoder(sample["src_tokens"], sample["src_lengths"])
    state: dict[str, object] = {}
    for length in (1, 2):
        model.decoder(target[:, :length], memory, incremental_state=state)
    model.decoder.reorder_incremental_state_scripting(state, order)
    reordered = model.encoder.reorder_encoder_out(memory, order)
    step, _ = model.decoder(target[order], reordered, incremental_state=state)
    expected, _ = model(sample["src_tokens"][order], sample["src_lengths"][order], target[order])
    torch.testing.assert_close(step[:, 0], expected[:, -1], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_padding_changes_nothing(loaded: tuple[Transformer, dict[str, torch.Tensor]]) -> None:
    """A sentence alone, and the same in a batch of longer ones, padded left."""
    model, sample = loaded
    together, _ = model(**sample)
    for row, length in enumerate(sample["src_lengths"].tolist()):
        source = sample["src_tokens"][row : row + 1, -length:]
        target = sample["prev_output_tokens"][row : row + 1]
        target = target[:, : int(target.ne(PAD).sum())]
        alone, _ = model(source, torch.tensor([length]), target)
        torch.testing.assert_close(alone[0], together[row, : target.shape[1]], atol=1e-5, rtol=1e-5)
