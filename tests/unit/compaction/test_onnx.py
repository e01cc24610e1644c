import dataclasses
import json
from pathlib import Path

import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pruned_models import architectures, pieces, random_model, sentence_pairs, source_letter
from test_compact import TINY

from tprune.compaction.artefacts import CheckText
from tprune.compaction.ctranslate2_export import Quantization
from tprune.compaction.onnx_check import compare, make_onnx
from tprune.compaction.onnx_export import export_onnx
from tprune.errors import TPruneError
from tprune.latency.onnxruntime_engine import OnnxRuntimeEngine
from tprune.model.checkpoint import save_model
from tprune.model.transformer import Transformer


def write(model: Transformer, directory: Path, dtype: Quantization = "float32") -> Path:
    shape = model.architecture
    source = pieces(source_letter(shape), shape.source_vocabulary)
    export_onnx(model, source, pieces("t", shape.target_vocabulary), directory, dtype)
    return directory


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_the_graphs_compute_what_pytorch_does(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Uneven widths, queries and values of different sizes, every option of norm, position and sharing."""
    architecture = data.draw(architectures(equal_dims=data.draw(st.booleans())))
    model = random_model(architecture)
    pairs = sentence_pairs(architecture, count=4)
    found = compare(model, write(model, tmp_path_factory.mktemp("onnx") / "float32"), "float32", pairs)
    assert found["max_logit_difference"] < 1e-4
    assert found["equal_outputs"] == 4


def test_int8_is_close_and_a_quarter_of_the_size(tmp_path: Path) -> None:
    attention = dataclasses.replace(TINY.encoder.layers[0].self_attention, qk_dim=32, v_dim=32)
    wide = dataclasses.replace(
        TINY,
        d_model=128,
        encoder=dataclasses.replace(
            TINY.encoder,
            layers=(dataclasses.replace(TINY.encoder.layers[0], self_attention=attention, ffn_dim=256),),
        ),
    )
    torch.manual_seed(1)
    model = Transformer(wide).eval()
    large, small = write(model, tmp_path / "float32"), write(model, tmp_path / "int8", "int8")
    found = compare(model, small, "int8", sentence_pairs(wide))
    assert 0 < found["max_logit_difference"] < 0.05 * found["largest_logit"]

    def matrices(directory: Path) -> int:
        weights = onnx.load(directory / "encoder.onnx").graph.initializer
        return sum(len(weight.raw_data) for weight in weights if len(weight.dims) == 2)

    positions = 4 * model.encoder.position_table[2:].numel()
    assert 4 * (matrices(small) - positions) == matrices(large) - positions


def test_a_shared_matrix_is_stored_once(tmp_path: Path) -> None:
    model = random_model(dataclasses.replace(TINY, share_embeddings="all"))
    for dtype, shape in (("float32", [20, TINY.d_model]), ("int8", [TINY.d_model, 20])):
        weights = onnx.load(write(model, tmp_path / dtype, dtype) / "decoder.onnx").graph.initializer  # type: ignore[arg-type]
        assert [list(weight.dims) for weight in weights].count(shape) == 1


def test_the_same_model_gives_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write(random_model(TINY), tmp_path / name) for name in ("one", "other"))
    for name in ("encoder.onnx", "decoder.onnx", "config.json"):
        assert (one / name).read_bytes() == (other / name).read_bytes()


def files(folder: Path, model: Transformer) -> tuple[Path, Path, CheckText]:
    pairs = sentence_pairs(model.architecture)
    for side, dictionary in (("src", pairs.source_dictionary), ("tgt", pairs.target_dictionary)):
        dictionary.save(str(folder / f"dict.{side}.txt"))
    for side, text in (("src", pairs.sources), ("tgt", pairs.targets)):
        (folder / f"test.{side}").write_text("".join(" ".join(line) + "\n" for line in text))
    save_model(model, folder / "model.safetensors", folder / "model.json")
    names = ("dict.src.txt", "dict.tgt.txt", "test.src", "test.tgt")
    text = CheckText(*(folder / name for name in names))
    return folder / "model.safetensors", folder / "model.json", text


def test_the_record_of_the_check(tmp_path: Path) -> None:
    model = files(tmp_path, random_model(TINY))
    make_onnx(*model, tmp_path / "float32", tmp_path / "int8", tmp_path / "check.json")
    record = json.loads((tmp_path / "check.json").read_text())
    assert record["sentences"] == record["float32"]["equal_outputs"] == 5
    assert record["float32"]["max_logit_difference"] < record["int8"]["max_logit_difference"]


def test_a_graph_that_computes_something_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = files(tmp_path, random_model(TINY))
    # As an export would that forgot the scale of the embeddings.
    monkeypatch.setattr("tprune.model.embedding.math.sqrt", lambda _: 1.0)
    altered = random_model(TINY)
    monkeypatch.undo()
    monkeypatch.setattr(
        "tprune.compaction.onnx_check.export_onnx",
        lambda _, *rest: export_onnx(altered, *rest),
    )
    with pytest.raises(TPruneError, match=r"float32: its logits differ from the compact model's by"):
        make_onnx(*model, tmp_path / "float32", tmp_path / "int8", tmp_path / "check.json")
    assert not (tmp_path / "check.json").exists()


def test_the_engine_holds_a_forced_length_and_refuses_a_beam(tmp_path: Path) -> None:
    engine = OnnxRuntimeEngine(write(random_model(TINY), tmp_path / "float32"), "float32", 1)
    assert [engine.translate(["t0", "unheard of"], 1, length) for length in (1, 4, 9)] == [1, 4, 9]
    with pytest.raises(TPruneError, match="beam 4 asked, but the engine onnxruntime decodes greedily"):
        engine.translate(["t0"], 4, None)


def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(TPruneError, match=r"nothing: ONNX Runtime cannot load it"):
        OnnxRuntimeEngine(tmp_path / "nothing", "float32", 1)
    directory = write(random_model(TINY), tmp_path / "float32")
    (directory / "decoder.onnx").write_bytes(b"no model")
    with pytest.raises(TPruneError, match=r"float32: ONNX Runtime cannot load it"):
        OnnxRuntimeEngine(directory, "float32", 1)
