from pathlib import Path

import pytest
import torch

from tprune.compaction.onnx_export import export_onnx
from tprune.latency.assignment import Settings, list_artefacts, make_job
from tprune.latency.browser.content import Content
from tprune.latency.browser.onnxruntime_web import FILES
from tprune.model.architecture import Architecture
from tprune.model.transformer import Transformer


@pytest.fixture
def content(tmp_path: Path, uneven: Architecture, pieces: list[str], encoded: tuple[Path, Path]) -> Content:
    """Of one model in float32, three sentences; the files of onnxruntime-web are stand-ins."""
    torch.manual_seed(1)
    export_onnx(Transformer(uneven).eval(), pieces, pieces, tmp_path / "onnx", "float32")
    grid = [{"method": "control", "strength": "0", "threshold": "0"}]
    artefacts = list_artefacts(grid, ["float32"], [tmp_path / "onnx"])
    job = make_job("onnxruntime-web", artefacts, *encoded, Settings((1,), 2, 3, 1, 1))
    (tmp_path / "subwords").write_text("#version: 0.2\np 1\n", encoding="utf-8")
    (tmp_path / "runtime").mkdir()
    for name in FILES:
        (tmp_path / "runtime" / name).write_text(name, encoding="utf-8")
    return Content(job, tmp_path / "subwords", tmp_path / "runtime")
