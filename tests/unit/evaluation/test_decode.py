import json
import logging
from pathlib import Path

import pytest
import torch

from tprune.compaction.ctranslate2_export import export
from tprune.errors import TPruneError
from tprune.evaluation.decode import decode, load_translator
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.transformer import Transformer

ATTENTION = AttentionShape(2, 4, 4, 0.5)
PIECES = ["<s>", "<pad>", "</s>", "<unk>", *(f"t{i}" for i in range(8))]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that never ends by itself: the end mark is the least likely piece."""
    torch.manual_seed(3)
    encoder = StackShape((LayerShape(ATTENTION, 6),), True, True, False, 100)
    decoder = StackShape((LayerShape(ATTENTION, 6, ATTENTION),), True, True, False, 100)
    model = Transformer(Architecture(16, 12, 12, encoder, decoder, "none")).eval()
    with torch.no_grad():
        model.decoder.layer_norm.bias.fill_(1.0)
        model.decoder.layer_norm.weight.fill_(0.1)
        model.decoder.output_projection.weight[2] = -5.0
    made = tmp_path_factory.mktemp("model") / "float32"
    export(model, PIECES, PIECES, made, "float32")
    return made


def test_order_and_limits_do_not_depend_on_the_company(directory: Path) -> None:
    sources = [["t1"] * 20, ["t2"], [], ["t3", "t4"], ["t5"] * 40]
    together = decode(directory, sources, "float32", beam=2, threads=1)
    alone = [decode(directory, [source], "float32", beam=2, threads=1)[0] for source in sources]
    assert together == alone
    # 2 n + 32, rounded up to a multiple of 32, no more than the model's 100 positions; nothing for nothing
    assert [len(hypothesis) for hypothesis in together] == [96, 64, 0, 64, 100]


def test_a_source_longer_than_the_model_is_cut_and_said(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        long, fitting = decode(directory, [["t1"] * 250, ["t1"] * 99], "float32", beam=1, threads=1)
    assert long == fitting
    assert "1 sentences are longer than the model's 100 positions" in caplog.text


def test_positions_come_from_the_model(directory: Path) -> None:
    config = json.loads((directory / "config.json").read_text())
    assert (config["max_source_positions"], config["max_target_positions"]) == (100, 100)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match=str(tmp_path)):
        load_translator(tmp_path, "float32", 1)
