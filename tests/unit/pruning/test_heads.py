"""Whole-head pruning: the importance of heads, and which of them go for a latency."""

import logging
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from tests.unit.pruning.small_model import HEADS, make_model, padded_batch
from tprune.compaction.compact import compact
from tprune.compaction.expand import expand
from tprune.errors import TPruneError
from tprune.model.architecture import Architecture
from tprune.model.checkpoint import stored_weights
from tprune.model.transformer import Transformer
from tprune.pruning import head_importance
from tprune.pruning.head_importance import (
    Importances,
    batch_sensitivities,
    head_importances,
    read_importances,
    write_importances,
)
from tprune.pruning.select_heads import select_heads, with_heads
from tprune.tables.kept import kept_columns

ENCODER = ("encoder", 0, "self_attention")
DECODER = ("decoder", 0, "self_attention")
CROSS = ("decoder", 0, "cross_attention")


def sentence_loss(model: Transformer, batch: dict[str, object], sentence: int) -> torch.Tensor:
    inputs = {name: value[sentence : sentence + 1] for name, value in batch["net_input"].items()}  # type: ignore[attr-defined]
    logits, _ = model(**inputs)
    return functional.cross_entropy(logits[0], batch["target"][sentence], ignore_index=1, reduction="sum")  # type: ignore[index]


def test_a_sensitivity_is_the_losss_slope_when_the_heads_output_is_scaled() -> None:
    """Against central differences of the loss, the head's columns of the output projection scaled."""
    model, batch = make_model(), padded_batch()
    found = batch_sensitivities(model, batch)
    assert list(found) == [ENCODER, DECODER, CROSS]
    modules = {
        ENCODER: model.encoder.layers[0].self_attn,
        DECODER: model.decoder.layers[0].self_attn,
        CROSS: model.decoder.layers[0].encoder_attn,
    }
    step = 1e-5
    for place, attention in modules.items():
        weight = attention.out_proj.weight
        for head in range(HEADS):
            columns = slice(head * 4, head * 4 + 4)
            losses = []
            for factor in (1 + step, 1 - step):
                before = weight.detach().clone()
                with torch.no_grad():
                    weight[:, columns] *= factor
                    losses.append([sentence_loss(model, batch, sentence) for sentence in range(3)])
                    weight.copy_(before)
            slopes = [(up - down) / (2 * step) for up, down in zip(*losses, strict=True)]
            torch.testing.assert_close(
                found[place][:, head], torch.stack(slopes).detach(), rtol=1e-5, atol=1e-7
            )


def test_the_model_is_left_as_it_was() -> None:
    model, batch = make_model(), padded_batch()
    before, _ = model(**batch["net_input"])
    batch_sensitivities(model, batch)
    after, _ = model(**batch["net_input"])
    assert torch.equal(before, after)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_importances_over_a_sample_of_the_training_text(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(vocabulary=8)
    with torch.no_grad():  # this head's output goes nowhere
        model.decoder.layers[0].encoder_attn.out_proj.weight[:, 4:8] = 0
    everything = head_importances(model, data, max_tokens=40, seed=1)
    assert set(everything) == {ENCODER, DECODER, CROSS}
    assert all(sum(x * x for x in values) == pytest.approx(1) for values in everything.values())
    assert everything[CROSS][1] == 0 and min(everything[ENCODER]) > 0
    # How sentences are batched does not matter, which are drawn does.
    assert head_importances(model, data, max_tokens=20, seed=2)[CROSS] == pytest.approx(everything[CROSS])
    monkeypatch.setattr(head_importance, "SENTENCES", 4)
    one, same, other = (head_importances(model, data, max_tokens=40, seed=seed) for seed in (1, 1, 2))
    assert one == same != other
    write_importances(one, tmp_path / "head_importance.json")
    assert read_importances(tmp_path / "head_importance.json") == one


def test_a_model_that_has_diverged_is_told(data: Path) -> None:
    model = make_model(vocabulary=8)
    with torch.no_grad():
        model.encoder.layers[0].fc1.bias[0] = float("nan")
    with pytest.raises(
        TPruneError, match=r"encoder\.0\.self_attention: the importance of a head is not finite"
    ):
        head_importances(model, data, max_tokens=40, seed=1)


@pytest.mark.parametrize("text", ["{", "[]", '{"encoder.0": [1]}', '{"encoder.0.self_attention": 1}'])
def test_another_file_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "head_importance.json").write_text(text)
    with pytest.raises(TPruneError, match=r"head_importance\.json: not the importance of heads"):
        read_importances(tmp_path / "head_importance.json")


