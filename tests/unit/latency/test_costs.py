from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tprune.latency.assignment import Settings
from tprune.latency.costs import count_costs, decoder_multiply_adds, encoder_multiply_adds
from tprune.latency.job import Artefact
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.checkpoint import save_model
from tprune.model.transformer import Transformer

SOURCE, OUTPUT = 9, 6


def counted(architecture: Architecture) -> int:
    """Multiply-adds of a forward pass of the torch model, as its operators report them."""
    model = Transformer(architecture).eval()
    source, output = torch.full((1, SOURCE), 5), torch.full((1, OUTPUT), 6)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(source, torch.tensor([SOURCE]), output)
    return counter.get_total_flops() // 2


def test_formula_equals_what_the_model_does(uneven: Architecture) -> None:
    # All positions at once: each of them meets all `OUTPUT` positions, masked or not.
    formula = SOURCE * encoder_multiply_adds(uneven, SOURCE) + OUTPUT * decoder_multiply_adds(
        uneven, SOURCE, OUTPUT
    )
    assert formula == counted(uneven)


def test_costs_of_artefacts(
    tmp_path: Path, artefacts: list[Artefact], encoded: tuple[Path, Path], uneven: Architecture
) -> None:
    weights, shape = tmp_path / "model.safetensors", tmp_path / "model.json"
    model = Transformer(uneven)
    save_model(model, weights, shape)
    settings = Settings([1, 4], threads=1, sentences=100, warm_up=0, seed=1)
    table = count_costs(artefacts, [weights] * 2, [shape] * 2, *encoded, settings)
    assert table[["model", "dtype"]].to_numpy().tolist() == [
        ["control", "float32"],
        ["control", "int8"],
        ["shs_0.01_0.2", "float32"],
        ["shs_0.01_0.2", "int8"],
    ]
    assert (table["parameters"] == sum(p.numel() for p in model.parameters())).all()
    source, output = table["source_tokens"].iloc[0], table["output_tokens"].iloc[0]
    expected = decoder_multiply_adds(uneven, source, (output + 1) / 2)
    expected += encoder_multiply_adds(uneven, source) * source / output
    assert table["multiply_adds"].tolist() == [round(expected)] * 4
    for artefact, bytes_ in zip(artefacts, table["file_bytes"], strict=True):
        assert bytes_ == (artefact.directory / "model.bin").stat().st_size
    assert (table["peak_memory_bytes"] > table["file_bytes"]).all()
    assert (table["peak_memory_bytes"] < 200e6).all()


def test_dense_model_by_hand() -> None:
    attention = AttentionShape.dense(8, 2)
    model = Architecture(
        d_model=8,
        source_vocabulary=10,
        target_vocabulary=10,
        encoder=StackShape((LayerShape(attention, 32),), True, True, False, max_positions=9),
        decoder=StackShape((LayerShape(attention, 32, attention),), True, True, False, max_positions=9),
        share_embeddings="none",
    )
    # 4 d^2 projections, 2 d S scores and sum, 2 d f; and 2 d^2 for the decoder's keys and values.
    assert encoder_multiply_adds(model, 5) == 4 * 64 + 2 * 8 * 5 + 2 * 8 * 32 + 2 * 64
    # self 4 d^2 + 2 d C, cross 2 d^2 + 2 d S, ffn 2 d f, output d V
    expected = 4 * 64 + 2 * 8 * 3 + 2 * 64 + 2 * 8 * 5 + 2 * 8 * 32 + 8 * 10
    assert decoder_multiply_adds(model, 5, 3) == pytest.approx(expected)
