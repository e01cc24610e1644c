import dataclasses
from pathlib import Path

import ctranslate2
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pruned_models import (
    architectures,
    mask,
    pieces,
    random_model,
    selections,
    sentence_pairs,
    source_letter,
)
from test_compact import TINY

from tprune.compaction.check import check_engine, check_same_output
from tprune.compaction.compact import compact
from tprune.compaction.ctranslate2_export import Quantization, export
from tprune.errors import TPruneError
from tprune.evaluation.decode import decode
from tprune.model.architecture import AttentionShape, LayerShape
from tprune.model.transformer import Transformer


def write(model: Transformer, directory: Path, quantization: Quantization = "float32") -> Path:
    shape = model.architecture
    source = pieces(source_letter(shape), shape.source_vocabulary)
    export(model, source, pieces("t", shape.target_vocabulary), directory, quantization)
    return directory


def assert_greedy(model: Transformer, source: list[int], output: list[int], limit: int) -> None:
    """Every piece of `output` is the argmax of our own logits after the pieces before it.

    As in fairseq's search, <pad> is never chosen and </s> not at the first step.
    """
    tokens, target = torch.tensor([[*source, 2]]), torch.tensor([[2, *output]])
    with torch.no_grad():
        logits = model(tokens, torch.tensor([tokens.shape[1]]), target)[0][0]
    logits[:, 1] = logits[0, 2] = float("-inf")
    expected = output if len(output) == limit else [*output, 2]
    assert logits.argmax(-1).tolist()[: len(expected)] == expected


@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_the_engine_computes_what_pytorch_does(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    architecture = data.draw(architectures(equal_dims=True))
    model = random_model(architecture)
    directory = write(model, tmp_path_factory.mktemp("engine") / "float32")
    pairs = sentence_pairs(architecture, count=4)
    assert check_engine(model, directory, pairs, threads=1) < 1e-4
    outputs = decode(directory, pairs.sources, "float32", beam=1, threads=1)
    for source, output in zip(pairs.sources, outputs, strict=True):
        ids = [pairs.source_dictionary.index(piece) for piece in source]
        assert_greedy(model, ids, [pairs.target_dictionary.index(piece) for piece in output], limit=64)


@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_masked_and_compact_models_translate_alike(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    architecture = data.draw(architectures(equal_dims=True))
    selection = data.draw(selections(architecture, equal_dims=True))
    model = random_model(architecture)
    mask(model, selection)
    folder = tmp_path_factory.mktemp("alike")
    full, small = write(model, folder / "full"), write(compact(model, selection), folder / "small")
    check_same_output(full, small, sentence_pairs(architecture, count=6).sources, beam=4, threads=1)


def test_translations_that_differ_by_a_tie_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = write(random_model(TINY), tmp_path / "one")
    sources = sentence_pairs(TINY, count=3).sources
    found = decode(one, sources, "float32", beam=4, threads=1)
    turned = iter([found, [[*found[0][::-1], "t5"], *found[1:]]])  # as if a tie had turned the search
    monkeypatch.setattr("tprune.compaction.check.decode", lambda *_: next(turned))
    assert check_same_output(one, one, sources, beam=4, threads=1) == 1


def test_another_model_does_not_pass_for_the_same(tmp_path: Path) -> None:
    one, other = (write(random_model(TINY, seed), tmp_path / str(seed)) for seed in (1, 2))
    pairs = sentence_pairs(TINY)
    with pytest.raises(TPruneError, match="differ from the masked model's"):
        check_same_output(one, other, pairs.sources, beam=4, threads=1)
    with pytest.raises(TPruneError, match="the export does not fit"):
        check_engine(random_model(TINY, 2), one, pairs, threads=1)


def test_int8_is_smaller_and_leaves_the_model_as_it_is(tmp_path: Path) -> None:
    model = random_model(TINY)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    small = write(model, tmp_path / "int8", "int8")
    large = write(model, tmp_path / "float32", "float32")
    matrices = sum(parameter.numel() for parameter in model.parameters() if parameter.dim() == 2)
    saved = (large / "model.bin").stat().st_size - (small / "model.bin").stat().st_size
    assert 2 * matrices < saved < 3 * matrices  # 3 bytes a weight, less a scale for each row
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert ctranslate2.Translator(str(small), compute_type="int8").compute_type == "int8_float32"


def test_an_older_export_is_replaced_whole(tmp_path: Path) -> None:
    directory = write(random_model(TINY), tmp_path / "float32")
    (directory / "left over").touch()
    write(random_model(TINY), directory)
    assert sorted(path.name for path in directory.iterdir()) == [
        "config.json",
        "model.bin",
        "shared_vocabulary.json",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["float32"]


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (LayerShape(AttentionShape(2, 4, 3, 0.5), 6), "qk_dim 4 and v_dim 3"),
        (LayerShape(AttentionShape(4, 4, 4, 0.5), 6), r"encoder's attentions have \[2, 4\] heads"),
    ],
)
def test_what_the_engine_cannot_run_is_said(layer: LayerShape, text: str, tmp_path: Path) -> None:
    encoder = dataclasses.replace(TINY.encoder, layers=(*TINY.encoder.layers, layer))
    with pytest.raises(TPruneError, match=text):
        write(random_model(dataclasses.replace(TINY, encoder=encoder)), tmp_path / "float32")
    assert list(tmp_path.iterdir()) == []


def test_a_dictionary_of_another_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match=r"source dictionary has 19 pieces .* has 20 rows"):
        export(random_model(TINY), pieces("t", 19), pieces("t", 20), tmp_path / "x", "float32")