IMPORTANCES: Importances = {
    ENCODER: (0.5, 0.1, 0.8, 0.3),
    DECODER: (0.9, 0.2, 0.1, 0.4),
    CROSS: (0.1, 0.6, 0.7, 0.4),
}


def milliseconds(architecture: Architecture) -> float:
    """4 ms beside the attention, 0.5 ms a head of the encoder and 0.25 a head of the decoder."""
    encoder, decoder = architecture.encoder.layers[0], architecture.decoder.layers[0]
    assert decoder.cross_attention is not None
    heads = decoder.self_attention.num_heads + decoder.cross_attention.num_heads
    return 4 + 0.5 * encoder.self_attention.num_heads + 0.25 * heads


def staying(speedup: float) -> dict[tuple[str, int, str], list[int]]:
    selection = select_heads(IMPORTANCES, make_model().architecture, milliseconds, speedup)
    by_kind = [
        {
            (s.stack, s.layer, s.component): [h for h, kept in enumerate(s.kept) if len(kept) == s.lines]
            for s in selection.sets
            if s.kind == kind
        }
        for kind in ("qk", "vo")
    ]
    assert by_kind[0] == by_kind[1]
    assert [s.kept for s in selection.sets if s.component == "ffn"] == [(tuple(range(24)),)] * 2
    return by_kind[0]


def test_the_heads_go_that_cost_least_importance_for_the_time_they_save() -> None:
    every = list(range(HEADS))
    assert staying(1.0) == {ENCODER: every, DECODER: every, CROSS: every}
    # 0.1 for 0.5 ms in the encoder; 0.1 + 0.1 for 0.5 ms in the decoder's two attentions.
    assert staying(8 / 7.5) == {ENCODER: [0, 2, 3], DECODER: every, CROSS: every}
    assert staying(8 / 7.2) == {ENCODER: [0, 2, 3], DECODER: [0, 1, 3], CROSS: [1, 2, 3]}
    # Next 0.3 in the encoder, before 0.2 + 0.4.
    assert staying(8 / 6.5) == {ENCODER: [0, 2], DECODER: [0, 1, 3], CROSS: [1, 2, 3]}


def test_a_speed_up_out_of_reach_takes_all_but_the_best_heads_and_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        assert staying(2.0) == {ENCODER: [2], DECODER: [0], CROSS: [2]}
    # 4 + 0.5 + 0.5 ms are left, 4 were asked.
    assert "the predicted latency is 5 ms, 1 ms above the budget" in caplog.text
    assert "a speed-up of 1.60, not the 2 asked" in caplog.text


def test_importances_of_another_model_are_refused() -> None:
    others = {place: values for place, values in IMPORTANCES.items() if place != CROSS}
    with pytest.raises(TPruneError, match="8 heads of 2 attentions, which are not the model's 12 of 3"):
        select_heads(others, make_model().architecture, milliseconds, 1.5)


@given(speedup=st.floats(1, 3))
@settings(max_examples=20, deadline=None)
def test_the_compact_model_is_the_one_that_was_predicted_and_goes_back_to_full_width(speedup: float) -> None:
    model = make_model()
    selection = select_heads(IMPORTANCES, model.architecture, milliseconds, speedup)
    small = compact(model, selection)
    encoder, decoder = small.architecture.encoder.layers[0], small.architecture.decoder.layers[0]
    heads = {"encoder": encoder.self_attention.num_heads, "decoder": decoder.self_attention.num_heads}
    assert small.architecture == with_heads(model.architecture, heads)  # type: ignore[arg-type]
    if speedup < 8 / 5:
        assert milliseconds(model.architecture) >= speedup * milliseconds(small.architecture)
    kept = kept_columns(small.architecture, model.architecture)
    assert kept["encoder_self_attention_kept"] == heads["encoder"] / HEADS
    assert kept["decoder_cross_attention_kept"] == heads["decoder"] / HEADS
    masked = expand(small, selection, model.architecture)
    again = compact(masked, selection)
    for name, value in stored_weights(again).items():
        assert torch.equal(value, stored_weights(small)[name])
