"""The validation loss, on text with sentences that are too long."""

import logging
import math
from pathlib import Path

import pytest
import torch

from tprune.corpus.binarise import binarise
from tprune.errors import TPruneError
from tprune.evaluation.valid_loss import valid_loss
from tprune.model.architecture import Architecture, AttentionShape, LayerShape, StackShape
from tprune.model.transformer import Transformer

POSITIONS = 12
SHORT = ["a b c", "c b", "b a a c"]
LONG = ["a " * POSITIONS, "b " * 30]  # one piece too long for the model, with </s>; and for the batch


def binarised(folder: Path, valid: list[str]) -> Path:
    for split, sentences in (("train", SHORT), ("valid", valid), ("test", SHORT)):
        for side in ("src", "tgt"):
            (folder / f"{split}.{side}").write_text("".join(f"{line.strip()}\n" for line in sentences))
    binarise(folder, folder / "data-bin", joined_dictionary=True, workers=1)
    return folder / "data-bin"


@pytest.fixture
def model() -> Transformer:
    """Every logit is 0: the loss is that of a uniform guess."""
    attention = AttentionShape.dense(8, 2)
    encoder = StackShape((LayerShape(attention, 8),), True, True, False, POSITIONS)
    decoder = StackShape((LayerShape(attention, 8, attention),), True, True, False, POSITIONS)
    model = Transformer(Architecture(8, 8, 8, encoder, decoder, "all"))
    with torch.no_grad():
        model.decoder.output_projection.weight.zero_()
    return model


def test_sentences_too_long_are_left_out_and_counted(
    model: Transformer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = binarised(tmp_path, SHORT + LONG)
    with caplog.at_level(logging.WARNING):
        loss = valid_loss(model, data, max_tokens=24)
    assert loss == pytest.approx(math.log(8))
    assert "2 of 5 pairs are left out" in caplog.text


def test_text_with_nothing_short_enough_is_told(model: Transformer, tmp_path: Path) -> None:
    data = binarised(tmp_path, LONG)
    with pytest.raises(TPruneError, match="no pair of valid has at most 12 pieces"):
        valid_loss(model, data, max_tokens=24)
